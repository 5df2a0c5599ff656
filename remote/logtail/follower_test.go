package logtail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dataprotection_exporter/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// device holds files in memory. Every change takes a second.
type device struct {
	mu    sync.Mutex
	now   time.Time
	files map[string]*memory
	// What reading costs.
	reads int
	bytes int64
	// failing are files that cannot be read, and why; hanging ones answer with
	// the end of ctx.
	failing map[string]error
	hanging map[string]bool
	list    error
}

type memory struct {
	data    []byte
	changed time.Time
}

func newDevice() *device {
	return &device{now: time.Unix(1_500_000_000, 0), files: map[string]*memory{}, failing: map[string]error{}, hanging: map[string]bool{}}
}

func (d *device) append(name, text string) {
	d.now = d.now.Add(time.Second)
	f := d.files[name]
	if f == nil {
		f = &memory{}
		d.files[name] = f
	}
	f.data = append(slices.Clone(f.data), text...)
	f.changed = d.now
}

func (d *device) truncate(name string) { d.replace(name, "") }

func (d *device) replace(name, text string) {
	delete(d.files, name)
	d.append(name, text)
}

// rename keeps the modification time, as a file system does.
func (d *device) rename(from, to string) {
	d.files[to] = d.files[from]
	delete(d.files, from)
}

func (d *device) copy(from, to string, bytes int) {
	d.replace(to, string(d.files[from].data[:bytes]))
}

