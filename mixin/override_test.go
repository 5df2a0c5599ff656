package mixin

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-jsonnet"
)

// render evaluates the rules and dashboards with a changed configuration.
func render(t *testing.T, changed map[string]any) (rules map[string][]group, dashboards string) {
	t.Helper()
	text, err := json.Marshal(changed)
	if err != nil {
		t.Fatal(err)
	}
	vm := jsonnet.MakeVM()
	out, err := vm.EvaluateAnonymousSnippet("override.jsonnet", fmt.Sprintf(`
		local mixin = (import 'mixin.libsonnet') + { _config+:: %s };
		{
			rules: { [s]: mixin._systems[s].rules + mixin._systems[s].alerts for s in std.objectFields(mixin._systems) },
			dashboards: std.manifestJsonMinified(mixin.grafanaDashboards),
		}
	`, text))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rules      map[string][]group
		Dashboards string
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	return got.Rules, got.Dashboards
}

func configuration(t *testing.T) map[string]any {
	t.Helper()
	out, err := jsonnet.MakeVM().EvaluateAnonymousSnippet("config.jsonnet", `(import 'config.libsonnet')._config`)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

var reDuration = regexp.MustCompile(`^\d+[smhdwy]$`)

// otherValue is a value of the same kind that stands nowhere else.
func otherValue(key string, n int, value any) any {
	switch v := value.(type) {
	case map[string]any:
		other := map[string]any{}
		for i, k := range slices.Sorted(maps.Keys(v)) {
			other[k] = otherValue(k, 1000*n+i, v[k])
		}
		return other
	case float64:
		if v > 0 && v < 1 {
			return 0.21 + float64(n)/100000
		}
		return 81000 + n
	case string:
		switch {
		case reDuration.MatchString(v):
			return fmt.Sprintf("7%04ds", n)
		case strings.HasSuffix(key, "Selector"):
			return fmt.Sprintf(`other%d="selector"`, n)
		}
		return fmt.Sprintf("other%d", n)
	}
	panic(fmt.Sprintf("%s: no other value for %v", key, value))
}

// override is every value of _config replaced, and what is rendered then. What
// Kubernetes needs is tested with its manifests.
type override struct {
	old, other map[string]any
	rules      map[string][]group
	dashboards string
}

// overridden renders once for all tests: it takes seconds.
func overridden(t *testing.T) override {
	t.Helper()
	once.Do(func() {
		o := override{old: configuration(t), other: map[string]any{}}
		delete(o.old, "kubernetes")
		for n, k := range slices.Sorted(maps.Keys(o.old)) {
			o.other[k] = otherValue(k, n, o.old[k])
		}
		o.rules, o.dashboards = render(t, o.other)
		shared = &o
	})
	if shared == nil {
		t.Fatal("the mixin does not render with other values; see the test before")
	}
	return *shared
}

var (
	once   sync.Once
	shared *override
)

// TestConfigIsDocumented wants a comment at every key, or at the first of a few
// that belong together.
func TestConfigIsDocumented(t *testing.T) {
	text, err := os.ReadFile("config.libsonnet")
	if err != nil {
		t.Fatal(err)
	}
	var want func(in string, values map[string]any)
	seen := map[string]bool{}
	reKey := regexp.MustCompile(`^(    |      )(\w+): `)
	lines, outer := strings.Split(string(text), "\n"), ""
	for n, line := range lines {
		m := reKey.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name := m[2]
		if len(m[1]) == 4 {
			outer = name
		} else {
			name = outer + "." + name
		}
		seen[name] = true
		for n--; n >= 0; n-- {
			above := strings.TrimSpace(lines[n])
			if above == "" || strings.HasPrefix(above, "// ---") {
				t.Errorf("%s has no comment", name)
				break
			}
			if strings.HasPrefix(above, "//") {
				break
			}
		}
	}
	want = func(in string, values map[string]any) {
		for k, v := range values {
			if !seen[in+k] {
				t.Errorf("%s%s is not written as this test reads keys", in, k)
			}
			if inner, ok := v.(map[string]any); ok && in == "" {
				want(k+".", inner)
			}
		}
	}
	want("", configuration(t))
}

// percent is a ratio as descriptions show it.
func percent(ratio float64) string { return strconv.FormatFloat(100*ratio, 'g', 6, 64) + " %" }

// printed is a value as rules and dashboards show it.
func printed(value any) []string {
	switch v := value.(type) {
	case map[string]any:
		var all []string
		for _, inner := range v {
			all = append(all, printed(inner)...)
		}
		return all
	case float64:
		return []string{strconv.FormatFloat(v, 'g', 6, 64)}
	case int:
		return []string{strconv.Itoa(v)}
	}
	return []string{value.(string)}
}

// TestConfigIsUsed changes every key and looks for the new value. A key that
// changes nothing is dead.
func TestConfigIsUsed(t *testing.T) {
	o := overridden(t)
	old, other := o.old, o.other
	whole := texts(t, o.rules, o.dashboards)
	stands := func(value string) bool {
		return slices.ContainsFunc(whole, func(text string) bool { return strings.Contains(text, value) })
	}
	var calculated []string
	for _, key := range slices.Sorted(maps.Keys(other)) {
		for _, value := range printed(other[key]) {
			ratio, isRatio := other[key].(float64)
			if !stands(value) && !(isRatio && stands(percent(ratio))) {
				calculated = append(calculated, key)
			}
		}
	}
	if len(calculated) == 0 {
		return
	}
	// What is used in a calculation only: the result must change.
	rules, dashboards := render(t, map[string]any{})
	before := texts(t, rules, dashboards)
	for _, key := range calculated {
		rules, dashboards := render(t, map[string]any{key: other[key]})
		if slices.Equal(texts(t, rules, dashboards), before) {
			t.Errorf("%s is dead: %v instead of %v changes nothing", key, other[key], old[key])
		}
	}
}

// texts is everything that people and Prometheus read in rules and dashboards.
func texts(t *testing.T, rules map[string][]group, dashboards string) []string {
	t.Helper()
	all := []string{}
	for _, system := range slices.Sorted(maps.Keys(rules)) {
		for _, g := range rules[system] {
			for _, r := range g.Rules {
				all = append(all, r.Expr, r.For)
				for _, name := range slices.Sorted(maps.Keys(r.Annotations)) {
					all = append(all, r.Annotations[name])
				}
			}
		}
	}
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			all = append(all, v)
		case float64:
			all = append(all, printed(v)...)
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(v[k])
			}
		}
	}
	var content any
	if err := json.Unmarshal([]byte(dashboards), &content); err != nil {
		t.Fatal(err)
	}
	walk(content)
	return all
}

