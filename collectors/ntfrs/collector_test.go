package ntfrs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/collectors/system/systemtest"
	"dataprotection_exporter/remote"
)

const aSet = "Replica: SYSVOL\n ServiceState: 3 (ACTIVE)\n"

// healthy answers every question well.
func healthy(_ context.Context, argv []string) (remote.Answer, error) {
	text := map[string]string{
		"ntfrsutl":   aSet,
		"wevtutil":   "<Events></Events>\n",
		"typeperf":   "\r\n\"(PDH-CSV 4.0)\",\"\\\\X\\FileReplicaSet(SYSVOL)\\KB of Staging Space In Use\"\r\n\"t\",\"1.0\"\r\n",
		"powershell": "\"Path\",\"RawValue\"\r\n\"\\\\x\\filereplicaset(sysvol)\\files installed\",\"3\"\r\n",
		"dfsrdiag":   "No Backlog - member <b> is in sync with partner <a>\n",
	}[argv[0]]
	return remote.Answer{Stdout: []byte(text), Time: today}, nil
}

func newHealthyHost() *host {
	h := newHost()
	h.answer = healthy
	return h
}

func TestPartsAndUnits(t *testing.T) {
	const ok = remote.None
	sysvol := Backlog{"Domain System Volume", "SYSVOL Share", "a", "b"}
	back := Backlog{"Domain System Volume", "SYSVOL Share", "b", "a"}
	for _, tt := range []struct {
		name  string
		opts  Options
		parts []string
		want  map[string]remote.Reason
	}{
		{"one member has no unit", Options{Members: []string{"a"}, Events: true, Counters: true}, nil, map[string]remote.Reason{"sets": ok, "events": ok, "counters": ok}},
		{"several have", Options{Members: []string{"a", "b"}, Events: true}, nil, map[string]remote.Reason{"sets a": ok, "events a": ok, "sets b": ok, "events b": ok}},
		{"one part", Options{Members: []string{"a", "b"}, Events: true, Counters: true, DFSR: []Backlog{sysvol}}, []string{"counters"}, map[string]remote.Reason{"counters a": ok, "counters b": ok}},
		{"a backlog alone", Options{DFSR: []Backlog{sysvol}}, nil, map[string]remote.Reason{"dfsr": ok}},
		{"both ways", Options{DFSR: []Backlog{sysvol, back}}, nil, map[string]remote.Reason{
			"dfsr Domain_System_Volume_SYSVOL_Share_a_b": ok, "dfsr Domain_System_Volume_SYSVOL_Share_b_a": ok,
		}},
		{"debug logs that are not there", Options{Members: []string{"a"}, DebugLogs: []string{`C:\x\NtFrs_*.log`}}, []string{"debug_log"}, map[string]remote.Reason{"debug_log": remote.Other}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantReasons(t, collectOnce(t, newTestCollector(t, newHealthyHost(), tt.opts), tt.parts...), tt.want)
		})
	}
}

// A transport that cannot read files says so.
func TestDebugLogsNeedFiles(t *testing.T) {
	c := newTestCollector(t, systemtest.Answers{}, Options{Members: []string{"a"}, DebugLogs: []string{`C:\x\NtFrs_*.log`}})
	wantReasons(t, collectOnce(t, c, partDebugLog), map[string]remote.Reason{"debug_log": remote.NotSupported})
}

// A member that hangs delays no other: it does not answer before the others have.
func TestSlowMember(t *testing.T) {
	h := newHost()
	var others sync.WaitGroup
	others.Add(2 * 4) // commands of two members
	through := make(chan struct{})
	go func() { others.Wait(); close(through) }()
	h.answer = func(ctx context.Context, argv []string) (remote.Answer, error) {
		if !strings.Contains(asked(argv), "slow") {
			defer others.Done()
			return healthy(ctx, argv)
		}
		select {
		case <-through:
		case <-ctx.Done():
			t.Error("the others waited for the slow member")
		}
		return remote.Answer{}, remote.Errorf(remote.Timeout, "", "slow")
	}
	c := newTestCollector(t, h, Options{Members: []string{"slow", "a", "b"}, Events: true, Counters: true})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := system.NewReport(c.env.Now)
	c.Collect(ctx, r)
	for k, q := range questions(t, r) {
		want := remote.None
		if strings.HasSuffix(k, "slow") {
			want = remote.Timeout
		}
		if q.Reason() != want {
			t.Errorf("%s: %v", k, q.Err)
		}
	}
}

