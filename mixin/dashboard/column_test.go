package dashboard

import (
	"encoding/json"
	"maps"
	"slices"

	"dataprotection_exporter/mixin/dashboard/promql"
)

// organize is what the transformations of a table do with its fields.
type organize struct {
	// only are the fields that stay, when not empty.
	only    []string
	exclude map[string]bool
	index   map[string]int
	rename  map[string]string
	merged  bool
}

func (p *Panel) organized() organize {
	o := organize{exclude: map[string]bool{}, index: map[string]int{}, rename: map[string]string{}}
	for _, t := range p.Transformations {
		var options struct {
			Include                struct{ Names []string }
			ExcludeByName          map[string]bool
			IndexByName            map[string]int
			RenameByName           map[string]string
			Fields                 map[string]json.RawMessage
			ByField, Mode, Reducer string
		}
		_ = json.Unmarshal(t.Options, &options) // of another kind: it says nothing of names
		switch t.ID {
		case "merge", "joinByField":
			o.merged = true
		case "filterFieldsByName":
			o.only = options.Include.Names
		case "organize":
			maps.Copy(o.exclude, options.ExcludeByName)
			maps.Copy(o.index, options.IndexByName)
			maps.Copy(o.rename, options.RenameByName)
		}
	}
	return o
}

// shown is the title of a field, "" when it is left out.
func (o organize) shown(field string) string {
	if o.exclude[field] || (len(o.only) > 0 && !slices.Contains(o.only, field)) {
		return ""
	}
	if title := o.rename[field]; title != "" {
		return title
	}
	return field
}

// valueField is the field that holds the numbers of a query in a table.
func (p *Panel) valueField(t *Target) string {
	if len(p.Targets) == 1 {
		return "Value"
	}
	return "Value #" + t.RefID
}

// Tables name fields that are there, and what is said of a column has one.
func columns(f *facts, d *Dashboard) (found findings) {
	for _, p := range d.All() {
		if p.Type != "table" {
			continue
		}
		fields := setOf([]string{"Time"})
		for _, t := range p.Targets {
			if e, err := promql.Parse(t.Expr); err == nil {
				fields = fields.or(f.shape(e).labels)
			}
			fields.add(p.valueField(t))
		}
		o := p.organized()
		if len(p.Targets) > 1 && !o.merged {
			found.add("panel %q shows one of its %d queries at a time: nothing merges them", p.Title, len(p.Targets))
		}
		for _, names := range [][]string{
			o.only, slices.Collect(maps.Keys(o.exclude)), slices.Collect(maps.Keys(o.index)), slices.Collect(maps.Keys(o.rename)),
		} {
			for _, name := range names {
				if !fields[name] {
					found.add("panel %q has no field %q, only %s", p.Title, name, fields)
				}
			}
		}
		titles := labels{}
		for field := range fields {
			if title := o.shown(field); title != "" {
				if titles[title] {
					found.add("panel %q has two columns %q", p.Title, title)
				}
				titles.add(title)
			}
		}
		for _, name := range p.namedColumns() {
			if !titles[name] {
				found.add("panel %q has no column %q, only %s", p.Title, name, titles)
			}
		}
	}
	return found
}

// namedColumns are the columns that overrides and the sorting name.
func (p *Panel) namedColumns() []string {
	var names []string
	for _, o := range p.FieldConfig.Overrides {
		if name, ok := o.Matcher.Options.(string); ok && o.Matcher.ID == "byName" {
			names = append(names, name)
		}
	}
	sorted, _ := p.Options["sortBy"].([]any)
	for _, s := range sorted {
		if by, ok := s.(map[string]any); ok {
			if name, ok := by["displayName"].(string); ok {
				names = append(names, name)
			}
		}
	}
	return names
}
