//go:build unix

package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// OS is the filesystem of this host.
type OS struct{}

// ReadDir implements FS.
func (o OS) ReadDir(dir string) ([]Entry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	return statAt(f, names)
}

// Stat implements FS.
func (o OS) Stat(dir string, names []string) ([]Entry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return statAt(f, names)
}

// statAt looks at names relative to an open folder: the path is resolved once,
// and a folder that is renamed meanwhile is still the same.
func statAt(dir *os.File, names []string) ([]Entry, error) {
	fd := int(dir.Fd())
	entries := make([]Entry, 0, len(names))
	for _, name := range names {
		var st unix.Stat_t
		err := unix.Fstatat(fd, name, &st, 0)
		for errors.Is(err, unix.EINTR) {
			err = unix.Fstatat(fd, name, &st, 0)
		}
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ELOOP) {
			continue
		}
		if err != nil {
			return nil, &fs.PathError{Op: "stat", Path: dir.Name() + "/" + name, Err: err}
		}
		entries = append(entries, Entry{
			Name: name, Dir: st.Mode&unix.S_IFMT == unix.S_IFDIR, Size: st.Size,
			ModTime: time.Unix(st.Mtim.Unix()),
		})
	}
	return entries, nil
}

// Open implements FS.
func (o OS) Open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	readAhead(f)
	return f, nil
}
