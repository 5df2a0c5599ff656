package archive

import (
	"encoding/binary"
	"math/bits"
)

// pair is two bytes side by side, each of which may be a letter of either case.
type pair struct {
	first, second byte
	// The masks make one case of two: the bit that tells them apart, in every
	// byte of a word, or nothing.
	firstMask, secondMask uint64
}

const (
	everyByte = 0x0101010101010101
	topBits   = 0x8080808080808080
	caseBit   = 0x20
)

func newPair(first, second byte, fold bool) pair {
	p := pair{first: first, second: second}
	if fold && letter(first) {
		p.firstMask = everyByte * caseBit
	}
	if fold && letter(second) {
		p.secondMask = everyByte * caseBit
	}
	return p
}

// index is where the pair may be next at or behind from, the length of the block
// when it is not there. It looks at eight bytes at a time. A few places that are
// not the pair come with it ('@' is to '`' what 'A' is to 'a').
func (p *pair) index(block []byte, from int) int {
	first, second := everyByte*uint64(p.first), everyByte*uint64(p.second)
	firstMask, secondMask := p.firstMask, p.secondMask
	i := from
	for ; i+17 <= len(block); i += 16 {
		words := block[i : i+17 : i+17]
		// A byte of z is zero where both bytes are as wanted.
		z := (binary.LittleEndian.Uint64(words) | firstMask) ^ first | (binary.LittleEndian.Uint64(words[1:]) | secondMask) ^ second
		if hits := (z - everyByte) &^ z & topBits; hits != 0 {
			return i + bits.TrailingZeros64(hits)/8
		}
		z = (binary.LittleEndian.Uint64(words[8:]) | firstMask) ^ first | (binary.LittleEndian.Uint64(words[9:]) | secondMask) ^ second
		if hits := (z - everyByte) &^ z & topBits; hits != 0 {
			return i + 8 + bits.TrailingZeros64(hits)/8
		}
	}
	for ; i+1 < len(block); i++ {
		if block[i]|byte(firstMask) == p.first && block[i+1]|byte(secondMask) == p.second {
			return i
		}
	}
	return len(block)
}
