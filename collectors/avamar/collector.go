// Package avamar asks an Avamar utility node about its session tickets: the
// serial that MCS hands out and the smallest one that GSAN accepts, what the
// logs tell of refused tickets, and the health around it.
package avamar

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// System is this package's row in the table of systems.
var System = system.Definition{
	Name:         "avamar",
	Title:        "EMC Avamar session tickets",
	Parts:        []string{partMCSSerial, partGSANSerial, partGSANLog, partClientLog, partServices, partStatus},
	Metrics:      metrics,
	NewOptions:   newOptions,
	New:          newCollector,
	NeedsAddress: true,
}

// The commands, all of them: they display and change nothing. The paths are
// absolute because `ssh host command` does not read the login profile.
var (
	ticketFileCommand = []string{"/bin/cat", "/usr/local/avamar/var/mc/server_data/prefs/sessionticket.srl"}
	keytableCommand   = []string{"/usr/local/avamar/bin/avmaint", "cat", "/sysinfo/security/keytable"}
	servicesCommand   = []string{"/usr/local/avamar/bin/dpnctl", "status"}
	statusCommand     = []string{"/usr/local/avamar/bin/status.dpn"}
)

// collector asks one utility node.
type collector struct {
	env   system.Env
	opts  *Options
	turns system.Turns

	gsanLog   *follower[tickets]
	clientLog *follower[logins]
}

func newCollector(env system.Env, o system.Options) (system.Collector, error) {
	opts, ok := o.(*Options)
	if !ok {
		return nil, fmt.Errorf("avamar: options of type %T", o)
	}
	return &collector{
		env: env, opts: opts,
		gsanLog:   newFollower(env, partGSANLog, opts.GSANLogs, newTickets),
		clientLog: newFollower(env, partClientLog, opts.ClientLogs, newLogins),
	}, nil
}

// Close implements system.Collector.
func (c *collector) Close() error { return nil }

// Collect implements system.Collector.
func (c *collector) Collect(ctx context.Context, r *system.Report) {
	var tasks []system.Task
	ask := func(part string, enabled bool, answer func(ctx context.Context, p *system.Part) error) {
		if !enabled || !r.Wants(part) {
			return
		}
		p := r.Begin(part, "")
		tasks = append(tasks, system.Task{Key: part, Run: func(ctx context.Context) error {
			err := answer(ctx, p)
			p.End(err)
			return err
		}})
	}
	var g gap
	ask(partMCSSerial, true, func(ctx context.Context, p *system.Part) error {
		return c.serial(ctx, p, ticketFileCommand, ParseTicketFile, metricMCSSerial, g.mcs)
	})
	ask(partGSANSerial, true, func(ctx context.Context, p *system.Part) error {
		return c.serial(ctx, p, keytableCommand, ParseKeytable, metricGSANSerial, g.gsan)
	})
	ask(partGSANLog, len(c.opts.GSANLogs) > 0, func(ctx context.Context, p *system.Part) error {
		return c.gsanLog.collect(ctx, p)
	})
	ask(partClientLog, len(c.opts.ClientLogs) > 0, func(ctx context.Context, p *system.Part) error {
		return c.clientLog.collect(ctx, p)
	})
	ask(partServices, c.opts.Services, c.services)
	ask(partStatus, c.opts.Status, c.status)
	c.turns.Run(ctx, tasks)
}

// gap joins the two serials of one collection. Whichever part is read last
// brings it: neither waits for the other.
type gap struct {
	mu                sync.Mutex
	mcsRead, gsanRead bool
	mcsValue, gsanMin uint64
}

func (g *gap) mcs(p *system.Part, serial uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mcsValue, g.mcsRead = serial, true
	g.emit(p)
}

func (g *gap) gsan(p *system.Part, serial uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gsanMin, g.gsanRead = serial, true
	g.emit(p)
}

