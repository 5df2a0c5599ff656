// Package mixin holds the jsonnet sources of alerts and rules; its Go code is
// only tests.
package mixin

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"dataprotection_exporter/collectors"
	"dataprotection_exporter/exporter/collect"
	"dataprotection_exporter/mixin/rulefile"
)

var update = flag.Bool("update", false, "render rules/, dashboards/ and deploy/kubernetes/ again")

type (
	rule  = rulefile.Rule
	group = rulefile.Group
)

// groups reads the committed rules.
func groups(t *testing.T) map[string][]group {
	t.Helper()
	files, err := rulefile.Read(filepath.Join("..", "rules"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]group{}
	for _, f := range files {
		all[f.Name] = f.Groups
	}
	return all
}

// contract is the alerts that users depend on, by rule file.
var contract = map[string]string{
	"exporter": "DataProtectionTargetDown DataProtectionPartFailing DataProtectionHostKeyChanged DataProtectionLoginRefused " +
		"DataProtectionOutputUnrecognized DataProtectionConfigReloadFailed DataProtectionExporterDown",
	"vnx_cava": "CavaCheckerOffline CavaAllCheckersOffline CavaNotRunning CavaCheckerAuthError CavaAntivirusNotRunning CavaSingleChecker " +
		"CavaQueueAboveLowWaterMark CavaQueueAboveHighWaterMark CavaQueueFillingUp CavaScanThreadsSaturated CavaSignaturesStale CavaCheckStale " +
		"CavaFileNotFoundErrors CavaScanTimeouts CavaInfectedFiles",
	"avamar": "AvamarSessionTicketBehind AvamarSessionTicketSerialWentBackwards AvamarSessionTicketGapWidening AvamarSessionTicketRejected " +
		"AvamarSessionTicketLoginFailures AvamarSessionTicketUnreadable AvamarServiceDown AvamarAccessRestricted AvamarNodeOffline " +
		"AvamarCheckpointStale AvamarHfscheckStale AvamarCapacityHigh",
	"onefs_cava": "OnefsCavaFaulted OnefsCavaServerOffline OnefsCavaAllServersOffline OnefsCavaServerOfflineEvent OnefsCavaDisabled " +
		"OnefsCavaQueueNearLimit OnefsCavaConnectionsSaturated OnefsCavaTooFewServers OnefsCavaSignaturesStale OnefsCavaScanFailures " +
		"OnefsCavaScanTimeouts OnefsCavaInfectedFiles OnefsCavaPolicyScanOverdue",
	"ntfrs": "NtfrsBacklogHigh NtfrsBacklogGrowing NtfrsConnectionNotJoined NtfrsReplicaSetNotActive NtfrsNoOutboundConnections " +
		"NtfrsJournalWrap NtfrsStagingFull NtfrsReplicationBlocked NtfrsExcessiveReplication NtfrsAntivirusRewritesSecurity NtfrsClockSkew " +
		"NtfrsDatabaseVolumeFull DfsrBacklogHigh",
	"csmars": "CsmarsArchiveStale CsmarsConfigBackupMissing CsmarsArchiveUnreadable CsmarsArchiveDaysMissing CsmarsArchivePurgeStalled " +
		"CsmarsArchiveRetentionDoesNotFit CsmarsArchiveFilesystemFillingUp CsmarsArchiveFilesystemAlmostFull CsmarsDatabasePurgeNear " +
		"CsmarsDatabasePurgeUnarchived CsmarsArchiveCorruptFiles",
}

func TestAlertsOfTheContract(t *testing.T) {
	for file, gs := range groups(t) {
		got := map[string]bool{}
		for _, g := range gs {
			for _, r := range g.Rules {
				if r.Alert != "" {
					got[r.Alert] = true
				}
			}
		}
		want := map[string]bool{}
		for _, a := range strings.Fields(contract[file]) {
			want[a] = true
			if !got[a] {
				t.Errorf("rules/%s.yml lacks %s", file, a)
			}
		}
		for a := range got {
			if !want[a] {
				t.Errorf("rules/%s.yml has %s, which is not in the contract", file, a)
			}
		}
	}
}

var (
	reAlertName = regexp.MustCompile(`^[A-Z][A-Za-z]{1,39}$`)
	reTemplated = regexp.MustCompile(`\{\{`)
)

// TestConventions checks what every alert owes the person it wakes.
func TestConventions(t *testing.T) {
	for file, gs := range groups(t) {
		for _, g := range gs {
			if len(g.Name) > 40 || len(g.Rules) > 20 {
				t.Errorf("group %s: name or number of rules (%d) is too large", g.Name, len(g.Rules))
			}
			for _, r := range g.Rules {
				if r.Alert == "" {
					if !regexp.MustCompile(`^[a-z_]+:[a-z_]+:[a-z_0-9]+$`).MatchString(r.Record) {
						t.Errorf("record %s is not named level:metric:operations", r.Record)
					}
					continue
				}
				conventional(t, file, r)
			}
		}
	}
}

func conventional(t *testing.T, file string, r rule) {
	t.Helper()
	a := r.Annotations
	if !reAlertName.MatchString(r.Alert) {
		t.Errorf("%s: the name", r.Alert)
	}
	if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
		t.Errorf("%s: severity %q", r.Alert, r.Labels["severity"])
	}
	if s := a["summary"]; s == "" || reTemplated.MatchString(s) || !strings.HasSuffix(s, ".") || s[:1] != strings.ToUpper(s[:1]) {
		t.Errorf("%s: summary %q is not one static sentence", r.Alert, s)
	}
	if !reTemplated.MatchString(a["description"]) {
		t.Errorf("%s: the description names nothing", r.Alert)
	}
	if !strings.HasSuffix(a["runbook_url"], "/runbooks/"+r.Alert) {
		t.Errorf("%s: runbook_url %q", r.Alert, a["runbook_url"])
	}
	if !strings.Contains(a["dashboard_url"], "/d/") {
		t.Errorf("%s: dashboard_url %q", r.Alert, a["dashboard_url"])
	}
	if r.Labels["system"] == "" && file != "exporter" {
		t.Errorf("%s: no label system", r.Alert)
	}
	book, err := os.ReadFile(filepath.Join("..", "docs", "runbooks", r.Alert+".md"))
	if err != nil {
		t.Errorf("%s: %v", r.Alert, err)
		return
	}
	for _, heading := range []string{"# " + r.Alert + "\n", "\n## Meaning\n", "\n## Impact\n", "\n## Diagnosis\n", "\n## Mitigation\n"} {
		if !strings.Contains(string(book), heading) {
			t.Errorf("the runbook of %s lacks the heading %q", r.Alert, strings.TrimSpace(heading))
		}
	}
}

