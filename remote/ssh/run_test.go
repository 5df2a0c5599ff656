package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
)

func TestAnswers(t *testing.T) {
	f := newFake(t, func(f *fake) {
		f.run = func(c *call) int {
			switch c.command {
			case "status":
				c.print("out\n")
				_, _ = c.Stderr().Write([]byte("err\n"))
				return 3
			case "log":
				c.print(strings.Repeat("a line of the log\n", 1000) + "the last line\n")
				return 0
			case "noisy":
				_, _ = c.Stderr().Write(bytes.Repeat([]byte("x"), 3*remote.StderrLimit))
				c.print("out\n")
				return 0
			default:
				c.print(c.command + "\n")
				return 0
			}
		}
	})
	c := client(t, nil, f)
	for _, tc := range []struct {
		name           string
		cmd            remote.Command
		stdout, stderr string
		exit           int
		cut            bool
	}{
		{"words", command("env", "NAS_DB=/nas", "/nas/bin/server_viruschk", "server_2"), "env NAS_DB=/nas /nas/bin/server_viruschk server_2\n", "", 0, false},
		{"under the guard", remote.Command{Argv: []string{"env", "A=b", "server_log"}, PosixShell: true}, "env A=b server_log\n", "", 0, false},
		{"for another shell", command(`C:\Windows\ntfrsutl.exe`, "sets", "*"), `C:\Windows\ntfrsutl.exe sets *` + "\n", "", 0, false},
		{"exit status and standard error", command("status"), "out\n", "err\n", 3, false},
		{"exactly the limit", remote.Command{Argv: []string{"status"}, Limit: 4}, "out\n", "err\n", 3, false},
		{"tail", remote.Command{Argv: []string{"log"}, Limit: 40, Tail: true}, "a line of the log\nthe last line\n", "", 0, true},
		{"tail of little", remote.Command{Argv: []string{"status"}, Limit: 40, Tail: true}, "out\n", "err\n", 3, false},
		{"bounded standard error", command("noisy"), "out\n", strings.Repeat("x", remote.StderrLimit), 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ask(t, c, tc.cmd)
			if string(got.Stdout) != tc.stdout || string(got.Stderr) != tc.stderr || got.ExitStatus != tc.exit || got.Cut != tc.cut {
				t.Fatalf("%q %.80q %d %v", got.Stdout, got.Stderr, got.ExitStatus, got.Cut)
			}
			if got.Address != f.address || time.Since(got.Time) > time.Minute {
				t.Fatalf("%q %v", got.Address, got.Time)
			}
		})
	}
	if n := f.connections.Load(); n != 1 {
		t.Fatalf("%d connections for all of it", n)
	}
}

// A word that could mean something to a shell never reaches the network.
func TestRefusedWords(t *testing.T) {
	f := newFake(t, nil)
	c := client(t, nil, f)
	for _, posix := range []bool{false, true} {
		for _, word := range []string{"", "a b", "a;b", "a|b", "a&b", "a>b", "a<b", "`a`", "$(a)", "a'b", `a"b`, "a\nb", "a(b", "{a}", "~a", "a!b", "a#b", "ä"} {
			_, err := c.Run(outerDeadline(t), remote.Command{Argv: []string{"server_log", word}, PosixShell: posix})
			if err == nil {
				t.Errorf("posix=%v: the word %q was sent", posix, word)
			}
		}
	}
	for _, word := range []string{"$HOME", "a*", "a?", "[ab]", `a\b`, "^a"} {
		fails(t, c, outerDeadline(t), remote.Command{Argv: []string{"server_log", word}, PosixShell: true}, remote.Other, "refused")
	}
	if _, err := c.Run(outerDeadline(t), remote.Command{}); err == nil {
		t.Error("no command was sent")
	}
	if n := f.connections.Load(); n != 0 {
		t.Fatalf("%d connections", n)
	}
}

