package csmars

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"dataprotection_exporter/collectors/system"
)

// named is how many damaged files are named where a person looks.
const named = 10

// verify reports what the verifier has found so far.
func (c *collector) verify(ctx context.Context, p *system.Part) error {
	snap, err := c.scans.wait(ctx)
	if err != nil {
		return err
	}
	found, err := c.verifier.found(ctx, snap)
	if err != nil {
		return err
	}
	p.Set(metricVerified, found.Files)
	p.Set(metricUnverified, float64(found.unverified))
	p.Set(metricCorrupt, float64(found.corrupt))
	p.Set(metricRawMessages, found.Messages)
	for _, name := range slices.Sorted(maps.Keys(c.opts.Patterns)) {
		p.Set(metricMatches, found.Patterns[name].Matches, name)
	}
	for _, d := range found.damaged {
		p.Problem(system.Problem{
			Severity: "warning", Summary: d.File + " is damaged", Cause: d.What,
			Remedy: "copy it from a backup of the share if there is one; if there are more, look at the disks and the network of the archive server",
		})
	}
	if more := found.corrupt - len(found.damaged); more > 0 {
		p.Problem(system.Problem{
			Severity: "warning", Summary: fmt.Sprintf("%d more files are damaged", more),
			Cause:  "the disks or the network of the archive server, or writes that were cut off",
			Remedy: "list them with `dataprotection_exporter archive verify " + c.opts.ArchivePath + "`",
		})
	}
	for _, u := range found.unreadable {
		p.Problem(system.Problem{
			Severity: "warning", Summary: u.File + " cannot be read", Cause: u.What, Remedy: "let the exporter's user read every file of the archive",
		})
	}
	return nil
}

var newline = []byte("\n")

func countRows(block []byte) float64 { return float64(bytes.Count(block, newline)) }
