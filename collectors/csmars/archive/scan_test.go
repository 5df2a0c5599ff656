package archive

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// faulty is a filesystem with faults, by path.
type faulty struct {
	OS
	mu     sync.Mutex
	fail   map[string]error
	before func(path string) // called ahead of every call
	calls  []string
}

func (f *faulty) enter(path string) error {
	f.mu.Lock()
	f.calls = append(f.calls, path)
	before, err := f.before, f.fail[path]
	f.mu.Unlock()
	if before != nil {
		before(path)
	}
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}

func (f *faulty) ReadDir(dir string) ([]Entry, error) {
	if err := f.enter(dir); err != nil {
		return nil, err
	}
	return f.OS.ReadDir(dir)
}

func (f *faulty) Stat(dir string, names []string) ([]Entry, error) {
	if err := f.enter(dir); err != nil {
		return nil, err
	}
	return f.OS.Stat(dir, names)
}

func (f *faulty) Open(path string) (io.ReadCloser, error) {
	if err := f.enter(path); err != nil {
		return nil, err
	}
	return f.OS.Open(path)
}

func (f *faulty) taken() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

// tree writes files of that many bytes and gives every folder an old time.
func tree(t testing.TB, files map[string]int) string {
	t.Helper()
	dir := t.TempDir()
	for name, size := range files {
		write(t, filepath.Join(dir, name), size)
	}
	age(t, dir)
	return dir
}

func write(t testing.TB, path string, size int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("x", size)), 0o644); err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2006, 12, 13, 12, 0, 0, 0, time.UTC)

