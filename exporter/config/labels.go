package config

import (
	"regexp"
	"slices"
	"strings"

	"dataprotection_exporter/collectors/system"
)

var labelRule = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// reservedLabels are set by service discovery, by Prometheus, or by the metrics
// every probe carries. Prometheus would rename one of the two, and the rules
// would look at the wrong one.
var reservedLabels = []string{"target", "instance", "system", "job", "part", "unit", "reason"}

// checkLabel says what is wrong with the name of a configured label, "" when
// nothing is.
func checkLabel(name string, def *system.Definition) string {
	switch {
	case !labelRule.MatchString(name):
		return "is not a label name: use letters, digits and underscores, and no digit first"
	case strings.HasPrefix(name, "__"):
		return "is reserved for Prometheus: a label must not begin with two underscores"
	case slices.Contains(reservedLabels, name):
		return "is reserved: it is set for every target already, choose another name"
	}
	if def != nil {
		for _, m := range def.Metrics {
			if slices.Contains(m.Labels, name) {
				return "is a label of the metrics of " + def.Name + " itself: choose another name"
			}
		}
	}
	return ""
}
