package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dataprotection_exporter/collectors/csmars/archive"
	fixtures "dataprotection_exporter/fixtures/csmars"
)

var firstDay = time.Date(2006, 12, 10, 0, 0, 0, 0, time.UTC)

func generated(t testing.TB, damage fixtures.Damage) (string, *fixtures.Planted) {
	t.Helper()
	dir := t.TempDir()
	p, err := fixtures.Generate(fixtures.Options{Dir: dir, From: firstDay, Days: 4, FilesPerDay: 12, RowsPerFile: 400, Seed: "search", Damage: damage, OSBackups: 1})
	if err != nil {
		t.Fatal(err)
	}
	return dir, p
}

func list(t testing.TB, dir string, s archive.Selection) []archive.File {
	t.Helper()
	files, err := archive.List(t.Context(), archive.OS{}, dir, s)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// search makes a search of all raw messages whose output is collected.
func search(t testing.TB, dir, expr string, out *bytes.Buffer) *archive.Search {
	t.Helper()
	m, err := archive.Compile(expr, false)
	if err != nil {
		t.Fatal(err)
	}
	return &archive.Search{
		Run: archive.Run{
			Dir: dir, FS: archive.OS{}, Jobs: 4, Progress: &archive.Progress{}, Damaged: func(*archive.File, error) {},
			Files: list(t, dir, archive.Selection{Interval: archive.Always, RawOnly: true}),
		},
		Matcher: m,
		Format: func(dst []byte, f *archive.File, row int64, text []byte) []byte {
			return fmt.Appendf(dst, "%s:%d:%s\n", f.Name, row, text)
		},
		Numbered: true,
		Write:    func(p []byte) error { out.Write(p); return nil },
	}
}

func TestSearchFindsWhatWasPlanted(t *testing.T) {
	dir, planted := generated(t, fixtures.Damage{Compressed: 3, Plain: 2, Strays: true})
	for _, p := range fixtures.Patterns() {
		var out bytes.Buffer
		n, err := search(t, dir, p.Expr, &out).Do(t.Context())
		if err != nil || int(n) != planted.Matches(p.Name) || bytes.Count(out.Bytes(), []byte("\n")) != int(n) {
			t.Errorf("%s: %d found (%v), %d planted", p.Name, n, err, planted.Matches(p.Name))
		}
	}
}

// The order is that of the files, whoever is first.
func TestSearchIsInOrder(t *testing.T) {
	dir, _ := generated(t, fixtures.Damage{})
	var one, many, unordered bytes.Buffer
	s := search(t, dir, "", &one)
	s.Jobs = 1
	if _, err := s.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = search(t, dir, "", &many)
	s.Jobs = 8
	if _, err := s.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), many.Bytes()) || one.Len() == 0 {
		t.Errorf("%d bytes from one worker, %d others from many", one.Len(), many.Len())
	}
	if !strings.Contains(one.String(), ".gz:1:") || strings.Contains(one.String(), ".gz:0:") {
		t.Error("rows count from 1")
	}
	s = search(t, dir, "", &unordered)
	s.Unordered = true
	if _, err := s.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := func(b *bytes.Buffer) []string { return slices.Sorted(strings.Lines(b.String())) }
	if !slices.Equal(lines(&one), lines(&unordered)) {
		t.Error("without order other rows are found")
	}
}

func TestSearchEndsWithEnough(t *testing.T) {
	dir, _ := generated(t, fixtures.Damage{})
	var all bytes.Buffer
	if _, err := search(t, dir, "", &all).Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int64{1, 399, 400, 401, 5000} {
		var out bytes.Buffer
		s := search(t, dir, "", &out)
		s.Max = limit
		n, err := s.Do(t.Context())
		if err != nil || n != limit || !bytes.HasPrefix(all.Bytes(), out.Bytes()) || int64(bytes.Count(out.Bytes(), []byte("\n"))) != limit {
			t.Errorf("%d wanted, %d found (%v), %d bytes", limit, n, err, out.Len())
		}
		s = search(t, dir, "", &out)
		s.Max, s.Format = limit, nil
		if n, err := s.Do(t.Context()); err != nil || n != limit {
			t.Errorf("%d wanted, %d counted (%v)", limit, n, err)
		}
	}
}

