package avamar

import (
	"fmt"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/collectors/system"
)

// emitStatus emits what status.dpn says.
func emitStatus(p *system.Part, s Status) {
	p.SetBool(metricSystemOK, s.SystemStatus == "ok")
	access := s.access()
	for _, state := range accessStates {
		p.SetBool(metricAccess, state == access, state)
	}
	for _, n := range s.Nodes {
		p.SetBool(metricNodeOnline, n.State == nodeOnline, n.ID)
		if n.Used != nil {
			p.Set(metricNodeUsed, *n.Used, n.ID)
		}
	}
	emitJob(p, s.Checkpoint, metricCheckpointTime, metricCheckpointOK)
	emitJob(p, s.GC, metricGCTime, metricGCOK)
	emitJob(p, s.Hfscheck, metricHfscheckTime, metricHfscheckOK)
	p.Unrecognized(s.Unrecognized...)
	for _, problem := range statusProblems(s) {
		p.Problem(problem)
	}
}

func emitJob(p *system.Part, j *Job, finished, ok *metric.Desc) {
	if j == nil {
		return
	}
	p.SetBool(ok, j.OK())
	p.SetTime(finished, j.Finished)
}

func statusProblems(s Status) []system.Problem {
	var problems []system.Problem
	if s.SystemStatus != "ok" {
		problems = append(problems, system.Problem{
			Summary: "System-Status is " + s.SystemStatus, Severity: "warning",
			Cause: "`status.dpn` says so", Remedy: "run `status.dpn` and read its warnings",
		})
	}
	if s.access() != "full" {
		problems = append(problems, system.Problem{
			Summary: "Access-Status is " + s.AccessStatus, Severity: "warning",
			Cause:  "maintenance runs, or the grid is full or locked by an administrator",
			Remedy: "`avmaint nodelist --xmlperline=99` names the activity that restricts access; see the runbook of AvamarAccessRestricted",
		})
	}
	for _, n := range s.Nodes {
		if n.State != nodeOnline {
			problems = append(problems, system.Problem{
				Summary: fmt.Sprintf("node %s is %s", n.ID, n.State), Severity: "critical",
				Cause: "GSAN does not run on the node, or the node does not answer", Remedy: "see the runbook of AvamarNodeOffline",
			})
		}
	}
	for _, j := range []struct {
		name string
		job  *Job
	}{{"checkpoint", s.Checkpoint}, {"hfscheck", s.Hfscheck}, {"garbage collection", s.GC}} {
		switch {
		case j.job == nil || j.job.OK():
		case j.job.Never:
			problems = append(problems, system.Problem{
				Summary: "there was no " + j.name + " yet", Severity: "warning",
				Cause: "a new grid, or maintenance never ran", Remedy: "see whether the maintenance scheduler is enabled: `dpnctl status`",
			})
		default:
			problems = append(problems, system.Problem{
				Summary: fmt.Sprintf("the last %s ended with %s", j.name, j.job.Result), Severity: "warning",
				Cause: "`status.dpn` says so", Remedy: "read `dumpmaintlogs --types=cp|hfscheck|gc --days=2`",
			})
		}
	}
	for _, w := range s.Warnings {
		problems = append(problems, system.Problem{Summary: w, Severity: "info", Cause: "`status.dpn` says so"})
	}
	return problems
}
