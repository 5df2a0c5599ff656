package system

import (
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/remote"
)

// Problem is something wrong on a device, in words for a person.
type Problem struct {
	// Summary says what and where.
	Summary string `json:"summary"`
	// Cause is why, as far as the device says.
	Cause string `json:"cause,omitempty"`
	// Remedy is what to do next.
	Remedy string `json:"remedy,omitempty"`
	// Severity is "critical", "warning" or "info", as in the alerts.
	Severity string `json:"severity"`
}

// Question is one part, asked about one unit, and how it ended.
type Question struct {
	Part, Unit   string
	Err          error
	Duration     time.Duration
	Unrecognized int
	// Examples are the first unrecognized lines, for the log only.
	Examples []string
	Problems []Problem
	Samples  []prometheus.Metric
	// Collected is when the device gave the answer.
	Collected time.Time
}

// Reason is why the question failed, None when it did not.
func (q Question) Reason() remote.Reason { return remote.ReasonOf(q.Err) }

// Report gathers one collection, question by question. It is safe for
// concurrent use.
type Report struct {
	now    func() time.Time
	wanted []string

	mu   sync.Mutex
	open []*Part
	done []*Part
	seen map[string]bool
}

// NewReport starts an empty report. wanted limits the parts; empty means all.
func NewReport(now func() time.Time, wanted ...string) *Report {
	return &Report{now: now, wanted: wanted, seen: map[string]bool{}}
}

// Wants says whether a part was asked for.
func (r *Report) Wants(part string) bool {
	return len(r.wanted) == 0 || slices.Contains(r.wanted, part)
}

// Begin declares a question. From here on it counts as unanswered until End, so
// every question of a collection is begun before the first is asked.
func (r *Report) Begin(part, unit string) *Part {
	p := &Part{report: r, q: Question{Part: part, Unit: unit}, start: r.now()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = append(r.open, p)
	return p
}

// Questions is how every question stands now: the answered ones as they ended,
// the open ones failed with a timeout.
func (r *Report) Questions() []Question {
	r.mu.Lock()
	defer r.mu.Unlock()
	qs := make([]Question, 0, len(r.done)+len(r.open))
	for _, p := range r.done {
		qs = append(qs, p.q)
	}
	for _, p := range r.open {
		q := Question{Part: p.q.Part, Unit: p.q.Unit, Duration: r.now().Sub(p.start), Collected: r.now()}
		q.Err = remote.Errorf(remote.Timeout, "the device is slow or hangs: raise the timeout, or ask it by hand",
			"no complete answer to %s by the deadline", strings.TrimSpace(q.Part+" "+q.Unit))
		qs = append(qs, q)
	}
	sort.SliceStable(qs, func(i, j int) bool {
		if qs[i].Part != qs[j].Part {
			return qs[i].Part < qs[j].Part
		}
		return qs[i].Unit < qs[j].Unit
	})
	return qs
}

// Fail ends every open question with the same error.
func (r *Report) Fail(err error) {
	r.mu.Lock()
	open := slices.Clone(r.open)
	r.mu.Unlock()
	for _, p := range open {
		p.End(err)
	}
}

// Part is one question while it is being answered. What is set on it counts
// only when it ends without an error: half an answer is never reported.
type Part struct {
	report *Report
	start  time.Time
	q      Question
	keys   []string
	ended  bool
}

// Name is the part's name.
func (p *Part) Name() string { return p.q.Part }

// Set adds one sample. A second sample with the same labels is dropped and
// counted as unrecognized: a device that names one thing twice must not cost
// the whole scrape.
func (p *Part) Set(d *metric.Desc, value float64, labels ...string) {
	clean := make([]string, len(labels))
	for i, l := range labels {
		clean[i] = metric.Clean(l)
	}
	key := d.Name + "\xff" + strings.Join(clean, "\xff")
	p.report.mu.Lock()
	defer p.report.mu.Unlock()
	if p.ended {
		return
	}
	if p.report.seen[key] {
		p.q.Unrecognized++
		return
	}
	p.report.seen[key] = true
	p.keys = append(p.keys, key)
	p.q.Samples = append(p.q.Samples, d.Sample(value, clean...))
}

// SetBool is Set with 1 for true.
func (p *Part) SetBool(d *metric.Desc, v bool, labels ...string) {
	f := 0.0
	if v {
		f = 1
	}
	p.Set(d, f, labels...)
}

// SetTime is Set with a Unix time in seconds. A zero time sets nothing.
func (p *Part) SetTime(d *metric.Desc, t time.Time, labels ...string) {
	if t.IsZero() {
		return
	}
	p.Set(d, float64(t.UnixNano())/1e9, labels...)
}

// Unrecognized counts lines the parser had no meaning for; they are the sign
// that a firmware changed its output. The first few are kept for the log.
func (p *Part) Unrecognized(lines ...string) {
	p.report.mu.Lock()
	defer p.report.mu.Unlock()
	if p.ended {
		return
	}
	p.q.Unrecognized += len(lines)
	for _, l := range lines {
		if len(p.q.Examples) < 3 {
			p.q.Examples = append(p.q.Examples, metric.Clean(l))
		}
	}
}

// Problem notes something wrong on the device.
func (p *Part) Problem(problem Problem) {
	p.report.mu.Lock()
	defer p.report.mu.Unlock()
	if !p.ended {
		p.q.Problems = append(p.q.Problems, problem)
	}
}

// CollectedAt says when the device gave the answer; without it, the end counts.
func (p *Part) CollectedAt(t time.Time) {
	p.report.mu.Lock()
	defer p.report.mu.Unlock()
	if !p.ended {
		p.q.Collected = t
	}
}

// End answers the question. With an error every sample set on it is dropped.
// Only the first End counts.
func (p *Part) End(err error) {
	r := p.report
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.ended {
		return
	}
	p.ended = true
	p.q.Err = err
	p.q.Duration = r.now().Sub(p.start)
	if p.q.Collected.IsZero() {
		p.q.Collected = r.now()
	}
	if err != nil {
		for _, k := range p.keys {
			delete(r.seen, k)
		}
		p.q.Samples, p.q.Problems = nil, nil
	}
	r.open = slices.DeleteFunc(r.open, func(o *Part) bool { return o == p })
	r.done = append(r.done, p)
}
