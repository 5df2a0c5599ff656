// Package backoff keeps a client from getting its account locked: after a
// number of refused logins in a row it forbids further ones for a pause that
// doubles with every refusal.
package backoff

import (
	"time"

	"dataprotection_exporter/remote"
)

// The usual bounds: a third refusal starts a pause.
const (
	After = 3
	Min   = 5 * time.Minute
	Max   = time.Hour
)

// Backoff counts refused logins. It is not safe for concurrent use; its owner's
// lock guards it.
type Backoff struct {
	after    int
	min, max time.Duration
	now      func() time.Time

	refused int
	pause   time.Duration
	until   time.Time
}

// New pauses after that many refusals in a row, for least at first and most at
// most. What is not positive has its usual value.
func New(after int, least, most time.Duration, now func() time.Time) *Backoff {
	if after <= 0 {
		after = After
	}
	if least <= 0 {
		least = Min
	}
	if most <= 0 {
		most = Max
	}
	return &Backoff{after: after, min: least, max: most, now: now}
}

// Check fails while logins are forbidden.
func (b *Backoff) Check() error {
	left := b.until.Sub(b.now())
	if b.until.IsZero() || left <= 0 {
		return nil
	}
	return remote.Errorf(remote.AuthBackoff,
		"correct the credential and reload the configuration, which ends the pause; the account is left alone so that it is not locked",
		"log in: not tried, %d logins in a row were refused, next attempt in %s", b.refused, left.Round(time.Second))
}

// Refuse counts one refused login. It returns the pause that starts with it, or 0.
func (b *Backoff) Refuse() time.Duration {
	b.refused++
	if b.refused < b.after {
		return 0
	}
	switch {
	case b.pause == 0:
		b.pause = b.min
	case b.pause > b.max/2:
		b.pause = b.max
	default:
		b.pause *= 2
	}
	b.pause = min(b.pause, b.max)
	b.until = b.now().Add(b.pause)
	return b.pause
}

// Accept forgets the refusals. It says whether there was a pause to end.
func (b *Backoff) Accept() bool {
	paused := !b.until.IsZero()
	b.refused, b.pause, b.until = 0, 0, time.Time{}
	return paused
}

// Refused is how many logins in a row were refused.
func (b *Backoff) Refused() int { return b.refused }

// Until is when the last pause ends or ended; zero without one.
func (b *Backoff) Until() time.Time { return b.until }
