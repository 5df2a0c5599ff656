package avamar

import (
	"bytes"
	"hash/fnv"
	"path"
	"regexp"
	"time"

	"dataprotection_exporter/collectors/system"
)

// rememberedEvents is how many recent events are remembered to recognize them
// in a second log.
const rememberedEvents = 4096

// tickets counts refused session tickets in GSAN's logs. GSAN writes one event
// into gsan.log and into err.log; it counts once. Exported fields are kept
// across restarts.
type tickets struct {
	Events map[string]float64   `json:"events"`
	Last   map[string]time.Time `json:"last"`
	Serial map[string]float64   `json:"serial"`
	// Seen is how often each recent line stood in each log, by its hash. It was
	// counted as often as in the log that had it most often. Order is the
	// hashes, oldest first.
	Seen  map[uint64]map[string]int `json:"seen"`
	Order []uint64                  `json:"order"`
}

func newTickets() *tickets {
	return &tickets{
		Events: map[string]float64{}, Last: map[string]time.Time{}, Serial: map[string]float64{},
		Seen: map[uint64]map[string]int{},
	}
}

var reRotated = regexp.MustCompile(`\.\d+$`)

// line counts one line of a log.
func (t *tickets) line(file string, line []byte) {
	line = bytes.TrimSpace(line)
	e := parseGsanLine(line)
	if e == nil || !t.first(reRotated.ReplaceAllString(path.Base(file), ""), line) {
		return
	}
	t.Events[e.Kind]++
	if e.Time.After(t.Last[e.Kind]) {
		t.Last[e.Kind] = e.Time
	}
	if e.Serial != nil {
		t.Serial[e.Kind] = *e.Serial
	}
}

// first says whether a line is an event not counted yet, rather than the copy in
// another log of one that was.
func (t *tickets) first(log string, line []byte) bool {
	h := fnv.New64a()
	_, _ = h.Write(line)
	hash := h.Sum64()
	inLogs := t.Seen[hash]
	if inLogs == nil {
		inLogs = map[string]int{}
		t.Seen[hash] = inLogs
		t.Order = append(t.Order, hash)
		for len(t.Order) > rememberedEvents {
			delete(t.Seen, t.Order[0])
			t.Order = t.Order[1:]
		}
	}
	counted := 0
	for _, n := range inLogs {
		counted = max(counted, n)
	}
	inLogs[log]++
	return inLogs[log] > counted
}

func (t *tickets) emit(p *system.Part) {
	for _, kind := range Kinds {
		p.Set(metricLogEvents, t.Events[kind], kind)
		p.SetTime(metricLogLast, t.Last[kind], kind)
		if serial, said := t.Serial[kind]; said && kind != kindOther {
			p.Set(metricLastRejected, serial, kind)
		}
	}
}

// logins counts logins in the logs of backup jobs. Exported fields are kept
// across restarts.
type logins struct {
	Begun    float64            `json:"begun"`
	Failures map[string]float64 `json:"failures"`
}

func newLogins() *logins { return &logins{Failures: map[string]float64{}} }

func (l *logins) line(_ string, line []byte) {
	switch parseClientLine(line) {
	case clientLogin:
		l.Begun++
	case clientTicketFailure:
		l.Failures[reasonTicket]++
	case clientOtherFailure:
		l.Failures[reasonOther]++
	}
}

func (l *logins) emit(p *system.Part) {
	p.Set(metricLogins, l.Begun)
	for _, reason := range []string{reasonTicket, reasonOther} {
		p.Set(metricLoginFailures, l.Failures[reason], reason)
	}
}
