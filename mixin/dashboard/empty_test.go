package dashboard

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dataprotection_exporter/mixin/dashboard/promql"
)

// wrongEntries says which entries of healthy_empty.yaml are about nothing, or
// inject what nothing makes.
func (f *facts) wrongEntries(list []Empty) (found findings) {
	seen := map[[3]string]bool{}
	for _, e := range list {
		name := strings.TrimSpace(e.Dashboard + ": " + e.Panel + " " + e.Query)
		if key := [3]string{e.Dashboard, e.Panel, e.Query}; seen[key] {
			found.add("%s is listed twice", name)
		} else {
			seen[key] = true
		}
		if !strings.HasSuffix(e.Why, ".") {
			found.add("%s does not say in a sentence why it is empty", name)
		}
		if !slices.ContainsFunc(f.dashboards, func(d *Dashboard) bool { return slices.ContainsFunc(d.Queries(), e.Is) }) {
			found.add("%s does not exist", name)
		}
		for line := range strings.Lines(e.Inject) {
			for _, problem := range f.wrongSeries(line) {
				found.add("%s injects %s: %s", name, strings.TrimSpace(line), problem)
			}
		}
	}
	return found
}

// wrongSeries compares a line of the text format with the catalogue: it is a
// selector with a value.
func (f *facts) wrongSeries(line string) (found findings) {
	text, value, ok := strings.Cut(strings.TrimSpace(line), "} ")
	e, err := promql.Parse(text + "}")
	selector, isSelector := e.(*promql.Selector)
	if !ok || err != nil || !isSelector || value == "" {
		found.add("no series with labels and a value: %v", err)
		return found
	}
	s, exists := f.series[selector.Name]
	if !exists {
		found.add("nothing makes %s", selector.Name)
		return found
	}
	for _, m := range selector.Matchers {
		if !s.labels[m.Label] {
			found.add("it has no label %s, only %s", m.Label, s.labels)
		}
		if declared := f.valuesOf(selector.Name, m.Label); declared != nil && !slices.Contains(declared, m.Value) {
			found.add("%s is never %q", m.Label, m.Value)
		}
	}
	return found
}

func TestHealthyEmpty(t *testing.T) {
	f := theFacts(t)
	list, err := ReadEmpty("healthy_empty.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, complaint := range f.wrongEntries(list) {
		t.Error(complaint)
	}
}

func TestWrongEntries(t *testing.T) {
	d, err := Parse("vnx_cava", goodDashboard(t))
	if err != nil {
		t.Fatal(err)
	}
	f := alone(t, d)
	good := Empty{Dashboard: "vnx_cava", Panel: "Scan requests", Query: "B", Why: "None timed out.", Inject: `vnx_cava_request_failures_total{mover="a",reason="timeout"} <n>`}
	with := func(change func(*Empty)) []Empty {
		e := good
		change(&e)
		return []Empty{e}
	}
	for name, tt := range map[string]struct {
		list []Empty
		want int
	}{
		"good":          {[]Empty{good}, 0},
		"whole panel":   {with(func(e *Empty) { e.Query = "" }), 0},
		"twice":         {[]Empty{good, good}, 1},
		"no reason":     {with(func(e *Empty) { e.Why = "" }), 1},
		"no query":      {with(func(e *Empty) { e.Query = "C" }), 1},
		"no panel":      {with(func(e *Empty) { e.Panel = "Scans" }), 1},
		"no dashboard":  {with(func(e *Empty) { e.Dashboard = "vnx" }), 1},
		"no value":      {with(func(e *Empty) { e.Inject = `up{instance="a"}` }), 1},
		"no metric":     {with(func(e *Empty) { e.Inject = `down{instance="a"} 1` }), 1},
		"no label":      {with(func(e *Empty) { e.Inject = `up{mover="a"} 1` }), 1},
		"no such value": {with(func(e *Empty) { e.Inject = `vnx_cava_request_failures_total{reason="late"} 1` }), 1},
	} {
		if got := f.wrongEntries(tt.list); len(got) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestReadEmpty(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list.yaml")
	for text, good := range map[string]bool{
		"- {dashboard: a, panel: b, why: c}": true,
		"- {dashbord: a}":                    false,
		"[":                                  false,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if list, err := ReadEmpty(file); (err == nil) != good || good && len(list) != 1 {
			t.Errorf("%s: %v, %v", text, list, err)
		}
	}
	if _, err := ReadEmpty(file + ".none"); err == nil {
		t.Error("a file that is not there was read")
	}
}