func (g *gap) emit(p *system.Part) {
	if !g.mcsRead || !g.gsanRead {
		return
	}
	difference := float64(g.mcsValue) - float64(g.gsanMin)
	p.Set(metricGap, difference)
	if difference < 0 {
		p.Problem(system.Problem{
			Summary:  fmt.Sprintf("MCS hands out session-ticket serial %d, GSAN accepts none below %d", g.mcsValue, g.gsanMin),
			Severity: "critical",
			Cause:    "MCS was restored from an older flush, or the two were rolled back to different moments: backups fail with MSG_ERR_AUTH_FAIL",
			Remedy:   "follow the runbook of AvamarSessionTicketBehind: it brings both serials to one value",
		})
	}
}

// serial reads one of the two serials.
func (c *collector) serial(ctx context.Context, p *system.Part, argv []string, parse func([]byte) (uint64, error), d *metric.Desc, join func(*system.Part, uint64)) error {
	ans, err := c.run(ctx, p, argv)
	if err != nil {
		return err
	}
	if ans.ExitStatus != 0 {
		return exitError(ans)
	}
	out := ans.Stdout
	if reAvmaintError.Match(ans.Stderr) {
		// avmaint tells its errors where it likes, and its exit status for
		// them is not documented.
		out = ans.Stderr
	}
	serial, err := parse(out)
	if err != nil {
		return err
	}
	p.Set(d, float64(serial))
	join(p, serial)
	return nil
}

func (c *collector) services(ctx context.Context, p *system.Part) error {
	ans, err := c.run(ctx, p, servicesCommand)
	if err != nil {
		return err
	}
	// It speaks on standard error; its exit status is not documented.
	services, unrecognized, err := ParseServices(append(ans.Stderr, ans.Stdout...))
	if err != nil {
		if ans.ExitStatus != 0 {
			return exitError(ans)
		}
		return err
	}
	p.Unrecognized(unrecognized...)
	for _, s := range services {
		p.SetBool(metricServiceUp, s.Up, s.Name)
		if s.Up {
			continue
		}
		severity := "warning"
		if s.Name == "gsan" || s.Name == "mcs" {
			severity = "critical"
		}
		p.Problem(system.Problem{
			Summary: fmt.Sprintf("the service %s is %s", s.Name, s.Word), Severity: severity,
			Cause: "`dpnctl status` says so", Remedy: "see the runbook of AvamarServiceDown before starting anything",
		})
	}
	return nil
}

func (c *collector) status(ctx context.Context, p *system.Part) error {
	ans, err := c.run(ctx, p, statusCommand)
	if err != nil {
		return err
	}
	s, err := ParseStatus(ans.Stdout)
	if err != nil {
		if ans.ExitStatus != 0 {
			return exitError(ans)
		}
		return err
	}
	emitStatus(p, s)
	return nil
}

func (c *collector) run(ctx context.Context, p *system.Part, argv []string) (remote.Answer, error) {
	ans, err := c.env.Runner.Run(ctx, remote.Command{Part: p.Name(), Argv: argv, PosixShell: true})
	if err == nil {
		p.CollectedAt(ans.Time)
	}
	return ans, err
}

// exitError is a command that said it failed, in the device's words.
func exitError(ans remote.Answer) error {
	said := firstLine(string(ans.Stderr))
	if said == "" {
		said = firstLine(string(ans.Stdout))
	}
	if said == "" {
		said = "no message"
	}
	switch lower := strings.ToLower(said); {
	case ans.ExitStatus == 126 || strings.Contains(lower, "permission denied"):
		return remote.Errorf(remote.Permission, "log in as admin on the utility node, or give admin back what it could read", "exit status %d: %s", ans.ExitStatus, said)
	case strings.Contains(lower, "no such file"):
		return remote.Errorf(remote.ExitStatus, "ask the utility node, not a data node or a client", "exit status %d: %s", ans.ExitStatus, said)
	default:
		return remote.Errorf(remote.ExitStatus, "run the command by hand as admin on the utility node", "exit status %d: %s", ans.ExitStatus, said)
	}
}