// fixed is the windows and numbers that are no thresholds and stand in the rules
// whatever is configured, with the reason.
var fixed = map[string]string{
	"1h":         "a reading of about a step ago",
	"6h":         "a reading of about the minimum ago",
	"0":          "nothing, never, not",
	"1":          "yes, one",
	"0.5":        "the quantile that is the median",
	"2":          "the severity warning",
	"3":          "the severity critical",
	"5 minutes":  "by which clocks may differ in Kerberos",
	"10 seconds": "for which Windows trusts its directory cache",
	"24 hours":   "the window of ntfrs_events_recent",
	"90 %":       "of its staging space, where FRS itself purges",
}

var (
	reString     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`)
	reComment    = regexp.MustCompile(`#.*`)
	reLookback   = regexp.MustCompile(`\[(\d\w*)(?::(\d\w*)?)?\]|\boffset (\d\w*)`)
	reNumber     = regexp.MustCompile(`(?:^|[^\w.$\[:])(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?:$|[^\w.:])`)
	reAnswerOf   = regexp.MustCompile("`[^`]*`")
	reAction     = regexp.MustCompile(`\{\{.*?\}\}`)
	reMeasure    = regexp.MustCompile(`\b\d+(?:\.\d+)?(?:[smhdw]\b| ?%| (?:seconds?|minutes?|hours?|days?|weeks?)\b)`)
	reWrittenOut = regexp.MustCompile(`(?i)\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty) (?:seconds|minutes|hours|days|weeks)\b`)
)

