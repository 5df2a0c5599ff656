package archive

import "bytes"

// cursor finds one literal in a block. It goes from one place where something
// rare of the literal is to the next, and compares the rest there. What is rare
// depends on the data: a byte, looked for with the vector instructions behind
// bytes.IndexByte, or two bytes side by side where single ones are too frequent.
// A long literal is looked for in steps.
type cursor struct {
	literal
	at int // index in the literal of the byte, or of the first of the two
	// byPair says that the two are looked for.
	byPair       bool
	pair         pair
	small, large byte
	// grams, of a long literal, and whether it is looked for by them.
	grams   *grams
	byGrams bool
	// Where small and large are next; valid for the block being searched.
	nextSmall, nextLarge int
	// found is where the literal was found last.
	found int
}

// histogram counts the bytes of a sample.
type histogram struct {
	of     [256]int
	total  int
	sample []byte
}

func newHistogram(sample []byte) *histogram {
	h := &histogram{total: len(sample), sample: sample}
	for _, b := range sample {
		h.of[b]++
	}
	return h
}

// fallback is how often bytes are in logs, for want of a sample: blanks, vowels
// and digits are frequent, capitals are not.
var fallback = func() (h histogram) {
	for i := range h.of {
		h.of[i] = 1
	}
	for i, b := range []byte(" e0t1aio2nrs34lcud5:./-6789mphfgybvkw,TSCA") {
		h.of[b] = 60 - i
	}
	for _, n := range h.of {
		h.total += n
	}
	return h
}()

// rate is how often a byte of a literal is met, from 0 to 1.
func (h *histogram) rate(l literal, i int) float64 {
	b := l.bytes[i]
	n := h.of[b]
	if l.fold && letter(b) {
		n += h.of[b&^caseBit]
	}
	return float64(n) / float64(h.total)
}

// rateOf is how often two bytes side by side are met. Letters keep company, so
// they are counted where there is something to count.
func (h *histogram) rateOf(p pair, l literal, i int) float64 {
	if len(h.sample) == 0 {
		return h.rate(l, i) * h.rate(l, i+1)
	}
	n := 0
	for at := p.index(h.sample, 0); at < len(h.sample); at = p.index(h.sample, at+1) {
		n++
	}
	return float64(n) / float64(len(h.sample))
}

// rateOfGrams is how often the search by grams stops, per byte. Without a sample
// it hardly ever does.
func (c *cursor) rateOfGrams(h *histogram) float64 {
	if len(h.sample) == 0 {
		return 0
	}
	n := 0
	step := c.grams.step()
	for pos := c.grams.index(h.sample, len(c.bytes)); pos <= len(h.sample); pos = c.grams.index(h.sample, pos+step) {
		n++
	}
	return float64(n) / float64(len(h.sample))
}

// What searching costs, in nanoseconds, measured on one machine; only their
// relations matter.
const (
	costOfStop = 8.0  // a byte that is found in vain
	costOfByte = 0.04 // a byte passed over by bytes.IndexByte
	costOfPair = 0.2  // a byte passed over by pair.index
	costOfStep = 0.9  // a step of grams.index
)

// aim chooses what to look for, and says what it costs per byte.
func (c *cursor) aim(h *histogram) (cost float64) {
	c.at = 0
	for i := range c.bytes {
		if h.rate(c.literal, i) < h.rate(c.literal, c.at) {
			c.at = i
		}
	}
	c.small = c.bytes[c.at]
	c.large = c.small
	cost = costOfByte
	if c.fold && letter(c.small) {
		c.large = c.small &^ caseBit
		cost *= 2
	}
	cost += h.rate(c.literal, c.at) * costOfStop

	c.byPair, c.byGrams = false, false
	if len(c.bytes) >= shortestByGrams {
		if c.grams == nil {
			c.grams = newGrams(c.literal)
		}
		if other := costOfStep/float64(c.grams.step()) + c.rateOfGrams(h)*costOfStop; other < cost {
			cost = other
			c.byGrams = true
		}
		return cost
	}
	for i := range len(c.bytes) - 1 {
		p := newPair(c.bytes[i], c.bytes[i+1], c.fold)
		if other := costOfPair + h.rateOf(p, c.literal, i)*costOfStop; other < cost {
			cost = other
			c.byPair, c.at, c.pair = true, i, p
		}
	}
	return cost
}

// rewind makes the cursor ready for another block.
func (c *cursor) rewind() { c.nextSmall, c.nextLarge, c.found = -1, -1, -1 }

// next is where the literal begins at or behind from; -1 when it does not.
func (c *cursor) next(block []byte, from int) int {
	if c.byGrams {
		return c.nextByGrams(block, from)
	}
	for pos := from + c.at; ; {
		hit := c.stop(block, pos)
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

// nextByGrams is next in steps. Where four bytes are found that the literal may
// hold, every place is tried at which the literal would cover them.
func (c *cursor) nextByGrams(block []byte, from int) int {
	step := c.grams.step()
	for pos := c.grams.index(block, from+len(c.bytes)); pos <= len(block); pos = c.grams.index(block, pos+step) {
		for start := pos - len(c.bytes); start <= pos-gramLength; start++ {
			if end := start + len(c.bytes); end <= len(block) && c.same(block[start:end]) {
				return start
			}
		}
	}
	return -1
}

// stop is the next place at or behind pos where something rare is.
func (c *cursor) stop(block []byte, pos int) int {
	if c.byPair {
		if pos >= len(block) {
			return len(block)
		}
		return c.pair.index(block, pos)
	}
	if c.nextSmall < pos {
		c.nextSmall = index(block, pos, c.small)
	}
	if c.large == c.small {
		return c.nextSmall
	}
	if c.nextLarge < pos {
		c.nextLarge = index(block, pos, c.large)
	}
	return min(c.nextSmall, c.nextLarge)
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
