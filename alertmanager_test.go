package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"dataprotection_exporter/collectors"
	"dataprotection_exporter/mixin/rulefile"
)

const alertmanagerExample = "deploy/alertmanager/alertmanager.yml"

// receivers is who gets what, by severity.
var receivers = map[string]string{"critical": "page", "warning": "tickets", "info": "digest"}

// examples are the alerts that the tests of the rules see fire: real labels and
// annotations, as Prometheus sends them.
type examples []alert

func readExamples(t *testing.T) examples {
	t.Helper()
	var all examples
	for _, file := range globbed(t, "mixin/tests/*.yaml") {
		var content struct {
			Tests []struct {
				AlertRuleTest []struct {
					Alertname string `yaml:"alertname"`
					ExpAlerts []struct {
						ExpLabels      map[string]string `yaml:"exp_labels"`
						ExpAnnotations map[string]string `yaml:"exp_annotations"`
					} `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			} `yaml:"tests"`
		}
		readYAML(t, file, &content)
		for _, test := range content.Tests {
			for _, a := range test.AlertRuleTest {
				for _, e := range a.ExpAlerts {
					labels := maps.Clone(e.ExpLabels)
					labels["alertname"] = a.Alertname
					all = append(all, alert{Status: "firing", Labels: labels, Annotations: e.ExpAnnotations})
				}
			}
		}
	}
	return all
}

// ruleAlerts is the severities of each alert in rules/.
func ruleAlerts(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	files, err := rulefile.Read("rules")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, r := range file.Rules() {
			if severity := r.Labels["severity"]; r.Alert != "" && !slices.Contains(all[r.Alert], severity) {
				all[r.Alert] = append(all[r.Alert], severity)
			}
		}
	}
	return all
}

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: nothing found (%v)", pattern, err)
	}
	return files
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// TestAlertmanagerRoutes asks amtool where each alert goes.
func TestAlertmanagerRoutes(t *testing.T) {
	amtool := program(t, "amtool")
	for name, severities := range ruleAlerts(t) {
		for _, severity := range severities {
			want := receivers[severity]
			if want == "" {
				t.Errorf("%s: nobody gets severity %q", name, severity)
				continue
			}
			out, err := exec.Command(amtool, "config", "routes", "test", "--config.file="+alertmanagerExample,
				"alertname="+name, "severity="+severity, "job=dataprotection", "instance=vnx-ams-1").Output()
			if got := strings.TrimSpace(string(out)); err != nil || got != want {
				t.Errorf("%s %s goes to %s, not to %s (%v)", severity, name, got, want, err)
			}
		}
	}
}

// TestAlertmanagerTemplate renders every alert of the rules as it is sent and
// looks for what a person needs.
func TestAlertmanagerTemplate(t *testing.T) {
	amtool, sent := program(t, "amtool"), readExamples(t)
	started := time.Date(2026, 3, 1, 2, 3, 0, 0, time.UTC)
	render := func(status, template string, alerts []alert, group map[string]string) string {
		t.Helper()
		type datum struct {
			alert
			StartsAt time.Time `json:"startsAt"`
			EndsAt   time.Time `json:"endsAt"`
		}
		data := struct {
			Status            string            `json:"status"`
			Alerts            []datum           `json:"alerts"`
			GroupLabels       map[string]string `json:"groupLabels"`
			CommonLabels      map[string]string `json:"commonLabels"`
			CommonAnnotations map[string]string `json:"commonAnnotations"`
		}{Status: status, GroupLabels: group, CommonLabels: alerts[0].Labels, CommonAnnotations: alerts[0].Annotations}
		for _, a := range alerts {
			a.Status = status
			data.Alerts = append(data.Alerts, datum{a, started, started.Add(time.Hour)})
		}
		file := filepath.Join(t.TempDir(), "data.json")
		text, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, string(text))
		var errs bytes.Buffer
		cmd := exec.Command(amtool, "template", "render", "--template.glob=deploy/alertmanager/templates/*.tmpl",
			`--template.text={{ template "`+template+`" . }}`, "--template.data="+file)
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("amtool template render: %v\n%s", err, errs.String())
		}
		return string(out)
	}

	t.Run("every alert shows cause, remedy, runbook and dashboard", func(t *testing.T) {
		text := render("firing", "dataprotection.text", sent, map[string]string{"job": "dataprotection", "instance": "vnx-ams-1"})
		seen := map[string]bool{}
		for _, a := range sent {
			name := a.Labels["alertname"]
			seen[name+a.Labels["severity"]] = true
			for _, word := range []string{"Cause: ", "Remedy: "} {
				d := a.Annotations["description"]
				if !strings.Contains(d, word) && !strings.Contains(d, "not known at this moment: see /targets") {
					t.Errorf("the description of %s has no %q", name, word)
				}
			}
			for _, annotation := range []string{"summary", "description", "runbook_url", "dashboard_url"} {
				if said := a.Annotations[annotation]; said == "" || !strings.Contains(text, said) {
					t.Errorf("%s: the %s is not shown: %q", name, annotation, said)
				}
			}
		}
		for name, severities := range ruleAlerts(t) {
			for _, severity := range severities {
				if !seen[name+severity] {
					t.Errorf("no test of the rules shows %s %s", severity, name)
				}
			}
		}
		if strings.Contains(text, "<no value>") || strings.Contains(text, "<nil>") {
			t.Error("a value is missing")
		}
	})

	offline := sent.pick(t, "CavaCheckerOffline checker=192.168.1.101")
	one := map[string]string{"job": "dataprotection", "instance": "vnx-ams-1"}
	for _, c := range []struct {
		name, status, template string
		alert                  alert
		group                  map[string]string
		want                   string
	}{
		{
			"what it is about", "firing", "dataprotection.text", offline, one,
			"CavaCheckerOffline: checker 192.168.1.101, mover server_2, site ams; since 2026-03-01 02:03 UTC\nA virus checker is not online.\n",
		},
		{
			"what is over", "resolved", "dataprotection.text", offline, one,
			"Over:\nCavaCheckerOffline: checker 192.168.1.101, mover server_2, site ams; since 2026-03-01 02:03 UTC, until 2026-03-01 03:03 UTC\nA virus checker is not online.\n",
		},
		{"the title", "firing", "dataprotection.title", offline, one, "WARNING vnx-ams-1 server_2: A virus checker is not online."},
		{"the title of the end", "resolved", "dataprotection.title", offline, one, "RESOLVED vnx-ams-1 server_2: A virus checker is not online."},
		{
			"the title without a target", "firing", "dataprotection.title", sent.pick(t, "DataProtectionExporterDown"),
			map[string]string{"job": "dp"},
			"CRITICAL dp: Prometheus cannot scrape the exporter, so the state of all its targets is unknown.",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := render(c.status, c.template, []alert{c.alert}, c.group); !strings.Contains(got, c.want) {
				t.Errorf("got %q, which lacks %q", got, c.want)
			}
		})
	}
}

// pick finds an alert: its name, then label=value that it must have and
// label:value that it gets.
func (e examples) pick(t *testing.T, spec string) alert {
	t.Helper()
	fields := strings.Fields(spec)
	for _, a := range e {
		if a.Labels["alertname"] != fields[0] {
			continue
		}
		labels, fits := maps.Clone(a.Labels), true
		for _, f := range fields[1:] {
			if k, v, ok := strings.Cut(f, "="); ok {
				fits = fits && labels[k] == v
			} else if k, v, ok := strings.Cut(f, ":"); ok {
				labels[k] = v
			}
		}
		if fits {
			return alert{Status: a.Status, Labels: labels, Annotations: a.Annotations}
		}
	}
	t.Fatalf("no test of the rules sees this fire: %s", spec)
	return alert{}
}

// matcher is one matcher of a route or an inhibition.
type matcher struct {
	label, op string
	value     string
	re        *regexp.Regexp
}

var reMatcher = regexp.MustCompile(`^(\w+)(=~|!~|!=|=)"(.*)"$`)

func parseMatchers(t *testing.T, texts []string) []matcher {
	t.Helper()
	var all []matcher
	for _, text := range texts {
		m := reMatcher.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("the matcher %s is not written as this test reads them", text)
		}
		all = append(all, matcher{m[1], m[2], m[3], regexp.MustCompile("^(?:" + m[3] + ")$")})
	}
	return all
}

func matches(all []matcher, labels map[string]string) bool {
	for _, m := range all {
		v := labels[m.label]
		ok := v == m.value
		if strings.HasSuffix(m.op, "~") {
			ok = m.re.MatchString(v)
		}
		if ok == strings.HasPrefix(m.op, "!") {
			return false
		}
	}
	return true
}

// TestInhibitions reads the inhibitions and tries each on every pair of alerts
// that the tests of the rules see fire.
func TestInhibitions(t *testing.T) {
	var config struct {
		InhibitRules []struct {
			SourceMatchers []string `yaml:"source_matchers"`
			TargetMatchers []string `yaml:"target_matchers"`
			Equal          []string `yaml:"equal"`
		} `yaml:"inhibit_rules"`
	}
	readYAML(t, alertmanagerExample, &config)
	sent, rank := readExamples(t), map[string]int{"info": 1, "warning": 2, "critical": 3}
	for _, system := range collectors.Systems {
		for _, part := range system.Parts {
			sent = append(sent, sent.pick(t, "DataProtectionPartFailing part:"+part))
		}
	}
	known := ruleAlerts(t)
	variant := func(a alert) string { return a.Labels["severity"] + " " + a.Labels["alertname"] }
	hides := map[string]map[string]bool{}

	for i, rule := range config.InhibitRules {
		sources, targets := parseMatchers(t, rule.SourceMatchers), parseMatchers(t, rule.TargetMatchers)
		t.Run(fmt.Sprintf("%d %s", i+1, strings.Join(rule.SourceMatchers, ",")), func(t *testing.T) {
			namesExist(t, known, append(slices.Clone(sources), targets...))
			var isUsedAsSource, isUsedAsTarget bool
			faults := map[string]bool{}
			fault := func(format string, args ...any) { faults[fmt.Sprintf(format, args...)] = true }
			for _, s := range sent {
				for _, v := range sent {
					isSource, isTarget := matches(sources, s.Labels), matches(targets, v.Labels)
					isUsedAsSource, isUsedAsTarget = isUsedAsSource || isSource, isUsedAsTarget || isTarget
					if !isSource || !isTarget || slices.Contains(rule.Equal, "alertname") && s.Labels["alertname"] != v.Labels["alertname"] {
						continue
					}
					if matches(targets, s.Labels) && matches(sources, v.Labels) {
						fault("%s and %s match both sides: Alertmanager does not hide one by the other", variant(s), variant(v))
					}
					if rank[s.Labels["severity"]] < rank[v.Labels["severity"]] {
						fault("%s may be hidden by %s", variant(v), variant(s))
					}
					for _, l := range rule.Equal {
						if s.Labels[l] == "" || v.Labels[l] == "" {
							fault("%s and %s do not both have the label %s, and without it they count as equal", variant(s), variant(v), l)
						}
					}
					if hides[variant(s)] == nil {
						hides[variant(s)] = map[string]bool{}
					}
					hides[variant(s)][variant(v)] = true
				}
			}
			for text := range faults {
				t.Error(text)
			}
			if !isUsedAsSource || !isUsedAsTarget {
				t.Error("no alert has the labels of the source or of the target")
			}
			if !slices.Contains(rule.Equal, "job") {
				t.Error("it hides alerts of another job")
			}
			if !slices.Contains(rule.Equal, "instance") && rule.SourceMatchers[0] != `alertname="DataProtectionExporterDown"` {
				t.Error("it hides alerts of another target")
			}
		})
	}

	for s, vs := range hides {
		if vs["critical CavaAllCheckersOffline"] || vs["critical OnefsCavaAllServersOffline"] {
			t.Errorf("%s hides an alert that must never be missed", s)
		}
		if vs["warning CavaAllCheckersOffline"] && s != "critical CavaAllCheckersOffline" {
			t.Errorf("%s hides CavaAllCheckersOffline, which only its own critical form may", s)
		}
		// Alerts that hide each other in a circle are all lost.
		reached, next := map[string]bool{}, slices.Collect(maps.Keys(vs))
		for len(next) > 0 {
			v := next[0]
			next = next[1:]
			if v == s {
				t.Errorf("%s hides, by way of others, itself", s)
				break
			}
			if !reached[v] {
				reached[v] = true
				next = append(next, slices.Collect(maps.Keys(hides[v]))...)
			}
		}
	}
}

// namesExist sees that every name in a matcher is an alert of the rules.
func namesExist(t *testing.T, known map[string][]string, all []matcher) {
	t.Helper()
	for _, m := range all {
		if m.label != "alertname" {
			continue
		}
		for name := range strings.SplitSeq(m.value, "|") {
			re, found := regexp.MustCompile("^(?:"+name+")$"), false
			for alert := range known {
				found = found || re.MatchString(alert)
			}
			if !found {
				t.Errorf("no alert of the rules is called %s", name)
			}
		}
	}
}

// incident is what one trouble makes fire at once. Each line is a spec for
// examples.pick; @x puts the alert on another target of the same incident.
type incident struct {
	name string
	// job is set for an incident of the whole job.
	job string
	// page is the alerts in the one page, ticket those in the one mail.
	page, ticket []string
	hidden       []string
	// later is a critical alert of another incident on the same target.
	later string
}

var incidents = []incident{
	{
		name: "all checkers of a mover offline",
		page: []string{"CavaAllCheckersOffline severity=critical", "DataProtectionTargetDown"},
		hidden: []string{
			"CavaCheckerOffline", "CavaCheckerOffline checker:192.168.1.102", "CavaCheckerAuthError", "CavaAntivirusNotRunning", "CavaSingleChecker",
			"CavaQueueAboveLowWaterMark", "CavaQueueAboveHighWaterMark", "CavaQueueFillingUp", "CavaScanThreadsSaturated", "CavaScanTimeouts",
			"CavaNotRunning", "DataProtectionPartFailing", "CavaSignaturesStale", "CavaCheckStale",
		},
		later: "CavaNotRunning mover:server_3",
	},
	{
		name:   "all checkers of two movers offline",
		page:   []string{"CavaAllCheckersOffline severity=critical", "CavaAllCheckersOffline severity=critical mover:server_3"},
		hidden: []string{"CavaCheckerOffline", "CavaCheckerOffline mover:server_3", "CavaNotRunning mover:server_3", "CavaSingleChecker"},
		later:  "DataProtectionTargetDown",
	},
	{
		name:   "all checkers offline by policy none and not reachable since",
		page:   []string{"DataProtectionTargetDown"},
		ticket: []string{"CavaAllCheckersOffline severity=warning"},
		hidden: []string{"CavaCheckerOffline", "CavaQueueAboveHighWaterMark", "CavaQueueAboveLowWaterMark", "DataProtectionLoginRefused"},
		later:  "CavaAllCheckersOffline severity=critical mover:server_3",
	},
	{
		name:   "virus checking stopped",
		page:   []string{"CavaNotRunning"},
		ticket: []string{"CavaSingleChecker"},
		hidden: []string{"CavaCheckerOffline", "CavaCheckerAuthError", "CavaCheckStale", "CavaSignaturesStale", "CavaQueueAboveLowWaterMark", "CavaScanTimeouts"},
		later:  "CavaAllCheckersOffline severity=critical",
	},
	{
		name:   "mcs down",
		page:   []string{"AvamarServiceDown service=mcs"},
		ticket: []string{"DataProtectionPartFailing part:services"},
		hidden: []string{
			"AvamarSessionTicketBehind", "AvamarSessionTicketGapWidening severity=critical", "AvamarSessionTicketRejected",
			"AvamarSessionTicketLoginFailures", "AvamarSessionTicketSerialWentBackwards side=mcs", "AvamarSessionTicketUnreadable part=mcs_serial",
			"DataProtectionPartFailing part:mcs_serial",
		},
		later: "AvamarNodeOffline severity=critical node=0.1",
	},
	{
		name: "gsan down",
		page: []string{"AvamarServiceDown service=gsan", "AvamarNodeOffline severity=critical node=0.1"},
		hidden: []string{
			"AvamarSessionTicketRejected", "AvamarSessionTicketUnreadable part=gsan_serial", "AvamarAccessRestricted",
			"AvamarNodeOffline severity=warning node=0.1", "DataProtectionPartFailing part:gsan_serial", "DataProtectionPartFailing part:status",
		},
		later: "DataProtectionHostKeyChanged",
	},
	{
		name: "mcs restored from an older flush",
		page: []string{
			"AvamarSessionTicketBehind", "AvamarSessionTicketSerialWentBackwards side=mcs", "AvamarSessionTicketRejected", "AvamarSessionTicketLoginFailures",
		},
		hidden: []string{"AvamarSessionTicketGapWidening severity=warning", "AvamarSessionTicketGapWidening severity=critical"},
		later:  "AvamarServiceDown service=gsan",
	},
	{
		name: "all onefs servers offline",
		page: []string{"OnefsCavaAllServersOffline scope=cluster"},
		hidden: []string{
			"OnefsCavaServerOffline server=av2", "OnefsCavaServerOffline server=av3", "OnefsCavaServerOfflineEvent", "OnefsCavaQueueNearLimit",
			"OnefsCavaScanFailures node=1", "OnefsCavaScanTimeouts node=1", "OnefsCavaTooFewServers", "OnefsCavaConnectionsSaturated",
		},
		later: "OnefsCavaFaulted",
	},
	{
		name:   "a onefs node cut off",
		page:   []string{"OnefsCavaAllServersOffline scope=node node=2"},
		ticket: []string{"OnefsCavaScanFailures node=1", "OnefsCavaTooFewServers"},
		hidden: []string{"OnefsCavaServerOffline server=av2", "OnefsCavaServerOfflineEvent", "OnefsCavaQueueNearLimit node:2", "OnefsCavaScanTimeouts node:2"},
		later:  "OnefsCavaAllServersOffline scope=node node:3",
	},
	{
		name:   "a onefs node faulted",
		page:   []string{"OnefsCavaFaulted node=2"},
		ticket: []string{"OnefsCavaServerOfflineEvent"},
		hidden: []string{"OnefsCavaQueueNearLimit node:2", "OnefsCavaScanFailures node:2", "OnefsCavaScanTimeouts node:2"},
		later:  "OnefsCavaAllServersOffline scope=cluster",
	},
	{
		name: "journal wrap",
		page: []string{"NtfrsJournalWrap member=dc1"},
		// A partner's own view of it.
		ticket: []string{"NtfrsConnectionNotJoined member:dc2 partner:DC1", "NtfrsBacklogHigh member:dc2 partner:DC1"},
		hidden: []string{
			"NtfrsReplicaSetNotActive severity=warning", "NtfrsReplicationBlocked severity=warning", "NtfrsConnectionNotJoined",
			"NtfrsBacklogHigh", "NtfrsBacklogGrowing", "NtfrsBacklogGrowing member:dc2 partner:DC1",
		},
		later: "NtfrsJournalWrap member:dc2",
	},
	{
		name: "the volume of a replication database full",
		page: []string{"NtfrsDatabaseVolumeFull member=dc1"},
		hidden: []string{
			"NtfrsReplicationBlocked severity=critical event_id=13503", "NtfrsReplicaSetNotActive severity=critical member=dc1",
			"NtfrsConnectionNotJoined", "NtfrsBacklogHigh", "NtfrsBacklogGrowing",
		},
		later: "NtfrsReplicationBlocked severity=critical event_id=13503 member:dc3",
	},
	{
		name:   "a virus scanner fills staging",
		page:   []string{"NtfrsStagingFull severity=critical"},
		ticket: []string{"NtfrsAntivirusRewritesSecurity member=dc1", "NtfrsBacklogHigh"},
		hidden: []string{"NtfrsStagingFull severity=warning", "NtfrsExcessiveReplication", "NtfrsBacklogGrowing"},
		later:  "NtfrsReplicaSetNotActive severity=critical",
	},
	{
		name:   "archive stale and a purge near",
		page:   []string{"CsmarsDatabasePurgeUnarchived"},
		ticket: []string{"CsmarsArchiveStale"},
		hidden: []string{"CsmarsDatabasePurgeNear severity=warning", "CsmarsDatabasePurgeNear severity=info", "CsmarsConfigBackupMissing"},
		later:  "CsmarsArchiveFilesystemAlmostFull severity=critical",
	},
	{
		name:   "archive full",
		page:   []string{"CsmarsArchiveFilesystemAlmostFull severity=critical resource=bytes"},
		ticket: []string{"CsmarsArchiveFilesystemAlmostFull severity=warning resource=inodes", "CsmarsArchiveRetentionDoesNotFit"},
		hidden: []string{"CsmarsArchiveFilesystemAlmostFull severity=warning resource=bytes", "CsmarsArchiveFilesystemFillingUp"},
		later:  "CsmarsDatabasePurgeUnarchived",
	},
	{
		name:   "archive not readable",
		ticket: []string{"CsmarsArchiveUnreadable", "DataProtectionPartFailing part:database"},
		hidden: []string{"DataProtectionPartFailing part:archive"},
		later:  "DataProtectionTargetDown",
	},
	{
		name:   "host key changed",
		page:   []string{"DataProtectionHostKeyChanged"},
		hidden: []string{"DataProtectionTargetDown", "DataProtectionPartFailing", "DataProtectionLoginRefused", "CavaCheckerOffline"},
		later:  "CavaNotRunning",
	},
	{
		name: "exporter down",
		job:  "remote",
		page: []string{"DataProtectionExporterDown @"},
		hidden: []string{
			"DataProtectionTargetDown", "DataProtectionTargetDown @b", "DataProtectionTargetDown @c", "DataProtectionTargetDown @d",
			"CavaCheckerOffline", "CavaInfectedFiles severity=info", "AvamarCheckpointStale @b", "CsmarsArchiveStale @c", "NtfrsBacklogHigh @d",
		},
		later: "CavaAllCheckersOffline severity=critical",
	},
}

// fired is the alerts of a list of specs with the labels of the incident.
func (i incident) fired(t *testing.T, sent examples, specs ...string) []alert {
	t.Helper()
	var all []alert
	for _, spec := range specs {
		a := sent.pick(t, spec)
		a.Labels["job"] = i.jobName()
		a.Labels["instance"] = i.instance()
		if _, place, ok := strings.Cut(spec, "@"); ok {
			a.Labels["instance"] += "-" + place
		}
		if strings.HasSuffix(spec, "@") { // it is about no target
			delete(a.Labels, "instance")
		}
		all = append(all, a)
	}
	return all
}

func (i incident) instance() string { return strings.ReplaceAll(i.name, " ", "-") }

func (i incident) jobName() string {
	if i.job != "" {
		return i.job
	}
	return "dataprotection"
}

// TestOneIncidentOnePage shows a real Alertmanager what each incident makes fire
// at once, and counts what arrives.
func TestOneIncidentOnePage(t *testing.T) {
	t.Parallel() // it waits for programs most of the time
	path := program(t, "prometheus-alertmanager")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	sent := readExamples(t)
	inbox := newInbox(t)
	am := &alertmanager{T: t, ctx: ctx, inbox: inbox, address: startFastAlertmanager(ctx, t, path, inbox)}

	// Everything that one incident makes fire, and every page it hides also alone
	// on a target of its own.
	var all []alert
	alone := map[string]alert{}
	for _, i := range incidents {
		for _, specs := range [][]string{i.page, i.ticket, i.hidden} {
			all = append(all, i.fired(t, sent, specs...)...)
		}
		for n, a := range i.fired(t, sent, append(slices.Clone(i.page), i.hidden...)...) {
			if a.Labels["severity"] == "critical" && a.Labels["alertname"] != "DataProtectionExporterDown" {
				other := alert{Status: a.Status, Labels: maps.Clone(a.Labels), Annotations: a.Annotations}
				other.Labels["job"], other.Labels["instance"] = "dataprotection", fmt.Sprintf("%s-alone-%d", i.instance(), n)
				alone[other.Labels["instance"]] = other
			}
		}
	}
	all = append(all, slices.Collect(maps.Values(alone))...)
	am.post(all...)
	am.settle("1")
	am.settle("2")

	for _, i := range incidents {
		t.Run(i.name, func(t *testing.T) {
			page, ticket := i.fired(t, sent, i.page...), i.fired(t, sent, i.ticket...)
			am.onePage(t, page)
			am.oneMail(t, ticket)
			am.nothingElse(t, i, append(page, ticket...))
			am.isHidden(t, i, i.fired(t, sent, i.hidden...))
		})
	}
	t.Run("alone on another target", func(t *testing.T) {
		for _, a := range alone {
			am.onePage(t, []alert{a})
		}
	})

	before := map[string]int{}
	var later []alert
	for _, i := range incidents {
		a := i.fired(t, sent, i.later)[0]
		before[i.name] = len(inbox.pagesOf(a))
		later = append(later, a)
	}
	am.post(later...)
	am.settle("3")
	for n, i := range incidents {
		t.Run(i.name+", then another one", func(t *testing.T) {
			pages := inbox.pagesOf(later[n])
			if len(pages) != before[i.name]+1 {
				t.Fatalf("%d more pages came for %s, not 1", len(pages)-before[i.name], key(later[n].Labels))
			}
			if !slices.ContainsFunc(pages[len(pages)-1].Alerts, func(a alert) bool { return key(a.Labels) == key(later[n].Labels) }) {
				t.Errorf("the page does not name %s", key(later[n].Labels))
			}
		})
	}
}

// key is all labels of an alert as text.
func key(labels map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, name+"="+labels[name])
	}
	return strings.Join(pairs, ",")
}

func keys(alerts []alert) []string {
	var all []string
	for _, a := range alerts {
		all = append(all, key(a.Labels))
	}
	slices.Sort(all)
	return all
}

// startFastAlertmanager starts the example configuration with its addresses and
// waiting times replaced, and nothing else.
func startFastAlertmanager(ctx context.Context, t *testing.T, path string, inbox *inbox) string {
	t.Helper()
	text, err := os.ReadFile(alertmanagerExample)
	if err != nil {
		t.Fatal(err)
	}
	config := string(text)
	replace := func(old, with string, times int) {
		t.Helper()
		if n := strings.Count(config, old); n != times {
			t.Fatalf("%s has %q %d times, this test replaces it %d times", alertmanagerExample, old, n, times)
		}
		config = strings.ReplaceAll(config, old, with)
	}
	replace("http://127.0.0.1:9099/page", inbox.web.URL, 1)
	replace("smtp_smarthost: 127.0.0.1:25\n", "smtp_smarthost: "+inbox.smtp.Addr().String()+"\n", 1)
	for _, wait := range []string{"10s", "2m", "10m"} {
		replace("group_wait: "+wait+"\n", "group_wait: 2s\n", 1)
	}
	for _, interval := range []string{"1m", "5m", "1h"} {
		replace("group_interval: "+interval+"\n", "group_interval: 1s\n", 1)
	}

	return runAlertmanager(ctx, t, path, t.TempDir(), config)
}

// alertmanager is a running one and what it delivered.
type alertmanager struct {
	*testing.T
	ctx     context.Context
	address string
	inbox   *inbox
}

func (m *alertmanager) post(alerts ...alert) {
	m.Helper()
	type posted struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		StartsAt    time.Time         `json:"startsAt"`
		EndsAt      time.Time         `json:"endsAt"`
	}
	var body []posted
	now := time.Now()
	for _, a := range alerts {
		body = append(body, posted{a.Labels, a.Annotations, now, now.Add(time.Hour)})
	}
	text, err := json.Marshal(body)
	if err != nil {
		m.Fatal(err)
	}
	req, err := http.NewRequestWithContext(m.ctx, http.MethodPost, "http://"+m.address+"/api/v2/alerts", bytes.NewReader(text))
	if err != nil {
		m.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		m.Fatal(err)
	}
	defer res.Body.Close()
	if answer, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		m.Fatalf("Alertmanager does not take the alerts: %s %s", res.Status, answer)
	}
}

// settle posts one more alert of each severity and waits until it arrives. All
// groups wait equally long, so whatever was posted before was sent by then, or was
// hidden.
func (m *alertmanager) settle(name string) {
	m.Helper()
	name = "settled-" + name
	for severity := range receivers {
		m.post(alert{
			Labels:      map[string]string{"alertname": "Settled", "severity": severity, "job": "settle", "instance": name},
			Annotations: map[string]string{"summary": "Settled."},
		})
	}
	eventually(m.ctx, m.T, name+" arrives", func() bool {
		pages, mails := m.inbox.all()
		arrived := 0
		for _, p := range pages {
			if p.GroupLabels["instance"] == name {
				arrived++
			}
		}
		for _, l := range mails {
			if l.instance() == name {
				arrived++
			}
		}
		return arrived == len(receivers)
	})
}

// onePage sees that these alerts, and no others, came in one page per target.
func (m *alertmanager) onePage(t *testing.T, want []alert) {
	t.Helper()
	if len(want) == 0 {
		return
	}
	pages := m.inbox.pagesOf(want[0])
	if len(pages) != 1 {
		t.Fatalf("%d pages came for %s, not 1: %v", len(pages), key(want[0].Labels), pages)
	}
	if got := keys(pages[0].Alerts); pages[0].Status != "firing" || !slices.Equal(got, keys(want)) {
		t.Errorf("the page, %s, has\n%s\nwant\n%s", pages[0].Status, strings.Join(got, "\n"), strings.Join(keys(want), "\n"))
	}
}

// oneMail sees that these alerts came in one mail, with all they have to say.
func (m *alertmanager) oneMail(t *testing.T, want []alert) {
	t.Helper()
	if len(want) == 0 {
		return
	}
	mails := m.inbox.mailsOf(want[0])
	if len(mails) != 1 {
		t.Fatalf("%d mails came for %s, not 1", len(mails), key(want[0].Labels))
	}
	if got := mails[0].to; got != "storage-team@example.com" {
		t.Errorf("the mail went to %s", got)
	}
	if n := strings.Count(mails[0].text, "\nRunbook: "); n != len(want) {
		t.Errorf("the mail shows %d alerts, not %d:\n%s", n, len(want), mails[0].text)
	}
	for _, a := range want {
		for _, annotation := range []string{"summary", "description", "runbook_url", "dashboard_url"} {
			if said := a.Annotations[annotation]; said == "" || !strings.Contains(mails[0].text, said) {
				t.Errorf("the mail does not show the %s of %s: %s\n%s", annotation, a.Labels["alertname"], said, mails[0].text)
			}
		}
	}
}

// nothingElse sees that no target of an incident has more pages or mails.
func (m *alertmanager) nothingElse(t *testing.T, i incident, shown []alert) {
	t.Helper()
	groups := map[string]bool{}
	for _, a := range shown {
		groups[a.Labels["severity"]+a.Labels["job"]+a.Labels["instance"]] = true
	}
	mine := func(instance string) bool {
		return instance == i.instance() || strings.HasPrefix(instance, i.instance()+"-") && !strings.Contains(instance, "-alone-")
	}
	pages, mails := m.inbox.all()
	for _, p := range pages {
		if g := p.GroupLabels; mine(g["instance"]) && !groups["critical"+g["job"]+g["instance"]] {
			t.Errorf("another page came: %v", keys(p.Alerts))
		}
	}
	for _, l := range mails {
		if mine(l.instance()) && !groups["warning"+i.jobName()+l.instance()] {
			t.Errorf("another mail came: %s\n%s", l.subject, l.text)
		}
	}
}

// isHidden asks Alertmanager by what each alert is hidden: by one that is no less
// severe and belongs to the incident.
func (m *alertmanager) isHidden(t *testing.T, i incident, hidden []alert) {
	t.Helper()
	var known []struct {
		Labels      map[string]string `json:"labels"`
		Fingerprint string            `json:"fingerprint"`
		Status      struct {
			State       string   `json:"state"`
			InhibitedBy []string `json:"inhibitedBy"`
		} `json:"status"`
	}
	if err := json.Unmarshal([]byte(get(m.ctx, "http://"+m.address+"/api/v2/alerts")), &known); err != nil {
		t.Fatal(err)
	}
	labels := map[string]map[string]string{}
	for _, k := range known {
		labels[k.Fingerprint] = k.Labels
	}
	for _, h := range hidden {
		found := false
		for _, k := range known {
			if key(k.Labels) != key(h.Labels) {
				continue
			}
			found = true
			if k.Status.State != "suppressed" || len(k.Status.InhibitedBy) == 0 {
				t.Errorf("%s is %s", key(h.Labels), k.Status.State)
			}
			for _, by := range k.Status.InhibitedBy {
				if labels[by]["job"] != i.jobName() || labels[by]["instance"] != h.Labels["instance"] && labels[by]["instance"] != "" {
					t.Errorf("%s is hidden by %s", key(h.Labels), key(labels[by]))
				}
			}
		}
		if !found {
			t.Errorf("Alertmanager does not know %s", key(h.Labels))
		}
	}
}

// page is one delivery to the webhook.
type page struct {
	Status      string            `json:"status"`
	GroupLabels map[string]string `json:"groupLabels"`
	Alerts      []alert           `json:"alerts"`
}

// letter is one mail.
type letter struct {
	to, subject, text string
}

// instance is the target that the subject names.
func (l letter) instance() string {
	if words := strings.Fields(l.subject); len(words) > 1 {
		return strings.TrimSuffix(words[1], ":")
	}
	return ""
}

// inbox takes pages over HTTP and mails over SMTP.
type inbox struct {
	web  *httptest.Server
	smtp net.Listener

	mu    sync.Mutex
	pages []page
	mails []letter
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	b := &inbox{}
	b.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var p page
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.pages = append(b.pages, p)
	}))
	t.Cleanup(b.web.Close)
	var err error
	if b.smtp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := b.smtp.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				defer conn.Close()
				if err := b.takeMail(conn); err != nil {
					t.Errorf("mail: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = b.smtp.Close()
		served.Wait()
	})
	return b
}

// takeMail speaks as much SMTP as one client needs.
func (b *inbox) takeMail(conn net.Conn) error {
	in := bufio.NewReader(conn)
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 inbox")
	for {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch strings.ToUpper(strings.Fields(line + " .")[0]) {
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return err
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(strings.TrimPrefix(line, "."))
			}
			l, err := readLetter(text.String())
			if err != nil {
				return err
			}
			b.mu.Lock()
			b.mails = append(b.mails, l)
			b.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return nil
		default:
			say("250 fine")
		}
	}
}

func readLetter(text string) (letter, error) {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return letter{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return letter{}, err
	}
	l := letter{to: m.Header.Get("To"), subject: subject}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return letter{}, err
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return letter{}, err
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return letter{}, err
		}
		l.text += strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}

func (b *inbox) all() ([]page, []letter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.pages), slices.Clone(b.mails)
}

// pagesOf is the pages of the target of an alert.
func (b *inbox) pagesOf(a alert) []page {
	pages, _ := b.all()
	return slices.DeleteFunc(pages, func(p page) bool {
		return p.GroupLabels["job"] != a.Labels["job"] || p.GroupLabels["instance"] != a.Labels["instance"]
	})
}

// mailsOf is the mails about the target of an alert.
func (b *inbox) mailsOf(a alert) []letter {
	_, mails := b.all()
	return slices.DeleteFunc(mails, func(l letter) bool { return l.instance() != a.Labels["instance"] })
}
