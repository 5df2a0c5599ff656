package csmars

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"dataprotection_exporter/collectors/csmars/archive"
	"dataprotection_exporter/collectors/system"
	fixtures "dataprotection_exporter/fixtures/csmars"
	"dataprotection_exporter/remote"
)

var update = flag.Bool("update", false, "rewrite the golden expositions in testdata")

// runner answers pndbusage without a menu.
type runner struct{ ans remote.Answer }

func (r runner) Run(_ context.Context, cmd remote.Command) (remote.Answer, error) {
	if !fixtures.ReadOnly(cmd.Argv) {
		return remote.Answer{}, remote.Errorf(remote.Other, "", "not a read-only command: %v", cmd.Argv)
	}
	return r.ans, nil
}

func (runner) Close() error { return nil }

func newTestCollector(t testing.TB, env system.Env, opts Options, fs archive.FS) *collector {
	t.Helper()
	defaults := newOptions().(*Options)
	if opts.RetentionDays == 0 {
		opts.RetentionDays = defaults.RetentionDays
	}
	if opts.ScanInterval == 0 {
		opts.ScanInterval = defaults.ScanInterval
	}
	if opts.VerifyRate == "" {
		opts.VerifyRate = "1GiB"
	}
	env.Target = "test"
	if env.Logger == nil {
		env.Logger = slog.New(slog.DiscardHandler)
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	if fs == nil {
		fs = archive.OS{}
	}
	c, err := newOn(env, &opts, fs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
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
		t.Fatalf("%v (go test ./collectors/csmars -update makes it; read it before you keep it)", err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("the exposition differs from %s:\n%s", file, cmp.Diff(string(want), got))
	}
}

// TestGoldenDatabase turns every answer of pndbusage into an exposition.
func TestGoldenDatabase(t *testing.T) {
	printed := time.Date(2006, 10, 16, 15, 0, 0, 0, time.UTC)
	for _, name := range fixtures.Names("pndbusage") {
		t.Run(name, func(t *testing.T) {
			// Printed when, by its own numbers, it was.
			at := printed
			if u, err := ParseUsage(fixtures.Pndbusage(name), zone(t, "Europe/London")); err == nil {
				if own, ok := u.drift(printed); ok {
					at = own
				}
			}
			c := newTestCollector(t, system.Env{
				Runner: runner{remote.Answer{Stdout: fixtures.Pndbusage(name), ExitStatus: fixtures.Provenance()["pndbusage/"+name+".txt"].Exit, Time: at}},
				Now:    func() time.Time { return at },
			}, Options{ArchivePath: filepath.Join(t.TempDir(), "nowhere"), Timezone: "Europe/London"}, nil)
			r := system.NewReport(time.Now, partDatabase)
			p := r.Begin(partDatabase, "")
			p.End(c.database(t.Context(), p))
			golden(t, "pndbusage/"+name+".prom", exposition(t, r))
		})
	}
}

// space is the host's filesystem with a size of its own.
type space struct {
	archive.OS
	available uint64
}

func (s space) Statfs(string) (archive.Space, error) {
	return archive.Space{Size: 2e9, Available: s.available, Inodes: 1000, InodesFree: 900}, nil
}

// TestGoldenArchive turns generated archives into expositions.
func TestGoldenArchive(t *testing.T) {
	first := time.Date(2006, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		opts fixtures.Options
		now  time.Time
		set  Options
	}{
		{"healthy", fixtures.Options{Days: 14, FilesPerDay: 24, RowsPerFile: 5, OSBackups: 2, Until: first.AddDate(0, 0, 13).Add(17 * time.Hour)}, first.AddDate(0, 0, 13).Add(17 * time.Hour), Options{RetentionDays: 14}},
		{"windows_share", fixtures.Options{Days: 3, FilesPerDay: 3, RowsPerFile: 5, OSBackups: 1, LowerCase: true}, first.AddDate(0, 0, 3), Options{}},
		{"gaps_and_strays", fixtures.Options{Days: 9, FilesPerDay: 3, RowsPerFile: 5, Damage: fixtures.Damage{MissingDays: []int{3, 4}, MissingConfig: []int{8}, Strays: true, UnreadableNames: 2}}, first.AddDate(0, 0, 9).Add(30 * time.Minute), Options{}},
		{"stale_and_not_purged", fixtures.Options{Days: 9, FilesPerDay: 3, RowsPerFile: 5}, first.AddDate(0, 0, 12).Add(4 * time.Hour), Options{RetentionDays: 7}},
		{"does_not_fit", fixtures.Options{Days: 9, FilesPerDay: 1, BytesPerFile: 1728e6 / 2, Sparse: true, Types: []string{"ES"}}, first.AddDate(0, 0, 9).Add(time.Hour), Options{}},
		{"configuration_only", fixtures.Options{Days: 3, Types: []string{"CF"}}, first.AddDate(0, 0, 3), Options{}},
		{"verified", fixtures.Options{Days: 3, FilesPerDay: 4, RowsPerFile: 50, Damage: fixtures.Damage{Truncated: 1, BadCRC: 1, Empty: 1, Garbage: 1, Compressed: 1, Plain: 1}}, first.AddDate(0, 0, 3).Add(12 * time.Hour), Options{Verify: true, Patterns: map[string]string{"administrator_logon": "(?i)administrator"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.Dir, c.opts.From, c.opts.Seed = filepath.Join(t.TempDir(), "archive"), first, "golden"
			planted, err := fixtures.Generate(c.opts)
			if err != nil {
				t.Fatal(err)
			}
			c.set.ArchivePath, c.set.Timezone = c.opts.Dir, "UTC"
			available := uint64(1e9)
			if c.name == "does_not_fit" {
				available = 5e7
			}
			col := newTestCollector(t, system.Env{Now: func() time.Time { return c.now }}, c.set, space{available: available})
			// Twice: the first time, the parts do not know of each other yet.
			col.Collect(t.Context(), system.NewReport(time.Now))
			if c.set.Verify {
				col.drain(t)
			}
			r := system.NewReport(time.Now)
			col.Collect(t.Context(), r)
			if c.set.Verify {
				checkPlanted(t, r, planted)
			}
			golden(t, "archive/"+c.name+".prom", strings.ReplaceAll(exposition(t, r), c.opts.Dir, "DIR"))
		})
	}
	t.Run("empty", func(t *testing.T) {
		col := newTestCollector(t, system.Env{Now: func() time.Time { return first }}, Options{ArchivePath: t.TempDir(), Timezone: "UTC"}, space{available: 1e9})
		r := system.NewReport(time.Now)
		col.Collect(t.Context(), r)
		golden(t, "archive/empty.prom", exposition(t, r))
	})
	t.Run("nowhere", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "nowhere")
		col := newTestCollector(t, system.Env{Now: func() time.Time { return first }}, Options{ArchivePath: dir, Timezone: "UTC", Verify: true}, nil)
		r := system.NewReport(time.Now)
		col.Collect(t.Context(), r)
		golden(t, "archive/nowhere.prom", strings.ReplaceAll(exposition(t, r), dir, "DIR"))
	})
}

// drain waits until everything that can be verified is.
func (c *collector) drain(t *testing.T) {
	t.Helper()
	for range 2000 {
		f, err := c.verifier.found(t.Context(), c.scans.last())
		if err != nil {
			t.Fatal(err)
		}
		if f.unverified == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the verifier does not get on")
}

func checkPlanted(t *testing.T, r *system.Report, planted *fixtures.Planted) {
	t.Helper()
	for _, q := range r.Questions() {
		if q.Part == partVerify && len(q.Problems) != len(planted.Corrupt()) {
			t.Errorf("%d problems, %d damaged files: %v", len(q.Problems), len(planted.Corrupt()), q.Problems)
		}
	}
}