// age makes everything look a day old.
func age(t testing.TB, dir string) {
	t.Helper()
	old := noon.AddDate(0, 0, -1)
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func scanner(dir string, f *faulty) *Scanner {
	return &Scanner{Dir: dir, FS: Guard(f), Zone: time.UTC, Now: func() time.Time { return noon }}
}

func scan(t *testing.T, s *Scanner) *Snapshot {
	t.Helper()
	snap, err := s.Scan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func some() map[string]int {
	return map[string]int{
		"2006-12-10/ES/rm-1_2006-12-10-01-00-00_2006-12-10-02-00-00.gz": 100,
		"2006-12-10/ES/es-1_2006-12-10-01-00-00_2006-12-10-02-00-00.gz": 10,
		"2006-12-10/CF/cf-1_2006-12-10-02-00-00.gz":                     1,
		"2006-12-11/ES/rm-1_2006-12-11-01-00-00_2006-12-11-02-00-00.gz": 300,
		"2006-12-12/es/RM-1_2006-12-12-23-00-00_2006-12-13-00-10-00.gz": 1000,
		"2006-12-13/ES/rm-1_2006-12-13-10-00-00_2006-12-13-11-00-00.gz": 5000,
		"2006-12-13/ES/Thumbs.db":                                       7,
		"2006-12-13/stray":                                              7,
		"2006-12-13-10-22-31/ES/rm-2_2006-12-13-10-00-00":               9999,
		"PNOS/backup.tgz": 5,
		"PNOS/.hidden":    5,
		"notes.txt":       5,
		"2006-12-14":      5, // a file
	}
}

func TestScan(t *testing.T) {
	snap := scan(t, scanner(tree(t, some()), &faulty{}))
	var days []string
	for _, d := range snap.Days {
		days = append(days, d.Name)
	}
	if !slices.Equal(days, []string{"2006-12-10", "2006-12-11", "2006-12-12", "2006-12-13"}) {
		t.Error(days)
	}
	totals := snap.Totals()
	raw := totals[Series{"ES", KindRaw}]
	if raw.Files != 4 || raw.Bytes != 6400 || !raw.Newest(time.UTC).Equal(noon.Add(-time.Hour)) {
		t.Errorf("%+v", raw)
	}
	if o := totals[Series{"ES", KindOther}]; o.Files != 1 || o.Bytes != 7 || !o.Newest(time.UTC).Equal(noon.AddDate(0, 0, -1)) {
		t.Errorf("%+v", o)
	}
	if c := totals[Series{"CF", ""}]; c.Files != 1 || c.Newest(time.UTC).Hour() != 2 {
		t.Errorf("%+v", c)
	}
	if snap.Backups != 1 || snap.BackupsErr != nil || snap.Unrecognized() != 2 {
		t.Errorf("%d backups (%v), %d unrecognized", snap.Backups, snap.BackupsErr, snap.Unrecognized())
	}
	if mean, ok := snap.BytesPerDay(time.UTC); !ok || mean != (111+300)/2. {
		t.Errorf("mean %v %v: the two days before yesterday count", mean, ok)
	}
	if got := slices.Sorted(maps.Keys(snap.Closed)); !slices.Equal(got, []string{"2006-12-10", "2006-12-11"}) {
		t.Errorf("closed: %v", got)
	}
}

func TestRescanTouchesWhatCanHaveChanged(t *testing.T) {
	dir := tree(t, some())
	f := &faulty{}
	s := scanner(dir, f)
	first := scan(t, s)
	if !first.News {
		t.Error("the first scan closes days")
	}
	listed := func() []string {
		var got []string
		for _, c := range f.taken() {
			rel, _ := filepath.Rel(dir, c)
			got = append(got, rel)
		}
		slices.Sort(got)
		return got
	}
	_ = listed()
	again := scan(t, s)
	if got, want := listed(), []string{".", "2006-12-10", "2006-12-11", "2006-12-12", "2006-12-12/es", "2006-12-13", "2006-12-13/ES", "PNOS"}; !slices.Equal(got, want) {
		t.Errorf("touched %v, want %v", got, want)
	}
	if again.News || again.Days[0] != first.Days[0] {
		t.Error("a closed day was not remembered")
	}

	// A file is added to a closed day: its folder shows it.
	write(t, filepath.Join(dir, "2006-12-10/ES/rm-2_2006-12-10-02-00-00.gz"), 50)
	if raw := scan(t, s).Totals()[Series{"ES", KindRaw}]; raw.Files != 5 {
		t.Errorf("%+v", raw)
	}
	if err := os.RemoveAll(filepath.Join(dir, "2006-12-11")); err != nil {
		t.Fatal(err)
	}
	snap := scan(t, s)
	if !snap.News || len(snap.Days) != 3 || snap.Missing(365, time.UTC) != 1 {
		t.Errorf("a purged day is still there: %d days, %d missing", len(snap.Days), snap.Missing(365, time.UTC))
	}
}

// What is remembered survives its way through a file, and is not believed blindly.
func TestRemember(t *testing.T) {
	dir := tree(t, some())
	s := scanner(dir, &faulty{})
	want := scan(t, s).Totals()
	text, err := json.Marshal(s.Remembered())
	if err != nil {
		t.Fatal(err)
	}
	var days []Day
	if err := json.Unmarshal(text, &days); err != nil {
		t.Fatal(err)
	}
	f := &faulty{}
	s = scanner(dir, f)
	s.Remember(append(days, Day{Name: "nonsense"}, Day{Name: "2006-12-09"}))
	snap := scan(t, s)
	if !maps.Equal(snap.Totals(), want) {
		t.Errorf("got %v, want %v", snap.Totals(), want)
	}
	for _, c := range f.taken() {
		if strings.HasSuffix(c, "2006-12-10/ES") {
			t.Error("a remembered day was listed")
		}
	}
	write(t, filepath.Join(dir, "2006-12-10/ES/rm-3_2006-12-10-03-00-00.gz"), 50)
	s = scanner(dir, &faulty{})
	s.Remember(days)
	if n := scan(t, s).Totals()[Series{"ES", KindRaw}].Files; n != 5 {
		t.Errorf("%d raw files: memory was believed against the folder", n)
	}
}

func TestUnreadableIsNotEmpty(t *testing.T) {
	dir := tree(t, some())
	for _, where := range []string{"", "2006-12-10", "2006-12-10/ES", "2006-12-13/ES"} {
		for _, fault := range []error{syscall.EACCES, syscall.EIO, syscall.ESTALE} {
			s := scanner(dir, &faulty{fail: map[string]error{filepath.Join(dir, where): fault}})
			if _, err := s.Scan(t.Context()); !errors.Is(err, fault) {
				t.Errorf("%s: %v, want %v", where, err, fault)
			}
		}
	}
	snap := scan(t, scanner(dir, &faulty{fail: map[string]error{filepath.Join(dir, "PNOS"): syscall.EACCES}}))
	if !errors.Is(snap.BackupsErr, fs.ErrPermission) {
		t.Errorf("backups: %v", snap.BackupsErr)
	}
	if _, err := scanner(filepath.Join(dir, "nowhere"), &faulty{}).Scan(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no archive: %v", err)
	}
	if snap := scan(t, scanner(t.TempDir(), &faulty{})); len(snap.Days) != 0 || len(snap.Totals()) != 0 || snap.Missing(365, time.UTC) != 0 {
		t.Errorf("an empty archive: %+v", snap)
	}
}

// Purging goes on while an archive is scanned.
func TestVanishingDays(t *testing.T) {
	dir := tree(t, some())
	f := &faulty{}
	f.before = func(path string) {
		if strings.HasSuffix(path, "2006-12-10/CF") {
			_ = os.RemoveAll(filepath.Join(dir, "2006-12-10", "ES"))
			_ = os.RemoveAll(filepath.Join(dir, "2006-12-11"))
		}
	}
	snap := scan(t, scanner(dir, f))
	if len(snap.Days) == 0 || snap.Totals()[Series{"ES", KindRaw}].Files > 4 {
		t.Errorf("%+v", snap)
	}
}

// A folder whose time is fresh may change again without showing it.
func TestFreshFoldersAreNotClosed(t *testing.T) {
	dir := tree(t, some())
	if err := os.Chtimes(filepath.Join(dir, "2006-12-10/ES"), noon, noon.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if snap := scan(t, scanner(dir, &faulty{})); snap.Closed["2006-12-10"] || !snap.Closed["2006-12-11"] {
		t.Errorf("%v", snap.Closed)
	}
}

// A call that hangs is the only one, and everybody else gets away in time.
func TestHungCallsNeverPileUp(t *testing.T) {
	dir := tree(t, some())
	hang := make(chan struct{})
	f := &faulty{before: func(string) { <-hang }}
	g := Guard(f)
	for range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if _, err := g.ReadDir(ctx, dir); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if _, err := g.Statfs(ctx, dir); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if _, err := g.Open(ctx, dir); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		cancel()
	}
	if n := len(f.taken()); n != 1 {
		t.Errorf("%d calls hang", n)
	}
	close(hang)
	if entries, err := g.ReadDir(t.Context(), dir); err != nil || len(entries) == 0 {
		t.Errorf("the mount is back: %v", err)
	}
}

func TestGuardedFile(t *testing.T) {
	dir := tree(t, map[string]int{"f": chunk*2 + 5, "empty": 0})
	g := Guard(OS{})
	for name, size := range map[string]int{"f": chunk*2 + 5, "empty": 0} {
		f, err := g.Open(t.Context(), filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		if err != nil || len(data) != size {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	f, err := g.Open(ctx, filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := f.Read(make([]byte, 10)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_ = f.Close()
}

func TestMissingDays(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	days := func(names ...string) []*Day {
		var out []*Day
		for _, n := range names {
			w, _ := ParseDay(n)
			out = append(out, &Day{Name: n, date: w})
		}
		return out
	}
	for _, c := range []struct {
		now       string
		retention int
		days      []*Day
		want      int
	}{
		{"2006-12-13T12:00:00Z", 365, days("2006-12-10", "2006-12-11", "2006-12-12", "2006-12-13"), 0},
		{"2006-12-13T12:00:00Z", 365, days("2006-12-10", "2006-12-12"), 1},
		{"2006-12-13T12:00:00Z", 365, days("2006-12-10"), 2},
		{"2006-12-13T02:59:59Z", 365, days("2006-12-10", "2006-12-11"), 0}, // yesterday has until 03:00
		{"2006-12-13T03:00:00Z", 365, days("2006-12-10", "2006-12-11"), 1},
		{"2006-12-13T12:00:00Z", 2, days("2006-11-01", "2006-12-11", "2006-12-12"), 0}, // older gaps are over
		{"2006-12-13T12:00:00Z", 365, days("2006-12-13"), 0},
		{"2006-12-13T12:00:00Z", 365, days("2006-12-20"), 0}, // a clock ahead
		{"2006-07-13T01:30:00Z", 365, days("2006-07-10", "2006-07-11"), 0},
		{"2006-07-13T02:30:00Z", 365, days("2006-07-10", "2006-07-11"), 1}, // summer time
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Snapshot{Started: now, Days: c.days}).Missing(c.retention, london); got != c.want {
			t.Errorf("%s, %d days of retention: %d missing, want %d", c.now, c.retention, got, c.want)
		}
	}
}
