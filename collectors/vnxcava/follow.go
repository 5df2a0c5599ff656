package vnxcava

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/logtail"
)

// Bounds on what is counted apart in one mover's log; what comes later counts
// as "other".
const (
	maxLogCheckers = 64
	maxLogEvents   = 256
)

// eventsFromStart are the events whose counters exist from the first
// collection, so that their first occurrence is an increase and not a new
// series: the file error, and the loss of one or of all checkers.
var eventsFromStart = []eventKey{{"4", "error"}, {"5", "error"}, {"6", "error"}, {"28", "error"}, {"30", "error"}, {fileErrorEvent, "error"}}

type eventKey struct{ id, severity string }

type errorKey struct{ checker, word string }

// logFollower counts the virus checking events of one mover's log, each once.
type logFollower struct {
	snapshot logtail.Snapshot
	events   map[eventKey]float64
	errors   map[errorKey]float64
	checkers map[string]bool
	restored bool
}

func newLogFollower() *logFollower {
	f := &logFollower{events: map[eventKey]float64{}, errors: map[errorKey]float64{}, checkers: map[string]bool{}}
	f.snapshot.Stamp = func(line []byte) string {
		stamp, _, _ := logLine(line)
		return stamp
	}
	for _, k := range eventsFromStart {
		f.events[k] = 0
	}
	return f
}

// read counts what the log says anew. unknown are new lines without the layout
// of a log line; lost says that lines may have been missed in between.
func (f *logFollower) read(log []byte) (unknown []string, lost bool, err error) {
	if err := checkLog(log); err != nil {
		return nil, false, err
	}
	fresh, lost := f.snapshot.Next(log)
	for _, line := range fresh {
		_, e, ok := logLine(line)
		if !ok && !reHeader.Match(bytes.TrimSpace(line)) {
			unknown = append(unknown, string(hideFileNames(line)))
		}
		if e == nil {
			continue
		}
		k := eventKey{e.ID, e.Severity}
		if _, known := f.events[k]; !known && len(f.events) >= maxLogEvents {
			k.id = "other"
		}
		f.events[k]++
		if e.Error != "" {
			f.watch(e.Checker)
			if !f.checkers[e.Checker] {
				e.Checker = "other"
			}
			f.errors[errorKey{e.Checker, e.Error}]++
		}
	}
	return unknown, lost, nil
}

// checkLog refuses an answer that is not a log: one that is empty, or one that
// has lines and none in the layout of a log line.
func checkLog(log []byte) error {
	header, other := false, false
	for line := range bytes.Lines(log) {
		line = bytes.TrimSpace(line)
		switch _, _, ok := logLine(line); {
		case ok:
			return nil
		case len(line) == 0:
		case reHeader.Match(line):
			header = true
		default:
			other = true
		}
	}
	if other {
		return remote.Errorf(remote.Parse, "run the command by hand; a line should begin like '2012-04-29 08:49:47: 81878122528: VC: 3: 32:'",
			"no line of the answer is a log line")
	}
	if !header {
		return cut("the log is empty")
	}
	return nil
}

// watch makes the file error counters of a checker exist.
func (f *logFollower) watch(checker string) {
	if f.checkers[checker] || len(f.checkers) >= maxLogCheckers {
		return
	}
	f.checkers[checker] = true
	for _, word := range FileErrors {
		f.errors[errorKey{checker, word}] += 0
	}
}

func (f *logFollower) emit(p *system.Part, mover string) {
	for _, k := range slices.SortedFunc(maps.Keys(f.events), func(a, b eventKey) int {
		return cmp.Or(cmp.Compare(len(a.id), len(b.id)), cmp.Compare(a.id, b.id), cmp.Compare(a.severity, b.severity))
	}) {
		p.Set(metricLogEvents, f.events[k], mover, k.id, k.severity)
	}
	for _, k := range slices.SortedFunc(maps.Keys(f.errors), func(a, b errorKey) int {
		return cmp.Or(cmp.Compare(a.checker, b.checker), cmp.Compare(a.word, b.word))
	}) {
		p.Set(metricLogFileErrors, f.errors[k], mover, k.checker, k.word)
	}
}
