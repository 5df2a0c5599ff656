package collect

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

var metricAnswer = metric.New(metric.Desc{Name: "test_answer", Kind: metric.Gauge, Help: "x", Source: "x", Labels: []string{"n"}})

// script is a collector that does what a test says.
type script struct {
	collect func(ctx context.Context, r *system.Report)
	runs    atomic.Int32
	running atomic.Int32
	closed  atomic.Bool
}

func (s *script) Collect(ctx context.Context, r *system.Report) {
	s.runs.Add(1)
	if s.running.Add(1) > 1 {
		panic("two collections at once")
	}
	defer s.running.Add(-1)
	s.collect(ctx, r)
}

func (s *script) Close() error { s.closed.Store(true); return nil }

// slow answers part a after one second and part b after ten.
func slow(ctx context.Context, r *system.Report) {
	parts := map[string]time.Duration{"a": time.Second, "b": 10 * time.Second}
	var all sync.WaitGroup
	for name, after := range parts {
		p := r.Begin(name, "")
		all.Go(func() {
			select {
			case <-time.After(after):
				p.Set(metricAnswer, 1, name)
				p.End(nil)
			case <-ctx.Done():
				p.End(remote.Errorf(remote.ReasonOf(ctx.Err()), "", "cut off"))
			}
		})
	}
	all.Wait()
}

func newTarget(s *script) *Target {
	return NewTarget(Options{
		Name: "t", System: "test", Parts: []string{"a", "b"}, Timeout: 20 * time.Second, MinInterval: 15 * time.Second,
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}, s)
}

func scrape(t *testing.T, target *Target, patience time.Duration, parts ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return target.Collect(ctx, parts)
}

func reasonsOf(r Result) string {
	var s []string
	for _, q := range r.Questions {
		s = append(s, q.Part+"="+string(q.Reason()))
	}
	return strings.Join(s, " ")
}

func TestWhatIsKnownByTheDeadlineIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{collect: slow}
		target := newTarget(s)
		start := time.Now()
		r := scrape(t, target, 5*time.Second)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("answered after %s, want the scraper's 5s", took)
		}
		if got := reasonsOf(r); got != "a=none b=timeout" {
			t.Errorf("questions %s", got)
		}
		if r.Success() || len(r.Questions[0].Samples) != 1 || len(r.Questions[1].Samples) != 0 {
			t.Errorf("result %+v", r)
		}
		synctest.Wait()
		if s.running.Load() != 0 {
			t.Error("the collection goes on although nobody waits for it")
		}
	})
}

func TestScrapesShareACollection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{collect: slow}
		target := newTarget(s)
		results := make(chan Result, 3)
		for i := range 3 {
			go func() {
				time.Sleep(time.Duration(i) * time.Second)
				results <- scrape(t, target, 15*time.Second)
			}()
		}
		shared := 0
		for range 3 {
			r := <-results
			if !r.Success() {
				t.Errorf("questions %s", reasonsOf(r))
			}
			if r.Shared {
				shared++
			}
		}
		if s.runs.Load() != 1 || shared != 2 {
			t.Errorf("%d collections, %d of 3 answers shared; want 1 and 2", s.runs.Load(), shared)
		}
		// Too early: still the same one.
		if r := scrape(t, target, time.Second); !r.Shared || !r.Success() || s.runs.Load() != 1 {
			t.Errorf("an early scrape: shared %v, %s, %d collections", r.Shared, reasonsOf(r), s.runs.Load())
		}
		time.Sleep(15 * time.Second)
		if r := scrape(t, target, 15*time.Second); r.Shared || s.runs.Load() != 2 {
			t.Errorf("a later scrape: shared %v, %d collections", r.Shared, s.runs.Load())
		}
	})
}

// A scrape with more patience than the one that began the collection gets its
// time; the impatient one leaves at its own.
func TestPatientScrapeExtendsTheCollection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{collect: slow}
		target := newTarget(s)
		impatient := make(chan Result, 1)
		go func() { impatient <- scrape(t, target, 2*time.Second) }()
		synctest.Wait()
		patient := scrape(t, target, 15*time.Second)
		if got := reasonsOf(<-impatient); got != "a=none b=timeout" {
			t.Errorf("impatient: %s", got)
		}
		if got := reasonsOf(patient); got != "a=none b=none" {
			t.Errorf("patient: %s", got)
		}
		if s.runs.Load() != 1 {
			t.Errorf("%d collections", s.runs.Load())
		}
	})
}

func TestTargetTimeoutBoundsEveryScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{collect: func(ctx context.Context, r *system.Report) {
			p := r.Begin("a", "")
			<-ctx.Done()
			p.End(remote.Errorf(remote.ReasonOf(ctx.Err()), "", "hung"))
		}}
		start := time.Now()
		r := scrape(t, newTarget(s), time.Hour)
		if took := time.Since(start); took != 20*time.Second || reasonsOf(r) != "a=timeout" {
			t.Errorf("after %s: %s", took, reasonsOf(r))
		}
	})
}

// A collector that never comes back costs each scrape its own time, and nothing
// piles up behind it.
func TestStuckCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := &script{collect: func(_ context.Context, r *system.Report) {
			p := r.Begin("a", "")
			<-release
			p.End(nil)
		}}
		target := newTarget(s)
		for i := range 3 {
			start := time.Now()
			r := scrape(t, target, 5*time.Second)
			if took := time.Since(start); took != 5*time.Second || r.Success() {
				t.Errorf("scrape %d: after %s: %s", i, took, reasonsOf(r))
			}
			if !strings.Contains(reasonsOf(r), "a=timeout") {
				t.Errorf("scrape %d: %s", i, reasonsOf(r))
			}
		}
		if s.runs.Load() != 1 {
			t.Errorf("%d collections began", s.runs.Load())
		}
		close(release)
		synctest.Wait()
		if r := scrape(t, target, 5*time.Second); !r.Success() {
			t.Errorf("after the release: %s", reasonsOf(r))
		}
	})
}

func TestPartsAreCollectedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{collect: func(_ context.Context, r *system.Report) {
			for _, p := range []string{"a", "b"} {
				if r.Wants(p) {
					r.Begin(p, "").End(nil)
				}
			}
		}}
		target := newTarget(s)
		if got := reasonsOf(scrape(t, target, time.Second, "b")); got != "b=none" {
			t.Errorf("part b: %s", got)
		}
		if got := reasonsOf(scrape(t, target, time.Second)); got != "a=none b=none" || s.runs.Load() != 2 {
			t.Errorf("all parts after part b: %s in %d collections", got, s.runs.Load())
		}
		// The collection of all parts serves a scrape of one.
		if r := scrape(t, target, time.Second, "a"); reasonsOf(r) != "a=none" || !r.Shared || s.runs.Load() != 2 {
			t.Errorf("part a after all: %s, shared %v, %d collections", reasonsOf(r), r.Shared, s.runs.Load())
		}
	})
}

func TestHangingUpEndsTheCollection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{collect: slow}
		target := newTarget(s)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { time.Sleep(time.Second / 2); cancel() }()
		target.Collect(ctx, nil)
		synctest.Wait()
		if s.running.Load() != 0 {
			t.Error("the collection goes on after the scraper hung up")
		}
	})
}

func TestPanicIsAFailedPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{collect: func(_ context.Context, r *system.Report) {
			r.Begin("a", "").End(nil)
			r.Begin("b", "")
			panic("unforeseen")
		}}
		if got := reasonsOf(scrape(t, newTarget(s), time.Second)); got != "a=none b=other" {
			t.Errorf("questions %s", got)
		}
	})
}

func TestCloseEndsARunningCollection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{collect: slow}
		target := newTarget(s)
		done := make(chan Result, 1)
		go func() { done <- scrape(t, target, 15*time.Second) }()
		synctest.Wait()
		if err := target.Close(); err != nil {
			t.Fatal(err)
		}
		if r := <-done; r.Success() {
			t.Error("a collection that was ended counts as success")
		}
		if !s.closed.Load() {
			t.Error("the collector is not closed")
		}
	})
}

