package dashboard

import (
	"encoding/json"
	"log/slog"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-jsonnet"
	"github.com/prometheus/client_golang/prometheus"
	promcollectors "github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"

	"dataprotection_exporter/collectors"
	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/exporter"
	"dataprotection_exporter/exporter/collect"
	"dataprotection_exporter/fixtures"
	"dataprotection_exporter/mixin/dashboard/promql"
	"dataprotection_exporter/mixin/rulefile"
)

// facts is what dashboards are checked against.
type facts struct {
	// series is everything that can be queried, by name.
	series map[string]series
	// catalogue is the names of the metrics that the exporter declares.
	catalogue []string
	rules     []rule
	alerts    map[string]bool
	// ids is the table of uids, by dashboard.
	ids        map[string]string
	config     struct{ ExporterURL, GrafanaURL string }
	dashboards []*Dashboard
}

// series is what is known of one name.
type series struct {
	labels  labels
	unit    unit
	counter bool
	// target says that targets have it and not the exporter itself.
	target bool
	// values are the closed lists of label values.
	values map[string][]string
}

// rule is one that stands in a file.
type rule struct {
	rulefile.Rule
	file string
}

// Labels that service discovery gives every target; site is configured.
var targetLabels = []string{"job", "instance", "system", "site"}

// known gathers the facts, once.
var known = sync.OnceValues(func() (*facts, error) {
	f := &facts{series: map[string]series{}, alerts: map[string]bool{}}
	for _, step := range []func() error{f.readConfig, f.readCatalogue, f.readExporter, f.readRules} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return f, nil
})

// theFacts is the facts with the committed dashboards.
func theFacts(t *testing.T) *facts {
	t.Helper()
	f, err := known()
	if err != nil {
		t.Fatal(err)
	}
	if f.dashboards, err = Read(filepath.Join("..", "..", "dashboards")); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *facts) readConfig() error {
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.FileImporter{JPaths: []string{".."}})
	text, err := vm.EvaluateAnonymousSnippet("config", `
		local c = (import 'config.libsonnet')._config;
		{ ids: c.dashboardIDs, config: { ExporterURL: c.exporterURL, GrafanaURL: c.grafanaURL } }`)
	if err != nil {
		return err
	}
	var parsed struct {
		IDs    map[string]string `json:"ids"`
		Config struct{ ExporterURL, GrafanaURL string }
	}
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return err
	}
	f.ids, f.config = parsed.IDs, parsed.Config
	return nil
}

func (f *facts) readCatalogue() error {
	add := func(d *metric.Desc, values map[string][]string) {
		f.catalogue = append(f.catalogue, d.Name)
		f.series[d.Name] = series{
			labels: setOf(targetLabels, d.Labels), unit: unitOfMetric(d), counter: d.Kind == metric.Counter, target: true, values: values,
		}
	}
	var systems []string
	for _, s := range collectors.Systems {
		systems = append(systems, s.Name)
	}
	with := func(d *metric.Desc, more map[string][]string) map[string][]string {
		values := maps.Clone(more)
		maps.Copy(values, d.Values)
		return values
	}
	var parts []string
	for _, s := range collectors.Systems {
		parts = append(parts, s.Parts...)
		for _, d := range s.Metrics {
			add(d, with(d, map[string][]string{"system": {s.Name}}))
		}
	}
	for _, d := range collect.Metrics {
		add(d, with(d, map[string][]string{"system": systems, "part": parts}))
	}
	f.series["up"] = series{labels: setOf(targetLabels), target: true, unit: unit{flag: true}, values: map[string][]string{"system": systems}}
	return nil
}

// unitOfMetric knows flags, too: 0 or 1, whose mean is a share.
func unitOfMetric(d *metric.Desc) unit {
	u := unitOf(d.Name, d.Unit)
	u.flag = u == unit{} && (d.Kind == metric.StateSet || strings.HasPrefix(d.Help, "Whether "))
	return u
}

var reDesc = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", help: ".*?", (?:unit: ".*?", )?constLabels: \{.*\}, variableLabels: \{(.*)\}\}$`)

