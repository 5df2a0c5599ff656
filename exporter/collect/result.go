package collect

import (
	"slices"
	"strings"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// Result is one collection of one target.
type Result struct {
	Started  time.Time
	Duration time.Duration
	// Shared says that the collection was made for another scrape.
	Shared    bool
	Questions []system.Question
}

// Success says that every question was answered. A question the device does not
// offer an answer to (not_supported) does not count, as long as another one was
// answered.
func (r Result) Success() bool {
	answered := false
	for _, q := range r.Questions {
		switch q.Reason() {
		case remote.None:
			answered = true
		case remote.NotSupported:
		default:
			return false
		}
	}
	return answered
}

// Collected is the age of the oldest answer: the moment from which on every
// metric of this collection is true. Zero when nothing was answered.
func (r Result) Collected() time.Time {
	var oldest time.Time
	for _, q := range r.Questions {
		if q.Err == nil && (oldest.IsZero() || q.Collected.Before(oldest)) {
			oldest = q.Collected
		}
	}
	return oldest
}

// Problems is what is wrong on the device and what could not be asked, worst
// first.
func (r Result) Problems() []system.Problem {
	var problems []system.Problem
	for _, q := range r.Questions {
		problems = append(problems, q.Problems...)
		if reason := q.Reason(); reason != remote.None && reason != remote.NotSupported {
			severity := "warning"
			if reason == remote.HostKeyChanged {
				severity = "critical"
			}
			problems = append(problems, system.Problem{
				Summary:  "no answer to " + strings.TrimSpace(q.Part+" "+q.Unit) + " (" + string(reason) + ")",
				Cause:    q.Err.Error(),
				Remedy:   remote.AdviceOf(q.Err),
				Severity: severity,
			})
		}
	}
	slices.SortStableFunc(problems, func(a, b system.Problem) int {
		return rank(a.Severity) - rank(b.Severity)
	})
	return problems
}

func rank(severity string) int {
	return slices.Index([]string{"critical", "warning", "info"}, severity)
}

// only keeps the questions about some parts; none means all.
func (r Result) only(parts []string) Result {
	if len(parts) == 0 {
		return r
	}
	r.Questions = slices.DeleteFunc(slices.Clone(r.Questions), func(q system.Question) bool {
		return !slices.Contains(parts, q.Part)
	})
	return r
}

// key names a set of parts.
func key(parts []string) string {
	parts = slices.Compact(slices.Sorted(slices.Values(parts)))
	return strings.Join(parts, ",")
}
