package ntfrs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dataprotection_exporter/remote"
)

// at is so many minutes into today.
func at(minutes int) time.Time { return today.Add(time.Duration(minutes-600) * time.Minute) }

func TestHistory(t *testing.T) {
	pair := func(id, minutes int, from, to string) Event {
		return Event{ID: id, Time: at(minutes), Data: []string{from, to, `c:\sysvol`}}
	}
	plain := func(id, minutes int) Event { return Event{ID: id, Time: at(minutes)} }
	for _, tt := range []struct {
		name   string
		events []Event
		id     int
		want   []string
	}{
		{"in trouble", []Event{pair(13508, 1, "DC2", "DC1")}, 13508, []string{"dc2\ndc1"}},
		{"over", []Event{pair(13508, 1, "DC2", "DC1"), pair(13509, 2, "DC2", "DC1")}, 13508, nil},
		{"over for one pair", []Event{pair(13508, 1, "DC2", "DC1"), pair(13508, 1, "DC3", "DC1"), pair(13509, 2, "dc3", "dc1")}, 13508, []string{"dc2\ndc1"}},
		{"again", []Event{pair(13508, 1, "DC2", "DC1"), pair(13509, 2, "DC2", "DC1"), pair(13508, 3, "DC2", "DC1")}, 13508, []string{"dc2\ndc1"}},
		{"an end without a name ends all", []Event{pair(13508, 1, "DC2", "DC1"), plain(13509, 2)}, 13508, nil},
		{"the other way is another pair", []Event{pair(13508, 1, "DC2", "DC1"), pair(13509, 2, "DC1", "DC2")}, 13508, []string{"dc2\ndc1"}},
		{"journal wrap", []Event{plain(13516, 1), plain(13568, 2)}, 13568, []string{""}},
		{"journal wrap, recovered", []Event{plain(13568, 1), plain(13516, 2)}, 13568, nil},
		{"stopped", []Event{plain(13501, 1), plain(13503, 2)}, 13503, []string{""}},
		{"restarted", []Event{plain(13503, 1), plain(13501, 2)}, 13503, nil},
		{"no trouble", nil, 13568, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			forward, backward, twice := newHistory(), newHistory(), newHistory()
			forward.take(tt.events, today)
			for _, e := range slices.Backward(tt.events) {
				backward.take([]Event{e}, today)
			}
			twice.take(tt.events, today)
			twice.take(tt.events, today.Add(time.Hour))
			for what, h := range map[string]*history{"once": forward, "newest first": backward, "twice": twice} {
				if got := h.active(tt.id); !slices.Equal(got, tt.want) {
					t.Errorf("%s: %q, want %q", what, got, tt.want)
				}
			}
		})
	}
}

