package ssh

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"dataprotection_exporter/remote"
)

func fingerprint(k ssh.Signer) string { return ssh.FingerprintSHA256(k.PublicKey()) }

func keyLine(pattern string, k ssh.PublicKey) string {
	return pattern + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k)))
}

// hostCertificate certifies a host key.
func hostCertificate(t *testing.T, host, authority ssh.Signer, principal string) ssh.Signer {
	t.Helper()
	cert := &ssh.Certificate{
		Key: host.PublicKey(), CertType: ssh.HostCert, KeyId: "nas", ValidPrincipals: []string{principal}, ValidBefore: ssh.CertTimeInfinity,
	}
	if err := cert.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewCertSigner(cert, host)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func TestHostKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		// server are the device's keys; nil is one ed25519 key.
		server []ssh.Signer
		// file is the text of known_hosts, given the address; "-" is none.
		file   func(address string) string
		pins   []string
		ignore bool
		want   remote.Reason
		says   []string
	}{
		{name: "on file", file: func(a string) string { return knownhosts.Line([]string{a}, ed25519Key().PublicKey()) }},
		{name: "on file, hashed", file: func(a string) string {
			return keyLine(knownhosts.HashHostname(knownhosts.Normalize(a)), ed25519Key().PublicKey())
		}},
		{name: "on file, among broken lines and comments", file: func(a string) string {
			return "# comment\n\nbroken line here\n" + a + " ssh-ed25519 AAAA\n" + knownhosts.Line([]string{a}, ed25519Key().PublicKey())
		}},
		{name: "on file by a pattern", file: func(string) string { return keyLine("[127.0.0.*]:*", ed25519Key().PublicKey()) }},
		{
			name:   "several types on the server, the last preferred one on file",
			server: []ssh.Signer{rsaKey(), ecdsaKey(), ed25519Key()},
			file:   func(a string) string { return knownhosts.Line([]string{a}, ed25519Key().PublicKey()) },
		},
		{
			name: "several types on the server, RSA on file", server: []ssh.Signer{ecdsaKey(), rsaKey(), ed25519Key()},
			file: func(a string) string { return knownhosts.Line([]string{a}, rsaKey().PublicKey()) },
		},
		{name: "two keys on file, one of them right", file: func(a string) string {
			return knownhosts.Line([]string{a}, otherKey().PublicKey()) + "\n" + knownhosts.Line([]string{a}, ed25519Key().PublicKey())
		}},
		{name: "pinned", pins: []string{fingerprint(ed25519Key())}},
		{name: "pinned, with padding", pins: []string{fingerprint(ed25519Key()) + "="}},
		{name: "pinned RSA, several types on the server", server: []ssh.Signer{ed25519Key(), ecdsaKey(), rsaKey()}, pins: []string{fingerprint(rsaKey())}},
		{name: "pinned ed25519, several types on the server", server: []ssh.Signer{rsaKey(), ecdsaKey(), ed25519Key()}, pins: []string{fingerprint(ed25519Key())}},
		{name: "several pinned", pins: []string{fingerprint(rsaKey()), fingerprint(ed25519Key())}},
		{name: "ignored", ignore: true},

		{
			name: "unknown", file: func(string) string { return keyLine("elsewhere", ed25519Key().PublicKey()) }, want: remote.HostKeyUnknown,
			says: []string{"ssh-ed25519 " + fingerprint(ed25519Key()), "has no key for \"[127.0.0.1]:", "ssh-keyscan -t ed25519 -p "},
		},
		{name: "unknown at this port", file: func(string) string { return keyLine("127.0.0.1", ed25519Key().PublicKey()) }, want: remote.HostKeyUnknown},
		{name: "excluded by a pattern", file: func(a string) string {
			return keyLine("[127.0.0.*]:*,!"+knownhosts.Normalize(a), ed25519Key().PublicKey())
		}, want: remote.HostKeyUnknown},
		{name: "its line is broken", file: func(a string) string { return a + " ssh-ed25519 AAAA" }, want: remote.HostKeyUnknown, says: []string{":1 cannot be read"}},
		{name: "no file", file: func(string) string { return "-" }, want: remote.HostKeyUnknown, says: []string{"does not exist"}},
		{name: "nothing configured", want: remote.HostKeyUnknown, says: []string{"neither a known_hosts_file nor", fingerprint(ed25519Key())}},

		{
			name: "changed", file: func(a string) string { return "\n" + knownhosts.Line([]string{a}, otherKey().PublicKey()) }, want: remote.HostKeyChanged,
			says: []string{fingerprint(ed25519Key()), fingerprint(otherKey()), "known_hosts:2", "console"},
		},
		{
			name: "changed to another type", file: func(a string) string { return knownhosts.Line([]string{a}, rsaKey().PublicKey()) }, want: remote.HostKeyChanged,
			says: []string{fingerprint(ed25519Key()), fingerprint(rsaKey())},
		},
		{
			name: "changed, several types", server: []ssh.Signer{rsaKey(), ed25519Key()},
			file: func(a string) string { return knownhosts.Line([]string{a}, otherKey().PublicKey()) }, want: remote.HostKeyChanged,
		},
		{
			name: "changed from the pinned one", pins: []string{fingerprint(otherKey())}, want: remote.HostKeyChanged,
			says: []string{fingerprint(ed25519Key()), fingerprint(otherKey())},
		},
		{
			name: "changed from the pinned one, several types", server: []ssh.Signer{rsaKey(), ecdsaKey(), ed25519Key()}, pins: []string{fingerprint(otherKey())},
			want: remote.HostKeyChanged, says: []string{fingerprint(rsaKey()), fingerprint(ecdsaKey()), fingerprint(ed25519Key())},
		},
		{name: "revoked", file: func(a string) string {
			return knownhosts.Line([]string{a}, ed25519Key().PublicKey()) + "\n" + keyLine("@revoked *", ed25519Key().PublicKey())
		}, want: remote.HostKeyChanged, says: []string{"known_hosts:2 revokes"}},

		{
			name: "certificate", server: []ssh.Signer{hostCertificate(t, ed25519Key(), ecdsaKey(), "127.0.0.1")},
			file: func(a string) string {
				return keyLine("@cert-authority "+knownhosts.Normalize(a), ecdsaKey().PublicKey())
			},
		},
		{
			name: "certificate for another host", server: []ssh.Signer{hostCertificate(t, ed25519Key(), ecdsaKey(), "elsewhere")},
			file: func(a string) string {
				return keyLine("@cert-authority "+knownhosts.Normalize(a), ecdsaKey().PublicKey())
			},
			want: remote.HostKeyUnknown, says: []string{"elsewhere"},
		},
		{
			name: "certificate of another authority", server: []ssh.Signer{hostCertificate(t, ed25519Key(), otherKey(), "127.0.0.1")},
			file: func(a string) string {
				return keyLine("@cert-authority "+knownhosts.Normalize(a), ecdsaKey().PublicKey())
			},
			want: remote.HostKeyUnknown,
		},
		{
			name: "certificate of a revoked authority", server: []ssh.Signer{hostCertificate(t, ed25519Key(), ecdsaKey(), "127.0.0.1")},
			file: func(a string) string {
				return keyLine("@cert-authority "+knownhosts.Normalize(a), ecdsaKey().PublicKey()) + "\n" + keyLine("@revoked *", ecdsaKey().PublicKey())
			}, want: remote.HostKeyUnknown,
		},
		{name: "authority on file, plain key shown", file: func(a string) string {
			return keyLine("@cert-authority "+knownhosts.Normalize(a), ecdsaKey().PublicKey())
		}, want: remote.HostKeyUnknown, says: []string{"only a certificate authority is on file"}},
		{name: "authority's own key shown", server: []ssh.Signer{ecdsaKey()}, file: func(a string) string {
			return keyLine("@cert-authority "+knownhosts.Normalize(a), ecdsaKey().PublicKey())
		}, want: remote.HostKeyUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, nil, c.server...)
			cl := client(t, func(cfg *Config) {
				cfg.Fingerprints, cfg.InsecureIgnoreHostKey = c.pins, c.ignore
				if c.file != nil {
					cfg.KnownHostsFile = writeFile(t, "known_hosts", c.file(f.address))
					if c.file(f.address) == "-" {
						_ = os.Remove(cfg.KnownHostsFile)
					}
				}
			}, f)
			if c.want == "" {
				ask(t, cl, command("hello"))
				return
			}
			fails(t, cl, outerDeadline(t), command("hello"), c.want, c.says...)
			f.close()
			if f.logins.Load() != 0 || f.attempts.Load() != 0 {
				t.Fatal("a login was tried at a device that is not trusted")
			}
		})
	}
}

