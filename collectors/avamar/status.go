package avamar

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dataprotection_exporter/collectors/answer"
	"dataprotection_exporter/remote"
)

// Status is what `status.dpn` says. A pointer is nil, and a string empty, when
// the output does not say.
type Status struct {
	Nodes []Node
	// SystemStatus and AccessStatus as printed, in lower case.
	SystemStatus string
	AccessStatus string
	// The last run of each maintenance job.
	Checkpoint, GC, Hfscheck *Job
	// Warnings are lines that the system marks as such.
	Warnings     []string
	Unrecognized []string
}

// Node is one storage node.
type Node struct {
	// ID as printed, "0.0".
	ID string
	// State as printed, ONLINE when all is well.
	State    string
	RunLevel string
	// Used is how full the node is, 0 to 1; nil for a node that does not say.
	Used *float64
}

// Job is the last run of a maintenance job.
type Job struct {
	// Never is set when there was none yet.
	Never bool
	// Finished is zero when the time cannot be placed.
	Finished time.Time
	// Result is OK or the error's name.
	Result string
}

// OK says that there was a run and it went well.
func (j Job) OK() bool { return !j.Never && j.Result == "OK" }

const stamp = `[A-Z][a-z]{2} [A-Z][a-z]{2} \d{1,2} \d{1,2}:\d{2}:\d{2}`

var (
	// Tue May 13 00:43:37 EDT 2025 [host] Tue May 13 04:43:36 2025 UTC (Initialized ...)
	reTitle  = regexp.MustCompile(`^(` + stamp + `) \S+ (\d{4}) \[.*?\] (` + stamp + ` \d{4}) UTC\b`)
	reNode   = regexp.MustCompile(`^(\d+\.[0-9A-Za-z]+) (.+)$`)
	reState  = regexp.MustCompile(`^[A-Z][A-Z_-]{2,}$`)
	reUsed   = regexp.MustCompile(`^(\d+(?:\.\d+)?)%$`)
	reJob    = regexp.MustCompile(`^Last (checkpoint|GC|hfscheck): .*?\bfinished (` + stamp + ` \d{4})\b.*\((\w+)\)$`)
	reNever  = regexp.MustCompile(`^No (checkpoint|GC|hfscheck) yet\b`)
	reStatus = regexp.MustCompile(`^(System-Status|Access-Status)\s*:\s*(\S.*)$`)
	// Lines that say nothing needed here.
	reIdle = regexp.MustCompile(`^(Node IP Address\b|System ID:|All reported states=|Srvr\+Root\+User Modes|Maintenance windows scheduler\b|` +
		`The (backup|blackout|maintenance) window\b|Next (backup|blackout|maintenance) window\b|\[\.*\]$)`)
)

// ParseStatus reads `status.dpn`. Its times are local; its title prints one
// moment in local time and in UTC, which gives the offset without a table of
// time zones. An answer without its last lines was cut short and fails.
func ParseStatus(out []byte) (Status, error) {
	lines, err := answer.Lines(out)
	if err != nil {
		return Status{}, err
	}
	var s Status
	var offset *time.Location
	for _, l := range lines {
		if m := reTitle.FindStringSubmatch(l); m != nil {
			offset = zone(m[1]+" "+m[2], m[3])
		}
	}
	for _, l := range lines {
		switch {
		case l == "", reTitle.MatchString(l), reIdle.MatchString(l):
		case s.node(l), s.job(l, offset), s.status(l):
		case strings.Contains(l, "WARNING:"):
			s.Warnings = append(s.Warnings, l)
		default:
			s.Unrecognized = append(s.Unrecognized, l)
		}
	}
	switch {
	case len(s.Nodes) == 0:
		return Status{}, incomplete("no node is listed")
	case s.SystemStatus == "" || s.AccessStatus == "":
		return Status{}, incomplete("System-Status or Access-Status is missing")
	case s.Checkpoint == nil || s.GC == nil || s.Hfscheck == nil:
		return Status{}, incomplete("the last checkpoint, GC or hfscheck is missing")
	}
	return s, nil
}

func incomplete(what string) error {
	return remote.Errorf(remote.Parse, "the answer was probably cut short; run the command by hand and compare", "incomplete answer: %s", what)
}

func (s *Status) node(l string) bool {
	m := reNode.FindStringSubmatch(l)
	if m == nil {
		return false
	}
	n := Node{ID: m[1]}
	words := strings.Fields(m[2])
	for i, w := range words {
		if n.State == "" && reState.MatchString(w) {
			n.State = w
			if i+1 < len(words) && w == nodeOnline {
				n.RunLevel = words[i+1]
			}
		}
		if u := reUsed.FindStringSubmatch(w); u != nil && n.Used == nil {
			percent, err := strconv.ParseFloat(u[1], 64)
			if err == nil && percent <= 100 {
				ratio := percent / 100
				n.Used = &ratio
			}
		}
	}
	if n.State == "" {
		return false
	}
	s.Nodes = append(s.Nodes, n)
	return true
}

func (s *Status) job(l string, offset *time.Location) bool {
	name, j := "", Job{}
	if m := reJob.FindStringSubmatch(l); m != nil {
		name, j.Result = m[1], m[3]
		if offset != nil {
			if t, err := time.ParseInLocation("Mon Jan 2 15:04:05 2006", m[2], offset); err == nil {
				j.Finished = t
			}
		}
		if j.Finished.IsZero() {
			s.Unrecognized = append(s.Unrecognized, l)
		}
	} else if m := reNever.FindStringSubmatch(l); m != nil {
		name, j.Never = m[1], true
	} else {
		return false
	}
	switch name {
	case "checkpoint":
		s.Checkpoint = &j
	case "GC":
		s.GC = &j
	case "hfscheck":
		s.Hfscheck = &j
	}
	return true
}

func (s *Status) status(l string) bool {
	m := reStatus.FindStringSubmatch(l)
	if m == nil {
		return false
	}
	if m[1] == "System-Status" {
		s.SystemStatus = strings.ToLower(m[2])
	} else {
		s.AccessStatus = strings.ToLower(m[2])
	}
	return true
}

// zone is the offset between one moment in local time and in UTC, rounded to a
// quarter of an hour. An offset that no place on earth has comes from a wrong
// year, and is tried again with the year of UTC; nil when it still makes no
// sense.
func zone(local, utc string) *time.Location {
	const layout = "Mon Jan 2 15:04:05 2006"
	u, err := time.Parse(layout, utc)
	if err != nil {
		return nil
	}
	l, err := time.Parse(layout, local)
	if err != nil {
		// A weekday that does not fit an edited year is no obstacle.
		return nil
	}
	for _, l := range []time.Time{l, l.AddDate(u.Year()-l.Year(), 0, 0)} {
		quarters := math.Round(l.Sub(u).Minutes() / 15)
		if math.Abs(quarters) <= 14*4 {
			return time.FixedZone("", int(quarters)*15*60)
		}
	}
	return nil
}

const nodeOnline = "ONLINE"

// Access states, as values of the label `status`.
var accessStates = []string{"full", "admin", "read_only", "other"}

// access folds the device's words into the closed list.
func (s Status) access() string {
	switch strings.NewReplacer("-", "_", " ", "_").Replace(s.AccessStatus) {
	case "full":
		return "full"
	case "admin":
		return "admin"
	case "read_only", "readonly":
		return "read_only"
	default:
		return "other"
	}
}
