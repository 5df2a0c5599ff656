package vnxcava

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dataprotection_exporter/collectors/system"
	fixtures "dataprotection_exporter/fixtures/vnxcava"
	"dataprotection_exporter/remote"
)

// device answers by a function and remembers what it was asked.
type device struct {
	answer func(argv []string) (remote.Answer, error)

	mu      sync.Mutex
	asked   []string
	rotated int
}

func (d *device) Run(ctx context.Context, cmd remote.Command) (remote.Answer, error) {
	d.mu.Lock()
	d.asked = append(d.asked, strings.Join(cmd.Argv, " "))
	d.mu.Unlock()
	if !fixtures.ReadOnly(cmd.Argv) || !cmd.PosixShell {
		return remote.Answer{}, remote.Errorf(remote.Other, "", "not a read-only command: %v", cmd.Argv)
	}
	if err := ctx.Err(); err != nil {
		return remote.Answer{}, remote.Errorf(remote.Timeout, "", "ended")
	}
	return d.answer(cmd.Argv)
}

func (d *device) Close() error { return nil }

func (d *device) Rotate() bool { d.rotated++; return true }

func collectOnce(t *testing.T, c *collector, parts ...string) map[string]system.Question {
	t.Helper()
	r := system.NewReport(time.Now, parts...)
	c.Collect(t.Context(), r)
	qs := map[string]system.Question{}
	for _, q := range r.Questions() {
		k := strings.TrimSpace(q.Part + " " + q.Unit)
		if _, twice := qs[k]; twice {
			t.Errorf("question %q is asked twice in one collection", k)
		}
		qs[k] = q
	}
	return qs
}

func wantReasons(t *testing.T, qs map[string]system.Question, want map[string]remote.Reason) {
	t.Helper()
	for k, q := range qs {
		if w, ok := want[k]; !ok || q.Reason() != w {
			t.Errorf("question %q ends with %s (%v), want %q", k, q.Reason(), q.Err, w)
		}
	}
	for k := range want {
		if _, ok := qs[k]; !ok {
			t.Errorf("question %q was not asked", k)
		}
	}
}

func station(s *fixtures.ControlStation) *device {
	return &device{answer: func(argv []string) (remote.Answer, error) {
		a := s.Answer(argv)
		return remote.Answer{Stdout: []byte(a.Stdout), Stderr: []byte(a.Stderr), ExitStatus: a.Exit, Time: time.Now()}, nil
	}}
}

// Only the display forms are ever asked for, whatever the configuration says.
func TestCommandsAreReadOnly(t *testing.T) {
	s := fixtures.NewControlStation(fixtures.Options{Scenario: fixtures.Quiet()})
	for _, movers := range [][]string{{"server_2"}, {"server_2", "server_3"}, {allMovers}} {
		d := station(s)
		c := newTestCollector(t, d, Options{Movers: movers, Audit: true, ServerLog: true})
		for range 2 {
			for k, q := range collectOnce(t, c) {
				if q.Err != nil {
					t.Errorf("movers %v, %s: %v", movers, k, q.Err)
				}
			}
		}
		if len(d.asked) == 0 {
			t.Error("nothing was asked")
		}
		for _, cmd := range d.asked {
			if !fixtures.ReadOnly(strings.Fields(cmd)) {
				t.Errorf("asked %q", cmd)
			}
		}
	}
	if v := s.Violations(); len(v) > 0 {
		t.Errorf("the device was asked for what must never run: %v", v)
	}
	for _, never := range fixtures.NeverRun() {
		if fixtures.ReadOnly(never) {
			t.Errorf("%v counts as read-only", never)
		}
	}
}

func TestPartsAndUnits(t *testing.T) {
	s := fixtures.NewControlStation(fixtures.Options{Scenario: fixtures.Quiet()})
	ok := remote.None
	for _, tt := range []struct {
		name  string
		opts  Options
		parts []string
		want  map[string]remote.Reason
	}{
		{"one mover has no unit", Options{Movers: []string{"server_2"}, Audit: true, ServerLog: true}, nil, map[string]remote.Reason{"status": ok, "audit": ok, "log": ok}},
		{"several movers have units", Options{Movers: []string{"server_2", "server_3"}, Audit: true}, nil, map[string]remote.Reason{"status server_2": ok, "audit server_2": ok, "status server_3": ok, "audit server_3": ok}},
		{"all", Options{Movers: []string{allMovers}, Audit: true, ServerLog: true}, nil, map[string]remote.Reason{
			"status ALL": ok, "audit ALL": ok, "status server_2": ok, "status server_3": ok, "audit server_2": ok, "audit server_3": ok, "log server_2": ok, "log server_3": ok,
		}},
		{"only the log", Options{Movers: []string{"server_2"}, Audit: true, ServerLog: true}, []string{"log"}, map[string]remote.Reason{"log": ok}},
		{"only the audit", Options{Movers: []string{"server_2"}, Audit: true, ServerLog: true}, []string{"audit"}, map[string]remote.Reason{"audit": ok}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newTestCollector(t, station(s), tt.opts)
			wantReasons(t, collectOnce(t, c, tt.parts...), tt.want)
		})
	}
}

