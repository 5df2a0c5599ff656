package ssh

import (
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

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

func TestBackoffOfRefusedLogins(t *testing.T) {
	var mu sync.Mutex
	right := "not yet set"
	f := newFake(t, func(f *fake) {
		f.config.PasswordCallback = func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			mu.Lock()
			defer mu.Unlock()
			if string(password) == right {
				return nil, nil
			}
			return nil, errNo
		}
	})
	time0 := &clock{t: time.Unix(1_800_000_000, 0)}
	reg := prometheus.NewRegistry()
	c, err := New(Config{
		Target: "t", Addresses: []string{f.address}, Username: testUser, Password: testPassword, InsecureIgnoreHostKey: true,
		BackoffAfter: 3, BackoffMin: 5 * time.Minute, BackoffMax: 12 * time.Minute, Now: time0.now,
	}, NewMetrics(reg), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := outerDeadline(t)
	until := func(want string) {
		t.Helper()
		const name = "dataprotection_ssh_auth_backoff_until_timestamp_seconds"
		text := ""
		if want != "" {
			text = "# HELP " + name + " Until when no login is attempted because the last ones were refused. Present only during such a pause.\n# TYPE " +
				name + " gauge\n" + name + `{target="t"} ` + want + "\n"
		}
		if err := testutil.GatherAndCompare(reg, strings.NewReader(text), name); err != nil {
			t.Error(err)
		}
	}

	for range 3 {
		until("")
		fails(t, c, ctx, command("x"), remote.Auth)
	}
	connections := f.connections.Load()
	until("1.8000003e+09")
	fails(t, c, ctx, command("x"), remote.AuthBackoff, "5m0s", "3 logins in a row")
	time0.forward(4 * time.Minute)
	fails(t, c, ctx, command("x"), remote.AuthBackoff, "1m0s")
	if f.connections.Load() != connections {
		t.Fatal("the network was touched during the pause")
	}
	// The pause doubles, up to its limit.
	for _, pause := range []string{"10m0s", "12m0s", "12m0s"} {
		time0.forward(12 * time.Minute)
		fails(t, c, ctx, command("x"), remote.Auth)
		fails(t, c, ctx, command("x"), remote.AuthBackoff, pause)
	}
	if n := f.connections.Load() - connections; n != 3 {
		t.Fatalf("%d logins were tried, want 3", n)
	}
	// A success ends it all.
	mu.Lock()
	right = testPassword
	mu.Unlock()
	time0.forward(12 * time.Minute)
	if _, err := c.Run(ctx, command("x")); err != nil {
		t.Fatal(err)
	}
	until("")
	mu.Lock()
	right = "changed"
	mu.Unlock()
	f.hangUp()
	for range 3 {
		fails(t, c, ctx, command("x"), remote.Auth)
	}
	fails(t, c, ctx, command("x"), remote.AuthBackoff, "5m0s")
}

// Other failures are no refusals, and a refused login leaves the other address
// alone: it is the same account.
func TestOnlyRefusedLoginsCount(t *testing.T) {
	f, other := newFake(t, nil), newFake(t, nil)
	c := client(t, func(cfg *Config) { cfg.BackoffAfter, cfg.Password = 1, "planted-wrong" }, f, other)
	changed := client(t, func(cfg *Config) { cfg.BackoffAfter, cfg.Fingerprints = 1, []string{fingerprint(otherKey())} }, f)
	for range 3 {
		fails(t, changed, outerDeadline(t), command("x"), remote.HostKeyChanged)
	}
	fails(t, c, outerDeadline(t), command("x"), remote.Auth)
	fails(t, c, outerDeadline(t), command("x"), remote.AuthBackoff)
	if n := other.connections.Load(); n != 0 {
		t.Fatalf("%d connections to the other address after a refused login", n)
	}
}
