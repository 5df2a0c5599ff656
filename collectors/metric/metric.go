// Package metric is the catalogue's vocabulary: a metric is declared once, as
// data, and that declaration is what collectors emit from, what docs/metrics.md
// is generated from, and what rules and dashboards are checked against.
package metric

import (
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Kind is the Prometheus type of a metric.
type Kind string

// The kinds used here. Info is a gauge that is always 1 and carries its facts
// in labels; StateSet is a gauge that is 1 for the current state and 0 for
// every other state of a closed list.
const (
	Gauge     Kind = "gauge"
	Counter   Kind = "counter"
	Histogram Kind = "histogram"
	Info      Kind = "info"
	StateSet  Kind = "stateset"
)

// Desc declares one metric.
type Desc struct {
	// Name is the full exposition name.
	Name string
	Kind Kind
	// Unit is the base unit of the value ("seconds", "bytes", "files",
	// "ratio") or "" for a pure number.
	Unit string
	Help string
	// Labels are the label names in the order Set takes their values.
	Labels []string
	// Values are the closed lists of label values, by label, where a label
	// has one.
	Values map[string][]string
	// Part is the question that brings this metric; "" for the exporter's own.
	Part string
	// Source is where the value comes from: the command and the words in its
	// output, or the API field.
	Source string

	desc *prometheus.Desc
}

// New completes a declaration. It panics on an impossible one, because
// declarations are package variables and a test cannot be skipped by accident.
func New(d Desc) *Desc {
	if d.Name == "" || d.Help == "" || d.Kind == "" || d.Source == "" {
		panic("metric: incomplete declaration of " + d.Name)
	}
	d.desc = prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
	return &d
}

// Prometheus is the client library's description.
func (d *Desc) Prometheus() *prometheus.Desc { return d.desc }

// labelRunes bounds one label value: device text is never trusted to be short.
const labelRunes = 256

// Sample makes one sample. Label values are made valid UTF-8, freed of control
// characters and bounded in length.
func (d *Desc) Sample(value float64, labels ...string) prometheus.Metric {
	clean := make([]string, len(labels))
	for i, l := range labels {
		clean[i] = Clean(l)
	}
	t := prometheus.GaugeValue
	if d.Kind == Counter {
		t = prometheus.CounterValue
	}
	return prometheus.MustNewConstMetric(d.desc, t, value, clean...)
}

// Clean makes device text fit for a label value.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "�")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > labelRunes {
		s = string([]rune(s)[:labelRunes])
	}
	return strings.TrimSpace(s)
}
