package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a configuration file.
type Position struct {
	File         string
	Line, Column int
}

// String is file:line, or the file alone when no line is to blame.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Problem is one thing wrong with the configuration and what to do about it.
type Problem struct {
	File         string
	Line, Column int
	Text         string
	// Warning marks what does not stop the exporter.
	Warning bool
}

// String is one line: file:line, then the sentence.
func (p Problem) String() string {
	kind := ""
	if p.Warning {
		kind = "warning: "
	}
	return fmt.Sprintf("%s: %s%s", Position{File: p.File, Line: p.Line}, kind, p.Text)
}

// Problems is a list of problems that reads as an error, one line each.
type Problems []Problem

// Error is one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Errors are the problems the exporter refuses to run with.
func (ps Problems) Errors() Problems { return ps.only(false) }

// Warnings are the problems it runs with.
func (ps Problems) Warnings() Problems { return ps.only(true) }

func (ps Problems) only(warning bool) Problems {
	var out Problems
	for _, p := range ps {
		if p.Warning == warning {
			out = append(out, p)
		}
	}
	return out
}

// sorted puts problems into the order a person reads the files in, and drops
// repetitions: one bad value behind a YAML anchor is one problem, however often
// it is used.
func (ps Problems) sorted(files []string) Problems {
	order := map[string]int{}
	for i, f := range files {
		if _, ok := order[f]; !ok {
			order[f] = i
		}
	}
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	seen := map[Problem]bool{}
	return slices.DeleteFunc(ps, func(p Problem) bool {
		again := seen[p]
		seen[p] = true
		return again
	})
}
