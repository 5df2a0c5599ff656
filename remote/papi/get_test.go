package papi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dataprotection_exporter/remote"
)

func TestAnswersThatAreNone(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		reason remote.Reason
		status int
		text   string
	}{
		{"no privilege", status(403, `{"errors":[{"code":"AEC_FORBIDDEN","message":"Privilege check failed. The following read privilege is required: Antivirus (ISI_PRIV_ANTIVIRUS)"}]}`), remote.Permission, 403, "ISI_PRIV_ANTIVIRUS"},
		{"secrets in the words", status(403, `{"errors":[{"message":"planted-session-1 and planted-password-1 `+"\\n"+long+`"}]}`), remote.Permission, 403, "<secret>"},
		{"before 9.1", status(404, `{"errors":[{"code":"AEC_NOT_FOUND","message":"Path not found"}]}`), remote.NotSupported, 404, "OneFS 9.1"},
		{"bad request", status(400, `{"errors":[{"code":"AEC_BAD_REQUEST","message":"Invalid key: 'x'"}]}`), remote.Other, 400, "Invalid key"},
		{"in trouble", status(503, "<html>busy</html>"), remote.Other, 503, "503"},
		{"gateway", status(504, ""), remote.Timeout, 504, "504"},
		{"redirect", func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://elsewhere.example.com/x?token=planted-y")
			w.WriteHeader(http.StatusFound)
		}, remote.Other, 0, "elsewhere.example.com"},
		{"a web page", status(200, " <!DOCTYPE html><html></html>"), remote.Parse, 0, "web page"},
		{"nothing", status(200, ""), remote.Parse, 0, "empty"},
		{"a list", status(200, "[1]"), remote.Parse, 0, "JSON object"},
		{"cut short", status(200, `{"nodes":[{"id":1`), remote.Parse, 0, "cut short"},
		{"too large", status(200, `{"a":"`+strings.Repeat("x", 2<<20)+`"}`), remote.TooLarge, 0, "1048576"},
		{"broken off", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"a":`)
			panic(http.ErrAbortHandler)
		}, remote.Disconnected, 0, "broke"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newCluster(t, nil)
			f.answer = func(w http.ResponseWriter, _ *http.Request) { tt.answer(w) }
			c := newClient(t, nil, f)
			_, err := c.Get(within(t), Request{Path: somePath, Since: "OneFS 9.1", Limit: 1 << 20})
			failed(t, err, tt.reason, tt.text)
			if got := StatusOf(err); got != tt.status {
				t.Errorf("status %d, want %d", got, tt.status)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d characters", len(err.Error()))
			}
			if tt.reason != remote.Auth && f.logins != 1 {
				t.Errorf("%d logins", f.logins)
			}
		})
	}
}

func status(code int, body string) func(w http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// A hanging cluster costs no more than the deadline, in every phase.
func TestDeadline(t *testing.T) {
	release := make(chan struct{})
	hang := func(w http.ResponseWriter, begin string) {
		_, _ = io.WriteString(w, begin)
		if f, ok := w.(http.Flusher); ok && begin != "" {
			f.Flush()
		}
		<-release
	}
	silent := listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	for _, tt := range []struct {
		name    string
		prepare func(f *cluster, c *Config)
		text    string
	}{
		{"TLS handshake", func(_ *cluster, c *Config) { c.Addresses = []string{"https://" + silent} }, "TLS with"},
		{"login", func(f *cluster, _ *Config) { f.login = func(w http.ResponseWriter) bool { hang(w, ""); return true } }, "log in to"},
		{"headers", func(f *cluster, _ *Config) {
			f.answer = func(w http.ResponseWriter, _ *http.Request) { hang(w, "") }
		}, "GET"},
		{"body", func(f *cluster, _ *Config) {
			f.answer = func(w http.ResponseWriter, _ *http.Request) { hang(w, `{"a":`) }
		}, "GET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newCluster(t, nil)
			release = make(chan struct{})
			t.Cleanup(func() { close(release) })
			c := newClient(t, func(cfg *Config) { tt.prepare(f, cfg) }, f)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := get(ctx, c)
			failed(t, err, remote.Timeout, tt.text)
		})
	}
}

// listen accepts connections and hands them to serve.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

// closedPort is an address that refuses.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestWaysThatFail(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	f := newCluster(t, nil)
	for _, basic := range []bool{false, true} {
		for _, tt := range []struct {
			name   string
			change func(*Config)
			reason remote.Reason
			text   string
		}{
			{"no such name", func(c *Config) { c.Addresses = []string{"https://no-such-host.invalid"} }, remote.DNS, "no-such-host"},
			{"refused", func(c *Config) { c.Addresses = []string{"https://" + closedPort(t)} }, remote.Connect, "port 8080"},
			{"not trusted", func(c *Config) { c.CAFile = "" }, remote.TLS, "tls.ca_file"},
			{"another name", func(c *Config) { c.ServerName = "isilon.example.org" }, remote.TLS, "tls.server_name"},
			{"no TLS", func(c *Config) { c.Addresses = []string{"https" + strings.TrimPrefix(plain.URL, "http")} }, remote.TLS, "port"},
			{"hangs up", func(c *Config) { c.Addresses = []string{"https://" + listen(t, func(net.Conn) {})} }, remote.Disconnected, "TLS handshake"},
		} {
			t.Run(fmt.Sprintf("%s, basic %v", tt.name, basic), func(t *testing.T) {
				c := newClient(t, func(cfg *Config) { cfg.Basic = basic; tt.change(cfg) }, f)
				fails(t, c, tt.reason, tt.text)
			})
		}
	}
	if n := f.count(""); n != 0 {
		t.Errorf("%d requests reached a server that is not trusted", n)
	}
	for name, change := range map[string]func(*Config){
		"server name": func(c *Config) { c.ServerName = "example.com" }, // of httptest's certificate
		"insecure":    func(c *Config) { c.CAFile, c.InsecureSkipVerify = "", true },
	} {
		t.Run(name, func(t *testing.T) { works(t, newClient(t, change, f)) })
	}
}

// The next address serves when one is dead, at the first request and when the
// node in use goes away.
func TestSeveralAddresses(t *testing.T) {
	for _, basic := range []bool{false, true} {
		t.Run(fmt.Sprintf("basic %v", basic), func(t *testing.T) {
			a, b := newCluster(t, nil), newCluster(t, nil)
			dead := "https://" + closedPort(t)
			c := newClient(t, func(cfg *Config) { cfg.Basic = basic; cfg.Addresses = []string{dead, a.URL, b.URL} }, a)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() { works(t, c) })
			}
			wg.Wait()
			if b.count("") != 0 || a.count("GET") != 8 {
				t.Errorf("%d requests to the first node that lives, %d to the other", a.count("GET"), b.count(""))
			}
			a.CloseClientConnections()
			a.Listener.Close()
			works(t, c)
			works(t, c)
			if b.count("GET") != 2 {
				t.Errorf("%d requests to the other node", b.count("GET"))
			}
		})
	}
}

// A refused login ends it: the other addresses are the same account.
func TestRefusedLoginIsNotRepeatedElsewhere(t *testing.T) {
	for _, basic := range []bool{false, true} {
		a, b := newCluster(t, nil), newCluster(t, nil)
		a.setPassword("another")
		c := newClient(t, func(cfg *Config) { cfg.Basic = basic }, a, b)
		fails(t, c, remote.Auth)
		if b.count("") != 0 {
			t.Error("the password was shown at the other address too")
		}
	}
}

func TestAllAddressesFail(t *testing.T) {
	f := newCluster(t, nil)
	for _, basic := range []bool{false, true} {
		c := newClient(t, func(cfg *Config) {
			cfg.Basic = basic
			cfg.CAFile = ""
			cfg.Addresses = []string{"https://" + closedPort(t), f.URL}
		}, f)
		fails(t, c, remote.TLS, "one of 2 addresses", "connection refused")
	}
}

func TestConnectionIsKept(t *testing.T) {
	var connections atomic.Int32
	f := newCluster(t, func(f *cluster) {
		f.connState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				connections.Add(1)
			}
		}
	})
	c := newClient(t, nil, f)
	for range 5 {
		works(t, c)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
	f.CloseClientConnections() // the server was restarted, say
	works(t, c)
	f.expire()
	f.CloseClientConnections()
	works(t, c)
}

func TestRequestsAreBounded(t *testing.T) {
	var now, most atomic.Int32
	f := newCluster(t, nil)
	f.answer = func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for {
			m := most.Load()
			if n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		_, _ = io.WriteString(w, "{}")
	}
	c := newClient(t, func(cfg *Config) { cfg.MaxRequests = 3 }, f)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { _, _ = get(within(t), c) })
	}
	wg.Wait()
	if most.Load() > 3 {
		t.Errorf("%d requests at a time", most.Load())
	}
}

func TestPages(t *testing.T) {
	pages := map[string]string{
		"":  `{"a":[1],"resume":"1-x=/+ä","total":3}`,
		"1": `{"a":[2],"resume":"2"}`, "2": `{"a":[3],"resume":null}`,
	}
	f := newCluster(t, nil)
	f.answer = func(w http.ResponseWriter, r *http.Request) {
		token := r.URL.Query().Get("resume")
		if (token != "") != (len(r.URL.Query()) == 1 && !r.URL.Query().Has("limit")) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if token == "1-x=/+ä" {
			token = "1"
		}
		_, _ = io.WriteString(w, pages[token])
	}
	c := newClient(t, nil, f)
	r := Request{Path: somePath, Query: url.Values{"limit": {"1"}, "resolved": {"false"}}}
	var all []byte
	collect := func(body []byte) error { all = append(all, body[6]); return nil }
	if err := c.Pages(within(t), r, collect); err != nil || string(all) != "123" {
		t.Errorf("pages %q, %v", all, err)
	}
	all = nil
	if err := c.Pages(within(t), r, func(b []byte) error { _ = collect(b); return Enough }); err != nil || string(all) != "1" {
		t.Errorf("pages %q, %v", all, err)
	}
	if err := c.Pages(within(t), r, func([]byte) error { return errors.New("mine") }); err == nil || err.Error() != "mine" {
		t.Errorf("an error of the reader becomes %v", err)
	}
	pages["2"] = `{"a":[3],"resume":"2"}`
	failed(t, c.Pages(within(t), r, collect), remote.Parse, "leads back")
	pages["2"] = `{"a":[3],"resume":7}`
	failed(t, c.Pages(within(t), r, collect), remote.Parse, "next page")
	n := 0
	f.answer = func(w http.ResponseWriter, _ *http.Request) { n++; _, _ = fmt.Fprintf(w, `{"resume":"%d"}`, n) }
	failed(t, c.Pages(within(t), r, func([]byte) error { return nil }), remote.TooLarge, "100 pages")
	f.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("resume") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, pages[""])
	}
	failed(t, c.Pages(within(t), r, collect), remote.Permission)
}

// What a debug page shows: every step, no secret, no file name.
func TestTrace(t *testing.T) {
	f := newCluster(t, nil)
	f.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"file":"/ifs/private"}`) }
	for _, basic := range []bool{false, true} {
		trace := &remote.Trace{}
		c := newClient(t, func(cfg *Config) { cfg.Basic = basic }, f)
		_, err := c.Get(remote.WithTrace(within(t), trace), Request{Path: somePath, Redact: func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("/ifs/private"), []byte("<path>"))
		}})
		if err != nil {
			t.Fatal(err)
		}
		var names, text []string
		for _, s := range trace.Steps() {
			name, _, _ := strings.Cut(s.Name, " ")
			names = append(names, name)
			text = append(text, s.Name, s.Detail)
		}
		want := "dial tls log GET"
		if basic {
			want = "dial tls GET"
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("steps %q, want %q", got, want)
		}
		if all := strings.Join(text, "\n"); strings.Contains(all, "planted-") || strings.Contains(all, "private") || !strings.Contains(all, "<path>") || !strings.Contains(all, "TLS 1.") {
			t.Errorf("shown:\n%s", all)
		}
	}
}

