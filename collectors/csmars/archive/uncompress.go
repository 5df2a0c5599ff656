package archive

import (
	"bufio"
	"errors"
	"io"
)

// uncompress reads what compress(1) writes: LZW with codes of 9 to 16 bits,
// smallest bits first. Package compress/lzw reads another dialect. Codes come
// in groups of eight, and what is left of a group is skipped when their size
// changes. There is no checksum and no length: damage shows only where a code
// is impossible.
type uncompress struct {
	src   *bufio.Reader
	block bool // code 256 clears the table
	max   uint // bits of the longest code

	bits       uint
	free, last int // the next free code; the largest one of this size
	clear      bool
	old        int // the code before; -1 at the beginning
	first      byte

	group        [16]byte
	offset, size int // in bits, of the group

	prefix [1 << 16]uint16
	suffix [1 << 16]byte
	// text is the text of one code, from its end to its beginning, and then what
	// was not read of it.
	text []byte
	err  error
}

const (
	firstBits = 9
	clearCode = 256
)

var errLZW = &Damage{"corrupt: the compressed data holds an impossible code"}

// reset begins a file behind its first two bytes.
func (u *uncompress) reset(src *bufio.Reader) error {
	header, err := src.ReadByte()
	if err != nil {
		return errTruncated
	}
	u.src, u.block, u.max = src, header&0x80 != 0, uint(header&0x1f)
	if u.max < firstBits || u.max > 16 {
		return errLZW
	}
	u.bits, u.last, u.free = firstBits, 1<<firstBits-1, clearCode
	if u.block {
		u.free++
	}
	u.clear, u.old, u.offset, u.size, u.err = false, -1, 0, 0, nil
	u.text = u.text[:0]
	for i := range 256 {
		u.suffix[i] = byte(i)
	}
	return nil
}

// Read implements io.Reader.
func (u *uncompress) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(u.text) == 0 {
			if u.err == nil {
				u.err = u.next()
			}
			if u.err != nil {
				break
			}
		}
		for len(u.text) > 0 && n < len(p) {
			p[n] = u.text[len(u.text)-1]
			u.text = u.text[:len(u.text)-1]
			n++
		}
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, u.err
}

// next takes one code in and leaves its text.
func (u *uncompress) next() error {
	code, err := u.code()
	if err != nil {
		return err
	}
	if u.old < 0 {
		if code >= clearCode {
			return errLZW
		}
		u.old, u.first = code, byte(code)
		u.text = append(u.text, u.first)
		return nil
	}
	if code == clearCode && u.block {
		u.clear, u.free = true, clearCode
		return nil
	}
	in := code
	if code >= u.free {
		if code > u.free {
			return errLZW
		}
		u.text = append(u.text, u.first)
		code = u.old
	}
	for code >= clearCode {
		u.text = append(u.text, u.suffix[code])
		code = int(u.prefix[code])
	}
	u.first = u.suffix[code]
	u.text = append(u.text, u.first)
	if u.free < 1<<u.max {
		u.prefix[u.free], u.suffix[u.free] = uint16(u.old), u.first //nolint:gosec // codes have 16 bits
		u.free++
	}
	u.old = in
	return nil
}

// code reads one code.
func (u *uncompress) code() (int, error) {
	if u.clear || u.offset >= u.size || u.free > u.last {
		if u.free > u.last {
			u.bits++
			u.last = 1<<u.bits - 1
			if u.bits == u.max {
				u.last = 1 << u.max // never passed
			}
		}
		if u.clear {
			u.bits, u.last, u.clear = firstBits, 1<<firstBits-1, false
		}
		n, err := io.ReadFull(u.src, u.group[:u.bits])
		if n == 0 {
			return 0, err
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, err
		}
		u.offset, u.size = 0, n*8-int(u.bits)+1
		if u.size <= 0 {
			return 0, io.EOF
		}
	}
	at := u.offset / 8
	var window uint32
	for i := range 3 {
		if at+i < len(u.group) {
			window |= uint32(u.group[at+i]) << (8 * i)
		}
	}
	code := int(window>>(u.offset%8)) & (1<<u.bits - 1)
	u.offset += int(u.bits)
	return code, nil
}
