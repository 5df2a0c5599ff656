package ssh

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
)

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) *fake {
	t.Helper()
	f := newRaw(t, func(net.Conn) {})
	f.close()
	return f
}

// silent is a port that takes connections and says nothing.
func silent(t *testing.T) *fake {
	t.Helper()
	return newRaw(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
}

func TestFailuresBeforeTheLogin(t *testing.T) {
	half := newFake(t, nil)
	for _, tc := range []struct {
		name   string
		server func(*testing.T) *fake
		want   remote.Reason
		says   []string
	}{
		{"closed port", closedPort, remote.Connect, []string{"refused", "is the SSH server running"}},
		{"says nothing", silent, remote.Timeout, []string{"no SSH greeting"}},
		{"hangs in the handshake", func(t *testing.T) *fake {
			return newRaw(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, "SSH-2.0-hung\r\n")
				_, _ = io.Copy(io.Discard, conn)
			})
		}, remote.Timeout, []string{"key exchange"}},
		{"hangs in the login", func(t *testing.T) *fake {
			return newFake(t, func(f *fake) {
				f.config.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
					<-f.closed
					return nil, errNo
				}
			})
		}, remote.Timeout, []string{"login did not complete"}},
		{"another service", func(t *testing.T) *fake {
			return newRaw(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
				_ = conn.Close()
			})
		}, remote.Connect, []string{"not an SSH server", "HTTP/1.1 400"}},
		{"another service that waits", func(t *testing.T) *fake {
			return newRaw(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, "220 mail ESMTP\r\n")
				_, _ = io.Copy(io.Discard, conn)
			})
		}, remote.Connect, []string{"not an SSH server", "220 mail"}},
		{"hangs up at once", func(t *testing.T) *fake { return newRaw(t, func(conn net.Conn) { _ = conn.Close() }) }, remote.Disconnected, []string{"MaxStartups"}},
		{"hangs up after the greeting", func(t *testing.T) *fake {
			return newRaw(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, "SSH-2.0-gone\r\n")
				_ = conn.Close()
			})
		}, remote.Disconnected, []string{"key exchange"}},
		{"only weak algorithms", func(t *testing.T) *fake {
			return newFake(t, func(f *fake) { f.config.KeyExchanges = []string{ssh.InsecureKeyExchangeDH1SHA1} })
		}, remote.Other, []string{"no common key exchange", "diffie-hellman-group1-sha1", "ssh.legacy_algorithms: true"}},
		{"name does not resolve", func(*testing.T) *fake { return &fake{address: "no-such-host.invalid"} }, remote.DNS, []string{"no-such-host.invalid:22"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			ctx := outerDeadline(t)
			if tc.want == remote.Timeout || strings.Contains(tc.name, "waits") {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 500*time.Millisecond)
				defer cancel()
			}
			f := tc.server(t)
			c := client(t, nil, f)
			fails(t, c, ctx, command("x"), tc.want, append(tc.says, f.address)...)

			// The other address is tried, whatever is wrong with the first.
			both := client(t, nil, f, half)
			if tc.want == remote.Timeout || strings.Contains(tc.name, "waits") {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(outerDeadline(t), 3*time.Second)
				defer cancel()
			}
			answer, err := both.Run(ctx, command("x"))
			if err != nil || answer.Address != half.address {
				t.Fatalf("%q %v", answer.Address, err)
			}
		})
	}
}

func TestLegacyAlgorithms(t *testing.T) {
	f := newFake(t, func(f *fake) {
		f.config.KeyExchanges = []string{ssh.InsecureKeyExchangeDH1SHA1}
		f.config.Ciphers = []string{ssh.InsecureCipherTripleDESCBC}
		f.config.MACs = []string{ssh.InsecureHMACSHA196}
	})
	ask(t, client(t, func(cfg *Config) { cfg.LegacyAlgorithms = true }, f), command("x"))
}

