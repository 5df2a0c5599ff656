package logtail

import (
	"bytes"
	"slices"
	"sync"
)

// looks is how many files are looked at side by side.
const looks = 4

// recognise finds the place in every file, or makes one.
func (p *poll) recognise(sideBySide int) {
	assign := func(f *file, s *FileState) {
		f.place, f.moved, p.taken[s] = s, s.Path != f.Path, true
		p.done.Changed = p.done.Changed || f.moved
		s.Path, s.Seen = f.Path, p.now().Unix()
	}
	// What did not change costs nothing.
	for _, f := range p.batch {
		for _, s := range p.places {
			if !p.taken[s] && s.Path == f.Path && s.Complete && s.Size == f.Size && s.ModTime == f.ModTime.UnixNano() {
				assign(f, s)
				f.unchanged, f.pos = true, f.Size
				break
			}
		}
	}
	p.look(sideBySide)
	// By content, first under the same name, the newest place of that; then by
	// the name alone, where nothing was read yet; last, a file that could not be
	// looked at so far, by being long enough.
	for _, fits := range []func(f *file, s *FileState) bool{
		func(f *file, s *FileState) bool { return s.Path == f.Path && s.read() && p.is(f, s) },
		func(f *file, s *FileState) bool {
			return s.Path != f.Path && s.read() && f.Size >= s.Offset && p.is(f, s)
		},
		func(f *file, s *FileState) bool { return s.Path == f.Path && s.unseen() && f.Size >= s.Offset },
		func(f *file, s *FileState) bool {
			return s.Path == f.Path && !s.read() && !s.unseen() && p.is(f, s)
		},
		func(f *file, s *FileState) bool {
			return s.Path != f.Path && s.unseen() && f.Size >= s.Offset && !p.failedAt(s.Path)
		},
	} {
		for _, f := range p.batch {
			for _, s := range slices.Backward(p.places) {
				if f.place != nil || f.failed {
					break
				}
				if !p.taken[s] && fits(f, s) {
					assign(f, s)
				}
			}
		}
	}
	for _, f := range p.batch {
		switch {
		case f.place != nil && f.place.unseen() && !f.failed:
			p.begin(f, f.place, f.place.Offset)
		case f.place == nil:
			p.takeUp(f)
		}
		if f.place != nil && !f.unchanged && !f.failed {
			f.place.takeHead(f.head)
		}
	}
}

// look reads the beginning of every file that changed.
func (p *poll) look(sideBySide int) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, sideBySide)
	errs := make([]error, len(p.batch))
	for i, f := range p.batch {
		if f.unchanged {
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if f.Size > 0 {
				f.head, errs[i] = p.readAt(f, 0, headBytes)
			}
		})
	}
	wg.Wait()
	for i, f := range p.batch {
		if errs[i] != nil {
			p.fail(f, errs[i])
		}
	}
}

// readAhead is read behind a place while the bytes before it are verified: as
// a rule that is all there is.
const readAhead = 16 << 10

// is says whether a file is the one that a place is in.
func (p *poll) is(f *file, s *FileState) bool {
	if int64(len(f.head)) < s.HeadLen || s.HeadLen > 0 && fingerprint(f.head[:s.HeadLen]) != s.Head {
		return false
	}
	if s.CopyOf != 0 && s.Path == f.Path {
		return true // to be compared with the original
	}
	return f.Size >= s.Offset && p.verify(f, s)
}

// verify compares what stands before a place with what stood there.
func (p *poll) verify(f *file, s *FileState) bool {
	from := s.Offset - s.TailLen
	want := s.TailLen + min(f.Size-s.Offset, readAhead)
	if want == 0 {
		return true
	}
	data, err := p.readAt(f, from, want)
	switch {
	case err != nil:
		p.fail(f, err)
		return false
	case int64(len(data)) < s.TailLen, s.TailLen > 0 && fingerprint(data[:s.TailLen]) != s.Tail:
		return false
	}
	f.tail, f.ahead = data[:s.TailLen], data[s.TailLen:]
	return true
}

