package ntfrs

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b uint32
		want float64
		ok   bool
	}{
		{"ahead", 4711, 4690, 21, true},
		{"level", 7, 7, 0, true},
		{"the next to send, nothing left", 4711, 4712, 0, true},
		{"the same over the wrap", math.MaxUint32, 0, 0, true},
		{"over the wrap", 10, math.MaxUint32 - 5, 16, true},
		{"from the beginning", 100, 0, 100, true},
		{"beyond 31 bits", 3000000000, 1000000000, 2000000000, true},
		{"begun anew", 100, 4700, 0, false},
	} {
		if got, ok := distance(tt.a, tt.b); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %v %v, want %v %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestWaitingFor(t *testing.T) {
	n := func(v uint32) *uint32 { return &v }
	yes, no := true, false
	when := time.Unix(1, 0)
	for _, tt := range []struct {
		name                            string
		set                             Set
		c                               Connection
		backlog, unsent, unacknowledged float64 // -1 is none
	}{
		{"indexes", Set{Sequence: n(100)}, Connection{Joined: &yes, Leading: n(95), Trailing: n(80)}, 20, 5, 15},
		{"no sequence number", Set{}, Connection{Joined: &yes, Leading: n(95), Trailing: n(80)}, -1, -1, 15},
		{"no trailing index", Set{Sequence: n(100)}, Connection{Joined: &yes, Leading: n(95)}, -1, 5, -1},
		{"differences", Set{Sequence: n(100)}, Connection{Joined: &yes, SendDelta: n(5), LMT: n(15)}, 20, 5, 15},
		{"one difference", Set{}, Connection{Joined: &yes, LMT: n(15)}, -1, -1, 15},
		{"an index is worth more than differences", Set{Sequence: n(100)}, Connection{Joined: &yes, Trailing: n(90), SendDelta: n(5), LMT: n(15)}, 10, 5, 15},
		{"never joined, index 0", Set{Sequence: n(100)}, Connection{Joined: &no, Leading: n(0), Trailing: n(0)}, -1, -1, -1},
		{"never joined, no index", Set{Sequence: n(100)}, Connection{Joined: &no}, -1, -1, -1},
		{"joined once, by its time", Set{Sequence: n(100)}, Connection{Joined: &no, LastJoin: when, Leading: n(1), Trailing: n(0)}, 100, 99, 1},
		{"joined once, by its index", Set{Sequence: n(100)}, Connection{Joined: &no, Leading: n(95), Trailing: n(80)}, 20, 5, 15},
		{"joined for the first time", Set{Sequence: n(100)}, Connection{Joined: &yes, Leading: n(1), Trailing: n(0)}, 100, 99, 1},
	} {
		w := waitingFor(tt.set, tt.c)
		for _, x := range []struct {
			what string
			got  *float64
			want float64
		}{{"backlog", w.Backlog, tt.backlog}, {"unsent", w.Unsent, tt.unsent}, {"unacknowledged", w.Unacknowledged, tt.unacknowledged}} {
			if (x.got == nil) != (x.want < 0) || x.got != nil && *x.got != x.want {
				t.Errorf("%s: %s %v, want %v", tt.name, x.what, x.got, x.want)
			}
		}
	}
}

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"DOMAIN SYSTEM VOLUME (SYSVOL SHARE) (11111111-2222-3333-4444555555555555)": "DOMAIN SYSTEM VOLUME (SYSVOL SHARE)",
		"dfs 64d2f7d2-2695-436d-8830-8d3c58701e15":                                  "dfs",
		"dfs {64d2f7d2-2695-436d-88308d3c58701e15}":                                 "dfs",
		"(64d2f7d2-2695-436d-88308d3c58701e15)":                                     "64d2f7d2-2695-436d-88308d3c58701e15",
		"DC1":                                                                       "DC1",
		" ":                                                                         "",
	} {
		if got := name(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "4711": 4711, " 7 ": 7, "4294967295": math.MaxUint32, "0x1267": 4711, "0X10": 16, "007": 7, "-1": math.MaxUint32,
	} {
		if got := number(in); got == nil || int64(*got) != want {
			t.Errorf("%q: %v, want %d", in, got, want)
		}
	}
	for _, in := range []string{"", "x", "4294967296", "-2", "1.5", "1 2", "0x", "1e3"} {
		if got := number(in); got != nil {
			t.Errorf("%q is the number %d", in, *got)
		}
	}
}

