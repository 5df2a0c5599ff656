package dashboard

import (
	"fmt"
	"regexp"
	"strings"
)

// Query is one query of a dashboard, of a panel or of what stands around them.
type Query struct {
	Dashboard *Dashboard
	// Panel and Target are nil outside of panels.
	Panel  *Panel
	Target *Target
	// Variable is the one whose values the query finds, nil elsewhere.
	Variable *Variable
	// Where says in words whose it is.
	Where string
	Expr  string
}

// String names the query.
func (q Query) String() string { return fmt.Sprintf("%s: %s", q.Dashboard.Name, q.Where) }

// Single says whether the panel shows one moment and not the time range.
func (q Query) Single() bool { return q.Target != nil && q.Target.Instant && !q.Target.Range }

// Queries is every query of the panels, the annotations and the variables. Where
// a variable lists the values of a label, it is the query of their series.
func (d *Dashboard) Queries() []Query {
	var all []Query
	for _, p := range d.All() {
		for _, t := range p.Targets {
			all = append(all, Query{Dashboard: d, Panel: p, Target: t, Where: fmt.Sprintf("panel %q, query %s", p.Title, t.RefID), Expr: t.Expr})
		}
	}
	for _, a := range d.Annotations.List {
		if a.Expr != "" {
			all = append(all, Query{Dashboard: d, Where: fmt.Sprintf("annotation %q", a.Name), Expr: a.Expr})
		}
	}
	for _, v := range d.Templating.List {
		if expr, _ := v.Series(); expr != "" {
			all = append(all, Query{Dashboard: d, Variable: v, Where: fmt.Sprintf("variable %q", v.Name), Expr: expr})
		}
	}
	return all
}

var (
	reLabelValues = regexp.MustCompile(`(?s)^\s*label_values\((?:(.+),)?\s*(\w+)\s*\)\s*$`)
	reQueryResult = regexp.MustCompile(`(?s)^\s*query_result\((.+)\)\s*$`)
)

// Series is the query in a variable's query, and the label it lists.
func (v *Variable) Series() (expr, label string) {
	if v.Type != "query" {
		return "", ""
	}
	if m := reLabelValues.FindStringSubmatch(v.Expr()); m != nil {
		return strings.TrimSpace(m[1]), m[2]
	}
	if m := reQueryResult.FindStringSubmatch(v.Expr()); m != nil {
		return m[1], ""
	}
	return "", ""
}

// reVariable finds a variable in each of Grafana's notations.
var reVariable = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?:[:.][^}]*)?\}|\[\[(\w+)(?::[^\]]*)?\]\]`)

// Variables is the names of the variables a text uses.
func Variables(text string) []string {
	var names []string
	for _, m := range reVariable.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1]+m[2]+m[3])
	}
	return names
}

// Expand puts values in the place of variables. Those without a value stay.
func Expand(text string, values map[string]string) string {
	return reVariable.ReplaceAllStringFunc(text, func(found string) string {
		if value, ok := values[Variables(found)[0]]; ok {
			return value
		}
		return found
	})
}
