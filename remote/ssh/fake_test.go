package ssh

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"dataprotection_exporter/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Keys are made once: RSA keys take a while.
var (
	ed25519Key = sync.OnceValue(func() ssh.Signer {
		return newKey(func() (any, error) { _, k, err := ed25519.GenerateKey(rand.Reader); return k, err })
	})
	otherKey = sync.OnceValue(func() ssh.Signer {
		return newKey(func() (any, error) { _, k, err := ed25519.GenerateKey(rand.Reader); return k, err })
	})
	ecdsaKey = sync.OnceValue(func() ssh.Signer {
		return newKey(func() (any, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
	})
	rsaKey = sync.OnceValue(func() ssh.Signer { return newKey(func() (any, error) { return rsa.GenerateKey(rand.Reader, 2048) }) })

	// userKey is what clients log in with, as PEM text.
	userKey = sync.OnceValue(func() remote.Secret {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		return pemOf(key, "")
	})
)

func newKey(generate func() (any, error)) ssh.Signer {
	key, err := generate()
	if err != nil {
		panic(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		panic(err)
	}
	return signer
}

func pemOf(key any, passphrase string) remote.Secret {
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		panic(err)
	}
	return remote.Secret(pem.EncodeToMemory(block))
}

// call is one command that a fake device was asked to run.
type call struct {
	ssh.Channel
	command string          // without the guard
	sent    string          // as it came
	gone    <-chan struct{} // closed with the session
	conn    net.Conn
	signals <-chan string
}

func (c *call) print(text string) { _, _ = io.WriteString(c.Channel, text) }

// The exits a fake command can have besides an exit status.
const (
	withoutStatus = -1
	bySignal      = -2
	stillRunning  = -3 // the session stays open
)

// fake is an SSH server that misbehaves as told.
type fake struct {
	config   ssh.ServerConfig
	run      func(*call) (exit int)
	listener net.Listener
	address  string

	connections, attempts, logins, refused, sessions atomic.Int32
	running, most                                    atomic.Int32

	closing func()
	closed  <-chan struct{} // by close

	mu   sync.Mutex
	open []net.Conn
	wg   sync.WaitGroup
}

const (
	testUser     = "cavamon"
	testPassword = "planted-password"
)

// newFake is a device with an ed25519 host key that takes the password. setup
// changes it before it serves.
func newFake(t *testing.T, setup func(*fake), hostKeys ...ssh.Signer) *fake {
	t.Helper()
	f := &fake{run: func(c *call) int { c.print(c.command + "\n"); return 0 }}
	f.config.PasswordCallback = func(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if meta.User() == testUser && string(password) == testPassword {
			return nil, nil
		}
		f.refused.Add(1)
		return nil, io.ErrUnexpectedEOF
	}
	if len(hostKeys) == 0 {
		hostKeys = []ssh.Signer{ed25519Key()}
	}
	for _, k := range hostKeys {
		f.config.AddHostKey(k)
	}
	f.config.AuthLogCallback = func(ssh.ConnMetadata, string, error) { f.attempts.Add(1) }
	if setup != nil {
		setup(f)
	}
	f.listen(t, f.serve)
	return f
}

// newRaw is a port where something other than an SSH server answers.
func newRaw(t *testing.T, serve func(net.Conn)) *fake {
	t.Helper()
	f := &fake{}
	f.listen(t, serve)
	return f
}

func (f *fake) listen(t *testing.T, serve func(net.Conn)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.listener, f.address = l, l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	f.closing, f.closed = cancel, ctx.Done()
	f.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.connections.Add(1)
			f.mu.Lock()
			f.open = append(f.open, conn)
			f.mu.Unlock()
			f.wg.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(f.close)
}

func (f *fake) close() {
	f.closing()
	_ = f.listener.Close()
	f.hangUp()
	f.wg.Wait()
}

// hangUp breaks every connection.
func (f *fake) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.open {
		_ = c.Close()
	}
	f.open = nil
}

func (f *fake) serve(conn net.Conn) {
	defer conn.Close()
	server, channels, requests, err := ssh.NewServerConn(conn, &f.config)
	if err != nil {
		return
	}
	f.logins.Add(1)
	f.wg.Go(func() { ssh.DiscardRequests(requests) })
	for opened := range channels {
		f.wg.Go(func() { f.session(conn, opened) })
	}
	_ = server.Wait()
}

func (f *fake) session(conn net.Conn, opened ssh.NewChannel) {
	channel, requests, err := opened.Accept()
	if err != nil {
		return
	}
	f.sessions.Add(1)
	running := f.running.Add(1)
	for most := f.most.Load(); running > most && !f.most.CompareAndSwap(most, running); most = f.most.Load() {
	}
	gone := make(chan struct{})
	signals := make(chan string, 10)
	var commands sync.WaitGroup
	for r := range requests {
		switch r.Type {
		case "signal":
			var signal struct{ Name string }
			_ = ssh.Unmarshal(r.Payload, &signal)
			signals <- signal.Name
		case "exec":
			var exec struct{ Command string }
			_ = ssh.Unmarshal(r.Payload, &exec)
			if exec.Command == "rejected" {
				_ = r.Reply(false, nil)
				continue
			}
			_ = r.Reply(true, nil)
			commands.Go(func() {
				exit := f.run(&call{channel, Plain(exec.Command), exec.Command, gone, conn, signals})
				f.running.Add(-1)
				switch exit {
				case stillRunning:
					return
				case withoutStatus:
				case bySignal:
					_, _ = channel.SendRequest("exit-signal", false, ssh.Marshal(struct {
						Name       string
						Core       bool
						Text, Lang string
					}{"KILL", false, "out of memory", ""}))
				default:
					_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(exit)}))
				}
				_ = channel.Close()
			})
		}
	}
	close(gone)
	commands.Wait()
}

