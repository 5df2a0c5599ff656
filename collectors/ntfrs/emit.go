package ntfrs

import (
	"strings"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/collectors/system"
)

// set emits a number that the member may not have said.
func set(p *system.Part, d *metric.Desc, v *float64, labels ...string) {
	if v != nil {
		p.Set(d, *v, labels...)
	}
}

// emitSets emits what one member says of its replica sets.
func emitSets(p *system.Part, member string, s Sets) {
	p.SetBool(metricMember, len(s.Sets) > 0, member)
	anyConnection := false
	for _, rs := range s.Sets {
		anyConnection = anyConnection || len(rs.Connections) > 0
	}
	for _, rs := range s.Sets {
		if rs.State != "" {
			for _, state := range States {
				p.SetBool(metricState, rs.State == state, member, rs.Name, state)
			}
		}
		if rs.Sequence != nil {
			p.Set(metricSequence, float64(*rs.Sequence), member, rs.Name)
		}
		if n, sure := rs.outbound(anyConnection); sure {
			p.Set(metricOutbound, float64(n), member, rs.Name)
		}
		for _, c := range rs.Connections {
			emitConnection(p, member, rs, c)
		}
	}
	p.Unrecognized(s.Unrecognized...)
	for _, problem := range setProblems(member, s) {
		p.Problem(problem)
	}
}

// outbound counts the outbound connections of a set. The number is certain only
// where all lines of their list have a meaning; that there is none, only where
// connections are recognised in this answer at all, or no line of the set may
// have been one.
func (s Set) outbound(anyConnection bool) (n int, sure bool) {
	for _, c := range s.Connections {
		switch c.Direction {
		case outbound:
			n++
		case unknown:
			return 0, false
		}
	}
	return n, !s.unlisted && (n > 0 || s.listed || !s.unknown || anyConnection)
}

func emitConnection(p *system.Part, member string, s Set, c Connection) {
	if c.Joined != nil {
		p.SetBool(metricJoined, *c.Joined, member, s.Name, c.Partner, c.Direction)
	}
	p.SetTime(metricLastJoin, c.LastJoin, member, s.Name, c.Partner, c.Direction)
	if c.Direction != outbound {
		return
	}
	w := waitingFor(s, c)
	set(p, metricBacklog, w.Backlog, member, s.Name, c.Partner)
	set(p, metricUnsent, w.Unsent, member, s.Name, c.Partner)
	set(p, metricUnacknowledged, w.Unacknowledged, member, s.Name, c.Partner)
}

// emitStaging emits the sizes that counters tell.
func emitStaging(p *system.Part, member string, values []Value) {
	for _, v := range values {
		switch {
		case strings.EqualFold(v.Counter, counterUsed):
			p.Set(metricStagingUsed, v.Value*1024, member, v.Set)
		case strings.EqualFold(v.Counter, counterFree):
			p.Set(metricStagingFree, v.Value*1024, member, v.Set)
		}
	}
	for _, problem := range stagingProblems(member, values) {
		p.Problem(problem)
	}
}

// emitTotals emits totals. Their source writes names in small letters, so sets
// get the names they have in staging.
func emitTotals(p *system.Part, member string, values, staging []Value) {
	for _, v := range values {
		for _, s := range staging {
			if strings.EqualFold(s.Set, v.Set) {
				v.Set = s.Set
				break
			}
		}
		if strings.EqualFold(v.Counter, counterInstalled) {
			p.Set(metricInstalled, v.Value, member, v.Set)
		}
		for _, s := range stages {
			if strings.EqualFold(v.Counter, s.counter) {
				p.Set(metricChangeOrders, v.Value, member, v.Set, s.name)
			}
		}
	}
}

// emitEvents emits what is known of one member's events.
func emitEvents(p *system.Part, member string, h *history) {
	for _, k := range eventKinds {
		id := eventLabel(k.ID)
		p.SetTime(metricEventLast, h.Last[k.ID], member, id)
		p.Set(metricEventsRecent, float64(h.recent[id]), member, id)
		if len(k.ClearedBy) > 0 {
			p.SetBool(metricEventActive, len(h.active(k.ID)) > 0, member, id)
		}
	}
	p.SetTime(metricEventLast, h.Last[0], member, eventOther)
	p.Set(metricEventsRecent, float64(h.recent[eventOther]), member, eventOther)
	for _, problem := range eventProblems(member, h) {
		p.Problem(problem)
	}
}

func emitBacklog(p *system.Part, b Backlog, files float64) {
	p.Set(metricDFSR, files, b.Group, b.Folder, b.From, b.To)
	for _, problem := range backlogProblems(b, files) {
		p.Problem(problem)
	}
}