// takeUp makes a place in a file that has none. Before the first collection is
// over, or where files were left out, a file is not new and taken up at its end.
func (p *poll) takeUp(f *file) {
	old := !p.started || p.overflowed
	if f.gone || f.failed && (!old || f.known) {
		return // it is what it is when it can be read
	}
	p.lastID++
	p.done.Changed = true
	f.place = &FileState{ID: p.lastID, Path: f.Path, Seen: p.now().Unix()}
	p.places = append(p.places, f.place)
	p.taken[f.place] = true
	f.fresh = true
	switch {
	case f.failed:
		f.place.Offset = f.Size
	case old:
		p.begin(f, f.place, f.Size)
	}
}

// begin sets a place to a position that may be in the middle of a line: a line
// that is not complete by then is yet to come.
func (p *poll) begin(f *file, s *FileState, at int64) {
	from := max(0, at-headBytes)
	data := f.head
	if from > 0 || int64(len(data)) < at {
		var err error
		if data, err = p.readAt(f, from, at-from); err != nil {
			p.fail(f, err)
			s.Offset = at
			return
		}
	}
	data = data[:min(int64(len(data)), at-from)]
	end := int64(bytes.LastIndexByte(data, '\n') + 1)
	s.Offset, s.Skip = from+end, false
	if end == 0 && from > 0 {
		// It began too long ago.
		s.Offset, s.Skip, end = from+int64(len(data)), true, int64(len(data))
	}
	f.tail = bytes.Clone(data[max(0, end-tailBytes):end])
	f.ahead = nil
	s.takeTail(f.tail)
}

// copies finds files that are copies of others, or other names of them, so
// that no line is delivered twice. A log is commonly rotated by copying and
// then emptying it, and a collection may come in between.
func (p *poll) copies() {
	byID := map[uint64]*file{}
	for _, f := range p.files {
		if f.place != nil && !f.failed {
			byID[f.place.ID] = f
		}
	}
	for _, f := range p.batch {
		if f.place == nil || f.failed {
			continue
		}
		s := f.place
		switch original := byID[s.CopyOf]; {
		case s.CopyOf == 0:
			if f.fresh {
				p.findOriginal(f)
			}
		case original != nil && f.unchanged:
		case original != nil:
			if !p.same(f, original) && !f.failed {
				p.detach(f, false)
			}
		case !p.anyFailed():
			p.detach(f, true)
		}
	}
}

func (p *poll) anyFailed() bool {
	return slices.ContainsFunc(p.files, func(f *file) bool { return f.failed })
}

// failedAt says that the file of that name is there and cannot be read.
func (p *poll) failedAt(path string) bool {
	return slices.ContainsFunc(p.files, func(f *file) bool { return f.Path == path && f.failed })
}

func (p *poll) findOriginal(f *file) {
	if len(f.head) < startBytes {
		return
	}
	start := fingerprint(f.head[:startBytes])
	for _, o := range p.files {
		// A file that was renamed just now has a successor, not a copy.
		if o == f || o.place == nil || o.failed || o.moved || o.place.CopyOf != 0 || o.place.Start != start || o.fresh && o.Path > f.Path {
			continue
		}
		if p.same(f, o) {
			f.place.CopyOf = o.place.ID
			return
		}
		if f.failed {
			// Not known yet whether it is: to be looked at again.
			p.places = slices.DeleteFunc(p.places, func(s *FileState) bool { return s == f.place })
			f.place = nil
			return
		}
	}
}

// same says whether two files have the same content as far as both go, by the
// beginning and the end of that.
func (p *poll) same(f, original *file) bool {
	n := min(f.Size, original.Size)
	if n < startBytes {
		return false
	}
	from := max(0, n-headBytes)
	var parts [2][]byte
	for i, o := range []*file{f, original} {
		var err error
		if parts[i], err = p.readAt(o, from, n-from); err != nil {
			p.fail(f, err)
			return false
		}
	}
	if int64(len(parts[0])) < n-from || !bytes.Equal(parts[0], parts[1]) {
		return false
	}
	f.place.Safe = from + int64(bytes.LastIndexByte(parts[0], '\n')+1)
	return true
}

// detach makes a log of its own of what was a copy so far.
func (p *poll) detach(f *file, lost bool) {
	s := f.place
	if !lost || f.Size < s.Offset || !p.verify(f, s) {
		if f.failed {
			return
		}
		s.Offset, s.Skip = s.Safe, false
		s.noTail()
		f.tail, f.ahead = nil, nil
	}
	// Otherwise it goes on where the original was.
	s.CopyOf, f.unchanged = 0, false
	p.done.Changed = true
}