// Each refusal is a warning in the member's own log: after three, it is asked
// less and less often, and the other parts and members as before.
func TestRefusals(t *testing.T) {
	h := newHost()
	refuse := true
	h.answer = func(ctx context.Context, argv []string) (remote.Answer, error) {
		if refuse && argv[0] == "ntfrsutl" && argv[2] == "a" {
			return remote.Answer{Stdout: []byte("Access is denied.\r\n"), ExitStatus: 5}, nil
		}
		return healthy(ctx, argv)
	}
	c := newTestCollector(t, h, Options{Members: []string{"a", "b"}, Events: true})
	now := today
	// The pauses run on the clock that the collector was made with.
	env := c.env
	env.Now = func() time.Time { return now }
	made, err := newCollector(env, c.opts)
	if err != nil {
		t.Fatal(err)
	}
	c = made.(*collector)
	count := func(command string) (n int) {
		for _, cmd := range h.commands() {
			if cmd == command {
				n++
			}
		}
		return n
	}
	minutes := 3 * 60
	for range minutes {
		qs := collectOnce(t, c)
		wantReasons(t, qs, map[string]remote.Reason{"sets a": remote.Permission, "events a": remote.None, "sets b": remote.None, "events b": remote.None})
		now = now.Add(time.Minute)
	}
	// Three at once, then after 5, 10, 20, 40 and 60 minutes.
	if n := count("ntfrsutl sets a"); n != 8 {
		t.Errorf("asked %d times in three hours", n)
	}
	if n := count("ntfrsutl sets b"); n != minutes {
		t.Errorf("the other member was asked %d times", n)
	}
	if err := collectOnce(t, c)["sets a"].Err; !strings.Contains(err.Error(), "not asked") {
		t.Error(err)
	}
	refuse = false
	now = now.Add(time.Hour)
	for range 2 {
		wantReasons(t, collectOnce(t, c, partSets), map[string]remote.Reason{"sets a": remote.None, "sets b": remote.None})
	}
}

// A member that has moved to DFSR is not asked any more, also after a restart,
// but for a look at its log now and then.
func TestMovedToDFSR(t *testing.T) {
	h := newHealthyHost()
	log := string(prepared(t, "events", "moved_to_dfsr").Stdout)
	h.answer = func(ctx context.Context, argv []string) (remote.Answer, error) {
		if argv[0] == "wevtutil" {
			return remote.Answer{Stdout: []byte(log)}, nil
		}
		return healthy(ctx, argv)
	}
	now := today
	kept := store{}
	start := func() *collector {
		c := newTestCollector(t, h, Options{Members: []string{"a"}, Events: true, Counters: true})
		c.env.Now, c.env.Store = func() time.Time { return now }, kept
		return c
	}
	c := start()
	collectOnce(t, c)
	all := map[string]remote.Reason{"sets": remote.NotSupported, "events": remote.NotSupported, "counters": remote.NotSupported}
	for _, restart := range []bool{false, true} {
		if restart {
			c = start()
		}
		now = now.Add(time.Minute)
		before := len(h.commands())
		qs := collectOnce(t, c)
		wantReasons(t, qs, all)
		if n := len(h.commands()) - before; n != 0 {
			t.Errorf("%d commands were sent", n)
		}
		if !strings.Contains(qs["sets"].Err.Error(), "has moved to DFS Replication") {
			t.Error(qs["sets"].Err)
		}
	}
	now = now.Add(recheck)
	before := len(h.commands())
	wantReasons(t, collectOnce(t, c), all)
	if n := len(h.commands()) - before; n != 1 {
		t.Errorf("%d commands were sent to see whether it came back", n)
	}
	// The migration is rolled back.
	log = "<Events>" + strings.NewReplacer("13575", "13516", "01-02T01:00:01", "01-02T09:00:00").Replace(log[strings.Index(log, "<Event "):])
	now = now.Add(recheck)
	collectOnce(t, c)
	wantReasons(t, collectOnce(t, c), map[string]remote.Reason{"sets": remote.None, "events": remote.None, "counters": remote.None})
}

