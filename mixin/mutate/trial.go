package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// court finds out which mutants the tests notice.
//
// All mutants of a rule stand trial together: a rule file holds a copy of the rule,
// and of what rests on it, for every mutant, each under names of its own, and the
// tests hold a copy of each assertion for it. So the input is loaded once and what
// all share is evaluated once. An unchanged copy goes with them and must pass. Only
// where a rule reads ALERTS each copy is tried alone.
type court struct {
	pack     *pack
	tests    []*test
	promtool string
	folder   string // for files, removed by the caller
	procs    int    // GOMAXPROCS of promtool
}

// Copies are evaluated side by side; more at a time only take more memory.
const atATime = 60

// unchanged is the number of the copy that nothing was done to.
const unchanged = 0

var reMark = regexp.MustCompile(`_mutant(\d+)\b`)

func marked(name string, number int) string { return fmt.Sprintf("%s_mutant%d", name, number) }

// trial is that of the mutants of one rule.
type trial struct {
	*court
	affected map[string]bool
	alone    bool          // a copy would see the ALERTS of others
	took     time.Duration // of processors
}

// try finds out which mutants of a rule no test notices.
func (c *court) try(ctx context.Context, w *work) error {
	t := &trial{court: c, affected: c.pack.affected(w.rule)}
	for _, r := range c.pack.rules {
		t.alone = t.alone || t.affected[r.name()] && r.uses["ALERTS"]
	}
	survivors, err := t.survivors(ctx, w.mutants)
	w.survivors, w.took = survivors, t.took
	return err
}

func (c *trial) survivors(ctx context.Context, mutants []mutant) ([]mutant, error) {
	var relevant []*test
	for _, t := range c.tests {
		if part := t.about(c.affected); part != nil {
			relevant = append(relevant, part)
		}
	}
	slices.SortStableFunc(relevant, func(a, b *test) int { return int(min(max(a.cost()-b.cost(), -1), 1)) })
	// Most are found out without the words of the alerts, which cost more than all the rest.
	for _, words := range []bool{false, true} {
		for _, t := range relevant {
			if words {
				if t = t.worded(); t == nil {
					continue
				}
			}
			size := atATime
			if c.alone {
				size = 1
				if _, err := c.unnoticed(ctx, t, nil, words); err != nil {
					return nil, err
				}
			}
			var left []mutant
			for some := range slices.Chunk(mutants, size) {
				l, err := c.unnoticed(ctx, t, some, words)
				if err != nil {
					return nil, err
				}
				left = append(left, l...)
			}
			if mutants = left; len(mutants) == 0 {
				return nil, nil
			}
		}
	}
	return mutants, nil
}

// unnoticed are those that one test lets pass.
func (c *trial) unnoticed(ctx context.Context, t *test, mutants []mutant, words bool) ([]mutant, error) {
	left := mutants
	for {
		noticed, aborted, err := c.run(ctx, t, left, words)
		if err != nil {
			return nil, err
		}
		var rest []mutant
		for i, m := range left {
			if !noticed[i+1] {
				rest = append(rest, m)
			}
		}
		left = rest
		// A rule that cannot be evaluated ends the test for all the others.
		if !aborted || len(left) == 0 {
			return left, nil
		}
	}
}

// run has promtool test all copies. It returns the numbers of those that failed, and
// whether the test was given up before its end.
func (c *trial) run(ctx context.Context, t *test, mutants []mutant, words bool) (map[int]bool, bool, error) {
	folder, err := os.MkdirTemp(c.folder, "trial")
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := c.write(folder, t, mutants, words); err != nil {
		return nil, false, err
	}
	cmd := exec.CommandContext(ctx, c.promtool, "test", "rules", "test.yaml") //nolint:gosec // found in PATH by its fixed name
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", c.procs), "GOGC=400")
	out, err := cmd.CombinedOutput()
	if s := cmd.ProcessState; s != nil {
		c.took += s.UserTime() + s.SystemTime()
	}
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	if err == nil {
		return nil, false, nil
	}
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		return nil, false, fmt.Errorf("cannot run promtool: %w", err)
	}
	noticed := map[int]bool{}
	for _, m := range reMark.FindAllStringSubmatch(string(out), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, false, err
		}
		noticed[n] = true
	}
	if noticed[unchanged] || len(noticed) == 0 {
		return nil, false, fmt.Errorf("%s, %q: what is left of the test for %s fails though no rule was altered: see that promtool test rules passes first\n%s",
			t.file, t.Name, strings.Join(slices.Sorted(maps.Keys(c.affected)), ", "), firstLines(string(out), 12))
	}
	return noticed, strings.Contains(string(out), "    rule: "), nil
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(s, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}

