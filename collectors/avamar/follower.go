package avamar

import (
	"context"
	"sync"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/logtail"
)

// maxLogFiles bounds the logs of one part that are followed. A utility node
// keeps one client log for each job it ran.
const maxLogFiles = 1000

// counter is what is counted in followed logs. It is kept, encoded as JSON, in
// one piece with the places in the logs.
type counter interface {
	line(file string, line []byte)
	emit(p *system.Part)
}

// follower counts in the logs of one part and keeps place and counts across
// restarts.
type follower[C any] struct {
	env      system.Env
	part     string
	patterns []string
	logs     logtail.Follower

	restore sync.Once
	fresh   func() *C
	counts  *C
	// failed are files that could not be read, by what was logged of them.
	failed map[string]string
}

// saved is how a follower is kept.
type saved[C any] struct {
	Logs   logtail.State `json:"logs"`
	Counts *C            `json:"counts"`
}

func newFollower[C any](env system.Env, part string, patterns []string, fresh func() *C) *follower[C] {
	return &follower[C]{
		env: env, part: part, patterns: patterns, fresh: fresh, counts: fresh(), failed: map[string]string{},
		logs: logtail.Follower{MaxFiles: maxLogFiles, Now: env.Now},
	}
}

// collect reads what is new in the logs and emits the counts.
func (f *follower[C]) collect(ctx context.Context, p *system.Part) error {
	reader, ok := f.env.Runner.(remote.Reader)
	if !ok {
		return remote.Errorf(remote.NotSupported, "use transport ssh", "this transport cannot read files of the device")
	}
	f.restore.Do(f.load)
	c := any(f.counts).(counter)
	progress, err := f.logs.Poll(ctx, reader, f.patterns, c.line)
	if progress.Changed {
		// Also after an error: what was delivered before it is counted.
		f.save()
	}
	if err != nil {
		return err
	}
	f.noteErrors(p, progress)
	if progress.Files == 0 {
		if len(progress.Errors) > 0 {
			return progress.Errors[0].Err
		}
		if f.part == partGSANLog {
			return remote.Errorf(remote.Other, "on a multi-node grid these logs stand on the data nodes: ask one of them, or set gsan_logs: [] to leave this out",
				"no file matches %v", f.patterns)
		}
	}
	p.Unrecognized(make([]string, progress.Dropped)...)
	c.emit(p)
	return nil
}

// noteErrors tells of files that could not be read: a log line when that
// changes, and a problem while it lasts. The other files count on.
func (f *follower[C]) noteErrors(p *system.Part, progress logtail.Progress) {
	failed := map[string]string{}
	for _, e := range progress.Errors {
		failed[e.Path] = e.Err.Error()
		if f.failed[e.Path] != failed[e.Path] {
			f.env.Logger.Warn("a log cannot be read, the others are", "part", f.part, "file", e.Path, "err", e.Err)
		}
		p.Problem(system.Problem{
			Summary: "a log of part " + f.part + " cannot be read: " + e.Path, Severity: "warning",
			Cause: e.Err.Error(), Remedy: remote.AdviceOf(e.Err),
		})
	}
	f.failed = failed
}

func (f *follower[C]) load() {
	if f.env.Store == nil {
		return
	}
	state := saved[C]{Counts: f.fresh()}
	found, err := f.env.Store.Load(f.part, &state)
	switch {
	case err != nil:
		f.env.Logger.Warn("the place in the logs is lost, following begins anew", "part", f.part, "err", err)
	case found && state.Counts != nil:
		f.logs.Restore(state.Logs)
		f.counts = state.Counts
	}
}

func (f *follower[C]) save() {
	if f.env.Store == nil {
		return
	}
	err := f.env.Store.Save(map[string]any{f.part: saved[C]{Logs: f.logs.State(), Counts: f.counts}})
	if err != nil {
		f.env.Logger.Warn("the place in the logs cannot be kept; after a restart it is lost", "part", f.part, "err", err)
	}
}
