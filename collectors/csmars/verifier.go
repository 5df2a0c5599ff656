package csmars

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"dataprotection_exporter/collectors/csmars/archive"
	"dataprotection_exporter/remote"
)

const (
	// verifySettle is how long a file must have been left alone before it is
	// taken for finished.
	verifySettle = 10 * time.Minute
	// After so many files, or so long, what was found is written down.
	saveFiles    = 64
	saveInterval = 30 * time.Second
	// readChunk is how much is read, and accounted for, at a time.
	readChunk = 256 << 10
	// countersName is the name under which the counters are remembered.
	countersName = "verify"
)

// verifier reads every file of the archive once, newest days first, no faster
// than it is allowed to, and counts what it sees.
type verifier struct {
	scans    *scans
	fs       *archive.Guarded
	path     string
	now      func() time.Time
	log      *slog.Logger
	memory   memory
	limit    *rate.Limiter
	patterns []pattern

	mu sync.Mutex
	// ready is closed when what was remembered has been recalled.
	ready    chan struct{}
	days     map[string]*verifiedDay
	recalled map[string]bool
	counters counters
	// unreadable are files that could not be read, by their path.
	unreadable map[string]string
	unsaved    int
	saved      time.Time
}

// pattern is a configured one, compiled.
type pattern struct {
	name, expr string
	matcher    *archive.Matcher
}

// counters is what only grows, across restarts where they are remembered.
type counters struct {
	Path     string                     `json:"path"`
	Files    float64                    `json:"files"`
	Messages float64                    `json:"messages"`
	Patterns map[string]patternsCounter `json:"patterns,omitempty"`
}

// patternsCounter starts again with another expression.
type patternsCounter struct {
	Expr    string  `json:"expr"`
	Matches float64 `json:"matches"`
}

func newVerifier(c *collector, m memory) (*verifier, error) {
	bytes, err := c.opts.rate()
	if err != nil {
		return nil, fmt.Errorf("csmars: verify_rate %w", err)
	}
	v := &verifier{
		scans: c.scans, fs: c.fs, path: c.opts.ArchivePath, now: c.env.Now, log: c.env.Logger, memory: m,
		limit: rate.NewLimiter(rate.Limit(bytes), readChunk), ready: make(chan struct{}),
		days: map[string]*verifiedDay{}, recalled: map[string]bool{}, unreadable: map[string]string{},
		counters: counters{Path: c.opts.ArchivePath, Patterns: map[string]patternsCounter{}},
	}
	for name, expr := range c.opts.Patterns {
		matcher, err := archive.Compile(expr, false)
		if err != nil {
			return nil, fmt.Errorf("csmars: patterns.%s: %w", name, err)
		}
		v.patterns = append(v.patterns, pattern{name, expr, matcher})
		v.counters.Patterns[name] = patternsCounter{Expr: expr}
	}
	slices.SortFunc(v.patterns, func(a, b pattern) int { return strings.Compare(a.name, b.name) })
	return v, nil
}

// run follows the scans until ctx ends.
func (v *verifier) run(ctx context.Context) {
	v.recallCounters()
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.scans.news:
		}
		snap := v.scans.last()
		v.recall(snap)
		v.pass(ctx, snap)
		v.save(snap)
	}
}

func (v *verifier) recallCounters() {
	var kept counters
	found, err := v.memory.load(countersName, &kept)
	switch {
	case err != nil:
		v.log.Warn("the counters of verified files cannot be read, they start again", "err", err)
	case found && kept.Path == v.path:
		v.mu.Lock()
		defer v.mu.Unlock()
		v.counters.Files, v.counters.Messages = kept.Files, kept.Messages
		for _, p := range v.patterns {
			if k := kept.Patterns[p.name]; k.Expr == p.expr {
				v.counters.Patterns[p.name] = k
			}
		}
	case found:
		// Another archive: nothing that was remembered is of this one.
		v.forgetAll()
	}
}

// forgetAll makes every day that may be remembered unknown.
func (v *verifier) forgetAll() {
	values := map[string]any{}
	for i := range slots {
		name := slotOf(archive.Wall(i) * 86400)
		var d verifiedDay
		if found, err := v.memory.load(name, &d); found && err == nil && d.Day != "" {
			values[name] = verifiedDay{}
		}
	}
	if len(values) == 0 {
		return
	}
	if err := v.memory.save(values); err != nil {
		v.log.Warn("what was verified in another archive cannot be forgotten", "err", err)
	}
}

