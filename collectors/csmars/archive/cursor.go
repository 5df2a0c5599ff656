package archive

import "bytes"

// cursor finds one literal in a block. It looks for the byte of the literal
// that is rarest in the data, with the vector instructions behind
// bytes.IndexByte, and compares the rest where that byte is.
type cursor struct {
	literal
	at           int // index of the rarest byte
	small, large byte
	// Where small and large are next; valid for the block being searched.
	nextSmall, nextLarge int
	// found is where the literal was found last.
	found int
}

// histogram counts the bytes of a sample.
type histogram [256]int

// fallback is how often bytes are in logs, for want of a sample: blanks, vowels
// and digits are frequent, capitals are not.
var fallback = func() (h histogram) {
	for i := range h {
		h[i] = 1
	}
	for i, b := range []byte(" e0t1aio2nrs34lcud5:./-6789mphfgybvkw,TSCA") {
		h[b] = 60 - i
	}
	return h
}()

func (h *histogram) of(l literal, i int) int {
	b := l.bytes[i]
	if l.fold && letter(b) {
		return h[b] + h[b&^0x20]
	}
	return h[b]
}

// aim chooses the byte to look for.
func (c *cursor) aim(h *histogram) {
	c.at = 0
	for i := range c.bytes {
		if h.of(c.literal, i) < h.of(c.literal, c.at) {
			c.at = i
		}
	}
	c.small = c.bytes[c.at]
	c.large = c.small
	if c.fold && letter(c.small) {
		c.large = c.small &^ 0x20
	}
}

// rewind makes the cursor ready for another block.
func (c *cursor) rewind() { c.nextSmall, c.nextLarge, c.found = -1, -1, -1 }

// next is where the literal begins at or behind from; -1 when it does not.
func (c *cursor) next(block []byte, from int) int {
	pos := from + c.at
	for {
		if c.nextSmall < pos {
			c.nextSmall = index(block, pos, c.small)
		}
		hit := c.nextSmall
		if c.large != c.small {
			if c.nextLarge < pos {
				c.nextLarge = index(block, pos, c.large)
			}
			hit = min(hit, c.nextLarge)
		}
		if hit >= len(block) {
			return -1
		}
		start := hit - c.at
		if end := start + len(c.bytes); end <= len(block) && c.same(block[start:end]) {
			return start
		}
		pos = hit + 1
	}
}

// nextKept is next for a search with several cursors: what one found ahead of
// the others is kept. It is the length of the block when there is nothing.
func (c *cursor) nextKept(block []byte, from int) int {
	if c.found < from {
		if c.found = c.next(block, from); c.found < 0 {
			c.found = len(block)
		}
	}
	return c.found
}

func index(block []byte, from int, b byte) int {
	if from >= len(block) {
		return len(block)
	}
	if i := bytes.IndexByte(block[from:], b); i >= 0 {
		return from + i
	}
	return len(block)
}

func (c *cursor) same(b []byte) bool {
	if !c.fold {
		return bytes.Equal(b, c.bytes)
	}
	want := c.bytes
	if len(b) != len(want) {
		return false
	}
	for i, x := range b {
		if lower[x] != want[i] {
			return false
		}
	}
	return true
}