// Every runbook belongs to an alert, and its links lead somewhere.
func TestRunbooks(t *testing.T) {
	alerts := map[string]bool{}
	for _, names := range contract {
		for _, a := range strings.Fields(names) {
			alerts[a] = true
		}
	}
	books, err := filepath.Glob(filepath.Join("..", "docs", "runbooks", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, book := range books {
		name := strings.TrimSuffix(filepath.Base(book), ".md")
		if !alerts[name] {
			t.Errorf("%s belongs to no alert", book)
		}
		text, err := os.ReadFile(book)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
			if !alerts[link[1]] && !strings.HasPrefix(link[1], "https://") {
				t.Errorf("%s links to %q", book, link[1])
			}
		}
	}
}

var reSeries = regexp.MustCompile(`\b((?:vnx|onefs|avamar|csmars|ntfrs|dfsr|dataprotection)_[a-z0-9_]+)\b`)

// Rules use only metrics and label values that exist.
func TestRulesUseTheCatalogue(t *testing.T) {
	known := map[string]bool{
		"dataprotection_config_last_reload_successful":                true,
		"dataprotection_config_last_reload_success_timestamp_seconds": true,
	}
	for _, m := range collect.Metrics {
		known[m.Name] = true
	}
	for _, s := range collectors.Systems {
		known[s.Name] = true // the value of the label system
		for _, m := range s.Metrics {
			known[m.Name] = true
		}
	}
	for _, gs := range groups(t) {
		for _, g := range gs {
			for _, r := range g.Rules {
				expr := regexp.MustCompile(`[a-z_]+:([a-z_]+):[a-z_0-9]+`).ReplaceAllString(r.Expr, "")
				for _, m := range reSeries.FindAllString(expr, -1) {
					if !known[m] {
						t.Errorf("%s%s uses %s, which no collector emits", r.Alert, r.Record, m)
					}
				}
			}
		}
	}
}

// The values in selectors are values that the catalogue declares.
func TestSelectorsUseDeclaredValues(t *testing.T) {
	values := map[string]map[string]bool{}
	for _, s := range collectors.Systems {
		for _, m := range append(slices.Clone(s.Metrics), collect.Metrics...) {
			for l, vs := range m.Values {
				if values[l] == nil {
					values[l] = map[string]bool{"": true}
				}
				for _, v := range vs {
					values[l][v] = true
				}
			}
		}
	}
	matcher := regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"`)
	checked := 0
	for _, gs := range groups(t) {
		for _, g := range gs {
			for _, r := range g.Rules {
				for _, m := range matcher.FindAllStringSubmatch(r.Expr, -1) {
					for v := range strings.SplitSeq(m[2], "|") {
						if declared := values[m[1]]; declared != nil {
							checked++
							if !declared[v] {
								t.Errorf("%s%s selects %s=%q, one of %v was declared", r.Alert, r.Record, m[1], v, slices.Sorted(maps.Keys(declared)))
							}
						}
					}
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no selector was checked")
	}
}

// tool finds a program of the tests, as the Makefile installs it.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("DATAPROTECTION_TEST_TOOLS") == "required" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed; make test installs it", name)
	}
	return path
}

func runTool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(tool(t, name), args...).CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: nothing found (%v)", pattern, err)
	}
	return files
}