// recall takes over what is remembered of days seen for the first time, and
// forgets days that are gone.
func (v *verifier) recall(snap *archive.Snapshot) {
	gone := map[string]any{}
	there := map[string]bool{}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, d := range snap.Days {
		there[d.Name] = true
		if v.days[d.Name] != nil {
			continue
		}
		kept := &verifiedDay{}
		if !v.recalled[d.Name] {
			v.recalled[d.Name] = true
			if found, err := v.memory.load(slotOf(d.Date()), kept); err != nil || !found || kept.Day != d.Name || len(kept.Seen)%8 != 0 {
				kept = &verifiedDay{}
			}
		}
		kept.Day = d.Name
		v.days[d.Name] = kept
	}
	for name := range v.days {
		if !there[name] {
			delete(v.days, name)
			delete(v.recalled, name)
			if date, ok := archive.ParseDay(name); ok {
				gone[slotOf(date)] = verifiedDay{}
			}
		}
	}
	for _, d := range snap.Days {
		delete(gone, slotOf(d.Date())) // another day has taken the place
	}
	if len(gone) > 0 {
		if err := v.memory.save(gone); err != nil {
			v.log.Warn("purged days cannot be forgotten", "err", err)
		}
	}
	select {
	case <-v.ready:
	default:
		close(v.ready)
	}
}

// pass checks what was not checked yet, newest days first, until a newer scan
// tells of newer files.
func (v *verifier) pass(ctx context.Context, snap *archive.Snapshot) {
	v.mu.Lock()
	clear(v.unreadable)
	v.mu.Unlock()
	for _, day := range slices.Backward(snap.Days) {
		state := v.days[day.Name]
		if snap.Closed[day.Name] && state.Complete == printOf(day) {
			continue
		}
		if !v.day(ctx, day, state) {
			return
		}
	}
}

