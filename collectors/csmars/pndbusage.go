package csmars

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dataprotection_exporter/collectors/answer"
	"dataprotection_exporter/remote"
)

// Usage is what pndbusage says. What it does not say, or not in a way that can
// be understood, is nil or zero.
type Usage struct {
	Start, Switch time.Time
	// Used is how full the current partition is, from 0 to 1.
	Used *float64
	// Empty is the number of empty partitions. Only one form of the answer is
	// known, and it has one; an answer without is no answer of 0.
	Empty *float64
	// Purge says whether the next switch purges data.
	Purge *bool
	// Unrecognized are lines without a meaning here.
	Unrecognized []string
}

var (
	reCurrent = regexp.MustCompile(`(?i)^Current partition started on (.+?) and uses (\S+) ?% of its available capacity\.?$`)
	reSwitch  = regexp.MustCompile(`(?i)^Switching to next partition\b(?: is estimated for (.+?))?\.?$`)
	reEmpty   = regexp.MustCompile(`(?i)^(\d+|no) empty partitions? (?:is|are) available\b`)
	rePurge   = regexp.MustCompile(`(?i)purg`)
	// The dates of what is purged may stand on a line of their own.
	rePurged  = regexp.MustCompile(`(?i)\breceived between\b`)
	rePercent = regexp.MustCompile(`^\d{1,3}(?:[.,]\d{1,6})?$`)

	rePrompt    = regexp.MustCompile(`\[pnadmin\]\$ ?`)
	reOnlyNoise = regexp.MustCompile(`^(?:Last login: .*|CS MARS - Mitigation and Response System|\? for list of commands|pndbusage|exit|logout)$`)
	// reEscape is what a terminal does with its colours and its title.
	reEscape = regexp.MustCompile(`\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[ -/]*[@-~]`)
)

// ParseUsage reads an answer of pndbusage, or a whole session at the prompt
// with it. Times are read in the appliance's zone: its abbreviations mean
// nothing without one.
func ParseUsage(out []byte, zone *time.Location) (Usage, error) {
	lines, err := answer.Lines(session(out))
	if err != nil {
		return Usage{}, err
	}
	var u Usage
	current, next := 0, 0
	for _, line := range lines {
		line = strings.TrimSpace(rePrompt.ReplaceAllString(line, ""))
		if line == "" || reOnlyNoise.MatchString(line) {
			continue
		}
		known := true
		switch {
		case reCurrent.MatchString(line):
			current++
			g := reCurrent.FindStringSubmatch(line)
			var dated bool
			u.Start, dated = parseDate(g[1], zone)
			u.Used = percent(g[2])
			known = dated && u.Used != nil
		case strings.HasPrefix(line, "Switching to next partition"):
			next++
			known = false
			if g := reSwitch.FindStringSubmatch(line); g != nil {
				u.Switch, known = parseDate(g[1], zone)
			}
		case reEmpty.MatchString(line):
			u.Empty = count(reEmpty.FindStringSubmatch(line)[1])
			known = u.Empty != nil
		case rePurge.MatchString(line):
			yes := true
			u.Purge = &yes
		case rePurged.MatchString(line) && u.Purge != nil:
		default:
			known = false
		}
		if !known {
			u.Unrecognized = append(u.Unrecognized, line)
		}
	}
	if current != 1 || next != 1 {
		return Usage{}, notUsage(u.Unrecognized, current, next)
	}
	u.conclude()
	return u, nil
}

// conclude draws what one line says of another.
func (u *Usage) conclude() {
	switch {
	case u.Purge != nil && u.Empty == nil:
		none := 0.0
		u.Empty = &none
	case u.Purge == nil && u.Empty != nil:
		purge := *u.Empty == 0
		u.Purge = &purge
	}
}

// session makes an answer of what a terminal showed: without colours, and
// complete when it ends at the prompt.
func session(out []byte) []byte {
	out = reEscape.ReplaceAll(out, nil)
	last := out[bytes.LastIndexByte(out, '\n')+1:]
	if at := rePrompt.FindIndex(last); at != nil && at[0] == 0 && at[1] == len(last) {
		out = append(bytes.Clone(out), '\n')
	}
	return out
}

// notUsage is an answer that is none, in the appliance's words.
func notUsage(unknown []string, current, next int) error {
	said := strings.ToLower(strings.Join(unknown, " "))
	first := "nothing of the current partition"
	if len(unknown) > 0 {
		first = strconv.Quote(shorten(unknown[0]))
	}
	switch {
	case current+next > 2:
		return remote.Errorf(remote.Parse, "run pndbusage by hand and send the text: the form is not known", "the answer speaks of several current partitions")
	case strings.Contains(said, "permission denied"):
		return remote.Errorf(remote.Permission, "log in as pnadmin", "pndbusage: the appliance says %s", first)
	case strings.Contains(said, "unknown command"), strings.Contains(said, "command not found"), strings.Contains(said, "invalid command"):
		return remote.Errorf(remote.NotSupported, "the command exists since release 4.2.1; upgrade the appliance, or remove the address from this target", "pndbusage: the appliance says %s", first)
	default:
		return remote.Errorf(remote.Parse, "run pndbusage by hand: it should say when the current partition was started, and when it is switched", "pndbusage: the answer is incomplete; the appliance says %s", first)
	}
}

func shorten(s string) string { return s[:min(len(s), 120)] }

// percent reads a percentage as a ratio.
func percent(s string) *float64 {
	if !rePercent.MatchString(s) {
		return nil
	}
	// The exponent divides exactly, as a division would not.
	v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1)+"e-2", 64)
	if err != nil || v > 1 {
		return nil
	}
	return &v
}

func count(s string) *float64 {
	n := uint64(0)
	if !strings.EqualFold(s, "no") {
		var err error
		if n, err = strconv.ParseUint(s, 10, 16); err != nil {
			return nil
		}
	}
	v := float64(n)
	return &v
}

// parseDate reads a date as ctime prints it, with a zone or without.
// time.Parse takes an abbreviation it does not know for UTC under another name;
// such a time is not known.
func parseDate(s string, zone *time.Location) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if t, err := time.ParseInLocation("Mon Jan _2 15:04:05 2006", s, zone); err == nil {
		return t, true
	}
	t, err := time.ParseInLocation("Mon Jan _2 15:04:05 MST 2006", s, zone)
	if err != nil {
		return time.Time{}, false
	}
	name, offset := t.Zone()
	known := t.Location() == zone || t.Location() == time.UTC || offset != 0 || name == "GMT" || name == "UTC"
	if !known {
		return time.Time{}, false
	}
	return t, true
}
