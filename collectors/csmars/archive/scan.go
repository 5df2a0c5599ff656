package archive

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// settle is how long a folder must have been left alone before its times tell
// whether it changes again: filesystems keep them in steps of up to seconds.
const settle = time.Minute

// Scanner lists an archive again and again. A closed day is one before
// yesterday; it is listed once, and again when the times of its folders change.
// It is for one scan at a time.
type Scanner struct {
	// Dir is the archive.
	Dir string
	FS  *Guarded
	// Zone is where the appliance's clock hangs.
	Zone *time.Location
	Now  func() time.Time

	memory map[string]*Day
	// listed counts the folders that were listed and looked at, for progress
	// and for tests.
	listed, looked atomic.Int64
}

// Snapshot is what a scan found. It is never written to.
type Snapshot struct {
	// Started is when the scan began: everything in it is true since then.
	Started  time.Time
	Duration time.Duration
	// Days are in the order of their dates.
	Days []*Day
	// Backups is the number of operating system backups. BackupsErr is why it
	// is not known.
	Backups    int
	BackupsErr error
	// Closed says which days are remembered.
	Closed map[string]bool
	// News says that another set of days is remembered than before.
	News bool
}

// Listed is how many folders were listed so far.
func (s *Scanner) Listed() int64 { return s.listed.Load() }

// Scan lists the archive. What cannot be read is an error: an archive without
// one of its days would look like one that lost it.
func (s *Scanner) Scan(ctx context.Context) (*Snapshot, error) {
	snap := &Snapshot{Started: s.Now(), Closed: map[string]bool{}}
	root, err := s.FS.ReadDir(ctx, s.Dir)
	if err != nil {
		return nil, err
	}
	s.listed.Add(1)
	today := WallOf(snap.Started, s.Zone).Midnight()
	memory := map[string]*Day{}
	for _, e := range root {
		date, ok := ParseDay(e.Name)
		switch {
		case ok && e.Dir:
			day, err := s.day(ctx, e, date, date < today.AddDays(-1))
			if errors.Is(err, fs.ErrNotExist) {
				continue // purged meanwhile
			}
			if err != nil {
				return nil, err
			}
			snap.Days = append(snap.Days, day)
			if date < today.AddDays(-1) && day.settled(snap.Started.Add(-settle)) {
				memory[day.Name] = day
				snap.Closed[day.Name] = true
				snap.News = snap.News || s.memory[day.Name] != day
			}
		case e.Dir && strings.EqualFold(e.Name, backups):
			snap.Backups, snap.BackupsErr = s.backups(ctx, e.Name)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	snap.News = snap.News || len(memory) != len(s.memory)
	s.memory = memory
	slices.SortFunc(snap.Days, func(a, b *Day) int { return cmp.Compare(a.date, b.date) })
	snap.Duration = s.Now().Sub(snap.Started)
	return snap, nil
}

// day is one day, from memory where that is as good.
func (s *Scanner) day(ctx context.Context, e Entry, date Wall, closed bool) (*Day, error) {
	dir := filepath.Join(s.Dir, e.Name)
	if known := s.memory[e.Name]; closed && known != nil && known.ModTime.Equal(e.ModTime) {
		s.looked.Add(1)
		folders, err := s.FS.Stat(ctx, dir, known.folderNames())
		if err != nil {
			return nil, err
		}
		if known.unchanged(e.ModTime, folders) {
			return known, nil
		}
	}
	d := &Day{Name: e.Name, ModTime: e.ModTime, date: date}
	s.listed.Add(1)
	entries, err := s.FS.ReadDir(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, sub := range entries {
		if !sub.Dir {
			d.Stray++
			continue
		}
		s.listed.Add(1)
		files, err := s.FS.ReadDir(ctx, filepath.Join(dir, sub.Name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		d.Folders = append(d.Folders, tally(sub.Name, sub.ModTime, files))
	}
	slices.SortFunc(d.Folders, func(a, b Folder) int { return cmp.Compare(a.Name, b.Name) })
	return d, nil
}

func (s *Scanner) backups(ctx context.Context, name string) (int, error) {
	s.listed.Add(1)
	entries, err := s.FS.ReadDir(ctx, filepath.Join(s.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	n := 0
	for _, e := range entries {
		if !strings.HasPrefix(e.Name, ".") {
			n++
		}
	}
	return n, err
}

// Remembered is the closed days, to be kept across a restart.
func (s *Scanner) Remembered() []Day {
	days := make([]Day, 0, len(s.memory))
	for _, d := range s.memory {
		days = append(days, *d)
	}
	slices.SortFunc(days, func(a, b Day) int { return cmp.Compare(a.Name, b.Name) })
	return days
}

// Remember takes over the closed days of an earlier run. Their folders are
// still looked at before they are believed.
func (s *Scanner) Remember(days []Day) {
	s.memory = map[string]*Day{}
	for i := range days {
		d := days[i]
		date, ok := ParseDay(d.Name)
		if !ok || d.ModTime.IsZero() {
			continue
		}
		d.date = date
		s.memory[d.Name] = &d
	}
}
