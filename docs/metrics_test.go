package docs_test

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"dataprotection_exporter/collectors"
	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/exporter"
	"dataprotection_exporter/exporter/collect"
	"dataprotection_exporter/fixtures"
)

var update = flag.Bool("update", false, "rewrite docs/metrics.md")

// TestGeneratedMetrics compares docs/metrics.md with the declarations that the
// collectors emit from.
func TestGeneratedMetrics(t *testing.T) {
	want := page(t)
	if *update {
		if err := os.WriteFile("metrics.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile("metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/metrics.md is stale: run make generate")
	}
}

func page(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`# Metrics

<!-- Generated from the declarations in the code: make generate. -->

A number that could not be read is absent, never 0 or -1. Timestamps are Unix seconds. A label that is empty is not
there for Prometheus. "One of" lists every value that a label can have.

## Every probe

These stand beside the metrics of the target's system in each answer of ` + "`/probe`" + `. A part is one question to the
device; unit is the mover, member or node it is about, empty when there is only one.

`)
	table(&b, collect.Metrics, false)
	for _, s := range collectors.Systems {
		fmt.Fprintf(&b, "\n## %s (%s)\n\nParts: %s.\n\n", s.Name, s.Title, strings.Join(s.Parts, ", "))
		table(&b, s.Metrics, true)
	}
	b.WriteString("\n## The exporter itself\n\nServed on `/metrics`, beside those of the Go runtime and the process.\n\n")
	b.WriteString("| name | type | labels | meaning |\n|---|---|---|---|\n")
	for _, m := range own(t) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.name, m.kind, code(m.labels), m.help)
	}
	return b.String()
}

func table(b *strings.Builder, metrics []*metric.Desc, parts bool) {
	head, rule := "| name | type | unit | labels | meaning | source |", "|---|---|---|---|---|---|"
	if parts {
		head, rule = "| name | part | type | unit | labels | meaning | source |", rule+"---|"
	}
	fmt.Fprintf(b, "%s\n%s\n", head, rule)
	for _, m := range metrics {
		fmt.Fprintf(b, "| `%s` | ", m.Name)
		if parts {
			fmt.Fprintf(b, "%s | ", m.Part)
		}
		fmt.Fprintf(b, "%s | %s | %s | %s%s | %s |\n", m.Kind, m.Unit, code(m.Labels), m.Help, values(m), m.Source)
	}
}

func code(words []string) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, "`"+w+"`")
	}
	return strings.Join(quoted, ", ")
}

func values(m *metric.Desc) string {
	var s string
	for _, l := range m.Labels {
		if v := m.Values[l]; len(v) > 0 {
			s += fmt.Sprintf(" `%s` is one of %s.", l, strings.Join(v, ", "))
		}
	}
	return s
}

type ownMetric struct {
	name, kind, help string
	labels           []string
}

var reDesc = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", help: "(.*?)", (?:unit: ".*?", )?constLabels: \{.*\}, variableLabels: \{(.*)\}\}$`)

// own is what the exporter registers about itself.
func own(t *testing.T) []ownMetric {
	fleet, err := fixtures.StartFleet(fixtures.FleetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	reg := prometheus.NewRegistry()
	exp, err := exporter.New(exporter.Options{
		ConfigFiles: []string{fleet.ConfigFile}, Systems: collectors.Systems, Registry: reg, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exp.Close()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, f := range families {
		kinds[f.GetName()] = strings.ToLower(f.GetType().String())
	}
	descs := make(chan *prometheus.Desc)
	go func() { reg.Describe(descs); close(descs) }()
	var list []ownMetric
	for d := range descs {
		g := reDesc.FindStringSubmatch(d.String())
		if g == nil {
			t.Fatalf("a description of another form: %s", d)
		}
		m := ownMetric{name: g[1], kind: kinds[g[1]], help: strings.ReplaceAll(g[2], `\"`, `"`)}
		if m.kind == "" {
			m.kind = "gauge" // nothing to count yet
		}
		if g[3] != "" {
			m.labels = strings.Split(g[3], ",")
		}
		if strings.HasPrefix(m.name, "dataprotection_") {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b ownMetric) int { return strings.Compare(a.name, b.name) })
	return list
}
