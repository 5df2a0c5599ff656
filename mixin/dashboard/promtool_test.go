package dashboard

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// inTheirPlace stands for Grafana's variables where a query must be complete.
var inTheirPlace = map[string]string{
	"__rate_interval": "4m", "__range": "1h", "__interval": "1m", "__range_s": "3600", "__range_ms": "3600000", "__interval_ms": "60000",
	"site": ".*", "target": ".*",
}

// Prometheus itself reads every query: they become rules of a file that promtool
// checks.
func TestPromtoolReadsTheQueries(t *testing.T) {
	f := theFacts(t)
	var queries []Query
	for _, d := range f.dashboards {
		queries = append(queries, d.Queries()...)
	}
	for _, complaint := range promtool(t, queries) {
		t.Error(complaint)
	}
}

func TestPromtoolFindsABadQuery(t *testing.T) {
	d := &Dashboard{Name: "some"}
	bad := promtool(t, []Query{
		{Dashboard: d, Where: "the good one", Expr: `rate(a[$__rate_interval])`},
		{Dashboard: d, Where: "the bad one", Expr: `rate(a)`},
	})
	if len(bad) != 1 || !strings.Contains(bad[0], "the bad one") {
		t.Error(bad)
	}
}

// promtool says what is wrong with queries, by panel.
func promtool(t *testing.T, queries []Query) (found findings) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("DATAPROTECTION_TEST_TOOLS") == "required" {
			t.Fatal("promtool is not installed")
		}
		t.Skip("promtool is not installed; make test installs it")
	}
	if len(queries) == 0 {
		t.Fatal("there is no query")
	}
	type record struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	type group struct {
		Name  string   `yaml:"name"`
		Rules []record `yaml:"rules"`
	}
	queriesGroup := group{Name: "queries"}
	for i, q := range queries {
		queriesGroup.Rules = append(queriesGroup.Rules, record{fmt.Sprintf("q_%04d", i), Expand(q.Expr, inTheirPlace)})
	}
	text, err := yaml.Marshal(map[string][]group{"groups": {queriesGroup}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "queries.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "check", "rules", file).CombinedOutput()
	if err == nil {
		return nil
	}
	for line := range strings.Lines(string(out)) {
		for i, q := range queries {
			if strings.Contains(line, fmt.Sprintf("q_%04d", i)) {
				found.add("%s: %s\n%s", q, strings.TrimSpace(line), q.Expr)
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
	return found
}
