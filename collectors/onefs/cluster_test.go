package onefs

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"dataprotection_exporter/collectors/system"
	fixtures "dataprotection_exporter/fixtures/onefs"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/papi"
)

// hands is a clock that a test moves.
type hands struct {
	mu sync.Mutex
	t  time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.t
}

func (h *hands) forward(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.t = h.t.Add(d)
}

// startCluster runs a fake cluster on a clock of its own.
func startCluster(t testing.TB, config fixtures.Config) (*fixtures.Cluster, *hands) {
	t.Helper()
	h := &hands{t: testNow}
	config.Now = h.now
	f, err := fixtures.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.SetFaults(fixtures.Faults{})
		if v := f.Violations(); len(v) > 0 {
			t.Errorf("the cluster was sent %q", v)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, h
}

// TestIncident collects from a cluster that passes through an incident.
func TestIncident(t *testing.T) {
	f, h := startCluster(t, fixtures.Config{})
	c := newTestCollector(t, f.URL(), f.CAPEM(), nil)
	heartbeats := ""
	for _, phase := range fixtures.Incident(4, 2) {
		h.t = testNow
		h.forward(phase.After + 100*time.Second)
		qs := questions(t, c)
		wantReasons(t, qs, allOK(4))
		var problems []string
		for _, q := range qs {
			for _, p := range q.Problems {
				problems = append(problems, p.Severity+": "+p.Summary)
			}
		}
		all := strings.Join(problems, "\n")
		lost := value(t, qs, `onefs_cava_server_heartbeats_total{node="1",server="cava2"}`)
		switch f.Phase() {
		case "healthy", "recovered":
			if all != "" {
				t.Errorf("%s: %s", f.Phase(), all)
			}
		case "a CAVA server loses its heartbeats":
			heartbeats = lost
		case fixtures.OfflineEvent:
			if lost != heartbeats {
				t.Errorf("heartbeats go on: %s, %s", heartbeats, lost)
			}
			if v := value(t, qs, `onefs_avscan_event_active{event="SW_AVSCAN_CAVA_SERVER_OFFLINE",severity="critical"}`); v != "1" || !strings.Contains(all, fixtures.OfflineEvent) {
				t.Errorf("the event is %q\n%s", v, all)
			}
		case "queue near its limit":
			if !strings.Contains(all, "fast scan queue of node 1") {
				t.Errorf("%s: %s", f.Phase(), all)
			}
		case "a node is FAULTED":
			if v := value(t, qs, `onefs_cava_system_status{node="2",status="FAULTED"}`); v != "1" || !strings.Contains(all, "critical: CAVA is FAULTED on node 2") {
				t.Errorf("%s: %q\n%s", f.Phase(), v, all)
			}
		default:
			t.Errorf("a phase that this test does not know: %s", f.Phase())
		}
	}
	if l := f.Logins()["session"]; l.OK != 1 {
		t.Errorf("%d logins", l.OK)
	}
}

// TestFaults is every way in which a cluster fails as a whole.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults fixtures.Faults
		want   remote.Reason
	}{
		{"certificate of another authority", fixtures.Faults{WrongCertificate: true}, remote.TLS},
		{"certificate of another host", fixtures.Faults{WrongName: true}, remote.TLS},
		{"login refused", fixtures.Faults{RefuseLogins: true}, remote.Auth},
		{"login refused in JSON", fixtures.Faults{RefuseLogins: true, JSONUnauthorized: true}, remote.Auth},
		{"sessions that are not taken", fixtures.Faults{ForgetSessions: true}, remote.Auth},
		{"no privilege", fixtures.Faults{Forbid: []string{"/platform"}}, remote.Permission},
		{"in trouble", fixtures.Faults{Fail: []string{"/platform"}}, remote.Other},
		{"garbage", fixtures.Faults{Garbage: []string{"/platform"}}, remote.Parse},
		{"a page", fixtures.Faults{HTML: []string{"/platform"}}, remote.Parse},
		{"cut short", fixtures.Faults{Truncate: []string{"/platform"}}, remote.Parse},
		{"broken off", fixtures.Faults{Disconnect: []string{"/platform"}}, remote.Disconnected},
		{"too large", fixtures.Faults{Flood: []string{"/platform"}, FloodBytes: 10 << 20}, remote.TooLarge},
	} {
		for _, jsonErrors := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, %v", tt.name, jsonErrors), func(t *testing.T) {
				f, h := startCluster(t, fixtures.Config{Scenario: fixtures.Quiet(4, 2)})
				c := newTestCollector(t, f.URL(), f.CAPEM(), nil)
				c.env.Now = h.now
				tt.faults.JSONUnauthorized = jsonErrors
				f.SetFaults(tt.faults)
				qs := questions(t, c)
				if len(qs) != len(parts) {
					t.Errorf("%d questions", len(qs))
				}
				for k, q := range qs {
					if q.Reason() != tt.want || remote.AdviceOf(q.Err) == "" {
						t.Errorf("%s: %s, want %s: %v", k, q.Reason(), tt.want, q.Err)
					}
					if q.Err != nil && strings.Contains(q.Err.Error(), fixtures.Password) {
						t.Errorf("%s: the password in %v", k, q.Err)
					}
				}
				if l := f.Logins()["session"]; l.Refused > 1 {
					t.Errorf("%d refused logins in one collection", l.Refused)
				}
			})
		}
	}
}