func TestDamagedFilesAreSkipped(t *testing.T) {
	dir, planted := generated(t, fixtures.Damage{Truncated: 2, BadCRC: 2, Empty: 1, Garbage: 2, Compressed: 1, Plain: 1, UnreadableNames: 2})
	var mu sync.Mutex
	var told []string
	damaged := func(f *archive.File, err error) {
		var d *archive.Damage
		if !errors.As(err, &d) {
			t.Errorf("%s: %v is no damage", f.Path(), err)
		}
		mu.Lock()
		defer mu.Unlock()
		told = append(told, filepath.ToSlash(f.Path()))
	}
	var out bytes.Buffer
	s := search(t, dir, fixtures.Patterns()[1].Expr, &out)
	s.Damaged = damaged
	n, err := s.Do(t.Context())
	if err != nil || int(n) < planted.Matches("administrator")-60 {
		t.Errorf("%d found, %v", n, err)
	}
	want := planted.Corrupt()
	slices.Sort(want)
	if slices.Sort(told); !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}

	told = nil
	run := archive.Run{Dir: dir, FS: archive.OS{}, Jobs: 2, Progress: &archive.Progress{}, Damaged: damaged, Files: list(t, dir, archive.Selection{Interval: archive.Always})}
	if err := run.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if slices.Sort(told); !slices.Equal(told, want) || run.Progress.Damaged.Load() != int64(len(want)) {
		t.Errorf("verified: told of %v, want %v", told, want)
	}
}

// The files of an interval are those whose names say so, in whatever folder.
func TestFilesOfAnInterval(t *testing.T) {
	for _, underEnd := range []bool{false, true} {
		dir := t.TempDir()
		planted, err := fixtures.Generate(fixtures.Options{Dir: dir, From: firstDay, Days: 4, FilesPerDay: 7, RowsPerFile: 3, Seed: "interval", UnderEndDay: underEnd, Names: fixtures.MixedNames, LowerCase: underEnd})
		if err != nil {
			t.Fatal(err)
		}
		for hour := range 4 * 24 {
			from := firstDay.Add(time.Duration(hour) * time.Hour)
			to := from.Add(time.Hour)
			got := list(t, dir, archive.Selection{RawOnly: true, Interval: archive.Interval{From: archive.WallOf(from, time.UTC), To: archive.WallOf(to, time.UTC)}})
			var paths []string
			for i := range got {
				paths = append(paths, filepath.ToSlash(got[i].Path()))
			}
			var want []string
			for _, f := range planted.Raw {
				if f.Start.Before(to) && !f.End.Before(from) {
					want = append(want, f.Path)
				}
			}
			if slices.Sort(paths); !slices.Equal(paths, slices.Sorted(slices.Values(want))) {
				t.Errorf("from %s: %v, want %v", from, paths, want)
			}
		}
	}
}

// slowWriter ends the run in the middle of the output.
func TestSearchIsEnded(t *testing.T) {
	dir, _ := generated(t, fixtures.Damage{})
	for _, unordered := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		var out bytes.Buffer
		s := search(t, dir, "", &out)
		s.Unordered = unordered
		s.Damaged = func(f *archive.File, err error) { t.Errorf("%s is told as damaged: %v", f.Path(), err) }
		var writes atomic.Int64
		s.Write = func([]byte) error {
			if writes.Add(1) == 3 {
				cancel()
			}
			return nil
		}
		if _, err := s.Do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		cancel()
	}
	s := search(t, dir, "", &bytes.Buffer{})
	full := errors.New("no space left on device")
	s.Write = func([]byte) error { return full }
	if _, err := s.Do(t.Context()); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

// More rows match than may wait: searches wait for their turn and go on.
func TestSearchHoldsLittle(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat(strings.Repeat("x", 199)+"\n", 20000)
	for hour := range 6 {
		at := firstDay.Add(time.Duration(hour) * time.Hour)
		path := filepath.Join(dir, fixtures.DayFolder(at), "ES", fixtures.FileName(fixtures.LongNames, "rm", at, at.Add(time.Hour), ""))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	s := search(t, dir, "x", &out)
	s.Jobs = 6
	if n, err := s.Do(t.Context()); err != nil || n != 120000 || out.Len() < 6*len(text) {
		t.Errorf("%d rows, %d bytes, %v", n, out.Len(), err)
	}
}
