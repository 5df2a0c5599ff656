package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rule is an alert or a recording rule as it stands in a rule file.
type rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`

	file string          // without folder and suffix
	key  string          // its name in reports, unique
	uses map[string]bool // words of its expression: metrics, records, functions, labels, values
}

// name is what tests and other rules call it.
func (r *rule) name() string { return r.Alert + r.Record }

type group struct {
	Name  string  `yaml:"name"`
	Rules []*rule `yaml:"rules"`
}

// pack is every rule there is, in the order in which they are evaluated.
type pack struct {
	groups []group
	rules  []*rule
	byName map[string][]*rule
}

// readRules reads every rule file of a folder.
func readRules(folder string) (*pack, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no rules: run this from the top of the source tree, after make generate", folder)
	}
	p := &pack{byName: map[string][]*rule{}}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var parsed struct {
			Groups []group `yaml:"groups"`
		}
		if err := yaml.Unmarshal(content, &parsed); err != nil {
			return nil, fmt.Errorf("%s: %w (render it again with make generate)", f, err)
		}
		for _, g := range parsed.Groups {
			for _, r := range g.Rules {
				r.file = strings.TrimSuffix(filepath.Base(f), ".yml")
				r.key = keyOf(r)
				if r.uses, err = words(r.Expr); err != nil {
					return nil, fmt.Errorf("%s: %s: %w", f, r.key, err)
				}
				p.rules = append(p.rules, r)
				p.byName[r.name()] = append(p.byName[r.name()], r)
			}
			p.groups = append(p.groups, g)
		}
	}
	seen := map[string]bool{}
	for _, r := range p.rules {
		if seen[r.key] {
			return nil, fmt.Errorf("two rules are called %s: give one another severity or label", r.key)
		}
		seen[r.key] = true
	}
	return p, nil
}

// keyOf names a rule: an alert by its labels too, because several may share its name.
func keyOf(r *rule) string {
	if r.Record != "" {
		return r.Record
	}
	key := r.Alert + "/" + r.Labels["severity"]
	for _, l := range slices.Sorted(maps.Keys(r.Labels)) {
		if l != "severity" && l != "system" {
			key += "/" + r.Labels[l]
		}
	}
	return key
}

func words(expr string) (map[string]bool, error) {
	tokens, err := tokenise(expr)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, t := range tokens {
		switch t.kind {
		case word:
			found[t.text] = true
		case text: // the name of an alert, of which ALERTS tells
			for _, w := range reWord.FindAllString(t.text, -1) {
				found[w] = true
			}
		}
	}
	return found, nil
}

// affected is the names that a change of r can alter: its own and those of all rules
// that rest on it.
func (p *pack) affected(r *rule) map[string]bool {
	names := map[string]bool{r.name(): true}
	for grew := true; grew; {
		grew = false
		for _, other := range p.rules {
			if names[other.name()] {
				continue
			}
			for n := range names {
				if other.uses[n] {
					names[other.name()] = true
					grew = true
					break
				}
			}
		}
	}
	return names
}

// bearsAlert reports whether an alert is r or rests on it.
func (p *pack) bearsAlert(r *rule) bool {
	for name := range p.affected(r) {
		if p.byName[name][0].Alert != "" {
			return true
		}
	}
	return false
}

// needed adds to names every rule that the rules of these names rest on. With
// annotations the records count that only the words of an alert ask for.
func (p *pack) needed(names map[string]bool, annotations bool) map[string]bool {
	all := maps.Clone(names)
	for grew := true; grew; {
		grew = false
		for _, r := range p.rules {
			if !all[r.name()] {
				continue
			}
			uses := r.uses
			if annotations {
				uses = maps.Clone(uses)
				maps.Copy(uses, recordsInWords(r))
			}
			for w := range uses {
				if !all[w] && len(p.byName[w]) > 0 {
					all[w] = true
					grew = true
				}
			}
		}
	}
	return all
}

var reWord = regexp.MustCompile(`[A-Za-z_:][A-Za-z0-9_:]*`)

// recordsInWords are the records that the annotations of an alert may ask for.
func recordsInWords(r *rule) map[string]bool {
	found := map[string]bool{}
	for _, a := range r.Annotations {
		for _, w := range reWord.FindAllString(a, -1) {
			if isRecord(w) {
				found[w] = true
			}
		}
	}
	return found
}

// isRecord tells the name of a record from that of an alert or a metric.
func isRecord(name string) bool { return strings.Contains(name, ":") }
