package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// promtool finds the program, as the Makefile installs it.
func promtool(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("DATAPROTECTION_TEST_TOOLS") == "required" {
			t.Fatal("promtool is not installed")
		}
		t.Skip("promtool is not installed; make test installs it")
	}
	return path
}

const rules = `groups:
  - name: records
    rules:
      - record: a:queue:sum
        expr: sum by (job) (queue)
  - name: alerts
    rules:
      - alert: QueueHigh
        expr: a:queue:sum > 50
        for: 2m
        labels: {severity: warning}
        annotations: {description: "{{ $value }} files wait, {{ with query \"count(a:queue:sum)\" }}{{ . | first | value }}{{ end }} queues."}
      - alert: QueueHigh
        expr: a:queue:sum > 100 and on (job) up
        labels: {severity: critical}
      - alert: Twice
        expr: a:queue:sum > 70 and on (job) ALERTS{alertname="QueueHigh",alertstate="firing"}
        labels: {severity: warning}
`

// far is a test that a person would be content with.
const far = `rule_files: [rules.yml]
evaluation_interval: 1m
group_eval_order: [records, alerts]
tests:
  - interval: 1m
    input_series:
      - {series: 'queue{job="a",kind="fast"}', values: 10x5 200x9}
    promql_expr_test:
      - expr: count(ALERTS{alertname="QueueHigh",alertstate="firing",severity="warning"})
        eval_time: 4m
      - expr: count(ALERTS{alertname="QueueHigh",alertstate="firing",severity="warning"})
        eval_time: 12m
        exp_samples: [{labels: '{}', value: 1}]
`

// near is one that is exact.
const near = `rule_files: [rules.yml]
evaluation_interval: 1m
group_eval_order: [records, alerts]
tests:
  - interval: 1m
    input_series:
      - {series: 'queue{job="a",kind="fast"}', values: 20x3 21x6}
      - {series: 'queue{job="a",kind="slow"}', values: 30x9}
      - {series: 'queue{job="b",kind="slow"}', values: 30x9}
    alert_rule_test:
      - alertname: QueueHigh
        eval_time: 7m
        exp_alerts:
          - exp_labels: {job: a, severity: warning}
            exp_annotations: {description: "51 files wait, 2 queues."}
    promql_expr_test:
      - expr: count by (job) (ALERTS{alertname="QueueHigh",alertstate="firing"})
        eval_time: 5m
      - expr: count by (job) (ALERTS{alertname="QueueHigh",alertstate="firing"})
        eval_time: 6m
        exp_samples: [{labels: '{job="a"}', value: 1}]
`

func tried(t *testing.T, key, tests string) (alive []string) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{"rules.yml": rules, "tests.yaml": tests} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := readRules(folder)
	if err != nil {
		t.Fatal(err)
	}
	suites, err := readSuites(folder)
	if err != nil {
		t.Fatal(err)
	}
	c := &court{pack: p, tests: suites, promtool: promtool(t), folder: t.TempDir(), procs: 1}
	for _, r := range p.rules {
		if r.key != key {
			continue
		}
		mutants, err := breed(r)
		if err != nil {
			t.Fatal(err)
		}
		w := &work{rule: r, mutants: mutants}
		if err := c.try(context.Background(), w); err != nil {
			t.Fatal(err)
		}
		for _, m := range w.survivors {
			alive = append(alive, strings.TrimPrefix(m.id, key+": "))
		}
		return alive
	}
	t.Fatalf("no rule %s", key)
	return nil
}

func TestAWeakTestLetsMutantsPass(t *testing.T) {
	alive := tried(t, "QueueHigh/warning", far)
	if diff := cmp.Diff([]string{
		"comparison 1: > -> >=", "number 1: 50 -> 47", "number 1: 50 -> 53", "for: 2m -> 1m", "for: 2m -> 3m", "for: 2m dropped",
	}, alive); diff != "" {
		t.Errorf("survivors (-want +got):\n%s", diff)
	}
}

func TestAStrongTestNoticesAll(t *testing.T) {
	if alive := tried(t, "QueueHigh/warning", near); len(alive) > 0 {
		t.Errorf("survivors: %q", alive)
	}
}

func TestARecordIsTriedByItsAlerts(t *testing.T) {
	if diff := cmp.Diff([]string{"by 1: without job", "by 1: by -> without", "by 1: dropped"}, tried(t, "a:queue:sum", far)); diff != "" {
		t.Errorf("survivors of the weak test (-want +got):\n%s", diff)
	}
	if alive := tried(t, "a:queue:sum", near); len(alive) > 0 {
		t.Errorf("survivors of the strong test: %q", alive)
	}
}

// Only the words tell these two apart.
func TestWordsOfAnAlertAreLookedAt(t *testing.T) {
	worded := strings.Replace(near, "values: 20x3 21x6", "values: 25x9", 1)
	worded = worded[:strings.Index(worded, "    promql_expr_test")]
	for word, want := range map[string]int{"55 files": 0, "54 files": -1} {
		var s suite
		if err := yaml.Unmarshal([]byte(strings.Replace(worded, "51 files", word, 1)), &s); err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "rules.yml"), []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := readRules(folder)
		if err != nil {
			t.Fatal(err)
		}
		s.Tests[0].suite = &s
		r := p.byName["QueueHigh"][0]
		changed := mutant{rule: r, id: "changed", expr: "a:queue:sum + 1 > 50", hold: r.For}
		c := &court{pack: p, tests: []*test{&s.Tests[0]}, promtool: promtool(t), folder: t.TempDir(), procs: 1}
		w := &work{rule: r, mutants: []mutant{changed}}
		switch err := c.try(context.Background(), w); {
		case want < 0 && err == nil:
			t.Error("a test that fails without any change was taken for a good one")
		case want == 0 && (err != nil || len(w.survivors) > 0):
			t.Errorf("another number in the words was not noticed: %v, %v", w.survivors, err)
		}
	}
}

// What is read of an alert's own ALERTS is renamed with it, and a test that mentions
// another alert keeps that.
func TestAlertsThatReadAlerts(t *testing.T) {
	tests := strings.Replace(near, "values: 20x3 21x6", "values: 50x9", 1)
	tests = tests[:strings.Index(tests, "    alert_rule_test")] + `    promql_expr_test:
      - expr: count by (job) (ALERTS{alertname="Twice",alertstate="firing"} and on (job) ALERTS{alertname="QueueHigh",alertstate="firing"})
        eval_time: 8m
        exp_samples: [{labels: '{job="a"}', value: 1}]
      - expr: count by (job) (ALERTS{alertname="Twice",alertstate="firing"})
        eval_time: 1m
`
	alive := tried(t, "Twice/warning", tests)
	for _, id := range alive {
		if strings.HasPrefix(id, "and 1") && id != "and 1: left side dropped" || strings.Contains(id, `"QueueHigh" negated`) {
			t.Errorf("not noticed: %s", id)
		}
	}
}
