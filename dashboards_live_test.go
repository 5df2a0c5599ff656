package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-jsonnet"

	"dataprotection_exporter/fixtures"
	"dataprotection_exporter/mixin/dashboard"
)

const (
	// liveSpeed makes the quarters of an hour of the demo's incidents short.
	liveSpeed = 10
	// liveDeadline ends a run in which a query stays empty. The longest incident
	// takes 18 minutes.
	liveDeadline = 18*time.Minute/liveSpeed + 90*time.Second
	// injection is how long injected series may take.
	injection = 20 * time.Second
)

// TestDashboardsLive asks everything that the dashboards ask, of a real Prometheus
// that watches the demo fleet: every query of every panel brings data, at the
// latest when an incident makes it.
func TestDashboardsLive(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: it waits for the incidents of the demo fleet")
	}
	t.Parallel() // it waits for programs most of the time
	path := program(t, "prometheus")
	boards, err := dashboard.Read("dashboards")
	if err != nil {
		t.Fatal(err)
	}
	empty, err := dashboard.ReadEmpty(filepath.Join("mixin", "dashboard", "healthy_empty.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	impatientRules(t, mkdir(t, dir, "rules"))
	ctx, cancel := context.WithTimeout(t.Context(), liveDeadline+injection+time.Minute)
	defer cancel()

	phases := &phaseLog{}
	fleet, err := fixtures.StartFleet(fixtures.FleetOptions{Speed: liveSpeed, Logger: slog.New(phases)})
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	exporter := serveConfig(ctx, t, fleet.ConfigFile)
	injector := newInjector(t, empty)
	r := &liveRun{
		T: t, phases: phases, empty: empty,
		prometheus: startImpatientPrometheus(ctx, t, path, dir, exporter, injector.Listener.Addr().String()),
	}
	for _, d := range boards {
		for _, q := range d.Queries() {
			r.pending = append(r.pending, &liveQuery{Query: q})
		}
	}
	total := len(r.pending)
	r.healthy(ctx, len(fleet.Targets))

	began := time.Now()
	rounds := time.NewTicker(2 * time.Second)
	defer rounds.Stop()
	for len(r.pending) > 0 && time.Since(began) < liveDeadline+injection {
		r.round(ctx)
		if waiting := slices.ContainsFunc(r.pending, r.ofTheFleet); !waiting || time.Since(began) > liveDeadline {
			if !injector.open.Swap(true) {
				t.Logf("injection begins after %s; %d queries are left", time.Since(began).Round(time.Second), len(r.pending))
			}
		}
		select {
		case <-rounds.C:
		case <-ctx.Done():
			t.Fatal("the deadline of the test is over")
		}
	}
	for _, q := range r.pending {
		t.Errorf("%s brought nothing in %d rounds: if it is empty while all is well, list it in mixin/dashboard/healthy_empty.yaml\n%s",
			q.Query, q.rounds, q.Expr)
	}
	t.Logf("%d of %d queries brought data within %s", total-len(r.pending), total, time.Since(began).Round(time.Second))
}

// phaseLog counts how often a device of the fleet entered another phase.
type phaseLog struct {
	mu     sync.Mutex
	phases []string
}

func (*phaseLog) Enabled(context.Context, slog.Level) bool { return true }

func (l *phaseLog) Handle(_ context.Context, r slog.Record) error {
	var name, phase string
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "device":
			name = a.Value.String()
		case "phase":
			phase = a.Value.String()
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phases = append(l.phases, name+": "+phase)
	return nil
}

func (l *phaseLog) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *phaseLog) WithGroup(string) slog.Handler      { return l }

func (l *phaseLog) entered() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.phases)
}

// impatient are windows of the alerts that are shortened beyond their `for`, so
// that incidents which pass in seconds make alerts fire.
var impatient = map[string]string{
	"cavaAllOfflineWindow": "4s", "onefsOfflineWindow": "6s", "onefsHeartbeatWindow": "10s",
}

