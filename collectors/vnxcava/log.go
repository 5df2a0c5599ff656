package vnxcava

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Event is one line that virus checking wrote into a mover's log.
type Event struct {
	ID       string
	Severity string
	// Checker and Error are set when a file could not be checked: the checker
	// that said so and its error word. The file's name is never kept.
	Checker, Error string
}

// Log severities as printed, and the values of the label `severity`.
var severities = map[int]string{
	0: "emergency", 1: "alert", 2: "critical", 3: "error", 4: "warning", 5: "notice", 6: "info", 7: "debug",
}

// FileErrors is every value of the label `error`.
var FileErrors = []string{"FILE_NOT_FOUND", "ACCESS_DENIED", "ERROR_SETUP", "FAIL", "TIMEOUT", "NO_ANSWER", "other"}

// fileErrorEvent is the id of the line "Server '…' returned error '…' when
// checking file '…'".
const fileErrorEvent = "32"

var (
	// 2012-04-29 08:49:47: 81878122528: VC: 3: 32: text
	reLogLine = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})\s*:\s*(\d+)\s*:\s*([A-Za-z0-9_]+)\s*:\s*(\d{1,3})\s*:\s*(\d{1,10})\s*:\s*(.*)$`)
	// The quotes are straight in a log and typographic where one was published.
	reFileError = regexp.MustCompile(`^Server\s+['‘’]([^'‘’]*)['‘’]\s+returned error\s+['‘’]([^'‘’]*)['‘’]\s+when checking file`)
	reFileName  = regexp.MustCompile(`(checking file\s+)['‘’].*`)
	reAddress   = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,255}$`)
)

// logLine is how a line of `server_log` is taken apart: its time as printed (in
// the mover's local time, which the log does not name) and, for virus checking,
// its event.
func logLine(line []byte) (stamp string, event *Event, ok bool) {
	g := reLogLine.FindSubmatch(bytes.TrimSpace(line))
	if g == nil {
		return "", nil, false
	}
	stamp = string(g[1])
	if string(g[3]) != "VC" {
		return stamp, nil, true
	}
	n, _ := strconv.Atoi(string(g[4]))
	severity, known := severities[n]
	if !known {
		severity = "other"
	}
	id, _ := strconv.ParseUint(string(g[5]), 10, 64)
	e := &Event{ID: strconv.FormatUint(id, 10), Severity: severity}
	if f := reFileError.FindSubmatch(g[6]); f != nil {
		e.Checker, e.Error = string(f[1]), fileError(string(f[2]))
		if !reAddress.MatchString(e.Checker) {
			e.Checker = "other"
		}
	}
	return stamp, e, true
}

// fileError folds an error word into the closed list.
func fileError(word string) string {
	word = strings.ReplaceAll(word, " ", "_")
	if slices.Contains(FileErrors, word) {
		return word
	}
	return "other"
}

// hideFileNames masks the names of users' files before a log is shown.
func hideFileNames(log []byte) []byte {
	return reFileName.ReplaceAll(log, []byte("$1'<file>'"))
}
