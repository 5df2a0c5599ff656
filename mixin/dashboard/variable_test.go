package dashboard

import (
	"encoding/json"
	"regexp"
	"strings"
)

func isVariable(s *Source) bool {
	return s != nil && s.Type == "prometheus" && (s.UID == "$datasource" || s.UID == "${datasource}")
}

func (d *Dashboard) variable(name string) *Variable {
	for _, v := range d.Templating.List {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// Whose Prometheus it is, is asked first.
func datasourceVariable(_ *facts, d *Dashboard) (found findings) {
	v := d.variable("datasource")
	if v == nil {
		found.add("there is no variable datasource")
		return found
	}
	if v.Type != "datasource" || v.Expr() != "prometheus" || v.Multi || v.IncludeAll {
		found.add("it is of type %s, lists %q, several: %v", v.Type, v.Expr(), v.Multi || v.IncludeAll)
	}
	if d.Templating.List[0] != v {
		found.add("it is not the first variable, and others depend on it")
	}
	return found
}

const (
	onTimeRangeChange = 2
	unsorted          = 0
)

// The fleet is chosen by site and target on every dashboard about targets, and
// all lists behave alike.
func variables(_ *facts, d *Dashboard) (found findings) {
	if d.Name != "exporter" {
		for _, name := range []string{"site", "target"} {
			if d.variable(name) == nil {
				found.add("there is no variable %s", name)
			}
		}
	}
	for _, v := range d.Templating.List {
		if v.Label == "" {
			found.add("%s has no label", v.Name)
		}
		if v.Type == "datasource" || v.Type == "constant" {
			continue
		}
		expr, label := v.Series()
		if v.Type != "query" || expr == "" || label == "" {
			found.add("%s does not list the values of a label of some series: %q", v.Name, v.Expr())
		}
		if v.Definition != v.Expr() {
			found.add("%s: Grafana shows %q for it", v.Name, v.Definition)
		}
		if !isVariable(v.Datasource) {
			found.add("%s has the datasource %v", v.Name, v.Datasource)
		}
		if v.Refresh != onTimeRangeChange || v.Sort == unsorted {
			found.add("%s: refresh %d, sort %d; it is read again when the time range changes, and sorted", v.Name, v.Refresh, v.Sort)
		}
		if !v.Multi || !v.IncludeAll || v.AllValue != ".*" {
			found.add("%s: multi %v, all %v with %q; several can be chosen, and All is .*", v.Name, v.Multi, v.IncludeAll, v.AllValue)
		}
	}
	return found
}

// reBuiltin are variables that Grafana fills, and groups of regular expressions.
var reBuiltin = regexp.MustCompile(`^(__\w+|\d+)$`)

// Every variable that is used exists, and the other way round.
func variablesUsed(_ *facts, d *Dashboard) (found findings) {
	used := map[string]bool{}
	for _, name := range Variables(string(d.Text)) {
		if !reBuiltin.MatchString(name) && !used[name] {
			used[name] = true
			if d.variable(name) == nil {
				found.add("$%s does not exist", name)
			}
		}
	}
	for _, v := range d.Templating.List {
		other := map[string]any{}
		if err := json.Unmarshal(d.Text, &other); err != nil {
			found.add("%v", err)
			return found
		}
		if !usedOutside(other, v.Name) {
			found.add("$%s is used nowhere", v.Name)
		}
	}
	return found
}

// usedOutside says whether a variable is used anywhere but in itself.
func usedOutside(node any, name string) bool {
	switch n := node.(type) {
	case string:
		for _, v := range Variables(n) {
			if v == name {
				return true
			}
		}
	case []any:
		for _, e := range n {
			if usedOutside(e, name) {
				return true
			}
		}
	case map[string]any:
		if n["name"] == name && n["definition"] != nil {
			return false
		}
		for _, e := range n {
			if usedOutside(e, name) {
				return true
			}
		}
	}
	return false
}

// The list of targets is that of the chosen sites.
func chained(_ *facts, d *Dashboard) (found findings) {
	if v := d.variable("target"); v != nil && d.variable("site") != nil && !strings.Contains(v.Expr(), `site=~"$site"`) {
		found.add(`the query of target lacks site=~"$site": %s`, v.Expr())
	}
	return found
}
