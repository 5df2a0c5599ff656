package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"dataprotection_exporter/collectors/metric"
)

// fleet is the targets of one system, what happens to them, and the rules that watch
// them.
type fleet struct {
	// name is what --system calls it, rules are its files below rules/.
	name  string
	rules []string
	// system is the label; metrics are what its collector may emit.
	system    string
	metrics   []*metric.Desc
	targets   []target
	incidents []incident
}

// target is one device and how it is when nothing is wrong.
type target struct {
	name string
	life change
	// derive makes what follows from other series, once incidents have changed those.
	derive change
	// from and to are when it is in the configuration; to 0 is the end.
	from, to minute
	// own is the exporter's own page: no system, no parts.
	own bool
}

// source is a public document, or what else says that a thing happens.
type source string

// incident is something that happens once: a failure, which must be found, or a
// disturbance, of which nothing may come.
type incident struct {
	name   string
	source source
	// targets it happens to; none stands for all.
	targets []string
	at      minute
	lasts   minute
	// every and forEach let it come and go: for some minutes out of so many.
	every, forEach minute
	// tail is how long after its end it may still be seen: windows and delays.
	tail minute
	// lead is how much history its alerts need; without it, an hour will do.
	lead minute
	// slow incidents take days. They are watched every five minutes.
	slow bool
	// scope are labels that its alerts have where they have the label at all: the mover,
	// the node. Others of the target stay quiet.
	scope  labels
	change change
	// wants are the alerts that must fire; none: a disturbance.
	wants []want
	// allows are alerts that may follow, as "Alert" or "Alert/severity".
	allows []string
}

// on reports whether it happens at a minute.
func (i incident) on(now minute) bool {
	return i.at <= now && now < i.ends() && (i.every == 0 || (now-i.at)%i.every < i.forEach)
}

func (i incident) ends() minute { return i.at + i.lasts }
func (i incident) gone() minute { return i.at + i.lasts + i.tail }

func (i incident) hits(target string) bool {
	return len(i.targets) == 0 || slices.Contains(i.targets, target)
}

// want is an alert that a failure must raise.
type want struct {
	alert, severity string
	labels          labels
	// within is how many minutes it may take.
	within minute
	// says are words that the description must have, beside "Cause:".
	says string
}

// exporterJob is the job of the exporter's own page.
const exporterJob = "dataprotection_exporter"

// ownMetrics are those of the exporter itself that rules read.
var ownMetrics = []*metric.Desc{
	{Name: "dataprotection_config_last_reload_successful", Kind: metric.Gauge},
	{Name: "dataprotection_config_last_reload_success_timestamp_seconds", Kind: metric.Gauge},
}

// external are the labels that Prometheus adds.
func (f *fleet) external(t target) labels {
	if t.own {
		return labels{"job": exporterJob, "instance": t.name}
	}
	return labels{"job": "dataprotection", "instance": t.name, "system": f.system}
}

// column is one series, as Prometheus would store it, over all days.
type column struct {
	name   string
	labels labels
	values []float64 // NaN: not there, as what is not logged yet
}

// history is everything Prometheus would have stored of a fleet.
type history struct {
	columns []*column
	// gone are the minutes without a Prometheus, by target the same.
	gone []bool
}

// live runs the fleet through the days, until a minute. used says which metrics any rule reads: only
// those are kept, but all are made and checked.
func (f *fleet) live(used func(metric string) bool, until minute) (*history, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	h := &history{gone: make([]bool, end)}
	for _, t := range f.targets {
		if err := f.liveTarget(h, t, used, until); err != nil {
			return nil, fmt.Errorf("%s, target %s: %w", f.name, t.name, err)
		}
	}
	slices.SortStableFunc(h.columns, func(a, b *column) int {
		return strings.Compare(a.labels["instance"]+a.name+a.labels.String(), b.labels["instance"]+b.name+b.labels.String())
	})
	return h, nil
}

