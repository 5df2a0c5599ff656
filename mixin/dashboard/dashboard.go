// Package dashboard reads the rendered Grafana dashboards for the tests that
// check them: those beside it, which look at the JSON, and the one at the top of
// the tree, which runs every query.
package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Dashboard is what the tests need of Grafana's classic schema.
type Dashboard struct {
	// Name is the file's, without .json; Text is all of it.
	Name string `json:"-"`
	Text []byte `json:"-"`

	UID, Title, Description, Refresh, Timezone string
	ID                                         *int
	SchemaVersion                              int
	Editable                                   *bool
	Tags                                       []string
	Time                                       struct{ From, To string }
	Links                                      []Link
	Panels                                     []*Panel
	Templating                                 struct{ List []*Variable }
	Annotations                                struct{ List []*Annotation }
}

// Link leads to another page.
type Link struct {
	Title, Type, URL string
	Tags             []string
}

// Source is where a query goes.
type Source struct{ Type, UID string }

// Variable is a choice at the top of the page.
type Variable struct {
	Name, Label, Type, AllValue, Definition string
	Datasource                              *Source
	Query                                   json.RawMessage
	Refresh, Sort, Hide                     int
	Multi, IncludeAll                       bool
}

// Expr is the variable's query; Grafana has it in two forms.
func (v *Variable) Expr() string {
	var inside struct{ Query string }
	if json.Unmarshal(v.Query, &inside) == nil {
		return inside.Query
	}
	var plain string
	_ = json.Unmarshal(v.Query, &plain) // any other form has no query
	return plain
}

// Annotation marks moments in all panels.
type Annotation struct {
	Name, Expr  string
	Datasource  *Source
	Enable      bool
	TitleFormat string
	TextFormat  string
}

// Panel is one panel, or a row of them.
type Panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               *Source
	GridPos                  Place
	Collapsed                bool
	Panels                   []*Panel
	Targets                  []*Target
	Links                    []Link
	FieldConfig              struct {
		Defaults  Field
		Overrides []Override
	}
	Options         map[string]any
	Transformations []Transformation
}

// Place is where a panel is, in columns and lines.
type Place struct{ X, Y, W, H int }

// Field is how values look.
type Field struct {
	Unit     string
	Min, Max *float64
	NoValue  string
	Mappings []Mapping
	Links    []Link
	Custom   map[string]any

	Thresholds thresholds
}

type thresholds struct{ Steps []struct{ Value *float64 } }

// Mapping gives values a text.
type Mapping struct {
	Type    string
	Options json.RawMessage
}

// Override changes how some fields look.
type Override struct {
	Matcher struct {
		ID      string
		Options any
	}
	Properties []struct {
		ID    string
		Value json.RawMessage
	}
}

// Thresholds are the values at which the fields of a panel change colour.
func (p *Panel) Thresholds() []float64 {
	lists := []thresholds{p.FieldConfig.Defaults.Thresholds}
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			var list thresholds
			if property.ID == "thresholds" && json.Unmarshal(property.Value, &list) == nil {
				lists = append(lists, list)
			}
		}
	}
	var values []float64
	for _, list := range lists {
		for _, s := range list.Steps {
			if s.Value != nil {
				values = append(values, *s.Value)
			}
		}
	}
	return values
}

// Transformation changes the fields before they are shown.
type Transformation struct {
	ID      string
	Options json.RawMessage
}

// Target is one query of a panel.
type Target struct {
	RefID, Expr, LegendFormat, Format, Interval string
	Instant, Range, Hide                        bool
	Datasource                                  *Source
}

// Parse reads one dashboard.
func Parse(name string, text []byte) (*Dashboard, error) {
	d := &Dashboard{Name: name, Text: text}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("dashboards/%s.json: %w", name, err)
	}
	return d, nil
}

// Read reads the dashboards of a folder. None at all is an error.
func Read(dir string) ([]*Dashboard, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New(dir + ": there is no dashboard; run make generate")
	}
	var all []*Dashboard
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		d, err := Parse(strings.TrimSuffix(filepath.Base(f), ".json"), text)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// All is every panel, those in rows too, without the rows.
func (d *Dashboard) All() []*Panel { return flat(d.Panels) }

func flat(panels []*Panel) []*Panel {
	var all []*Panel
	for _, p := range panels {
		if p.Type != "row" {
			all = append(all, p)
		}
		all = append(all, flat(p.Panels)...)
	}
	return all
}
