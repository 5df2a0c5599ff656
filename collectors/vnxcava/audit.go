package vnxcava

import (
	"regexp"
	"strings"

	"dataprotection_exporter/collectors/answer"
)

// Audit is what `server_viruschk <mover> -audit` says of one mover. A pointer is
// nil when the output does not say. The counters run since virus checking was
// started on the mover.
type Audit struct {
	Mover string
	// Error is the mover's own error line; nothing else is known then.
	Error string
	// Cut says how the block is incomplete; nothing of it counts then.
	Cut error

	Requests   *float64
	InProgress *float64
	// Failures is failed requests by reason, one of FailureReasons. A reason
	// the output does not mention is missing, except ReasonOther, which sums
	// the words not known here.
	Failures map[string]float64
	Infected *float64
	// Actions is what was done about infected files, one of Actions.
	Actions map[string]float64
	// Durations of a scan request, in seconds, over the whole life of the
	// counters; the device prints microseconds.
	MinDuration, MaxDuration, AvgDuration *float64
	// Queue is files waiting for a thread, Scanning files a thread works on.
	Queue, Scanning *float64

	Unrecognized []string
}

// Failure reasons, as values of the label `reason`.
const (
	ReasonNoAnswer     = "no_answer"
	ReasonErrorSetup   = "error_setup"
	ReasonFileNotFound = "file_not_found"
	ReasonAccessDenied = "access_denied"
	ReasonFail         = "fail"
	ReasonTimeout      = "timeout"
	ReasonOther        = "other"
)

// FailureReasons is every value of the label `reason`.
var FailureReasons = []string{
	ReasonNoAnswer, ReasonErrorSetup, ReasonFileNotFound, ReasonAccessDenied, ReasonFail, ReasonTimeout, ReasonOther,
}

// Actions is every value of the label `action`.
var Actions = []string{"deleted", "renamed", "modified"}

var (
	reCount    = regexp.MustCompile(`^(.*?\S)\s*:\s*(\d+)$`)
	reDuration = regexp.MustCompile(`(?i)^min\s*=\s*(\d+)\s*uS\s*,\s*max\s*=\s*(\d+)\s*uS\s*,\s*(?:average|avg)\s*=\s*(\d+)\s*uS\.?$`)
	reQueue    = regexp.MustCompile(`(?i)^(\d+) files? in the collector queue\.?$`)
	reScanning = regexp.MustCompile(`(?i)^(\d+) files? processed by the AV threads\.?$`)
	rePending  = regexp.MustCompile(`(?i)^Read file .* pending requests\.?$`)
	reCapitals = regexp.MustCompile(`^[A-Z][A-Z_ ]+$`)
)

// failureWords are the device's words for a failed request, without case, up to
// the first words that tell them apart.
var failureWords = []struct{ prefix, reason string }{
	{"no answer", ReasonNoAnswer},
	{"error_setup", ReasonErrorSetup},
	{"file_not_found", ReasonFileNotFound},
	{"access_denied", ReasonAccessDenied},
	{"fail", ReasonFail},
	{"timeout", ReasonTimeout},
}

// ParseAudit reads the output of `server_viruschk <mover|ALL> -audit`. A block
// without its queue lines, the last ones, was cut short and says so in Cut.
func ParseAudit(out []byte) ([]Audit, error) {
	lines, err := answer.Lines(out)
	if err != nil {
		return nil, err
	}
	var audits []Audit
	var a *Audit
	for _, l := range lines {
		if l == "" {
			continue
		}
		if g := reHeaderError.FindStringSubmatch(l); g != nil {
			if g[1] != "" {
				audits = append(audits, Audit{Mover: g[1], Error: g[2]})
				a = nil
			} else if a != nil {
				a.Error = g[2]
			}
			continue
		}
		if g := reHeader.FindStringSubmatch(l); g != nil {
			audits = append(audits, Audit{Mover: g[1], Failures: map[string]float64{}, Actions: map[string]float64{}})
			a = &audits[len(audits)-1]
			continue
		}
		if a != nil && !a.line(l) {
			a.Unrecognized = append(a.Unrecognized, l)
		}
	}
	for i := range audits {
		audits[i].Cut = audits[i].incomplete()
	}
	if len(audits) == 0 {
		return nil, cut("no block of a Data Mover")
	}
	return audits, nil
}

// incomplete tells a block that was cut from one that ended.
func (a *Audit) incomplete() error {
	switch {
	case a.Error != "":
		return nil
	case a.Requests == nil:
		return cut("%s has no line 'Total Requests'", a.Mover)
	case a.Queue == nil || a.Scanning == nil:
		return cut("%s has no line with the files in the queue and with the threads", a.Mover)
	}
	return nil
}

func (a *Audit) line(l string) bool {
	if g := reDuration.FindStringSubmatch(l); g != nil {
		a.MinDuration, a.MaxDuration, a.AvgDuration = micros(g[1]), micros(g[2]), micros(g[3])
		return true
	}
	if g := reQueue.FindStringSubmatch(l); g != nil {
		a.Queue = number(g[1])
		return true
	}
	if g := reScanning.FindStringSubmatch(l); g != nil {
		a.Scanning = number(g[1])
		return true
	}
	if rePending.MatchString(l) {
		return true
	}
	g := reCount.FindStringSubmatch(l)
	if g == nil {
		return false
	}
	v := number(g[2])
	if v == nil {
		return false
	}
	return a.count(strings.Join(strings.Fields(g[1]), " "), *v)
}

// count stores one "<words> : <number>" line.
func (a *Audit) count(words string, v float64) bool {
	w := strings.ToLower(words)
	switch w {
	case "total requests":
		a.Requests = &v
		return true
	case "requests in progress":
		a.InProgress = &v
		return true
	case "total infected files":
		a.Infected = &v
		return true
	}
	for _, action := range Actions {
		if w == action+" infected files" {
			a.Actions[action] = v
			return true
		}
	}
	for _, f := range failureWords {
		if w == f.prefix || strings.HasPrefix(w, f.prefix+" ") {
			a.Failures[f.reason] += v
			return true
		}
	}
	if reCapitals.MatchString(words) {
		// Another failure word: its count is known even if its meaning is not.
		a.Failures[ReasonOther] += v
		a.Unrecognized = append(a.Unrecognized, words)
		return true
	}
	return false
}

func micros(digits string) *float64 {
	v := number(digits)
	if v != nil {
		*v /= 1e6
	}
	return v
}
