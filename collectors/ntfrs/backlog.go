package ntfrs

// Sequence numbers and indexes are 32 bits wide and start again at 0: they are
// subtracted on that circle.
//
// distance is how far a is ahead of b. A leading index is the next change order
// to send, so with nothing left to send it is one ahead of the sequence number:
// that is 0. Where b is ahead by more, the two do not belong together: the set
// was initialised anew and its sequence number began again.
func distance(a, b uint32) (float64, bool) {
	switch d := a - b; {
	case d == ^uint32(0):
		return 0, true
	case d > 1<<31:
		return 0, false
	default:
		return float64(d), true
	}
}

// waiting is what one partner has yet to get. nil is not known.
type waiting struct {
	Backlog, Unsent, Unacknowledged *float64
}

// waitingFor works out what a connection's partner has yet to get. A partner
// that never joined has no index, or 0, and no backlog: what stands in the log
// is not waiting for it yet.
func waitingFor(s Set, c Connection) waiting {
	var w waiting
	if c.NeverJoined() {
		return w
	}
	w.Backlog = difference(s.Sequence, c.Trailing)
	w.Unsent = difference(s.Sequence, c.Leading)
	w.Unacknowledged = difference(c.Leading, c.Trailing)
	// A report of ConnStat prints the differences.
	if w.Unsent == nil {
		w.Unsent = difference(c.SendDelta, new(uint32))
	}
	if w.Unacknowledged == nil {
		w.Unacknowledged = difference(c.LMT, new(uint32))
	}
	if w.Backlog == nil && c.Trailing == nil && w.Unsent != nil && w.Unacknowledged != nil {
		sum := *w.Unsent + *w.Unacknowledged
		w.Backlog = &sum
	}
	return w
}

func difference(a, b *uint32) *float64 {
	if a == nil || b == nil {
		return nil
	}
	if d, ok := distance(*a, *b); ok {
		return &d
	}
	return nil
}