func TestMoved(t *testing.T) {
	for _, tt := range []struct {
		name string
		ids  []int // in the order they were logged
		want bool
	}{
		{"moved", []int{13501, 13516, 13575}, true},
		{"stopped for good", []int{13501, 13575, 13502, 13503}, true},
		{"never", []int{13501, 13516}, false},
		{"rolled back", []int{13575, 13503, 13501, 13516}, false},
		{"nothing", nil, false},
	} {
		h := newHistory()
		for i, id := range tt.ids {
			h.take([]Event{{ID: id, Time: at(i)}}, today)
		}
		if _, got := h.moved(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// A flood of pairs does not grow without bound, and the newest are kept.
func TestHistoryBounds(t *testing.T) {
	h := newHistory()
	var events []Event
	for i := range 3 * maxPairs {
		events = append(events, Event{ID: 13508, Time: today.Add(time.Duration(i-5000) * time.Second), Data: []string{fmt.Sprint("dc", i), "dc"}})
	}
	h.take(events, today)
	pairs := h.active(13508)
	if len(pairs) != maxPairs || !slices.Contains(pairs, fmt.Sprintf("dc%d\ndc", 3*maxPairs-1)) {
		t.Errorf("%d pairs", len(pairs))
	}
	problems := eventProblems("dc1", h)
	if len(problems) != 1 || !strings.Contains(problems[0].Cause, fmt.Sprintf("and %d more", maxPairs-5)) {
		t.Errorf("%v", problems)
	}
}

// The table says what it has to: every trouble has a remedy, and what ends one
// is in the table.
func TestEventTable(t *testing.T) {
	seen := map[int]bool{}
	for _, k := range eventKinds {
		if seen[k.ID] || k.Meaning == "" || k.ID < 13500 || k.ID > 13600 {
			t.Errorf("%+v", k)
		}
		seen[k.ID] = true
		if (k.Severity != "") != (k.Remedy != "") || !slices.Contains([]string{"", "info", "warning", "critical"}, k.Severity) {
			t.Errorf("event %d: severity %q, remedy %q", k.ID, k.Severity, k.Remedy)
		}
		for _, id := range k.ClearedBy {
			if !knownEvent(id) {
				t.Errorf("event %d is ended by %d, which is not in the table", k.ID, id)
			}
		}
	}
	for _, id := range []int{13508, 13509, 13511, 13513, 13516, 13518, 13519, 13522, 13523, 13526, 13548, 13555, 13557, 13561, 13565, 13566, 13567, 13568, 13570, 13573, 13575} {
		if !seen[id] {
			t.Errorf("event %d is missing", id)
		}
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]remote.Reason{
		"Access is denied.":                                                  remote.Permission,
		"Failed to open log.\r\nZugriff verweigert":                          remote.Permission,
		"FRS_ERR_INSUFFICIENT_PRIV":                                          remote.Permission,
		"The RPC server is\r\nunavailable.":                                  remote.Connect,
		"'wevtutil' is not recognized as an internal\r\nor external command": remote.NotSupported,
		"Failed to read events. The specified channel could not be found.":   remote.NotSupported,
		"something else":                                                     remote.None,
		"":                                                                   remote.None,
	} {
		if got := remote.ReasonOf(faultIn(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := remote.ReasonOf(failure(answerText{out: "odd", exit: 3}, nil)); got != remote.ExitStatus {
		t.Error(got)
	}
	for _, f := range faults {
		if !slices.Contains(remote.Reasons, f.Reason) || f.Advice == "" || len(f.Words) == 0 {
			t.Errorf("%+v", f)
		}
	}
}

// What a debug page shows names no user and no file.
func TestRedaction(t *testing.T) {
	if got := string(hideEventData([]byte("<Data>a\nb</Data><Data Name='x'>c:\\secret</Data>"))); got != "<Data>...</Data><Data Name='x'>...</Data>" {
		t.Error(got)
	}
	shown := string(hideBacklogFiles(prepared(t, "dfsr", "backlog").Stdout))
	if strings.Contains(shown, "docx") || !strings.Contains(shown, "Count: 123") {
		t.Error(shown)
	}
}

// Others may write into the log of FRS too.
func TestEventsOfOthers(t *testing.T) {
	const from = "<Event><System><Provider Name='%s'/><EventID>13522</EventID><TimeCreated SystemTime='2026-01-02T01:00:00Z'/></System></Event>"
	events, odd, err := ParseEvents("<Events>" + fmt.Sprintf(from, "Other") + fmt.Sprintf(from, "ntfrs") + "</Events>")
	if len(events) != 1 || len(odd) != 0 || err != nil {
		t.Errorf("%v %v %v", events, odd, err)
	}
}

func FuzzEvents(f *testing.F) {
	for _, name := range names(f, "events") {
		f.Add(string(prepared(f, "events", name).Stdout))
	}
	f.Fuzz(func(t *testing.T, text string) {
		events, _, err := ParseEvents(text)
		if err != nil {
			if len(events) > 0 {
				t.Error("half an answer")
			}
			return
		}
		h := newHistory()
		h.take(events, today)
		first := h.active(13508)
		h.take(events, today)
		if !slices.Equal(first, h.active(13508)) {
			t.Error("reading twice changes something")
		}
	})
}
