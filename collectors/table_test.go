package collectors

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/remote"
)

// folder is the package of each system, here and among the fixtures.
var folder = map[string]string{
	"vnx_cava": "vnxcava", "onefs_cava": "onefs", "avamar": "avamar", "csmars": "csmars", "ntfrs": "ntfrs",
}

// A system is whole: its fixtures, documentation, alerts and dashboard are there.
func TestEverySystemIsWhole(t *testing.T) {
	for _, s := range Systems {
		for _, file := range []string{
			"fixtures/" + folder[s.Name] + "/PROVENANCE.yaml",
			"fixtures/fleet_" + folder[s.Name] + ".go",
			"docs/systems/" + s.Name + ".md",
			"mixin/alerts/" + s.Name + ".libsonnet",
			"mixin/dashboards/" + s.Name + ".libsonnet",
			"rules/" + s.Name + ".yml",
			"dashboards/" + s.Name + ".json",
		} {
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				t.Errorf("system %s lacks %s", s.Name, file)
			}
		}
		if s.Title == "" || len(s.Parts) == 0 || len(s.Metrics) == 0 || s.New == nil || s.NewOptions == nil {
			t.Errorf("system %s is incomplete", s.Name)
		}
	}
}

var (
	reMetricName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)+$`)
	reLabelName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// unusual are names that the contract has against the conventions.
var unusual = map[string]string{
	"csmars_archive_bytes_per_day": "a rate over days, which is how archives are planned",
	// Prometheus stores their label as exported_job, and the rules know it.
	"onefs_cava_job_enabled": "label job", "onefs_cava_job_last_run_timestamp_seconds": "label job",
}

// Every metric is named and declared as the conventions have it.
func TestMetricDeclarations(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Systems {
		for _, m := range s.Metrics {
			if seen[m.Name] {
				t.Errorf("%s is declared twice", m.Name)
			}
			seen[m.Name] = true
			if !reMetricName.MatchString(m.Name) {
				t.Errorf("%s is no metric name", m.Name)
			}
			if !slices.Contains(s.Parts, m.Part) {
				t.Errorf("%s belongs to part %q, which %s does not have", m.Name, m.Part, s.Name)
			}
			if total := strings.HasSuffix(m.Name, "_total"); total != (m.Kind == metric.Counter) {
				t.Errorf("%s is a %s", m.Name, m.Kind)
			}
			if _, known := unusual[m.Name]; known {
				continue
			}
			if (m.Unit == "seconds" || m.Unit == "bytes") && m.Kind == metric.Gauge && !strings.HasSuffix(m.Name, "_"+m.Unit) {
				t.Errorf("%s is in %s and does not say so", m.Name, m.Unit)
			}
			if !strings.HasSuffix(m.Help, ".") {
				t.Errorf("the help of %s is no sentence", m.Name)
			}
			for _, l := range m.Labels {
				if !reLabelName.MatchString(l) || slices.Contains([]string{"job", "instance", "target", "system"}, l) {
					t.Errorf("%s has the label %q", m.Name, l)
				}
			}
			if m.Kind == metric.StateSet && len(m.Values) == 0 {
				t.Errorf("%s is a state set without a list of states", m.Name)
			}
			for l, values := range m.Values {
				if !slices.Contains(m.Labels, l) || len(values) == 0 {
					t.Errorf("%s lists values of %q", m.Name, l)
				}
			}
		}
	}
}

// The reasons of the contract, all of them and no other.
func TestReasons(t *testing.T) {
	const contract = "none dns connect host_key_unknown host_key_changed tls auth auth_backoff timeout disconnected exit_status permission not_supported too_large parse other"
	var got []string
	for _, r := range remote.Reasons {
		got = append(got, string(r))
	}
	if s := strings.Join(got, " "); s != contract {
		t.Errorf("reasons %s", s)
	}
}
