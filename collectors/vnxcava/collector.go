// Package vnxcava asks a VNX or Celerra Control Station about its virus
// checkers (CAVA): `server_viruschk` for states and settings, its -audit form
// for the scan queue, `server_log` for virus checking events.
package vnxcava

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// System is this package's row in the table of systems.
var System = system.Definition{
	Name:         "vnx_cava",
	Title:        "EMC VNX/Celerra CAVA",
	Parts:        []string{partStatus, partAudit, partLog},
	Metrics:      metrics,
	NewOptions:   newOptions,
	New:          newCollector,
	NeedsAddress: true,
}

// logTail is how much of a mover's log is looked at in one collection: its end.
const logTail = 4 << 20

// The commands, all of them: they display and change nothing. The login
// profile is not read by `ssh host command`, so what it would set stands here.
var commandEnv = []string{"env", "NAS_DB=/nas", "LANG=C"}

func statusCommand(mover string) []string {
	return slices.Concat(commandEnv, []string{"/nas/bin/server_viruschk", mover})
}

func auditCommand(mover string) []string {
	return slices.Concat(commandEnv, []string{"/nas/bin/server_viruschk", mover, "-audit"})
}

func logCommand(mover string) []string {
	return slices.Concat(commandEnv, []string{"/nas/bin/server_log", mover, "-a", "-s"})
}

// collector asks one Control Station.
type collector struct {
	env  system.Env
	opts *Options
	all  bool

	turns system.Turns
	// movers is what ALL stood for so far.
	movers map[string]*sighting
	logs   map[string]*logFollower

	mu sync.Mutex
	// silent are movers said not to run virus checking, by their text: logged
	// once.
	silent map[string]string
	// refused counts the status questions of this collection whose command
	// said that it failed, answered the others.
	refused, answered int
}

func newCollector(env system.Env, o system.Options) (system.Collector, error) {
	opts, ok := o.(*Options)
	if !ok {
		return nil, fmt.Errorf("vnx_cava: options of type %T", o)
	}
	c := &collector{
		env: env, opts: opts, all: len(opts.Movers) == 1 && opts.Movers[0] == allMovers,
		movers: map[string]*sighting{}, silent: map[string]string{}, logs: map[string]*logFollower{},
	}
	return c, nil
}

// Close implements system.Collector.
func (c *collector) Close() error { return nil }

// Collect implements system.Collector.
func (c *collector) Collect(ctx context.Context, r *system.Report) {
	defer c.leaveStandby()
	if c.all {
		c.collectAll(ctx, r)
		return
	}
	var tasks []system.Task
	for _, mover := range c.opts.Movers {
		q := c.begin(r, mover)
		if q.status != nil || q.audit != nil {
			tasks = append(tasks, system.Task{Key: "status " + mover, Run: func(ctx context.Context) error {
				return c.checkers(ctx, q)
			}})
		}
		if q.log != nil {
			tasks = append(tasks, c.logTask(q))
		}
	}
	c.turns.Run(ctx, tasks)
}

// questions are the open questions about one mover; a part that was not asked
// for is nil.
type questions struct {
	mover, unit        string
	status, audit, log *system.Part
}

func (c *collector) begin(r *system.Report, mover string) questions {
	q := questions{mover: mover}
	if c.all || len(c.opts.Movers) > 1 {
		q.unit = mover
	}
	if r.Wants(partStatus) {
		q.status = r.Begin(partStatus, q.unit)
	}
	if c.opts.Audit && r.Wants(partAudit) {
		q.audit = r.Begin(partAudit, q.unit)
	}
	if c.opts.ServerLog && r.Wants(partLog) && mover != allMovers {
		q.log = r.Begin(partLog, q.unit)
	}
	return q
}

// checkers asks one mover for its status and then, unless virus checking does
// not run there, for its audit. It returns the first error.
func (c *collector) checkers(ctx context.Context, q questions) error {
	var failed error
	running := true
	if q.status != nil {
		m, ans, err := c.status(ctx, q)
		if err == nil {
			running = m.Running
			emitMover(q.status, m)
			q.status.CollectedAt(ans.Time)
			c.noteSilence(m)
		}
		q.status.End(err)
		failed = err
	}
	if q.audit == nil {
		return failed
	}
	if !running {
		q.audit.End(notRunning(q.mover))
		return failed
	}
	err := c.audit(ctx, q)
	q.audit.End(err)
	if failed == nil {
		failed = err
	}
	return failed
}

func notRunning(mover string) error {
	return remote.Errorf(remote.NotSupported, "see why virus checking does not run there", "not asked: virus checking does not run on %s", mover)
}

// status asks for the status form of one mover.
func (c *collector) status(ctx context.Context, q questions) (Mover, remote.Answer, error) {
	s, ans, err := c.askStatus(ctx, q)
	if err != nil {
		return Mover{}, ans, err
	}
	for _, m := range s.Movers {
		if m.Name != q.mover {
			continue
		}
		if m.Error != "" {
			return Mover{}, ans, moverError(m.Name, m.Error)
		}
		return m, ans, m.Cut
	}
	return Mover{}, ans, remote.Errorf(remote.Parse, "check the mover's name with `nas_server -list`",
		"the answer has no block of %s", q.mover)
}

// leaveStandby turns to the device's other address when this one let us log in
// and then refused every status command: that is how a standby Control Station
// answers. The next collection goes there.
func (c *collector) leaveStandby() {
	c.mu.Lock()
	defer c.mu.Unlock()
	refused, answered := c.refused, c.answered
	c.refused, c.answered = 0, 0
	if refused == 0 || answered > 0 {
		return
	}
	if r, ok := c.env.Runner.(remote.Rotator); ok && r.Rotate() {
		c.env.Logger.Warn("no status command works at this address, the next collection asks the other one")
	}
}

