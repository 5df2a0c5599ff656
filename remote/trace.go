package remote

import (
	"context"
	"sync"
	"time"
)

// Step is one timed step of a collection, for the debug page.
type Step struct {
	Name     string
	Start    time.Time
	Duration time.Duration
	Err      error
	// Detail is what the step brought, already redacted.
	Detail string
}

// Trace records the steps of one collection. A nil *Trace records nothing.
type Trace struct {
	mu    sync.Mutex
	steps []Step
}

type traceKey struct{}

// WithTrace attaches a trace to a context.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// TraceOf is the trace attached to a context, or nil.
func TraceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

// Begin starts a step; the returned function ends it. detail is called only
// when somebody is watching, so that a scrape pays nothing for it.
func (t *Trace) Begin(name string) func(err error, detail func() string) {
	if t == nil {
		return func(error, func() string) {}
	}
	start := time.Now()
	return func(err error, detail func() string) {
		s := Step{Name: name, Start: start, Duration: time.Since(start), Err: err}
		if detail != nil {
			s.Detail = detail()
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.steps = append(t.steps, s)
	}
}

// Steps is what was recorded so far, in the order the steps ended.
func (t *Trace) Steps() []Step {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Step(nil), t.steps...)
}
