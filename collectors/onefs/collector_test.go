package onefs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"dataprotection_exporter/collectors/system"
	fixtures "dataprotection_exporter/fixtures/onefs"
	"dataprotection_exporter/remote"
)

// allOK is every question of a cluster of that many nodes, answered.
func allOK(nodes int) map[string]remote.Reason {
	want := map[string]remote.Reason{"nodes all": remote.None}
	for _, p := range parts {
		if p != partNodes {
			want[p] = remote.None
		}
	}
	for n := range nodes {
		want[fmt.Sprintf("nodes %d", n+1)] = remote.None
	}
	return want
}

func with(m map[string]remote.Reason, more map[string]remote.Reason) map[string]remote.Reason {
	m = maps.Clone(m)
	maps.Copy(m, more)
	return m
}

func TestPartsAndRequests(t *testing.T) {
	a := newAPI(t, healthy())
	c := a.collector(t, nil)
	ten := []string{
		"GET /platform/11/antivirus/reports/scans?dir=DESC&limit=500&sort=start", "GET /platform/11/avscan/filters", "GET /platform/11/avscan/jobs",
		"GET /platform/11/avscan/nodes/all/status", "GET /platform/11/avscan/servers", "GET /platform/11/avscan/settings",
		"GET /platform/3/antivirus/reports/threats?limit=1", "GET /platform/3/cluster/config", "GET /platform/3/event/eventgroup-occurrences?ignore=false&limit=500&resolved=false",
	}
	for range 2 {
		wantReasons(t, questions(t, c), allOK(4))
		if got := a.took(); !slices.Equal(got, ten) {
			t.Errorf("asked %q", got)
		}
	}
	wantReasons(t, questions(t, c, partEvents), map[string]remote.Reason{"events": remote.None})
	wantReasons(t, questions(t, c, partCluster, partServers), map[string]remote.Reason{"cluster": remote.None, "servers": remote.None})
	a.took()
	wantReasons(t, questions(t, c, partNodes), map[string]remote.Reason{"nodes all": remote.None, "nodes 1": remote.None, "nodes 2": remote.None, "nodes 3": remote.None, "nodes 4": remote.None})
	if got := a.took(); len(got) != 3 {
		t.Errorf("for the nodes alone %q were asked", got)
	}
}

// oneByOne is a cluster that answers for single nodes only, with that status
// where all are asked for.
func oneByOne(status int) map[string]reply {
	answers := healthy()
	answers[askAllNodes.Path] = reply{status, `{"errors":[{"code":"AEC_BAD_REQUEST","message":"Invalid value for 'LNN'."}]}`}
	for n := 1; n <= 4; n++ {
		answers[askNode(n).Path] = reply{body: statusOfNode(n)}
	}
	return answers
}

func statusOfNode(n int) string {
	return strings.NewReplacer(`"id": 1,`, fmt.Sprintf(`"id": %d,`, n), `"lnn": 1,`, fmt.Sprintf(`"lnn": %d,`, n)).Replace(string(fixtures.Nodes("one_running")))
}

func TestNodesOneByOne(t *testing.T) {
	for _, status := range []int{400, 404} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			a := newAPI(t, oneByOne(status))
			c := a.collector(t, nil)
			qs := questions(t, c)
			wantReasons(t, qs, allOK(4))
			for n := 1; n <= 4; n++ {
				if v := value(t, qs, fmt.Sprintf(`onefs_cava_system_status{node="%d",status="RUNNING"}`, n)); v != "1" {
					t.Errorf("node %d: %q", n, v)
				}
			}
			a.took()
			wantReasons(t, questions(t, c, partNodes), map[string]remote.Reason{"nodes all": remote.None, "nodes 1": remote.None, "nodes 2": remote.None, "nodes 3": remote.None, "nodes 4": remote.None})
			if asked := strings.Join(a.took(), " "); strings.Contains(asked, "/all/") || strings.Count(asked, "/status") != 4 {
				t.Errorf("the second time %s was asked", asked)
			}
			// Another release may answer for all.
			a.set(askCluster.Path, reply{body: strings.Replace(string(fixtures.ClusterConfig("healthy")), "v9.5.0.0", "v9.10.0.0", 1)})
			questions(t, c, partNodes)
			if asked := strings.Join(a.took(), " "); !strings.Contains(asked, "/all/") {
				t.Errorf("after the upgrade %s was asked", asked)
			}
			// One node in trouble costs itself.
			a.set(askNode(2).Path, reply{403, `{"errors":[{"code":"AEC_FORBIDDEN","message":"Privilege check failed."}]}`})
			a.set(askNode(3).Path, reply{404, ""})
			a.set(askNode(4).Path, reply{body: statusOfNode(1)})
			wantReasons(t, questions(t, c, partNodes), map[string]remote.Reason{"nodes all": remote.None, "nodes 1": remote.None, "nodes 2": remote.Permission, "nodes 3": remote.Other, "nodes 4": remote.Parse})
		})
	}
}