// An operator adds the key to the file: it works without a restart.
func TestKnownHostsIsReadAtEveryDial(t *testing.T) {
	f := newFake(t, nil)
	file := writeFile(t, "known_hosts", "")
	c := client(t, func(cfg *Config) { cfg.Fingerprints, cfg.KnownHostsFile = nil, file }, f)
	fails(t, c, outerDeadline(t), command("x"), remote.HostKeyUnknown)
	if err := os.WriteFile(file, []byte(knownhosts.Line([]string{f.address}, ed25519Key().PublicKey())), 0o600); err != nil {
		t.Fatal(err)
	}
	ask(t, c, command("x"))
}

// The type that matched is asked for first next time: one handshake, not three.
func TestPinnedTypeIsRemembered(t *testing.T) {
	f := newFake(t, nil, rsaKey(), ecdsaKey(), ed25519Key())
	c := client(t, func(cfg *Config) { cfg.Fingerprints = []string{fingerprint(rsaKey())} }, f)
	ask(t, c, command("x"))
	before := f.connections.Load()
	f.hangUp()
	ask(t, c, command("x"))
	if n := f.connections.Load() - before; n != 1 {
		t.Fatalf("%d connections to log in again", n)
	}
}

func TestWeakHostKeys(t *testing.T) {
	sha1, err := ssh.NewSignerWithAlgorithms(rsaKey().(ssh.AlgorithmSigner), []string{ssh.KeyAlgoRSA})
	if err != nil {
		t.Fatal(err)
	}
	for _, pinned := range []bool{true, false} {
		t.Run(fmt.Sprintf("pinned=%v", pinned), func(t *testing.T) {
			f := newFake(t, nil, sha1)
			trusting := func(legacy bool) func(*Config) {
				return func(cfg *Config) {
					cfg.Fingerprints, cfg.LegacyAlgorithms = nil, legacy
					if pinned {
						cfg.Fingerprints = []string{fingerprint(rsaKey())}
					} else {
						cfg.KnownHostsFile = knownHostsOf(t, f.address, rsaKey())
					}
				}
			}
			fails(t, client(t, trusting(false), f), outerDeadline(t), command("x"), remote.Other, "ssh.legacy_algorithms: true", "offers ssh-rsa")
			ask(t, client(t, trusting(true), f), command("x"))
		})
	}
}

