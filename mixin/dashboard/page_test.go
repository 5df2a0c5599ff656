package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"dataprotection_exporter/mixin/dashboard/promql"
)

// A dashboard has the uid that links use, and Grafana's number is not kept.
func uid(f *facts, d *Dashboard) (found findings) {
	if f.ids[d.Name] == "" || d.UID != f.ids[d.Name] {
		found.add("uid %q; dashboardIDs says %q", d.UID, f.ids[d.Name])
	}
	if d.ID != nil {
		found.add("id %d; it must be null", *d.ID)
	}
	return found
}

// schemaVersion is what Grafana 9.3 loads without a migration.
const schemaVersion = 37

func schema(_ *facts, d *Dashboard) (found findings) {
	if d.SchemaVersion != schemaVersion {
		found.add("schemaVersion %d, not %d", d.SchemaVersion, schemaVersion)
	}
	if d.Editable == nil || *d.Editable {
		found.add("it is editable; changes would be lost at the next provisioning")
	}
	return found
}

// Keys are sorted, so that differences between versions are small.
func keysSorted(_ *facts, d *Dashboard) (found findings) {
	dec := json.NewDecoder(bytes.NewReader(d.Text))
	type level struct {
		object, value bool
		last          string
	}
	var open []*level
	for {
		token, err := dec.Token()
		if err != nil {
			return found
		}
		top := &level{}
		if len(open) > 0 {
			top = open[len(open)-1]
		}
		if key, ok := token.(string); ok && top.object && !top.value {
			if key <= top.last && top.last != "" {
				found.add("key %q stands behind %q", key, top.last)
			}
			top.last, top.value = key, true
			continue
		}
		top.value = false
		switch token {
		case json.Delim('{'):
			open = append(open, &level{object: true})
		case json.Delim('['):
			open = append(open, &level{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
	}
}

// shortestRefresh keeps dashboards that stay open from loading Prometheus.
const shortestRefresh = 30 * time.Second

func page(_ *facts, d *Dashboard) (found findings) {
	if d.Title == "" || !strings.HasSuffix(d.Description, ".") {
		found.add("title %q, description %q: it needs both, the second as a sentence", d.Title, d.Description)
	}
	if !slices.Contains(d.Tags, "dataprotection") {
		found.add("tags %v lack dataprotection, by which dashboards find each other", d.Tags)
	}
	if d.Timezone != "browser" && d.Timezone != "" {
		found.add("time zone %q is not the reader's", d.Timezone)
	}
	if d.Refresh != "" {
		if every, err := time.ParseDuration(d.Refresh); err != nil || every < shortestRefresh {
			found.add("refresh %q; off or at least %s", d.Refresh, shortestRefresh)
		}
	}
	if !strings.HasPrefix(d.Time.From, "now-") || d.Time.To != "now" {
		found.add("time range from %q to %q; it must end now", d.Time.From, d.Time.To)
	}
	return found
}

// The panels mark when alerts fired.
func alertsMarked(_ *facts, d *Dashboard) (found findings) {
	marked := false
	for _, a := range d.Annotations.List {
		if a.Datasource != nil && a.Datasource.UID == "grafana" || a.Expr == "" { // built in
			continue
		}
		if !isVariable(a.Datasource) {
			found.add("annotation %q has the datasource %v", a.Name, a.Datasource)
		}
		if a.TitleFormat == "" {
			found.add("annotation %q has no title", a.Name)
		}
		e, err := promql.Parse(a.Expr)
		if err != nil {
			found.add("annotation %q: %v", a.Name, err)
			continue
		}
		for _, s := range promql.Selectors(e) {
			if state, _ := s.Matcher("alertstate"); s.Name == "ALERTS" && state.Value == "firing" && a.Enable {
				marked = true
			}
		}
	}
	if !marked {
		found.add("no annotation marks when ALERTS fire")
	}
	return found
}

// placedLink is a link and where it is.
type placedLink struct {
	Link
	where string
}

// allLinks is every link of a dashboard.
func (d *Dashboard) allLinks() []placedLink {
	var all []placedLink
	add := func(where string, ls ...Link) {
		for _, l := range ls {
			all = append(all, placedLink{l, where})
		}
	}
	add("the dashboard", d.Links...)
	for _, p := range d.All() {
		where := fmt.Sprintf("panel %q", p.Title)
		add(where, p.Links...)
		add(where, p.FieldConfig.Defaults.Links...)
		for _, o := range p.FieldConfig.Overrides {
			for _, property := range o.Properties {
				var ls []Link
				if property.ID == "links" && json.Unmarshal(property.Value, &ls) == nil {
					add(where, ls...)
				}
			}
		}
	}
	return all
}

// Links lead to dashboards and pages that exist, and set variables that exist.
func links(f *facts, d *Dashboard) (found findings) {
	for _, l := range d.allLinks() {
		if l.Title == "" {
			found.add("%s: a link without a title", l.where)
		}
		if l.Type == "dashboards" {
			for _, tag := range l.Tags {
				if !slices.ContainsFunc(f.dashboards, func(o *Dashboard) bool { return slices.Contains(o.Tags, tag) }) {
					found.add("%s: no dashboard has the tag %q", l.where, tag)
				}
			}
			continue
		}
		if problem := f.leads(l.URL); problem != "" {
			found.add("%s: link %q to %s: %s", l.where, l.Title, l.URL, problem)
		}
	}
	return found
}

// leads says why an address leads nowhere, or "".
func (f *facts) leads(address string) string {
	if page, ok := strings.CutPrefix(address, f.config.ExporterURL); ok {
		return f.exporterPage(page)
	}
	path, ok := strings.CutPrefix(strings.TrimPrefix(address, f.config.GrafanaURL), "/d/")
	if !ok {
		return "neither a dashboard nor the exporter"
	}
	uid, query, _ := strings.Cut(path, "?")
	uid, _, _ = strings.Cut(uid, "/")
	if strings.Contains(uid, "${") { // the row says which
		return ""
	}
	i := slices.IndexFunc(f.dashboards, func(d *Dashboard) bool { return d.UID == uid })
	if i < 0 {
		return "no dashboard has this uid"
	}
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		name, isVar := strings.CutPrefix(name, "var-")
		if isVar && !slices.ContainsFunc(f.dashboards[i].Templating.List, func(v *Variable) bool { return v.Name == name }) {
			return "that dashboard has no variable " + name
		}
	}
	return ""
}

func (f *facts) exporterPage(page string) string {
	page, _, _ = strings.Cut(page, "?")
	page, _, _ = strings.Cut(page, "#")
	if alert, ok := strings.CutPrefix(page, "/runbooks/"); ok {
		if name, err := url.PathUnescape(alert); err == nil && (f.alerts[name] || strings.HasPrefix(name, "${__")) {
			return ""
		}
		return "no alert has this runbook"
	}
	if slices.Contains([]string{"", "/", "/targets", "/runbooks", "/metrics"}, page) {
		return ""
	}
	return "the exporter has no such page"
}
