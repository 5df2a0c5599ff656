package onefs

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dataprotection_exporter/collectors/system"
)

// serverOffline is the event of a node that cannot reach its CAVA servers.
const serverOffline = "SW_AVSCAN_CAVA_SERVER_OFFLINE"

// Events are known by name: their numbers are not documented.
var (
	reEvent    = regexp.MustCompile(`^SW_AVSCAN_[A-Z0-9_]{1,80}$`)
	reSeverity = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
)

type eventKey struct{ name, severity string }

// event is an antivirus event that stands.
type event struct {
	eventKey
	text string
	node int // device id, 0 when the event names none
}

// readEvents reads a page of event groups and keeps the antivirus events that
// are neither resolved nor ignored, whatever the server filtered.
func readEvents(body []byte) (events []event, unknown []string, err error) {
	a, err := decode[eventsAnswer](body)
	if err != nil {
		return nil, nil, err
	}
	groups := a.Groups
	if !groups.there {
		groups = a.Hyphen
	}
	if !groups.there {
		return nil, nil, lacks("list of event groups")
	}
	unknown = oddities(a)
	for _, g := range groups.items {
		if g.Resolved.is() || g.Ignore.is() {
			continue
		}
		severity := strings.ToLower(g.Severity.value)
		if !reSeverity.MatchString(severity) {
			severity = "unknown"
		}
		where := 0
		if g.Where.value != nil {
			where = whole(g.Where.value.DevID)
		}
		for _, cause := range g.Causes.items {
			if len(cause.items) == 0 || !reEvent.MatchString(cause.items[0].value) {
				continue
			}
			e := event{eventKey: eventKey{cause.items[0].value, severity}, node: where}
			if len(cause.items) > 1 {
				e.text = cause.items[1].value
			}
			events = append(events, e)
		}
	}
	return events, unknown, nil
}

// maxEvents bounds the events that are remembered.
const maxEvents = 100

// eventMemory is the events seen so far: a series that was there stays, at 0
// once the event is over. Not safe for concurrent use.
type eventMemory struct{ seen map[eventKey]bool }

func (m *eventMemory) note(k eventKey) eventKey {
	if m.seen == nil {
		m.seen = map[eventKey]bool{}
		for _, s := range severities {
			m.seen[eventKey{serverOffline, s}] = true
		}
	}
	if !m.seen[k] && len(m.seen) >= maxEvents {
		k = eventKey{other, other}
	}
	if k.name != "" {
		m.seen[k] = true
	}
	return k
}

func (c *collector) eventsPart(ctx context.Context, p *system.Part, _ *facts) error {
	var standing []event
	err := c.api.Pages(ctx, askEvents, func(body []byte) error {
		events, unknown, err := readEvents(body)
		p.Unrecognized(unknown...)
		standing = append(standing, events...)
		return err
	})
	if err != nil {
		return err
	}
	c.events.note(eventKey{})
	active := map[eventKey]bool{}
	for _, e := range standing {
		active[c.events.note(e.eventKey)] = true
	}
	for k := range c.events.seen {
		p.SetBool(metricEventActive, active[k], k.name, k.severity)
	}
	for _, problem := range eventProblems(standing) {
		p.Problem(problem)
	}
	return nil
}

func eventProblems(standing []event) []system.Problem {
	type raised struct {
		text  string
		nodes []int
	}
	by := map[eventKey]*raised{}
	for _, e := range standing {
		r := by[e.eventKey]
		if r == nil {
			r = &raised{}
			by[e.eventKey] = r
		}
		if r.text == "" {
			r.text = e.text
		}
		if e.node != 0 {
			r.nodes = append(r.nodes, e.node)
		}
	}
	var problems []system.Problem
	for _, k := range slices.SortedFunc(maps.Keys(by), func(a, b eventKey) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.severity, b.severity))
	}) {
		r := by[k]
		p := system.Problem{
			Summary: "OneFS raised " + k.name + " (" + k.severity + ")", Cause: sentence(r.text), Severity: "warning",
			Remedy: "look at `isi event groups list`, and resolve the event there once its cause is gone",
		}
		if len(r.nodes) > 0 {
			p.Summary += ", device " + devices(r.nodes)
		}
		if k.severity == "information" {
			p.Severity = "info"
		}
		if k.name == serverOffline {
			p.Cause = "a node that should scan has no connection to the CAVA servers, for files on access or single files (" + p.Cause + ")"
			p.Remedy = "check the CAVA servers, the network between, and the IP pool; put nodes without such a network into exclude_nodes"
		}
		problems = append(problems, p)
	}
	return problems
}

func devices(ids []int) string {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var words []string
	for _, id := range ids[:min(8, len(ids))] {
		words = append(words, strconv.Itoa(id))
	}
	return strings.Join(words, ", ")
}
