package main

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"dataprotection_exporter/mixin/rulefile"
)

// ask is an alert whose words are wanted, and when.
type ask struct {
	alert string
	when  minute
}

// writeRules writes the rules of a fleet for promtool and gives the file.
func writeRules(folder string, f *fleet, groups []group) (string, error) {
	text, err := yaml.Marshal(rulefile.File{Groups: groups})
	if err != nil {
		return "", err
	}
	path, err := filepath.Abs(filepath.Join(folder, f.name+".rules.yml"))
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, text, 0o600)
}

// testFile is what promtool test rules reads: the series of the watch, and at every
// minute the claim that nothing fires. What does is in the complaints.
func testFile(rules string, groups []group, h *history, w watch, asks []ask) string {
	var b strings.Builder
	fmt.Fprintf(&b, "rule_files: [%q]\nevaluation_interval: %dm\ngroup_eval_order:\n", rules, w.step)
	for _, g := range groups {
		fmt.Fprintf(&b, "  - %q\n", g.Name)
	}
	fmt.Fprintf(&b, "tests:\n  - interval: %dm\n    input_series:\n", w.step)
	for _, c := range h.columns {
		if values := notation(c, h.gone, w); values != "" {
			// Double quotes of YAML and of PromQL escape alike.
			fmt.Fprintf(&b, "      - series: %s\n        values: %s\n", strconv.Quote(c.name+"{"+c.labels.String()+"}"), strconv.Quote(values))
		}
	}
	fmt.Fprint(&b, "    promql_expr_test:\n")
	for now := w.from; now < w.to; now += w.step {
		fmt.Fprintf(&b, "      - {expr: 'ALERTS{alertstate=\"firing\"}', eval_time: %dm}\n", now-w.begin)
	}
	if len(asks) > 0 {
		fmt.Fprint(&b, "    alert_rule_test:\n")
		for _, a := range asks {
			fmt.Fprintf(&b, "      - {alertname: %s, eval_time: %dm}\n", a.alert, a.when-w.begin)
		}
	}
	return b.String()
}

// notation is the values of a series as promtool reads them: "3x5" is 3 six times,
// "1+2x5" goes from 1 to 11. A series that is no longer scraped ends with a stale marker;
// while Prometheus does not run there is nothing. "" means no value at all.
func notation(c *column, gone []bool, w watch) string {
	var tokens []string
	some, there := false, false
	base := 0.0
	if isTimestamp(c.name) {
		base = w.begin.seconds() // promtool begins at 0
	}
	for now := w.begin; now < w.to; {
		v := c.values[now]
		if math.IsNaN(v) {
			if there && !gone[now] {
				tokens = append(tokens, "stale")
				there = false
				now += w.step
				continue
			}
			n := 0
			for now < w.to && math.IsNaN(c.values[now]) && (!there || gone[now]) {
				n++
				now += w.step
			}
			tokens = append(tokens, times("_", n))
			continue
		}
		some, there = true, true
		// As far as the values go in equal steps.
		next, n, by := now+w.step, 0, 0.0
		if next < w.to {
			by = c.values[next] - v
		}
		last := v
		for next < w.to && c.values[next]-last == by && (by == 0 || whole(v) && whole(by)) {
			last = c.values[next]
			n++
			next += w.step
		}
		switch {
		case n == 0 || by == 0 && n > 0:
			if n == 0 {
				next = now + w.step
			}
			tokens = append(tokens, steady(number(v-base), n))
		default:
			sign := "+"
			if by < 0 {
				sign = "-"
			}
			tokens = append(tokens, fmt.Sprintf("%s%s%sx%d", number(v-base), sign, number(math.Abs(by)), n))
		}
		now = next
	}
	if !some {
		return ""
	}
	return strings.Join(tokens, " ")
}

func whole(v float64) bool { return v == math.Trunc(v) && math.Abs(v) < 1<<50 }

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// steady is a value and n repetitions of it.
func steady(value string, n int) string {
	if n == 0 {
		return value
	}
	return fmt.Sprintf("%s+0x%d", value, n)
}

// times is n blanks.
func times(value string, n int) string {
	if n == 1 {
		return value
	}
	return fmt.Sprintf("%sx%d", value, n)
}

// equal reports whether two sets of labels are the same.
func equal(a, b labels) bool { return maps.Equal(a, b) }
