package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/exporter/collect"
)

// labels are the labels of one series.
type labels map[string]string

// String is the exposition's form, sorted.
func (l labels) String() string {
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(l)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name + "=" + strconv.Quote(l[name]))
	}
	return b.String()
}

// has reports whether every label of want is there.
func (l labels) has(want labels) bool {
	for name, value := range want {
		if l[name] != value {
			return false
		}
	}
	return true
}

// series is one series of a reading and how it moves.
type series struct {
	name   string
	labels labels
	// value is what the golden exposition has.
	value float64
	// move gives the value of a minute; nil: it stands still.
	move func(now minute) float64
	// growth is what a counter gains in a minute, each by its own cause.
	growth []func(now minute) float64
}

func (s *series) key() string { return s.name + "{" + s.labels.String() + "}" }

// question is a part of a target and the unit (mover, member, node) it was put to.
type question struct{ part, unit string }

// outcome is how a question ended.
type outcome struct {
	reason       string
	unrecognized float64
}

// reading is what one scrape of a target brings.
type reading struct {
	series    map[string]*series
	questions map[question]outcome
	// failed: Prometheus got no answer. gone: Prometheus itself did not run.
	failed, gone bool
	// restarted: the exporter counts from zero again.
	restarted bool

	catalogue map[string]*metric.Desc
	errs      []error
}

// change is one step of what makes a reading: a golden exposition, or what an incident
// that began at start does to it.
type change func(r *reading, start minute)

func newReading(catalogue map[string]*metric.Desc) *reading {
	return &reading{series: map[string]*series{}, questions: map[question]outcome{}, catalogue: catalogue}
}

// catalogue is everything a target of a system may expose, by name.
func catalogueOf(metrics []*metric.Desc) map[string]*metric.Desc {
	known := map[string]*metric.Desc{}
	for _, d := range append(slices.Clone(collect.Metrics), metrics...) {
		known[d.Name] = d
	}
	return known
}