// An answer for all nodes that leaves some out: those are asked alone.
func TestAllIsNotAll(t *testing.T) {
	answers := oneByOne(200)
	answers[askAllNodes.Path] = reply{body: statusOfNode(3)}
	a := newAPI(t, answers)
	c := a.collector(t, nil)
	wantReasons(t, questions(t, c), allOK(4))
	if asked := strings.Join(a.took(), " "); strings.Count(asked, "/status") != 4 || strings.Contains(asked, "nodes/3/") {
		t.Errorf("asked %s", asked)
	}
}

// A node that is down is not asked and says so; it comes back by itself, and one
// that leaves the cluster is said to have left, once.
func TestNodeDown(t *testing.T) {
	for _, status := range []int{200, 400} {
		answers := oneByOne(status)
		if status == 200 {
			answers[askAllNodes.Path] = reply{body: string(fixtures.Nodes("all_running"))}
		}
		answers[askCluster.Path] = reply{body: string(fixtures.ClusterConfig("node_down"))}
		a := newAPI(t, answers)
		c := a.collector(t, nil)
		down := with(allOK(4), map[string]remote.Reason{"nodes 2": remote.NotSupported})
		for range 2 {
			qs := questions(t, c)
			wantReasons(t, qs, down)
			if err := qs["nodes 2"].Err.Error(); !strings.Contains(err, "not asked") || !strings.Contains(err, "node 2 is down") {
				t.Error(err)
			}
			if v := value(t, qs, "onefs_nodes_up"); v != "3" {
				t.Errorf("%q nodes up", v)
			}
			if strings.Contains(strings.Join(a.took(), " "), "nodes/2/") {
				t.Error("a node that is down was asked")
			}
		}
		a.set(askCluster.Path, reply{body: string(fixtures.ClusterConfig("healthy"))})
		wantReasons(t, questions(t, c), allOK(4))
		a.set(askCluster.Path, reply{body: clusterOf([]byte(`"lnn": 1 "lnn": 2 "lnn": 3`))})
		wantReasons(t, questions(t, c), with(allOK(3), map[string]remote.Reason{"nodes 4": remote.NotSupported}))
		wantReasons(t, questions(t, c), allOK(3))
	}
}

func TestIncludeAndExcludeNodes(t *testing.T) {
	for _, status := range []int{200, 400} {
		answers := oneByOne(status)
		if status == 200 {
			answers[askAllNodes.Path] = reply{body: string(fixtures.Nodes("all_running"))}
		}
		a := newAPI(t, answers)
		ok := remote.None
		c := a.collector(t, func(o *Options) { o.ExcludeNodes = []int{2, 4} })
		wantReasons(t, questions(t, c, partNodes), map[string]remote.Reason{"nodes all": ok, "nodes 1": ok, "nodes 3": ok})
		c = a.collector(t, func(o *Options) { o.IncludeNodes = []int{3, 9} })
		wantReasons(t, questions(t, c, partNodes), map[string]remote.Reason{"nodes all": ok, "nodes 3": ok, "nodes 9": remote.Other})
		// Named nodes can be asked without a list of nodes.
		a.set(askCluster.Path, reply{status: 403})
		wantReasons(t, questions(t, c, partNodes, partCluster), map[string]remote.Reason{
			"cluster": remote.Permission, "nodes all": ok, "nodes 3": ok, "nodes 9": remote.Other,
		})
	}
}