// Events that are not in the log any more are not forgotten, and a restart
// forgets nothing either.
func TestOldTroubleIsRemembered(t *testing.T) {
	h := answering(string(prepared(t, "events", "journal_wrap").Stdout))
	kept := store{}
	now := today
	start := func() *collector {
		c := newTestCollector(t, h, Options{Members: []string{"a"}, Events: true})
		c.env.Now, c.env.Store = func() time.Time { return now }, kept
		return c
	}
	c := start()
	collectOnce(t, c, partEvents)
	h.answer = healthy
	for range 2 {
		c = start()
		for range 3 {
			now = now.Add(time.Hour)
			q := collectOnce(t, c, partEvents)["events"]
			if q.Err != nil || len(q.Problems) != 1 || !strings.Contains(q.Problems[0].Summary, "journal wrap") {
				t.Errorf("%v %v", q.Err, q.Problems)
			}
		}
	}
	for i, cmd := range h.commands() {
		if month := strings.Contains(cmd, aMonth); month != (i == 0) {
			t.Errorf("question %d looks back a month: %v", i, month)
		}
	}
	// Nothing was asked for two days: what happened then must not be missed.
	now = now.Add(48 * time.Hour)
	collectOnce(t, c, partEvents)
	if cmds := h.commands(); !strings.Contains(cmds[len(cmds)-1], aMonth) {
		t.Error("after a pause, one day is asked for")
	}
	// What nothing ended is believed in for 30 days.
	now = now.Add(31 * 24 * time.Hour)
	if q := collectOnce(t, c, partEvents)["events"]; len(q.Problems) != 0 {
		t.Error(q.Problems)
	}
}

// Every event of the table is there from the first answer on, logged or not.
func TestEveryEventIsThere(t *testing.T) {
	c := newTestCollector(t, answering("<Events></Events>\n"), Options{Members: []string{"a"}, Events: true})
	text := systemtest.Exposition(t, c, metrics, partEvents)
	for _, id := range eventIDs() {
		if line := fmt.Sprintf("ntfrs_events_recent{event_id=%q,member=\"a\"} 0\n", id); !strings.Contains(text, line) {
			t.Errorf("there is no %s", line)
		}
	}
	for _, id := range clearedIDs() {
		if line := fmt.Sprintf("ntfrs_event_active{event_id=%q,member=\"a\"} 0\n", id); !strings.Contains(text, line) {
			t.Errorf("there is no %s", line)
		}
	}
	if strings.Contains(text, "ntfrs_event_last_timestamp_seconds{") {
		t.Error("an event that was not logged has a time")
	}
}

// Why totals are missing is logged once.
func TestTotalsAreMissedOnce(t *testing.T) {
	h := newHost()
	h.answer = func(ctx context.Context, argv []string) (remote.Answer, error) {
		if argv[0] == "powershell" {
			return remote.Answer{}, remote.Errorf(remote.TooLarge, "look", "large")
		}
		return healthy(ctx, argv)
	}
	c := newTestCollector(t, h, Options{Members: []string{"a"}, Counters: true})
	for range 2 {
		q := collectOnce(t, c, partCounters)["counters"]
		if q.Err != nil || len(q.Problems) != 1 || q.Problems[0].Severity != "info" {
			t.Errorf("%v %v", q.Err, q.Problems)
		}
	}
	if c.members[0].totals != string(remote.TooLarge) {
		t.Error(c.members[0].totals)
	}
}

// Everything emitted is declared: the registry of the golden tests refuses the
// rest. Here: every declaration is complete.
func TestDeclarations(t *testing.T) {
	for _, m := range metrics {
		if m.Kind == metric.Counter != strings.HasSuffix(m.Name, "_total") {
			t.Errorf("%s is a %s", m.Name, m.Kind)
		}
	}
	if System.NewOptions().(*Options).CodePage != defaultCodePage {
		t.Error("no default code page")
	}
}