// A mover that does not run virus checking is not asked for its audit, and the
// part says so.
func TestAuditOfAStoppedMover(t *testing.T) {
	d := &device{answer: func([]string) (remote.Answer, error) {
		return remote.Answer{Stdout: fixtures.Status("not_started")}, nil
	}}
	c := newTestCollector(t, d, Options{Movers: []string{"server_2"}, Audit: true})
	wantReasons(t, collectOnce(t, c), map[string]remote.Reason{"status": remote.None, "audit": remote.NotSupported})
	if len(d.asked) != 1 {
		t.Errorf("asked %q", d.asked)
	}
}

// One mover that fails hides neither the other nor its own other parts.
func TestOneMoverFails(t *testing.T) {
	s := fixtures.NewControlStation(fixtures.Options{Scenario: fixtures.Quiet()})
	good := station(s)
	d := &device{answer: func(argv []string) (remote.Answer, error) {
		if slices.Contains(argv, "server_3") && !slices.Contains(argv, "-audit") && strings.HasSuffix(argv[3], "viruschk") {
			return remote.Answer{}, remote.Errorf(remote.Timeout, "", "no answer")
		}
		return good.answer(argv)
	}}
	c := newTestCollector(t, d, Options{Movers: []string{"server_2", "server_3"}, Audit: true})
	wantReasons(t, collectOnce(t, c), map[string]remote.Reason{
		"status server_2": remote.None, "audit server_2": remote.None, "status server_3": remote.Timeout, "audit server_3": remote.None,
	})
}

// A failed command on any of several movers leaves nothing of that mover's
// status behind: no checker reads as offline because it was not asked.
func TestFailureInventsNothing(t *testing.T) {
	for name, answer := range map[string]remote.Answer{
		"refused":  {ExitStatus: 1, Stderr: []byte("NAS_DB environment variable is not defined\n")},
		"cut":      {Stdout: fixtures.Status("truncated_after_two_of_three")},
		"empty":    {},
		"garbage":  {Stdout: fixtures.Status("garbage")},
		"other":    {Stdout: fixtures.Status("html_page")},
		"standby":  {Stdout: fixtures.Status("only_error_4019"), ExitStatus: 7},
		"mistaken": {Stdout: []byte("server_9 :\n 10 threads started.\n 0 Checker IP Address(es):\n")},
	} {
		for _, mover := range []string{"server_2", allMovers} {
			if name == "mistaken" && mover == allMovers {
				continue
			}
			c := newTestCollector(t, &device{answer: func([]string) (remote.Answer, error) { return answer, nil }}, Options{Movers: []string{mover}})
			for k, q := range collectOnce(t, c) {
				if q.Err == nil || len(q.Samples) > 0 {
					t.Errorf("%s, %s: error %v, %d samples", name, k, q.Err, len(q.Samples))
				}
			}
		}
	}
}

