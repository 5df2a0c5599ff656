//go:build unix

package ssh

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"dataprotection_exporter/remote"
)

// serverKeys are made once, as private key files and their public halves.
var serverKeys = sync.OnceValue(func() map[string]serverKey {
	out := map[string]serverKey{}
	add := func(kind string, key any, err error) {
		if err != nil {
			panic(err)
		}
		signer, err := ssh.NewSignerFromKey(key)
		if err != nil {
			panic(err)
		}
		out[kind] = serverKey{pemOf(key, ""), signer.PublicKey()}
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	add("rsa", rsaKey, err)
	ecdsaKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	add("ecdsa", ecdsaKey, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	add("ed25519", edKey, err)
	return out
})

type serverKey struct {
	private remote.Secret
	public  ssh.PublicKey
}

// openSSH is a real sshd of this host, as the user of the test, on loopback.
type openSSH struct {
	address string
	user    string
	dir     string
	keys    map[string]ssh.PublicKey // host keys by type
}

func newOpenSSH(t *testing.T, extra string) *openSSH {
	t.Helper()
	sshd, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		missing(t, "sshd")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if me.Uid == "0" {
		// sshd insists on its privilege separation folder.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			missing(t, "/run/sshd")
		}
	}
	s := &openSSH{user: me.Username, dir: t.TempDir(), keys: map[string]ssh.PublicKey{}}
	var config strings.Builder
	for kind, key := range serverKeys() {
		path := filepath.Join(s.dir, "host_"+kind)
		if err := os.WriteFile(path, []byte(key.private.Reveal()), 0o600); err != nil {
			t.Fatal(err)
		}
		s.keys[kind] = key.public
		fmt.Fprintf(&config, "HostKey %s\n", path)
	}
	signer, err := ssh.ParsePrivateKey([]byte(userKey().Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	authorized := filepath.Join(s.dir, "authorized_keys")
	if err := os.WriteFile(authorized, ssh.MarshalAuthorizedKey(signer.PublicKey()), 0o600); err != nil {
		t.Fatal(err)
	}
	// A port that was free a moment ago; sshd cannot be handed a listener.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	_ = l.Close()
	host, port, _ := net.SplitHostPort(s.address)
	fmt.Fprintf(&config, "ListenAddress %s\nPort %s\nPidFile none\nAuthorizedKeysFile %s\nStrictModes no\nPermitRootLogin yes\n"+
		"UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPrintMotd no\nLogLevel INFO\nMaxStartups 100\n%s\n", host, port, authorized, extra)
	file := filepath.Join(s.dir, "sshd_config")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	daemon := exec.Command(sshd, "-D", "-e", "-f", file)
	daemon.Stderr = &log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		<-ended
		if t.Failed() {
			t.Log(log.String())
		}
	})
	until(t, "sshd listens", func() bool {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("sshd ended: %v: %s", err, log.String())
		default:
		}
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return s
}

func (s *openSSH) client(t *testing.T, change func(*Config)) *Client {
	t.Helper()
	return client(t, func(cfg *Config) {
		cfg.Addresses = []string{s.address}
		cfg.Username, cfg.Password, cfg.PrivateKey = s.user, "", userKey()
		cfg.Fingerprints = []string{ssh.FingerprintSHA256(s.keys["ed25519"])}
		if change != nil {
			change(cfg)
		}
	})
}

func posix(words ...string) remote.Command { return remote.Command{Argv: words, PosixShell: true} }

func TestOpenSSH(t *testing.T) {
	t.Parallel()
	s := newOpenSSH(t, "")
	c := s.client(t, nil)
	script := testScript(t, `echo "$NAS_DB $1"; echo err >&2; exit 5`)
	for _, guard := range []bool{true, false} {
		got := ask(t, c, remote.Command{Argv: []string{"env", "NAS_DB=/nas", script, "server_2"}, PosixShell: guard})
		if string(got.Stdout) != "/nas server_2\n" || string(got.Stderr) != "err\n" || got.ExitStatus != 5 || got.Address != s.address {
			t.Errorf("guard=%v: %+v", guard, got)
		}
	}
	big := testScript(t, "head -c 5000000 /dev/zero | tr '\\0' x")
	if got := ask(t, c, posix(big)); len(got.Stdout) != 5000000 {
		t.Error(len(got.Stdout))
	}
	fails(t, c, outerDeadline(t), remote.Command{Argv: []string{big}, PosixShell: true, Limit: 1000}, remote.TooLarge)
	if got := ask(t, c, posix("no-such-command")); got.ExitStatus != 127 {
		t.Error(got.ExitStatus)
	}
}

func TestOpenSSHHostKeys(t *testing.T) {
	t.Parallel()
	s := newOpenSSH(t, "")
	for _, key := range s.keys {
		// As ssh-keyscan -H prints it.
		line := knownhosts.HashHostname(knownhosts.Normalize(s.address)) + " " + string(ssh.MarshalAuthorizedKey(key))
		file := writeFile(t, "known_hosts", line)
		ask(t, s.client(t, func(cfg *Config) { cfg.Fingerprints, cfg.KnownHostsFile = nil, file }), posix("true"))
		ask(t, s.client(t, func(cfg *Config) { cfg.Fingerprints = []string{ssh.FingerprintSHA256(key)} }), posix("true"))
	}
	if keyscan, err := exec.LookPath("ssh-keyscan"); err == nil {
		host, port, _ := net.SplitHostPort(s.address)
		lines, err := exec.Command(keyscan, "-p", port, host).Output()
		if err != nil {
			t.Fatal(err)
		}
		file := writeFile(t, "known_hosts", string(lines))
		ask(t, s.client(t, func(cfg *Config) { cfg.Fingerprints, cfg.KnownHostsFile = nil, file }), posix("true"))
	}
	fails(t, s.client(t, func(cfg *Config) { cfg.Fingerprints = []string{fingerprint(otherKey())} }), outerDeadline(t), posix("true"), remote.HostKeyChanged,
		ssh.FingerprintSHA256(s.keys["rsa"]), ssh.FingerprintSHA256(s.keys["ecdsa"]), ssh.FingerprintSHA256(s.keys["ed25519"]))
}

func TestOpenSSHRefusesTheKey(t *testing.T) {
	t.Parallel()
	s := newOpenSSH(t, "")
	fails(t, s.client(t, func(cfg *Config) { cfg.PrivateKey = pemOfNew(t) }), outerDeadline(t), posix("true"), remote.Auth, "authorized_keys")
}

// A Control Station of twenty years ago.
func TestOpenSSHLegacyAlgorithms(t *testing.T) {
	t.Parallel()
	s := newOpenSSH(t, "KexAlgorithms diffie-hellman-group1-sha1\nCiphers 3des-cbc,aes128-cbc\nMACs hmac-sha1\nHostKeyAlgorithms ssh-rsa\nPubkeyAcceptedAlgorithms ssh-rsa\n")
	key := rsaUserKey(t, filepath.Join(s.dir, "authorized_keys"))
	with := func(legacy bool) func(*Config) {
		return func(cfg *Config) {
			cfg.LegacyAlgorithms, cfg.PrivateKey = legacy, key
			cfg.Fingerprints, cfg.KnownHostsFile = nil, writeFile(t, "known_hosts", knownhosts.Line([]string{s.address}, s.keys["rsa"]))
		}
	}
	fails(t, s.client(t, with(false)), outerDeadline(t), posix("true"), remote.Other, "ssh.legacy_algorithms: true", "no common")
	ask(t, s.client(t, with(true)), posix("true"))
}

// rsaUserKey makes an RSA key for logins and authorizes it.
func rsaUserKey(t *testing.T, authorized string) remote.Secret {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(authorized, ssh.MarshalAuthorizedKey(signer.PublicKey()), 0o600); err != nil {
		t.Fatal(err)
	}
	// PEM, the form of that time.
	return remote.Secret(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// What hangs on the device ends there, whether the deadline ended, the client
// was closed, or the connection broke.
func TestOpenSSHGuardEndsHangingCommand(t *testing.T) {
	t.Parallel()
	s := newOpenSSH(t, "")
	for _, way := range []string{"deadline", "close", "connection"} {
		t.Run(way, func(t *testing.T) {
			pids := filepath.Join(t.TempDir(), "pids")
			script := testScript(t, fmt.Sprintf("sleep 600 & echo $! $$ > %[1]s.part; mv %[1]s.part %[1]s; wait", pids))
			v := newTunnel(t, s.address)
			c := s.client(t, func(cfg *Config) { cfg.Addresses = []string{v.address} })
			ctx, cancel := context.WithCancel(outerDeadline(t))
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				_, err := c.Run(ctx, posix("env", "A=b", script))
				ended <- err
			}()
			running := waitForPids(t, pids)
			switch way {
			case "deadline":
				cancel()
			case "close":
				_ = c.Close()
			case "connection":
				v.close()
			}
			if err := <-ended; err == nil {
				t.Error("the command succeeded")
			}
			for _, pid := range running {
				until(t, fmt.Sprint("process ", pid, " ends"), func() bool { return !alive(pid) })
			}
			if way == "deadline" {
				ask(t, c, posix("true"))
				if n := v.connections.Load(); n != 1 {
					t.Errorf("%d connections", n)
				}
			}
		})
	}
}

// newTunnel passes connections on to an address.
func newTunnel(t *testing.T, to string) *fake {
	t.Helper()
	return newValve(t, &fake{address: to}).fake
}

// sshd's own limits are explained.
func TestOpenSSHMaxSessions(t *testing.T) {
	t.Parallel()
	s := newOpenSSH(t, "MaxSessions 1")
	pids := filepath.Join(t.TempDir(), "pids")
	script := testScript(t, fmt.Sprintf("echo $$ > %[1]s.part; mv %[1]s.part %[1]s; exec sleep 600", pids))
	c := s.client(t, nil)
	ctx, cancel := context.WithCancel(outerDeadline(t))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = c.Run(ctx, posix(script))
	}()
	running := waitForPids(t, pids)
	fails(t, c, outerDeadline(t), posix("true"), remote.Other, "ssh.max_sessions")
	cancel()
	<-ended
	for _, pid := range running {
		until(t, "the command ends", func() bool { return !alive(pid) })
	}
}

// The keep-alive must not disturb a server, nor the server's own a client.
func TestOpenSSHKeepAlive(t *testing.T) {
	t.Parallel()
	s := newOpenSSH(t, "ClientAliveInterval 1\nClientAliveCountMax 3")
	v := newTunnel(t, s.address)
	c := s.client(t, func(cfg *Config) { cfg.Addresses, cfg.KeepAlive = []string{v.address}, time.Second })
	// Several keep-alives; a busy machine may take its time to answer one.
	ask(t, c, posix("sleep", "3"))
	ask(t, c, posix("true"))
	if n := v.connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
