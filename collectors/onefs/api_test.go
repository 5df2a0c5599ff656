package onefs

import (
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// reply is one answer of the platform API.
type reply struct {
	status int
	body   string
}

// api answers by path; a path with its query comes first.
type api struct {
	*httptest.Server

	mu      sync.Mutex
	answers map[string]reply
	asked   []string
}

func newAPI(t testing.TB, answers map[string]reply) *api {
	t.Helper()
	a := &api{answers: answers}
	a.Server = httptest.NewUnstartedServer(a)
	a.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	a.StartTLS()
	t.Cleanup(a.Close)
	return a
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/session/1/session" {
		http.SetCookie(w, &http.Cookie{Name: "isisessid", Value: "id"})
		w.WriteHeader(http.StatusCreated)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.Method+" "+r.URL.RequestURI())
	ans, ok := a.answers[r.URL.RequestURI()]
	if !ok {
		ans, ok = a.answers[r.URL.Path]
	}
	if !ok {
		ans = reply{404, `{"errors":[{"code":"AEC_NOT_FOUND","message":"Path not found: ` + r.URL.Path + `"}]}`}
	}
	w.WriteHeader(max(ans.status, 200))
	_, _ = io.WriteString(w, ans.body)
}

// set changes an answer; took gives what was asked since it was called last.
func (a *api) set(path string, r reply) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[path] = r
}

func (a *api) took() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := a.asked
	a.asked = nil
	slices.Sort(asked)
	return asked
}

// testNow is when the tests ask.
var testNow = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func newTestCollector(t testing.TB, url string, ca []byte, change func(*Options)) *collector {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	opts := newOptions().(*Options)
	opts.Timezone = "UTC"
	if change != nil {
		change(opts)
	}
	c, err := newCollector(system.Env{
		Target: "test", Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return testNow },
		HTTPS: &system.HTTPS{Addresses: []string{url}, Username: "svc_prom", Password: "onefs-demo", CAFile: file},
	}, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*collector)
}

func (a *api) collector(t testing.TB, change func(*Options)) *collector {
	t.Helper()
	return newTestCollector(t, a.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw}), change)
}

// questions runs one collection.
func questions(t testing.TB, c *collector, parts ...string) map[string]system.Question {
	t.Helper()
	r := system.NewReport(time.Now, parts...)
	c.Collect(t.Context(), r)
	qs := map[string]system.Question{}
	for _, q := range r.Questions() {
		k := strings.TrimSpace(q.Part + " " + q.Unit)
		if _, twice := qs[k]; twice {
			t.Errorf("question %q is asked twice in one collection", k)
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
		if q.Err != nil && (len(q.Samples) > 0 || remote.AdviceOf(q.Err) == "") {
			t.Errorf("question %q failed with %d samples and the advice %q", k, len(q.Samples), remote.AdviceOf(q.Err))
		}
	}
	for k := range want {
		if _, ok := qs[k]; !ok {
			t.Errorf("question %q was not asked", k)
		}
	}
}

// value is a sample as the exposition writes it, "" when there is none.
func value(t *testing.T, qs map[string]system.Question, series string) string {
	t.Helper()
	for line := range strings.Lines(metricsOf(t, qs)) {
		if v, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
