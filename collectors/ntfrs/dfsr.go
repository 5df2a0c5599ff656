package ntfrs

import (
	"regexp"
	"strconv"

	"dataprotection_exporter/collectors/answer"
	"dataprotection_exporter/remote"
)

var (
	// Member <DC2> Backlog File Count: 123
	reBacklogCount = regexp.MustCompile(`(?im)backlog file count\s*:\s*(\d{1,15})\s*$`)
	// No Backlog - member <DC2> is in sync with partner <DC1>
	reNoBacklog = regexp.MustCompile(`(?im)^\s*no backlog\b`)
	reFileNames = regexp.MustCompile(`(?is)(backlog file names[^\r\n]*).*$`)
	reDFSRError = regexp.MustCompile(`(?im)^\s*\[error\]\s*(.*?)\s*$`)
)

// ParseBacklog reads the number of files out of `dfsrdiag backlog`. The list of
// names below it ends at 100 and says nothing.
func ParseBacklog(text string) (float64, error) {
	if _, err := answer.Lines([]byte(text)); err != nil {
		return 0, err
	}
	// A file may be named after the sentences looked for.
	said := reFileNames.ReplaceAllString(text, "$1")
	if m := reBacklogCount.FindStringSubmatch(said); m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		if err == nil {
			return n, nil
		}
	}
	if reNoBacklog.MatchString(said) {
		return 0, nil
	}
	if m := reDFSRError.FindStringSubmatch(said); m != nil {
		return 0, remote.Errorf(remote.ExitStatus, "check group, folder and members with `dfsradmin rg list` and `dfsradmin membership list`", "dfsrdiag: %s", summary(m[1]))
	}
	return 0, remote.Errorf(remote.Parse, "run the command by hand; it should print Backlog File Count or No Backlog, in English", "no backlog in the answer: %s", summary(said))
}

// hideBacklogFiles masks the names of users' files before an answer is shown.
func hideBacklogFiles(out []byte) []byte {
	return reFileNames.ReplaceAll(out, []byte("$1 ..."))
}
