package ntfrs

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// history is what is known of one member's events. It is kept across restarts,
// because a log is asked for one day only: a journal wrap of last week that
// nobody repaired must not be forgotten. Every value only grows with what is
// read, so that reading an event twice, or in another order, changes nothing.
type history struct {
	// Last is when each event was last logged.
	Last map[int]time.Time `json:"last"`
	// Begun and Ended are when each trouble was last reported and last ended,
	// by event and, where it is about a pair of partners, by pair.
	Begun map[int]map[string]time.Time `json:"begun"`
	Ended map[int]map[string]time.Time `json:"ended"`
	// Asked is when the log was last read.
	Asked time.Time `json:"asked"`

	recent map[string]int
}

const (
	// remembered is how long a trouble that nothing ended is believed in: as
	// far back as a log is ever read.
	remembered = 30 * 24 * time.Hour
	// maxPairs bounds the pairs of partners that are remembered.
	maxPairs = 512
)

func newHistory() *history {
	return &history{Last: map[int]time.Time{}, Begun: map[int]map[string]time.Time{}, Ended: map[int]map[string]time.Time{}}
}

// since is how far back the log is to be read.
func (h *history) since(now time.Time) string {
	if h.Asked.IsZero() || now.Sub(h.Asked) > 23*time.Hour || now.Before(h.Asked) {
		return aMonth
	}
	return aDay
}

// take adds what was read at a time.
func (h *history) take(events []Event, now time.Time) {
	h.recent = map[string]int{}
	for _, e := range events {
		id := e.ID
		if !knownEvent(id) {
			id = 0 // all of them together
		}
		if e.Time.After(h.Last[id]) {
			h.Last[id] = e.Time
		}
		if e.Time.After(now.Add(-24 * time.Hour)) {
			h.recent[eventLabel(e.ID)]++
		}
		for _, k := range eventKinds {
			switch {
			case len(k.ClearedBy) == 0:
			case k.ID == e.ID:
				note(h.Begun, k.ID, pairOf(k, e), e.Time)
			case slices.Contains(k.ClearedBy, e.ID):
				note(h.Ended, k.ID, pairOf(k, e), e.Time)
			}
		}
	}
	h.Asked = now
	h.forget(now)
}

func note(table map[int]map[string]time.Time, id int, pair string, at time.Time) {
	if table[id] == nil {
		table[id] = map[string]time.Time{}
	}
	if at.After(table[id][pair]) {
		table[id][pair] = at
	}
}

// everyPair stands for all pairs: the event is about none in particular.
const everyPair = ""

// pairOf names the two partners of an event, and the replica set where it is
// named by both events: its first words.
func pairOf(k eventKind, e Event) string {
	if !k.Pair || len(e.Data) < 2 {
		return everyPair
	}
	return strings.ToLower(strings.TrimSpace(e.Data[0]) + "\n" + strings.TrimSpace(e.Data[1]))
}

// active are the pairs for which a trouble was reported and not ended since.
func (h *history) active(id int) []string {
	var pairs []string
	for pair, begun := range h.Begun[id] {
		if begun.After(h.Ended[id][pair]) && begun.After(h.Ended[id][everyPair]) {
			pairs = append(pairs, pair)
		}
	}
	slices.Sort(pairs)
	return pairs
}

// moved says that the member has moved to DFSR and when: nothing since tells of
// FRS at work there.
func (h *history) moved() (time.Time, bool) {
	at := h.Last[eventMovedToDFSR]
	if at.IsZero() || h.Last[eventStarting].After(at) || h.Last[eventReady].After(at) || h.Last[eventAdded].After(at) {
		return time.Time{}, false
	}
	return at, true
}

// forget drops what is too old, and too much.
func (h *history) forget(now time.Time) {
	old := func(_ string, at time.Time) bool { return now.Sub(at) > remembered }
	for _, table := range []map[int]map[string]time.Time{h.Begun, h.Ended} {
		for _, pairs := range table {
			maps.DeleteFunc(pairs, old)
			if len(pairs) <= maxPairs {
				continue
			}
			oldest := slices.SortedFunc(maps.Keys(pairs), func(a, b string) int {
				return cmp.Or(pairs[a].Compare(pairs[b]), cmp.Compare(a, b))
			})
			for _, pair := range oldest[:len(pairs)-maxPairs] {
				delete(pairs, pair)
			}
		}
	}
}

func eventLabel(id int) string {
	if knownEvent(id) {
		return strconv.Itoa(id)
	}
	return eventOther
}
