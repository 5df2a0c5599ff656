package onefs

import (
	"slices"
	"strings"
	"sync"

	"dataprotection_exporter/collectors/metric"
)

// offlineStates are words of a CAVA server that no doubt does not work. OneFS
// documents no list; what is neither here nor in online_states counts as not
// online and as unrecognized.
var offlineStates = []string{
	"offline", "down", "inactive", "disconnected", "unreachable", "unavailable", "stopped", "bad", "error", "failed", "failure",
	"fault", "faulted", "disabled", "timeout", "timed out", "not connected", "not running", "not responding",
}

// The bounds of the label state: free text must not become series without end.
const (
	stateRunes = 64
	maxStates  = 32
)

// words is the states seen so far. It is safe for concurrent use.
type words struct {
	mu   sync.Mutex
	seen []string
}

// label is a state as a label value: bounded in length, and in variety.
func (w *words) label(state string) string {
	state = metric.Clean(state)
	if r := []rune(state); len(r) > stateRunes {
		state = strings.TrimSpace(string(r[:stateRunes]))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case slices.Contains(w.seen, state):
	case len(w.seen) >= maxStates:
		return other
	default:
		w.seen = append(w.seen, state)
	}
	return state
}
