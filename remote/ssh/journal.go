package ssh

import (
	"log/slog"
	"sync"
	"time"

	"dataprotection_exporter/remote"
)

// journal logs changes of state, not events: a device that is down for a week
// is one line, not one per scrape.
type journal struct {
	log *slog.Logger

	mu sync.Mutex
	// last is the reason that was logged last per address; None is connected.
	last map[string]remote.Reason
}

func newJournal(log *slog.Logger, target string) *journal {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &journal{log: log.With("target", target), last: map[string]remote.Reason{}}
}

func (j *journal) dialed(address string, err error) {
	reason := remote.ReasonOf(err)
	j.mu.Lock()
	last, known := j.last[address]
	j.last[address] = reason
	j.mu.Unlock()
	if known && last == reason {
		return
	}
	switch reason {
	case remote.None:
		j.log.Info("ssh: connected", "address", address)
	case remote.HostKeyUnknown, remote.HostKeyChanged:
		j.log.Error("ssh: the host key is not trusted", "address", address, "reason", reason, "err", err)
	default:
		j.log.Warn("ssh: cannot connect", "address", address, "reason", reason, "err", err)
	}
}

// refused logs the beginning of a pause, not its extensions.
func (j *journal) refused(times int, pause time.Duration) {
	if pause > 0 {
		j.log.Warn("ssh: no login is attempted for a while, the last ones were refused", "refused", times, "pause", pause)
	}
}

func (j *journal) accepted() {
	j.log.Info("ssh: the login is accepted again")
}
