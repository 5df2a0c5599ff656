package collect

import (
	"log/slog"
	"strings"
	"sync"

	"dataprotection_exporter/remote"
)

// states logs how the questions to one target end: a line when that changes,
// none while it stays.
type states struct {
	log *slog.Logger

	mu     sync.Mutex
	reason map[string]remote.Reason
	drift  map[string]bool
}

func (s *states) note(r Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason == nil {
		s.reason, s.drift = map[string]remote.Reason{}, map[string]bool{}
	}
	for _, q := range r.Questions {
		k := strings.TrimSpace(q.Part + " " + q.Unit)
		attrs := []any{"part", q.Part}
		if q.Unit != "" {
			attrs = append(attrs, "unit", q.Unit)
		}
		before, known := s.reason[k]
		now := q.Reason()
		s.reason[k] = now
		switch {
		case now == before && known, now == remote.None && !known:
		case now == remote.None:
			s.log.Info("the device answers again", append(attrs, "before", string(before))...)
		case now == remote.NotSupported:
			s.log.Info("the device does not offer this", append(attrs, "err", q.Err)...)
		default:
			s.log.Warn("no answer from the device", append(attrs, "reason", string(now), "err", q.Err)...)
		}
		drift := q.Unrecognized > 0
		if drift && !s.drift[k] {
			s.log.Warn("the device prints lines that are not known here; please report them",
				append(attrs, "lines", q.Unrecognized, "examples", strings.Join(q.Examples, " | "))...)
		}
		if q.Err == nil {
			s.drift[k] = drift
		}
	}
}
