package logtail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"dataprotection_exporter/remote"
)

// Follower follows logs that can be read by parts: several files, found by
// patterns, that grow, are rotated, renumbered, copied and truncated. Every
// line that is written after the first Poll is delivered once. The zero value
// is ready; a Follower is not safe for concurrent use.
//
// A Poll changes the Follower as it delivers lines, also when it ends with an
// error. Whoever keeps what lines added up to must keep it together with State.
type Follower struct {
	// FileBudget and Budget bound the bytes read in one Poll, of one file and of
	// all; 0 means 8 MiB and 32 MiB. What is left over waits for the next Poll.
	FileBudget, Budget int64
	// MaxLine is the longest line; 0 means 64 KiB. A longer one is dropped.
	MaxLine int
	// MaxFiles is how many files are followed, those that changed last; 0 means
	// 256.
	MaxFiles int
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	started    bool
	overflowed bool
	places     []*FileState
	lastID     uint64
	// late are files that were not read in time.
	late map[string]bool
}

// Progress is what one Poll did.
type Progress struct {
	// Files is how many files are followed, without those in Errors.
	Files int
	// Bytes were read, what it took to recognise files included.
	Bytes int64
	// Lines were delivered, Dropped were too long.
	Lines, Dropped int
	// Behind is how many bytes were not read for lack of budget or time.
	Behind int64
	// Errors are the files that could not be read; the others were.
	Errors []FileError
	// Started says that this was the first Poll, which delivers nothing: what
	// was written before somebody watched is not news.
	Started bool
	// Changed says that State is another one than before.
	Changed bool
}

// FileError is why one file could not be read.
type FileError struct {
	Path string
	Err  error
}

func (f *Follower) maxFiles() int { return cmp.Or(f.MaxFiles, 256) }
func (f *Follower) maxLine() int  { return cmp.Or(f.MaxLine, 64<<10) }

// A line must fit into the budget, or it would never get through.
func (f *Follower) fileBudget() int64 {
	return max(cmp.Or(f.FileBudget, 8<<20), int64(f.maxLine())+1)
}

func (f *Follower) budget() int64 { return max(cmp.Or(f.Budget, 32<<20), int64(f.maxLine())+1) }

func (f *Follower) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

// poll is one call of Poll.
type poll struct {
	*Follower
	ctx    context.Context
	reader remote.Reader
	line   func(path string, line []byte)
	left   int64 // of the budget
	files  []*file
	// batch is the part of the files that is at work.
	batch []*file
	taken map[*FileState]bool
	done  Progress

	mu sync.Mutex
	// lateNow becomes late of the Follower.
	lateNow map[string]bool
}

// file is one file as found by a poll.
type file struct {
	remote.FileInfo
	place *FileState
	// known says that a place had its name before.
	known, fresh bool
	// moved says that the file had another name before.
	moved bool
	// unchanged since it was read last; failed for now.
	unchanged, failed bool
	// gone since it was listed.
	gone bool
	head []byte
	// tail is what stands before the place, ahead what follows it.
	tail, ahead []byte
	// pos is how far the file was read.
	pos int64
}

// Poll delivers the lines that were completed since the last one. Files that
// were not there then are delivered from their beginning, but at the first Poll
// every file is taken up at its end. The files that changed longest ago come
// first. A line is valid during the call of line only; it comes without its end,
// empty ones not at all.
func (f *Follower) Poll(ctx context.Context, reader remote.Reader, patterns []string, line func(path string, line []byte)) (Progress, error) {
	if s, ok := reader.(remote.SessionReader); ok {
		session, err := s.Session(ctx)
		if err != nil {
			return Progress{}, err
		}
		defer session.Close()
		reader = session
	}
	found, err := reader.List(ctx, patterns)
	if err != nil {
		return Progress{}, err
	}
	p := &poll{
		Follower: f, ctx: ctx, reader: reader, line: line, left: f.budget(),
		taken: map[*FileState]bool{}, lateNow: map[string]bool{},
	}
	p.done.Started = !f.started
	overflow := p.take(found)
	p.inTurns()
	p.mirror()
	p.forget()
	f.started, f.overflowed, f.late = true, overflow, p.lateNow
	for _, file := range p.files {
		if !file.failed {
			p.done.Files++
		}
	}
	p.done.Changed = p.done.Changed || p.done.Started || p.done.Bytes > 0
	return p.done, nil
}

