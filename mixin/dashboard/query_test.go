package dashboard

import (
	"regexp"
	"slices"
	"strings"

	"dataprotection_exporter/mixin/dashboard/promql"
)

// parsed is the queries of a dashboard that can be read; what cannot is found by
// seriesExist.
func (d *Dashboard) parsed() map[*Query]promql.Expr {
	all := map[*Query]promql.Expr{}
	for _, q := range d.Queries() {
		if e, err := promql.Parse(q.Expr); err == nil {
			all[&q] = e
		}
	}
	return all
}

// eachQuery visits every node of every query.
func eachQuery(d *Dashboard, visit func(q *Query, e promql.Expr, in []promql.Expr)) {
	for q, e := range d.parsed() {
		promql.Walk(e, func(e promql.Expr, in []promql.Expr) { visit(q, e, in) })
	}
}

// Queries name only what the exporter, its rules or Prometheus make.
func seriesExist(f *facts, d *Dashboard) (found findings) {
	for _, q := range d.Queries() {
		e, err := promql.Parse(q.Expr)
		if err != nil {
			found.add("%s: %v", q.Where, err)
			continue
		}
		selectors := promql.Selectors(e)
		if len(selectors) == 0 {
			found.add("%s asks for no series", q.Where)
		}
		for _, s := range selectors {
			if _, ok := f.series[s.Name]; !ok {
				found.add("%s: nothing makes %q", q.Where, s.Name)
			}
		}
	}
	return found
}

// Labels in conditions, in groupings and in matchings are there.
func labelsExist(f *facts, d *Dashboard) (found findings) {
	lacks := func(q *Query, have labels, names []string, what string) {
		for _, l := range names {
			if !have[l] {
				found.add("%s: %s has no label %s, only %s", q.Where, what, l, have)
			}
		}
	}
	eachQuery(d, func(q *Query, e promql.Expr, _ []promql.Expr) {
		switch e := e.(type) {
		case *promql.Selector:
			for _, m := range e.Matchers {
				if m.Label != "__name__" {
					lacks(q, f.series[e.Name].labels, []string{m.Label}, e.Name)
				}
			}
		case *promql.Aggregate:
			lacks(q, f.shape(e.Expr).labels, e.Labels, "what "+e.Op+" works on")
		case *promql.Binary:
			l, r := f.shape(e.Left), f.shape(e.Right)
			if l.scalar || r.scalar {
				return
			}
			if e.Matching == "on" {
				lacks(q, l.labels, e.Labels, "the left side of "+e.Op)
				lacks(q, r.labels, e.Labels, "the right side of "+e.Op)
			}
			lacks(q, l.labels.or(r.labels), e.Labels, "either side of "+e.Op)
			if e.Group == "group_right" {
				l, r = r, l
			}
			lacks(q, r.labels, e.Include, "the side of "+e.Op+" that has one of each")
		}
	})
	for _, v := range d.Templating.List {
		expr, label := v.Series()
		if e, err := promql.Parse(expr); err == nil {
			lacks(&Query{Where: "variable " + v.Name}, f.shape(e).labels, []string{label}, expr)
		}
	}
	return found
}

var rePlain = regexp.MustCompile(`^[\w-]*$`)

// Label values in conditions are declared, where they are of a closed list.
func valuesDeclared(f *facts, d *Dashboard) (found findings) {
	eachQuery(d, func(q *Query, e promql.Expr, _ []promql.Expr) {
		s, ok := e.(*promql.Selector)
		if !ok {
			return
		}
		for _, m := range s.Matchers {
			declared := f.valuesOf(s.Name, m.Label)
			if declared == nil {
				continue
			}
			for v := range strings.SplitSeq(m.Value, "|") {
				if rePlain.MatchString(v) && v != "" && !slices.Contains(declared, v) {
					found.add("%s: %s of %s is never %q", q.Where, m.Label, s.Name, v)
				}
			}
		}
	})
	return found
}

// valuesOf is the closed list of values of a label, nil when it is open. A rule
// passes on the values of what it is made from.
func (f *facts) valuesOf(name, label string) []string {
	if !strings.Contains(name, ":") {
		return f.series[name].values[label]
	}
	reached := map[string]bool{}
	f.reach(reached, name)
	var all []string
	for n := range reached {
		s := f.series[n]
		if strings.Contains(n, ":") || !s.labels[label] {
			continue
		}
		if s.values[label] == nil {
			return nil
		}
		all = append(all, s.values[label]...)
	}
	return all
}

