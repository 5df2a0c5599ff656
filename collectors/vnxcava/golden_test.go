package vnxcava

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"dataprotection_exporter/collectors/system"
	fixtures "dataprotection_exporter/fixtures/vnxcava"
	"dataprotection_exporter/remote"
)

var update = flag.Bool("update", false, "rewrite the golden expositions in testdata")

// answers is a Runner with prepared answers, by the words of the command after
// the environment.
type answers map[string]remote.Answer

func (a answers) Run(_ context.Context, cmd remote.Command) (remote.Answer, error) {
	k := strings.Join(cmd.Argv[len(commandEnv):], " ")
	ans, ok := a[k]
	if !ok {
		return remote.Answer{}, remote.Errorf(remote.Connect, "", "no answer prepared for %q", k)
	}
	return ans, nil
}

func (answers) Close() error { return nil }

func newTestCollector(t *testing.T, runner remote.Runner, opts Options) *collector {
	t.Helper()
	c, err := newCollector(system.Env{
		Target: "test", Runner: runner, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*collector)
}

// exposition is how every question ended and the metrics they brought.
func exposition(t *testing.T, r *system.Report) string {
	t.Helper()
	var b strings.Builder
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(samples{r})
	for _, q := range r.Questions() {
		fmt.Fprintf(&b, "# question %s: %s", strings.TrimSpace(q.Part+" "+q.Unit), q.Reason())
		if q.Err != nil {
			fmt.Fprintf(&b, ": %v", q.Err)
		} else {
			fmt.Fprintf(&b, ", unrecognized lines %d %q", q.Unrecognized, q.Examples)
		}
		b.WriteString("\n")
		for _, p := range q.Problems {
			fmt.Fprintf(&b, "# problem (%s): %s\n#   cause: %s\n#   remedy: %s\n", p.Severity, p.Summary, p.Cause, p.Remedy)
		}
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		f.Help = nil
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

type samples struct{ r *system.Report }

func (s samples) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range metrics {
		ch <- m.Prometheus()
	}
}

func (s samples) Collect(ch chan<- prometheus.Metric) {
	for _, q := range s.r.Questions() {
		for _, m := range q.Samples {
			ch <- m
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test ./collectors/vnxcava -update makes it; read it before you keep it)", err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("the exposition differs from %s:\n%s", file, difference(string(want), got))
	}
}

func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for _, l := range w {
		if !slices.Contains(g, l) {
			fmt.Fprintln(&b, "-", l)
		}
	}
	for _, l := range g {
		if !slices.Contains(w, l) {
			fmt.Fprintln(&b, "+", l)
		}
	}
	return b.String()
}

// TestGoldenStatus turns every status fixture into an exposition.
func TestGoldenStatus(t *testing.T) {
	for _, name := range fixtures.Names("status") {
		t.Run(name, func(t *testing.T) {
			mover := "server_2"
			if strings.HasPrefix(name, "all_") || name == "only_error_4019" {
				mover = allMovers
			}
			c := newTestCollector(t, answers{
				"/nas/bin/server_viruschk " + mover: {Stdout: fixtures.Status(name), ExitStatus: fixtures.Provenance()["status/"+name+".txt"].Exit},
			}, Options{Movers: []string{mover}})
			r := system.NewReport(time.Now)
			c.Collect(t.Context(), r)
			golden(t, "status/"+name+".prom", exposition(t, r))
		})
	}
}

// TestGoldenAudit turns every audit fixture into an exposition.
func TestGoldenAudit(t *testing.T) {
	for _, name := range fixtures.Names("audit") {
		t.Run(name, func(t *testing.T) {
			mover := "server_2"
			if strings.HasPrefix(name, "all_") {
				mover = allMovers
			}
			c := newTestCollector(t, answers{
				"/nas/bin/server_viruschk " + mover + " -audit": {Stdout: fixtures.Audit(name), ExitStatus: fixtures.Provenance()["audit/"+name+".txt"].Exit},
			}, Options{Movers: []string{mover}, Audit: true})
			r := system.NewReport(time.Now, partAudit)
			c.Collect(t.Context(), r)
			golden(t, "audit/"+name+".prom", exposition(t, r))
		})
	}
}

// TestGoldenLog prints every log fixture after an older line, so that all of it
// is new.
func TestGoldenLog(t *testing.T) {
	before := "1999-01-01 00:00:00: 26040008705: ADMIN: 6: 1: before\n"
	for _, name := range fixtures.Names("server_log") {
		t.Run(name, func(t *testing.T) {
			runner := answers{"/nas/bin/server_log server_2 -a -s": {Stdout: []byte(before)}}
			c := newTestCollector(t, runner, Options{Movers: []string{"server_2"}, ServerLog: true})
			c.Collect(t.Context(), system.NewReport(time.Now, partLog))
			runner["/nas/bin/server_log server_2 -a -s"] = remote.Answer{
				Stdout: append([]byte(before), fixtures.ServerLog(name)...), ExitStatus: fixtures.Provenance()["server_log/"+name+".txt"].Exit,
			}
			r := system.NewReport(time.Now, partLog)
			c.Collect(t.Context(), r)
			golden(t, "server_log/"+name+".prom", exposition(t, r))
		})
	}
}
