package onefs

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"dataprotection_exporter/collectors/system"
	fixtures "dataprotection_exporter/fixtures/onefs"
)

// FuzzDecoders gives every decoder any answer: none may fail but in words, and
// what is emitted must be fit for an exposition.
func FuzzDecoders(f *testing.F) {
	for _, folder := range []struct {
		name string
		body func(string) []byte
	}{
		{"cluster", fixtures.ClusterConfig},
		{"settings", fixtures.Settings},
		{"servers", fixtures.Servers},
		{"filters", fixtures.Filters},
		{"jobs", fixtures.Jobs},
		{"nodes", fixtures.Nodes},
		{"events", fixtures.Events},
		{"reports", fixtures.Reports},
	} {
		for _, name := range fixtures.Names(folder.name) {
			f.Add(folder.body(name))
		}
	}
	opts := newOptions().(*Options)
	f.Fuzz(func(t *testing.T, body []byte) {
		c := &collector{opts: opts, zone: time.UTC, env: system.Env{Now: func() time.Time { return testNow }, Logger: slog.New(slog.DiscardHandler)}}
		known := &facts{
			cluster:  func() (cluster, error) { return cluster{}, errors.New("none") },
			settings: func() (service, error) { return service{}, errors.New("none") },
		}
		r := system.NewReport(time.Now)
		p := r.Begin(partNodes, "")
		if cl, err := readCluster(body); err == nil {
			emitCluster(p, cl)
			if len(cl.members) == 0 {
				t.Error("a cluster without a node")
			}
		}
		nodes, unknown, err := readNodes(body, map[int]int{3: 7})
		if err == nil {
			p.Unrecognized(unknown...)
			var answered []node
			for _, n := range nodes {
				if (n.status == nil) == (n.err == nil) || n.lnn < 1 || n.lnn > maxLNN {
					t.Errorf("node %+v", n)
				}
				if c.emitNode(p, known, n) == nil {
					answered = append(answered, n)
				}
			}
			for _, problem := range c.nodeProblems(answered, known) {
				if problem.Summary == "" || problem.Cause == "" || problem.Remedy == "" || problem.Severity == "" {
					t.Errorf("problem %+v", problem)
				}
			}
		}
		_, _, _ = readSettings(body)
		_, _, _ = readServers(body)
		_, _, _ = readFilters(body)
		_, _, _ = readJobs(body)
		if events, _, err := readEvents(body); err == nil {
			eventProblems(events)
		}
		if reports, _, err := readScans(body); err == nil {
			b := &reportBook{policies: map[string]*newest{}, ordered: true}
			b.add(reports)
			for policy, n := range b.policies {
				if n.completed != nil {
					emitReport(p, policy, *n.completed)
				}
				reportProblem(policy, n)
			}
		}
		hidePaths(body)
		p.End(nil)
	})
}