// knownHostsOf writes a known_hosts file with keys of an address.
func knownHostsOf(t *testing.T, address string, keys ...ssh.Signer) string {
	t.Helper()
	var lines []string
	for _, k := range keys {
		lines = append(lines, knownhosts.Line([]string{address}, k.PublicKey()))
	}
	return writeFile(t, "known_hosts", strings.Join(lines, "\n")+"\n")
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// client makes a client of fakes that trusts their host key.
func client(t *testing.T, change func(*Config), fakes ...*fake) *Client {
	t.Helper()
	cfg := Config{Target: "t", Username: testUser, Password: testPassword, Fingerprints: []string{ssh.FingerprintSHA256(ed25519Key().PublicKey())}}
	for _, f := range fakes {
		cfg.Addresses = append(cfg.Addresses, f.address)
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

func outerDeadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func command(words ...string) remote.Command { return remote.Command{Argv: words} }

// ask runs a command that must succeed.
func ask(t *testing.T, c *Client, cmd remote.Command) remote.Answer {
	t.Helper()
	answer, err := c.Run(outerDeadline(t), cmd)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// fails runs a command that must fail with a reason, words and some advice.
func fails(t *testing.T, c *Client, ctx context.Context, cmd remote.Command, reason remote.Reason, says ...string) error {
	t.Helper()
	_, err := c.Run(ctx, cmd)
	if remote.ReasonOf(err) != reason {
		t.Fatalf("want reason %q, got %q: %v", reason, remote.ReasonOf(err), err)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("want %q in: %v", s, err)
		}
	}
	if remote.AdviceOf(err) == "" {
		t.Errorf("no advice in: %v", err)
	}
	if strings.Contains(err.Error(), testPassword) {
		t.Errorf("the password is in: %v", err)
	}
	return err
}

// until polls for something that another goroutine or process brings about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("not within the deadline: " + what)
		}
	}
}

// valve is a TCP proxy that can stop passing bytes on without closing anything:
// a peer that is silently dead.
type valve struct {
	*fake
	mu    sync.Mutex
	conns []*valveConn
}

type valveConn struct {
	shut atomic.Bool
	stop chan struct{}
}

func newValve(t *testing.T, to *fake) *valve {
	v := &valve{}
	ended := make(chan struct{})
	v.fake = newRaw(t, func(in net.Conn) {
		defer in.Close()
		out, err := net.Dial("tcp", to.address)
		if err != nil {
			return
		}
		defer out.Close()
		vc := &valveConn{stop: ended}
		v.mu.Lock()
		v.conns = append(v.conns, vc)
		v.mu.Unlock()
		var pipes sync.WaitGroup
		pipes.Go(func() { vc.pipe(out, in) })
		pipes.Go(func() { vc.pipe(in, out) })
		pipes.Wait()
	})
	t.Cleanup(func() { close(ended) })
	return v
}

func (vc *valveConn) pipe(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if vc.shut.Load() {
			<-vc.stop
			return
		}
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// shut makes the present connections silent; new ones work.
func (v *valve) shut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.conns {
		c.shut.Store(true)
	}
}
