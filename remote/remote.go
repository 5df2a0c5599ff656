// Package remote is how a device is reached, never what it is asked.
//
// A Runner carries one fixed, read-only command to a device and brings back
// what the device printed. The transports (remote/ssh, remote/local,
// remote/files) share this interface, so a collector does not know whether its
// answer came over the network, from this host, or from a file that a scheduled
// job left behind.
// A Reader, which the same transports implement, reads files of the device by
// parts.
package remote

import (
	"context"
	"time"
)

// DefaultLimit is the largest standard output accepted from one command.
const DefaultLimit = 8 << 20

// StderrLimit bounds standard error, which only ever explains a failure.
const StderrLimit = 64 << 10

// Command is one fixed request. A collector builds it from constants; the only
// variable words are names that were checked against a strict pattern.
type Command struct {
	// Part and Unit name the question: the part of the system and the mover,
	// member or node it is about ("" when it is about the whole device). The
	// files transport finds its answer by them.
	Part, Unit string
	// Argv is the command in separate words. A word that a shell could read as
	// anything but itself is refused.
	Argv []string
	// Limit caps standard output in bytes; 0 means DefaultLimit. A longer
	// answer fails with TooLarge, it is never cut silently.
	Limit int64
	// Tail keeps the last Limit bytes of a longer answer instead of refusing
	// it, starting at a line boundary. For logs printed oldest first.
	Tail bool
	// Head keeps the first Limit bytes of a longer answer and ends the command,
	// without an error. For reading a file by parts.
	Head bool
	// PosixShell says that the device's login shell is a POSIX shell. The
	// command is then started under a small guard that ends it, and what it
	// started, as soon as the session is gone: sshd alone leaves the command
	// running.
	PosixShell bool
	// WindowsShell says that the device's login shell is cmd.exe or PowerShell,
	// whichever: the words are quoted so that both read them alike.
	WindowsShell bool
	// Redact hides what must not be shown on a debug page (file names, say).
	// nil shows the answer as it is.
	Redact func([]byte) []byte
}

// Answer is what a device printed. A non-zero exit status is an answer, not an
// error: some devices exit non-zero while printing a complete answer.
type Answer struct {
	Stdout, Stderr []byte
	ExitStatus     int
	// Time is when the answer was given: now for a live device, the
	// modification time for a file.
	Time time.Time
	// Address says which of several configured addresses answered.
	Address string
	// Cut is set when Tail dropped the beginning of the answer, or Head its end.
	Cut bool
}

// Runner carries commands to one device. It is safe for concurrent use and
// honours ctx in every phase: when ctx ends, Run returns soon after and the
// remote command is ended too. Errors are *Error and carry a Reason.
type Runner interface {
	Run(ctx context.Context, cmd Command) (Answer, error)
	// Close ends the connection. A later Run fails.
	Close() error
}

// Rotator is implemented by a Runner that has several addresses for one device
// (two Control Stations, say). Rotate makes the next address the first choice,
// for a device that lets itself be logged into but says that it is not the
// active one. It returns false when there is no other address.
type Rotator interface {
	Rotate() bool
}
