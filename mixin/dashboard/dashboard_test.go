package dashboard

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadWantsDashboards(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); err == nil {
		t.Error("an empty folder was accepted")
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil {
		t.Error("half a dashboard was accepted")
	}
}

func TestQueries(t *testing.T) {
	d, err := Parse("some", []byte(`{
		"panels": [
			{"title": "a", "type": "stat", "targets": [{"refId": "A", "expr": "up", "instant": true}]},
			{"title": "r", "type": "row", "panels": [{"title": "b", "type": "table", "targets": [{"refId": "A", "expr": "b"}, {"refId": "B", "expr": "c"}]}]},
			{"title": "words", "type": "text"}
		],
		"annotations": {"list": [{"name": "built in"}, {"name": "alerts", "expr": "ALERTS"}]},
		"templating": {"list": [
			{"name": "datasource", "type": "datasource", "query": "prometheus"},
			{"name": "site", "type": "query", "query": {"query": "label_values(up{a=\"b, c\"}, site)"}},
			{"name": "target", "type": "query", "query": "query_result(max by (instance) (up))"},
			{"name": "all", "type": "query", "query": "label_values(site)"}
		]}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range d.Queries() {
		got = append(got, q.String()+": "+q.Expr)
	}
	if diff := cmp.Diff([]string{
		`some: panel "a", query A: up`, `some: panel "b", query A: b`, `some: panel "b", query B: c`, `some: annotation "alerts": ALERTS`,
		`some: variable "site": up{a="b, c"}`, `some: variable "target": max by (instance) (up)`,
	}, got); diff != "" {
		t.Error(diff)
	}
	if qs := d.Queries(); !qs[0].Single() || qs[1].Single() {
		t.Error("only the first query is about one moment")
	}
	if _, label := d.Templating.List[3].Series(); label != "site" {
		t.Error(label)
	}
}

func TestExpand(t *testing.T) {
	values := map[string]string{"a": "1", "__range": "2h"}
	for in, want := range map[string]string{
		"$a ${a} ${a:regex} [[a]] [[a:csv]]": "1 1 1 1 1",
		"[$__range] $ab ${b} a$":             "[2h] $ab ${b} a$",
		`{x=~"$a.*"}`:                        `{x=~"1.*"}`,
	} {
		if got := Expand(in, values); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}