func TestBrokenAnswers(t *testing.T) {
	for _, tc := range []struct {
		name string
		run  func(*call) int
		cmd  string
		want remote.Reason
		says string
	}{
		{"no exit status", func(c *call) int { c.print("half"); return withoutStatus }, "x", remote.Disconnected, "without an exit status"},
		{"signal", func(*call) int { return bySignal }, "x", remote.Other, "signal KILL"},
		{"connection breaks in the middle", func(c *call) int { c.print("half"); _ = c.conn.Close(); return stillRunning }, "x", remote.Disconnected, "broke before"},
		{"connection breaks after the exit status", func(c *call) int {
			c.print("half")
			_, _ = c.SendRequest("exit-status", false, ssh.Marshal(struct{ S uint32 }{0}))
			_ = c.conn.Close()
			return stillRunning
		}, "x", remote.Disconnected, "broke before"},
		{"command rejected", nil, "rejected", remote.Permission, "refuses to run"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(t, func(f *fake) {
				if tc.run != nil {
					f.run = tc.run
				}
			})
			fails(t, client(t, nil, f), outerDeadline(t), command(tc.cmd), tc.want, tc.says)
		})
	}
}

// A device may end the connection right behind a complete answer.
func TestConnectionEndsBehindTheAnswer(t *testing.T) {
	f := newFake(t, func(f *fake) {
		f.run = func(c *call) int {
			c.print("complete\n")
			_, _ = c.SendRequest("exit-status", false, ssh.Marshal(struct{ S uint32 }{0}))
			_ = c.Close()
			_ = c.conn.(*net.TCPConn).CloseWrite()
			return stillRunning
		}
	})
	c := client(t, nil, f)
	for range 8 {
		if got := ask(t, c, command("x")); string(got.Stdout) != "complete\n" {
			t.Fatalf("%q", got.Stdout)
		}
	}
}

func TestNoSessionOpened(t *testing.T) {
	refusing := newFake(t, nil)
	raw := newRaw(t, func(conn net.Conn) {
		_, channels, requests, err := ssh.NewServerConn(conn, &refusing.config)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		for opened := range channels {
			_ = opened.Reject(ssh.ResourceShortage, "no more sessions")
		}
	})
	fails(t, client(t, nil, raw), outerDeadline(t), command("x"), remote.Other, "no more sessions", "ssh.max_sessions")
}