func TestSuccess(t *testing.T) {
	fail := func(r remote.Reason) error { return remote.Errorf(r, "", "x") }
	for _, tt := range []struct {
		name string
		errs []error
		want bool
	}{
		{"all answered", []error{nil, nil}, true},
		{"one failed", []error{nil, fail(remote.Timeout)}, false},
		{"one is not offered", []error{nil, fail(remote.NotSupported)}, true},
		{"nothing is offered", []error{fail(remote.NotSupported)}, false},
		{"nothing was asked", nil, false},
		{"an unforeseen error", []error{nil, errors.New("x")}, false},
	} {
		var r Result
		for _, err := range tt.errs {
			r.Questions = append(r.Questions, system.Question{Err: err})
		}
		if got := r.Success(); got != tt.want {
			t.Errorf("%s: success %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestExposition(t *testing.T) {
	report := system.NewReport(time.Now)
	ok := report.Begin("a", "")
	ok.Set(metricAnswer, 5, "x")
	ok.Set(metricAnswer, 6, "x") // the same labels again
	ok.Unrecognized("odd line")
	ok.CollectedAt(time.Unix(1000, 0))
	ok.End(nil)
	bad := report.Begin("b", "unit_1")
	bad.Set(metricAnswer, 7, "dropped")
	bad.End(remote.Errorf(remote.ExitStatus, "", "x"))
	e := Exposition{Result: Result{Questions: report.Questions(), Duration: 2 * time.Second}, Descs: []*metric.Desc{metricAnswer}}
	want := `# HELP dataprotection_part_failure 1 with the reason why this part was not answered, 0 with reason none when it was.
# TYPE dataprotection_part_failure gauge
dataprotection_part_failure{part="a",reason="none",unit=""} 0
dataprotection_part_failure{part="b",reason="exit_status",unit="unit_1"} 1
# HELP dataprotection_part_success Whether this part was answered.
# TYPE dataprotection_part_success gauge
dataprotection_part_success{part="a",unit=""} 1
dataprotection_part_success{part="b",unit="unit_1"} 0
# HELP dataprotection_probe_collected_timestamp_seconds When the device gave the oldest of the answers. Absent when it gave none.
# TYPE dataprotection_probe_collected_timestamp_seconds gauge
dataprotection_probe_collected_timestamp_seconds 1000
# HELP dataprotection_probe_duration_seconds How long the collection took.
# TYPE dataprotection_probe_duration_seconds gauge
dataprotection_probe_duration_seconds 2
# HELP dataprotection_probe_success Whether every part was answered. A part that the device does not offer does not count.
# TYPE dataprotection_probe_success gauge
dataprotection_probe_success 0
# HELP dataprotection_unrecognized_lines Lines of the answer that have no known meaning: more than usual means that the device changed its output.
# TYPE dataprotection_unrecognized_lines gauge
dataprotection_unrecognized_lines{part="a",unit=""} 2
# HELP test_answer x
# TYPE test_answer gauge
test_answer{n="x"} 5
`
	err := testutil.CollectAndCompare(e, strings.NewReader(want), "dataprotection_part_failure", "dataprotection_part_success",
		"dataprotection_probe_collected_timestamp_seconds", "dataprotection_probe_duration_seconds", "dataprotection_probe_success",
		"dataprotection_unrecognized_lines", "test_answer")
	if err != nil {
		t.Error(err)
	}
	problems, err := testutil.CollectAndLint(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if p.Metric != "test_answer" {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	prometheus.NewPedanticRegistry().MustRegister(e)
}

// One line per change of state, none while it stays.
func TestStatesAreLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		fail := false
		s := &script{collect: func(_ context.Context, r *system.Report) {
			p := r.Begin("a", "")
			if fail {
				p.End(remote.Errorf(remote.Connect, "see whether it is switched on", "dial x"))
				return
			}
			p.End(nil)
		}}
		target := NewTarget(Options{
			Name: "t", System: "test", Parts: []string{"a"}, Timeout: time.Second, Now: time.Now,
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		}, s)
		for _, fail = range []bool{false, false, true, true, true, false, false} {
			scrape(t, target, time.Second)
			time.Sleep(time.Minute)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "reason=connect") || !strings.Contains(log.String(), "switched on") {
			t.Errorf("%d lines:\n%s", n, log.String())
		}
	})
}