func TestServiceState(t *testing.T) {
	for in, want := range map[string]string{
		"3 (ACTIVE)": "ACTIVE", "Active": "ACTIVE", "3": "ACTIVE", "6 (JRNL_WRAP_ERROR)": "JRNL_WRAP_ERROR", "Jrnl Wrap Error": "JRNL_WRAP_ERROR",
		"8": "other", "9 (NEW)": "other", "-1": "other", "": "",
	} {
		if got := serviceState(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// Dates are in the member's zone.
func TestDates(t *testing.T) {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	p := &setsParser{loc: loc}
	want := time.Date(2014, 11, 20, 8, 48, 0, 0, time.UTC)
	for _, in := range []string{"Thu Nov 20, 2014 03:48:00", "Thu Nov 20 03:48:00 2014", "Thu  Nov 20 2014  03:48:00", "2014-11-20 03:48:00", "11/20/2014 3:48:00 AM"} {
		if got, ok := p.time(in); !ok || !got.Equal(want) {
			t.Errorf("%q: %s %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "yesterday", "20.11.2014 03:48:00", "Thu Jan 1 00:00:00 1970"} {
		if got, ok := p.time(in); ok {
			t.Errorf("%q is the date %s", in, got)
		}
	}
	if got, ok := p.time("Mon Jan 1, 1601 00:00:00"); !ok || !got.IsZero() {
		t.Errorf("the beginning of time is %s %v", got, ok)
	}
}

// A row whose cells stand under no single heading is not guessed at.
func TestAmbiguousRow(t *testing.T) {
	labels, err := loadLabels("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSets(`Replica: x
Outbound Connections
Server Name  State   Send Delta  LMT
DC2          Joined  5           6
DC3          a very wide cell    6
DC4
`, labels, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Sets[0].Connections) != 1 || len(s.Unrecognized) != 2 {
		t.Errorf("%+v", s)
	}
	if n, sure := s.Sets[0].outbound(true); sure {
		t.Errorf("%d connections are counted and there are more", n)
	}
}

// Dates fill their columns: one blank or none stands behind them.
func TestDatesInRows(t *testing.T) {
	labels, err := loadLabels("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSets(`Replica: x
Outbound Connections
Server Name  State   LMT  LastJoinTime              Last VVJoin               Send Delta
DC2          Joined  5    Thu Nov 20, 2014 03:48:00 Mon Nov 17, 2014 01:00:006
`, labels, time.UTC)
	if err != nil || len(s.Unrecognized) > 0 || len(s.Sets[0].Connections) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	c := s.Sets[0].Connections[0]
	if *c.LMT != 5 || *c.SendDelta != 6 || !c.LastJoin.Equal(time.Date(2014, 11, 20, 3, 48, 0, 0, time.UTC)) {
		t.Errorf("%+v", c)
	}
}

func FuzzSets(f *testing.F) {
	for _, name := range names(f, "sets") {
		f.Add(string(prepared(f, "sets", name).Stdout))
	}
	labels, err := loadLabels("")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSets(text, labels, time.UTC)
		if err != nil {
			return
		}
		if len(s.Sets) == 0 && !s.NotMember {
			t.Error("an answer that says nothing")
		}
		for _, set := range s.Sets {
			if set.Name == "" {
				t.Error("a set without a name")
			}
			for _, c := range set.Connections {
				if c.Partner == "" || c.Direction == "" {
					t.Errorf("%+v", c)
				}
				w := waitingFor(set, c)
				for _, v := range []*float64{w.Backlog, w.Unsent, w.Unacknowledged} {
					if v != nil && (*v < 0 || *v > 1<<32) {
						t.Errorf("%v wait", *v)
					}
				}
			}
		}
		if strings.TrimSpace(text) == "" {
			t.Error("nothing is an answer")
		}
	})
}