// An answer that outgrows its cap is not read to its end.
func TestTooLarge(t *testing.T) {
	const size = 50 << 20
	var sent atomic.Int64
	ended := make(chan struct{})
	f := newFake(t, func(f *fake) {
		f.run = func(c *call) int {
			if c.command != "large" {
				return 0
			}
			defer close(ended)
			block := bytes.Repeat([]byte("x"), 64<<10)
			for sent.Load() < size {
				n, err := c.Write(block)
				sent.Add(int64(n))
				if err != nil {
					break
				}
			}
			return 0
		}
	})
	c := client(t, func(cfg *Config) { cfg.MaxSessions = 1 }, f)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	fails(t, c, outerDeadline(t), remote.Command{Argv: []string{"large"}, Limit: 1 << 20}, remote.TooLarge, "exceeds 1048576 bytes")
	runtime.ReadMemStats(&after)
	<-ended
	if n := sent.Load(); n > 8<<20 {
		t.Errorf("the device could send %d bytes", n)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	ask(t, c, command("small")) // the connection is as good as before
	if f.connections.Load() != 1 {
		t.Error("the connection was given up")
	}
}

// The end of the context ends Run at once and the command soon after.
func TestCancellation(t *testing.T) {
	for _, posix := range []bool{false, true} {
		t.Run(fmt.Sprintf("guard=%v", posix), func(t *testing.T) {
			started, ended := make(chan struct{}), make(chan string, 1)
			f := newFake(t, func(f *fake) {
				f.run = func(c *call) int {
					if c.command == "quick" {
						return 0
					}
					close(started)
					// What a real device does: a signal, or the end of standard
					// input where there is a guard.
					select {
					case s := <-c.signals:
						ended <- s
					case <-c.gone:
						ended <- "gone"
					}
					return 0
				}
			})
			c := client(t, func(cfg *Config) { cfg.MaxSessions = 1 }, f)
			ctx, cancel := context.WithCancel(outerDeadline(t))
			go func() { <-started; cancel() }()
			err := fails(t, c, ctx, remote.Command{Argv: []string{"hang"}, PosixShell: posix}, remote.Timeout, "within the deadline")
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			want := map[bool]string{false: "TERM", true: "gone"}[posix]
			if how := <-ended; how != want {
				t.Errorf("the command learned of it by %q, want %q", how, want)
			}
			ask(t, c, command("quick"))
			if f.connections.Load() != 1 {
				t.Error("the connection was given up for one slow command")
			}
		})
	}
}

// A context that ended before anything was done touches nothing.
func TestEndedContext(t *testing.T) {
	f := newFake(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	fails(t, client(t, nil, f), ctx, command("x"), remote.Timeout)
	if f.connections.Load() != 0 {
		t.Fatal("the network was touched")
	}
}

func TestMaxSessions(t *testing.T) {
	for _, most := range []int32{1, 3} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			release := make(chan struct{})
			f := newFake(t, func(f *fake) {
				f.run = func(c *call) int {
					if c.command == "wait" {
						<-release
					}
					return 0
				}
			})
			c := client(t, func(cfg *Config) { cfg.MaxSessions = int(most) }, f)
			var wg sync.WaitGroup
			errs := make(chan error, 20)
			for range 10 {
				wg.Go(func() {
					_, err := c.Run(outerDeadline(t), command("wait"))
					errs <- err
				})
			}
			until(t, "all slots are taken", func() bool { return f.running.Load() == most })
			ctx, cancel := context.WithCancel(outerDeadline(t))
			waiting := make(chan error, 1)
			go func() {
				_, err := c.Run(ctx, command("x"))
				waiting <- err
			}()
			cancel()
			if err := <-waiting; remote.ReasonOf(err) != remote.Timeout {
				t.Error("waiting for a slot does not honour the context:", err)
			}
			close(release)
			wg.Wait()
			close(errs)
			for err := range errs {
				if err != nil {
					t.Error(err)
				}
			}
			if got := f.most.Load(); got != most {
				t.Errorf("%d commands at a time, want %d", got, most)
			}
			if f.connections.Load() != 1 {
				t.Error("first callers did not share one dial")
			}
		})
	}
}

// A command that is being ended after its deadline still counts.
func TestMaxSessionsCountsCommandsBeingEnded(t *testing.T) {
	release := make(chan struct{})
	started := make(chan struct{}, 1)
	f := newFake(t, func(f *fake) {
		f.run = func(c *call) int {
			if c.command == "stubborn" {
				started <- struct{}{}
				<-release // ignores TERM
			}
			return 0
		}
	})
	c := client(t, func(cfg *Config) { cfg.MaxSessions = 1 }, f)
	ctx, cancel := context.WithCancel(outerDeadline(t))
	go func() { <-started; cancel() }()
	fails(t, c, ctx, command("stubborn"), remote.Timeout)
	next := make(chan error, 1)
	go func() {
		_, err := c.Run(outerDeadline(t), command("next"))
		next <- err
	}()
	close(release)
	if err := <-next; err != nil {
		t.Fatal(err)
	}
	if f.most.Load() != 1 {
		t.Fatal("two commands at a time on the device")
	}
}

func TestTrace(t *testing.T) {
	f := newFake(t, nil)
	trace := &remote.Trace{}
	c := client(t, nil, f)
	if _, err := c.Run(remote.WithTrace(outerDeadline(t), trace), remote.Command{
		Argv: []string{"cat", "secret.doc"}, Redact: func([]byte) []byte { return []byte("<files>") },
	}); err != nil {
		t.Fatal(err)
	}
	var all, names []string
	for _, s := range trace.Steps() {
		names = append(names, s.Name)
		all = append(all, s.Detail)
	}
	if got := strings.Join(names, "|"); got != "dial "+f.address+"|login "+f.address+"|run cat secret.doc" {
		t.Error(got)
	}
	text := strings.Join(all, "\n")
	if strings.Contains(text, testPassword) || !strings.Contains(text, "<files>") || !strings.Contains(text, fingerprint(ed25519Key())) {
		t.Error(text)
	}
}
