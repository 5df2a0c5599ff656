//go:build !unix

package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
	return o.Stat(dir, names)
}

// Stat implements FS.
func (OS) Stat(dir string, names []string) ([]Entry, error) {
	entries := make([]Entry, 0, len(names))
	for _, name := range names {
		st, err := os.Stat(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, Entry{Name: name, Dir: st.IsDir(), Size: st.Size(), ModTime: st.ModTime()})
	}
	return entries, nil
}

// Open implements FS.
func (OS) Open(path string) (io.ReadCloser, error) { return os.Open(path) }