// A cluster that heals is collected as if nothing had been.
func TestRecovery(t *testing.T) {
	f, _ := startCluster(t, fixtures.Config{Scenario: fixtures.Quiet(4, 2), PageLimit: 1})
	c := newTestCollector(t, f.URL(), f.CAPEM(), nil)
	wantReasons(t, questions(t, c), allOK(4))
	for _, faults := range []fixtures.Faults{
		{Fail: []string{"/platform"}}, {Disconnect: []string{"/platform"}}, {WrongCertificate: true}, {EndlessPaging: []string{"/platform"}}, {},
	} {
		f.SetFaults(faults)
		f.DropConnections()
		questions(t, c)
		f.SetFaults(fixtures.Faults{})
		f.DropConnections()
		wantReasons(t, questions(t, c), allOK(4))
	}
}

// One node that hangs delays no other, and is asked last the next time.
func TestHangingNode(t *testing.T) {
	f, _ := startCluster(t, fixtures.Config{Scenario: fixtures.Quiet(8, 2), Nodes: 8})
	c := newTestCollector(t, f.URL(), f.CAPEM(), nil)
	f.SetFaults(fixtures.Faults{NoAll: 400, Hang: []string{"/platform/11/avscan/nodes/3/", "/platform/11/avscan/nodes/5/"}})
	within, over := context.WithTimeout(t.Context(), 30*time.Second) // bounds a failure; nothing waits for it
	defer over()
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		r := system.NewReport(time.Now)
		done := make(chan struct{})
		go func() { c.Collect(ctx, r); close(done) }()
		open := func() (n int) {
			for _, q := range r.Questions() {
				if q.Reason() == remote.Timeout {
					n++
				}
			}
			return n
		}
		// All but two answered: the rest is cut off.
		for len(r.Questions()) != len(parts)+8 || open() > 2 {
			if within.Err() != nil {
				t.Fatalf("%d questions, %d of them open", len(r.Questions()), open())
			}
			runtime.Gosched()
		}
		cancel()
		<-done
		want := allOK(8)
		want["nodes 3"], want["nodes 5"] = remote.Timeout, remote.Timeout
		qs := map[string]system.Question{}
		for _, q := range r.Questions() {
			qs[strings.TrimSpace(q.Part+" "+q.Unit)] = q
		}
		wantReasons(t, qs, want)
	}
}

// TestLargeCluster collects the largest cluster there is: 252 nodes, 63 servers,
// four of them on each node.
func TestLargeCluster(t *testing.T) {
	for _, noAll := range []int{0, 400} {
		t.Run(fmt.Sprint(noAll), func(t *testing.T) {
			f, _ := startCluster(t, fixtures.Config{Nodes: 252, Servers: 63, Scenario: fixtures.Quiet(252, 63)})
			f.SetFaults(fixtures.Faults{NoAll: noAll})
			c := newTestCollector(t, f.URL(), f.CAPEM(), nil)
			want := 0
			for range 2 {
				before := f.Traffic()
				qs := questions(t, c)
				wantReasons(t, qs, allOK(252))
				series := 0
				for _, q := range qs {
					series += len(q.Samples)
					if len(q.Problems) > 0 {
						t.Errorf("%s: %v", q.Part, q.Problems[0])
					}
				}
				// A node: 26 series of its own, 7 for each of its four servers.
				if least := 252 * (24 + 4*7); series < least || series > least+252*4+200 {
					t.Errorf("%d series, %d are due for the nodes alone", series, least)
				}
				if want != 0 && series != want {
					t.Errorf("%d series, %d the first time", series, want)
				}
				want = series
				requests := f.Traffic().Requests - before.Requests
				if limit := 12; noAll == 0 && requests > limit || requests > limit+252 {
					t.Errorf("%d requests", requests)
				}
			}
			if m := f.Traffic().MaxInFlight; m > 5 {
				t.Errorf("%d requests at a time", m)
			}
		})
	}
}

// largeAnswers is the largest cluster's answers, prepared, so that the work of a
// fake does not count.
func largeAnswers(t testing.TB) *api {
	t.Helper()
	f, _ := startCluster(t, fixtures.Config{Nodes: 252, Servers: 63, Scenario: fixtures.Quiet(252, 63)})
	c := newTestCollector(t, f.URL(), f.CAPEM(), nil)
	answers := map[string]reply{}
	for _, ask := range []papi.Request{askCluster, askSettings, askServers, askFilters, askJobs, askAllNodes, askEvents, askScans, askThreats} {
		body, err := c.api.Get(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		answers[ask.Path] = reply{body: string(body)}
	}
	return newAPI(t, answers)
}

// A collection of it takes less than 64 MB, all told.
func TestLargeClusterMemory(t *testing.T) {
	a := largeAnswers(t)
	c := a.collector(t, nil)
	questions(t, c)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	qs := questions(t, c)
	runtime.ReadMemStats(&after)
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used >= 64 {
		t.Errorf("one collection allocates %d MB", used)
	}
	wantReasons(t, qs, allOK(252))
}

func BenchmarkLargeCluster(b *testing.B) {
	a := largeAnswers(b)
	c := a.collector(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		c.Collect(b.Context(), system.NewReport(time.Now))
	}
}
