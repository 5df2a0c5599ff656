package onefs

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/collectors/system/systemtest"
	fixtures "dataprotection_exporter/fixtures/onefs"
)

type samples map[string]system.Question

func (s samples) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range metrics {
		ch <- m.Prometheus()
	}
}

func (s samples) Collect(ch chan<- prometheus.Metric) {
	for _, q := range s {
		for _, m := range q.Samples {
			ch <- m
		}
	}
}

// metricsOf is what a collection brought, without the help texts.
func metricsOf(t *testing.T, qs map[string]system.Question) string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(samples(qs))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		f.Help = nil
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// exposition is how every question ended and the metrics they brought.
func exposition(t *testing.T, qs map[string]system.Question) string {
	t.Helper()
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(qs)) {
		q := qs[k]
		fmt.Fprintf(&b, "# question %s: %s", k, q.Reason())
		if q.Err != nil {
			fmt.Fprintf(&b, ": %v", q.Err)
		} else {
			fmt.Fprintf(&b, ", unrecognized %d %q", q.Unrecognized, q.Examples)
		}
		b.WriteString("\n")
		for _, p := range q.Problems {
			fmt.Fprintf(&b, "# problem (%s): %s\n#   cause: %s\n#   remedy: %s\n", p.Severity, p.Summary, p.Cause, p.Remedy)
		}
	}
	return b.String() + metricsOf(t, qs)
}

// healthy is what a cluster answers where a test says nothing else.
func healthy() map[string]reply {
	return map[string]reply{
		askCluster.Path:  {body: string(fixtures.ClusterConfig("healthy"))},
		askSettings.Path: {body: string(fixtures.Settings("enabled"))},
		askServers.Path:  {body: string(fixtures.Servers("four"))},
		askFilters.Path:  {body: string(fixtures.Filters("three"))},
		askJobs.Path:     {body: string(fixtures.Jobs("two"))},
		askAllNodes.Path: {body: string(fixtures.Nodes("all_running"))},
		askEvents.Path:   {body: string(fixtures.Events("none"))},
		askScans.Path:    {body: string(fixtures.Reports("several_policies"))},
		askThreats.Path:  {body: string(fixtures.Threats("three"))},
	}
}

var reLNN = regexp.MustCompile(`"lnn":\s*"?([1-9]\d{0,4})\b`)

// clusterOf is a cluster with the nodes that a body mentions.
func clusterOf(nodes []byte) string {
	var devices []string
	for _, m := range reLNN.FindAllSubmatch(nodes, -1) {
		d := fmt.Sprintf(`{"devid":%s,"lnn":%[1]s,"is_up":true}`, m[1])
		if !slices.Contains(devices, d) {
			devices = append(devices, d)
		}
	}
	if devices == nil {
		devices = []string{`{"devid":1,"lnn":1,"is_up":true}`}
	}
	return `{"name":"isilon-1","guid":"0","onefs_version":{"release":"v9.5.0.0"},"devices":[` + strings.Join(devices, ",") + `]}`
}

// follow answers the requests for the pages that follow a page.
func follow(t *testing.T, a *api, path, folder, name string, body func(string) []byte) {
	t.Helper()
	for range 10 {
		var page struct {
			Resume *string `json:"resume"`
		}
		if json.Unmarshal(body(name), &page) != nil || page.Resume == nil || *page.Resume == "" {
			return
		}
		next := map[string]string{"page_1": "page_2", "page_2": "page_3"}[name]
		if next == "" || !slices.Contains(fixtures.Names(folder), next) {
			next = map[string]string{"events": "none"}[folder]
			if next == "" {
				next = "empty"
			}
		}
		name = next
		a.set(path+"?resume="+url.QueryEscape(*page.Resume), reply{body: string(body(name))})
	}
}

// TestGolden turns every fixture into an exposition of its part.
func TestGolden(t *testing.T) {
	for _, folder := range []struct {
		name, part, path string
		body             func(string) []byte
	}{
		{"cluster", partCluster, askCluster.Path, fixtures.ClusterConfig},
		{"settings", partSettings, askSettings.Path, fixtures.Settings},
		{"servers", partServers, askServers.Path, fixtures.Servers},
		{"filters", partFilters, askFilters.Path, fixtures.Filters},
		{"jobs", partJobs, askJobs.Path, fixtures.Jobs},
		{"nodes", partNodes, askAllNodes.Path, fixtures.Nodes},
		{"events", partEvents, askEvents.Path, fixtures.Events},
		{"reports", partReports, askScans.Path, fixtures.Reports},
		{"threats", partReports, askThreats.Path, fixtures.Threats},
	} {
		for _, name := range fixtures.Names(folder.name) {
			t.Run(folder.name+"/"+name, func(t *testing.T) {
				a := newAPI(t, healthy())
				a.set(folder.path, reply{body: string(folder.body(name))})
				if folder.name != "threats" { // of which one is asked for
					follow(t, a, folder.path, folder.name, name, folder.body)
				}
				if folder.name == "nodes" {
					a.set(askCluster.Path, reply{body: clusterOf(folder.body(name))})
				}
				qs := questions(t, a.collector(t, nil), folder.part)
				systemtest.Golden(t, folder.name+"/"+name+".prom", strings.ReplaceAll(exposition(t, qs), a.URL, "https://isilon-1:8080"))
			})
		}
	}
}
