package archive

import "encoding/binary"

// grams finds a literal by four bytes of it. Wherever the literal stands, it
// covers the last four bytes of any stretch of its length that it begins in. So it
// is enough to look at four bytes, and when the literal holds no such four, to go
// on as far as the literal is long. That touches one byte in several.
type grams struct {
	of   []byte
	fold uint32
	// holds tells, by a hash of four bytes, whether the literal may hold them.
	holds [1 << gramBits]bool
}

const (
	gramLength = 4
	gramBits   = 12
	// shortestByGrams is the length from which a step pays.
	shortestByGrams = 8
)

// newGrams makes grams of a literal of at least shortestByGrams bytes.
func newGrams(l literal) *grams {
	g := &grams{of: l.bytes}
	if l.fold {
		// Bytes that are no letters are folded too: more may then look like the
		// literal, nothing that is the literal gets lost.
		g.fold = everyByte & 0xffffffff * caseBit
	}
	for i := range len(g.of) - gramLength + 1 {
		g.holds[g.hash(g.of[i:])] = true
	}
	return g
}

// hash multiplies by the golden ratio, which spreads letters well.
func (g *grams) hash(b []byte) uint32 {
	return (binary.LittleEndian.Uint32(b) | g.fold) * 0x9e3779b1 >> (32 - gramBits)
}

// step is how far the search goes on where the literal is not.
func (g *grams) step() int { return len(g.of) - gramLength + 1 }

// index is the end of the next four bytes, at or behind those that end at pos,
// that the literal may hold; beyond the block when there are none.
func (g *grams) index(block []byte, pos int) int {
	step := g.step()
	for ; pos <= len(block); pos += step {
		if g.holds[g.hash(block[pos-gramLength:pos:pos])] {
			return pos
		}
	}
	return pos
}
