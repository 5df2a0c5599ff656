// Package single keeps calls that may hang for ever from piling up.
package single

import (
	"context"
	"fmt"

	"dataprotection_exporter/remote"
)

// Flight lets one call at a time through, and one that hangs keeps its place.
type Flight chan struct{}

// New makes a Flight.
func New() Flight { return make(Flight, 1) }

// Do calls f beside the caller, who waits for it no longer than ctx. op says
// what it does, in an error.
func Do[T any](ctx context.Context, flight Flight, op string, f func() (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, hangs(ctx, op, "not tried")
	}
	select {
	case flight <- struct{}{}:
	case <-ctx.Done():
		return none, hangs(ctx, op, "an earlier call to this file system has not come back")
	}
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	go func() {
		defer func() { <-flight }()
		value, err := f()
		results <- result{value, err}
	}()
	select {
	case got := <-results:
		return got.value, got.err
	case <-ctx.Done():
		return none, hangs(ctx, op, "the file system does not answer")
	}
}

func hangs(ctx context.Context, op, what string) *remote.Error {
	return &remote.Error{
		Reason: remote.Timeout, Op: op, Err: fmt.Errorf("%s: %w", what, ctx.Err()),
		Advice: "look at the mount the folder is on; the exporter leaves the one hanging call alone and starts no second one",
	}
}
