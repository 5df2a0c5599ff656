package archive

import (
	"io"
	"time"
)

// Entry is one name in a folder. Links are followed.
type Entry struct {
	Name    string
	Dir     bool
	Size    int64
	ModTime time.Time
}

// Space is how full a filesystem is. Inodes are 0 where the filesystem does not
// count them.
type Space struct {
	Size, Available    uint64
	Inodes, InodesFree uint64
	ReadOnly           bool
}

// FS is the part of a filesystem an archive is read through. Names that vanish
// while a folder is read are left out; that is how archives are purged.
type FS interface {
	// ReadDir lists a folder, in no order.
	ReadDir(dir string) ([]Entry, error)
	// Stat looks at some names in a folder and leaves out those that are gone.
	Stat(dir string, names []string) ([]Entry, error)
	// Statfs asks the filesystem that holds a folder.
	Statfs(dir string) (Space, error)
	// Open opens a file for reading from its beginning to its end.
	Open(path string) (io.ReadCloser, error)
}
