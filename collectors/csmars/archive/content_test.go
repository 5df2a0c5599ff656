package archive

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func zip(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func contentOf(t *testing.T, name string, data []byte) (string, error) {
	t.Helper()
	d := GetDecoder()
	defer d.Put()
	var b strings.Builder
	err := d.Blocks(bytes.NewReader(data), name, func(block []byte) error { b.Write(block); return nil })
	check := d.Check(bytes.NewReader(data), name)
	if (err == nil) != (check == nil) {
		t.Errorf("%s: read with %v, checked with %v", name, err, check)
	}
	return b.String(), err
}

func TestDamage(t *testing.T) {
	text := strings.Repeat("a row with some text \xbb in it\n", 5000)
	good := zip(t, text)
	changed := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(good)) }
	for what, c := range map[string]struct {
		name string
		data []byte
		says string
	}{
		"good":               {"rm-1.gz", good, ""},
		"upper case":         {"RM-1.GZ", good, ""},
		"without suffix":     {"rm-1", good, ""},
		"plain":              {"rm-1", []byte(text), ""},
		"plain and empty":    {"rm-1", nil, ""},
		"two members":        {"rm-1.gz", append(bytes.Clone(good), good...), ""},
		"gzip named Z":       {"rm-1.Z", good, ""},
		"truncated":          {"rm-1.gz", good[:len(good)/2], "truncated"},
		"truncated header":   {"rm-1.gz", good[:5], "truncated"},
		"truncated trailer":  {"rm-1.gz", good[:len(good)-3], "truncated"},
		"empty":              {"rm-1.gz", nil, "truncated"},
		"one byte":           {"rm-1.gz", good[:1], "truncated"},
		"checksum":           {"rm-1.gz", changed(func(b []byte) []byte { b[len(b)-8] ^= 1; return b }), "checksum"},
		"length":             {"rm-1.gz", changed(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), "checksum"},
		"content":            {"rm-1.gz", changed(func(b []byte) []byte { b[len(b)/2] ^= 0xff; return b }), ": the c"},
		"garbage":            {"rm-1.gz", []byte("this is no gzip"), "does not begin"},
		"garbage named Z":    {"rm-1.Z", []byte("this is no compress"), "does not begin"},
		"followed by more":   {"rm-1.gz", append(bytes.Clone(good), "something more than a header"...), "corrupt"},
		"compress, no bits":  {"rm-1.Z", []byte{0x1f, 0x9d}, "truncated"},
		"compress, bad bits": {"rm-1.Z", []byte{0x1f, 0x9d, 0x9f}, "impossible"},
		"compress, bad code": {"rm-1.Z", []byte{0x1f, 0x9d, 0x90, 0xff, 0xff, 0xff}, "impossible"},
	} {
		_, err := contentOf(t, c.name, c.data)
		var damage *Damage
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", what, err)
		case c.says != "" && (!errors.As(err, &damage) || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want damage %q", what, err, c.says)
		}
	}
}

// A read that fails is no damage: the file may be whole.
func TestReadFailureIsNoDamage(t *testing.T) {
	broken := errors.New("input/output error")
	d := GetDecoder()
	defer d.Put()
	for _, data := range [][]byte{nil, zip(t, strings.Repeat("row\n", 1000))[:20]} {
		err := d.Check(io.MultiReader(bytes.NewReader(data), iotest.ErrReader(broken)), "rm-1.gz")
		var damage *Damage
		if !errors.Is(err, broken) || errors.As(err, &damage) {
			t.Errorf("%v", err)
		}
	}
}

// Blocks are whole rows, whatever the sizes; only a row that is longer than any
// message is taken apart.
func TestBlocksAreWholeRows(t *testing.T) {
	for _, row := range []int{0, 1, 100, blockSize - 1, blockSize, blockSize + 1, 3 * blockSize, longestRow - 1} {
		text := strings.Repeat(strings.Repeat("x", row)+"\n", max(2, 3*blockSize/(row+1))) + "last"
		d := GetDecoder()
		var b strings.Builder
		err := d.Blocks(iotest.HalfReader(strings.NewReader(text)), "rm-1", func(block []byte) error {
			b.Write(block)
			if end := block[len(block)-1]; end != '\n' && b.Len() < len(text) {
				t.Fatalf("rows of %d: a block ends within one", row)
			}
			return nil
		})
		if err != nil || b.String() != text {
			t.Errorf("rows of %d: %v, %d bytes of %d", row, err, b.Len(), len(text))
		}
		d.Put()
	}
	text := strings.Repeat("x", 2*longestRow+5) + "\nrest\n"
	if got, err := contentOf(t, "rm-1", []byte(text)); err != nil || got != text {
		t.Errorf("an endless row: %v, %d bytes of %d", err, len(got), len(text))
	}
}