// Without the right to read the cluster's configuration the answer for all nodes
// is used as it is.
func TestClusterForbidden(t *testing.T) {
	answers := healthy()
	answers[askCluster.Path] = reply{403, `{"errors":[{"code":"AEC_FORBIDDEN","message":"Privilege check failed. ISI_PRIV_CLUSTER"}]}`}
	a := newAPI(t, answers)
	c := a.collector(t, nil)
	wantReasons(t, questions(t, c), with(allOK(4), map[string]remote.Reason{"cluster": remote.Permission}))
	a.set(askAllNodes.Path, reply{status: 400})
	wantReasons(t, questions(t, c, partNodes), map[string]remote.Reason{"nodes all": remote.Permission})
}

func TestBefore91(t *testing.T) {
	answers := healthy()
	for _, path := range []string{askSettings.Path, askServers.Path, askFilters.Path, askJobs.Path, askAllNodes.Path, askScans.Path} {
		delete(answers, path)
	}
	a := newAPI(t, answers)
	no := remote.NotSupported
	for range 2 {
		qs := questions(t, a.collector(t, nil))
		wantReasons(t, qs, map[string]remote.Reason{
			"cluster": remote.None, "events": remote.None, "settings": no, "servers": no, "filters": no, "jobs": no, "reports": no,
			"nodes all": no, "nodes 1": no, "nodes 2": no, "nodes 3": no, "nodes 4": no,
		})
		if err := qs["settings"].Err.Error(); !strings.Contains(err, "OneFS 9.1") {
			t.Error(err)
		}
	}
}

// A service that is switched off is one problem, not one for each node.
func TestSwitchedOff(t *testing.T) {
	answers := healthy()
	answers[askSettings.Path] = reply{body: string(fixtures.Settings("disabled"))}
	answers[askAllNodes.Path] = reply{body: `{"errors":[],"nodes":[{"id":1,"lnn":1,"status":null},{"id":2,"lnn":2,"status":{"system_status":"DISABLED"}},
		{"id":3,"lnn":3,"status":{"system_status":"disabled","server_status":[{"server_name":"av1","server_state":"OFFLINE"}]}},{"id":4,"lnn":4}]}`}
	answers[askServers.Path] = reply{body: string(fixtures.Servers("empty"))}
	qs := questions(t, newAPI(t, answers).collector(t, nil))
	wantReasons(t, qs, with(allOK(4), map[string]remote.Reason{"nodes 1": remote.NotSupported, "nodes 4": remote.NotSupported}))
	for k, q := range qs {
		if want := map[string]int{"settings": 1}[k]; len(q.Problems) != want {
			t.Errorf("%s: problems %v", k, q.Problems)
		}
	}
}

// Every series that was there stays, at 0 once the event is over.
func TestEventsAreRemembered(t *testing.T) {
	answers := healthy()
	a := newAPI(t, answers)
	c := a.collector(t, nil)
	const offline = `onefs_avscan_event_active{event="SW_AVSCAN_CAVA_SERVER_OFFLINE",severity="%s"}`
	odd := `onefs_avscan_event_active{event="SW_AVSCAN_SOMETHING_NEW",severity="emergency"}`
	for i, tt := range []struct{ fixture, critical, odd string }{
		{"none", "0", ""}, {"severity_critical", "1", ""}, {"other_antivirus_events", "0", "1"}, {"none", "0", "0"},
	} {
		a.set(askEvents.Path, reply{body: string(fixtures.Events(tt.fixture))})
		qs := questions(t, c, partEvents)
		if v := value(t, qs, fmt.Sprintf(offline, "critical")); v != tt.critical {
			t.Errorf("step %d, %s: offline is %q", i, tt.fixture, v)
		}
		if v := value(t, qs, odd); v != tt.odd {
			t.Errorf("step %d, %s: the other event is %q", i, tt.fixture, v)
		}
		for _, s := range severities {
			if value(t, qs, fmt.Sprintf(offline, s)) == "" {
				t.Errorf("step %d: severity %s is missing", i, s)
			}
		}
	}
}

// A cluster that makes up event names makes no series without end.
func TestEventsAreBounded(t *testing.T) {
	a := newAPI(t, healthy())
	c := a.collector(t, nil)
	for round := range 5 {
		var groups []string
		for i := range 100 {
			groups = append(groups, fmt.Sprintf(`{"causes":[["SW_AVSCAN_X%d_%d","x"]],"severity":"s%d"}`, round, i, i))
		}
		a.set(askEvents.Path, reply{body: `{"eventgroups":[` + strings.Join(groups, ",") + `]}`})
		if q := questions(t, c, partEvents)["events"]; q.Err != nil || len(q.Samples) > maxEvents+1 {
			t.Fatalf("%d series, %v", len(q.Samples), q.Err)
		}
	}
}