// impatientRules renders the rules with delays of a second.
func impatientRules(t *testing.T, dir string) {
	t.Helper()
	vm := jsonnet.MakeVM()
	text, err := vm.EvaluateAnonymousSnippet("config", "(import 'mixin/config.libsonnet')._config")
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	shorter := map[string]string{}
	for key, value := range config {
		if _, isDuration := value.(string); isDuration && strings.HasSuffix(key, "For") {
			shorter[key] = "1s"
		}
	}
	for key, value := range impatient {
		if config[key] == nil {
			t.Fatalf("the configuration of the mixin has no %s", key)
		}
		shorter[key] = value
	}
	overrides, err := json.Marshal(shorter)
	if err != nil {
		t.Fatal(err)
	}
	vm.StringOutput = true
	files, err := vm.EvaluateAnonymousSnippetMulti("rules", fmt.Sprintf(`
		local ruleFile = import 'mixin/lib/rulefile.libsonnet';
		local mixin = (import 'mixin/mixin.libsonnet') + { _config+:: %s };
		{
		  [name + '.yml']: ruleFile(mixin._systems[name].rules + mixin._systems[name].alerts)
		  for name in std.objectFields(mixin._systems)
		}`, overrides))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
}

func startImpatientPrometheus(ctx context.Context, t *testing.T, path, dir, exporter, injector string) string {
	t.Helper()
	home := mkdir(t, dir, "prometheus")
	write(t, filepath.Join(home, "prometheus.yml"), fmt.Sprintf(`global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}
rule_files: ["%s/*.yml"]
scrape_configs:
  - job_name: dataprotection
    http_sd_configs: [{url: "http://%s/sd", refresh_interval: 5s}]
  - job_name: dataprotection_exporter
    static_configs: [{targets: ["%s"]}]
  - job_name: injected
    honor_labels: true
    static_configs: [{targets: ["%s"]}]
`, filepath.Join(dir, "rules"), exporter, exporter, injector))
	address := freeAddress(t)
	start(t, path, "--config.file="+filepath.Join(home, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(home, "data"),
		"--web.listen-address="+address)
	eventually(ctx, t, "Prometheus is ready", func() bool { return get(ctx, "http://"+address+"/-/ready") != "" })
	return address
}

// injector is a target with the series that no incident makes. It has none until
// it is opened, which is when the fleet has filled everything else: injected
// trouble must not stand in for the trouble of the fleet.
type injector struct {
	*httptest.Server
	open    atomic.Bool
	scrapes atomic.Int64
}

func newInjector(t *testing.T, list []dashboard.Empty) *injector {
	i := &injector{}
	var lines []string
	for _, e := range list {
		for line := range strings.Lines(e.Inject) {
			if line = strings.TrimSpace(line); line != "" && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	slices.Sort(lines) // series of one name stand together
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		if !i.open.Load() {
			return
		}
		n := strconv.FormatInt(i.scrapes.Add(1), 10)
		now := strconv.FormatInt(time.Now().Unix(), 10)
		for _, line := range lines {
			_, _ = fmt.Fprintln(w, strings.NewReplacer("<n>", n, "<now>", now).Replace(line))
		}
	}))
	t.Cleanup(i.Close)
	return i
}

// liveRun asks what was not answered yet, round by round.
type liveRun struct {
	*testing.T
	prometheus string
	phases     *phaseLog
	empty      []dashboard.Empty
	pending    []*liveQuery
}

type liveQuery struct {
	dashboard.Query
	rounds int
}