func TestHostKeyFailureTriesTheNextAddress(t *testing.T) {
	wrong, right := newFake(t, nil, otherKey()), newFake(t, nil)
	answer := ask(t, client(t, nil, wrong, right), command("x"))
	if answer.Address != right.address {
		t.Fatal(answer.Address)
	}
}

// When no address works, the most telling failure gives the reason and all are
// named.
func TestNoAddressWorks(t *testing.T) {
	down, wrong := closedPort(t), newFake(t, nil, otherKey())
	fails(t, client(t, nil, down, wrong), outerDeadline(t), command("x"), remote.HostKeyChanged, down.address, wrong.address, "2 addresses")
}

func TestWorkingAddressStaysFirst(t *testing.T) {
	down, up := silent(t), newFake(t, nil)
	c := client(t, nil, down, up)
	ctx, cancel := context.WithTimeout(outerDeadline(t), 3*time.Second)
	defer cancel()
	if _, err := c.Run(ctx, command("x")); err != nil {
		t.Fatal(err)
	}
	up.hangUp()
	before := down.connections.Load()
	ask(t, c, command("x"))
	if down.connections.Load() != before {
		t.Fatal("the dead address was tried first again")
	}
}

func TestRotate(t *testing.T) {
	a, b := newFake(t, nil), newFake(t, nil)
	c := client(t, nil, a, b)
	for _, want := range []string{a.address, b.address, a.address} {
		if got := ask(t, c, command("x")); got.Address != want {
			t.Fatalf("%q answered, want %q", got.Address, want)
		}
		// Two commands that learn the same thing.
		for range 2 {
			if !c.Rotate() {
				t.Fatal("there is another address")
			}
		}
	}
	if client(t, nil, a).Rotate() {
		t.Error("there is no other address")
	}
}

// Rotate lets commands under way finish.
func TestRotateDuringACommand(t *testing.T) {
	release, started := make(chan struct{}), make(chan struct{})
	a := newFake(t, func(f *fake) {
		f.run = func(c *call) int {
			close(started)
			<-release
			c.print("a")
			return 0
		}
	})
	b := newFake(t, nil)
	c := client(t, nil, a, b)
	type result struct {
		answer remote.Answer
		err    error
	}
	results := make(chan result, 1)
	go func() {
		answer, err := c.Run(outerDeadline(t), command("x"))
		results <- result{answer, err}
	}()
	<-started
	c.Rotate()
	if got := ask(t, c, command("x")); got.Address != b.address {
		t.Error(got.Address)
	}
	close(release)
	if got := <-results; got.err != nil || string(got.answer.Stdout) != "a" {
		t.Error(got)
	}
	until(t, "the old connection is closed", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.all) == 1
	})
}

// Concurrent first callers share one dial, and it outlives the one who started it.
func TestSharedDial(t *testing.T) {
	arrived, release := make(chan struct{}, 10), make(chan struct{})
	f := newFake(t, func(f *fake) {
		password := f.config.PasswordCallback
		f.config.PasswordCallback = func(m ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) {
			arrived <- struct{}{}
			<-release
			return password(m, p)
		}
	})
	c := client(t, nil, f)
	first, giveUp := context.WithCancel(outerDeadline(t))
	gaveUp := make(chan error, 1)
	go func() {
		_, err := c.Run(first, command("x"))
		gaveUp <- err
	}()
	<-arrived
	var wg sync.WaitGroup
	errs := make(chan error, 3)
	for range 3 {
		wg.Go(func() {
			_, err := c.Run(outerDeadline(t), command("x"))
			errs <- err
		})
	}
	until(t, "all wait", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.dialing.waiters == 4
	})
	giveUp()
	if err := <-gaveUp; remote.ReasonOf(err) != remote.Timeout {
		t.Error(err)
	}
	close(release)
	wg.Wait()
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := f.connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// With nobody left to wait, the dial ends.
func TestAbandonedDialEnds(t *testing.T) {
	f := silent(t)
	c := client(t, nil, f)
	ctx, cancel := context.WithCancel(outerDeadline(t))
	go func() {
		until(t, "the dial", func() bool { return f.connections.Load() == 1 })
		cancel()
	}()
	fails(t, c, ctx, command("x"), remote.Timeout)
	until(t, "the dial ends", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.dialing == nil
	})
}