// readExporter asks a running exporter what it says of itself.
func (f *facts) readExporter() error {
	fleet, err := fixtures.StartFleet(fixtures.FleetOptions{})
	if err != nil {
		return err
	}
	defer fleet.Close()
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		version.NewCollector("dataprotection_exporter"), promcollectors.NewGoCollector(),
		promcollectors.NewProcessCollector(promcollectors.ProcessCollectorOpts{}),
	)
	exp, err := exporter.New(exporter.Options{
		ConfigFiles: []string{fleet.ConfigFile}, Systems: collectors.Systems, Registry: reg, TelemetryPath: "/metrics",
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer exp.Close()
	if _, err := exp.Handler(); err != nil { // registers what it says of its own answers
		return err
	}
	families, err := reg.Gather()
	if err != nil {
		return err
	}
	kinds := map[string]string{}
	for _, family := range families {
		kinds[family.GetName()] = family.GetType().String()
	}
	descs := make(chan *prometheus.Desc)
	go func() { reg.Describe(descs); close(descs) }()
	for d := range descs {
		m := reDesc.FindStringSubmatch(d.String())
		if m == nil {
			continue
		}
		name := m[1]
		s := series{labels: setOf([]string{"job", "instance"}), unit: unitOf(name, ""), counter: strings.HasSuffix(name, "_total")}
		if m[2] != "" {
			s.labels.add(strings.Split(m[2], ",")...)
		}
		if name == "dataprotection_exporter_build_info" { // its labels are constant
			s.labels.add("version", "revision", "branch", "goversion", "goos", "goarch", "tags")
		}
		f.series[name] = s
		if strings.HasPrefix(name, "dataprotection_") {
			f.catalogue = append(f.catalogue, name)
		}
		if kinds[name] == "HISTOGRAM" {
			for suffix, u := range map[string]unit{"_bucket": {}, "_count": {}, "_sum": s.unit} {
				part := series{labels: maps.Clone(s.labels), unit: u, counter: true}
				if suffix == "_bucket" {
					part.labels.add("le")
				}
				f.series[name+suffix] = part
			}
		}
	}
	return nil
}

// readRules reads the committed rules. Their series get the labels that their
// queries leave.
func (f *facts) readRules() error {
	files, err := rulefile.Read(filepath.Join("..", "..", "rules"))
	if err != nil {
		return err
	}
	for _, file := range files {
		for _, r := range file.Rules() {
			f.rules = append(f.rules, rule{r, file.Name + ".yml"})
		}
	}
	return f.shapeRules()
}

// shapeRules goes over the rules until nothing changes: they use each other.
func (f *facts) shapeRules() error {
	exprs := map[string]promql.Expr{}
	for _, r := range f.rules {
		e, err := promql.Parse(r.Expr)
		if err != nil {
			return err
		}
		exprs[r.Expr] = e
	}
	f.addAlerts()
	for changed := true; changed; {
		changed = false
		for _, r := range f.rules {
			s := f.shape(exprs[r.Expr])
			s.labels.add(slices.Collect(maps.Keys(r.Labels))...)
			names := []string{r.Record}
			if r.Alert != "" {
				s.unit = unit{}
				names = []string{"ALERTS", "ALERTS_FOR_STATE"}
			}
			for _, name := range names {
				old, ok := f.series[name]
				if !ok {
					old = series{labels: labels{}, target: true}
				}
				if ok && len(s.labels.minus(old.labels)) == 0 && (r.Alert != "" || s.unit == old.unit) {
					continue
				}
				changed = true
				old.labels = old.labels.or(s.labels)
				if r.Alert == "" {
					old.unit = s.unit
				}
				f.series[name] = old
			}
		}
	}
	return nil
}

// addAlerts adds what Prometheus itself records of alerts.
func (f *facts) addAlerts() {
	values := map[string][]string{"alertstate": {"pending", "firing"}}
	for _, r := range f.rules {
		if r.Alert == "" {
			continue
		}
		f.alerts[r.Alert] = true
		for l, v := range r.Labels {
			values[l] = append(values[l], v)
		}
	}
	values["alertname"] = slices.Collect(maps.Keys(f.alerts))
	f.series["ALERTS"] = series{labels: setOf([]string{"alertname", "alertstate"}), target: true, values: values}
	f.series["ALERTS_FOR_STATE"] = series{labels: setOf([]string{"alertname"}), target: true, values: values, unit: unit{epoch: true}}
}
