package ssh

import (
	"time"

	"dataprotection_exporter/remote"
)

// backoff keeps a client from getting its account locked: after a number of
// refused logins in a row it forbids further ones for a pause that doubles with
// every refusal. It is not safe for concurrent use; the Client's lock guards it.
type backoff struct {
	after    int
	min, max time.Duration
	now      func() time.Time

	refused int
	pause   time.Duration
	until   time.Time
}

// check fails while logins are forbidden.
func (b *backoff) check() error {
	left := b.until.Sub(b.now())
	if b.until.IsZero() || left <= 0 {
		return nil
	}
	return remote.Errorf(remote.AuthBackoff,
		"correct the credential and reload the configuration, which ends the pause; the account is left alone so that it is not locked",
		"log in: not tried, %d logins in a row were refused, next attempt in %s", b.refused, left.Round(time.Second))
}

// refuse counts one refused login. It returns the pause that starts with it, or 0.
func (b *backoff) refuse() time.Duration {
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

// accept forgets the refusals. It says whether there was a pause to end.
func (b *backoff) accept() bool {
	paused := !b.until.IsZero()
	b.refused, b.pause, b.until = 0, 0, time.Time{}
	return paused
}
