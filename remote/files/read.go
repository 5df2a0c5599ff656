package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/glob"
	"dataprotection_exporter/remote/internal/single"
)

// List implements remote.Reader: what lies in the folder under a name that
// matches the last element of a pattern, with the path it has on the device.
func (r *Runner) List(ctx context.Context, patterns []string) ([]remote.FileInfo, error) {
	folders, err := glob.Folders(patterns)
	if err != nil {
		return nil, err
	}
	end := remote.TraceOf(ctx).Begin("list " + r.dir)
	files, err := reading(ctx, r, r.dir, func() ([]remote.FileInfo, error) { return r.list(folders) })
	end(err, func() string { return fmt.Sprintf("%d files", len(files)) })
	return files, err
}

// ReadAt implements remote.Reader.
func (r *Runner) ReadAt(ctx context.Context, devicePath string, offset, limit int64) ([]byte, error) {
	if err := remote.CheckPath(devicePath); err != nil {
		return nil, &remote.Error{Reason: remote.Other, Op: "read " + devicePath, Err: err}
	}
	name := path.Base(devicePath)
	where := filepath.Join(r.dir, name)
	end := remote.TraceOf(ctx).Begin(fmt.Sprintf("read %s from byte %d", where, offset))
	data, err := reading(ctx, r, where, func() ([]byte, error) { return r.readAt(name, offset, limit) })
	end(err, func() string { return fmt.Sprintf("%d bytes", len(data)) })
	return data, err
}

func reading[T any](ctx context.Context, r *Runner, where string, f func() (T, error)) (T, error) {
	var none T
	if r.closed.Load() {
		return none, remote.Errorf(remote.Other, "the next collection uses the new configuration", "read %s: this target was closed", where)
	}
	return single.Do(ctx, r.reading, "read "+where, func() (T, error) {
		v, err := f()
		if err != nil {
			return none, explain(err, where, 0)
		}
		return v, nil
	})
}

func (r *Runner) list(folders []glob.Folder) ([]remote.FileInfo, error) {
	root, err := os.OpenRoot(r.dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, err
	}
	var files []remote.FileInfo
	for _, folder := range folders {
		for _, e := range entries {
			if !folder.Match(e.Name()) {
				continue
			}
			// A file that went away meanwhile, or a link out of the folder, is none.
			if info, err := root.Stat(e.Name()); err == nil && info.Mode().IsRegular() {
				files = append(files, remote.FileInfo{Path: folder.Path(e.Name()), Size: info.Size(), ModTime: info.ModTime()})
			}
		}
	}
	return glob.Sort(files), nil
}

func (r *Runner) readAt(name string, offset, limit int64) ([]byte, error) {
	f, err := r.open(r.dir, name)
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
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	// No more memory than there is to read.
	data := make([]byte, max(0, min(limit, info.Size()-offset)))
	n, err := io.ReadFull(f, data)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return data[:n], nil
}
