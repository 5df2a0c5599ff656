package logtail

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// pieceBytes is how much of a file is held at a time.
const pieceBytes = 256 << 10

// read delivers what is new in every file.
func (p *poll) read() {
	files := slices.DeleteFunc(slices.Clone(p.batch), func(f *file) bool {
		return f.failed || f.unchanged || f.place == nil || f.place.CopyOf != 0
	})
	p.order(files)
	for _, f := range files {
		f.pos = f.place.Offset
		budget := min(p.fileBudget(), p.left)
		before := p.left
		err := p.readFile(f, budget)
		p.settle(f)
		p.done.Behind += max(0, f.Size-f.pos)
		if err != nil {
			p.fail(f, err)
			continue
		}
		f.place.Starved = f.pos < f.Size && before-p.left < p.fileBudget()
	}
}

// order puts those first that budget was lacking for last time; for the rest,
// lines come about in the order they were written.
func (p *poll) order(files []*file) {
	rank := func(f *file) int {
		if f.place.Starved {
			return -1
		}
		return 0
	}
	fresh := func(f *file) int {
		if f.fresh {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(files, func(a, b *file) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.ModTime.Compare(b.ModTime),
			cmp.Compare(fresh(a), fresh(b)), strings.Compare(a.Path, b.Path))
	})
}

// readFile delivers the new lines of one file, as far as the budget goes and
// not beyond its size as listed.
func (p *poll) readFile(f *file, budget int64) error {
	var pending []byte // a line that is not complete yet
	for f.pos < f.Size && budget > 0 {
		want := min(pieceBytes, f.Size-f.pos, budget)
		data := f.ahead[:min(want, int64(len(f.ahead)))]
		if f.ahead = nil; len(data) == 0 {
			var err error
			if data, err = p.readAt(f, f.pos, want); err != nil {
				return err
			}
			if len(data) == 0 {
				return nil // cut off meanwhile, for the next time to see
			}
		}
		f.pos += int64(len(data))
		budget -= int64(len(data))
		p.left -= int64(len(data))
		pending = p.deliver(f, append(pending, data...))
	}
	return nil
}

// deliver takes complete lines off and returns what is left.
func (p *poll) deliver(f *file, data []byte) []byte {
	s := f.place
	rest := data
	for {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 && len(rest) <= p.maxLine() && !s.Skip {
			break
		}
		if end < 0 {
			// Too long a line, or more of one.
			if !s.Skip {
				p.done.Dropped++
			}
			s.Skip = true
			s.Offset += int64(len(rest))
			rest = nil
			break
		}
		line := bytes.TrimRight(rest[:end], "\r")
		rest = rest[end+1:]
		s.Offset += int64(end) + 1
		switch {
		case s.Skip:
			s.Skip = false
		case len(line) > p.maxLine():
			p.done.Dropped++
		case len(line) > 0:
			p.done.Lines++
			p.line(f.Path, line)
		}
	}
	f.tail = lastBytes(f.tail, data[:len(data)-len(rest)])
	return bytes.Clone(rest)
}

// lastBytes is the end of a followed by b, as much as a fingerprint takes.
func lastBytes(a, b []byte) []byte {
	if len(b) >= tailBytes {
		return bytes.Clone(b[len(b)-tailBytes:])
	}
	return slices.Concat(a[max(0, len(a)+len(b)-tailBytes):], b)
}

// settle notes in the place how far a file was read.
func (p *poll) settle(f *file) {
	s := f.place
	s.Size, s.ModTime = f.Size, f.ModTime.UnixNano()
	s.Complete = f.pos >= f.Size
	s.takeTail(f.tail)
}

// mirror sets the places in copies to where their originals are.
func (p *poll) mirror() {
	byID := map[uint64]*FileState{}
	for _, s := range p.places {
		byID[s.ID] = s
	}
	for _, f := range p.files {
		if f.place == nil || f.failed || f.place.CopyOf == 0 {
			continue
		}
		s, original := f.place, byID[f.place.CopyOf]
		if original == nil {
			continue // looked after next time
		}
		s.Offset, s.Skip, s.Tail, s.TailLen = original.Offset, original.Skip, original.Tail, original.TailLen
		s.Size, s.ModTime, s.Complete = f.Size, f.ModTime.UnixNano(), true
	}
}
