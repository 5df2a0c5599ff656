package papi

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"dataprotection_exporter/remote"
)

// clock is a clock that a test sets.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newClock() *clock { return &clock{t: time.Unix(1_800_000_000, 0)} }

func TestOneSessionForManyRequests(t *testing.T) {
	for _, noCSRF := range []bool{false, true} {
		f := newCluster(t, func(f *cluster) { f.noCSRF = noCSRF })
		c := newClient(t, nil, f)
		for range 5 {
			works(t, c)
		}
		if f.logins != 1 || f.open() != 1 {
			t.Errorf("%d logins, %d sessions", f.logins, f.open())
		}
		_ = c.Close()
		if f.open() != 0 {
			t.Error("the session is left behind")
		}
		if _, err := get(within(t), c); remote.ReasonOf(err) != remote.Other {
			t.Errorf("after Close: %v", err)
		}
	}
}

// Parallel requests share one login, the first one and the one after the
// session ended.
func TestParallelRequestsShareALogin(t *testing.T) {
	f := newCluster(t, nil)
	c := newClient(t, func(cfg *Config) { cfg.MaxRequests = 8 }, f)
	for round := range 3 {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := get(within(t), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if f.logins != round+1 {
			t.Errorf("%d logins in round %d", f.logins, round)
		}
		f.expire() // answered with a page of HTML
	}
}

// A session is not used up to the moment at which the cluster ends it.
func TestSessionTimers(t *testing.T) {
	f := newCluster(t, nil)
	now := newClock()
	c := newClient(t, func(cfg *Config) { cfg.Now = now.now }, f)
	works(t, c)
	for _, tt := range []struct {
		wait   time.Duration
		logins int
	}{
		{10 * time.Minute, 1}, {10 * time.Minute, 1}, {14*time.Minute + time.Second, 2}, {time.Minute, 2},
	} {
		now.forward(tt.wait)
		works(t, c)
		if f.logins != tt.logins {
			t.Errorf("after another %s: %d logins, want %d", tt.wait, f.logins, tt.logins)
		}
	}
	for range 23 { // busy to the end of its four hours
		now.forward(10 * time.Minute)
		works(t, c)
	}
	if f.logins != 2 {
		t.Errorf("%d logins before the session ended", f.logins)
	}
	now.forward(9*time.Minute + 30*time.Second)
	works(t, c)
	if f.logins != 3 || f.count("GET") != 29 {
		t.Errorf("%d logins, %d requests: an ended session was tried", f.logins, f.count("GET"))
	}
}

func TestBackoffOfRefusedLogins(t *testing.T) {
	for _, basic := range []bool{false, true} {
		t.Run(fmt.Sprintf("basic %v", basic), func(t *testing.T) {
			f := newCluster(t, nil)
			f.setPassword("another")
			now := newClock()
			reg := prometheus.NewRegistry()
			c, err := New(Config{
				Target: "isilon", Addresses: []string{f.URL}, CAFile: authority(t, f.Server), Username: testUser, Password: testPassword, Basic: basic, Now: now.now,
			}, NewMetrics(reg), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			collection := func(want remote.Reason, texts ...string) {
				t.Helper()
				var wg sync.WaitGroup
				for range 8 { // the parts of one collection
					wg.Go(func() { fails(t, c, want, texts...) })
				}
				wg.Wait()
				fails(t, c, want, texts...)
				now.forward(time.Minute)
			}
			for n := range 3 {
				collection(remote.Auth, testUser)
				if f.logins != n+1 {
					t.Fatalf("%d logins in %d collections", f.logins, n+1)
				}
			}
			collection(remote.AuthBackoff, "3 logins in a row", "4m0s")
			if v := testutil.ToFloat64(c.metrics.backoff); v != 1_800_000_000+2*60+5*60 {
				t.Errorf("the pause is shown until %v", v)
			}
			now.forward(5 * time.Minute)
			collection(remote.Auth)
			collection(remote.AuthBackoff, "9m0s")
			if f.logins != 4 {
				t.Errorf("%d logins", f.logins)
			}
			f.setPassword(testPassword)
			now.forward(time.Hour)
			works(t, c)
			if n := testutil.CollectAndCount(c.metrics.backoff); n != 0 {
				t.Error("the pause is still shown")
			}
			if got := testutil.ToFloat64(c.metrics.logins.WithLabelValues("isilon", "auth")); got != 4 {
				t.Errorf("%v refused logins counted", got)
			}
		})
	}
}

// A password that is changed while the session lives costs one refusal for each
// collection, and no request goes out without a login.
func TestPasswordChangesLater(t *testing.T) {
	f := newCluster(t, nil)
	now := newClock()
	c := newClient(t, func(cfg *Config) { cfg.Now = now.now }, f)
	works(t, c)
	f.setPassword("another")
	works(t, c)
	f.expire()
	fails(t, c, remote.Auth)
	fails(t, c, remote.Auth)
	if f.logins != 2 {
		t.Errorf("%d logins", f.logins)
	}
}

// A cluster that opens sessions and takes none is left alone too.
func TestSessionsThatAreNotTaken(t *testing.T) {
	f := newCluster(t, nil)
	f.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	now := newClock()
	c := newClient(t, func(cfg *Config) { cfg.Now = now.now }, f)
	for range 10 {
		_, err := get(within(t), c)
		if r := remote.ReasonOf(err); r != remote.Auth && r != remote.AuthBackoff {
			t.Fatal(err)
		}
		now.forward(20 * time.Second)
	}
	if f.logins != 3 {
		t.Errorf("%d logins", f.logins)
	}
}

// One resource that answers 401 costs a login and no more than that.
func TestOneResourceRefuses(t *testing.T) {
	f := newCluster(t, nil)
	f.answer = func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/settings") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("{}"))
	}
	c := newClient(t, nil, f)
	other := Request{Path: "/platform/11/avscan/servers"}
	for range 5 {
		if _, err := c.Get(within(t), other); err != nil {
			t.Fatal(err)
		}
		if _, err := get(within(t), c); remote.ReasonOf(err) != remote.Auth {
			t.Fatal(err)
		}
		c.mu.Lock()
		c.refusedAt = time.Time{}
		c.mu.Unlock()
	}
}

func TestLoginAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		login  func(w http.ResponseWriter) bool
		reason remote.Reason
		text   string
	}{
		{"forbidden", func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusForbidden); return true }, remote.Auth, "ISI_PRIV_LOGIN_PAPI"},
		{"not there", func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusNotFound); return true }, remote.Other, "port 8080"},
		{"in trouble", func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusServiceUnavailable); return true }, remote.Other, "503"},
		{"no cookie", func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusCreated); return true }, remote.Parse, "cookie"},
		{"a cookie no header can hold", func(w http.ResponseWriter) bool {
			w.Header().Add("Set-Cookie", `isisessid="a b"`)
			w.WriteHeader(http.StatusCreated)
			return true
		}, remote.Parse, "cookie"},
		{"too large", func(w http.ResponseWriter) bool { _, _ = w.Write(make([]byte, loginLimit+1)); return true }, remote.TooLarge, ""},
		{"redirected", func(w http.ResponseWriter) bool {
			w.Header().Set("Location", "https://elsewhere.example.com/planted-x")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		}, remote.Other, "elsewhere.example.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newCluster(t, func(f *cluster) { f.login = tt.login })
			c := newClient(t, nil, f)
			fails(t, c, tt.reason, tt.text)
		})
	}
}
