package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A file of tests reads few rule files, so that it is quick. What it says about rules
// of another file would always be that they are silent.
func TestSuitesReadTheRulesTheyAssert(t *testing.T) {
	p, err := readRules(filepath.Join("..", "..", "rules"))
	if err != nil {
		t.Fatal(err)
	}
	tests, err := readSuites(filepath.Join("..", "tests"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		read := map[string]bool{}
		for _, pattern := range test.suite.RuleFiles {
			files, err := filepath.Glob(filepath.Join("..", "tests", pattern))
			if err != nil || len(files) == 0 {
				t.Errorf("%s reads %s, and there is none (%v)", test.file, pattern, err)
			}
			for _, f := range files {
				read[strings.TrimSuffix(filepath.Base(f), ".yml")] = true
			}
		}
		said := ""
		for _, a := range test.AlertRuleTest {
			said += " " + a.Alertname
		}
		for _, e := range test.PromqlExprTest {
			said += " " + e.Expr
			if strings.Contains(e.Expr, "alertname=") && !strings.Contains(e.Expr, "alertname=~") && !mentionsRule(e.Expr, p) {
				t.Errorf("%s, %q: no rule is called as in %s", test.file, test.Name, e.Expr)
			}
		}
		for _, w := range reWord.FindAllString(said, -1) {
			for _, r := range p.byName[w] {
				if !read[r.file] {
					t.Errorf("%s, %q asserts on %s and does not read rules/%s.yml", test.file, test.Name, w, r.file)
				}
			}
		}
	}
}

func mentionsRule(s string, p *pack) bool {
	for _, w := range reWord.FindAllString(s, -1) {
		if len(p.byName[w]) > 0 {
			return true
		}
	}
	return false
}
