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

// Sizes of the buffers of a Decoder.
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
	rest  []byte
}

var decoders = sync.Pool{New: func() any {
	return &Decoder{input: bufio.NewReaderSize(nil, inputSize), block: make([]byte, blockSize)}
}}

// GetDecoder takes a Decoder from those that were put back.
func GetDecoder() *Decoder { return decoders.Get().(*Decoder) }

// Put gives a Decoder back. It keeps no reference to what it read.
func (d *Decoder) Put() {
	d.input.Reset(nil)
	if cap(d.rest) > blockSize {
		d.rest = nil
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
	w := &rowWriter{rest: d.rest[:0], f: f}
	defer func() { d.rest = w.rest }()
	if _, err = copyOut(w, content, d.block); err == nil || w.err == nil {
		// What was read before the damage counts.
		_ = w.end()
	}
	if w.err != nil {
		return w.err
	}
	return damage(err)
}

// copyOut copies from where decompression leaves it, if the reader lets one look
// there, and through a buffer where it does not.
func copyOut(w io.Writer, r io.Reader, buf []byte) (int64, error) {
	if from, ok := r.(*gzip.Reader); ok {
		return from.WriteTo(w)
	}
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, buf)
}

// rowWriter passes on what is written to it, cut at the ends of rows.
type rowWriter struct {
	rest []byte // of a row that is not whole yet
	f    func([]byte) error
	err  error // of f
}

// Write implements io.Writer.
func (w *rowWriter) Write(p []byte) (int, error) {
	n := len(p)
	if len(w.rest) > 0 {
		end := bytes.IndexByte(p, '\n') + 1
		if end == 0 {
			return n, w.keep(p)
		}
		w.rest = append(w.rest, p[:end]...)
		p = p[end:]
		if w.pass(w.rest) != nil {
			return 0, w.err
		}
		w.rest = w.rest[:0]
	}
	if end := bytes.LastIndexByte(p, '\n') + 1; end > 0 {
		if w.pass(p[:end]) != nil {
			return 0, w.err
		}
		p = p[end:]
	}
	return n, w.keep(p)
}

// keep holds a row back until it is whole. One that is longer than any message
// is taken apart.
func (w *rowWriter) keep(p []byte) error {
	w.rest = append(w.rest, p...)
	if len(w.rest) >= longestRow {
		return w.end()
	}
	return nil
}

// end passes on what is left.
func (w *rowWriter) end() error {
	if len(w.rest) > 0 && w.err == nil {
		_ = w.pass(w.rest)
		w.rest = w.rest[:0]
	}
	return w.err
}

func (w *rowWriter) pass(block []byte) error {
	if w.err == nil {
		w.err = w.f(block)
	}
	return w.err
}

// Check reads a file to its end and says what is wrong with it. Files from
// compress(1) have no checksum: there it is not much.
func (d *Decoder) Check(src io.Reader, name string) error {
	content, err := d.open(src, name)
	if err != nil {
		return err
	}
	_, err = copyOut(io.Discard, content, d.block)
	return damage(err)
}
