package dashboard

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dataprotection_exporter/mixin/dashboard/promql"
)

// palette is every colour that may be fixed in a dashboard, as in
// mixin/lib/palette.libsonnet: those of Okabe and Ito, which people with any kind
// of colour blindness tell apart, and a grey for what is not known.
var palette = map[string]string{
	"bluish green": "#009E73", "sky blue": "#56B4E9", "orange": "#E69F00", "vermillion": "#D55E00",
	"blue": "#0072B2", "reddish purple": "#CC79A7", "yellow": "#F0E442", "grey": "#999999",
}

// modes are how Grafana 9.3 may choose colours. It has no palette-classic-by-name
// yet, and its scales from green to red look all the same to many.
var modes = []string{"fixed", "thresholds", "shades", "palette-classic", "continuous-blues", "continuous-purples", "continuous-BlPu"}

func colours(_ *facts, d *Dashboard) (found findings) {
	allowed := slices.Collect(maps.Values(palette))
	var visit func(key string, node any)
	visit = func(key string, node any) {
		switch n := node.(type) {
		case string:
			if slices.Contains([]string{"color", "fixedColor", "iconColor"}, key) && n != "transparent" && !slices.Contains(allowed, n) {
				found.add("the %s %q is not in the palette", key, n)
			}
		case []any:
			for _, e := range n {
				visit(key, e)
			}
		case map[string]any:
			if n["id"] == "color" {
				visit("color", n["value"])
			}
			for k, e := range n {
				if mode, ok := e.(string); ok && key == "color" && k == "mode" && !slices.Contains(modes, mode) {
					found.add("the colour mode %q", mode)
				}
				visit(k, e)
			}
		}
	}
	var all any
	if err := json.Unmarshal(d.Text, &all); err != nil {
		found.add("%v", err)
	}
	visit("", all)
	return found
}

// A colour says nothing that is not written beside it: every value that gets a
// colour by itself gets a word, different colours get different words, and panels
// do not hide the words.
func wordsBesideColours(_ *facts, d *Dashboard) (found findings) {
	for _, p := range d.All() {
		if p.Options["textMode"] == "none" || p.Options["showValue"] == "never" {
			found.add("panel %q hides its words", p.Title)
		}
		if p.Type == "state-timeline" && len(p.FieldConfig.Defaults.Mappings) == 0 {
			found.add("panel %q shows states without words", p.Title)
		}
		lists := [][]Mapping{p.FieldConfig.Defaults.Mappings}
		for _, o := range p.FieldConfig.Overrides {
			for _, property := range o.Properties {
				var list []Mapping
				if property.ID == "mappings" && json.Unmarshal(property.Value, &list) == nil {
					lists = append(lists, list)
				}
			}
		}
		for _, list := range lists {
			mapped(&found, p, list)
		}
	}
	return found
}

func mapped(found *findings, p *Panel, list []Mapping) {
	type look struct{ Text, Color string }
	colorOf := map[string]string{}
	for _, m := range list {
		var results []look
		var one struct{ Result look }
		var many map[string]look
		if m.Type == "value" {
			if err := json.Unmarshal(m.Options, &many); err != nil {
				found.add("panel %q: %v", p.Title, err)
			}
			results = slices.Collect(maps.Values(many))
		} else {
			if err := json.Unmarshal(m.Options, &one); err != nil {
				found.add("panel %q: %v", p.Title, err)
			}
			results = []look{one.Result}
		}
		for _, r := range results {
			if strings.TrimSpace(r.Text) == "" {
				found.add("panel %q: a value has the colour %q and no word", p.Title, r.Color)
			}
			if other, ok := colorOf[r.Text]; ok && other != r.Color {
				found.add("panel %q: %q has two colours, %q and %q", p.Title, r.Text, other, r.Color)
			}
			colorOf[r.Text] = r.Color
		}
	}
}

// valued is the values that a list of mappings has a word for, and whether it is
// only about single values.
func valued(list []Mapping) (values labels, only bool) {
	values, only = labels{}, true
	for _, m := range list {
		var options map[string]json.RawMessage
		if m.Type == "value" && json.Unmarshal(m.Options, &options) == nil {
			values.add(slices.Collect(maps.Keys(options))...)
		} else if m.Type != "special" {
			only = false
		}
	}
	return values, only
}

// Where values get words, every value that can come has one: the declared values
// of labels in columns, and 0 and 1 of flags.
func everyValueHasItsWord(f *facts, d *Dashboard) (found findings) {
	for q, e := range d.parsed() {
		if q.Target == nil {
			continue
		}
		if list := q.Panel.fieldOf(q.Target).mappings; len(list) > 0 && f.shape(e).unit.flag && !filtered(e) {
			if values, only := valued(list); only && len(setOf([]string{"0", "1"}).minus(values)) > 0 {
				found.add("%s: there are words for %s, not for 0 and 1", q.Where, values)
			}
		}
		if q.Panel.Type != "table" {
			continue
		}
		o := q.Panel.organized()
		for label := range f.shape(e).labels {
			list := q.Panel.mappingsOf(o.shown(label))
			values, only := valued(list)
			if len(list) == 0 || !only {
				continue
			}
			for _, s := range promql.Selectors(e) {
				for _, v := range f.valuesOf(s.Name, label) {
					if _, narrowed := s.Matcher(label); !narrowed && v != "" && !values[v] {
						found.add("%s: the column of %s has no word for %s", q.Where, label, v)
					}
				}
			}
		}
	}
	return found
}

// filtered says whether a query leaves out some values.
func filtered(e promql.Expr) bool {
	yes := false
	promql.Walk(e, func(e promql.Expr, _ []promql.Expr) {
		if b, ok := e.(*promql.Binary); ok && !b.Bool && strings.ContainsAny(b.Op, "=<>") {
			yes = true
		}
	})
	return yes
}

// The palette is told apart without the red or without the green receptor. The
// matrices are those of Machado, Oliveira and Fernandes (2009) for full dichromacy.
func TestPaletteIsToldApart(t *testing.T) {
	views := map[string][3][3]float64{
		"all receptors": {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"no red":        {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"no green":      {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	}
	apart := func(a, b string) (least float64) {
		least = math.Inf(1)
		for _, m := range views {
			x, y := seen(t, a, m), seen(t, b, m)
			least = min(least, math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2]))
		}
		return least
	}
	const enough = 0.05 // of the way from black to white, in linear light
	names := slices.Sorted(maps.Keys(palette))
	for i, a := range names {
		for _, b := range names[i+1:] {
			if d := apart(palette[a], palette[b]); d < enough {
				t.Errorf("%s and %s look the same: %.3f", a, b, d)
			}
		}
	}
	if d := apart("#C4162A", "#37872D"); d > 0.2 {
		t.Errorf("Grafana's dark red and dark green are %.3f apart: the measure does not measure", d)
	}
}

// seen is a colour, in linear light, as somebody sees it.
func seen(t *testing.T, hex string, m [3][3]float64) (out [3]float64) {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	var linear [3]float64
	for i := range linear {
		v := float64(n>>(16-8*i)&0xff) / 255
		if linear[i] = v / 12.92; v > 0.04045 {
			linear[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	for i, row := range m {
		for j, w := range row {
			out[i] += w * linear[j]
		}
	}
	return out
}
