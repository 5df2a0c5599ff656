package onefs

import (
	"slices"
	"strconv"
	"strings"

	"dataprotection_exporter/collectors/system"
)

// emitNode emits what a node says. It fails when the node said nothing.
func (c *collector) emitNode(p *system.Part, f *facts, n node) error {
	if n.status == nil {
		return withoutStatus(n, f)
	}
	lnn, s := strconv.Itoa(n.lnn), n.status
	p.Unrecognized(n.unknown...)
	if word := s.SystemStatus.value; word != "" {
		status := systemStatus(word)
		if status == other {
			p.Unrecognized("system_status: " + word)
		}
		for _, known := range systemStatuses {
			p.SetBool(metricSystemStatus, status == known, lnn, known)
		}
	}
	if s.BlockingEvents.there {
		p.Set(metricBlockingEvents, float64(len(s.BlockingEvents.items)+len(s.BlockingEvents.odds)), lnn)
	}
	if s.Vendor.value != "" || s.CEE.value != "" || s.DTD.value != "" {
		p.Set(metricNodeInfo, 1, lnn, s.Vendor.value, s.CEE.value, s.DTD.value)
	}
	at, ok := parseSignature(s.Signature.value, c.zone, c.env.Now())
	if !ok {
		p.Unrecognized("signature_timestamp: " + s.Signature.value)
	}
	p.SetTime(metricSignature, at, lnn)
	for _, server := range s.Servers.items {
		c.emitServer(p, lnn, server)
	}
	if s.Stats.value != nil {
		emitStats(p, lnn, *s.Stats.value)
	}
	return nil
}

// systemStatus is the device's word as one of the closed list.
func systemStatus(word string) string {
	word = strings.ToUpper(word)
	if word == strings.ToUpper(other) || !slices.Contains(systemStatuses, word) {
		return other
	}
	return word
}

func (c *collector) emitServer(p *system.Part, lnn string, s serverStatus) {
	name := s.Name.value
	if name == "" {
		p.Unrecognized("server_status: a server without a name")
		return
	}
	if state := s.State.value; state != "" {
		online := c.opts.online(state)
		p.SetBool(metricServerOnline, online, lnn, name)
		p.Set(metricServerState, 1, lnn, name, c.words.label(state))
		if !online && !slices.Contains(offlineStates, strings.ToLower(state)) {
			p.Unrecognized("server_state: " + state)
		}
	}
	set(p, metricConnections, s.Connections, lnn, name)
	set(p, metricHeartbeats, s.Heartbeats, lnn, name)
	setMillis(p, metricHeartbeatRTT, s.HeartbeatRTT, lnn, name)
	set(p, metricServerRequests, s.Requests, lnn, name)
	setMillis(p, metricServerRTT, s.RTT, lnn, name)
}

func emitStats(p *system.Part, lnn string, s systemStats) {
	set(p, metricScanRequests, s.OnAccess, lnn, "on_access")
	set(p, metricScanRequests, s.ByJob, lnn, "job")
	set(p, metricScanRequests, s.Manual, lnn, "manual")
	set(p, metricProcessed, s.Processed, lnn)
	set(p, metricSkipped, s.SkippedByFilter, lnn, "filter")
	set(p, metricSkipped, s.SkippedBySize, lnn, "size")
	set(p, metricResults, s.Success, lnn, "success")
	set(p, metricResults, s.Failure, lnn, "failure")
	set(p, metricResults, s.Infected, lnn, "infected")
	set(p, metricScanFailures, s.Fails, lnn)
	set(p, metricScanTimeouts, s.Timeouts, lnn)
	setMillis(p, metricScanDuration, s.AvgDuration, lnn)
	setMillis(p, metricBlockTime, s.AvgBlockTime, lnn)
	for _, q := range queuesOf(s) {
		set(p, metricQueue, q.size, lnn, q.name)
		set(p, metricQueueLimit, q.limit, lnn, q.name)
	}
}

// queue is one of the three queues of a node.
type queue struct {
	name        string
	size, limit number
}

func queuesOf(s systemStats) []queue {
	return []queue{
		{"fast", s.FastQueue, s.FastLimit},
		{"slow", s.SlowQueue, s.SlowLimit},
		{"batch", s.BatchQueue, s.BatchLimit},
	}
}