func (d *device) List(_ context.Context, patterns []string) ([]remote.FileInfo, error) {
	if d.list != nil {
		return nil, d.list
	}
	var out []remote.FileInfo
	for name, f := range d.files {
		for _, p := range patterns {
			if ok, _ := path.Match(p, name); ok {
				out = append(out, remote.FileInfo{Path: name, Size: int64(len(f.data)), ModTime: f.changed})
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b remote.FileInfo) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

func (d *device) ReadAt(ctx context.Context, name string, offset, limit int64) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	if d.hanging[name] {
		d.mu.Unlock()
		<-ctx.Done()
		d.mu.Lock()
		return nil, &remote.Error{Reason: remote.Timeout, Op: "read " + name, Err: ctx.Err()}
	}
	if err := d.failing[name]; err != nil {
		return nil, err
	}
	f := d.files[name]
	if f == nil {
		return nil, &remote.Error{Reason: remote.Other, Op: "read " + name, Err: fs.ErrNotExist}
	}
	size := int64(len(f.data))
	data := f.data[min(offset, size):min(offset+limit, size)]
	d.bytes += int64(len(data))
	return slices.Clone(data), nil
}

// tail is a Follower under test and what it delivered.
type tail struct {
	*testing.T
	*Follower
	d        *device
	patterns []string
	got      []string
}

func follow(t *testing.T, d *device, patterns ...string) *tail {
	if len(patterns) == 0 {
		patterns = []string{"/log/gsan.log*"}
	}
	return &tail{T: t, Follower: &Follower{Now: func() time.Time { return d.now }}, d: d, patterns: patterns}
}

func (t *tail) poll() Progress {
	t.Helper()
	p, err := t.Poll(t.Context(), t.d, t.patterns, func(_ string, line []byte) { t.got = append(t.got, string(line)) })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// want polls and compares what came.
func (t *tail) want(lines ...string) Progress {
	t.Helper()
	t.got = nil
	p := t.poll()
	if diff := cmp.Diff(lines, t.got); diff != "" && len(lines)+len(t.got) > 0 {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if p.Lines != len(t.got) {
		t.Errorf("%d lines reported, %d delivered", p.Lines, len(t.got))
	}
	return p
}

// restart goes on with another Follower from the state as kept.
func (t *tail) restart() {
	t.Helper()
	kept, err := json.Marshal(t.State())
	if err != nil {
		t.Fatal(err)
	}
	var s State
	if err := json.Unmarshal(kept, &s); err != nil {
		t.Fatal(err)
	}
	old := t.Follower
	t.Follower = &Follower{Now: old.Now, FileBudget: old.FileBudget, Budget: old.Budget, MaxLine: old.MaxLine, MaxFiles: old.MaxFiles}
	t.Restore(s)
	if diff := cmp.Diff(old.State(), t.State()); diff != "" {
		t.Errorf("restored state (-old +new):\n%s", diff)
	}
}

const (
	gsan = "/log/gsan.log"
	one  = "/log/gsan.log.001"
	two  = "/log/gsan.log.002"
	errs = "/log/err.log"
)

// line is long enough for a file of one to be recognised as a copy.
func line(n int) string {
	return fmt.Sprintf("2019/12/31-12:35:%02d.%05d {0.0} [srvm-525136#srv:775]  WARN: <1426> event number %d", n%60, n, n)
}

func TestFollow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps func(t *tail, d *device)
	}{
		{"nothing of before", func(t *tail, d *device) {
			d.append(gsan, "a\nb\n")
			if p := t.want(); !p.Started || p.Files != 1 || !p.Changed {
				t.Errorf("%+v", p)
			}
			d.append(gsan, "c\nd\n")
			if p := t.want("c", "d"); p.Started {
				t.Errorf("%+v", p)
			}
			t.want()
		}},
		{"a file that appears later is new", func(t *tail, d *device) {
			t.want()
			d.append(gsan, "a\nb\n")
			t.want("a", "b")
		}},
		{"empty at first", func(t *tail, d *device) {
			d.append(gsan, "")
			t.want()
			d.append(gsan, "a\n")
			t.want("a")
		}},
		{"partial line waits, over a restart too", func(t *tail, d *device) {
			d.append(gsan, "a\n")
			t.want()
			d.append(gsan, "b\nc")
			t.want("b")
			t.restart()
			d.append(gsan, "c")
			t.want()
			d.append(gsan, "c\nd")
			t.want("ccc")
		}},
		{"a line that is being written at first is delivered whole", func(t *tail, d *device) {
			d.append(gsan, "a\nbeg")
			t.want()
			d.append(gsan, "un\n")
			t.want("begun")
		}},
		{"of a very long one nothing is", func(t *tail, d *device) {
			d.append(gsan, strings.Repeat("x", 3000))
			t.want()
			d.append(gsan, "end\nnext\n")
			t.want("next")
		}},
		{"CRLF and empty lines", func(t *tail, d *device) {
			d.append(gsan, "a\r\n")
			t.want()
			d.append(gsan, "b\r")
			t.want()
			d.append(gsan, "\n\r\n\nc\r\n")
			t.want("b", "c")
		}},
		{"rotation", func(t *tail, d *device) {
			d.append(gsan, "a\n")
			t.want()
			d.append(gsan, "b\n")
			d.rename(gsan, one)
			d.append(gsan, "c\n")
			t.want("b", "c")
			t.want()
		}},
		{"rotation after the partial line of the old file", func(t *tail, d *device) {
			d.append(gsan, "a\nb")
			t.want()
			d.append(gsan, "b\n")
			d.rename(gsan, one)
			d.append(gsan, "c")
			t.restart()
			t.want("bb")
			d.append(gsan, "c\n")
			t.want("cc")
		}},
		{"renumbering of several", func(t *tail, d *device) {
			d.append(two, "a\n")
			d.append(one, "b\n")
			d.append(gsan, "c\n")
			t.want()
			d.append(gsan, "d\n")
			d.rename(two, "/log/gsan.log.003")
			d.rename(one, two)
			d.rename(gsan, one)
			d.append(gsan, "e\n")
			t.want("d", "e")
			t.restart()
			d.append(gsan, "f\n")
			d.rename("/log/gsan.log.003", "/log/gsan.log.004")
			d.rename(two, "/log/gsan.log.003")
			d.rename(one, two)
			d.rename(gsan, one)
			t.want("f")
		}},
		{"two rotations between collections", func(t *tail, d *device) {
			d.append(gsan, "a\n")
			t.want()
			d.append(gsan, "b\n")
			d.rename(gsan, two)
			d.append(one, "c\n")
			d.append(gsan, "d\n")
			t.want("b", "c", "d")
		}},
		{"packing a rotated file", func(t *tail, d *device) {
			d.append(gsan, "a\n")
			t.want()
			d.rename(gsan, one)
			d.append(gsan, "b\n")
			t.want("b")
			d.replace(one+".gz", "\x1f\x8b packed\n")
			delete(d.files, one)
			t.want()
		}},
		{"truncated", func(t *tail, d *device) {
			d.append(gsan, "a\nb\n")
			t.want()
			d.replace(gsan, "c\n")
			t.want("c")
			d.truncate(gsan)
			t.want()
			d.append(gsan, "d\n")
			t.want("d")
		}},
		{"truncated and grown to the same size", func(t *tail, d *device) {
			d.append(gsan, "a\nb\n")
			t.want()
			d.replace(gsan, "c\nd\n")
			t.want("c", "d")
		}},
		{"truncated, same beginning, larger than before", func(t *tail, d *device) {
			banner := strings.Repeat("GSAN log, version 19\n", 100)
			d.append(gsan, banner+line(1)+"\n")
			t.want()
			d.replace(gsan, banner+line(2)+"\n"+line(3)+"\n")
			t.poll()
			if n := len(t.got); n != 102 || t.got[n-2] != line(2) || t.got[n-1] != line(3) {
				t.Errorf("%d lines", n)
			}
		}},
		{"copied and truncated", func(t *tail, d *device) {
			d.append(gsan, line(1)+"\n")
			t.want()
			d.append(gsan, line(2)+"\n")
			d.copy(gsan, one, len(d.files[gsan].data))
			d.truncate(gsan)
			d.append(gsan, line(3)+"\n")
			t.want(line(2), line(3))
		}},
		{"a collection while it is copied, and before it is truncated", func(t *tail, d *device) {
			d.append(gsan, line(1)+"\n"+line(2)+"\n")
			t.want()
			d.append(gsan, line(3)+"\n")
			d.copy(gsan, one, 120)
			t.want(line(3))
			t.restart()
			d.append(gsan, line(4)+"\n")
			d.copy(gsan, one, len(d.files[gsan].data))
			t.want(line(4))
			d.append(gsan, line(5)+"\n")
			d.copy(gsan, one, len(d.files[gsan].data))
			t.restart()
			d.truncate(gsan)
			d.append(gsan, line(6)+"\n")
			t.want(line(5), line(6))
		}},
		{"a copy that stays is not read, and goes its own way", func(t *tail, d *device) {
			d.append(gsan, line(1)+"\n")
			t.want()
			d.append(gsan, line(2)+"\n")
			d.copy(gsan, "/log/gsan.log.bak", len(d.files[gsan].data))
			t.want(line(2))
			d.append(gsan, line(3)+"\n")
			t.want(line(3))
			d.append("/log/gsan.log.bak", line(4)+"\n")
			t.want(line(4))
			d.append(gsan, line(5)+"\n")
			t.want(line(5))
		}},
		{"another name for the same file", func(t *tail, d *device) {
			both := func(n int) {
				d.append(gsan, line(n)+"\n")
				d.files["/log/gsan.log.current"] = d.files[gsan]
			}
			both(1)
			t.want()
			both(2)
			t.want(line(2))
			t.restart()
			both(3)
			t.want(line(3))
		}},
		{"identical beginnings", func(t *tail, d *device) {
			banner := line(0) + "\n" + line(0) + "\n" + line(0) + "\n"
			d.append(gsan, banner)
			d.append(errs, banner)
			t.want()
			d.append(gsan, "a\n")
			d.append(errs, "b\n")
			t.want("a", "b")
			d.append(errs, "c\n")
			t.want("c")
			d.append(gsan, "d\n")
			t.want("d")
		}},
		{"short identical files are told apart by name", func(t *tail, d *device) {
			d.append(gsan, "x\n")
			d.append(errs, "x\n")
			t.want()
			d.append(gsan, "a\n")
			d.append(errs, "b\n")
			t.want("a", "b")
			d.append(one, "")
			d.append(errs, "")
			t.want()
			d.append(one, "c\n")
			t.want("c")
		}},
		{"shorter than a fingerprint, and growing", func(t *tail, d *device) {
			d.append(gsan, "a")
			t.want()
			for i := range 60 {
				d.append(gsan, "\n"+line(i))
				want := []string{line(i - 1)}
				if i == 0 {
					want = []string{"a"}
				}
				t.want(want...)
				if i%7 == 0 {
					t.restart()
				}
				if i%20 == 19 {
					d.rename(gsan, one)
					t.want()
					d.rename(one, gsan)
				}
			}
		}},
		{"written in the order of patterns and times", func(t *tail, d *device) {
			t.want()
			d.append("/log/gsan.log.b", "1\n")
			d.append("/log/gsan.log.a", "2\n")
			d.append(errs, "3\n")
			d.append(gsan, "4\n")
			t.want("1", "2", "3", "4")
		}},
		{"too long a line", func(t *tail, d *device) {
			t.MaxLine = 100
			d.append(gsan, "a\n")
			t.want()
			d.append(gsan, strings.Repeat("x", 70))
			t.want()
			d.append(gsan, strings.Repeat("x", 70))
			if p := t.want(); p.Dropped != 1 {
				t.Errorf("%+v", p)
			}
			t.restart()
			d.append(gsan, strings.Repeat("x", 70)+"\nb\n"+strings.Repeat("y", 101)+"\nc\n")
			if p := t.want("b", "c"); p.Dropped != 1 {
				t.Errorf("%+v", p)
			}
		}},
		{"vanished", func(t *tail, d *device) {
			d.append(gsan, "a\n")
			d.append(errs, "a\n")
			t.want()
			d.append(gsan, "b\n")
			d.append(errs, "c\n")
			d.failing[errs] = &remote.Error{Reason: remote.Other, Err: fs.ErrNotExist}
			if p := t.want("b"); len(p.Errors) != 0 || p.Files != 1 {
				t.Errorf("%+v", p)
			}
			delete(d.failing, errs)
			t.want("c")
		}},
		{"a week later", func(t *tail, d *device) {
			d.append(gsan, "a\n")
			d.append(errs, "b\n")
			t.want()
			old := d.files[errs]
			delete(d.files, errs)
			d.now = d.now.Add(6 * 24 * time.Hour)
			t.want()
			d.files[errs] = old
			t.want()
			delete(d.files, errs)
			d.now = d.now.Add(8 * 24 * time.Hour)
			t.want()
			if s := t.State(); len(s.Files) != 1 || s.Files[0].Path != gsan {
				t.Errorf("%+v", s)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDevice()
			tt.steps(follow(t, d, "/log/gsan.log*", "/log/err.log*"), d)
		})
	}
}

func TestFollowUnchangedCostsNothing(t *testing.T) {
	d := newDevice()
	f := follow(t, d)
	for i := range 20 {
		d.append(fmt.Sprintf("%s.%03d", gsan, i), line(i)+"\npart")
	}
	f.want()
	for range 3 {
		d.reads = 0
		if p := f.want(); d.reads != 0 || p.Bytes != 0 || p.Changed || p.Files != 20 {
			t.Errorf("%d reads, %+v", d.reads, p)
		}
		f.restart()
	}
	d.append(gsan+".007", "\n")
	d.reads = 0
	if p := f.want("part"); d.reads > 2 || !p.Changed {
		t.Errorf("%d reads, %+v", d.reads, p)
	}
}

func TestFollowBudget(t *testing.T) {
	d := newDevice()
	f := follow(t, d, "/log/gsan.log*", "/log/err.log*")
	f.MaxLine, f.FileBudget, f.Budget = 200, 1000, 2500
	f.want()
	var want []string
	for _, name := range []string{one, two, gsan, errs} {
		var text strings.Builder
		for i := range 100 {
			fmt.Fprintf(&text, "%s %s\n", line(i), name)
			want = append(want, line(i)+" "+name)
		}
		d.append(name, text.String())
	}
	total, behind := int64(0), int64(0)
	for _, file := range d.files {
		behind += int64(len(file.data))
	}
	served := map[string]int{}
	for range 100 {
		d.bytes = 0
		p := f.poll()
		if d.bytes > 2500+4*(headBytes+tailBytes+readAhead) {
			t.Fatalf("%d bytes read in one collection", d.bytes)
		}
		if total += int64(p.Lines); p.Behind >= behind && behind > 0 {
			t.Fatalf("still %d bytes behind", p.Behind)
		}
		behind = p.Behind
		if total > 30 && len(served) == 0 {
			for _, l := range f.got {
				served[l[strings.LastIndexByte(l, ' ')+1:]]++
			}
			if len(served) != 4 {
				t.Errorf("after a while only these files were served: %v", served)
			}
		}
		f.restart()
		if behind == 0 {
			break
		}
	}
	slices.Sort(f.got)
	slices.Sort(want)
	if diff := cmp.Diff(want, f.got); diff != "" {
		t.Error(diff)
	}
}

func TestFollowUnreadable(t *testing.T) {
	denied := remote.Errorf(remote.Permission, "advice", "read")
	d := newDevice()
	f := follow(t, d, "/log/gsan.log*", "/log/err.log*")
	d.append(gsan, "a\n")
	d.append(errs, "old\nolder\n")
	d.failing[errs] = denied
	for range 2 {
		p := f.want()
		if len(p.Errors) != 1 || p.Errors[0].Path != errs || !errors.Is(p.Errors[0].Err, denied) || p.Files != 1 {
			t.Fatalf("%+v", p)
		}
		f.restart()
	}
	d.append(gsan, "b\n")
	d.append(errs, "c\n")
	f.want("b")
	// A new file must not take the place of the one that cannot be read.
	d.append(one, strings.Repeat("n", 60)+"\n")
	f.want(strings.Repeat("n", 60))
	// What was there when following began stays old, what came later is new.
	delete(d.failing, errs)
	f.want("c")
	// Unreadable from the day it was rotated.
	d.append(errs, "d\n")
	d.rename(errs, errs+".1")
	d.append(errs, "e\n")
	d.failing[errs] = denied
	f.want("d")
	delete(d.failing, errs)
	f.want("e")

	d.list = denied
	if _, err := f.Poll(t.Context(), d, f.patterns, nil); !errors.Is(err, denied) {
		t.Error(err)
	}
}

// A file that hangs does not hide the others, collection after collection.
func TestFollowHanging(t *testing.T) {
	d := newDevice()
	f := follow(t, d)
	names := []string{gsan, one, two, gsan + ".003", gsan + ".004", gsan + ".005"}
	for _, n := range names {
		d.append(n, n+"\n")
	}
	f.want()
	d.hanging[one] = true
	for round := range 4 {
		for _, n := range names {
			d.append(n, fmt.Sprintf("%s %d\n", n, round))
		}
		// Time ends when nothing but the hanging file is left to read.
		ctx, cancel := context.WithCancel(t.Context())
		r := &idle{device: d, cancel: cancel}
		p, err := f.Poll(ctx, r, f.patterns, func(_ string, line []byte) { f.got = append(f.got, string(line)) })
		cancel()
		if err != nil || len(p.Errors) == 0 {
			t.Fatalf("%v %+v", err, p)
		}
	}
	for _, n := range names {
		want := fmt.Sprintf("%s %d", n, 3)
		if n != one && !slices.Contains(f.got, want) {
			t.Errorf("%q is not there", want)
		}
	}
	delete(d.hanging, one)
	f.poll()
	slices.Sort(f.got)
	if n := len(slices.Compact(slices.Clone(f.got))); n != 24 || len(f.got) != 24 {
		t.Errorf("%d lines, %d different ones: %v", len(f.got), n, f.got)
	}
}

// idle ends the time when a hanging file is read.
type idle struct {
	*device
	cancel func()
}

func (r *idle) ReadAt(ctx context.Context, name string, offset, limit int64) ([]byte, error) {
	if r.hanging[name] {
		r.cancel()
	}
	return r.device.ReadAt(ctx, name, offset, limit)
}

func TestFollowManyFiles(t *testing.T) {
	d := newDevice()
	f := follow(t, d)
	f.MaxFiles = 10
	for i := range 30 {
		d.append(fmt.Sprintf("%s.%03d", gsan, i), line(i)+"\n")
	}
	if p := f.want(); len(p.Errors) != 1 || p.Files != 10 || !strings.Contains(p.Errors[0].Err.Error(), "30 files match") {
		t.Fatalf("%+v", p)
	}
	// One that was left out is not new because it is followed now.
	d.append(gsan+".003", "a\n")
	f.want()
	d.append(gsan+".003", "b\n")
	f.want("b")
	for i := range 300 {
		d.append(fmt.Sprintf("%s.%03d", gsan, i), "x\n")
		f.poll()
	}
	if n := len(f.State().Files); n > 40 {
		t.Errorf("%d places are kept", n)
	}
}

func TestFollowRestoresNonsense(t *testing.T) {
	var f Follower
	f.Restore(State{Started: true, Files: []FileState{{}, {ID: 1, Path: gsan, Offset: -1}, {ID: 2, Path: gsan, TailLen: 5}, {ID: 3, Path: gsan, HeadLen: 1 << 40}}})
	if n := len(f.State().Files); n != 0 {
		t.Errorf("%d impossible places are kept", n)
	}
}

// model does to a log what a device does, at random, and knows what it wrote.
type model struct {
	*device
	r       *rand.Rand
	written []string
	partial string // the rest of a line that is being written
	copying bool
}

func (m *model) step(f *tail) {
	switch m.r.IntN(12) {
	case 0, 1, 2, 3, 4:
		text := m.partial
		m.partial = ""
		for range m.r.IntN(4) {
			l := line(len(m.written))
			m.written = append(m.written, l)
			text += l + []string{"\n", "\r\n"}[m.r.IntN(2)]
		}
		if n := m.r.IntN(len(text) + 1); m.r.IntN(3) == 0 {
			text, m.partial = text[:n], text[n:]
		}
		m.append(gsan, text)
	case 5: // rotate, dropping the oldest once it was read
		if m.copying || m.partial != "" || m.files[gsan+".004"] != nil && f.behind(m) {
			return
		}
		delete(m.files, gsan+".004")
		for i := 3; i > 0; i-- {
			if m.files[fmt.Sprintf("%s.%03d", gsan, i)] != nil {
				m.rename(fmt.Sprintf("%s.%03d", gsan, i), fmt.Sprintf("%s.%03d", gsan, i+1))
			}
		}
		m.rename(gsan, one)
		m.append(gsan, "")
	case 6: // begin to copy
		if n := len(m.files[gsan].data); !m.copying && n > 200 {
			m.copying = true
			m.copy(gsan, gsan+".copy", startBytes+m.r.IntN(n-startBytes))
		}
	case 7: // complete the copy and truncate, perhaps with a poll in between
		if !m.copying || m.partial != "" {
			return
		}
		m.copy(gsan, gsan+".copy", len(m.files[gsan].data))
		if m.r.IntN(2) == 0 {
			f.poll()
		}
		m.copying = false
		m.truncate(gsan)
		f.poll()
		for f.behind(m) {
			f.poll()
		}
		delete(m.files, gsan+".copy")
	case 8:
		f.restart()
	default:
		f.poll()
	}
}

func (t *tail) behind(m *model) bool { return len(t.got) < len(m.written) }

func runModel(t *testing.T, seed uint64) {
	m := &model{device: newDevice(), r: rand.New(rand.NewPCG(seed, 1))}
	m.append(gsan, "")
	f := follow(t, m.device)
	f.MaxLine = 200
	f.FileBudget, f.Budget = int64(200+m.r.IntN(2000)), int64(300+m.r.IntN(3000))
	f.poll()
	for range 200 {
		m.step(f)
	}
	m.append(gsan, m.partial)
	for range 1000 {
		if p := f.poll(); p.Behind == 0 && p.Lines == 0 {
			break
		}
	}
	got := slices.Clone(f.got)
	slices.Sort(got)
	slices.Sort(m.written)
	if diff := cmp.Diff(m.written, got); diff != "" {
		t.Errorf("seed %d (-written +delivered):\n%s", seed, diff)
	}
}

func TestFollowModel(t *testing.T) {
	for seed := range uint64(200) {
		runModel(t, seed)
	}
}

func FuzzFollow(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(runModel)
}
