package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// Damage is what is wrong with the content of a file, as opposed to a failure
// to read it.
type Damage struct{ What string }

// Error is one phrase.
func (d *Damage) Error() string { return d.What }

// errTruncated is a file that ends too early.
var errTruncated = &Damage{"truncated: the compressed data ends too early"}

// Sizes of the buffers of a Decoder. Blocks fit the second cache of a core, so
// that what was decompressed is searched before it is gone from there.
const (
	inputSize = 256 << 10
	blockSize = 128 << 10
	// longestRow bounds a row; what is longer is taken apart.
	longestRow = 1 << 20
)

// Decoder reads the content of archive files, one after the other. Its buffers
// are reused.
type Decoder struct {
	input *bufio.Reader
	gzip  gzip.Reader
	lzw   *uncompress // rare, made when it is needed
	block []byte
}

var decoders = sync.Pool{New: func() any {
	return &Decoder{input: bufio.NewReaderSize(nil, inputSize), block: make([]byte, blockSize)}
}}

// GetDecoder takes a Decoder from those that were put back.
func GetDecoder() *Decoder { return decoders.Get().(*Decoder) }

// Put gives a Decoder back. It keeps no reference to what it read.
func (d *Decoder) Put() {
	d.input.Reset(nil)
	if len(d.block) > 2*blockSize {
		d.block = make([]byte, blockSize)
	}
	decoders.Put(d)
}

var (
	gzipMagic     = []byte{0x1f, 0x8b}
	compressMagic = []byte{0x1f, 0x9d}
)

// open says how a file is compressed and gives its content. The first bytes
// decide; the name says what they should be.
func (d *Decoder) open(src io.Reader, name string) (io.Reader, error) {
	d.input.Reset(src)
	magic, err := d.input.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	suffix := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	switch {
	case bytes.Equal(magic, gzipMagic):
		if err := d.gzip.Reset(d.input); err != nil {
			return nil, damage(err)
		}
		return &d.gzip, nil
	case bytes.Equal(magic, compressMagic):
		_, _ = d.input.Discard(len(compressMagic))
		if d.lzw == nil {
			d.lzw = new(uncompress)
		}
		return d.lzw, d.lzw.reset(d.input)
	case suffix != "gz" && suffix != "z":
		return d.input, nil
	case len(magic) < 2:
		return nil, errTruncated
	default:
		return nil, &Damage{"does not begin like a compressed file"}
	}
}

// damage tells what is wrong with the content from what went wrong in reading.
func damage(err error) error {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errTruncated
	case errors.Is(err, gzip.ErrChecksum):
		return &Damage{"corrupt: the checksum or the length is wrong"}
	case errors.Is(err, gzip.ErrHeader):
		return &Damage{"corrupt: something that is not compressed data follows, or a header is damaged"}
	}
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) {
		return &Damage{fmt.Sprintf("corrupt: the compressed data is damaged before byte %d", int64(corrupt))}
	}
	return err
}

// Blocks reads a file to its end and hands out its content in blocks of whole
// rows. A block is valid during the call only. The last row may lack its end.
// An error of f ends it.
func (d *Decoder) Blocks(src io.Reader, name string, f func(block []byte) error) error {
	content, err := d.open(src, name)
	if err != nil {
		return err
	}
	held := 0
	for {
		n, err := content.Read(d.block[held:])
		held += n
		if err == nil && held < len(d.block) {
			continue
		}
		rows := d.block[:held]
		if err == nil {
			end := bytes.LastIndexByte(rows, '\n') + 1
			if end == 0 && len(d.block) < longestRow {
				d.block = append(d.block, make([]byte, len(d.block))...)
				continue
			}
			if end > 0 {
				rows = rows[:end]
			}
		}
		if len(rows) > 0 {
			if err := f(rows); err != nil {
				return err
			}
		}
		held = copy(d.block, d.block[len(rows):held])
		if err != nil {
			return damage(err)
		}
	}
}

// Check reads a file to its end and says what is wrong with it. Files from
// compress(1) have no checksum: there it is not much.
func (d *Decoder) Check(src io.Reader, name string) error {
	content, err := d.open(src, name)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, content)
	return damage(err)
}