func TestStatesAreBounded(t *testing.T) {
	var w words
	labels := map[string]bool{}
	for i := range 1000 {
		labels[w.label(fmt.Sprintf("state %d\n%s", i, strings.Repeat("ü", 300)))] = true
	}
	if len(labels) != maxStates+1 || !labels[other] {
		t.Errorf("%d labels", len(labels))
	}
	for l := range labels {
		if len([]rune(l)) > stateRunes || strings.Contains(l, "\n") {
			t.Errorf("label %q", l)
		}
	}
}

func TestOnlineStates(t *testing.T) {
	answers := healthy()
	answers[askAllNodes.Path] = reply{body: string(fixtures.Nodes("state_words"))}
	answers[askCluster.Path] = reply{body: clusterOf(nil)}
	a := newAPI(t, answers)
	c := a.collector(t, func(o *Options) { o.OnlineStates = []string{"server_state_healthy", " Verbunden "} })
	qs := questions(t, c, partNodes)
	for server, want := range map[string]string{"av13": "1", "av15": "1", "av1": "0", "av9": "0"} {
		if v := value(t, qs, fmt.Sprintf(`onefs_cava_server_online{node="1",server="%s"}`, server)); v != want {
			t.Errorf("%s: %q, want %s", server, v, want)
		}
	}
}

func TestRecommendedServers(t *testing.T) {
	for nodes, want := range map[int]int{1: 2, 3: 2, 8: 2, 9: 3, 42: 11, 44: 11, 45: 12, 252: 63} {
		if got := recommendedServers(nodes); got != want {
			t.Errorf("%d nodes: %d servers, want %d", nodes, got, want)
		}
	}
}

// Reports are read newest first only as far as they bring news; where the list
// cannot be sorted, all of it is.
func TestReportsAreReadAsFarAsNeeded(t *testing.T) {
	report := func(policy string, start int) string {
		return fmt.Sprintf(`{"policy_id":%q,"status":"Succeeded","start":%d,"end":%d,"files":%d}`, policy, start, start+10, start)
	}
	page := func(resume string, reports ...string) reply {
		return reply{body: fmt.Sprintf(`{"reports":[%s],"resume":%s}`, strings.Join(reports, ","), resume)}
	}
	answers := healthy()
	answers[askNewestScans.String()] = page(`"2"`, report("a", 900), report("b", 800))
	answers[askScans.Path+"?resume=2"] = page(`"3"`, report("a", 700))
	answers[askScans.Path+"?resume=3"] = page(`null`, report("c", 600))
	a := newAPI(t, answers)
	c := a.collector(t, nil)
	scans := func() (n int) {
		for _, r := range a.took() {
			if strings.Contains(r, "scans") {
				n++
			}
		}
		return n
	}
	qs := questions(t, c, partReports)
	if n := scans(); n != 2 || value(t, qs, `onefs_avscan_report_files{policy="a"}`) != "900" {
		t.Errorf("%d pages read, %v", n, qs["reports"].Err)
	}
	// Not sorted after all: to the end.
	a.set(askNewestScans.String(), page(`"2"`, report("b", 500), report("a", 600)))
	qs = questions(t, c, partReports)
	if n := scans(); n != 3 || value(t, qs, `onefs_avscan_report_files{policy="a"}`) != "700" || value(t, qs, `onefs_avscan_report_files{policy="c"}`) != "600" {
		t.Errorf("%d pages read, %v", n, qs["reports"].Err)
	}
	// Sorting refused: without, and remembered.
	a.set(askNewestScans.String(), reply{status: 400, body: `{"errors":[{"code":"AEC_BAD_REQUEST","message":"Invalid sort key"}]}`})
	a.set(askScans.String(), page("null", report("a", 100)))
	for _, want := range []int{2, 1} {
		qs = questions(t, c, partReports)
		if n := scans(); n != want || value(t, qs, `onefs_avscan_report_files{policy="a"}`) != "100" {
			t.Errorf("%d requests, want %d, %v", n, want, qs["reports"].Err)
		}
	}
}

