package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestReport(t *testing.T) {
	r := &rule{file: "vnx_cava", key: "A"}
	m := []mutant{{rule: r, id: "A: killed"}, {rule: r, id: "A: same"}, {rule: r, id: "A: alive"}}
	of := func(mutants ...mutant) []*work {
		return []*work{{rule: r, mutants: m, survivors: mutants, took: 3 * time.Second}}
	}
	same := map[string]string{"A: same": "it is the same"}
	for name, c := range map[string]struct {
		works   []*work
		unknown []string
		good    bool
		says    []string
	}{
		"all well":       {of(m[1]), nil, true, []string{"vnx_cava        3       2           1         0          0              3s"}},
		"a survivor":     {of(m[1], m[2]), nil, false, []string{"No test notices these", "  A: alive\n"}},
		"a false entry":  {of(), nil, false, []string{"tells them from the rule", "  A: same\n"}},
		"an old entry":   {of(m[1]), []string{"B: gone"}, false, []string{"no such mutant exists", "  B: gone\n"}},
		"a broken trial": {[]*work{{rule: r, mutants: m, trouble: errors.New("the test fails")}}, nil, false, []string{"could not be tried", "the test fails", "         3              0s"}},
	} {
		text, good := report(c.works, same, c.unknown)
		if good != c.good {
			t.Errorf("%s: good is %v", name, good)
		}
		for _, s := range c.says {
			if !strings.Contains(text, s) {
				t.Errorf("%s: nothing says %q:\n%s", name, s, text)
			}
		}
	}
}
