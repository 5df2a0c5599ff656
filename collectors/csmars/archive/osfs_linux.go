package archive

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Statfs implements FS.
func (OS) Statfs(dir string) (Space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return Space{}, &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	block := uint64(max(st.Frsize, 0))
	if block == 0 {
		block = uint64(max(st.Bsize, 0))
	}
	return Space{
		Size: st.Blocks * block, Available: st.Bavail * block,
		Inodes: st.Files, InodesFree: st.Ffree, ReadOnly: st.Flags&unix.ST_RDONLY != 0,
	}, nil
}

// readAhead tells the kernel that all of a file is read, once.
func readAhead(f *os.File) { _ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_SEQUENTIAL) }
