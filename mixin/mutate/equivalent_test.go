package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func allMutants(t *testing.T) (*pack, []mutant) {
	t.Helper()
	p, err := readRules(filepath.Join("..", "..", "rules"))
	if err != nil {
		t.Fatal(err)
	}
	var all []mutant
	ids := map[string]bool{}
	for _, r := range p.rules {
		mutants, err := breed(r)
		if err != nil {
			t.Fatal(err)
		}
		if r.Alert != "" && len(mutants) == 0 {
			t.Errorf("%s has no mutant", r.key)
		}
		for _, m := range mutants {
			if ids[m.id] {
				t.Errorf("two mutants are called %q", m.id)
			}
			ids[m.id] = true
		}
		all = append(all, mutants...)
	}
	return p, all
}

// The list names mutants that there are.
func TestEquivalentsExist(t *testing.T) {
	reasons, err := readEquivalents("equivalent.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, all := allMutants(t)
	for _, id := range unknown(reasons, all) {
		t.Errorf("equivalent.yaml lists %q, and no such mutant exists", id)
	}
}

func TestReadEquivalents(t *testing.T) {
	file := filepath.Join(t.TempDir(), "equivalent.yaml")
	for content, want := range map[string]string{
		`[{reason: both sides are the same, ids: [a, b]}]`:                                      "",
		`[{reason: equivalent, ids: [a]}]`:                                                      "needs a reason in words",
		`[{reason: both sides are the same, ids: []}]`:                                          "needs a reason in words and ids",
		`[{reason: both sides are the same, ids: [a]}, {reason: the same once more, ids: [a]}]`: "is there twice",
		`[{because: both sides are the same, ids: [a]}]`:                                        "field because not found",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		reasons, err := readEquivalents(file)
		switch {
		case want == "" && (err != nil || len(reasons) != 2):
			t.Errorf("%s: %v, %v", content, reasons, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want an error with %q", content, err, want)
		}
	}
}

// Every mutant is PromQL: one that Prometheus does not accept would only look killed.
func TestMutantsAreValid(t *testing.T) {
	_, all := allMutants(t)
	type plain struct {
		Alert string `yaml:"alert"`
		Expr  string `yaml:"expr"`
		For   string `yaml:"for,omitempty"`
	}
	var rules []plain
	for i, m := range all {
		rules = append(rules, plain{marked("Any", i), m.expr, m.hold})
	}
	content, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "mutants", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool(t), "check", "rules", "--lint=none", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, firstLines(string(out), 20))
	}
}
