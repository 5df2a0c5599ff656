// Package systemtest is what the tests of every collector do alike: run a
// collection against prepared answers and compare the exposition with a golden
// file.
package systemtest

import (
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

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

var update = flag.Bool("update", false, "rewrite the golden expositions in testdata")

// Answers is a Runner with prepared answers, by the words of the command.
type Answers map[string]remote.Answer

// Run implements remote.Runner.
func (a Answers) Run(_ context.Context, cmd remote.Command) (remote.Answer, error) {
	words := strings.Join(cmd.Argv, " ")
	ans, ok := a[words]
	if !ok {
		return remote.Answer{}, remote.Errorf(remote.Connect, "", "no answer prepared for %q", words)
	}
	return ans, nil
}

// Close implements remote.Runner.
func (Answers) Close() error { return nil }

// Env is an environment for a collector under test.
func Env(runner remote.Runner) system.Env {
	return system.Env{Target: "test", Runner: runner, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
}

// Exposition runs one collection and gives how every question ended, the
// problems, and the metrics, as text.
func Exposition(t *testing.T, c system.Collector, metrics []*metric.Desc, parts ...string) string {
	t.Helper()
	r := system.NewReport(time.Now, parts...)
	c.Collect(t.Context(), r)
	var b strings.Builder
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
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(exposed{metrics, r})
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

type exposed struct {
	metrics []*metric.Desc
	report  *system.Report
}

func (e exposed) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range e.metrics {
		ch <- m.Prometheus()
	}
}

func (e exposed) Collect(ch chan<- prometheus.Metric) {
	for _, q := range e.report.Questions() {
		for _, m := range q.Samples {
			ch <- m
		}
	}
}

// Golden compares text with a file below testdata, or rewrites the file.
func Golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", filepath.FromSlash(file))
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
		t.Fatalf("%v (run the test with -update to make it, and read it before you keep it)", err)
	}
	if string(want) != got {
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
