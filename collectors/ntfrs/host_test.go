package ntfrs

import (
	"context"
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// host is a Windows host: it answers by a function, holds files, and remembers
// what it was asked and how many bytes were read.
type host struct {
	answer func(ctx context.Context, argv []string) (remote.Answer, error)

	mu    sync.Mutex
	asked []remote.Command
	files map[string]*file
	clock time.Time
	read  int64
}

type file struct {
	data    []byte
	changed time.Time
}

func newHost() *host {
	return &host{files: map[string]*file{}, clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// answering is a host that answers every command alike.
func answering(text string) *host {
	h := newHost()
	h.answer = func(context.Context, []string) (remote.Answer, error) {
		return remote.Answer{Stdout: []byte(text), Time: today}, nil
	}
	return h
}

func (h *host) Run(ctx context.Context, cmd remote.Command) (remote.Answer, error) {
	h.mu.Lock()
	h.asked = append(h.asked, cmd)
	h.mu.Unlock()
	if h.answer == nil {
		return remote.Answer{}, remote.Errorf(remote.Connect, "", "no answer prepared")
	}
	return h.answer(ctx, cmd.Argv)
}

func (h *host) Close() error { return nil }

func (h *host) List(_ context.Context, patterns []string) ([]remote.FileInfo, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []remote.FileInfo
	for name, f := range h.files {
		for _, p := range patterns {
			if ok, err := path.Match(p, name); err != nil {
				return nil, err
			} else if ok {
				out = append(out, remote.FileInfo{Path: name, Size: int64(len(f.data)), ModTime: f.changed})
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b remote.FileInfo) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

func (h *host) ReadAt(_ context.Context, name string, offset, limit int64) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.files[name]
	if f == nil {
		return nil, &remote.Error{Reason: remote.Other, Op: "read", Err: fs.ErrNotExist}
	}
	from := min(offset, int64(len(f.data)))
	part := f.data[from:min(from+limit, int64(len(f.data)))]
	h.read += int64(len(part))
	return slices.Clone(part), nil
}

func (h *host) append(name, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(time.Second)
	f := h.files[name]
	if f == nil {
		f = &file{}
		h.files[name] = f
	}
	f.data, f.changed = append(f.data, text...), h.clock
}

// rename keeps content and time, as a file system does.
func (h *host) rename(from, to string) {
	h.files[to] = h.files[from]
	delete(h.files, from)
}

func (h *host) commands() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]string, 0, len(h.asked))
	for _, cmd := range h.asked {
		out = append(out, asked(cmd.Argv))
	}
	return out
}

// store keeps values in memory, encoded as the real one does.
type store map[string][]byte

func (s store) Load(name string, v any) (bool, error) {
	data, ok := s[name]
	if !ok {
		return false, nil
	}
	return true, json.Unmarshal(data, v)
}

func (s store) Save(values map[string]any) error {
	for name, v := range values {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		s[name] = data
	}
	return nil
}

func collectOnce(t *testing.T, c *collector, parts ...string) map[string]system.Question {
	t.Helper()
	r := system.NewReport(c.env.Now, parts...)
	c.Collect(t.Context(), r)
	return questions(t, r)
}

func questions(t *testing.T, r *system.Report) map[string]system.Question {
	t.Helper()
	qs := map[string]system.Question{}
	for _, q := range r.Questions() {
		k := strings.TrimSpace(q.Part + " " + q.Unit)
		if _, twice := qs[k]; twice {
			t.Errorf("question %q is asked twice", k)
		}
		qs[k] = q
	}
	return qs
}

func wantReasons(t *testing.T, qs map[string]system.Question, want map[string]remote.Reason) {
	t.Helper()
	for k, q := range qs {
		if w, ok := want[k]; !ok || q.Reason() != w {
			t.Errorf("question %q ends with %s (%v), want %q", k, q.Reason(), q.Err, w)
		}
	}
	for k := range want {
		if _, ok := qs[k]; !ok {
			t.Errorf("question %q was not asked", k)
		}
	}
}