// One part that fails hides no other, whatever the failure.
func TestOnePartFails(t *testing.T) {
	for _, tt := range []struct {
		path, part string
	}{
		{askCluster.Path, partCluster},
		{askSettings.Path, partSettings},
		{askServers.Path, partServers},
		{askFilters.Path, partFilters},
		{askJobs.Path, partJobs},
		{askEvents.Path, partEvents},
		{askScans.Path, partReports},
		{askThreats.Path, partReports},
	} {
		for status, want := range map[int]remote.Reason{403: remote.Permission, 404: remote.NotSupported, 500: remote.Other, 200: remote.Parse} {
			a := newAPI(t, healthy())
			a.set(tt.path, reply{status, "<html>"})
			qs := questions(t, a.collector(t, nil))
			wantReasons(t, qs, with(allOK(4), map[string]remote.Reason{tt.part: want}))
		}
	}
}

func TestNewNeedsHTTPS(t *testing.T) {
	if _, err := newCollector(system.Env{}, newOptions()); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Error(err)
	}
	if _, err := newCollector(system.Env{HTTPS: &system.HTTPS{Addresses: []string{"https://x"}, Username: "u"}}, newOptions()); err == nil {
		t.Error("a collector without a password")
	}
}

func TestSignatures(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip(err)
	}
	utc := time.Date(2026, 2, 26, 10, 11, 12, 0, time.UTC)
	local := time.Date(2026, 2, 26, 10, 11, 12, 0, zone)
	for s, want := range map[string]time.Time{
		"1772100672": utc, "1772100672000": utc, "134165742720000000": utc, "2026-02-26T10:11:12Z": utc, "2026-02-26T12:11:12+02:00": utc,
		"2026-02-26 10:11:12 +0000": utc, "Thu, 26 Feb 2026 10:11:12 GMT": utc, "20260226T101112Z": utc,
		"2026-02-26T10:11:12": local, "2026-02-26  10:11:12": local, "2026-02-26T10:11:12.000": local, "Thu Feb 26 10:11:12 2026": local, "2/26/2026 10:11:12 AM": local, "Feb 26, 2026 10:11:12 AM": local,
	} {
		if got, ok := parseSignature(s, zone, testNow); !ok || !got.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "-", "N/A", "Never", "0"} {
		if got, ok := parseSignature(s, zone, testNow); !ok || !got.IsZero() {
			t.Errorf("%q: %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"5/6/2026 10:11:12", "26/02/2026", "yesterday", "1", "12345678901", "1999-01-01T00:00:00", "2050-01-01", "-5"} {
		if got, ok := parseSignature(s, zone, testNow); ok {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestOptionsCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"defaults", func(*Options) {}, ""},
		{"basic", func(o *Options) { o.Auth = "basic" }, ""},
		{"nodes", func(o *Options) { o.IncludeNodes, o.ExcludeNodes = []int{1, 2}, []int{3} }, ""},
		{"no auth", func(o *Options) { o.Auth = "" }, "auth: "},
		{"another auth", func(o *Options) { o.Auth = "digest" }, "auth: "},
		{"node 0", func(o *Options) { o.IncludeNodes = []int{1, 0} }, "include_nodes[1]: 0 is no number of a node"},
		{"node too large", func(o *Options) { o.ExcludeNodes = []int{65536} }, "exclude_nodes[0]: "},
		{"node twice", func(o *Options) { o.ExcludeNodes = []int{4, 4} }, "exclude_nodes[1]: node 4 is named twice"},
		{"in both", func(o *Options) { o.IncludeNodes, o.ExcludeNodes = []int{1}, []int{2, 1} }, "exclude_nodes[1]: node 1 is in include_nodes too"},
		{"no states", func(o *Options) { o.OnlineStates = nil }, "online_states: "},
		{"an empty state", func(o *Options) { o.OnlineStates = []string{"ok", " "} }, "online_states[1]: "},
		{"no connections", func(o *Options) { o.ConnectionsPerServerLimit = 0 }, "connections_per_server_limit: "},
		{"no zone", func(o *Options) { o.Timezone = "Europe/Atlantis" }, "timezone: "},
	} {
		o := newOptions().(*Options)
		tt.change(o)
		var got []string
		o.Check(func(path, problem string) { got = append(got, path+": "+problem) })
		if (len(got) == 0) != (tt.want == "") || tt.want != "" && !strings.HasPrefix(got[0], tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
