package collect

import (
	"context"
	"sync"
	"time"
)

// extendable is a context whose deadline can move out while it runs: a scrape
// with more patience may join a collection that another one started.
type extendable struct {
	context.Context
	abort context.CancelCauseFunc
	now   func() time.Time

	mu       sync.Mutex
	deadline time.Time
	timer    *time.Timer
}

func newExtendable(deadline time.Time, now func() time.Time) *extendable {
	e := &extendable{deadline: deadline, now: now}
	e.Context, e.abort = context.WithCancelCause(context.Background())
	e.timer = time.AfterFunc(deadline.Sub(now()), func() { e.abort(context.DeadlineExceeded) })
	return e
}

// Deadline implements context.Context.
func (e *extendable) Deadline() (time.Time, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// What reads a deadline compares it with the machine's clock.
	return time.Now().Add(e.deadline.Sub(e.now())), true
}

// Err implements context.Context: a deadline that passed is told as such.
func (e *extendable) Err() error {
	if e.Context.Err() == nil {
		return nil
	}
	return context.Cause(e.Context)
}

func (e *extendable) extend(until time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if until.After(e.deadline) && e.timer.Stop() {
		e.deadline = until
		e.timer.Reset(until.Sub(e.now()))
	}
}

func (e *extendable) cancel(cause error) {
	e.timer.Stop()
	e.abort(cause)
}