// healthy wants those queries empty that are said to be while all is well. The
// fleet begins with some minutes of its scenarios without an incident; on a slow
// machine they may be over before it is known well, and then nothing can be told.
func (r *liveRun) healthy(ctx context.Context, targets int) {
	r.Helper()
	var listed []*liveQuery
	for _, q := range r.pending {
		if slices.ContainsFunc(r.empty, func(e dashboard.Empty) bool { return !e.Seldom && e.Is(q.Query) }) {
			listed = append(listed, q)
		}
	}
	well := func() bool {
		return query(ctx, r.prometheus, fmt.Sprintf("count(dataprotection_probe_success == 1) == %d", targets)) &&
			query(ctx, r.prometheus, fmt.Sprintf("count(target:dataprotection_severity:max) == %d", targets))
	}
	eventually(ctx, r.T, "the listed queries were asked of a fleet that was read whole", func() bool {
		if !well() {
			return len(r.phases.entered()) > targets
		}
		var filled []string
		for _, q := range listed {
			if series, err := r.ask(ctx, q.Query); err != nil || len(series) > 0 {
				filled = append(filled, fmt.Sprintf("%s is listed as empty while all is well, and brings %v (%v)\n%s", q.Query, series, err, q.Expr))
			}
		}
		if !well() || len(r.phases.entered()) > targets {
			return len(r.phases.entered()) > targets
		}
		for _, complaint := range filled {
			r.Error(complaint)
		}
		r.Logf("%d of %d listed queries are empty while all is well", len(listed)-len(filled), len(listed))
		return true
	})
	if began := r.phases.entered(); len(began) > targets {
		r.Logf("the incidents began while the healthy fleet was looked at: %v", began[targets:])
	}
}

// ofTheFleet says whether the demo fleet fills a query, sooner or later.
func (r *liveRun) ofTheFleet(q *liveQuery) bool {
	return !slices.ContainsFunc(r.empty, func(e dashboard.Empty) bool { return e.Inject != "" && e.Is(q.Query) })
}

// round asks every pending query once.
func (r *liveRun) round(ctx context.Context) {
	r.Helper()
	r.pending = slices.DeleteFunc(r.pending, func(q *liveQuery) bool {
		q.rounds++
		series, err := r.ask(ctx, q.Query)
		if err != nil {
			r.Errorf("%s: %v\n%s", q.Query, err, q.Expr)
			return true
		}
		if len(series) == 0 {
			return false
		}
		for _, complaint := range confusing(q.Query, series) {
			r.Error(complaint)
		}
		return true
	})
}

// most is how many series a panel can show at once.
var most = map[string]int{"stat": 12, "gauge": 6, "bargauge": 30, "piechart": 12}

var reLabelInLegend = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// confusing looks at an answer as a reader does, who wants few enough numbers, and
// no two of the same name.
func confusing(q dashboard.Query, series []map[string]string) (complaints []string) {
	if q.Panel == nil || q.Panel.Type == "table" {
		return nil
	}
	if n := most[q.Panel.Type]; n > 0 && len(series) > n {
		complaints = append(complaints, fmt.Sprintf("%s: %d series for a %s", q, len(series), q.Panel.Type))
	}
	seen := map[string]map[string]string{}
	for _, s := range series {
		name := reLabelInLegend.ReplaceAllStringFunc(q.Target.LegendFormat, func(m string) string {
			return s[reLabelInLegend.FindStringSubmatch(m)[1]]
		})
		if other, ok := seen[name]; ok {
			complaints = append(complaints, fmt.Sprintf("%s: two are called %q: %v and %v", q, name, s, other))
		}
		seen[name] = s
	}
	return complaints
}

