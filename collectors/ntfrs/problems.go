package ntfrs

import (
	"fmt"
	"strings"
	"time"

	"dataprotection_exporter/collectors/system"
)

// setProblems is what is wrong with a member's replica sets, in words.
func setProblems(member string, s Sets) []system.Problem {
	if len(s.Sets) == 0 {
		return []system.Problem{{
			Summary: member + " is in no replica set", Severity: "critical",
			Cause:  "its member object, its subscriber object or its server reference in Active Directory is missing",
			Remedy: "compare `ntfrsutl ds " + member + "` with a healthy member, and restore the missing objects",
		}}
	}
	var problems []system.Problem
	anyConnection := false
	for _, rs := range s.Sets {
		anyConnection = anyConnection || len(rs.Connections) > 0
	}
	for _, rs := range s.Sets {
		where := rs.Name + " on " + member
		p, wrong := stateProblem(where, rs)
		if wrong {
			problems = append(problems, p)
		}
		if n, sure := rs.outbound(anyConnection); sure && n == 0 && !wrong {
			problems = append(problems, system.Problem{
				Summary: where + " has no outbound connection", Severity: "warning",
				Cause:  "it is a read-only domain controller, or its member or connection objects in Active Directory are missing",
				Remedy: "on a writable domain controller, see the connections below NTDS Settings and `ntfrsutl ds " + member + "`: nothing it changes reaches the others",
			})
		}
		for _, c := range rs.Connections {
			if p, wrong := connectionProblem(where, rs, c); wrong {
				problems = append(problems, p)
			}
		}
	}
	return problems
}

// stateCauses is why a set is not ACTIVE, and what to do.
var stateCauses = map[string]struct{ severity, cause, remedy string }{
	"ALLOCATED":       {"info", "the service is initialising the set", "wait; if it stays, read the File Replication Service log"},
	"INITIALIZING":    {"info", "the service is initialising the set", "wait; if it stays, read the File Replication Service log"},
	"STARTING":        {"info", "the service is starting the set", "wait; if it stays, read the File Replication Service log"},
	"STOPPED":         {"critical", "the set was stopped by an error", "read the File Replication Service log for the event that stopped it"},
	"ERROR":           {"critical", "the set was stopped by an error", "read the File Replication Service log for the event that stopped it"},
	"JRNL_WRAP_ERROR": {"critical", "more files changed than the change journal holds while the service was not reading it", "find what changed them, then restore the set non-authoritatively from a healthy partner; see event 13568"},
	"REPLICA_DELETED": {"warning", "the set was deleted in Active Directory", "see whether that was meant"},
	"other":           {"warning", "the state is not known here", "read the File Replication Service log"},
}

func stateProblem(where string, s Set) (system.Problem, bool) {
	why, wrong := stateCauses[s.State]
	if !wrong {
		return system.Problem{}, false
	}
	return system.Problem{
		Summary: fmt.Sprintf("%s is not replicating: its state is %s", where, s.StateText), Severity: why.severity,
		Cause: why.cause, Remedy: why.remedy,
	}, true
}

func connectionProblem(where string, s Set, c Connection) (system.Problem, bool) {
	if c.Joined == nil || *c.Joined {
		return system.Problem{}, false
	}
	way := map[string]string{outbound: "to", inbound: "from"}[c.Direction]
	if way == "" {
		way = "with"
	}
	p := system.Problem{
		Summary: fmt.Sprintf("%s is not joined %s %s", where, way, c.Partner), Severity: "warning",
		Cause:  "the partner is down or its service is, its name does not resolve, RPC is blocked, or the schedule of the connection keeps it closed now",
		Remedy: "see events 13508 and 13509 on both, and the schedule of the connection",
	}
	if c.NeverJoined() {
		p.Summary += " and never was"
	}
	if c.Direction == outbound {
		if w := waitingFor(s, c); w.Backlog != nil && *w.Backlog > 0 {
			p.Summary += fmt.Sprintf(": %.0f change orders wait", *w.Backlog)
		}
	}
	return p, true
}

// stagingProblems tells of sets without staging space.
func stagingProblems(member string, values []Value) []system.Problem {
	var problems []system.Problem
	for _, v := range values {
		if strings.EqualFold(v.Counter, counterFree) && v.Value == 0 {
			problems = append(problems, system.Problem{
				Summary: fmt.Sprintf("the staging space of %s on %s is full", v.Set, member), Severity: "warning",
				Cause:  "changes are made faster than partners take them, or one partner takes none",
				Remedy: "find the partner with the largest backlog; look for event 13522, which says that replication stopped",
			})
		}
	}
	return problems
}

// eventProblems is what a member's log tells of, in words: troubles that nothing
// ended, and the others of the last 24 hours.
func eventProblems(member string, h *history) []system.Problem {
	var problems []system.Problem
	for _, k := range eventKinds {
		recent := h.recent[eventLabel(k.ID)]
		pairs := h.active(k.ID)
		if k.Severity == "" || len(k.ClearedBy) > 0 && len(pairs) == 0 || len(k.ClearedBy) == 0 && recent == 0 {
			continue
		}
		cause := fmt.Sprintf("event %d, last logged %s", k.ID, h.Last[k.ID].UTC().Format(time.RFC3339))
		if recent > 0 {
			cause += fmt.Sprintf(", %d in the last 24 hours", recent)
		}
		if named := namedPairs(pairs); named != "" {
			cause += ": " + named
		}
		problems = append(problems, system.Problem{
			Summary: member + ": " + k.Meaning, Severity: k.Severity, Cause: cause, Remedy: k.Remedy,
		})
	}
	return problems
}

// namedPairs names the first few pairs of partners.
func namedPairs(pairs []string) string {
	const most = 5
	var named []string
	for _, pair := range pairs {
		from, to, ok := strings.Cut(pair, "\n")
		switch {
		case !ok:
		case len(named) == most:
			return strings.Join(named, ", ") + fmt.Sprintf(" and %d more", len(pairs)-most)
		default:
			named = append(named, from+" and "+to)
		}
	}
	return strings.Join(named, ", ")
}

// manyFiles is a backlog of DFS Replication that is worth a word.
const manyFiles = 100

func backlogProblems(b Backlog, files float64) []system.Problem {
	if files < manyFiles {
		return nil
	}
	return []system.Problem{{
		Summary: fmt.Sprintf("%.0f files of %s, %s wait to get from %s to %s", files, b.Group, b.Folder, b.From, b.To), Severity: "warning",
		Cause:  "more changes than the connection takes, a schedule that keeps it closed, or a receiving member that is down or out of staging space",
		Remedy: "see the DFS Replication log of both members, and the size of the staging quota",
	}}
}