func TestWildcard(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"*", "", true},
		{"*", "anything", true},
		{"a*c", "abbbc", true},
		{"a*c", "abbbd", false},
		{"*.example.com", "nas.example.com", true},
		{"*.example.com", "example.com", false},
		{"n?s", "nas", true},
		{"n?s", "ns", false},
		{"a*b*c", "axbxbxc", true},
		{"", "", true},
		{"", "a", false},
		{"a**", "a", true},
	} {
		if got := wildcard(c.pattern, c.name); got != c.want {
			t.Errorf("wildcard(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}

// What this package reads from a file is what the knownhosts package reads.
func FuzzMatchHostLikeKnownhosts(f *testing.F) {
	f.Add("nas,[nas]:2222,!bad", "nas:22")
	f.Add("[10.0.0.5]:22", "10.0.0.5:22")
	f.Add("*", "nas:22")
	f.Fuzz(func(t *testing.T, patterns, address string) {
		if strings.ContainsAny(patterns, " \t\r\n#@|") || patterns == "" || !isASCII(patterns+address) {
			t.Skip()
		}
		address, err := hostPort(address)
		if err != nil || strings.ToLower(address) != address || strings.ToLower(patterns) != patterns {
			t.Skip()
		}
		marker, hosts, key, err := parseKnownHost([]byte(keyLine(patterns, ed25519Key().PublicKey())))
		if err != nil || marker != "" || key == nil {
			t.Skip()
		}
		// Nothing may be trusted here that is not trusted there.
		if !matchHost(hosts, knownhosts.Normalize(address)) {
			return
		}
		callback, err := knownhosts.New(writeFile(t, "known_hosts", keyLine(patterns, ed25519Key().PublicKey())+"\n"))
		if err != nil {
			t.Skip()
		}
		if err := callback(address, fakeAddr{}, ed25519Key().PublicKey()); err != nil && !strings.Contains(patterns, "*") && !strings.Contains(patterns, "?") {
			t.Fatalf("%q matches %q here only", patterns, address)
		}
	})
}

type fakeAddr struct{}

func (fakeAddr) Network() string { return "tcp" }
func (fakeAddr) String() string  { return "192.0.2.1:22" }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
