package archive

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// A long literal is found wherever it is, at every distance from the beginning and
// the end, alone and overlapping itself. Few letters make many that nearly are it.
func TestGramsMissNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []byte("abAB@`1Q\n")
	text := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		return b
	}
	found := 0
	for range 20000 {
		l := literal{bytes: text(shortestByGrams + random.IntN(12)), fold: random.IntN(2) == 0}
		if l.fold {
			for i, b := range l.bytes {
				l.bytes[i] = lower[b]
			}
		}
		block := text(random.IntN(120))
		for range random.IntN(4) {
			if at := random.IntN(len(block) + 1); at+len(l.bytes) <= len(block) {
				copy(block[at:], l.bytes)
			}
		}
		c := cursor{literal: l, byGrams: true, grams: newGrams(l)}
		where := block
		if l.fold {
			where = bytes.Map(func(r rune) rune { return rune(lower[byte(r)]) }, block)
		}
		for from := 0; from <= len(block); from++ {
			want := bytes.Index(where[from:], l.bytes)
			if want >= 0 {
				want += from
				found++
			}
			if got := c.next(block, from); got != want {
				t.Fatalf("%q (fold %v) in %q from %d: at %d, want %d", l.bytes, l.fold, block, from, got, want)
			}
		}
	}
	if found == 0 {
		t.Error("nothing was there to be found")
	}
}
