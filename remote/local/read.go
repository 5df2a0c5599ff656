package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/glob"
	"dataprotection_exporter/remote/internal/single"
)

// List implements remote.Reader.
func (r *Runner) List(ctx context.Context, patterns []string) ([]remote.FileInfo, error) {
	folders, err := glob.Folders(patterns)
	if err != nil {
		return nil, err
	}
	var files []remote.FileInfo
	for _, f := range folders {
		end := remote.TraceOf(ctx).Begin("list " + f.Dir)
		found, err := reading(ctx, r, "list "+f.Dir, func() ([]remote.FileInfo, error) { return list(f) })
		end(err, func() string { return fmt.Sprintf("%d files", len(found)) })
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return glob.Sort(files), nil
}

// ReadAt implements remote.Reader.
func (r *Runner) ReadAt(ctx context.Context, path string, offset, limit int64) ([]byte, error) {
	op := "read " + path
	if err := remote.CheckPath(path); err != nil {
		return nil, &remote.Error{Reason: remote.Other, Op: op, Err: err}
	}
	end := remote.TraceOf(ctx).Begin(fmt.Sprintf("%s from byte %d", op, offset))
	data, err := reading(ctx, r, op, func() ([]byte, error) { return readAt(path, offset, limit) })
	end(err, func() string { return fmt.Sprintf("%d bytes", len(data)) })
	return data, err
}

func reading[T any](ctx context.Context, r *Runner, op string, f func() (T, error)) (T, error) {
	var none T
	if r.closed.Load() {
		return none, remote.Errorf(remote.Other, "the next collection uses the new configuration", "%s: this target was closed", op)
	}
	return single.Do(ctx, r.reading, op, func() (T, error) {
		v, err := f()
		if err != nil {
			return none, unreadable(op, err)
		}
		return v, nil
	})
}

func list(folder glob.Folder) ([]remote.FileInfo, error) {
	dir, err := os.Open(folder.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	var files []remote.FileInfo
	for {
		// By parts: a folder may hold far more than what is wanted of it.
		names, err := dir.Readdirnames(1000)
		for _, name := range names {
			if !folder.Match(name) {
				continue
			}
			// Follows a link. A file that went away meanwhile is none.
			if info, err := os.Stat(folder.Path(name)); err == nil && info.Mode().IsRegular() {
				files = append(files, remote.FileInfo{Path: folder.Path(name), Size: info.Size(), ModTime: info.ModTime()})
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return files, nil
		case err != nil:
			return nil, err
		}
	}
}

var errNotRegular = errors.New("not a regular file")

func readAt(path string, offset, limit int64) ([]byte, error) {
	// Without waiting for a writer, if it turns out to be a named pipe.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	// No more memory than there is to read.
	data := make([]byte, max(0, min(limit, info.Size()-offset)))
	n, err := f.ReadAt(data, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data[:n], nil
}

func unreadable(op string, err error) *remote.Error {
	e := &remote.Error{Reason: remote.Other, Op: op, Err: err}
	switch {
	case errors.Is(err, fs.ErrPermission):
		e.Reason, e.Advice = remote.Permission, "let the user that the exporter runs as read this file and enter its folder"
	case errors.Is(err, fs.ErrNotExist):
		e.Advice = "check the path in the configuration; transport local must run on the device itself"
	default:
		e.Advice = "the path must lead to a plain file; read it by hand as the user of the exporter"
	}
	return e
}
