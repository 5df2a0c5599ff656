package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// equivalent is mutants that nothing a target can send tells from the rule.
type equivalent struct {
	Reason string   `yaml:"reason"`
	IDs    []string `yaml:"ids"`
}

// readEquivalents reads the list of them: id to reason.
func readEquivalents(file string) (map[string]string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list []equivalent
	d := yaml.NewDecoder(bytes.NewReader(content))
	d.KnownFields(true)
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w (write a list of reason and ids)", file, err)
	}
	reasons := map[string]string{}
	for _, e := range list {
		if len(strings.Fields(e.Reason)) < 4 || len(e.IDs) == 0 {
			return nil, fmt.Errorf("%s: the entry %q needs a reason in words and ids", file, e.Reason)
		}
		for _, id := range e.IDs {
			if reasons[id] != "" {
				return nil, fmt.Errorf("%s: %q is there twice: remove one", file, id)
			}
			reasons[id] = e.Reason
		}
	}
	return reasons, nil
}

// unknown are the ids in the list that no mutant has.
func unknown(reasons map[string]string, mutants []mutant) []string {
	ids := map[string]bool{}
	for _, m := range mutants {
		ids[m.id] = true
	}
	var wrong []string
	for id := range reasons {
		if !ids[id] {
			wrong = append(wrong, id)
		}
	}
	slices.Sort(wrong)
	return wrong
}