// write makes the rule file and the test of a trial.
func (c *trial) write(folder string, t *test, mutants []mutant, words bool) error {
	part := copies(t, c.affected, c.numbers(len(mutants)), words)
	names := maps.Clone(c.affected)
	for _, e := range t.PromqlExprTest {
		for _, w := range reWord.FindAllString(e.Expr, -1) {
			if len(c.pack.byName[w]) > 0 {
				names[w] = true
			}
		}
	}
	groups := c.groups(c.pack.needed(names, words), mutants, words)
	part.InputSeries = slices.DeleteFunc(part.InputSeries, func(s series) bool { return !used(s.metric(), groups, part) })
	for name, content := range map[string]any{
		"rules.yml": map[string]any{"groups": groups},
		"test.yaml": suite{
			RuleFiles: []string{"rules.yml"}, EvaluationInterval: t.suite.EvaluationInterval,
			GroupEvalOrder: t.suite.GroupEvalOrder, Tests: []test{part},
		},
	} {
		b, err := yaml.Marshal(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// numbers are those of the copies in a trial of so many mutants.
func (c *trial) numbers(mutants int) []int {
	var all []int
	if !c.alone || mutants == 0 {
		all = append(all, unchanged)
	}
	for n := range mutants {
		all = append(all, n+1)
	}
	return all
}

// groups are the rules of these names, the affected ones once for every mutant.
func (c *trial) groups(names map[string]bool, mutants []mutant, words bool) []group {
	var groups []group
	for _, g := range c.pack.groups {
		some := group{Name: g.Name}
		for _, r := range g.Rules {
			switch {
			case !names[r.name()]:
			case !c.affected[r.name()]:
				some.Rules = append(some.Rules, wording(r, words))
			default:
				for _, n := range c.numbers(len(mutants)) {
					changed := *r
					if n != unchanged && mutants[n-1].rule == r {
						changed.Expr, changed.For = mutants[n-1].expr, mutants[n-1].hold
					}
					some.Rules = append(some.Rules, wording(renamed(changed, c.affected, n), words))
				}
			}
		}
		if len(some.Rules) > 0 {
			groups = append(groups, some)
		}
	}
	return groups
}

func wording(r *rule, words bool) *rule {
	if words {
		return r
	}
	plain := *r
	plain.Annotations = nil
	return &plain
}

// renamed gives a copy of a rule its own name, and has it read the copies of what it
// rests on.
func renamed(r rule, affected map[string]bool, number int) *rule {
	r.Expr = rename(r.Expr, func(w string) bool { return affected[w] }, number)
	annotations := map[string]string{}
	for k, v := range r.Annotations { // links hold the name of the alert
		annotations[k] = rename(v, func(w string) bool { return isRecord(w) && affected[w] }, number)
	}
	r.Annotations = annotations
	if r.Alert != "" {
		r.Alert = marked(r.Alert, number)
	} else {
		r.Record = marked(r.Record, number)
	}
	return &r
}

func rename(s string, which func(string) bool, number int) string {
	return reWord.ReplaceAllStringFunc(s, func(w string) string {
		if which(w) {
			return marked(w, number)
		}
		return w
	})
}

// copies asserts of every copy what the test asserts.
func copies(t *test, affected map[string]bool, numbers []int, words bool) test {
	part := *t
	part.AlertRuleTest, part.PromqlExprTest = nil, nil
	which := func(w string) bool { return affected[w] }
	part.InputSeries = nil
	for _, s := range t.InputSeries {
		if !affected[s.metric()] {
			part.InputSeries = append(part.InputSeries, s)
			continue
		}
		for _, n := range numbers { // what a record was before the test
			part.InputSeries = append(part.InputSeries, series{Series: rename(s.Series, which, n), Values: s.Values})
		}
	}
	for _, n := range numbers {
		for _, a := range t.AlertRuleTest {
			a.Alertname = marked(a.Alertname, n)
			if !words {
				a.ExpAlerts = slices.Clone(a.ExpAlerts)
				for i := range a.ExpAlerts {
					a.ExpAlerts[i].ExpAnnotations = nil
				}
			}
			part.AlertRuleTest = append(part.AlertRuleTest, a)
		}
		for _, e := range t.PromqlExprTest {
			e.Expr = rename(e.Expr, which, n)
			e.ExpSamples = slices.Clone(e.ExpSamples)
			for i := range e.ExpSamples {
				e.ExpSamples[i].Labels = rename(e.ExpSamples[i].Labels, which, n)
			}
			part.PromqlExprTest = append(part.PromqlExprTest, e)
		}
	}
	return part
}

// used reports whether rules or assertions read a metric.
func used(metric string, groups []group, t test) bool {
	one := map[string]bool{metric: true}
	for _, g := range groups {
		for _, r := range g.Rules {
			if mentions(r.Expr, one) || mentions(strings.Join(slices.Collect(maps.Values(r.Annotations)), "\n"), one) {
				return true
			}
		}
	}
	return slices.ContainsFunc(t.PromqlExprTest, func(e exprTest) bool { return mentions(e.Expr, one) })
}
