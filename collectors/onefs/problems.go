package onefs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dataprotection_exporter/collectors/system"
)

// queueFull is the share of its limit at which a queue is a problem.
const queueFull = 0.8

// nodeProblems is what is wrong with CAVA on some nodes, in words. Nodes in the
// same trouble share a sentence: a cluster has hundreds.
func (c *collector) nodeProblems(nodes []node, f *facts) []system.Problem {
	var problems []system.Problem
	var faulted, disabled []int
	var events []string
	for _, n := range nodes {
		switch systemStatus(n.status.SystemStatus.value) {
		case "FAULTED":
			faulted = append(faulted, n.lnn)
			for _, e := range n.status.BlockingEvents.items {
				events = append(events, sentence(e.value))
			}
		case "DISABLED":
			disabled = append(disabled, n.lnn)
		}
	}
	if len(faulted) > 0 {
		cause := "the cluster names no blocking event"
		if events = slices.Compact(slices.Sorted(slices.Values(events))); len(events) > 0 {
			cause = "blocking events: " + strings.Join(events[:min(3, len(events))], "; ")
		}
		problems = append(problems, system.Problem{
			Summary: "CAVA is FAULTED on " + onNodes(faulted), Severity: "critical", Cause: cause,
			Remedy: "clear what blocks it: the IP pool and access zone of CAVA, the way to the CAVA servers, the domain of the zone",
		})
	}
	if f.switchedOff() {
		return problems
	}
	if len(disabled) > 0 {
		problems = append(problems, system.Problem{
			Summary: "CAVA is DISABLED on " + onNodes(disabled), Severity: "critical",
			Cause:  "the service is switched on for the cluster, or its settings could not be read, and does not run there",
			Remedy: "look at the settings of CAVA antivirus and at the events of the cluster",
		})
	}
	problems = append(problems, c.serverProblems(nodes)...)
	problems = append(problems, c.connectionProblems(nodes)...)
	return append(problems, queueProblems(nodes)...)
}

// view is how the nodes that list a CAVA server see it.
type view struct {
	online, offline []int
	states          []string
}

// serverProblems is about CAVA servers. A node that does not list a server says
// nothing of it.
func (c *collector) serverProblems(nodes []node) []system.Problem {
	views := map[string]*view{}
	var cutOff []int // nodes that list servers, none of them online
	anyOnline := false
	for _, n := range nodes {
		listed, online := 0, 0
		for _, s := range n.status.Servers.items {
			if s.Name.value == "" || s.State.value == "" {
				continue
			}
			v := views[s.Name.value]
			if v == nil {
				v = &view{}
				views[s.Name.value] = v
			}
			listed++
			if c.opts.online(s.State.value) {
				online++
				v.online = append(v.online, n.lnn)
				continue
			}
			v.offline = append(v.offline, n.lnn)
			v.states = append(v.states, c.words.label(s.State.value))
		}
		anyOnline = anyOnline || online > 0
		if listed > 0 && online == 0 {
			cutOff = append(cutOff, n.lnn)
		}
	}
	var problems []system.Problem
	const remedy = "look at the server: is it up, do CEE, the antivirus product and their services run, can it be reached from the node; if the word means that the server works, add it to online_states"
	if len(cutOff) > 0 {
		p := system.Problem{
			Summary: "no CAVA server is online for " + onNodes(cutOff), Severity: "critical",
			Cause:  "files written and read there are not scanned, or, where open_on_fail is off, cannot be opened",
			Remedy: "bring one server back first, whichever is quickest; a node without a network to the servers belongs into exclude_nodes",
		}
		if !anyOnline {
			p.Summary = "no CAVA server is online for any node asked"
		}
		problems = append(problems, p)
	}
	for _, name := range slices.Sorted(maps.Keys(views)) {
		v := views[name]
		if len(v.offline) == 0 {
			continue
		}
		states := strings.Join(slices.Compact(slices.Sorted(slices.Values(v.states))), ", ")
		p := system.Problem{
			Summary: fmt.Sprintf("CAVA server %s is not online for %s (%s)", sentence(name), onNodes(v.offline), states), Severity: "warning", Remedy: remedy,
			Cause: "every node that lists it says so: the server is the likely cause",
		}
		if len(v.online) > 0 {
			p.Cause = fmt.Sprintf("%s it online: the way between is the likely cause", seeing(v.online))
		}
		problems = append(problems, p)
	}
	return problems
}

func seeing(lnns []int) string {
	list, many := numbers(lnns)
	if many {
		return "nodes " + list + " see"
	}
	return "node " + list + " sees"
}

// connectionsFull is the share of its limit at which the connections of a server
// are a problem.
const connectionsFull = 0.9

// connectionProblems is about servers that have as many connections as they take
// from all nodes together.
func (c *collector) connectionProblems(nodes []node) []system.Problem {
	sum := map[string]float64{}
	for _, n := range nodes {
		for _, s := range n.status.Servers.items {
			if s.Connections.value != nil && s.Name.value != "" {
				sum[s.Name.value] += *s.Connections.value
			}
		}
	}
	var problems []system.Problem
	limit := float64(c.opts.ConnectionsPerServerLimit)
	for _, name := range slices.Sorted(maps.Keys(sum)) {
		if sum[name] <= connectionsFull*limit {
			continue
		}
		problems = append(problems, system.Problem{
			Summary: fmt.Sprintf("CAVA server %s has %.0f connections, and takes %.0f", sentence(name), sum[name], limit), Severity: "warning",
			Cause:  "the nodes ask for more scans than the server takes, or another server is missing",
			Remedy: "add CAVA servers; if your servers take more, say so in connections_per_server_limit",
		})
	}
	return problems
}

func queueProblems(nodes []node) []system.Problem {
	full := map[string][]int{}
	worst := map[string]float64{}
	for _, n := range nodes {
		if n.status.Stats.value == nil {
			continue
		}
		for _, q := range queuesOf(*n.status.Stats.value) {
			if q.size.value == nil || q.limit.value == nil || *q.limit.value == 0 {
				continue
			}
			if ratio := *q.size.value / *q.limit.value; ratio > queueFull {
				full[q.name] = append(full[q.name], n.lnn)
				worst[q.name] = max(worst[q.name], ratio)
			}
		}
	}
	var problems []system.Problem
	for _, name := range slices.Sorted(maps.Keys(full)) {
		problems = append(problems, system.Problem{
			Summary: fmt.Sprintf("the %s scan queue of %s is filled to %.0f %%", name, onNodes(full[name]), worst[name]*100), Severity: "warning",
			Cause:  "files arrive faster than the CAVA servers scan them, or a server is missing",
			Remedy: "bring missing servers back, add servers, move scan policies to quieter hours",
		})
	}
	return problems
}
