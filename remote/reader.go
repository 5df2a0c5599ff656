package remote

import (
	"context"
	"time"
)

// FileInfo is one file on a device.
type FileInfo struct {
	Path    string
	Size    int64
	ModTime time.Time
}

// Reader is implemented by a Runner that can also read files of the device, by
// parts and without running anything there where the transport allows it. It is
// safe for concurrent use and honours ctx like Run does. Errors are *Error.
type Reader interface {
	// List gives the regular files that match any of the patterns, in the
	// order of their paths. A pattern is an absolute path whose last element
	// may hold the wildcards of path.Match. A pattern that matches nothing is
	// no error; a folder that is missing or may not be read is.
	List(ctx context.Context, patterns []string) ([]FileInfo, error)
	// ReadAt reads at most limit bytes from offset. Fewer come only at the end
	// of the file; none at or behind it. A file that is gone is an error that
	// is fs.ErrNotExist.
	ReadAt(ctx context.Context, path string, offset, limit int64) ([]byte, error)
}

// SessionReader is implemented by a Reader that reads several files at less
// cost when it is told that more than one call follows.
type SessionReader interface {
	Reader
	// Session prepares for several calls; over SSH, it takes one of the
	// target's sessions until it is closed.
	Session(ctx context.Context) (ReadSession, error)
}

// ReadSession is a Reader for a few calls in a row.
type ReadSession interface {
	Reader
	// Close ends the session. It does not wait for the device.
	Close()
}