// TestNothingIsHardCoded changes every value of the configuration. What is then
// still a window, a threshold or a selector in the rules was written by hand.
func TestNothingIsHardCoded(t *testing.T) {
	o := overridden(t)
	old, other := o.old, o.other
	used := map[string]bool{}
	isNew := map[string]bool{}
	for _, value := range other {
		for _, p := range printed(value) {
			isNew[p] = true
		}
		if ratio, ok := value.(float64); ok {
			isNew[percent(ratio)] = true
		}
	}
	for _, share := range []string{"avamarCapacityWarning", "avamarCapacityCritical"} {
		isNew[strconv.FormatFloat(other["avamarNodeFullRatio"].(float64)*other[share].(float64), 'g', 4, 64)] = true
	}
	check := func(where, literal string) {
		t.Helper()
		if _, ok := fixed[literal]; ok {
			used[literal] = true
		} else if !isNew[literal] {
			t.Errorf("%s: %s is not from the configuration", where, literal)
		}
	}
	query := func(where, expr string) {
		t.Helper()
		expr = reString.ReplaceAllString(reComment.ReplaceAllString(expr, ""), `""`)
		for _, m := range reLookback.FindAllStringSubmatch(expr, -1) {
			for _, literal := range m[1:] {
				if literal != "" {
					check(where, literal)
				}
			}
		}
	}
	for _, gs := range o.rules {
		for _, g := range gs {
			for _, r := range g.Rules {
				name := r.Alert + r.Record
				if r.For != "" {
					check(name+" for", r.For)
				}
				query(name, r.Expr)
				bare := reLookback.ReplaceAllString(reString.ReplaceAllString(reComment.ReplaceAllString(r.Expr, ""), `""`), "")
				for _, m := range reNumber.FindAllStringSubmatch(bare, -1) {
					// A state is recorded as its place in a list.
					if !strings.Contains(r.Record, "_state:") || len(m[1]) > 1 {
						check(name, m[1])
					}
				}
				for key, text := range r.Annotations {
					for _, q := range reAnswerOf.FindAllString(text, -1) {
						// "Last reading ..., none within a day": how far back a description looks.
						query(name+" "+key, strings.ReplaceAll(q, "[1d:1m]", ""))
					}
					prose := reAction.ReplaceAllString(text, "")
					for _, re := range []*regexp.Regexp{reMeasure, reWrittenOut} {
						for _, measure := range re.FindAllString(prose, -1) {
							check(name+" "+key, measure)
						}
					}
				}
			}
		}
	}

	// Values that nothing else would have.
	for _, text := range texts(t, o.rules, o.dashboards) {
		for key, value := range old {
			for _, p := range printed(value) {
				distinctive := strings.HasSuffix(key, "Selector") && p != "" || strings.HasSuffix(key, "URL") || key == "dashboardIDs" || strings.Contains(p, "|")
				if distinctive && strings.Contains(text, p) && !isOwnLabel(text, p) {
					t.Errorf("%s is overridden, and its old value %s is still in %.300q", key, p, text)
				}
			}
		}
	}
	for literal := range fixed {
		if !used[literal] {
			t.Errorf("no rule has %s any more: take it out of this test", literal)
		}
	}
}

// isOwnLabel says whether a text selects alerts by the label `system` that they
// have themselves.
func isOwnLabel(text, selector string) bool {
	rest := regexp.MustCompile(`ALERTS(?:_FOR_STATE)?\{[^}]*\}`).ReplaceAllString(text, "")
	return !strings.Contains(rest, selector)
}