// A connection that the device closed while it was idle is replaced unnoticed.
func TestDeadIdleConnection(t *testing.T) {
	f := newFake(t, nil)
	c := client(t, nil, f)
	ask(t, c, command("x"))
	for range 10 {
		f.hangUp()
		ask(t, c, command("x"))
	}
}

// So is one that a firewall forgot: no byte comes back, and no error either.
func TestSilentlyDeadIdleConnection(t *testing.T) {
	f := newFake(t, nil)
	v := newValve(t, f)
	c := client(t, nil, v.fake)
	c.patience = 50 * time.Millisecond
	ask(t, c, command("x"))
	v.shut()
	ask(t, c, command("x"))
	if n := v.connections.Load(); n != 2 {
		t.Fatalf("%d connections", n)
	}
}

// A third of the time that is left is the most that is spent on finding out.
func TestPatienceWithinTheDeadline(t *testing.T) {
	f := newFake(t, nil)
	v := newValve(t, f)
	c := client(t, nil, v.fake)
	ask(t, c, command("x"))
	v.shut()
	ctx, cancel := context.WithTimeout(outerDeadline(t), 3*time.Second)
	defer cancel()
	if _, err := c.Run(ctx, command("x")); err != nil {
		t.Fatal(err)
	}
}

// A device that is slow to open a session, but alive, is waited for.
func TestSlowDeviceIsNotDead(t *testing.T) {
	var mu sync.Mutex
	slow := false
	server := newFake(t, nil)
	f := newRaw(t, func(conn net.Conn) {
		sc, channels, requests, err := ssh.NewServerConn(conn, &server.config)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		for opened := range channels {
			mu.Lock()
			if slow {
				slow = false
				// Signs of life for longer than the client's patience.
				for begun := time.Now(); time.Since(begun) < 500*time.Millisecond; {
					_, _, _ = sc.SendRequest("ping", true, nil)
				}
			}
			mu.Unlock()
			server.session(conn, opened)
		}
	})
	c := client(t, nil, f)
	c.patience = 200 * time.Millisecond
	ask(t, c, command("x"))
	mu.Lock()
	slow = true
	mu.Unlock()
	ask(t, c, command("x"))
	if n := f.connections.Load(); n != 1 {
		t.Fatalf("%d connections", n)
	}
}

// The keep-alive finds a dead connection before anybody needs it.
func TestKeepAliveDropsADeadConnection(t *testing.T) {
	f := newFake(t, nil)
	v := newValve(t, f)
	c := client(t, func(cfg *Config) { cfg.KeepAlive = 20 * time.Millisecond }, v.fake)
	ask(t, c, command("x"))
	v.shut()
	until(t, "the connection is dropped", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.conn == nil
	})
	ask(t, c, command("x"))
}

// A command that printed something already is not sent again.
func TestNoRetryAfterOutput(t *testing.T) {
	f := newFake(t, func(f *fake) {
		f.run = func(c *call) int {
			if c.command == "break" {
				c.print("half")
				_ = c.conn.Close()
				return stillRunning
			}
			return 0
		}
	})
	c := client(t, nil, f)
	ask(t, c, command("x"))
	fails(t, c, outerDeadline(t), command("break"), remote.Disconnected)
	if n := f.sessions.Load(); n != 2 {
		t.Fatalf("%d sessions", n)
	}
}

