package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"dataprotection_exporter/mixin/rulefile"
)

type (
	rule  = rulefile.Rule
	group = rulefile.Group
)

// readRules reads the groups of some rule files.
func readRules(folder string, names ...string) ([]group, error) {
	files, err := rulefile.Read(folder, names...)
	var groups []group
	for _, f := range files {
		groups = append(groups, f.Groups...)
	}
	return groups, err
}

var (
	reRecord  = regexp.MustCompile(`[a-z_]+:[a-z_0-9]+:[a-z_0-9]+`)
	reComment = regexp.MustCompile(`(?m)^\s*#.*$`)
	reBlank   = regexp.MustCompile(`\s+`)
)

// needed leaves the alerts and the recorded series that they read, in an expression or
// in their words: what only dashboards read is not evaluated. Recorded series come first.
func needed(groups []group) []group {
	text := map[string]string{}
	var queue []string
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Record != "" {
				text[r.Record] += r.Expr
			} else {
				queue = append(queue, r.Expr+r.Annotations["description"])
			}
		}
	}
	read := map[string]bool{}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, name := range reRecord.FindAllString(next, -1) {
			if expr, ok := text[name]; ok && !read[name] {
				read[name] = true
				queue = append(queue, expr)
			}
		}
	}
	var records, alerts []group
	for _, g := range groups {
		some := group{Name: g.Name}
		isAlerts := false
		for _, r := range g.Rules {
			if r.Record != "" && !read[r.Record] {
				continue
			}
			isAlerts = isAlerts || r.Alert != ""
			if r.Alert != "" {
				r.Annotations = map[string]string{"description": r.Annotations["description"]}
			}
			some.Rules = append(some.Rules, r)
		}
		switch {
		case len(some.Rules) == 0:
		case isAlerts:
			alerts = append(alerts, some)
		default:
			records = append(records, some)
		}
	}
	return append(records, alerts...)
}

// reads tells which metrics the rules name.
func reads(groups []group) func(metric string) bool {
	var b strings.Builder
	for _, g := range groups {
		for _, r := range g.Rules {
			b.WriteString(r.Expr + " " + r.Annotations["description"] + " ")
		}
	}
	text := b.String()
	words := map[string]bool{}
	for _, w := range regexp.MustCompile(`[a-zA-Z_][a-zA-Z0-9_]*`).FindAllString(text, -1) {
		words[w] = true
	}
	return func(metric string) bool { return words[metric] }
}

// fingerprint changes when a rule may decide differently: not with its words, its
// comments or its layout.
func fingerprint(groups []group) string {
	var b strings.Builder
	for _, g := range groups {
		for _, r := range g.Rules {
			expr := reBlank.ReplaceAllString(reComment.ReplaceAllString(r.Expr, ""), " ")
			fmt.Fprintf(&b, "%q %q %q %q", r.Record, r.Alert, strings.TrimSpace(expr), r.For)
			var ls []string
			for name, value := range r.Labels {
				ls = append(ls, name+"="+value)
			}
			slices.Sort(ls)
			fmt.Fprintf(&b, " %q\n", ls)
		}
	}
	mark := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(mark[:])[:16]
}