// In an answer to ALL a standby's error line is no failure, and a mover that ran
// before and is gone is one.
func TestMoverDropsOutOfAll(t *testing.T) {
	answer := remote.Answer{Stdout: fixtures.Status("all_two_movers")}
	c := newTestCollector(t, &device{answer: func([]string) (remote.Answer, error) { return answer, nil }}, Options{Movers: []string{allMovers}})
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c.env.Now = func() time.Time { return now }
	ok := remote.None
	wantReasons(t, collectOnce(t, c), map[string]remote.Reason{"status ALL": ok, "status server_2": ok, "status server_3": ok})

	answer = remote.Answer{Stdout: fixtures.Status("s1_healthy")}
	wantReasons(t, collectOnce(t, c), map[string]remote.Reason{"status ALL": ok, "status server_2": ok, "status server_3": remote.Other})

	answer = remote.Answer{Stdout: fixtures.Status("all_standby_error_prefixed"), ExitStatus: 7}
	wantReasons(t, collectOnce(t, c), map[string]remote.Reason{"status ALL": ok, "status server_2": ok, "status server_3": remote.ExitStatus})

	answer = remote.Answer{ExitStatus: 1, Stderr: []byte("no\n")}
	wantReasons(t, collectOnce(t, c), map[string]remote.Reason{"status ALL": remote.ExitStatus, "status server_2": remote.ExitStatus, "status server_3": remote.ExitStatus})

	answer = remote.Answer{Stdout: fixtures.Status("s1_healthy")}
	now = now.Add(forgetAfter + time.Minute)
	c.movers["server_2"].last = now
	wantReasons(t, collectOnce(t, c), map[string]remote.Reason{"status ALL": ok, "status server_2": ok})

	fresh := newTestCollector(t, &device{answer: func([]string) (remote.Answer, error) {
		return remote.Answer{Stdout: fixtures.Status("all_standby_error_prefixed"), ExitStatus: 7}, nil
	}}, Options{Movers: []string{allMovers}})
	wantReasons(t, collectOnce(t, fresh), map[string]remote.Reason{"status ALL": ok, "status server_2": ok, "status server_3": remote.NotSupported})
}

// A Control Station where no status command works is left for the other
// address; one where a single mover fails is not.
func TestStandbyControlStation(t *testing.T) {
	d := &device{answer: func([]string) (remote.Answer, error) {
		return remote.Answer{ExitStatus: 1, Stderr: []byte("this is the standby Control Station\n")}, nil
	}}
	c := newTestCollector(t, d, Options{Movers: []string{"server_2", "server_3"}})
	collectOnce(t, c)
	if d.rotated != 1 {
		t.Errorf("turned to the other address %d times in one collection, want once", d.rotated)
	}
	d.answer = func(argv []string) (remote.Answer, error) {
		if slices.Contains(argv, "server_3") {
			return remote.Answer{ExitStatus: 2, Stderr: []byte("no such mover\n")}, nil
		}
		return remote.Answer{Stdout: fixtures.Status("s1_healthy")}, nil
	}
	collectOnce(t, c)
	if d.rotated != 1 {
		t.Error("turned to the other address although one mover answered")
	}
}

// Every log line is counted once, in whatever portions the collections see it.
func TestLogIsCountedOnce(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := fixtures.NewControlStation(fixtures.Options{Scenario: fixtures.Incident(), Now: func() time.Time { return now }})
	c := newTestCollector(t, station(s), Options{Movers: []string{"server_2"}, ServerLog: true})
	printed := func() (n int) {
		for _, e := range s.Log("server_2") {
			if e.Facility == "VC" {
				n++
			}
		}
		return n
	}
	before := printed()
	collectOnce(t, c, partLog)
	for range 25 {
		now = now.Add(47 * time.Second)
		collectOnce(t, c, partLog)
		collectOnce(t, c, partLog)
	}
	counted := 0.0
	for _, v := range c.logs["server_2"].events {
		counted += v
	}
	if want := printed() - before; int(counted) != want || want == 0 {
		t.Errorf("%v events counted, the device logged %d", counted, want)
	}
}

func TestOptionsCheck(t *testing.T) {
	for _, tt := range []struct {
		movers []string
		want   string
	}{
		{[]string{"server_2", "server_3"}, ""},
		{[]string{"ALL"}, ""},
		{nil, "movers: name at least one mover"},
		{[]string{"ALL", "server_2"}, "movers[0]: ALL stands for every mover"},
		{[]string{"all"}, "movers[0]: write ALL in capitals"},
		{[]string{"server_2", "server_2"}, "movers[1]: mover server_2 is named twice"},
		{[]string{"server_2; reboot"}, "movers[0]: "},
		{[]string{"-update"}, "movers[0]: "},
		{[]string{"$(reboot)"}, "movers[0]: "},
		{[]string{""}, "movers[0]: "},
	} {
		var got []string
		(&Options{Movers: tt.movers}).Check(func(path, problem string) { got = append(got, path+": "+problem) })
		if (len(got) == 0) != (tt.want == "") || tt.want != "" && !strings.HasPrefix(got[0], tt.want) {
			t.Errorf("%q: %q, want %q", tt.movers, got, tt.want)
		}
	}
}