func (c *collector) askStatus(ctx context.Context, q questions) (Status, remote.Answer, error) {
	ans, err := c.env.Runner.Run(ctx, remote.Command{Part: partStatus, Unit: q.unit, Argv: statusCommand(q.mover), PosixShell: true})
	if err != nil {
		return Status{}, ans, err
	}
	s, err := ParseStatus(ans.Stdout)
	failed := !harmless(ans.ExitStatus) || err != nil && ans.ExitStatus != 0 || err == nil && !anyBlock(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	if failed {
		c.refused++
		return Status{}, ans, exitError(ans, errorLines(s))
	}
	c.answered++
	if err == nil {
		err = onlyCut(s)
	}
	return s, ans, err
}

// anyBlock says whether an answer holds more than error lines.
func anyBlock(s Status) bool {
	return slices.ContainsFunc(s.Movers, func(m Mover) bool { return m.Error == "" })
}

// onlyCut is the error of an answer in which no block is whole.
func onlyCut(s Status) error {
	var err error
	for _, m := range s.Movers {
		if m.Error == "" && m.Cut == nil {
			return nil
		}
		if err == nil {
			err = m.Cut
		}
	}
	return err
}

func errorLines(s Status) []string {
	lines := slices.Clone(s.Errors)
	for _, m := range s.Movers {
		if m.Error != "" {
			lines = append(lines, m.Name+": "+m.Error)
		}
	}
	return lines
}

// audit asks for the audit form of one mover and emits it.
func (c *collector) audit(ctx context.Context, q questions) error {
	audits, ans, err := c.askAudit(ctx, q)
	if err != nil {
		return err
	}
	for _, a := range audits {
		if a.Mover != q.mover {
			continue
		}
		if a.Error != "" {
			return moverError(a.Mover, a.Error)
		}
		if a.Cut != nil {
			return a.Cut
		}
		emitAudit(q.audit, a)
		q.audit.CollectedAt(ans.Time)
		return nil
	}
	return cut("the answer has no block of %s", q.mover)
}

func (c *collector) askAudit(ctx context.Context, q questions) ([]Audit, remote.Answer, error) {
	ans, err := c.env.Runner.Run(ctx, remote.Command{Part: partAudit, Unit: q.unit, Argv: auditCommand(q.mover), PosixShell: true})
	if err != nil {
		return nil, ans, err
	}
	audits, err := ParseAudit(ans.Stdout)
	if !harmless(ans.ExitStatus) || err != nil && ans.ExitStatus != 0 {
		return nil, ans, exitError(ans, nil)
	}
	return audits, ans, err
}

// log reads what is new in one mover's log.
func (c *collector) log(ctx context.Context, q questions, f *logFollower) error {
	ans, err := c.env.Runner.Run(ctx, remote.Command{
		Part: partLog, Unit: q.unit, Argv: logCommand(q.mover), PosixShell: true,
		Limit: logTail, Tail: true, Redact: hideFileNames,
	})
	if err == nil && ans.ExitStatus != 0 {
		err = exitError(ans, nil)
	}
	if err != nil {
		q.log.End(err)
		return err
	}
	c.restore(q.mover, f)
	before := f.snapshot.State()
	unknown, lost, err := f.read(ans.Stdout)
	if err != nil {
		q.log.End(err)
		return err
	}
	if lost {
		c.env.Logger.Info("log lines may have been missed between two collections", "part", partLog, "mover", q.mover)
	}
	if !f.snapshot.State().Equal(before) {
		c.keep(q.mover, f)
	}
	f.emit(q.log, q.mover)
	q.log.Unrecognized(unknown...)
	q.log.CollectedAt(ans.Time)
	q.log.End(nil)
	return nil
}

// noteSilence logs once what a mover says instead of running virus checking:
// the text is not documented, and somebody will want to know it.
func (c *collector) noteSilence(m Mover) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Running {
		delete(c.silent, m.Name)
		return
	}
	if said, known := c.silent[m.Name]; !known || said != m.NotRunningText {
		c.silent[m.Name] = m.NotRunningText
		c.env.Logger.Warn("virus checking does not run", "mover", m.Name, "device_says", m.NotRunningText)
	}
}

// harmless are exit statuses that come with a complete answer: 6 when a VDM is
// not loaded, 7 when there is a standby mover.
func harmless(status int) bool { return status == 0 || status == 6 || status == 7 }

// exitError is a command that said it failed, in the device's words.
func exitError(ans remote.Answer, errors []string) error {
	said := firstLine(string(ans.Stderr))
	if said == "" && len(errors) > 0 {
		said = errors[0]
	}
	if said == "" {
		said = firstLine(string(ans.Stdout))
	}
	if said == "" {
		said = "no message"
	}
	if ans.ExitStatus == 126 || strings.Contains(strings.ToLower(said), "permission denied") {
		return remote.Errorf(remote.Permission, "give the account the Operator role or run the command as nasadmin",
			"exit status %d: %s", ans.ExitStatus, said)
	}
	return remote.Errorf(remote.ExitStatus, "run the command by hand on the Control Station; on a standby Control Station the server commands do not work",
		"exit status %d: %s", ans.ExitStatus, said)
}

func moverError(mover, text string) error {
	return remote.Errorf(remote.ExitStatus, "see `nas_server -list` for the state of the mover", "%s: %s", mover, text)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > 200 {
		s = s[:200]
	}
	return strings.TrimSpace(s)
}
