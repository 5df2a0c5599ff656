package vnxcava

import (
	"cmp"
	"slices"

	"dataprotection_exporter/remote/logtail"
)

// keptLog is one mover's log as kept across restarts: the place in it and what
// was counted up to there, in one piece.
type keptLog struct {
	Place  logtail.SnapshotState `json:"place"`
	Events []keptEvents          `json:"events,omitempty"`
	Errors []keptErrors          `json:"errors,omitempty"`
}

type keptEvents struct {
	ID       string  `json:"id"`
	Severity string  `json:"severity"`
	Count    float64 `json:"count"`
}

type keptErrors struct {
	Checker string  `json:"checker"`
	Error   string  `json:"error"`
	Count   float64 `json:"count"`
}

func logName(mover string) string { return "log/" + mover }

// restore takes up what was kept of a mover's log, once.
func (c *collector) restore(mover string, f *logFollower) {
	if f.restored || c.env.Store == nil {
		return
	}
	f.restored = true
	var kept keptLog
	found, err := c.env.Store.Load(logName(mover), &kept)
	switch {
	case err != nil:
		c.env.Logger.Warn("the place in the log is lost, events are counted anew from here on", "part", partLog, "mover", mover, "err", err)
	case found:
		f.takeUp(kept)
	}
}

// keep saves the place and the counters of a mover's log together.
func (c *collector) keep(mover string, f *logFollower) {
	if c.env.Store == nil {
		return
	}
	if err := c.env.Store.Save(map[string]any{logName(mover): f.kept()}); err != nil {
		c.env.Logger.Warn("the place in the log cannot be kept, after a restart events are counted anew", "part", partLog, "mover", mover, "err", err)
	}
}

func (f *logFollower) kept() keptLog {
	kept := keptLog{Place: f.snapshot.State()}
	for k, n := range f.events {
		kept.Events = append(kept.Events, keptEvents{k.id, k.severity, n})
	}
	for k, n := range f.errors {
		kept.Errors = append(kept.Errors, keptErrors{k.checker, k.word, n})
	}
	slices.SortFunc(kept.Events, func(a, b keptEvents) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Severity, b.Severity))
	})
	slices.SortFunc(kept.Errors, func(a, b keptErrors) int {
		return cmp.Or(cmp.Compare(a.Checker, b.Checker), cmp.Compare(a.Error, b.Error))
	})
	return kept
}

func (f *logFollower) takeUp(kept keptLog) {
	f.snapshot.Restore(kept.Place)
	for _, e := range kept.Events {
		k := eventKey{e.ID, e.Severity}
		if _, known := f.events[k]; !known && len(f.events) >= maxLogEvents {
			k.id = "other"
		}
		f.events[k] += max(0, e.Count)
	}
	for _, e := range kept.Errors {
		f.watch(e.Checker)
		if !f.checkers[e.Checker] {
			e.Checker = "other"
		}
		f.errors[errorKey{e.Checker, e.Error}] += max(0, e.Count)
	}
}
