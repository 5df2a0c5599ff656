// Package collect runs one collection of one target: it bounds it in time,
// shares it between scrapes, and says how every question ended.
package collect

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// Options is what a Target needs to know of its configuration.
type Options struct {
	Name, System string
	// Parts is every question the system can be asked.
	Parts []string
	// Timeout bounds a collection, whoever asked for it.
	Timeout time.Duration
	// MinInterval is how long a collection is shared with later scrapes.
	MinInterval time.Duration
	Logger      *slog.Logger
	Now         func() time.Time
	// Observe is told of every collection that ended; may be nil.
	Observe Observer
}

// Observer is told of collections, for the exporter's own metrics.
type Observer interface {
	Begin(system string)
	End(system string, r Result)
}

// Target is one configured target at work. It is safe for concurrent use; its
// collector is asked one collection at a time.
type Target struct {
	opts      Options
	collector system.Collector

	mu      sync.Mutex
	running *run
	// last is the latest collection for each set of parts that was asked for.
	last   map[string]Result
	closed bool

	states states
}

// NewTarget puts a collector to work.
func NewTarget(opts Options, c system.Collector) *Target {
	return &Target{opts: opts, collector: c, last: map[string]Result{}, states: states{log: opts.Logger}}
}

// Name is the configured name.
func (t *Target) Name() string { return t.opts.Name }

// System is the system's name.
func (t *Target) System() string { return t.opts.System }

// Timeout bounds a collection of this target.
func (t *Target) Timeout() time.Duration { return t.opts.Timeout }

// Collect answers a scrape until ctx ends: with a collection young enough to be
// shared, with the one that is running, or with one of its own. What is not
// known when ctx ends is reported as timed out, what is known is not lost.
// parts limits the questions; none means all.
func (t *Target) Collect(ctx context.Context, parts []string) Result {
	for {
		r, joined, shared, wait := t.join(ctx, parts)
		switch {
		case shared != nil:
			return *shared
		case wait != nil:
			// Another set of parts is being asked for: the device answers one
			// collection at a time.
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return t.unasked(parts)
			}
		}
		select {
		case <-r.done:
		case <-ctx.Done():
		}
		res := t.leave(r, parts)
		res.Shared = joined
		return res
	}
}

// Fresh runs a collection of its own, whatever was collected before, recording
// its steps in the trace that ctx carries.
func (t *Target) Fresh(ctx context.Context, parts []string) Result {
	for {
		t.mu.Lock()
		if t.running == nil {
			r := t.start(ctx, parts)
			t.mu.Unlock()
			select {
			case <-r.done:
			case <-ctx.Done():
			}
			return t.leave(r, parts)
		}
		wait := t.running.done
		t.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return t.unasked(parts)
		}
	}
}

// Last is the latest collection of all parts, if there was one.
func (t *Target) Last() (Result, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.last[key(nil)]
	return r, ok
}

// Close ends a running collection and releases the collector. It waits until
// the collection is over.
func (t *Target) Close() error {
	t.mu.Lock()
	t.closed = true
	r := t.running
	t.mu.Unlock()
	if r != nil {
		r.cancel()
		<-r.done
	}
	return t.collector.Close()
}

// join finds a collection for a scrape: a run to wait for (joined when another
// scrape began it), a finished collection, or the end of a run to await first.
func (t *Target) join(ctx context.Context, parts []string) (r *run, joined bool, finished *Result, wait <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.opts.Now()
	for _, k := range []string{key(parts), key(nil)} {
		if last, ok := t.last[k]; ok && now.Sub(last.Started) < t.opts.MinInterval && !now.Before(last.Started) {
			shared := last.only(parts)
			shared.Shared = true
			return nil, false, &shared, nil
		}
	}
	if r := t.running; r != nil {
		if !r.covers(parts) || r.cancelled() {
			return nil, false, nil, r.done
		}
		r.waiters++
		r.extend(t.deadline(ctx, now))
		return r, true, nil, nil
	}
	return t.start(ctx, parts), false, nil, nil
}

// start begins a collection. The caller holds the lock.
func (t *Target) start(ctx context.Context, parts []string) *run {
	now := t.opts.Now()
	r := &run{
		parts: parts, started: now, waiters: 1, done: make(chan struct{}),
		report: system.NewReport(t.opts.Now, parts...),
	}
	r.context = newExtendable(t.deadline(ctx, now), t.opts.Now)
	t.running = r
	collection := remote.WithTrace(r.context, remote.TraceOf(ctx))
	go t.collect(collection, r)
	return r
}

// deadline is when a scrape must be answered: its own deadline, and never later
// than the target's timeout allows.
func (t *Target) deadline(ctx context.Context, now time.Time) time.Time {
	d := now.Add(t.opts.Timeout)
	if own, ok := ctx.Deadline(); ok {
		// The context runs on the machine's clock, t.opts.Now may not.
		if left := time.Until(own); left < t.opts.Timeout {
			d = now.Add(left)
		}
	}
	return d
}

// collect asks the device and keeps the result for later scrapes.
func (t *Target) collect(ctx context.Context, r *run) {
	if t.opts.Observe != nil {
		t.opts.Observe.Begin(t.opts.System)
	}
	func() {
		defer func() {
			if p := recover(); p != nil {
				t.opts.Logger.Error("the collector failed in an unforeseen way; please report it", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				r.report.Fail(fmt.Errorf("internal error: %v", p))
			}
		}()
		t.collector.Collect(ctx, r.report)
	}()
	r.cancel()
	res := r.result(t.opts.Now())

	t.mu.Lock()
	t.last[key(r.parts)] = res
	t.running = nil
	closed := t.closed
	t.mu.Unlock()
	if !closed {
		t.states.note(res)
	}
	if t.opts.Observe != nil {
		t.opts.Observe.End(t.opts.System, res)
	}
	close(r.done)
}

// leave ends a scrape's wait. The last one to leave ends the collection.
func (t *Target) leave(r *run, parts []string) Result {
	t.mu.Lock()
	r.waiters--
	last := r.waiters == 0
	t.mu.Unlock()
	res := r.result(t.opts.Now()).only(parts)
	if last {
		r.cancel()
	}
	return res
}

// unasked is the answer to a scrape whose time ran out in the queue.
func (t *Target) unasked(parts []string) Result {
	now := t.opts.Now()
	report := system.NewReport(t.opts.Now, parts...)
	for _, p := range t.opts.Parts {
		if report.Wants(p) {
			report.Begin(p, "")
		}
	}
	return Result{Started: now, Questions: report.Questions()}
}

// run is one collection while it goes on.
type run struct {
	parts   []string
	started time.Time
	report  *system.Report
	context *extendable
	done    chan struct{}

	// Guarded by the target's lock.
	waiters int
}

func (r *run) cancel()                { r.context.cancel(context.Canceled) }
func (r *run) cancelled() bool        { return r.context.Err() != nil }
func (r *run) extend(until time.Time) { r.context.extend(until) }

// covers says whether the run answers a scrape for these parts.
func (r *run) covers(parts []string) bool {
	if len(r.parts) == 0 {
		return true
	}
	return len(parts) > 0 && !slices.ContainsFunc(parts, func(p string) bool { return !slices.Contains(r.parts, p) })
}

func (r *run) result(now time.Time) Result {
	return Result{Started: r.started, Duration: now.Sub(r.started), Questions: r.report.Questions()}
}
