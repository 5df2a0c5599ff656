// Package logtail follows logs between collections, so that a line is seen
// once. It knows no system: what a line means is the collector's business.
package logtail

import (
	"bytes"
	"hash/fnv"
	"slices"
)

// anchorLines is how many lines are remembered to find the place where the last
// collection ended. It must exceed any run of identical lines.
const anchorLines = 512

// Snapshot follows a log that can only be printed whole, oldest line first. It
// remembers the last lines seen and gives those after them. The zero value is
// ready; a Snapshot is not safe for concurrent use.
type Snapshot struct {
	// Stamp gives a line's time in a form that sorts as text, "" when it has
	// none. It serves when the remembered lines have left the log.
	Stamp func(line []byte) string

	started bool
	anchor  []uint64
	last    string
}

// SnapshotState is where a Snapshot is, to be kept across a restart.
type SnapshotState struct {
	Started bool `json:"started"`
	// Anchor are the hashes of the last lines seen, Last is the latest time.
	Anchor []uint64 `json:"anchor,omitempty"`
	Last   string   `json:"last,omitempty"`
}

// State is where the Snapshot is now. It shares nothing with it.
func (s *Snapshot) State() SnapshotState {
	return SnapshotState{Started: s.started, Anchor: slices.Clone(s.anchor), Last: s.last}
}

// Restore goes on where a state was taken.
func (s *Snapshot) Restore(state SnapshotState) {
	anchor := state.Anchor[max(0, len(state.Anchor)-anchorLines):]
	s.started, s.anchor, s.last = state.Started, slices.Clone(anchor), state.Last
}

// Equal says whether two states are the same place.
func (s SnapshotState) Equal(o SnapshotState) bool {
	return s.Started == o.Started && s.Last == o.Last && slices.Equal(s.Anchor, o.Anchor)
}

// lineHash is the same in every process, unlike that of hash/maphash.
func lineHash(line []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(line)
	return h.Sum64()
}

// Next takes the whole log as printed now and returns the lines that were not
// there at the previous call. The first call returns none: what happened before
// somebody watched is not news. lost is set when the remembered lines are gone
// and some lines may have been missed.
func (s *Snapshot) Next(log []byte) (fresh [][]byte, lost bool) {
	lines := split(log)
	s.oldestFirst(lines)
	if !s.started {
		s.started = true
		s.remember(lines)
		return nil, false
	}
	if len(s.anchor) == 0 {
		// The log was empty: everything is new.
		s.remember(lines)
		return lines, false
	}
	at, found := s.find(lines)
	if found {
		fresh = lines[at:]
	} else {
		lost = len(lines) > 0
		for _, l := range lines {
			if t := s.Stamp(l); t > s.last {
				fresh = append(fresh, l)
			}
		}
	}
	if len(lines) > 0 {
		s.remember(lines)
	}
	return fresh, lost
}

// find looks for the place behind the remembered lines, newest first. They may
// reach back beyond the beginning of a log that lost its oldest lines.
func (s *Snapshot) find(lines [][]byte) (after int, found bool) {
	hashes := make([]uint64, len(lines))
	for i, l := range lines {
		hashes[i] = lineHash(l)
	}
	for end := len(lines); end > 0; end-- {
		i, a := end-1, len(s.anchor)-1
		for i >= 0 && a >= 0 && hashes[i] == s.anchor[a] {
			i, a = i-1, a-1
		}
		if i < 0 || a < 0 {
			return end, true
		}
	}
	return 0, false
}

func (s *Snapshot) remember(lines [][]byte) {
	tail := lines[max(0, len(lines)-anchorLines):]
	s.anchor = s.anchor[:0]
	for _, l := range tail {
		s.anchor = append(s.anchor, lineHash(l))
	}
	for _, l := range tail {
		if t := s.Stamp(l); t > s.last {
			s.last = t
		}
	}
}

// oldestFirst turns a log around that was printed newest line first. Most pairs
// of neighbours decide, not the ends: a clock that is set back once must not
// turn a log around.
func (s *Snapshot) oldestFirst(lines [][]byte) {
	var previous string
	rising, falling := 0, 0
	for _, l := range lines {
		t := s.Stamp(l)
		if t == "" {
			continue
		}
		switch {
		case previous == "" || t == previous:
		case t > previous:
			rising++
		default:
			falling++
		}
		previous = t
	}
	if falling > rising {
		slices.Reverse(lines)
	}
}

// split gives the complete lines of a log without their ends; empty lines are
// left out, and a last line that is still being written is left for next time.
func split(log []byte) [][]byte {
	end := bytes.LastIndexByte(log, '\n')
	if end < 0 {
		return nil
	}
	var lines [][]byte
	for _, l := range bytes.Split(log[:end], []byte("\n")) {
		if l = bytes.TrimRight(l, "\r"); len(l) > 0 {
			lines = append(lines, l)
		}
	}
	return lines
}
