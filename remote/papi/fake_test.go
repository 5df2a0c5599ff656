package papi

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dataprotection_exporter/remote"
)

const (
	testUser     = "svc_prom"
	testPassword = "planted-password-1"
)

// cluster is a small OneFS: sessions as the fact sheet has them, and answers by
// path.
type cluster struct {
	*httptest.Server

	mu       sync.Mutex
	asked    []string
	bad      []string // what no client may send
	sessions map[string]bool
	logins   int
	password string
	noCSRF   bool
	idle     int // timeout_inactive
	// answer gives the answer to a request that is logged in.
	answer    func(w http.ResponseWriter, r *http.Request)
	connState func(net.Conn, http.ConnState)
	// login replaces the answer to a login.
	login func(w http.ResponseWriter) bool
}

func newCluster(t *testing.T, change func(*cluster)) *cluster {
	t.Helper()
	c := &cluster{sessions: map[string]bool{}, password: testPassword, idle: 900}
	c.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"a":1}`) }
	if change != nil {
		change(c)
	}
	c.Server = httptest.NewUnstartedServer(c)
	c.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	c.Config.ConnState = c.connState
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.asked = append(c.asked, r.Method+" "+r.URL.RequestURI())
	c.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/session/1/session":
		c.openSession(w, r)
	case r.Method == http.MethodDelete && r.URL.Path == "/session/1/session":
		c.mu.Lock()
		delete(c.sessions, cookie(r, "isisessid"))
		c.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/platform/"):
		c.mu.Lock()
		c.bad = append(c.bad, r.Method+" "+r.URL.Path)
		c.mu.Unlock()
		w.WriteHeader(http.StatusMethodNotAllowed)
	case !c.allowed(r):
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "<html><body>Authorization required</body></html>")
	default:
		c.answer(w, r)
	}
}

func (c *cluster) openSession(w http.ResponseWriter, r *http.Request) {
	var said struct {
		Username, Password string
		Services           []string
	}
	err := json.NewDecoder(r.Body).Decode(&said)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.login != nil && c.login(w) {
		return
	}
	c.logins++
	if err != nil || said.Username != testUser || said.Password != c.password || len(said.Services) == 0 {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"errors":[{"message":"no, %s"}]}`, said.Password)
		return
	}
	id := fmt.Sprintf("planted-session-%d", c.logins)
	c.sessions[id] = true
	http.SetCookie(w, &http.Cookie{Name: "isisessid", Value: id, HttpOnly: true, Secure: true, Path: "/"})
	if !c.noCSRF {
		http.SetCookie(w, &http.Cookie{Name: "isicsrf", Value: "planted-csrf-" + id, Secure: true, Path: "/"})
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintf(w, `{"services":["platform"],"timeout_absolute":14400,"timeout_inactive":%d,"username":%q}`, c.idle, said.Username)
}

func cookie(r *http.Request, name string) string {
	k, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return k.Value
}

func (c *cluster) allowed(r *http.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if user, password, ok := r.BasicAuth(); ok {
		c.logins++
		return user == testUser && password == c.password
	}
	id := cookie(r, "isisessid")
	if !c.sessions[id] {
		return false
	}
	if c.noCSRF {
		return r.Header.Get("X-CSRF-Token") == ""
	}
	return r.Header.Get("X-CSRF-Token") == "planted-csrf-"+id && r.Header.Get("Referer") == c.URL
}

// expire ends every session.
func (c *cluster) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.sessions)
}

func (c *cluster) setPassword(p string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.password = p
}

// count is how many requests began like this.
func (c *cluster) count(prefix string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.asked {
		if strings.HasPrefix(a, prefix) {
			n++
		}
	}
	return n
}

func (c *cluster) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sessions)
}

// authority is the file with the server's certificate.
func authority(t *testing.T, s *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func newClient(t *testing.T, change func(*Config), clusters ...*cluster) *Client {
	t.Helper()
	cfg := Config{Target: "isilon", Username: testUser, Password: testPassword, DialTimeout: 5 * time.Second}
	for _, f := range clusters {
		cfg.Addresses = append(cfg.Addresses, f.URL)
		cfg.CAFile = authority(t, f.Server)
	}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// within bounds a test that hangs; no test waits for it.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

const somePath = "/platform/11/avscan/settings"

func get(ctx context.Context, c *Client) (string, error) {
	body, err := c.Get(ctx, Request{Path: somePath, Since: "OneFS 9.1"})
	return string(body), err
}

func works(t *testing.T, c *Client) {
	t.Helper()
	if body, err := get(within(t), c); err != nil || body != `{"a":1}` {
		t.Fatalf("%q, %v", body, err)
	}
}

func fails(t *testing.T, c *Client, want remote.Reason, texts ...string) {
	t.Helper()
	body, err := get(within(t), c)
	failed(t, err, want, texts...)
	if body != "" {
		t.Errorf("an error and a body: %q", body)
	}
}

func failed(t *testing.T, err error, want remote.Reason, texts ...string) {
	t.Helper()
	if got := remote.ReasonOf(err); got != want {
		t.Fatalf("reason %s, want %s: %v", got, want, err)
	}
	if remote.AdviceOf(err) == "" {
		t.Errorf("no advice: %v", err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
	if strings.Contains(err.Error(), "planted-") {
		t.Errorf("the error holds a secret: %v", err)
	}
}
