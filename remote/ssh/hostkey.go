package ssh

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"dataprotection_exporter/remote"
)

// trust is what is believed about the host key of one address. It is made anew
// for every dial, so that a key that an operator adds to the file is seen
// without a restart.
type trust struct {
	address  string
	insecure bool
	pins     []string
	known    *knownHosts
	// file is the known_hosts file; problem is why it could not be read.
	file    string
	problem error
}

func newTrust(cfg *Config, address string) *trust {
	t := &trust{address: address, insecure: cfg.InsecureIgnoreHostKey, pins: cfg.Fingerprints, file: cfg.KnownHostsFile}
	if !t.insecure && len(t.pins) == 0 && t.file != "" {
		t.known, t.problem = readKnownHosts(t.file, address)
	}
	return t
}

// algorithms are the host key algorithms to ask for. A server with several keys
// shows one, so it is asked for the types on file: any other would look like a
// changed key.
func (t *trust) algorithms(all []string) []string {
	switch {
	case len(t.pins) > 0:
		// Most likely an ed25519 key, and else the only key of an old device.
		// A wrong guess costs another handshake.
		return append(ofTypes(all, []string{ssh.KeyAlgoED25519}), notOfTypes(plain(all), []string{ssh.KeyAlgoED25519})...)
	case t.insecure, t.known == nil:
		return plain(all)
	case len(t.known.keys) == 0 && len(t.known.authorities) == 0:
		return plain(all)
	}
	out := ofTypes(all, types(t.known.keys))
	if len(t.known.authorities) > 0 {
		out = append(slices.DeleteFunc(slices.Clone(all), func(a string) bool { return !isCertificate(a) }), out...)
		if len(t.known.keys) == 0 {
			// Not trusted, but seen: the message can then say what is shown.
			out = append(out, plain(all)...)
		}
	}
	return out
}

// check is the verdict on a shown key; nil is trust.
func (t *trust) check(remoteAddr net.Addr, key ssh.PublicKey) error {
	switch {
	case t.insecure:
		return nil
	case len(t.pins) > 0:
		if slices.Contains(t.pins, ssh.FingerprintSHA256(key)) {
			return nil
		}
		return t.changed([]string{describe(key)})
	case t.known == nil:
		return t.unknown(key)
	}
	checker := ssh.CertChecker{
		IsHostAuthority: func(authority ssh.PublicKey, _ string) bool {
			_, ok := find(t.known.authorities, authority)
			return ok
		},
		IsRevoked: func(cert *ssh.Certificate) bool {
			_, key := find(t.known.revoked, cert.Key)
			_, authority := find(t.known.revoked, cert.SignatureKey)
			return key || authority
		},
		HostKeyFallback: func(_ string, _ net.Addr, key ssh.PublicKey) error { return t.checkPlain(key) },
	}
	err := checker.CheckHostKey(t.address, remoteAddr, key)
	var verdict *remote.Error
	if err == nil || errors.As(err, &verdict) {
		return err
	}
	return &remote.Error{
		Reason: remote.HostKeyUnknown, Op: t.op(), Err: fmt.Errorf("the device shows %s: %w", describe(key), err),
		Advice: fmt.Sprintf("renew the host certificate, or correct the @cert-authority line (%s)", t.known.list(t.known.authorities)),
	}
}

func (t *trust) checkPlain(key ssh.PublicKey) error {
	if e, ok := find(t.known.revoked, key); ok {
		return &remote.Error{
			Reason: remote.HostKeyChanged, Op: t.op(),
			Err:    fmt.Errorf("the device shows %s, which %s:%d revokes", describe(key), t.file, e.line),
			Advice: "treat the device as taken over until its owner explains why it still uses a revoked key",
		}
	}
	if _, ok := find(t.known.keys, key); ok {
		return nil
	}
	if len(t.known.keys) > 0 {
		return t.changed([]string{describe(key)})
	}
	return t.unknown(key)
}

func (t *trust) op() string { return "verify host key of " + t.address }

// unknown refuses a key because there is none to compare it with.
func (t *trust) unknown(key ssh.PublicKey) *remote.Error {
	name := knownhosts.Normalize(t.address)
	var why string
	switch {
	case t.file == "":
		why = "neither a known_hosts_file nor a host_key_fingerprint is configured"
	case errors.Is(t.problem, fs.ErrNotExist):
		why = t.file + " does not exist"
	case t.problem != nil:
		why = fmt.Sprintf("the known_hosts file cannot be read: %v", t.problem)
	case len(t.known.authorities) > 0:
		why = fmt.Sprintf("only a certificate authority is on file for %q, at %s", name, t.known.list(t.known.authorities))
	default:
		why = fmt.Sprintf("%s has no key for %q", t.file, name)
	}
	if t.known != nil && t.known.unreadable > 0 {
		why += fmt.Sprintf(" (%s:%d cannot be read)", t.file, t.known.unreadable)
	}
	return &remote.Error{
		Reason: remote.HostKeyUnknown, Op: t.op(), Err: fmt.Errorf("the device shows %s, but %s", describe(key), why),
		Advice: t.howToVerify(key.Type()),
	}
}

// changed refuses because the device shows other keys than the trusted ones.
func (t *trust) changed(shown []string) *remote.Error {
	want := "pinned is " + strings.Join(t.pins, ", ")
	where := "the host_key_fingerprint of the target"
	if t.known != nil {
		want = "on file is " + t.known.list(t.known.keys)
		where = "that line"
	}
	return &remote.Error{
		Reason: remote.HostKeyChanged, Op: t.op(), Err: fmt.Errorf("the device shows %s, but %s", strings.Join(shown, " and "), want),
		Advice: fmt.Sprintf("either the device was reinstalled or somebody is in between: compare with its console "+
			"(ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub) before you replace %s", where),
	}
}

// howToVerify tells how to get a key onto the file without trusting the network.
func (t *trust) howToVerify(keyType string) string {
	host, port, err := net.SplitHostPort(t.address)
	if err != nil {
		host, port = t.address, defaultPort
	}
	short := strings.TrimPrefix(keyType, "ssh-")
	if strings.HasPrefix(short, "ecdsa-") {
		short = "ecdsa"
	}
	file := t.file
	if file == "" {
		file = "the known_hosts_file"
	}
	return fmt.Sprintf("compare this fingerprint with the one on the device's console (ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub); "+
		"if they are equal, add the line that `ssh-keyscan -t %s -p %s %s` prints to %s", short, short, port, host, file)
}

// verifier takes the verdict during one handshake. The verdict is kept here too,
// because the handshake reports its failure in words of its own.
type verifier struct {
	trust    *trust
	shown    ssh.PublicKey
	verdict  error
	verified bool
}

func (v *verifier) callback(_ string, addr net.Addr, key ssh.PublicKey) error {
	if v.verified && v.shown != nil && !bytes.Equal(v.shown.Marshal(), key.Marshal()) {
		// A later key exchange of the same connection.
		v.verdict = v.trust.changed([]string{describe(key)})
		return v.verdict
	}
	v.shown = key
	v.verdict = v.trust.check(addr, key)
	v.verified = v.verdict == nil
	return v.verdict
}
