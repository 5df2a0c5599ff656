package config

import (
	"os"
	"slices"
	"strings"
)

// ssh checks the ssh section and finds the known_hosts file. It returns what is
// trusted about the target's addresses.
func (b *targetBuilder) ssh() (hostKeys string) {
	s, t := &b.out.SSH, b.out
	if b.d.has("ssh") && t.https() {
		b.d.fail(b.at("ssh"), "has no use for an https address: remove it, or write the address without https://")
		return ""
	}
	for i, fingerprint := range s.Fingerprints {
		if problem := checkFingerprint(fingerprint); fingerprint != "" && problem != "" {
			b.d.fail(b.at(b.itemPath("ssh.host_key_fingerprint", i)), "%s", problem)
		}
	}
	if s.MaxSessions < 1 {
		b.d.fail(b.at("ssh.max_sessions"), "must be at least 1")
	}
	written := b.d.has("ssh.host_key_fingerprint")
	if s.InsecureIgnoreHostKey {
		at := b.at("ssh.insecure_ignore_host_key")
		if written {
			b.d.fail(at, "contradicts host_key_fingerprint: remove one of the two")
		} else {
			b.d.warn(at, "whoever answers at this address is sent the login: verify the host with host_key_fingerprint or known_hosts_file instead")
		}
	}

	// Only a target that is recognised by known_hosts alone needs the file.
	needed := t.overSSH() && !written && !s.InsecureIgnoreHostKey
	switch {
	case s.KnownHostsFile != "":
		b.d.smallFile(b.at("ssh.known_hosts_file"), s.KnownHostsFile, maxKnownHosts)
	case b.globalKnownHosts || fileExists(b.cfg.Global.KnownHostsFile):
		s.KnownHostsFile = b.cfg.Global.KnownHostsFile
	case needed:
		b.d.say(b.here, false, "there is no known_hosts file to verify the host with: create %s (or name another with known_hosts_file), or set ssh.host_key_fingerprint", b.cfg.Global.KnownHostsFile)
	}
	if !needed || s.KnownHostsFile == "" || b.d.hasFailed("address") || !fileExists(s.KnownHostsFile) {
		return ""
	}
	return b.knownHosts(s.KnownHostsFile)
}

// maxKnownHosts bounds a known_hosts file: a line is some hundred bytes.
const maxKnownHosts = 16 << 20

func fileExists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// knownHosts looks the addresses up. What is missing is a warning: host keys
// are often collected after the target is configured.
func (b *targetBuilder) knownHosts(file string) (hostKeys string) {
	known, ok := b.trusted[file]
	if !ok {
		var err error
		if known, err = readTrust(file); err != nil {
			b.d.warn(b.at("ssh.known_hosts_file"), "%s has a line that makes no sense: correct or remove it (%s)", file, strings.TrimPrefix(err.Error(), "knownhosts: "))
		}
		b.trusted[file] = known
	}
	if known == nil {
		return ""
	}
	hostKeys, missing := known.keys(b.out.Addresses)
	for i, a := range b.out.Addresses {
		if slices.Contains(missing, a) {
			b.d.warn(b.at(b.itemPath("address", i)), "%s holds no key of %s: compare and add what ssh-keyscan prints for it, or set ssh.host_key_fingerprint", file, a)
		}
	}
	return hostKeys
}

// tls checks the tls section. It returns the certificate authorities.
func (b *targetBuilder) tls() (authorities string) {
	s, t := &b.out.TLS, b.out
	if b.d.has("tls") && len(t.Addresses) > 0 && t.overSSH() {
		b.d.fail(b.at("tls"), "has no use without an https address: write the address as https://host:port, or remove this section")
		return ""
	}
	if s.InsecureSkipVerify {
		b.d.warn(b.at("tls.insecure_skip_verify"), "whoever answers at this address is sent the password: verify the server with ca_file instead")
	}
	if s.CAFile == "" {
		return ""
	}
	return b.d.authorities(b.at("tls.ca_file"), s.CAFile)
}