// Panels show the chosen targets only.
func chosenOnly(f *facts, d *Dashboard) (found findings) {
	if d.variable("target") == nil {
		return nil
	}
	eachQuery(d, func(q *Query, e promql.Expr, _ []promql.Expr) {
		s, ok := e.(*promql.Selector)
		if !ok || q.Variable != nil {
			return
		}
		has := f.series[s.Name]
		want := map[string]string{}
		switch {
		case has.target && has.labels["instance"]:
			want["instance"] = "target"
			if !strings.HasPrefix(s.Name, "ALERTS") { // alerts leave the site behind
				want["site"] = "site"
			}
		case !has.target:
			if d.variable("exporter") != nil {
				want["instance"] = "exporter"
			}
			want["target"] = "target"
		}
		for label, variable := range want {
			m, _ := s.Matcher(label)
			if has.labels[label] && (m.Op != "=~" || m.Value != "$"+variable) {
				found.add(`%s: %s lacks %s=~"$%s"`, q.Where, s.Name, label, variable)
			}
		}
	})
	return found
}

// What counters can be asked. Their values mean little, because they start anew.
var counterFunctions = []string{
	"rate", "irate", "increase", "changes", "resets", "timestamp", "absent", "absent_over_time", "count_over_time", "present_over_time",
}

func counters(f *facts, d *Dashboard) (found findings) {
	eachQuery(d, func(q *Query, e promql.Expr, in []promql.Expr) {
		s, ok := e.(*promql.Selector)
		if !ok || q.Variable != nil {
			return
		}
		asked := ""
		if len(in) > 0 {
			if c, ok := in[len(in)-1].(*promql.Call); ok {
				asked = c.Func
			}
		}
		isRate := slices.Contains([]string{"rate", "irate", "increase"}, asked)
		switch counter := f.series[s.Name].counter; {
		case counter && !slices.Contains(counterFunctions, asked):
			found.add("%s: %s is a counter and stands bare or in %s()", q.Where, s.Name, asked)
		case !counter && isRate:
			found.add("%s: %s is no counter and stands in %s()", q.Where, s.Name, asked)
		}
	})
	return found
}

// Rates fit the time range and the scrape interval of the reader.
func rateIntervals(_ *facts, d *Dashboard) (found findings) {
	eachQuery(d, func(q *Query, e promql.Expr, _ []promql.Expr) {
		c, ok := e.(*promql.Call)
		if !ok || !slices.Contains([]string{"rate", "irate", "increase"}, c.Func) || len(c.Args) != 1 {
			return
		}
		if s, ok := c.Args[0].(*promql.Selector); ok && s.Range != "$__rate_interval" && s.Range != "$__range" {
			found.add("%s: %s over [%s], not [$__rate_interval] or [$__range]", q.Where, c.Func, s.Range)
		}
	})
	return found
}

// The first of a moment change from step to step, so that a graph of them holds
// far more than it says; a range for all steps keeps them.
func topk(_ *facts, d *Dashboard) (found findings) {
	eachQuery(d, func(q *Query, e promql.Expr, _ []promql.Expr) {
		if a, ok := e.(*promql.Aggregate); ok && (a.Op == "topk" || a.Op == "bottomk") && !q.Single() && !strings.Contains(q.Expr, "$__range") {
			found.add("%s: %s at every step of a range", q.Where, a.Op)
		}
	})
	return found
}

var (
	reLegendLabel = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)
	reMetricName  = regexp.MustCompile(`^[a-z]+[_:][a-z_:]+`)
)

// Legends say which thing a line is in words, by labels that are there.
func legends(f *facts, d *Dashboard) (found findings) {
	for q, e := range d.parsed() {
		if q.Target == nil || q.Panel.Type == "table" {
			continue
		}
		s, legend := f.shape(e), q.Target.LegendFormat
		automatic := legend == "" || legend == "__auto"
		needless := len(q.Panel.Targets) == 1 && len(s.labels) == 0 && kinds[q.Panel.Type] == "moment"
		if automatic && !needless {
			found.add("%s has no legend", q.Where)
		}
		if reMetricName.MatchString(legend) && f.series[reMetricName.FindString(legend)].labels != nil {
			found.add("%s: the legend %q begins with a metric's name", q.Where, legend)
		}
		for _, m := range reLegendLabel.FindAllStringSubmatch(legend, -1) {
			if !s.labels[m[1]] {
				found.add("%s: the legend %q names %s; there are %s", q.Where, legend, m[1], s.labels)
			}
		}
		if len(s.labels) > 0 && !automatic && !reLegendLabel.MatchString(legend) {
			found.add("%s: the legend %q is the same for every series", q.Where, legend)
		}
	}
	return found
}
