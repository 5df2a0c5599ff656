// Package files reads answers that somebody else fetched: a scheduled job on the
// device, or on a host that may log into it, prints each answer into a file of
// one folder, and the exporter needs no access to the device at all. The
// modification time of a file is the time of its answer, so a job that stopped
// shows as an old answer and never as a fresh one.
//
// Logs lie in the same folder, under the names they have on the device: where a
// collector reads /data01/cur/gsan.log*, the job copies those files beside its
// answers. Which folder of the device they come from is not looked at.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"syscall"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/capture"
	"dataprotection_exporter/remote/internal/single"
)

// Runner finds the answer to a command in a folder, by the part and the unit of
// the command.
type Runner struct {
	dir    string
	closed atomic.Bool
	// reading is the one read under way. A file system that hangs (a dead NFS
	// server, say) thus holds one goroutine per target, not one per collection.
	reading single.Flight
	// open is how a file is opened; a test puts one that hangs in its place.
	open func(dir, name string) (file, error)
}

// file is what the Runner needs of an *os.File.
type file interface {
	io.ReadSeekCloser
	Stat() (fs.FileInfo, error)
}

var (
	_ remote.Runner = (*Runner)(nil)
	_ remote.Reader = (*Runner)(nil)
)

// New makes a Runner for the files in dir. The folder is looked at when an
// answer is asked for, not before.
func New(dir string) *Runner {
	return &Runner{dir: dir, reading: single.New(), open: openInside}
}

// Close makes later calls fail.
func (r *Runner) Close() error {
	r.closed.Store(true)
	return nil
}

var word = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// Name is the file that holds the answer of a part, or of one unit of it.
func Name(part, unit string) (string, error) {
	name := part + ".txt"
	if unit != "" {
		name = part + "." + unit + ".txt"
	}
	if !word.MatchString(part) || unit != "" && !word.MatchString(unit) {
		return "", remote.Errorf(remote.Other, "", "read answer: part %q of unit %q does not make a file name", part, unit)
	}
	return name, nil
}

// Run reads the answer to cmd.
func (r *Runner) Run(ctx context.Context, cmd remote.Command) (remote.Answer, error) {
	name, err := Name(cmd.Part, cmd.Unit)
	if err != nil {
		return remote.Answer{}, err
	}
	path := filepath.Join(r.dir, name)
	end := remote.TraceOf(ctx).Begin("read " + path)
	answer, err := r.run(ctx, cmd, name, path)
	end(err, func() string {
		if cmd.Redact != nil {
			return string(cmd.Redact(answer.Stdout))
		}
		return string(answer.Stdout)
	})
	return answer, err
}

func (r *Runner) run(ctx context.Context, cmd remote.Command, name, path string) (remote.Answer, error) {
	if r.closed.Load() {
		return remote.Answer{}, remote.Errorf(remote.Other, "the next collection uses the new configuration", "read %s: this target was closed", path)
	}
	return single.Do(ctx, r.reading, "read "+path, func() (remote.Answer, error) { return r.settled(cmd, name, path) })
}

// settled reads the file, and once more when it was being written meanwhile.
func (r *Runner) settled(cmd remote.Command, name, path string) (remote.Answer, error) {
	for range 2 {
		answer, changed, err := r.read(cmd, name)
		if err != nil {
			return remote.Answer{}, explain(err, path, limitOf(cmd))
		}
		if !changed {
			return answer, nil
		}
	}
	return remote.Answer{}, remote.Errorf(remote.Parse, "let the job write to another name and rename the file when it is complete",
		"read %s: the file changed while it was being read, twice", path)
}

func limitOf(cmd remote.Command) int64 {
	if cmd.Limit > 0 {
		return cmd.Limit
	}
	return remote.DefaultLimit
}

var errNotRegular = errors.New("not a regular file")

func (r *Runner) read(cmd remote.Command, name string) (_ remote.Answer, changed bool, _ error) {
	f, err := r.open(r.dir, name)
	if err != nil {
		return remote.Answer{}, false, err
	}
	defer func() { _ = f.Close() }()
	before, err := f.Stat()
	if err != nil {
		return remote.Answer{}, false, err
	}
	if !before.Mode().IsRegular() {
		return remote.Answer{}, false, errNotRegular
	}
	limit := limitOf(cmd)
	var skipped int64
	if cmd.Tail && before.Size() > limit+1 {
		// One byte more than is kept, to see whether the rest starts a line.
		if skipped, err = f.Seek(before.Size()-limit-1, io.SeekStart); err != nil {
			return remote.Answer{}, false, err
		}
	}
	out := capture.New(limit, cmd.Tail)
	from, want := io.Reader(f), before.Size()
	if cmd.Head && want > limit {
		from, want = io.LimitReader(f, limit), limit
	}
	n, err := io.Copy(out, from)
	if err != nil {
		return remote.Answer{}, false, err
	}
	after, err := f.Stat()
	if err != nil {
		return remote.Answer{}, false, err
	}
	changed = skipped+n != want || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())
	return remote.Answer{Stdout: out.Bytes(), Time: before.ModTime(), Cut: out.Cut() || want < before.Size()}, changed, nil
}

// openInside opens a file without leaving dir, not even by a symbolic link, and
// without waiting for a writer if the file turns out to be a named pipe.
func openInside(dir, name string) (file, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func explain(err error, path string, limit int64) *remote.Error {
	e := &remote.Error{Reason: remote.Other, Op: "read " + path, Err: err}
	switch {
	case errors.Is(err, capture.ErrTooLarge):
		e.Reason, e.Err = remote.TooLarge, fmt.Errorf("the file is larger than %d bytes", limit)
		e.Advice = "let the job keep only the newest answer in this file"
	case errors.Is(err, fs.ErrNotExist):
		e.Advice = "the job must write its answer to this file, in the folder that files_path names"
	case errors.Is(err, fs.ErrPermission):
		e.Reason = remote.Permission
		e.Advice = "let the user that the exporter runs as read this file and enter its folder"
	case errors.Is(err, errNotRegular):
		e.Advice = "the answer must be a plain file"
	default:
		e.Advice = "the file must be a plain file inside the folder that files_path names; links may not lead out of it"
	}
	return e
}
