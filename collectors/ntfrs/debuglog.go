package ntfrs

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/logtail"
)

// changes is what was counted in one member's debug logs. It is kept across
// restarts, in one piece with the places in the logs.
type changes struct {
	Lines        float64            `json:"lines"`
	Changes      float64            `json:"changes"`
	SecurityOnly float64            `json:"security_only"`
	Reasons      map[string]float64 `json:"reasons"`
	// Last is when the last change was logged.
	Last time.Time `json:"last"`
	// Through is when all there was had been read: lines found later were
	// written after it.
	Through time.Time `json:"through"`
}

func newChanges() *changes { return &changes{Reasons: map[string]float64{}} }

// debugLog follows the debug logs of one member.
type debugLog struct {
	env      system.Env
	member   string
	patterns []string
	loc      *time.Location
	logs     logtail.Follower

	restore sync.Once
	changes *changes
	// clock is the time of day of the last change of a collection, odd the
	// lines of it that could not be read.
	clock string
	odd   []string
	// failed are files that could not be read, by what was logged of them.
	failed map[string]string
}

func newDebugLog(env system.Env, member string, patterns []string, loc *time.Location) *debugLog {
	d := &debugLog{env: env, member: member, patterns: patterns, loc: loc, changes: newChanges(), failed: map[string]string{}}
	d.logs.Now = env.Now
	return d
}

// line counts one line.
func (d *debugLog) line(_ string, line []byte) {
	d.changes.Lines++
	// A log in UTF-16 is cut at its newline bytes: half a character is left of
	// each, and all that matters is ASCII.
	if bytes.IndexByte(line, 0) >= 0 {
		line = bytes.ReplaceAll(line, []byte{0}, nil)
	}
	if !bytes.Contains(line, contentMark) {
		return
	}
	c, ok := parseChange(line)
	if !ok || c.Odd {
		d.odd = append(d.odd, string(line))
	}
	if !ok {
		return
	}
	d.changes.Changes++
	for _, r := range c.Reasons() {
		d.changes.Reasons[r]++
	}
	if c.SecurityOnly() {
		d.changes.SecurityOnly++
	}
	d.clock = c.Clock
}

// collect reads what is new and emits the counts.
func (d *debugLog) collect(ctx context.Context, p *system.Part) error {
	reader, ok := d.env.Runner.(remote.Reader)
	if !ok {
		return remote.Errorf(remote.NotSupported, "use transport ssh", "this transport cannot read files of the host")
	}
	d.restore.Do(d.load)
	d.clock, d.odd = "", nil
	before, now := *d.changes, d.env.Now()
	progress, err := d.logs.Poll(ctx, reader, d.patterns, d.line)
	if err != nil {
		return err
	}
	if d.clock != "" {
		at, certain := moment(d.clock, d.loc, d.changes.Through, now)
		if !certain {
			at = time.Time{}
		}
		d.changes.Last = at
	}
	through := progress.Behind == 0 && len(progress.Errors) == 0
	if through {
		d.changes.Through = now
	}
	d.noteErrors(p, progress)
	if progress.Changed {
		d.save()
	}
	if progress.Files == 0 {
		if len(progress.Errors) > 0 {
			return progress.Errors[0].Err
		}
		return remote.Errorf(remote.Other, "check debug_logs and, on the member, the value Debug Log File; a log of another host must be reachable as a file of the asked one",
			"no file matches %v", d.patterns)
	}
	p.Unrecognized(d.odd...)
	p.Unrecognized(make([]string, progress.Dropped)...)
	d.emit(p)
	d.problems(p, before)
	return nil
}

func (d *debugLog) emit(p *system.Part) {
	c := d.changes
	p.Set(metricChanges, c.Changes, d.member)
	for _, r := range reasonNames() {
		p.Set(metricReasons, c.Reasons[r], d.member, r)
	}
	p.Set(metricSecurityOnly, c.SecurityOnly, d.member)
	p.SetTime(metricChangeLast, c.Last, d.member)
}

const (
	// fewChanges are too few to see a pattern in.
	fewChanges = 20
	// manyLines without a single change among them come from a log that does
	// not tell of changes.
	manyLines = 10000
)

// problems tells of what the lines of this collection show.
func (d *debugLog) problems(p *system.Part, before changes) {
	n, security := d.changes.Changes-before.Changes, d.changes.SecurityOnly-before.SecurityOnly
	if n >= fewChanges && security > n/2 {
		p.Problem(system.Problem{
			Summary:  fmt.Sprintf("%.0f of %.0f changes logged on %s since the last look touch nothing but security", security, n, d.member),
			Severity: "warning",
			Cause:    "a virus scanner that restores security descriptors, a security template, a group policy or permission edits make FRS replicate files whose content did not change",
			Remedy:   "exclude the replicated folders from scans; see the runbook of NtfrsAntivirusRewritesSecurity",
		})
	}
	if d.changes.Changes == 0 && d.changes.Lines >= manyLines {
		p.Problem(system.Problem{
			Summary: "the debug logs of " + d.member + " do not say why files change", Severity: "info",
			Cause:  "from Windows 2000 SP2 on, they are written at severity 2, and ContentCmd needs 4",
			Remedy: "set Debug Log Severity to 4, Debug Maximum Log Messages to 20000 and Debug Log Files to 20 to 50 below NtFrs\\Parameters, or set debug_logs: []",
		})
	}
}

// noteErrors tells of files that could not be read: a log line when that
// changes, and a problem while it lasts. The other files count on.
func (d *debugLog) noteErrors(p *system.Part, progress logtail.Progress) {
	failed := map[string]string{}
	for _, e := range progress.Errors {
		failed[e.Path] = e.Err.Error()
		if d.failed[e.Path] != failed[e.Path] {
			d.env.Logger.Warn("a debug log cannot be read, the others are", "part", partDebugLog, "member", d.member, "file", e.Path, "err", e.Err)
		}
		p.Problem(system.Problem{
			Summary: "a debug log of " + d.member + " cannot be read: " + e.Path, Severity: "warning",
			Cause: e.Err.Error(), Remedy: remote.AdviceOf(e.Err),
		})
	}
	d.failed = failed
}

// keptLog is how a debug log is kept.
type keptLog struct {
	Logs    logtail.State `json:"logs"`
	Changes *changes      `json:"changes"`
}

func (d *debugLog) storeName() string { return partDebugLog + "/" + d.member }

func (d *debugLog) load() {
	if d.env.Store == nil {
		return
	}
	kept := keptLog{Changes: newChanges()}
	found, err := d.env.Store.Load(d.storeName(), &kept)
	switch {
	case err != nil:
		d.env.Logger.Warn("the place in the debug logs is lost, following begins anew", "part", partDebugLog, "member", d.member, "err", err)
	case found && kept.Changes != nil:
		if kept.Changes.Reasons == nil {
			kept.Changes.Reasons = map[string]float64{}
		}
		d.logs.Restore(kept.Logs)
		d.changes = kept.Changes
	}
}

func (d *debugLog) save() {
	if d.env.Store == nil {
		return
	}
	err := d.env.Store.Save(map[string]any{d.storeName(): keptLog{Logs: d.logs.State(), Changes: d.changes}})
	if err != nil {
		d.env.Logger.Warn("the place in the debug logs cannot be kept; after a restart it is lost", "part", partDebugLog, "member", d.member, "err", err)
	}
}
