package mixin

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-jsonnet"

	"dataprotection_exporter/mixin/dashboard"
)

// dashboards are rendered once: it takes seconds.
var dashboards = sync.OnceValues(func() (map[string]string, error) {
	return jsonnet.MakeVM().EvaluateFileMulti("dashboards.jsonnet")
})

// current compares a folder with what was rendered for it, or writes it again.
func current(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(folder, name)
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		committed, err := os.ReadFile(file)
		if err != nil || string(committed) != text {
			t.Errorf("%s is stale: run make generate (%v)", file, err)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := files[e.Name()]; !ok {
			t.Errorf("%s is rendered from nothing", filepath.Join(folder, e.Name()))
		}
	}
}

// TestGeneratedRules compares rules/ with what the mixin renders.
func TestGeneratedRules(t *testing.T) {
	vm := jsonnet.MakeVM()
	vm.StringOutput = true
	files, err := vm.EvaluateFileMulti("rules.jsonnet")
	if err != nil {
		t.Fatal(err)
	}
	current(t, filepath.Join("..", "rules"), files)
}

// TestGeneratedDashboards compares dashboards/ with what the mixin renders.
func TestGeneratedDashboards(t *testing.T) {
	files, err := dashboards()
	if err != nil {
		t.Fatal(err)
	}
	current(t, filepath.Join("..", "dashboards"), files)
}

// TestGeneratedDashboardsPage compares docs/dashboards.md with what the dashboards say
// about themselves.
func TestGeneratedDashboardsPage(t *testing.T) {
	files, err := dashboards()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`# Dashboards

<!-- Generated from the dashboards: make generate. -->

What each dashboard answers, and the panels it answers with. All need Grafana 9.3 or later and a Prometheus data
source; choose the data source, sites and targets at the top. The first screen says whether anything is wrong, since
when, why, and what to do next; details are folded below. How to get them into Grafana is in
[mixin/README.md](../mixin/README.md).
`)
	const overview = "overview.json"
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(name string) bool { return name == overview })
	for _, name := range append([]string{overview}, names...) {
		var d dashboard.Dashboard
		if err := json.Unmarshal([]byte(files[name]), &d); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n`dashboards/%s`, uid `%s`.\n\n| | panel | what it shows |\n|---|---|---|\n", d.Title, d.Description, name, d.UID)
		describe(&b, "first screen", d.Panels)
		for _, p := range d.Panels {
			describe(&b, p.Title, p.Panels)
		}
	}
	file := filepath.Join("..", "docs", "dashboards.md")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if committed, err := os.ReadFile(file); err != nil || string(committed) != b.String() {
		t.Errorf("docs/dashboards.md is stale: run make generate (%v)", err)
	}
}

// describe writes a line for each panel; the place only where it changes.
func describe(b *strings.Builder, place string, panels []*dashboard.Panel) {
	for _, p := range panels {
		if p.Type == "row" {
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", place, p.Title, strings.ReplaceAll(p.Description, "|", "\\|"))
		place = ""
	}
}
