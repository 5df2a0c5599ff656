// Package cli is the commands `archive search` and `archive verify`: what they
// print and how they end. Reading an archive is in package archive.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/term"

	"dataprotection_exporter/collectors/csmars/archive"
)

// Exit statuses, those of grep.
const (
	StatusFound   = 0
	StatusNone    = 1
	StatusTrouble = 2
)

// Common is what both commands are told.
type Common struct {
	Dir string
	// From and To limit the time, as people write it; empty does not.
	From, To string
	// Zone is the time zone of the appliance's clock; empty is this host's.
	Zone string
	// Jobs is how many files are read at the same time; 0 is one per core.
	Jobs int
	JSON bool

	Stdout, Stderr io.Writer
	// FS and Now are for tests; nil is this host's.
	FS  archive.FS
	Now func() time.Time
}

// session is one run of a command.
type session struct {
	*Common
	run      archive.Run
	progress archive.Progress
	screen   *screen
	started  time.Time

	mu      sync.Mutex
	trouble bool
}

// prepare finds the files.
func (c *Common) prepare(ctx context.Context, rawOnly bool) (*session, error) {
	if c.FS == nil {
		c.FS = archive.OS{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Jobs <= 0 {
		c.Jobs = runtime.GOMAXPROCS(0)
	}
	zone, err := time.LoadLocation(zoneName(c.Zone))
	if err != nil {
		return nil, fmt.Errorf("--timezone: %w", err)
	}
	interval, err := parseInterval(c.From, c.To, zone)
	if err != nil {
		return nil, err
	}
	s := &session{Common: c, screen: newScreen(c.Stdout, c.Stderr), started: c.Now()}
	files, err := archive.List(ctx, c.FS, c.Dir, archive.Selection{Interval: interval, RawOnly: rawOnly, Trouble: s.unreadable})
	if err != nil {
		return nil, err
	}
	s.run = archive.Run{Dir: c.Dir, FS: c.FS, Files: files, Jobs: c.Jobs, Progress: &s.progress}
	return s, nil
}

func zoneName(name string) string {
	if name == "" {
		return "Local"
	}
	return name
}

// unreadable tells of something that could not be read and goes on.
func (s *session) unreadable(path string, err error) {
	s.mu.Lock()
	s.trouble = true
	s.mu.Unlock()
	s.screen.say(fmt.Sprintf("%s: %s", path, reason(err)))
}

func (s *session) troubled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

// fail tells why a command could not do its work.
func (c *Common) fail(err error) int {
	_, _ = fmt.Fprintf(c.Stderr, "%v\n", err)
	return StatusTrouble
}

// fileOf is the descriptor of a stream that may be a terminal.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) //nolint:gosec // descriptors are small
}
