package csmars

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"dataprotection_exporter/collectors/csmars/archive"
	"dataprotection_exporter/remote"
)

// closedDays is the name under which the closed days are remembered.
const closedDays = "archive"

// scans looks at the archive again and again. There is one scan at a time, and
// one that hangs stays the only one.
type scans struct {
	scanner   archive.Scanner
	retention int
	interval  time.Duration
	now       func() time.Time
	log       *slog.Logger
	memory    memory
	path      string

	mu sync.Mutex
	// first is closed when the first scan ended, one way or the other.
	first chan struct{}
	ended bool
	// good is the last scan that worked, err why the last one did not.
	good *archive.Snapshot
	err  error
	// begun is when the running scan began, zero between two scans.
	begun time.Time
	// news is told of every scan that worked; nil when nobody listens.
	news chan struct{}
}

func newScans(c *collector, m memory) *scans {
	return &scans{
		scanner:   archive.Scanner{Dir: c.opts.ArchivePath, FS: c.fs, Zone: c.zone, Now: c.env.Now},
		retention: c.opts.RetentionDays, interval: c.opts.ScanInterval, now: c.env.Now, log: c.env.Logger, memory: m,
		path: c.opts.ArchivePath, first: make(chan struct{}), news: make(chan struct{}, 1),
	}
}

// run scans until ctx ends.
func (s *scans) run(ctx context.Context) {
	s.recall()
	for {
		begun := s.now()
		s.mu.Lock()
		s.begun = begun
		s.mu.Unlock()
		snap, err := s.scanner.Scan(ctx)
		if ctx.Err() != nil {
			return
		}
		s.note(snap, err)
		// A scan that takes longer than the interval must not become the only
		// thing the share does.
		pause := max(s.interval-s.now().Sub(begun), s.interval/2)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// recall takes over what was remembered before a restart.
func (s *scans) recall() {
	var kept remembered
	found, err := s.memory.load(closedDays, &kept)
	switch {
	case err != nil:
		s.log.Warn("the remembered days of the archive cannot be read, it is scanned anew", "err", err)
	case found && kept.Path == s.path:
		s.scanner.Remember(kept.Days)
	}
}

// remembered is the closed days of one archive.
type remembered struct {
	Path string        `json:"path"`
	Days []archive.Day `json:"days"`
}

func (s *scans) note(snap *archive.Snapshot, err error) {
	s.mu.Lock()
	s.begun = time.Time{}
	s.err = err
	if err == nil {
		s.good = snap
	}
	if !s.ended {
		s.ended = true
		close(s.first)
	}
	s.mu.Unlock()
	if err != nil {
		return
	}
	select {
	case s.news <- struct{}{}:
	default:
	}
	if snap.News {
		if err := s.memory.save(map[string]any{closedDays: remembered{s.path, s.scanner.Remembered()}}); err != nil {
			s.log.Warn("the closed days of the archive cannot be remembered", "err", err)
		}
	}
}

// wait gives the last good scan, and waits for the first one.
func (s *scans) wait(ctx context.Context) (*archive.Snapshot, error) {
	select {
	case <-s.first:
	default:
		select {
		case <-s.first:
		case <-ctx.Done():
			return nil, remote.Errorf(remote.Timeout, "a first scan of a large archive takes minutes; if it does not get on, the mount hangs",
				"the first scan of %s is not finished: %d folders were listed so far", s.path, s.scanner.Listed())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, unreadable("scan "+s.path, s.err)
	}
	return s.good, nil
}

// last is the last good scan; nil before the first.
func (s *scans) last() *archive.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.good
}

// hanging says since when a scan has been running that should be over.
func (s *scans) hanging() (since time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun, !s.begun.IsZero() && s.ended && s.now().Sub(s.begun) > 2*s.interval
}

// archiveDoubt is why the archive may lack what the database purges; "" when
// there is no reason to think so.
func (s *scans) archiveDoubt() string {
	s.mu.Lock()
	snap, err, ended := s.good, s.err, s.ended
	s.mu.Unlock()
	switch {
	case !ended:
		return ""
	case err != nil:
		return "it cannot be read"
	}
	now := s.now()
	zone := s.scanner.Zone
	newest := newestEvents(snap, zone)
	switch missing := snap.Missing(s.retention, zone); {
	case newest.IsZero():
		return "it holds no raw messages"
	case now.Sub(newest) > staleAfter:
		return "its newest raw messages are of " + newest.Format("2006-01-02 15:04 MST")
	case now.Sub(snap.Started) > staleAfter:
		return "it was last looked at on " + snap.Started.In(zone).Format("2006-01-02 15:04 MST")
	case missing > 0:
		return fmt.Sprintf("%d days are missing in it", missing)
	}
	return ""
}