// One retry, not more.
func TestOneRetry(t *testing.T) {
	f := newFake(t, func(f *fake) {
		f.run = func(c *call) int {
			if c.command == "break" {
				_ = c.conn.Close()
				return stillRunning
			}
			return 0
		}
	})
	c := client(t, nil, f)
	ask(t, c, command("x"))
	fails(t, c, outerDeadline(t), command("break"), remote.Disconnected)
	if n := f.sessions.Load(); n != 3 {
		t.Fatalf("%d sessions", n)
	}
}

func TestClose(t *testing.T) {
	started := make(chan struct{})
	f := newFake(t, func(f *fake) {
		f.run = func(c *call) int {
			close(started)
			<-c.gone
			return 0
		}
	})
	c := client(t, func(cfg *Config) { cfg.MaxSessions = 1 }, f)
	running, waiting := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := c.Run(outerDeadline(t), command("x"))
		running <- err
	}()
	<-started
	go func() {
		_, err := c.Run(outerDeadline(t), command("x"))
		waiting <- err
	}()
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, ch := range []chan error{running, waiting} {
		if err := <-ch; err == nil {
			t.Error("a command succeeded on a closed client")
		}
	}
	fails(t, c, outerDeadline(t), command("x"), remote.Other, "was closed")
}

func TestCloseDuringADial(t *testing.T) {
	f := silent(t)
	c := client(t, nil, f)
	errs := make(chan error, 1)
	go func() {
		_, err := c.Run(outerDeadline(t), command("x"))
		errs <- err
	}()
	until(t, "the dial", func() bool { return f.connections.Load() == 1 })
	_ = c.Close()
	if err := <-errs; remote.ReasonOf(err) != remote.Other {
		t.Error(err)
	}
}

// Everything at once, for the race detector.
func TestConcurrentUse(t *testing.T) {
	a, b := newFake(t, nil), newFake(t, nil)
	c := client(t, func(cfg *Config) { cfg.KeepAlive = time.Millisecond }, a, b)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				ctx, cancel := context.WithTimeout(outerDeadline(t), time.Duration(1+(i*20+j)%40)*2*time.Millisecond)
				_, _ = c.Run(ctx, command("x"))
				cancel()
				switch j % 10 {
				case 3:
					c.Rotate()
				case 7:
					a.hangUp()
				}
			}
		})
	}
	wg.Wait()
	ask(t, c, command("x"))
}

func TestJournalLogsChangesOnly(t *testing.T) {
	var log bytes.Buffer
	f := newFake(t, nil)
	c, err := New(Config{
		Target: "vnx", Addresses: []string{f.address}, Username: testUser, Password: testPassword, Fingerprints: []string{fingerprint(otherKey())},
	}, nil, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	lines := func(want int, says string) {
		t.Helper()
		c.journal.mu.Lock()
		defer c.journal.mu.Unlock()
		text := log.String()
		if n := strings.Count(text, "\n"); n != want || !strings.Contains(text, says) || strings.Contains(text, testPassword) {
			t.Fatalf("want %d lines with %q: %s", want, says, text)
		}
	}
	for range 5 {
		fails(t, c, outerDeadline(t), command("x"), remote.HostKeyChanged)
	}
	lines(1, "level=ERROR")
	c.cfg.Fingerprints = []string{fingerprint(ed25519Key())}
	for range 5 {
		ask(t, c, command("x"))
		f.hangUp()
	}
	lines(2, "ssh: connected")
	f.close()
	for range 5 {
		fails(t, c, outerDeadline(t), command("x"), remote.Connect)
	}
	lines(3, "reason=connect")
	_ = c.Close()
}

func ExamplePlain() {
	line, _ := execString(remote.Command{Argv: []string{"env", "NAS_DB=/nas", "/nas/bin/server_viruschk", "server_2"}, PosixShell: true})
	fmt.Println(Plain(line))
	fmt.Println(Plain("ntfrsutl sets"))
	// Output:
	// env NAS_DB=/nas /nas/bin/server_viruschk server_2
	// ntfrsutl sets
}
