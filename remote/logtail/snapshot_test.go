package logtail

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// stamp takes the first word of a line as its time when it is a number.
func stamp(line []byte) string {
	w, _, _ := strings.Cut(string(line), " ")
	if w == "" || w[0] < '0' || w[0] > '9' {
		return ""
	}
	return w
}

func text(lines ...string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }

func TestSnapshot(t *testing.T) {
	same := func(n int) []string {
		var ls []string
		for range n {
			ls = append(ls, "07 again")
		}
		return ls
	}
	for _, tt := range []struct {
		name  string
		steps []string // the log at each collection
		want  []string // the new lines at each, joined by |
	}{
		{"nothing before the first", []string{"01 a\n02 b\n"}, []string{""}},
		{"appended", []string{"01 a\n", "01 a\n02 b\n", "01 a\n02 b\n", "01 a\n02 b\n03 c\n04 d\n"}, []string{"", "02 b", "", "03 c|04 d"}},
		{"empty at first", []string{"", "01 a\n"}, []string{"", "01 a"}},
		{"empty once in between", []string{"01 a\n", "", "01 a\n02 b\n"}, []string{"", "", "02 b"}},
		{"oldest lines dropped", []string{"01 a\n02 b\n03 c\n", "03 c\n04 d\n"}, []string{"", "04 d"}},
		{"all remembered lines dropped", []string{"01 a\n02 b\n", "05 x\n06 y\n"}, []string{"", "05 x|06 y"}},
		{"dropped and some older lines", []string{"03 a\n", "02 x\n04 y\n"}, []string{"", "04 y"}},
		{"identical lines in one second", []string{string(text(append([]string{"06 x"}, same(3)...)...)), string(text(append([]string{"06 x"}, same(5)...)...))}, []string{"", "07 again|07 again"}},
		{"CRLF", []string{"01 a\r\n", "01 a\r\n02 b\r\n"}, []string{"", "02 b"}},
		{"partial last line waits", []string{"01 a\n", "01 a\n02 b", "01 a\n02 bcd\n"}, []string{"", "", "02 bcd"}},
		{"newest first", []string{"02 b\n01 a\n", "04 d\n03 c\n02 b\n01 a\n"}, []string{"", "03 c|04 d"}},
		{"clock set back once", []string{"02 a\n03 b\n", "02 a\n03 b\n01 c\n02 d\n"}, []string{"", "01 c|02 d"}},
		{"lines without time", []string{"01 a\n  more of it\n", "01 a\n  more of it\n02 b\n  and more\n"}, []string{"", "02 b|  and more"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Snapshot{Stamp: stamp}
			for i, log := range tt.steps {
				fresh, _ := s.Next([]byte(log))
				var got []string
				for _, l := range fresh {
					got = append(got, string(l))
				}
				if g := strings.Join(got, "|"); g != tt.want[i] {
					t.Errorf("collection %d: new lines %q, want %q", i+1, g, tt.want[i])
				}
			}
		})
	}
}

func TestSnapshotSaysWhenLinesMayBeLost(t *testing.T) {
	s := Snapshot{Stamp: stamp}
	s.Next(text("01 a", "02 b"))
	if _, lost := s.Next(text("02 b", "03 c")); lost {
		t.Error("lost although a remembered line is still there")
	}
	if _, lost := s.Next(text("08 x")); !lost {
		t.Error("not lost although no remembered line is left")
	}
}

func TestSnapshotAcrossARestart(t *testing.T) {
	s := Snapshot{Stamp: stamp}
	s.Next(text("01 a", "02 b"))
	kept, err := json.Marshal(s.State())
	if err != nil {
		t.Fatal(err)
	}
	var state SnapshotState
	if err := json.Unmarshal(kept, &state); err != nil {
		t.Fatal(err)
	}
	again := Snapshot{Stamp: stamp}
	again.Restore(state)
	if !again.State().Equal(s.State()) || again.State().Equal(SnapshotState{}) {
		t.Error("not the same place")
	}
	fresh, lost := again.Next(text("01 a", "02 b", "03 c"))
	if lost || len(fresh) != 1 || string(fresh[0]) != "03 c" {
		t.Errorf("lost %v, %q", lost, fresh)
	}
}

// A log that grows forever and is printed through a window of its last lines
// gives every line once, whatever the window.
func TestSnapshotThroughAWindow(t *testing.T) {
	for _, window := range []int{5, 40, 2000} {
		s := Snapshot{Stamp: stamp}
		var all []string
		seen := 0
		s.Next(nil)
		for i := range 300 {
			for j := range i % 5 {
				all = append(all, fmt.Sprintf("%06d line %d", i, j/2)) // pairs of identical lines
			}
			fresh, lost := s.Next(text(all[max(0, len(all)-window):]...))
			if lost {
				t.Fatalf("window %d: lines lost at step %d", window, i)
			}
			for _, l := range fresh {
				if string(l) != all[seen] {
					t.Fatalf("window %d: line %d is %q, want %q", window, seen, l, all[seen])
				}
				seen++
			}
		}
		if seen != len(all) {
			t.Errorf("window %d: %d lines seen of %d", window, seen, len(all))
		}
	}
}
