package dashboard

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"dataprotection_exporter/mixin/rulefile"
)

var reName = regexp.MustCompile(`[a-zA-Z_][a-zA-Z0-9_:]*`)

// reach adds every series that texts name, and through recording rules, what
// those are made from.
func (f *facts) reach(reached map[string]bool, texts ...string) {
	for _, text := range texts {
		for _, name := range reName.FindAllString(text, -1) {
			if reached[name] || f.series[name].labels == nil {
				continue
			}
			reached[name] = true
			for _, r := range f.rules {
				if r.Record == name {
					f.reach(reached, r.Expr)
				}
			}
		}
	}
}

// histogram is the name of the metric that a series belongs to.
func histogram(name string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			return base
		}
	}
	return name
}

// Every metric is on a dashboard, by itself or in a recorded series, or
// unshown.yaml says why not.
func TestEveryMetricIsShown(t *testing.T) {
	f := theFacts(t)
	shown := map[string]bool{}
	for _, d := range f.dashboards {
		for _, q := range d.Queries() {
			if q.Panel != nil {
				f.reach(shown, q.Expr)
			}
		}
	}
	for name := range shown {
		shown[histogram(name)] = true
	}
	text, err := os.ReadFile("unshown.yaml")
	if err != nil {
		t.Fatal(err)
	}
	unshown := map[string]string{}
	if err := yaml.Unmarshal(text, &unshown); err != nil {
		t.Fatal(err)
	}
	for _, complaint := range coverage(f.catalogue, shown, unshown) {
		t.Error(complaint)
	}
}

// coverage says where catalogue, dashboards and exceptions disagree.
func coverage(catalogue []string, shown map[string]bool, unshown map[string]string) (found findings) {
	for _, m := range catalogue {
		if !shown[m] && unshown[m] == "" {
			found.add("%s is on no dashboard: show it, or say in unshown.yaml why not", m)
		}
	}
	for m, reason := range unshown {
		switch {
		case !slices.Contains(catalogue, m):
			found.add("unshown.yaml lists %s, which does not exist", m)
		case shown[m]:
			found.add("unshown.yaml lists %s, which is on a dashboard", m)
		case len(reason) < 10:
			found.add("unshown.yaml does not say why %s is on no dashboard", m)
		}
	}
	return found
}

func TestCoverage(t *testing.T) {
	catalogue, shown := []string{"a", "b"}, map[string]bool{"a": true}
	for name, tt := range map[string]struct {
		unshown map[string]string
		want    int
	}{
		"nothing said":    {nil, 1},
		"said":            {map[string]string{"b": "it is only for scripts"}, 0},
		"no reason":       {map[string]string{"b": "no"}, 1},
		"shown after all": {map[string]string{"a": "it is only for scripts", "b": "it is only for scripts"}, 1},
		"unknown":         {map[string]string{"c": "it is only for scripts", "b": "it is only for scripts"}, 1},
	} {
		if got := coverage(catalogue, shown, tt.unshown); len(got) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// unused is the recorded series that no alert and no dashboard needs.
func (f *facts) unused() (found findings) {
	used := map[string]bool{}
	for _, d := range f.dashboards {
		for _, q := range d.Queries() {
			f.reach(used, q.Expr)
		}
	}
	for _, r := range f.rules {
		if r.Alert != "" {
			f.reach(used, r.Expr, r.Annotations["description"])
		}
	}
	for _, r := range f.rules {
		if r.Record != "" && !used[r.Record] {
			found.add("%s: nothing uses %s", r.file, r.Record)
		}
	}
	return found
}

// Every recorded series is for an alert or a dashboard.
func TestEveryRecordIsUsed(t *testing.T) {
	f := theFacts(t)
	for _, complaint := range f.unused() {
		t.Error(complaint)
	}
	d, err := Parse("vnx_cava", goodDashboard(t))
	if err != nil {
		t.Fatal(err)
	}
	world := alone(t, d)
	world.rules = []rule{
		{Rule: rulefile.Rule{Record: "mover:vnx_cava_pending_files:sum", Expr: "vnx_cava_queue_files"}},
		{Rule: rulefile.Rule{Record: "mover:vnx_cava_running:last", Expr: "mover:vnx_cava_pending_files:sum"}},
		{Rule: rulefile.Rule{Record: "mover:vnx_cava_checkers_online:sum", Expr: "vnx_cava_checker_online"}},
		{Rule: rulefile.Rule{Alert: "Some", Expr: "mover:vnx_cava_checkers_online:sum > 0"}},
	}
	if found := world.unused(); len(found) != 2 {
		t.Errorf("two of three are for nothing: %v", found)
	}
}

// The link of every alert leads to a dashboard that there is.
func TestEveryAlertHasItsDashboard(t *testing.T) {
	f := theFacts(t)
	if len(f.alerts) == 0 {
		t.Fatal("there is no alert")
	}
	for _, r := range f.rules {
		if r.Alert == "" {
			continue
		}
		if problem := f.leads(r.Annotations["dashboard_url"]); problem != "" {
			t.Errorf("%s: %s: %s", r.Alert, r.Annotations["dashboard_url"], problem)
		}
	}
	if f.leads(f.config.GrafanaURL+"/d/no-such-dashboard") == "" {
		t.Error("a link to nowhere was accepted")
	}
}

// Every dashboard of the table exists, and no other.
func TestDashboardsOfTheTable(t *testing.T) {
	f := theFacts(t)
	for name := range f.ids {
		if !slices.ContainsFunc(f.dashboards, func(d *Dashboard) bool { return d.Name == name }) {
			t.Errorf("dashboardIDs names %s; there is no %s", name, filepath.Join("dashboards", name+".json"))
		}
	}
}
