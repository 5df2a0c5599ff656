// Package ntfrs asks a Windows host about the File Replication Service of domain
// controllers: backlog and connections, what its log and its performance
// counters tell, why files change; and about the backlog of its successor, DFS
// Replication.
package ntfrs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/text/encoding"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/backoff"
)

// System is this package's row in the table of systems.
var System = system.Definition{
	Name:         "ntfrs",
	Title:        "Windows File Replication Service",
	Parts:        []string{partSets, partEvents, partCounters, partDebugLog, partDFSR},
	Metrics:      metrics,
	NewOptions:   newOptions,
	New:          newCollector,
	NeedsAddress: true,
}

// collector asks one host about its members.
type collector struct {
	env    system.Env
	opts   *Options
	labels *Labels
	page   encoding.Encoding
	loc    *time.Location
	turns  system.Turns

	members []*member
}

// member is what is kept of one domain controller.
type member struct {
	name string
	log  *debugLog
	// refusals are counted for each part that asks the member by name.
	refusals map[string]*backoff.Backoff

	mu      sync.Mutex
	loaded  bool
	history *history
	// totals is why the totals could not be read, as it was logged.
	totals string
}

func newCollector(env system.Env, o system.Options) (system.Collector, error) {
	opts, ok := o.(*Options)
	if !ok {
		return nil, fmt.Errorf("ntfrs: options of type %T", o)
	}
	labels, err := loadLabels(opts.LabelsFile)
	if err != nil {
		return nil, fmt.Errorf("labels_file %w", err)
	}
	page, err := codePage(opts.CodePage)
	if err != nil {
		return nil, fmt.Errorf("code_page %w", err)
	}
	loc := time.Local
	if opts.Timezone != "" {
		if loc, err = time.LoadLocation(opts.Timezone); err != nil {
			return nil, fmt.Errorf("timezone: %w", err)
		}
	}
	c := &collector{env: env, opts: opts, labels: labels, page: page, loc: loc}
	for _, name := range opts.Members {
		m := &member{
			name: name, history: newHistory(), refusals: map[string]*backoff.Backoff{},
			log: newDebugLog(env, name, opts.logsOf(name), loc),
		}
		for _, part := range []string{partSets, partEvents, partCounters} {
			m.refusals[part] = backoff.New(0, 0, 0, env.Now)
		}
		c.members = append(c.members, m)
	}
	return c, nil
}

// Close implements system.Collector.
func (c *collector) Close() error { return nil }

// Collect implements system.Collector. Every question is a task of its own: a
// member that hangs delays nothing but itself.
func (c *collector) Collect(ctx context.Context, r *system.Report) {
	var tasks []system.Task
	ask := func(part, unit string, answer func(ctx context.Context, p *system.Part) error) {
		p := r.Begin(part, unit)
		tasks = append(tasks, system.Task{Key: part + " " + unit, Run: func(ctx context.Context) error {
			err := answer(ctx, p)
			p.End(err)
			return err
		}})
	}
	for _, m := range c.members {
		unit := ""
		if len(c.members) > 1 {
			unit = m.name
		}
		for _, q := range []struct {
			part    string
			enabled bool
			answer  func(context.Context, *system.Part, *member, string) error
		}{
			{partSets, true, c.sets},
			{partEvents, c.opts.Events, c.events},
			{partCounters, c.opts.Counters, c.counters},
			{partDebugLog, len(m.log.patterns) > 0, func(ctx context.Context, p *system.Part, m *member, _ string) error { return m.log.collect(ctx, p) }},
		} {
			if !q.enabled || !r.Wants(q.part) {
				continue
			}
			ask(q.part, unit, func(ctx context.Context, p *system.Part) error {
				return c.unlessRefused(m, q.part, func() error { return q.answer(ctx, p, m, unit) })
			})
		}
	}
	for _, b := range c.opts.DFSR {
		if !r.Wants(partDFSR) {
			break
		}
		unit := ""
		if len(c.opts.DFSR) > 1 {
			unit = b.unit()
		}
		ask(partDFSR, unit, func(ctx context.Context, p *system.Part) error { return c.backlog(ctx, p, b, unit) })
	}
	c.turns.Run(ctx, tasks)
}

