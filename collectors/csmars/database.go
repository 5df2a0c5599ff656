package csmars

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// usageCommand is the only command an appliance is ever asked: it displays and
// changes nothing.
var usageCommand = []string{"pndbusage"}

// menuPrompt is what the appliance's menu waits with.
var menuPrompt = regexp.MustCompile(`\[pnadmin\]\$ ?`)

const (
	// usageLimit is far more than the command ever prints.
	usageLimit = 64 << 10
	// directShare is how much of the time is given to asking without the menu:
	// an appliance may start its menu instead, and wait.
	directShare, directMost = 2, 10 * time.Second
)

// ways asks an appliance in the way that worked last. Whether appliances run a
// command without their menu is not known, so that is tried first.
type ways struct {
	runner remote.Runner
	menu   bool
}

func (w *ways) ask(ctx context.Context, zone *time.Location) (Usage, time.Time, error) {
	shell, hasShell := w.runner.(remote.Shell)
	if w.menu && hasShell {
		u, at, err := atPrompt(ctx, shell, zone)
		if err != nil && ctx.Err() == nil {
			w.menu = false // an upgrade may have changed the way
		}
		return u, at, err
	}
	u, at, err := w.direct(ctx, hasShell, zone)
	if !hasShell || !another(err) || ctx.Err() != nil {
		return u, at, err
	}
	u, at, menuErr := atPrompt(ctx, shell, zone)
	if menuErr != nil {
		if remote.ReasonOf(menuErr) == remote.Timeout && remote.ReasonOf(err) != remote.Timeout {
			return u, at, err // what the appliance said tells more
		}
		return u, at, menuErr
	}
	w.menu = true
	return u, at, nil
}

// another says whether the menu is worth a try.
func another(err error) bool {
	switch remote.ReasonOf(err) {
	case remote.Permission, remote.ExitStatus, remote.NotSupported, remote.Parse, remote.Timeout, remote.Other, remote.TooLarge:
		return true
	default:
		return false // nobody is there, or nobody lets us in
	}
}

func command() remote.Command {
	return remote.Command{Part: partDatabase, Argv: usageCommand, Limit: usageLimit}
}

func (w *ways) direct(ctx context.Context, half bool, zone *time.Location) (Usage, time.Time, error) {
	if deadline, ok := ctx.Deadline(); ok && half {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, min(time.Until(deadline)/directShare, directMost))
		defer cancel()
	}
	ans, err := w.runner.Run(ctx, command())
	if err != nil {
		return Usage{}, time.Time{}, err
	}
	// Errors come as text, and the exit status says nothing.
	out := ans.Stdout
	if len(out) == 0 {
		out = ans.Stderr
	}
	u, err := ParseUsage(out, zone)
	return u, ans.Time, err
}

func atPrompt(ctx context.Context, shell remote.Shell, zone *time.Location) (Usage, time.Time, error) {
	ans, err := shell.Shell(ctx, menuPrompt, command())
	if err != nil {
		return Usage{}, time.Time{}, err
	}
	u, err := ParseUsage(ans.Stdout, zone)
	return u, ans.Time, err
}

// database asks the appliance how full its database is.
func (c *collector) database(ctx context.Context, p *system.Part) error {
	u, at, err := c.ways.ask(ctx, c.zone)
	if err != nil {
		return err
	}
	p.CollectedAt(at)
	if u.Used != nil {
		p.Set(metricUsed, *u.Used)
	}
	p.SetTime(metricStart, u.Start)
	p.SetTime(metricSwitch, u.Switch)
	if u.Empty != nil {
		p.Set(metricEmpty, *u.Empty)
	}
	if u.Purge != nil {
		p.SetBool(metricPurge, *u.Purge)
	}
	p.Unrecognized(u.Unrecognized...)
	for _, problem := range c.databaseProblems(u, at) {
		p.Problem(problem)
	}
	return nil
}

// purgeNear is the fill at which the appliance itself begins to warn.
const purgeNear = 0.75

func (c *collector) databaseProblems(u Usage, at time.Time) []system.Problem {
	var problems []system.Problem
	if u.Used != nil && *u.Used >= purgeNear && u.Purge != nil && *u.Purge {
		problem := system.Problem{
			Summary:  fmt.Sprintf("the current partition is %.0f%% full and none is empty: the oldest data is purged at the next switch", *u.Used*100),
			Cause:    "this is how the appliance makes room; what is archived is not lost",
			Remedy:   "see that the archive is complete",
			Severity: "info",
		}
		if why := c.scans.archiveDoubt(); why != "" {
			problem.Severity = "critical"
			problem.Cause = "the archive may not hold what is purged: " + why
			problem.Remedy = "bring archiving back first: Admin > System Maintenance > Data Archiving on the appliance"
		}
		problems = append(problems, problem)
	}
	if drift, ok := u.drift(at); ok {
		problems = append(problems, system.Problem{
			Summary:  fmt.Sprintf("the appliance's estimate does not fit the time: by its own numbers it is %s there", drift.UTC().Format(time.RFC3339)),
			Cause:    "its clock is wrong, or timezone names another zone than its own",
			Remedy:   "compare `date` on the appliance, and set timezone for this target",
			Severity: "info",
		})
	}
	return problems
}

// drift is the moment at which the estimate was made, by its own numbers: it is
// a straight line from the start through now. ok says that it is far from at.
func (u Usage) drift(at time.Time) (time.Time, bool) {
	if u.Used == nil || *u.Used < 0.02 || u.Start.IsZero() || !u.Switch.After(u.Start) {
		return time.Time{}, false
	}
	whole := float64(u.Switch.Sub(u.Start))
	then := u.Start.Add(time.Duration(whole * *u.Used))
	// The percentage is rounded to a tenth, and the estimate may be made once a
	// day.
	tolerance := whole*0.001 + float64(26*time.Hour)
	return then, math.Abs(float64(at.Sub(then))) > tolerance
}