func TestPromtoolCheckRules(t *testing.T) {
	runTool(t, "promtool", append([]string{"check", "rules"}, glob(t, "../rules/*.yml")...)...)
}

// TestPromtoolRules runs the tests of the alerts, a file at a time.
func TestPromtoolRules(t *testing.T) {
	for _, file := range glob(t, "tests/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			runTool(t, "promtool", "test", "rules", file)
		})
	}
}

// Every alert has a test that sees it fire, with the words it sends, and one that
// sees it silent.
func TestEveryAlertIsTested(t *testing.T) {
	type alertTest struct {
		Alertname string     `yaml:"alertname"`
		ExpAlerts []struct{} `yaml:"exp_alerts"`
	}
	type exprTest struct {
		Expr       string     `yaml:"expr"`
		ExpSamples []struct{} `yaml:"exp_samples"`
	}
	firing := regexp.MustCompile(`ALERTS\{alertname="(\w+)"`)
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, file := range glob(t, "tests/*.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct {
			Tests []struct {
				AlertRuleTest  []alertTest `yaml:"alert_rule_test"`
				PromqlExprTest []exprTest  `yaml:"promql_expr_test"`
			} `yaml:"tests"`
		}
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, test := range content.Tests {
			for _, a := range test.AlertRuleTest {
				if len(a.ExpAlerts) > 0 {
					fires[a.Alertname] = true
				}
			}
			for _, e := range test.PromqlExprTest {
				if m := firing.FindStringSubmatch(e.Expr); m != nil && len(e.ExpSamples) == 0 {
					silent[m[1]] = true
				}
			}
		}
	}
	for _, names := range contract {
		for _, a := range strings.Fields(names) {
			if !fires[a] || !silent[a] {
				t.Errorf("%s: seen to fire %v, seen to be silent %v", a, fires[a], silent[a])
			}
		}
	}
}

func TestExampleConfigurations(t *testing.T) {
	runTool(t, "promtool", "check", "config", "--syntax-only", "../deploy/prometheus/prometheus.yml")
	runTool(t, "amtool", "check-config", "../deploy/alertmanager/alertmanager.yml")
}