// compressed are names of files whose content was followed before it was packed.
var compressed = []string{".gz", ".bz2", ".xz", ".zst", ".Z", ".zip"}

// take makes the list of files to follow.
func (p *poll) take(found []remote.FileInfo) (overflow bool) {
	found = slices.DeleteFunc(slices.Clone(found), func(f remote.FileInfo) bool { return slices.Contains(compressed, path.Ext(f.Path)) })
	now := p.now().Unix()
	known := map[string]bool{}
	for _, s := range p.places {
		known[s.Path] = true
	}
	there := map[string]bool{}
	for _, f := range found {
		there[f.Path] = true
	}
	for _, s := range p.places {
		if there[s.Path] {
			s.Seen = now
		}
	}
	limit := p.maxFiles()
	if overflow = len(found) > limit; overflow {
		slices.SortStableFunc(found, func(a, b remote.FileInfo) int { return b.ModTime.Compare(a.ModTime) })
		p.done.Errors = append(p.done.Errors, FileError{found[limit].Path, remote.Errorf(remote.Other,
			"let the pattern match fewer files", "%d files match and %d are followed; this one and others are left out", len(found), limit)})
		found = found[:limit]
	}
	for _, f := range found {
		p.files = append(p.files, &file{FileInfo: f, known: known[f.Path]})
	}
	slices.SortStableFunc(p.files, func(a, b *file) int { return strings.Compare(a.Path, b.Path) })
	return overflow
}

// inTurns reads the files that answered in time last time, then the others: one
// that hangs must not hide the rest, collection after collection.
func (p *poll) inTurns() {
	var late []*file
	for _, f := range p.files {
		if p.late[f.Path] {
			f.failed = true // until its turn
			late = append(late, f)
		} else {
			p.batch = append(p.batch, f)
		}
	}
	p.round(looks)
	for _, f := range late {
		f.failed = false
	}
	for _, f := range late {
		p.batch = []*file{f}
		p.round(1)
	}
}

// round follows one batch of files, looking at so many of them side by side.
func (p *poll) round(sideBySide int) {
	p.recognise(sideBySide)
	p.copies()
	p.read()
}

// fail leaves a file out for now. One that went away is no failure.
func (p *poll) fail(f *file, err error) {
	f.failed = true
	if errors.Is(err, fs.ErrNotExist) {
		f.gone = true
		return
	}
	p.done.Errors = append(p.done.Errors, FileError{f.Path, err})
}

// readAt reads a part of a file. Fewer bytes than asked for are no error.
func (p *poll) readAt(f *file, offset, limit int64) ([]byte, error) {
	if err := p.ctx.Err(); err != nil {
		return nil, &remote.Error{
			Reason: remote.Timeout, Op: "read " + f.Path, Err: fmt.Errorf("not tried before the deadline: %w", err),
			Advice: "it is read next time; raise the timeout of the target if that does not help",
		}
	}
	data, err := p.reader.ReadAt(p.ctx, f.Path, offset, limit)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done.Bytes += int64(len(data))
	if remote.ReasonOf(err) == remote.Timeout {
		p.lateNow[f.Path] = true
	}
	return data, err
}

// forget drops the places in files that are gone for long.
func (p *poll) forget() {
	oldest := p.now().Add(-forgetAfter).Unix()
	before := len(p.places)
	p.places = slices.DeleteFunc(p.places, func(s *FileState) bool { return s.Seen < oldest })
	p.bound()
	p.done.Changed = p.done.Changed || len(p.places) != before
}
