// Package rulefile reads the rendered rules, for what checks them.
package rulefile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Rule is an alert or a recording rule.
type Rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// Group is rules that are evaluated one after the other.
type Group struct {
	Name  string `yaml:"name"`
	Rules []Rule `yaml:"rules"`
}

// File is one rule file. Prometheus knows no name of it; it is the system's here.
type File struct {
	Name   string  `yaml:"-"`
	Groups []Group `yaml:"groups"`
}

// Rules are those of all groups, in order.
func (f *File) Rules() []Rule {
	var all []Rule
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// Read reads the rule files of a folder, those of the given names or all of them in
// the order of their names.
func Read(folder string, names ...string) ([]File, error) {
	if len(names) == 0 {
		paths, err := filepath.Glob(filepath.Join(folder, "*.yml"))
		if err != nil {
			return nil, err
		}
		if len(paths) == 0 {
			return nil, fmt.Errorf("%s holds no rules: run this from the top of the source tree, after make generate", folder)
		}
		for _, path := range paths {
			names = append(names, strings.TrimSuffix(filepath.Base(path), ".yml"))
		}
	}
	files := make([]File, 0, len(names))
	for _, name := range names {
		path := filepath.Join(folder, name+".yml")
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%w (run this from the top of the source tree, after make generate)", err)
		}
		f := File{Name: name}
		if err := yaml.Unmarshal(content, &f); err != nil {
			return nil, fmt.Errorf("%s: %w (render it again with make generate)", path, err)
		}
		files = append(files, f)
	}
	return files, nil
}