func (r *reading) failf(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// put adds a series, or replaces it. A series that no collector can emit is an error.
func (r *reading) put(s *series) {
	d := r.catalogue[s.name]
	if d == nil {
		r.failf("%s is not in the catalogue", s.name)
		return
	}
	if len(s.labels) != len(d.Labels) {
		r.failf("%s has the labels %v, the catalogue says %v", s.name, s.labels, d.Labels)
	}
	for _, name := range d.Labels {
		value, ok := s.labels[name]
		if !ok {
			r.failf("%s lacks the label %s", s.name, name)
		}
		if known := d.Values[name]; known != nil && !slices.Contains(known, value) {
			r.failf("%s: %s=%q is not one of %v", s.name, name, value, known)
		}
	}
	r.series[s.key()] = s
}

// each calls f for the series of a metric that have these labels. To name none is an
// error, or an incident would silently do nothing.
func (r *reading) each(name string, where labels, f func(*series)) {
	found := false
	for _, key := range slices.Sorted(maps.Keys(r.series)) {
		if s := r.series[key]; s.name == name && s.labels.has(where) {
			found = true
			f(s)
		}
	}
	if !found {
		r.failf("no series %s{%s} to change", name, where)
	}
}

// isCounter and isTimestamp say how a series may move.
func (r *reading) isCounter(s *series) bool { return r.catalogue[s.name].Kind == metric.Counter }
func isTimestamp(name string) bool          { return strings.HasSuffix(name, "_timestamp_seconds") }

// --- Changes -------------------------------------------------------------------

// all makes one change of several.
func all(changes ...change) change {
	return func(r *reading, start minute) {
		for _, c := range changes {
			c(r, start)
		}
	}
}

// use adds a golden exposition, with some labels renamed.
func use(file string, rename ...string) change {
	return func(r *reading, _ minute) {
		g := r.golden(file)
		for q, o := range g.questions {
			r.questions[question{q.part, renamed(q.unit, rename)}] = o
		}
		for _, s := range g.series {
			r.put(s.renamed(rename))
		}
	}
}

// instead puts a golden exposition in the place of the parts that it answers.
func instead(file string) change {
	return func(r *reading, _ minute) {
		g := r.golden(file)
		for q := range r.questions {
			for p, o := range g.questions {
				if p == q {
					r.questions[q] = o
				}
			}
		}
		old := r.take(g, nil)
		for _, s := range g.series {
			s.inherit(old[s.key()])
			r.put(s)
		}
	}
}

// take takes away what the parts that g answers have under these labels.
func (r *reading) take(g *reading, where labels) map[string]*series {
	old := map[string]*series{}
	for key, s := range r.series {
		if r.answers(g, s.name) && s.labels.has(where) {
			old[key] = s
			delete(r.series, key)
		}
	}
	return old
}

// inherit lets time go on and counters count on.
func (s *series) inherit(old *series) {
	if old == nil {
		return
	}
	if s.growth = old.growth; isTimestamp(s.name) {
		s.move = old.move
	}
}

// unit puts a change's questions to a mover or member of that name.
func unit(name string, c change) change {
	return func(r *reading, start minute) {
		c(r, start)
		if o, ok := r.questions[question{}]; ok {
			r.failf("a question without a part: %v", o)
		}
		for q, o := range maps.Clone(r.questions) {
			if q.unit == "" {
				delete(r.questions, q)
				r.questions[question{q.part, name}] = o
			}
		}
	}
}

// graft takes from a golden exposition only the series with these labels, in place of
// all that the same parts have under them.
func graft(file string, where labels, rename ...string) change {
	return func(r *reading, _ minute) {
		g := r.golden(file)
		place := labels{}
		for name, value := range where {
			place[name] = renamed(value, rename)
		}
		old := r.take(g, place)
		n := 0
		for _, s := range g.series {
			if !s.labels.has(where) {
				continue
			}
			n++
			s = s.renamed(rename)
			s.inherit(old[s.key()])
			r.put(s)
		}
		if n == 0 {
			r.failf("%s has no series with %s", file, where)
		}
	}
}

// adopt takes one metric from a golden exposition, in place of all its series.
func adopt(file string, names ...string) change {
	return func(r *reading, _ minute) {
		g := r.golden(file)
		for _, name := range names {
			old := map[string]*series{}
			for key, s := range r.series {
				if s.name == name {
					old[key] = s
					delete(r.series, key)
				}
			}
			n := 0
			for _, s := range g.series {
				if s.name == name {
					n++
					s.inherit(old[s.key()])
					r.put(s)
				}
			}
			if n == 0 {
				r.failf("%s has no %s", file, name)
			}
		}
	}
}

// answers reports whether a metric belongs to a part that the golden exposition answers.
func (r *reading) answers(g *reading, name string) bool {
	d := r.catalogue[name]
	for q := range g.questions {
		if d != nil && d.Part == q.part {
			return true
		}
	}
	return false
}

// only keeps of a label the values named, where a series has the label.
func only(label string, values ...string) change {
	return func(r *reading, _ minute) {
		for key, s := range r.series {
			if v, ok := s.labels[label]; ok && !slices.Contains(values, v) {
				delete(r.series, key)
			}
		}
	}
}

// drop takes series away.
func drop(name string, where labels) change {
	return func(r *reading, _ minute) { r.each(name, where, func(s *series) { delete(r.series, s.key()) }) }
}

// set gives series a value.
func set(name string, where labels, value float64) change {
	return moving(name, where, func(*series, minute) func(minute) float64 {
		return func(minute) float64 { return value }
	})
}

// follow lets series move: f gets the minutes since the incident began.
func follow(name string, where labels, f func(since minute) float64) change {
	return moving(name, where, func(_ *series, start minute) func(minute) float64 {
		return func(now minute) float64 { return f(now - start) }
	})
}

// live lets series move by the clock, each with a noise of its own.
func live(name string, where labels, f func(key string, now minute) float64) change {
	return moving(name, where, func(s *series, _ minute) func(minute) float64 {
		key := s.key()
		return func(now minute) float64 { return f(key, now) }
	})
}

func moving(name string, where labels, f func(s *series, start minute) func(minute) float64) change {
	return func(r *reading, start minute) {
		r.each(name, where, func(s *series) {
			if r.isCounter(s) {
				r.failf("%s counts: let it grow", s.name)
			}
			s.move = f(s, start)
		})
	}
}

// shift adds to what series are without it: a clock that is wrong.
func shift(name string, where labels, by minute) change {
	return moving(name, where, func(s *series, _ minute) func(minute) float64 {
		before := s.move
		return func(now minute) float64 { return before(now) + by.seconds() }
	})
}

// freeze stops series where they are: timestamps at the beginning of the incident,
// counters for good.
func freeze(name string, where labels) change {
	return func(r *reading, start minute) {
		r.each(name, where, func(s *series) {
			s.growth = nil
			if before := s.move; before != nil {
				s.move = func(minute) float64 { return before(start) }
			}
		})
	}
}

// grow adds to what a counter gains: so much a minute.
func grow(name string, where labels, f func(key string, now minute) float64) change {
	return func(r *reading, _ minute) {
		r.each(name, where, func(s *series) {
			if !r.isCounter(s) {
				r.failf("%s does not count", s.name)
			}
			key := s.key()
			s.growth = append(s.growth, func(now minute) float64 { return f(key, now) })
		})
	}
}

// perMinute is a steady growth.
func perMinute(n float64) func(string, minute) float64 {
	return func(string, minute) float64 { return n }
}

// once is a growth by n, so many minutes after the incident began.
func once(name string, where labels, after minute, n float64) change {
	return func(r *reading, start minute) {
		grow(name, where, func(_ string, now minute) float64 {
			if now == start+after {
				return n
			}
			return 0
		})(r, start)
	}
}

// state makes one of a one-hot set the current one.
func state(name string, where labels, label, current string) change {
	return func(r *reading, start minute) {
		set(name, where, 0)(r, start)
		here := maps.Clone(where)
		if here == nil {
			here = labels{}
		}
		here[label] = current
		set(name, here, 1)(r, start)
	}
}

// fail lets a part end with a reason; what it would have brought is absent. unit ""
// stands for every unit.
func fail(part, unit, reason string) change {
	return func(r *reading, _ minute) {
		found := false
		for q := range r.questions {
			if q.part == part && (unit == "" || q.unit == unit) {
				found = true
				r.questions[q] = outcome{reason: reason}
			}
		}
		if !found {
			r.failf("there is no part %s of %q to fail", part, unit)
		}
		for key, s := range r.series {
			if d := r.catalogue[s.name]; d.Part == part && (unit == "" || hasValue(s.labels, unit)) {
				delete(r.series, key)
			}
		}
	}
}

// failAll lets every part end with a reason.
func failAll(reason string) change {
	return func(r *reading, start minute) {
		for q := range r.questions {
			fail(q.part, q.unit, reason)(r, start)
		}
	}
}

func hasValue(l labels, value string) bool {
	return slices.Contains(slices.Collect(maps.Values(l)), value)
}

// strange lets a part bring lines without a meaning.
func strange(part string, lines float64) change {
	return func(r *reading, _ minute) {
		for q, o := range r.questions {
			if q.part == part {
				o.unrecognized = lines
				r.questions[q] = o
			}
		}
	}
}

// missed is a scrape without an answer.
func missed(r *reading, _ minute) { r.failed = true }

// absent is a Prometheus that does not run.
func absent(r *reading, _ minute) { r.gone = true }

// fromZero is an exporter that has just started.
func fromZero(r *reading, _ minute) { r.restarted = true }

func (s *series) renamed(rename []string) *series {
	c := *s
	c.labels = labels{}
	for name, value := range s.labels {
		c.labels[name] = renamed(value, rename)
	}
	return &c
}

func renamed(value string, rename []string) string {
	for i := 0; i+1 < len(rename); i += 2 {
		if value == rename[i] {
			return rename[i+1]
		}
	}
	return value
}

// finish adds what every probe carries beside the device's own.
func (r *reading) finish() {
	success := 1.0
	slowest := map[string]bool{}
	for _, q := range slices.SortedFunc(maps.Keys(r.questions), func(a, b question) int { return cmp.Compare(a.part+a.unit, b.part+b.unit) }) {
		o := r.questions[q]
		ok := 0.0
		switch o.reason {
		case "none":
			ok = 1
			r.put(&series{name: "dataprotection_unrecognized_lines", labels: labels{"part": q.part, "unit": q.unit}, value: o.unrecognized})
		case "not_supported":
		default:
			success = 0
		}
		r.put(&series{name: "dataprotection_part_success", labels: labels{"part": q.part, "unit": q.unit}, value: ok})
		r.put(&series{name: "dataprotection_part_failure", labels: labels{"part": q.part, "unit": q.unit, "reason": o.reason}, value: 1 - ok})
		slowest[q.part] = true
	}
	for part := range slowest {
		r.put(&series{name: "dataprotection_part_duration_seconds", labels: labels{"part": part}, value: 0.4})
	}
	r.put(&series{name: "dataprotection_probe_success", labels: labels{}, value: success})
	r.put(&series{name: "dataprotection_probe_duration_seconds", labels: labels{}, value: 0.9})
	r.put(&series{name: "dataprotection_probe_shared", labels: labels{}})
	if len(r.series) > 0 && success == 1 {
		r.put(&series{
			name: "dataprotection_probe_collected_timestamp_seconds", labels: labels{},
			move: func(now minute) float64 { return now.seconds() - 1 },
		})
	}
}

// check finds timestamps that stand still in a world that goes on.
func (r *reading) check() {
	for key, s := range r.series {
		if isTimestamp(s.name) && s.move == nil {
			r.failf("nothing moves the timestamp %s", key)
		}
	}
}
