// Package capture collects what a command prints without ever holding more of
// it than was agreed. Every transport shares it, so that a cap means the same
// whether the answer came over the network, from this host or from a file.
package capture

import (
	"bytes"
	"errors"
)

// ErrTooLarge is returned by Write when an answer exceeds its cap. The copy loop
// that fed the buffer stops with it.
var ErrTooLarge = errors.New("the answer exceeds its cap")

// mode is what happens to the bytes beyond the limit.
type mode int

const (
	refuse mode = iota // Write fails
	head               // they are dropped
	tail               // they push out the oldest bytes
)

// Buffer is a bounded io.Writer. It is for one writer at a time.
type Buffer struct {
	limit int
	mode  mode
	buf   []byte
	// next is where a full tail buffer is overwritten next, thus also where its
	// oldest byte is.
	next int
	cut  bool
	// before is the byte in front of the kept ones, to tell whether the kept
	// part starts a line.
	before byte
}

// NewRefusing makes a buffer that fails with ErrTooLarge beyond limit bytes.
func NewRefusing(limit int64) *Buffer { return &Buffer{limit: int(limit), mode: refuse} }

// NewHead makes a buffer that keeps the first limit bytes and drops the rest.
func NewHead(limit int64) *Buffer { return &Buffer{limit: int(limit), mode: head} }

// NewTail makes a buffer that keeps the last limit bytes, from a line boundary.
func NewTail(limit int64) *Buffer { return &Buffer{limit: int(limit), mode: tail} }

// New makes the buffer for standard output: NewTail or NewRefusing.
func New(limit int64, keepTail bool) *Buffer {
	if keepTail {
		return NewTail(limit)
	}
	return NewRefusing(limit)
}

// Write takes p in, as far as the cap allows.
func (b *Buffer) Write(p []byte) (int, error) {
	room := b.limit - len(b.buf)
	if len(p) <= room {
		b.buf = append(b.buf, p...)
		return len(p), nil
	}
	switch b.mode {
	case head:
		b.buf = append(b.buf, p[:room]...)
		b.cut = true
	case tail:
		b.push(p, room)
	default:
		b.buf = append(b.buf, p[:room]...)
		b.cut = true
		return room, ErrTooLarge
	}
	return len(p), nil
}

// push fills the room that is left and then overwrites the oldest bytes.
func (b *Buffer) push(p []byte, room int) {
	b.cut = true
	b.buf = append(b.buf, p[:room]...)
	p = p[room:]
	if len(p) >= b.limit {
		// Nothing of what is held survives.
		if len(p) > b.limit {
			b.before = p[len(p)-b.limit-1]
		} else {
			b.before = b.newest()
		}
		copy(b.buf, p[len(p)-b.limit:])
		b.next = 0
		return
	}
	b.before = b.buf[(b.next+len(p)-1)%b.limit]
	n := copy(b.buf[b.next:], p)
	copy(b.buf, p[n:])
	b.next = (b.next + len(p)) % b.limit
}

func (b *Buffer) newest() byte { return b.buf[(b.next+b.limit-1)%b.limit] }

// Cut says whether anything was dropped.
func (b *Buffer) Cut() bool { return b.cut }

// Len is how many bytes are held.
func (b *Buffer) Len() int { return len(b.buf) }

// Bytes is what was kept. A tail that lost its beginning starts with the first
// whole line; a part of a line is never shown as if it were one.
func (b *Buffer) Bytes() []byte {
	if b.mode != tail || !b.cut {
		return b.buf
	}
	out := make([]byte, 0, len(b.buf))
	out = append(append(out, b.buf[b.next:]...), b.buf[:b.next]...)
	if b.before == '\n' {
		return out
	}
	_, whole, _ := bytes.Cut(out, []byte("\n"))
	return whole
}