func TestCloseEndsRequests(t *testing.T) {
	release, begun := make(chan struct{}), make(chan struct{})
	f := newCluster(t, nil)
	t.Cleanup(func() { close(release) })
	f.answer = func(http.ResponseWriter, *http.Request) { close(begun); <-release }
	c := newClient(t, nil, f)
	done := make(chan error)
	go func() { _, err := get(within(t), c); done <- err }()
	<-begun
	_ = c.Close()
	if err := <-done; remote.ReasonOf(err) != remote.Timeout {
		t.Error(err)
	}
	if f.open() != 0 {
		t.Error("the session is left behind")
	}
}

func TestNew(t *testing.T) {
	good := Config{Addresses: []string{"https://isilon-1"}, Username: "u", Password: "p"}
	for name, change := range map[string]func(*Config){
		"no address":     func(c *Config) { c.Addresses = nil },
		"no password":    func(c *Config) { c.Password = "" },
		"no user":        func(c *Config) { c.Username = "" },
		"http":           func(c *Config) { c.Addresses = []string{"http://isilon-1"} },
		"no URL":         func(c *Config) { c.Addresses = []string{"isilon-1"} },
		"a path":         func(c *Config) { c.Addresses = []string{"https://isilon-1/platform"} },
		"a login":        func(c *Config) { c.Addresses = []string{"https://u:planted-x@isilon-1"} },
		"no such file":   func(c *Config) { c.CAFile = "/no/such/file" },
		"no certificate": func(c *Config) { c.CAFile = "get_test.go" },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg, nil, nil); err == nil || strings.Contains(err.Error(), "planted-") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for in, want := range map[string]string{
		"https://isilon-1": "https://isilon-1:8080", "https://isilon-1:443/": "https://isilon-1:443",
		"https://[::1]": "https://[::1]:8080", "HTTPS://10.0.0.5:8080": "https://10.0.0.5:8080",
	} {
		if got, err := baseURL(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
}
