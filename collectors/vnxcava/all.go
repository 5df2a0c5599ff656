package vnxcava

import (
	"context"
	"maps"
	"slices"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// forgetAfter is how long a mover that dropped out of the answers to ALL counts
// as missing. After that it is taken for removed.
const forgetAfter = 24 * time.Hour

// sighting is what answers to ALL said of one mover. A mover that only ever had
// an error line is a standby or an unloaded VDM; one that ran virus checking
// and then has an error line, or none, was taken away by something.
type sighting struct {
	running bool // by the last answer
	ran     bool // by any answer
	last    time.Time
}

// collectAll asks for every mover in one command. The question about ALL stands
// for the command; every mover it is known to cover has a question of its own,
// so that a mover that drops out is seen.
func (c *collector) collectAll(ctx context.Context, r *system.Report) {
	maps.DeleteFunc(c.movers, func(_ string, s *sighting) bool { return c.env.Now().Sub(s.last) > forgetAfter })
	all := c.begin(r, allMovers)
	known := map[string]questions{}
	var tasks []system.Task
	for mover, s := range c.movers {
		q := c.begin(r, mover)
		known[mover] = q
		switch {
		case q.log == nil:
		case !s.ran:
			q.log.End(notRunning(mover))
		default:
			tasks = append(tasks, c.logTask(q))
		}
	}
	if all.status != nil || all.audit != nil {
		tasks = append(tasks, system.Task{Key: "status ALL", Run: func(ctx context.Context) error {
			return c.allCheckers(ctx, r, all, known)
		}})
	}
	c.turns.Run(ctx, tasks)
	c.logsOfNew(ctx, r, known)
}

// logsOfNew begins to follow the logs of movers that this collection found.
func (c *collector) logsOfNew(ctx context.Context, r *system.Report, known map[string]questions) {
	if !c.opts.ServerLog || !r.Wants(partLog) {
		return
	}
	var tasks []system.Task
	for _, mover := range slices.Sorted(maps.Keys(c.movers)) {
		if _, old := known[mover]; !old && c.movers[mover].ran {
			tasks = append(tasks, c.logTask(questions{mover: mover, unit: mover, log: r.Begin(partLog, mover)}))
		}
	}
	var turns system.Turns
	turns.Run(ctx, tasks)
}

func (c *collector) logTask(q questions) system.Task {
	f := c.logs[q.mover]
	if f == nil {
		f = newLogFollower()
		c.logs[q.mover] = f
	}
	return system.Task{Key: "log " + q.mover, Run: func(ctx context.Context) error { return c.log(ctx, q, f) }}
}

// allCheckers asks for status and audit of all movers and returns the first
// error.
func (c *collector) allCheckers(ctx context.Context, r *system.Report, all questions, known map[string]questions) error {
	var failed error
	if all.status != nil {
		s, ans, err := c.askStatus(ctx, all)
		for _, m := range s.Movers {
			p := known[m.Name].status
			if p == nil {
				p = r.Begin(partStatus, m.Name)
			}
			p.CollectedAt(ans.Time)
			p.End(c.sight(p, m))
		}
		for _, q := range known {
			q.status.End(orMissing(err, q.mover))
		}
		all.status.CollectedAt(ans.Time)
		all.status.End(err)
		failed = err
	}
	if all.audit != nil {
		audits, ans, err := c.askAudit(ctx, all)
		for _, a := range audits {
			p := known[a.Mover].audit
			if p == nil {
				p = r.Begin(partAudit, a.Mover)
			}
			p.CollectedAt(ans.Time)
			p.End(c.auditOf(p, a))
		}
		for _, q := range known {
			if err == nil && !c.movers[q.mover].running {
				q.audit.End(notRunning(q.mover))
			}
			q.audit.End(orMissing(err, q.mover))
		}
		all.audit.CollectedAt(ans.Time)
		all.audit.End(err)
		if failed == nil {
			failed = err
		}
	}
	return failed
}

// sight notes and emits one block of the status form.
func (c *collector) sight(p *system.Part, m Mover) error {
	s := c.movers[m.Name]
	if s == nil {
		s = &sighting{}
		c.movers[m.Name] = s
	}
	s.last = c.env.Now()
	if m.Error != "" {
		s.running = false
		return c.absent(m.Name, m.Error)
	}
	if m.Cut != nil {
		return m.Cut
	}
	s.running = m.Running
	s.ran = s.ran || m.Running
	emitMover(p, m)
	c.noteSilence(m)
	return nil
}

// auditOf emits one block of the audit form.
func (c *collector) auditOf(p *system.Part, a Audit) error {
	s := c.movers[a.Mover]
	switch {
	case a.Error != "":
		return c.absent(a.Mover, a.Error)
	case a.Cut != nil && s != nil && !s.running:
		return notRunning(a.Mover)
	case a.Cut != nil:
		return a.Cut
	}
	emitAudit(p, a)
	return nil
}

// absent is a mover that answered with an error line.
func (c *collector) absent(mover, text string) error {
	if s := c.movers[mover]; s != nil && s.ran {
		return moverError(mover, text)
	}
	return remote.Errorf(remote.NotSupported, "a standby mover or an unloaded VDM has no virus checking; name the movers in the configuration to leave it out",
		"%s: %s", mover, text)
}

// orMissing is how the question about a mover ends that the answer did not
// mention. Ending a question twice changes nothing, so a mentioned one keeps
// its own end.
func orMissing(err error, mover string) error {
	if err != nil {
		return err
	}
	return remote.Errorf(remote.Other, "see `nas_server -list`: was the mover renamed, removed or failed over?",
		"%s was in earlier answers and is missing from this one", mover)
}