// unlessRefused asks a member that has not moved to DFSR, and less often one
// that refuses: every refusal writes a warning into its log.
func (c *collector) unlessRefused(m *member, part string, ask func() error) error {
	if err := c.unlessMoved(m, part); err != nil {
		return err
	}
	refusals := m.refusals[part]
	if refusals == nil {
		return ask()
	}
	if left := refusals.Until().Sub(c.env.Now()); left > 0 {
		return remote.Errorf(remote.Permission, "give the account the right; the pause ends by itself, and with a change of this target's configuration",
			"not asked: %s refused %d times in a row and each refusal is logged there, next attempt in %s", m.name, refusals.Refused(), left.Round(time.Second))
	}
	err := ask()
	switch remote.ReasonOf(err) {
	case remote.Permission:
		if pause := refusals.Refuse(); pause > 0 {
			c.env.Logger.Warn("a member refuses and is asked less often", "part", part, "member", m.name, "pause", pause)
		}
	case remote.None:
		refusals.Accept()
	}
	return err
}

// answerText is an answer in UTF-8.
type answerText struct {
	out, err string
	exit     int
}

// run asks the host. command names what is asked where that is not the part.
func (c *collector) run(ctx context.Context, p *system.Part, command, unit string, argv []string, redact func([]byte) []byte) (answerText, error) {
	ans, err := c.env.Runner.Run(ctx, remote.Command{Part: command, Unit: unit, Argv: argv, WindowsShell: true, Redact: redact})
	if err != nil {
		return answerText{}, err
	}
	p.CollectedAt(ans.Time)
	return answerText{string(decode(ans.Stdout, c.page)), string(decode(ans.Stderr, c.page)), ans.ExitStatus}, nil
}

func (c *collector) sets(ctx context.Context, p *system.Part, m *member, unit string) error {
	a, err := c.run(ctx, p, partSets, unit, setsCommand(m.name), nil)
	if err != nil {
		return err
	}
	s, err := ParseSets(a.out, c.labels, c.loc)
	if err != nil {
		return failure(a, err)
	}
	// A dump that breaks off ends in a message: half of it is not reported.
	for _, line := range s.Unrecognized {
		if err := faultIn(line); err != nil {
			return err
		}
	}
	emitSets(p, m.name, s)
	return nil
}

// counters reads sizes and totals. The totals need another program: where it
// cannot be run, the sizes stand alone.
func (c *collector) counters(ctx context.Context, p *system.Part, m *member, unit string) error {
	a, err := c.run(ctx, p, partCounters, unit, stagingCommand(m.name), nil)
	if err != nil {
		return err
	}
	staging, unrecognized, err := ParseTypeperf(a.out)
	if err != nil {
		return failure(a, err)
	}
	emitStaging(p, m.name, staging)
	p.Unrecognized(unrecognized...)

	a, err = c.run(ctx, p, partCounters+"_raw", unit, totalsCommand(m.name), nil)
	if err == nil {
		var totals []Value
		if totals, unrecognized, err = ParseCounterSamples(a.out); err == nil {
			emitTotals(p, m.name, totals, staging)
			p.Unrecognized(unrecognized...)
		} else {
			err = failure(a, err)
		}
	}
	c.noteTotals(p, m, err)
	return nil
}

// noteTotals tells once when the totals cannot be read, and as a problem while
// that lasts.
func (c *collector) noteTotals(p *system.Part, m *member, err error) {
	reason := string(remote.ReasonOf(err))
	m.mu.Lock()
	news := m.totals != reason
	m.totals = reason
	m.mu.Unlock()
	if err == nil {
		return
	}
	if news {
		c.env.Logger.Warn("change orders and installed files cannot be counted, staging is", "part", partCounters, "member", m.name, "err", err)
	}
	p.Problem(system.Problem{
		Summary: "change orders and installed files of " + m.name + " cannot be counted", Severity: "info",
		Cause: err.Error(), Remedy: remote.AdviceOf(err),
	})
}

func (c *collector) backlog(ctx context.Context, p *system.Part, b Backlog, unit string) error {
	a, err := c.run(ctx, p, partDFSR, unit, backlogCommand(b), hideBacklogFiles)
	if err != nil {
		return err
	}
	files, err := ParseBacklog(a.out)
	if err != nil {
		return failure(a, err)
	}
	emitBacklog(p, b, files)
	return nil
}
