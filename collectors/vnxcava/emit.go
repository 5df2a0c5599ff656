package vnxcava

import (
	"fmt"
	"slices"
	"strings"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/collectors/system"
)

// set emits a number that the device may not have said.
func set(p *system.Part, d *metric.Desc, v *float64, labels ...string) {
	if v != nil {
		p.Set(d, *v, labels...)
	}
}

// emitMover emits what the status form says of one mover.
func emitMover(p *system.Part, m Mover) {
	p.SetBool(metricRunning, m.Running, m.Name)
	set(p, metricThreads, m.Threads, m.Name)
	set(p, metricCheckersConfigured, m.CheckersConfigured, m.Name)
	set(p, metricHighWaterMark, m.HighWaterMark, m.Name)
	set(p, metricLowWaterMark, m.LowWaterMark, m.Name)
	set(p, metricRequestTimeout, m.RPCRequestTimeout, m.Name)
	set(p, metricRetryTimeout, m.RPCRetryTimeout, m.Name)
	set(p, metricSurveyInterval, m.SurveyInterval, m.Name)
	set(p, metricFileMasks, m.FileMasks, m.Name)
	set(p, metricExcludedMasks, m.ExcludedMasks, m.Name)
	if m.ScanOnRead != nil {
		p.SetBool(metricScanOnRead, *m.ScanOnRead, m.Name)
	}
	if m.Policy != "" {
		for _, policy := range Policies {
			p.SetBool(metricOfflinePolicy, m.Policy == policy, m.Name, policy)
		}
	}
	if m.Share != "" || m.MSRPCUser != "" || m.MSRPCClientName != "" {
		p.Set(metricInfo, 1, m.Name, m.Share, m.MSRPCUser, m.MSRPCClientName)
	}
	for _, c := range m.Checkers {
		emitChecker(p, m.Name, c)
	}
	p.Unrecognized(m.Unrecognized...)
	for _, problem := range moverProblems(m) {
		p.Problem(problem)
	}
}

func emitChecker(p *system.Part, mover string, c Checker) {
	d := c.Diagnose()
	p.SetBool(metricCheckerOnline, d.State == StateOnline, mover, c.Address)
	for _, state := range States {
		p.SetBool(metricCheckerState, d.State == state, mover, c.Address, state)
	}
	p.Set(metricCheckerDiagnosis, 1, mover, c.Address, d.State, d.Code, d.NTStatus, d.Cause)
	p.Set(metricCheckerInfo, 1, mover, c.Address, c.Server, c.Engine, c.Version, c.Transport)
	p.SetTime(metricCheckerLastCheck, c.LastCheck, mover, c.Address)
	p.SetTime(metricCheckerSignature, c.Signature, mover, c.Address)
}

// moverProblems is what is wrong on a mover, in words.
func moverProblems(m Mover) []system.Problem {
	if !m.Running {
		text := "virus checking does not run on " + m.Name
		if m.NotRunningText != "" {
			text += fmt.Sprintf(" (the device says: %s)", m.NotRunningText)
		}
		return []system.Problem{{
			Summary: text, Severity: "critical", Cause: "it was stopped, was never started, or the configuration is missing",
			Remedy: "find out why before starting it again: read `server_log " + m.Name + "`, then start virus checking on the mover",
		}}
	}
	var problems []system.Problem
	offline := 0
	for _, c := range m.Checkers {
		d := c.Diagnose()
		if d.State == StateOnline {
			continue
		}
		offline++
		cause, remedy := c.Explain()
		word := strings.TrimSpace(c.State + " " + d.Code)
		problems = append(problems, system.Problem{
			Summary:  fmt.Sprintf("checker %s of %s is %s", c.Address, m.Name, word),
			Severity: "warning", Cause: cause, Remedy: remedy,
		})
	}
	if offline == len(m.Checkers) {
		problems = slices.Insert(problems, 0, system.Problem{
			Summary: "no checker of " + m.Name + " is online: " + policyConsequence(m.Policy), Severity: "critical",
			Cause: "each checker has its own, below", Remedy: "bring one checker back first, whichever is quickest",
		})
	}
	if len(m.Checkers) == 1 {
		problems = append(problems, system.Problem{
			Summary: m.Name + " has a single checker", Severity: "warning",
			Cause:  "one checker that fails leaves none",
			Remedy: "configure at least two checkers in viruschecker.conf",
		})
	}
	return problems
}

func policyConsequence(policy string) string {
	switch policy {
	case PolicyCIFS:
		return "by its offline policy the mover stops CIFS file service"
	case PolicyViruschecking:
		return "by its offline policy the mover stops virus checking: what is written now is not scanned"
	case PolicyNone:
		return "by its offline policy the mover goes on: files wait for a scan and the queue grows"
	default:
		return "what the mover does now depends on its offline policy, which is not known"
	}
}

// emitAudit emits what the audit form says of one mover.
func emitAudit(p *system.Part, a Audit) {
	set(p, metricQueue, a.Queue, a.Mover)
	set(p, metricScanning, a.Scanning, a.Mover)
	set(p, metricInProgress, a.InProgress, a.Mover)
	set(p, metricRequests, a.Requests, a.Mover)
	for _, reason := range FailureReasons {
		v, said := a.Failures[reason]
		if said || reason == ReasonOther {
			p.Set(metricFailures, v, a.Mover, reason)
		}
	}
	set(p, metricInfected, a.Infected, a.Mover)
	for _, action := range Actions {
		if v, said := a.Actions[action]; said {
			p.Set(metricInfectedActions, v, a.Mover, action)
		}
	}
	set(p, metricScanMin, a.MinDuration, a.Mover)
	set(p, metricScanMax, a.MaxDuration, a.Mover)
	set(p, metricScanAvg, a.AvgDuration, a.Mover)
	p.Unrecognized(a.Unrecognized...)
}