func TestConfusing(t *testing.T) {
	series := func(n int) (all []map[string]string) {
		for i := range n {
			all = append(all, map[string]string{"instance": strconv.Itoa(i), "site": "ams"})
		}
		return all
	}
	ask := func(kind, legend string) dashboard.Query {
		p := &dashboard.Panel{Type: kind, Title: "some"}
		return dashboard.Query{Dashboard: &dashboard.Dashboard{}, Panel: p, Target: &dashboard.Target{LegendFormat: legend}}
	}
	for _, tt := range []struct {
		kind, legend string
		series, want int
	}{
		{"stat", "{{instance}}", 3, 0},
		{"stat", "{{instance}}", 13, 1},
		{"timeseries", "{{instance}}", 13, 0},
		{"timeseries", "queue of {{ site }}", 3, 2},
		{"timeseries", "queue", 2, 1},
		{"table", "", 20, 0},
	} {
		if got := confusing(ask(tt.kind, tt.legend), series(tt.series)); len(got) != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
	if got := confusing(dashboard.Query{}, series(2)); got != nil {
		t.Error(got)
	}
}

// Grafana's variables, as it would fill them: All is chosen everywhere.
var chosen = map[string]string{
	"site": ".*", "target": ".*", "exporter": ".*",
	"__rate_interval": "8s", "__interval": "2s", "__range": "5m", "__range_s": "300",
}

// ask runs a query as Grafana does and returns the labels of the series that have
// a value; those of a variable have the label it lists.
func (r *liveRun) ask(ctx context.Context, q dashboard.Query) ([]map[string]string, error) {
	form := url.Values{"query": {dashboard.Expand(q.Expr, chosen)}}
	api := "query"
	if q.Panel != nil && !q.Single() {
		// What was before was asked before.
		now := time.Now()
		api = "query_range"
		form.Set("end", strconv.FormatInt(now.Unix(), 10))
		form.Set("start", strconv.FormatInt(now.Add(-10*time.Second).Unix(), 10))
		form.Set("step", "1")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.prometheus+"/api/v1/"+api, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var answer struct {
		Error string `json:"error"`
		Data  struct {
			Result []struct {
				Metric map[string]string `json:"metric"`
				Value  [2]any            `json:"value"`
				Values [][2]any          `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	listed := ""
	if q.Variable != nil {
		_, listed = q.Variable.Series()
	}
	var series []map[string]string
	for _, s := range answer.Data.Result {
		if slices.ContainsFunc(append(s.Values, s.Value), isNumber) && (listed == "" || s.Metric[listed] != "") {
			series = append(series, s.Metric)
		}
	}
	return series, nil
}

func isNumber(sample [2]any) bool {
	text, _ := sample[1].(string)
	v, err := strconv.ParseFloat(text, 64)
	return err == nil && !math.IsNaN(v)
}

func TestAsk(t *testing.T) {
	site := &dashboard.Variable{Type: "query", Query: json.RawMessage(`"label_values(up, site)"`)}
	drawn := dashboard.Query{Panel: &dashboard.Panel{}, Target: &dashboard.Target{Range: true}}
	for name, tt := range map[string]struct {
		query  dashboard.Query
		answer string
		want   int
		failed bool
	}{
		"a moment":      {dashboard.Query{}, `{"data": {"result": [{"metric": {}, "value": [1, "2"]}, {"metric": {}, "value": [1, "NaN"]}]}}`, 1, false},
		"a range":       {drawn, `{"data": {"result": [{"metric": {}, "values": [[1, "NaN"], [2, "3"]]}, {"metric": {}, "values": [[1, "NaN"]]}]}}`, 1, false},
		"nothing":       {drawn, `{"data": {"result": []}}`, 0, false},
		"an error":      {drawn, `{"status": "error", "error": "many-to-many matching not allowed"}`, 0, true},
		"no Prometheus": {drawn, `<html>`, 0, true},
		"a variable":    {dashboard.Query{Variable: site}, `{"data": {"result": [{"metric": {"site": "ams"}, "value": [1, "1"]}, {"metric": {}, "value": [1, "1"]}]}}`, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if ranged := strings.HasSuffix(r.URL.Path, "/query_range"); ranged != (tt.query.Panel != nil) {
					t.Errorf("asked at %s", r.URL.Path)
				}
				_, _ = w.Write([]byte(tt.answer))
			}))
			defer server.Close()
			r := &liveRun{T: t, prometheus: server.Listener.Addr().String()}
			got, err := r.ask(t.Context(), tt.query)
			if len(got) != tt.want || (err != nil) != tt.failed {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}
