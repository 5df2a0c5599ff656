package main

import (
	"errors"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dataprotection_exporter/mixin/rulefile"
)

func TestMain(m *testing.M) {
	archive.root = filepath.Join("..", "..")
	os.Exit(m.Run())
}

const root = "../.."

// Every alert, in each of its severities, is raised by a failure or has an excuse.
func TestEveryAlertIsRehearsed(t *testing.T) {
	wanted := map[string]bool{}
	files := map[string]bool{}
	for _, f := range allFleets() {
		for _, name := range f.rules {
			files[name] = true
		}
		for _, i := range f.incidents {
			for _, w := range i.wants {
				wanted[w.alert+"/"+w.severity] = true
			}
		}
	}
	known := map[string]bool{}
	all, err := rulefile.Read(filepath.Join(root, "rules"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		for _, r := range file.Rules() {
			if r.Alert == "" {
				continue
			}
			if !files[file.Name] {
				t.Errorf("rules/%s.yml has alerts, and no fleet rehearses it", file.Name)
			}
			key := r.Alert + "/" + r.Labels["severity"]
			known[key] = true
			if !wanted[key] && excused[key] == "" {
				t.Errorf("no failure must raise %s: add one, or say in excused why there is none", key)
			}
			if wanted[key] && excused[key] != "" {
				t.Errorf("%s is raised by a failure and excused", key)
			}
		}
	}
	for key := range wanted {
		if !known[key] {
			t.Errorf("a failure must raise %s, which no rule does", key)
		}
	}
	for key := range excused {
		if !known[key] {
			t.Errorf("%s is excused and no alert", key)
		}
	}
}

// Every document that describes failures is the source of some.
func TestEveryDocumentIsRehearsed(t *testing.T) {
	failures := map[source]int{}
	names := map[string]bool{}
	for _, f := range allFleets() {
		for _, i := range f.incidents {
			if names[f.name+i.name] {
				t.Errorf("%s: two incidents are called %q", f.name, i.name)
			}
			names[f.name+i.name] = true
			if len(i.wants) > 0 {
				failures[i.source]++
			}
			for _, w := range i.wants {
				if w.within <= 0 || w.within >= i.lasts {
					t.Errorf("%s: %q lasts %d minutes and must be found within %d", f.name, i.name, i.lasts, w.within)
				}
			}
		}
	}
	for _, d := range documents {
		if failures[d.source] == 0 {
			t.Errorf("no failure comes from %s", d.source)
		}
		delete(failures, d.source)
	}
	for s := range failures {
		t.Errorf("%q is no document of the list", s)
	}
}

// Whatever happens, targets expose only what the catalogue has, and no timestamp stands
// still by accident.
func TestReadings(t *testing.T) {
	for _, f := range allFleets() {
		t.Run(f.name, func(t *testing.T) {
			if err := f.check(); err != nil {
				t.Error(err)
			}
			moments := map[minute]bool{0: true, end - 1: true}
			for _, i := range f.incidents {
				for _, m := range []minute{i.at, i.at + 1, i.ends() - 1, i.ends()} {
					moments[m] = true
				}
			}
			for _, target := range f.targets {
				catalogue := catalogueOf(f.metrics)
				if target.own {
					catalogue = catalogueOf(ownMetrics)
				}
				states := map[string]*reading{}
				for _, m := range slices.Sorted(maps.Keys(moments)) {
					if _, err := f.reading(target, m, catalogue, states); err != nil {
						t.Errorf("%s, %s: %v", target.name, m, err)
					}
				}
			}
		})
	}
}

// An invented series is an error, and so is a change of nothing.
func TestInventedSeries(t *testing.T) {
	f := vnxFleet()
	for name, c := range map[string]change{
		"is not in the catalogue": func(r *reading, _ minute) { r.put(&series{name: "vnx_cava_mood", labels: labels{}}) },
		"lacks the label mover":   func(r *reading, _ minute) { r.put(&series{name: "vnx_cava_threads", labels: labels{"node": "1"}}) },
		"is not one of": func(r *reading, _ minute) {
			r.put(&series{name: "vnx_cava_offline_policy", labels: labels{"mover": "m", "policy": "panic"}})
		},
		"no series": set("vnx_cava_queue_files", labels{"mover": "server_9"}, 1),
		"nothing moves": func(r *reading, _ minute) {
			r.put(&series{name: "vnx_cava_checker_last_check_timestamp_seconds", labels: labels{"mover": "m", "checker": "c"}})
		},
		"counts: let it grow": set("vnx_cava_requests_total", nil, 1),
		"does not count":      grow("vnx_cava_queue_files", nil, perMinute(1)),
		"no part mood":        fail("mood", "", "timeout"),
		"has no series with":  graft("vnxcava/status/two_checkers", labels{"checker": "nobody"}),
		"no such file":        use("vnxcava/status/never"),
	} {
		t.Run(name, func(t *testing.T) {
			f.targets = []target{{name: "a", life: all(checkers(""), c)}}
			f.incidents = nil
			_, err := f.reading(f.targets[0], 0, catalogueOf(f.metrics), map[string]*reading{})
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// mini is a fleet with one failure and one disturbance.
func mini() *fleet {
	f := vnxFleet()
	f.name = "mini"
	f.targets = []target{{name: "vnx-ams", life: checkers("")}, {name: "vnx-dub", life: checkers("")}}
	down := graft("vnxcava/status/s2_object_name_not_found", labels{"checker": "192.168.1.101"})
	failure := incident{
		name: "a checker is offline", source: cava2, targets: []string{"vnx-ams"}, at: at(1, "02:00"), lasts: 20, change: down,
		wants: []want{{alert: "CavaCheckerOffline", severity: "warning", within: 11, says: "the EMC CAVA service does not run"}},
	}
	f.incidents = []incident{
		failure,
		during(failure, 5, 1),
		{name: "a reboot", source: operation, targets: []string{"vnx-dub"}, at: at(1, "02:10"), lasts: 8, change: down},
	}
	return f
}

func rehearseMini(t *testing.T, f *fleet, sabotage func(*rule)) *play {
	t.Helper()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("DATAPROTECTION_TEST_TOOLS") == "required" {
			t.Fatal("promtool is not installed")
		}
		t.Skip("promtool is not installed; make test installs it")
	}
	groups, err := readRules(filepath.Join(root, "rules"), f.rules...)
	if err != nil {
		t.Fatal(err)
	}
	groups = needed(groups)
	for g := range groups {
		for r := range groups[g].Rules {
			sabotage(&groups[g].Rules[r])
		}
	}
	var hot []watch
	for _, w := range watches(f.incidents, quietStep) {
		if w.step == 1 {
			hot = append(hot, w)
		}
	}
	s := &stage{promtool: promtool, folder: t.TempDir(), progress: &progress{}}
	p, err := s.rehearse(t.Context(), f, groups, hot, 2)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A failure is found after its delay, and an alert that was tampered with is noticed.
func TestMiniature(t *testing.T) {
	delay := func(name, value string) func(*rule) {
		return func(r *rule) {
			if r.Alert == name {
				r.For = value
			}
		}
	}
	for name, test := range map[string]struct {
		sabotage              func(*rule)
		found, pages, tickets int
		after                 minute
	}{
		"as it is":               {func(*rule) {}, 1, 0, 0, 10},
		"the delay is too long":  {delay("CavaCheckerOffline", "15m"), 0, 0, 0, 15},
		"the delay is too short": {delay("CavaCheckerOffline", "4m"), 1, 0, 1, 4},
		"the alert is never true": {func(r *rule) {
			r.Expr = strings.Replace(r.Expr, `checker:vnx_cava_checker_online:last{system="vnx_cava"} == 0`, `checker:vnx_cava_checker_online:last{system="vnx_cava"} == 2`, 1)
		}, 0, 0, 0, 0},
		"another severity": {func(r *rule) {
			if r.Alert == "CavaCheckerOffline" {
				r.Labels["severity"] = "critical"
			}
		}, 0, 1, 0, 0},
		"no words": {func(r *rule) {
			if r.Alert == "CavaCheckerOffline" {
				r.Annotations["description"] = "Something is wrong with {{ $labels.checker }}."
			}
		}, 0, 0, 0, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := rehearseMini(t, mini(), test.sabotage)
			c := tally([]*play{p})
			if c.failures != 1 || c.found != test.found || c.pages != test.pages || c.tickets != test.tickets || c.notes != 0 {
				t.Errorf("found %d of %d, %d false pages, %d false tickets, %d false notes; false: %v", c.found, c.failures, c.pages, c.tickets, c.notes, p.wrong)
			}
			if after := p.results[0].findings[0].after; after != test.after {
				t.Errorf("found after %d minutes", after)
			}
			if c.good() != (test.found == 1 && test.pages == 0) {
				t.Errorf("good is %v", c.good())
			}
		})
	}
}

// What promtool prints is read to the last line, and a line that is not understood is an
// error.
func TestComplaints(t *testing.T) {
	output := `Unit Testing:  mini.yml
  FAILED:
    alertname: DataProtectionTargetDown, time: 1h16m, 
        exp:[], 
        got:[
            0:
              Labels:{alertname="DataProtectionTargetDown", instance="i\"x", severity="critical"}
              Annotations:{description="One.\nCause: \"two\".", summary="s"}
            1:
              Labels:{alertname="DataProtectionTargetDown", instance="j", severity="critical"}
              Annotations:{description="", summary="s"}
            ]
    expr: "ALERTS{alertstate=\"firing\"}", time: 14m,
        exp: nil
        got: {__name__="ALERTS", alertname="A", instance="i\"x, y"} 1E+00, {__name__="ALERTS", alertname="B"} 1E+00
`
	fired, words, err := complaints(output)
	if err != nil {
		t.Fatal(err)
	}
	if len(fired) != 2 || fired[0].when != 14 || fired[0].labels["instance"] != `i"x, y` || fired[1].labels["alertname"] != "B" {
		t.Errorf("fired: %v", fired)
	}
	if len(words) != 2 || words[0].when != 76 || words[0].description != "One.\nCause: \"two\"." || words[0].labels["instance"] != `i"x` || words[1].labels["instance"] != "j" {
		t.Errorf("words: %v", words)
	}
	for _, bad := range []string{
		"  mini.yml: something new\n",
		"    expr: \"ALERTS\", time: 14m,\n        got: {a=\"b} 1E+00\n",
		"    expr: \"ALERTS\", time: soon,\n",
	} {
		if _, _, err := complaints(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestNotation(t *testing.T) {
	c := &column{name: "x_timestamp_seconds", values: make([]float64, end)}
	gone := make([]bool, end)
	nan := func(from, to minute) {
		for m := from; m < to; m++ {
			c.values[m] = math.NaN()
		}
	}
	for m := range minute(20) {
		c.values[100+m] = (100 + m).seconds() // goes on
	}
	nan(120, 125) // not scraped
	for m := range minute(5) {
		c.values[125+m] = 7500
	}
	nan(130, 133)
	for m := minute(130); m < 133; m++ {
		gone[m] = true // no Prometheus
	}
	c.values[133] = 7980
	got := notation(c, gone, watch{begin: 100, from: 110, to: 134, step: 1})
	if want := "0+60x19 stale _x4 1500+0x4 _x3 1980"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	nan(0, 50)
	if got := notation(c, gone, watch{from: 0, to: 50, step: 5}); got != "" {
		t.Errorf("nothing is %q", got)
	}
}

// Every minute is watched exactly once, and incidents every minute.
func TestWatches(t *testing.T) {
	for _, f := range allFleets() {
		seen := make([]minute, end)
		for _, w := range watches(f.incidents, quietStep) {
			if w.begin < 0 || w.begin > w.from || w.from >= w.to || (w.from-w.begin)%w.step != 0 {
				t.Errorf("%s: the watch %v", f.name, w)
			}
			for m := w.from; m < w.to; m++ {
				if seen[m] != 0 {
					t.Fatalf("%s: %s is watched twice", f.name, m)
				}
				seen[m] = w.step
			}
		}
		for m, step := range seen {
			if step == 0 {
				t.Fatalf("%s: nobody watches %s", f.name, minute(m))
			}
		}
		for _, i := range f.incidents {
			for m := i.at; !i.slow && m <= i.gone(); m++ {
				if seen[m] != 1 {
					t.Fatalf("%s: %q is not watched every minute", f.name, i.name)
				}
			}
		}
	}
}

func TestJudge(t *testing.T) {
	f := &fleet{incidents: []incident{{
		name: "x", targets: []string{"a"}, at: 100, lasts: 20, tail: 5, scope: labels{"mover": "m"},
		wants: []want{{alert: "A", severity: "critical", within: 5}}, allows: []string{"B/warning"},
	}}}
	one := func(name, severity, instance, mover string, from, to minute) alarm {
		return alarm{labels: labels{"alertname": name, "severity": severity, "instance": instance, "mover": mover}, from: from, to: to}
	}
	for name, test := range map[string]struct {
		alarms []alarm
		found  bool
		wrong  int
		again  int
	}{
		"in time":        {[]alarm{one("A", "critical", "a", "m", 103, 121)}, true, 0, 0},
		"late":           {[]alarm{one("A", "critical", "a", "m", 106, 121)}, false, 0, 0},
		"too early":      {[]alarm{one("A", "critical", "a", "m", 99, 121)}, false, 1, 0},
		"too long":       {[]alarm{one("A", "critical", "a", "m", 103, 127)}, false, 1, 0},
		"another target": {[]alarm{one("A", "critical", "b", "m", 103, 121)}, false, 1, 0},
		"another mover":  {[]alarm{one("A", "critical", "a", "n", 103, 121)}, false, 1, 0},
		"anew":           {[]alarm{one("A", "critical", "a", "m", 103, 110), one("A", "critical", "a", "m", 112, 121)}, true, 0, 1},
		"allowed":        {[]alarm{one("A", "critical", "a", "m", 103, 121), one("B", "warning", "a", "m", 104, 121)}, true, 0, 0},
		"allowed, worse": {[]alarm{one("A", "critical", "a", "m", 103, 121), one("B", "critical", "a", "m", 104, 121)}, true, 1, 0},
	} {
		words := []said{{when: 105, alert: "A", labels: labels{"severity": "critical", "instance": "a"}, description: "Cause: x."}}
		results, wrong := judge(f, test.alarms, words)
		if got := results[0].found(); got != test.found || len(wrong) != test.wrong || results[0].findings[0].again != test.again {
			t.Errorf("%s: found %v, false %v, anew %d", name, got, wrong, results[0].findings[0].again)
		}
	}
}

// docs/rehearsal.md is of these rules, failures and golden expositions.
func TestReportIsCurrent(t *testing.T) {
	mark, err := freshness(root)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(reportFile)))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "make rehearsal: "+mark+" ") {
		t.Errorf("%s is stale: run make rehearsal (its mark should be %s)", reportFile, mark)
	}
	for _, line := range []string{"(100 %) |", "| false pages | 0 |"} {
		if !strings.Contains(string(text), line) {
			t.Errorf("%s does not say %q", reportFile, line)
		}
	}
}

// Words do not make the report stale, decisions do.
func TestFingerprint(t *testing.T) {
	rules := func(expr, delay, words string) string {
		return fingerprint([]group{{Name: "g", Rules: []rule{{Alert: "A", Expr: expr, For: delay, Labels: map[string]string{"severity": "info"}, Annotations: map[string]string{"description": words}}}}})
	}
	as := rules("# A comment.\nup == 0", "5m", "one")
	if as != rules("# Another.\nup  ==\n 0", "5m", "two") {
		t.Error("words and layout change the mark")
	}
	if as == rules("up == 1", "5m", "one") || as == rules("up == 0", "6m", "one") {
		t.Error("an expression or a delay does not change the mark")
	}
}
