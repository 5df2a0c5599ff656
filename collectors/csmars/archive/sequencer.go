package archive

import (
	"context"
	"sync"
)

// held is how much the files behind the one that is being written may have
// waiting. Beyond it their searches wait.
const held = 8 << 20

// sequencer writes the rows of many files in the order of the files, while they
// are searched side by side. Files are begun in order, so the one whose turn it
// is always goes on, and nothing waits for ever.
type sequencer struct {
	ctx     context.Context //nolint:containedctx // it is the search's
	search  *Search
	end     context.CancelCauseFunc
	release func() bool

	mu      sync.Mutex
	changed *sync.Cond
	turn    int
	waiting map[int][]chunkOfRows
	over    map[int]bool
	size    int
	written int64
}

func newSequencer(ctx context.Context, s *Search, end context.CancelCauseFunc) *sequencer {
	q := &sequencer{ctx: ctx, search: s, end: end, waiting: map[int][]chunkOfRows{}, over: map[int]bool{}}
	q.changed = sync.NewCond(&q.mu)
	q.release = context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.changed.Broadcast()
	})
	return q
}

func (q *sequencer) stop() { q.release() }

// put takes rows of one file: it writes them when it is the file's turn, keeps
// them when there is room, and waits otherwise.
func (q *sequencer) put(file int, c chunkOfRows) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case q.ctx.Err() != nil:
			return context.Cause(q.ctx)
		case q.search.Unordered || file == q.turn:
			return q.write(c)
		case q.size+len(c.data) <= held:
			q.size += len(c.data)
			q.waiting[file] = append(q.waiting[file], c)
			return nil
		}
		q.changed.Wait()
	}
}

// done ends a file. The next in line is written as far as it is searched.
func (q *sequencer) done(file int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over[file] = true
	for q.over[q.turn] && q.ctx.Err() == nil {
		delete(q.over, q.turn)
		q.turn++
		for _, c := range q.waiting[q.turn] {
			q.size -= len(c.data)
			if q.write(c) != nil {
				break
			}
		}
		delete(q.waiting, q.turn)
	}
	q.changed.Broadcast()
}

// write writes a chunk, as far as rows are still wanted.
func (q *sequencer) write(c chunkOfRows) error {
	rows := int64(len(c.ends))
	enough := false
	if left := q.search.Max - q.written; q.search.Max > 0 && rows >= left {
		rows, enough = left, true
	}
	if rows > 0 {
		if err := q.search.Write(c.data[:c.ends[rows-1]]); err != nil {
			q.end(err)
			return err
		}
		q.written += rows
	}
	if enough {
		q.end(errEnough)
		return errEnough
	}
	return nil
}
