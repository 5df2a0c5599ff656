// Package csmars looks at the archive that a CS-MARS appliance writes to its
// share, and asks the appliance how full its database is. The archive is the
// only lasting copy of the raw events: is it fresh, complete, intact, and will
// it fit?
//
// The archive is scanned and verified in the background, because a share can
// hang and cannot be told to stop; a collection reports the last scan.
package csmars

import (
	"context"
	"fmt"
	"sync"
	"time"

	"dataprotection_exporter/collectors/csmars/archive"
	"dataprotection_exporter/collectors/system"
)

// System is this package's row in the table of systems. It needs no address:
// only the database part asks the appliance.
var System = system.Definition{
	Name:       "csmars",
	Title:      "Cisco CS-MARS archive",
	Parts:      []string{partArchive, partFilesystem, partDatabase, partVerify},
	Metrics:    metrics,
	NewOptions: newOptions,
	New:        newCollector,
}

// collector watches one archive, and asks one appliance.
type collector struct {
	env  system.Env
	opts *Options
	zone *time.Location

	fs       *archive.Guarded
	scans    *scans
	verifier *verifier // nil when nothing is verified
	ways     ways

	begin  sync.Once
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func newCollector(env system.Env, o system.Options) (system.Collector, error) {
	return newOn(env, o, archive.OS{})
}

// newOn makes a collector on a filesystem.
func newOn(env system.Env, o system.Options, fs archive.FS) (*collector, error) {
	opts, ok := o.(*Options)
	if !ok {
		return nil, fmt.Errorf("csmars: options of type %T", o)
	}
	zone, err := opts.location()
	if err != nil {
		return nil, fmt.Errorf("csmars: timezone: %w", err)
	}
	c := &collector{env: env, opts: opts, zone: zone, fs: archive.Guard(fs), ways: ways{runner: env.Runner}}
	memory := memory{env.Store}
	c.scans = newScans(c, memory)
	if opts.Verify {
		if c.verifier, err = newVerifier(c, memory); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// start begins the work in the background, with the first collection.
func (c *collector) start() {
	c.begin.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		c.cancel = cancel
		c.work.Go(func() { c.scans.run(ctx) })
		if c.verifier != nil {
			c.work.Go(func() { c.verifier.run(ctx) })
		}
	})
}

// Close implements system.Collector. A call that hangs in a dead mount is left
// behind; everything else has ended when Close returns.
func (c *collector) Close() error {
	c.begin.Do(func() {})
	if c.cancel != nil {
		c.cancel()
	}
	c.work.Wait()
	return nil
}

// Collect implements system.Collector.
func (c *collector) Collect(ctx context.Context, r *system.Report) {
	c.start()
	type question struct {
		part   *system.Part
		answer func(context.Context, *system.Part) error
	}
	var questions []question
	ask := func(part string, asked bool, answer func(context.Context, *system.Part) error) {
		if asked && r.Wants(part) {
			questions = append(questions, question{r.Begin(part, ""), answer})
		}
	}
	ask(partArchive, true, c.archive)
	ask(partFilesystem, true, c.filesystem)
	ask(partDatabase, c.env.Runner != nil, c.database)
	ask(partVerify, c.verifier != nil, c.verify)
	var wg sync.WaitGroup
	for _, q := range questions {
		wg.Go(func() { q.part.End(q.answer(ctx, q.part)) })
	}
	wg.Wait()
}
