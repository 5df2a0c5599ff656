package backoff

import (
	"strings"
	"testing"
	"time"

	"dataprotection_exporter/remote"
)

func TestPauses(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	b := New(3, 5*time.Minute, 12*time.Minute, func() time.Time { return now })
	for range 2 {
		if p := b.Refuse(); p != 0 || b.Check() != nil {
			t.Fatalf("a pause of %s after %d refusals", p, b.Refused())
		}
	}
	for _, want := range []time.Duration{5 * time.Minute, 10 * time.Minute, 12 * time.Minute, 12 * time.Minute} {
		if p := b.Refuse(); p != want {
			t.Errorf("pause %s, want %s", p, want)
		}
		now = now.Add(want - time.Second)
		if err := b.Check(); remote.ReasonOf(err) != remote.AuthBackoff || !strings.Contains(err.Error(), "in 1s") {
			t.Errorf("a second before the end: %v", err)
		}
		now = now.Add(time.Second)
		if err := b.Check(); err != nil {
			t.Errorf("at the end: %v", err)
		}
	}
	if !b.Accept() || b.Accept() || b.Refused() != 0 || !b.Until().IsZero() {
		t.Error("an accepted login does not end it")
	}
}

func TestUsualBounds(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	b := New(0, 0, 0, func() time.Time { return now })
	var last time.Duration
	for range 20 {
		last = b.Refuse()
	}
	if last != Max {
		t.Errorf("the pause grows to %s", last)
	}
}
