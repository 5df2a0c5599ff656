package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/glob"
)

// byCommand reads files with ls and tail, on a device that refuses SFTP. Only
// the path in them varies; no shell on the way sees a wildcard.
type byCommand struct{ client *Client }

// Close has nothing to end: every command is a session of its own.
func (b *byCommand) Close() {}

func (b *byCommand) List(ctx context.Context, patterns []string) ([]remote.FileInfo, error) {
	folders, err := glob.Folders(patterns)
	if err != nil {
		return nil, err
	}
	var files []remote.FileInfo
	for _, f := range folders {
		found, err := b.list(ctx, f)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return glob.Sort(files), nil
}

func (b *byCommand) list(ctx context.Context, f glob.Folder) ([]remote.FileInfo, error) {
	dir := strings.TrimSuffix(f.Dir, "/") + "/" // a link to a folder is listed as the folder
	answer, err := b.client.Run(ctx, remote.Command{
		// Links followed, names with odd characters masked, times in seconds.
		Argv: []string{"env", "LC_ALL=C", "ls", "-lnALq", "--time-style=+%s", "--", dir}, PosixShell: true,
		Redact: func(out []byte) []byte { return fmt.Appendf(nil, "%d bytes", len(out)) },
	})
	if err != nil {
		return nil, err
	}
	// ls exits with 1 when it listed the folder and something in it, a link that
	// leads nowhere say, could not be looked at.
	if answer.ExitStatus != 0 && (answer.ExitStatus != 1 || len(answer.Stdout) == 0) {
		return nil, commandFailed("list "+f.Dir, answer)
	}
	return parseList(f, answer.Stdout), nil
}

// parseList reads lines like "-rw-r--r-- 1 500 500 1234 1700000000 gsan.log".
// What is not a regular file does not begin with a dash.
func parseList(f glob.Folder, out []byte) []remote.FileInfo {
	var files []remote.FileInfo
	for line := range bytes.Lines(out) {
		rest := strings.TrimRight(string(line), "\r\n")
		if !strings.HasPrefix(rest, "-") {
			continue
		}
		var words [6]string
		for i := range words {
			words[i], rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
		}
		size, err := strconv.ParseInt(words[4], 10, 64)
		seconds, err2 := strconv.ParseInt(words[5], 10, 64)
		if err != nil || err2 != nil || size < 0 || !f.Match(rest) {
			continue
		}
		files = append(files, remote.FileInfo{Path: f.Path(rest), Size: size, ModTime: time.Unix(seconds, 0)})
	}
	return files
}

func (b *byCommand) ReadAt(ctx context.Context, path string, offset, limit int64) ([]byte, error) {
	op := "read " + path
	if err := remote.CheckPath(path); err != nil {
		return nil, &remote.Error{Reason: remote.Other, Op: op, Err: err}
	}
	answer, err := b.client.Run(ctx, remote.Command{
		Argv:       []string{"env", "LC_ALL=C", "tail", "-c", "+" + strconv.FormatInt(offset+1, 10), "--", path},
		PosixShell: true, Limit: limit, Head: true,
		Redact: func(out []byte) []byte { return fmt.Appendf(nil, "%d bytes", len(out)) },
	})
	if err != nil {
		return nil, err
	}
	if answer.ExitStatus != 0 {
		return nil, commandFailed(op, answer)
	}
	return answer.Stdout, nil
}

// commandFailed explains an exit status by what the command said.
func commandFailed(op string, answer remote.Answer) *remote.Error {
	said := firstLine(string(answer.Stderr))
	e := &remote.Error{Reason: remote.ExitStatus, Op: op, Err: fmt.Errorf("%s: exit status %d: %s", answer.Address, answer.ExitStatus, said)}
	var kind error
	switch {
	case strings.Contains(said, "Permission denied"):
		kind = fs.ErrPermission
	case strings.Contains(said, "No such file"):
		kind = fs.ErrNotExist
	case answer.ExitStatus == 126, answer.ExitStatus == 127:
		e.Reason = remote.NotSupported
		e.Advice = "the device refuses SFTP and its ls and tail cannot be run: allow the account SFTP"
		return e
	}
	if kind != nil {
		e.Reason, e.Err = remote.Other, &saying{e.Err, kind}
	}
	unreadable(e, kind)
	return e
}

// saying is an error in the words of a device that is of a known kind.
type saying struct {
	error
	kind error
}

func (s *saying) Is(target error) bool { return errors.Is(s.kind, target) }
