package logtail

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// State is where a Follower is in every file, to be kept across a restart.
type State struct {
	// Started says that the first collection is over: files that appear later
	// are new.
	Started bool `json:"started"`
	// Overflowed says that more files matched than are followed, so that an
	// unknown one is not necessarily new.
	Overflowed bool        `json:"overflowed,omitempty"`
	Files      []FileState `json:"files,omitempty"`
}

// FileState is the place in one file. The file is known by its content, not by
// its name: the beginning of it, and what stands right before the place.
type FileState struct {
	ID   uint64 `json:"id"`
	Path string `json:"path"`
	// Size and ModTime are as last listed. Complete says that all of it was
	// read: as long as both stay the same, there is nothing to read.
	Size     int64 `json:"size"`
	ModTime  int64 `json:"mod_time"`
	Complete bool  `json:"complete,omitempty"`

	// Start and Head are the fingerprints of the first startBytes and of the
	// first HeadLen bytes, Tail that of the TailLen bytes before Offset.
	Start   string `json:"start,omitempty"`
	Head    string `json:"head,omitempty"`
	HeadLen int64  `json:"head_len,omitempty"`
	Tail    string `json:"tail,omitempty"`
	TailLen int64  `json:"tail_len,omitempty"`

	// Offset is the start of the first line that was not delivered. Skip says
	// that the rest of the line there is not wanted.
	Offset int64 `json:"offset"`
	Skip   bool  `json:"skip,omitempty"`
	// Starved says that no budget was left for the file last time.
	Starved bool `json:"starved,omitempty"`

	// CopyOf is the file that this one is a copy of. Its lines are not
	// delivered a second time, but where the original is lost, the copy goes on
	// in its place. Safe is the last line start up to which the two are equal.
	CopyOf uint64 `json:"copy_of,omitempty"`
	Safe   int64  `json:"safe,omitempty"`

	// Seen is when the file was last there, in Unix seconds.
	Seen int64 `json:"seen"`
}

const (
	// headBytes of a file tell it from others, together with tailBytes before
	// the place in it.
	headBytes, tailBytes = 1 << 10, 256
	// startBytes is the least that two files must have in common before one is
	// looked at as a copy of the other.
	startBytes = 64
	// forgetAfter is how long a file that is gone is remembered.
	forgetAfter = 7 * 24 * time.Hour
)

func fingerprint(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

// unseen says that the file was there when following began and could not be
// looked at then, so that there is a place but no fingerprint.
func (s *FileState) unseen() bool { return s.HeadLen == 0 && s.Offset > 0 }

// read says that a part of the file is behind us, by which it is recognised.
func (s *FileState) read() bool { return s.HeadLen > 0 && s.Offset > 0 }

// takeHead takes the fingerprint of as much as there is by now.
func (s *FileState) takeHead(head []byte) {
	if int64(len(head)) <= s.HeadLen {
		return
	}
	s.Head, s.HeadLen = fingerprint(head), int64(len(head))
	if len(head) >= startBytes {
		s.Start = fingerprint(head[:startBytes])
	}
}

func (s *FileState) takeTail(tail []byte) {
	tail = tail[max(0, len(tail)-tailBytes):]
	s.Tail, s.TailLen = fingerprint(tail), int64(len(tail))
}

func (s *FileState) noTail() { s.Tail, s.TailLen = "", 0 }

// sane says whether a place could be one.
func (s *FileState) sane() bool {
	return s.Path != "" && s.ID > 0 && s.Offset >= 0 && s.Safe >= 0 &&
		s.HeadLen >= 0 && s.HeadLen <= headBytes && s.TailLen >= 0 && s.TailLen <= min(tailBytes, s.Offset)
}

// State is the place in every file now. It shares nothing with the Follower.
func (f *Follower) State() State {
	s := State{Started: f.started, Overflowed: f.overflowed, Files: make([]FileState, 0, len(f.places))}
	for _, p := range f.places {
		s.Files = append(s.Files, *p)
	}
	return s
}

// Restore goes on where a State was taken. It is for a Follower that has not
// polled yet.
func (f *Follower) Restore(s State) {
	f.started, f.overflowed, f.places, f.lastID = s.Started, s.Overflowed, nil, 0
	for i := range s.Files {
		if p := s.Files[i]; p.sane() {
			f.places = append(f.places, &p)
			f.lastID = max(f.lastID, p.ID)
		}
	}
	f.bound()
}

// bound forgets what was last seen longest ago, where there is too much.
func (f *Follower) bound() {
	if limit := 4 * f.maxFiles(); len(f.places) > limit {
		slices.SortStableFunc(f.places, func(a, b *FileState) int { return cmp.Compare(b.Seen, a.Seen) })
		f.places = f.places[:limit]
		slices.SortFunc(f.places, func(a, b *FileState) int { return cmp.Compare(a.ID, b.ID) })
	}
}