// day checks the files of one day. It returns false when the pass is to end.
func (v *verifier) day(ctx context.Context, day *archive.Day, state *verifiedDay) bool {
	there := map[uint64]bool{}
	complete := true
	for _, folder := range day.Folders {
		where := filepath.Join(day.Name, folder.Name)
		entries, err := v.fs.ReadDir(ctx, filepath.Join(v.path, where))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			if ctx.Err() != nil {
				return false
			}
			v.note(where, err)
			return true
		}
		slices.SortFunc(entries, func(a, b archive.Entry) int { return strings.Compare(a.Name, b.Name) })
		for _, e := range entries {
			if e.Dir {
				continue
			}
			hash := hashOf(folder.Name, e)
			there[hash] = true
			switch {
			case state.has(hash):
			case v.now().Sub(e.ModTime) < verifySettle:
				complete = false
			default:
				complete = v.file(ctx, state, where, e, hash, archive.IsRaw(folder.Name, e.Name)) && complete
				if ctx.Err() != nil || len(v.scans.news) > 0 {
					return false
				}
			}
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	state.keep(there)
	if now := printOf(day); complete && state.Complete != now {
		state.Complete, state.dirty = now, true
	}
	return true
}

// file checks one file. It returns false when it has to be tried again.
func (v *verifier) file(ctx context.Context, state *verifiedDay, where string, e archive.Entry, hash uint64, raw bool) bool {
	path := filepath.Join(where, e.Name)
	messages, matches, err := v.read(ctx, filepath.Join(v.path, path), e.Name, raw)
	var damage *archive.Damage
	switch {
	case ctx.Err() != nil:
		return false
	case errors.Is(err, fs.ErrNotExist):
		return true
	case errors.As(err, &damage):
		v.log.Error("a file of the archive is damaged", "file", path, "problem", damage.What, "size", e.Size)
	case err != nil:
		v.note(path, err)
		return false
	}
	v.mu.Lock()
	state.add(hash)
	if damage != nil {
		state.damage(damaged{File: path, Hash: hash, What: damage.What})
	}
	v.counters.Files++
	v.counters.Messages += messages
	for i, p := range v.patterns {
		c := v.counters.Patterns[p.name]
		c.Matches += matches[i]
		v.counters.Patterns[p.name] = c
	}
	v.unsaved++
	due := v.unsaved >= saveFiles || v.now().Sub(v.saved) >= saveInterval
	v.mu.Unlock()
	if due {
		v.save(v.scans.last())
	}
	return true
}

// read reads one file to its end and counts what is in it, up to where it is
// damaged.
func (v *verifier) read(ctx context.Context, path, name string, raw bool) (messages float64, matches []float64, err error) {
	matches = make([]float64, len(v.patterns))
	src, err := v.fs.Open(ctx, path)
	if err != nil {
		return 0, matches, err
	}
	defer func() { _ = src.Close() }()
	limited := &limitedReader{ctx, src, v.limit}
	d := archive.GetDecoder()
	defer d.Put()
	if !raw {
		return 0, matches, d.Check(limited, name)
	}
	finders := make([]*archive.Finder, len(v.patterns))
	for i, p := range v.patterns {
		finders[i] = p.matcher.Finder()
	}
	first := true
	err = d.Blocks(limited, name, func(block []byte) error {
		messages += countRows(block)
		for i, f := range finders {
			if first {
				f.Calibrate(block)
			}
			f.Find(block, func([]byte, int) bool { matches[i]++; return true })
		}
		first = false
		return nil
	})
	return messages, matches, err
}

// note keeps what could not be read until the next pass.
func (v *verifier) note(path string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unreadable[path] = err.Error()
}

// save writes down what was found since the last time: the files and what was
// counted in them together, so that nothing is counted twice or lost.
func (v *verifier) save(snap *archive.Snapshot) {
	v.mu.Lock()
	defer v.mu.Unlock()
	values := map[string]any{countersName: v.counters}
	for _, d := range snap.Days {
		if state := v.days[d.Name]; state != nil && state.dirty {
			values[slotOf(d.Date())] = *state
		}
	}
	if v.unsaved == 0 && len(values) == 1 {
		return
	}
	if err := v.memory.save(values); err != nil {
		v.log.Warn("what was verified cannot be remembered", "err", err)
		return
	}
	for _, d := range snap.Days {
		if state := v.days[d.Name]; state != nil {
			state.dirty = false
		}
	}
	v.unsaved, v.saved = 0, v.now()
}

// findings is how far the verifier is.
type findings struct {
	counters
	corrupt, unverified int
	// damaged and unreadable name some of the files.
	damaged, unreadable []damaged
}

// found waits until what was remembered is known.
func (v *verifier) found(ctx context.Context, snap *archive.Snapshot) (findings, error) {
	select {
	case <-v.ready:
	default:
		select {
		case <-v.ready:
		case <-ctx.Done():
			return findings{}, remote.Errorf(remote.Timeout, "the next collection will know", "what was verified is not known yet")
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	f := findings{counters: v.counters}
	f.Patterns = map[string]patternsCounter{}
	for name, c := range v.counters.Patterns {
		f.Patterns[name] = c
	}
	for _, day := range slices.Backward(snap.Days) {
		state := v.days[day.Name]
		if state == nil {
			f.unverified += day.Files()
			continue
		}
		f.corrupt += state.corrupt()
		f.unverified += max(day.Files()-state.count(), 0)
		for _, d := range state.Damaged {
			if len(f.damaged) < named {
				f.damaged = append(f.damaged, d)
			}
		}
	}
	for path, what := range v.unreadable {
		f.unreadable = append(f.unreadable, damaged{File: path, What: what})
	}
	slices.SortFunc(f.unreadable, func(a, b damaged) int { return strings.Compare(a.File, b.File) })
	f.unreadable = f.unreadable[:min(len(f.unreadable), named)]
	return f, nil
}

// limitedReader reads no faster than it is allowed to.
type limitedReader struct {
	ctx   context.Context //nolint:containedctx // a reader of one file
	src   io.Reader
	limit *rate.Limiter
}

func (r *limitedReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p[:min(len(p), readChunk)])
	if n > 0 {
		if err := r.limit.WaitN(r.ctx, n); err != nil {
			return 0, err
		}
	}
	return n, err
}
