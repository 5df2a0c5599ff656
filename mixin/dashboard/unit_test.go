package dashboard

import (
	"encoding/json"
	"slices"
	"strings"
)

// unitsFor are Grafana's units by what a query measures.
var unitsFor = map[string][]string{
	"moment in ms": {
		"dateTimeFromNow", "dateTimeAsIso", "dateTimeAsIsoNoDateIfToday", "dateTimeAsLocal", "dateTimeAsLocalNoDateIfToday", "dateTimeAsSystem",
		"dateTimeAsUS", "dateTimeAsUSNoDateIfToday",
	},
	"moment in s": nil, // times 1000, please
	"s":           {"s", "dtdurations", "dthms"},
	"ms":          {"ms", "dtdurationms"},
	"bytes":       {"bytes", "decbytes"},
	"bytes per s": {"binBps", "Bps"},
	"per s":       {"cps", "ops", "reqps", "rps", "wps", "iops", "mps"},
	"ratio":       {"percentunit"},
	"number":      {"short", "none", "locale", "sishort", "bool", "bool_yes_no", "bool_on_off"},
}

// field is what a panel says about the numbers of one query.
type field struct {
	unit     string
	min, max *float64
	mappings []Mapping
	hidden   bool
}

// fieldOf follows overrides, columns and their titles.
func (p *Panel) fieldOf(t *Target) field {
	d := p.FieldConfig.Defaults
	f := field{unit: d.Unit, min: d.Min, max: d.Max, mappings: d.Mappings}
	name := t.LegendFormat
	if p.Type == "table" {
		name = p.organized().shown(p.valueField(t))
		f.hidden = name == ""
	}
	for _, o := range p.FieldConfig.Overrides {
		option, _ := o.Matcher.Options.(string)
		named, numbered := o.Matcher.ID == "byName" && option == name, o.Matcher.ID == "byFrameRefID" && option == t.RefID
		if !named && !numbered {
			continue
		}
		for _, property := range o.Properties {
			switch property.ID {
			case "unit":
				_ = json.Unmarshal(property.Value, &f.unit)
			case "min":
				_ = json.Unmarshal(property.Value, &f.min)
			case "max":
				_ = json.Unmarshal(property.Value, &f.max)
			case "mappings":
				f.mappings = nil
				_ = json.Unmarshal(property.Value, &f.mappings)
			case "custom.hidden":
				f.hidden = f.hidden || string(property.Value) == "true"
			}
		}
	}
	return f
}

// mappingsOf is the words for the values of a column.
func (p *Panel) mappingsOf(column string) []Mapping {
	list := p.FieldConfig.Defaults.Mappings
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if o.Matcher.ID == "byName" && o.Matcher.Options == column && property.ID == "mappings" {
				list = nil
				_ = json.Unmarshal(property.Value, &list)
			}
		}
	}
	return list
}

// The unit of a panel is that of its numbers, whatever the panel, whatever the
// dashboard. Numbers that have a word each need none.
func units(f *facts, d *Dashboard) (found findings) {
	for q, e := range d.parsed() {
		if q.Target == nil || kinds[q.Panel.Type] == "" {
			continue
		}
		measured, shown := f.shape(e).unit, q.Panel.fieldOf(q.Target)
		allowed, decided := unitsFor[measured.String()]
		switch {
		case shown.hidden:
		case len(shown.mappings) > 0 && measured.plain() && (shown.unit == "" || shown.unit == "none"):
		case measured.plain() && strings.HasPrefix(shown.unit, "suffix:"):
		case measured.plain() && q.Panel.Type == "table" && shown.unit == "": // a plain number in a column with a title
		case !decided && isUnit(shown.unit):
		case !slices.Contains(allowed, shown.unit):
			found.add("%s: it measures %s and is shown as %q; one of %v fits", q.Where, measured, shown.unit, allowed)
		}
	}
	return found
}

func isUnit(u string) bool {
	for _, list := range unitsFor {
		if slices.Contains(list, u) {
			return true
		}
	}
	return false
}

// Shares are drawn from 0 to 1. Where more than 1 is possible there is no upper
// end, and a line at 1 shows where all is used up.
func shares(_ *facts, d *Dashboard) (found findings) {
	for _, p := range d.All() {
		if !slices.Contains([]string{"timeseries", "gauge", "bargauge"}, p.Type) {
			continue
		}
		for _, t := range p.Targets {
			s := p.fieldOf(t)
			if s.unit != "percentunit" {
				continue
			}
			if s.min == nil || *s.min != 0 {
				found.add("panel %q, query %s: a share that does not begin at 0", p.Title, t.RefID)
			}
			if s.max == nil && !slices.Contains(p.Thresholds(), 1) || s.max != nil && *s.max != 1 {
				found.add("panel %q, query %s: a share that does not end at 1 and has no threshold there", p.Title, t.RefID)
			}
		}
	}
	return found
}
