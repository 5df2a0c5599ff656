package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// tally is a line of the summary.
type tally struct {
	file                                             string
	mutants, killed, equivalents, survivors, untried int
	took                                             time.Duration
}

// report says what became of the mutants; false: there is something to do.
func report(works []*work, reasons map[string]string, unknown []string) (string, bool) {
	var out strings.Builder
	var lines []*tally
	total := &tally{file: "total"}
	var survived, noticed, troubles []string
	for _, w := range works {
		i := slices.IndexFunc(lines, func(t *tally) bool { return t.file == w.rule.file })
		if i < 0 {
			lines = append(lines, &tally{file: w.rule.file})
			i = len(lines) - 1
		}
		alive := map[string]bool{}
		for _, m := range w.survivors {
			alive[m.id] = true
		}
		if w.trouble != nil {
			troubles = append(troubles, w.trouble.Error())
		}
		for _, t := range []*tally{lines[i], total} {
			t.took += w.took
			t.mutants += len(w.mutants)
			for _, m := range w.mutants {
				switch {
				case w.trouble != nil:
					t.untried++
				case !alive[m.id]:
					t.killed++
				case reasons[m.id] != "":
					t.equivalents++
				default:
					t.survivors++
				}
			}
		}
		for _, m := range w.mutants {
			switch {
			case w.trouble != nil:
			case alive[m.id] && reasons[m.id] == "":
				survived = append(survived, m.id)
			case !alive[m.id] && reasons[m.id] != "":
				noticed = append(noticed, m.id)
			}
		}
	}
	list := func(title string, ids []string) {
		if len(ids) == 0 {
			return
		}
		out.WriteString(title + "\n")
		for _, id := range ids {
			out.WriteString("  " + id + "\n")
		}
		out.WriteString("\n")
	}
	list("These could not be tried:", troubles)
	list("No test notices these. Add one to mixin/tests that does:", survived)
	list("mixin/mutate/equivalent.yaml lists these, and no such mutant exists. Remove or correct them:", unknown)
	list("mixin/mutate/equivalent.yaml lists these, and a test tells them from the rule. Remove them:", noticed)
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "rules\tmutants\tkilled\tequivalent\tsurvived\tnot tried\tprocessor time\t")
	for _, t := range append(lines, total) {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%s\t\n", t.file, t.mutants, t.killed, t.equivalents, t.survivors, t.untried, t.took.Round(time.Second))
	}
	_ = table.Flush()
	return out.String(), len(troubles)+len(survived)+len(noticed)+len(unknown) == 0
}
