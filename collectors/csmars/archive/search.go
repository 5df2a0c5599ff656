package archive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"
)

// Search is a search of many files for the rows that match.
type Search struct {
	Run
	Matcher *Matcher
	// Max ends the search after so many rows; 0 never does.
	Max int64
	// Unordered gives rows as they are found, not in the order of the files.
	Unordered bool
	// Format appends a row to what is written. row counts from 1 and is given
	// only when Numbered is set: counting takes time. nil counts matches and
	// writes nothing.
	Format   func(dst []byte, f *File, row int64, text []byte) []byte
	Numbered bool
	// Write takes what was formatted, from one goroutine at a time.
	Write func([]byte) error
}

// errEnough ends a search that found as many rows as were wanted.
var errEnough = errors.New("enough rows were found")

// results is how much is collected before it is handed on.
const results = 64 << 10

// Do searches and says how many rows were found (those beyond Max are not
// counted). It needs memory for some rows of some files, however many match.
func (s *Search) Do(ctx context.Context) (found int64, err error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var count atomic.Int64
	out := newSequencer(ctx, s, end)
	defer out.stop()
	s.each(ctx, func(ctx context.Context, i int) {
		w := &worker{Search: s, out: out, index: i, count: &count, end: end}
		s.read(ctx, i, w.search)
		if ctx.Err() == nil {
			w.flush()
			out.done(i)
		}
	})
	err = context.Cause(ctx)
	if errors.Is(err, errEnough) {
		err = nil
	}
	if s.Format != nil {
		return out.written, err
	}
	if found = count.Load(); s.Max > 0 {
		found = min(found, s.Max)
	}
	return found, err
}

// worker searches one file.
type worker struct {
	*Search
	out   *sequencer
	index int
	count *atomic.Int64
	end   context.CancelCauseFunc
	rows  int64
	chunk chunkOfRows
	err   error
}

// chunkOfRows is rows as they are written, and where each ends.
type chunkOfRows struct {
	data []byte
	ends []int
}

func (w *worker) search(src io.Reader) error {
	d := GetDecoder()
	defer d.Put()
	finder := w.Matcher.Finder()
	first := true
	err := d.Blocks(src, w.Files[w.index].Name, func(block []byte) error {
		w.Progress.Content.Add(int64(len(block)))
		if first {
			finder.Calibrate(block)
			first = false
		}
		counted := 0
		finder.Find(block, func(row []byte, at int) bool {
			if w.Numbered {
				w.rows += int64(bytes.Count(block[counted:at], newline))
				counted = at
			}
			return w.found(row)
		})
		if w.Numbered {
			w.rows += int64(bytes.Count(block[counted:], newline))
		}
		return w.err
	})
	if w.err != nil {
		return nil // told by the sequencer
	}
	return err
}

var newline = []byte("\n")

// found takes one row in. It says whether to go on.
func (w *worker) found(row []byte) bool {
	if w.Format == nil {
		if n := w.count.Add(1); w.Max > 0 && n >= w.Max {
			w.end(errEnough)
			w.err = errEnough
			return false
		}
		return true
	}
	w.chunk.data = w.Format(w.chunk.data, &w.Files[w.index], w.rows+1, row)
	w.chunk.ends = append(w.chunk.ends, len(w.chunk.data))
	if len(w.chunk.data) >= results {
		w.flush()
	}
	return w.err == nil
}

func (w *worker) flush() {
	if len(w.chunk.ends) > 0 && w.err == nil {
		w.err = w.out.put(w.index, w.chunk)
		w.chunk = chunkOfRows{}
	}
}
