package csmars

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"dataprotection_exporter/remote"
)

// unreadable explains why the archive could not be read. That is never the same
// as an archive that is empty.
func unreadable(op string, err error) error {
	e := &remote.Error{Reason: remote.Other, Op: op, Err: err}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e.Reason = remote.Timeout
		e.Advice = "the mount does not answer: look at the archive server and at the kernel's log; running the exporter on the archive server avoids the mount"
	case errors.Is(err, errors.ErrUnsupported):
		e.Reason = remote.NotSupported
		e.Advice = "this operating system is asked for nothing here"
	case errors.Is(err, fs.ErrPermission):
		e.Reason = remote.Permission
		e.Advice = "let the exporter's user list and read the archive"
	case errors.Is(err, fs.ErrNotExist):
		e.Advice = "mount the share or correct archive_path"
	case errors.Is(err, syscall.ENOTDIR):
		e.Advice = "archive_path must be the folder that holds the dated folders"
	default:
		e.Advice = "look at the mount, at the archive server and at the kernel's log"
	}
	return e
}