func (f *fleet) check() error {
	var errs []error
	for _, i := range f.incidents {
		if i.lasts <= 0 || i.at < 0 || i.gone() >= end {
			errs = append(errs, fmt.Errorf("%s: %q does not fit into the days: %s to %s", f.name, i.name, i.at, i.gone()))
		}
		for _, name := range i.targets {
			if !slices.ContainsFunc(f.targets, func(t target) bool { return t.name == name }) {
				errs = append(errs, fmt.Errorf("%s: %q happens to %q, which is no target", f.name, i.name, name))
			}
		}
	}
	return errors.Join(errs...)
}

func (f *fleet) liveTarget(h *history, t target, used func(string) bool, to minute) error {
	catalogue := catalogueOf(f.metrics)
	if t.own {
		catalogue = catalogueOf(ownMetrics)
	}
	if t.to > 0 {
		to = min(to, t.to)
	}
	columns := map[string]*column{}
	counters := map[string]float64{}
	states := map[string]*reading{}
	up := h.column(columns, "up", f.external(t))
	for now := t.from; now < to; now++ {
		r, err := f.reading(t, now, catalogue, states)
		if err != nil {
			return fmt.Errorf("%s: %w", now, err)
		}
		// Counters go on whether or not somebody looks.
		for key, s := range r.series {
			if !r.isCounter(s) {
				continue
			}
			count, ok := counters[key]
			if !ok {
				count = s.value
			}
			for _, g := range s.growth {
				count += g(now)
			}
			if r.restarted {
				count = 0
			}
			counters[key] = count
		}
		if r.gone {
			h.gone[now] = true
			continue
		}
		up.values[now] = 1
		if r.failed {
			up.values[now] = 0
			continue
		}
		for key, s := range r.series {
			if !used(s.name) {
				continue
			}
			c := columns[key]
			if c == nil {
				c = h.column(columns, s.name, f.stored(t, s.labels))
				columns[key] = c
			}
			switch {
			case r.isCounter(s):
				c.values[now] = math.Floor(counters[key])
			case s.move != nil:
				c.values[now] = s.move(now)
			default:
				c.values[now] = s.value
			}
		}
	}
	return nil
}

// stored adds the labels of the target; one that is in both is renamed, as Prometheus
// does.
func (f *fleet) stored(t target, l labels) labels {
	all := f.external(t)
	for name, value := range l {
		if value == "" {
			continue // Prometheus knows no empty label
		}
		if _, ok := all[name]; ok {
			name = "exported_" + name
		}
		all[name] = value
	}
	return all
}

func (h *history) column(columns map[string]*column, name string, l labels) *column {
	c := &column{name: name, labels: l, values: make([]float64, end)}
	for i := range c.values {
		c.values[i] = math.NaN()
	}
	h.columns = append(h.columns, c)
	columns[name] = c
	return c
}

// reading is what a scrape at this minute finds. It depends on which incidents are on.
func (f *fleet) reading(t target, now minute, catalogue map[string]*metric.Desc, states map[string]*reading) (*reading, error) {
	var id strings.Builder
	var on []incident
	for n, i := range f.incidents {
		if i.hits(t.name) && i.on(now) {
			on = append(on, i)
			fmt.Fprintf(&id, "%d ", n)
		}
	}
	if r := states[id.String()]; r != nil {
		return r, nil
	}
	r := newReading(catalogue)
	t.life(r, 0)
	slices.SortStableFunc(on, func(a, b incident) int { return int(a.at - b.at) })
	for _, i := range on {
		before := len(r.errs)
		i.change(r, i.at)
		for n := before; n < len(r.errs); n++ {
			r.errs[n] = fmt.Errorf("%q: %w", i.name, r.errs[n])
		}
	}
	if t.derive != nil {
		t.derive(r, 0)
	}
	if !t.own {
		r.finish()
	}
	r.check()
	states[id.String()] = r
	return r, errors.Join(r.errs...)
}

// names are the alerts that an incident is about, wanted or allowed.
func (i incident) names() []string {
	var names []string
	for _, w := range i.wants {
		names = append(names, w.alert+"/"+w.severity)
	}
	return append(names, i.allows...)
}
