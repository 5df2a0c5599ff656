package capture

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestRefusing(t *testing.T) {
	b := NewRefusing(4)
	if n, err := b.Write([]byte("abcd")); n != 4 || err != nil || b.Cut() {
		t.Fatalf("exactly the limit: n=%d err=%v cut=%v", n, err, b.Cut())
	}
	if _, err := b.Write([]byte("e")); !errors.Is(err, ErrTooLarge) || !b.Cut() {
		t.Fatalf("one more: %v", err)
	}
	if b.Len() != 4 {
		t.Fatalf("holds %d bytes", b.Len())
	}
}

func TestHead(t *testing.T) {
	b := NewHead(3)
	for range 5 {
		if n, err := b.Write([]byte("ab")); n != 2 || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := string(b.Bytes()); got != "aba" || !b.Cut() {
		t.Fatalf("%q cut=%v", got, b.Cut())
	}
}

func TestTail(t *testing.T) {
	for _, c := range []struct {
		name   string
		limit  int64
		writes []string
		want   string
		cut    bool
	}{
		{"fits", 10, []string{"one\n", "two\n"}, "one\ntwo\n", false},
		{"exactly", 8, []string{"one\n", "two\n"}, "one\ntwo\n", false},
		{"boundary", 4, []string{"one\n", "two\n"}, "two\n", true},
		{"partial line dropped", 6, []string{"one\n", "two\n"}, "two\n", true},
		{"one big write", 6, []string{"one\ntwo\nthree\n"}, "three\n", true},
		{"no line end", 4, []string{"abcdefgh"}, "", true},
		{"last line without end", 5, []string{"one\ntwo\nend"}, "end", true},
		{"byte by byte", 5, strings.Split("one\ntwo\nend\n", ""), "end\n", true},
		{"replaced as a whole", 4, []string{"abc\n", "def\n"}, "def\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(c.limit, true)
			for _, w := range c.writes {
				if n, err := b.Write([]byte(w)); n != len(w) || err != nil {
					t.Fatal(n, err)
				}
			}
			if got := string(b.Bytes()); got != c.want || b.Cut() != c.cut {
				t.Fatalf("got %q cut=%v, want %q cut=%v", got, b.Cut(), c.want, c.cut)
			}
		})
	}
}

// Whatever the sizes of the writes, the tail is that of the whole text.
func TestTailAgainstWholeText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 500 {
		var whole bytes.Buffer
		limit := 1 + r.IntN(40)
		b := NewTail(int64(limit))
		for range r.IntN(12) {
			p := make([]byte, r.IntN(60))
			for i := range p {
				p[i] = "abc\n"[r.IntN(4)]
			}
			whole.Write(p)
			if _, err := b.Write(p); err != nil {
				t.Fatal(err)
			}
		}
		text := whole.Bytes()
		want := text
		if len(text) > limit {
			want = text[len(text)-limit:]
			if text[len(text)-limit-1] != '\n' {
				_, want, _ = bytes.Cut(want, []byte("\n"))
			}
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Fatalf("round %d limit %d: got %q, want %q", round, limit, b.Bytes(), want)
		}
		if cap(b.buf) > 4*limit+64 {
			t.Fatalf("limit %d holds %d bytes of memory", limit, cap(b.buf))
		}
	}
}
