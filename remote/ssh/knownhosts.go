package ssh

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the hash that the known_hosts format prescribes
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// knownKey is one key of a known_hosts file.
type knownKey struct {
	key  ssh.PublicKey
	line int
}

// knownHosts is what a known_hosts file says about one address.
//
// The file is read here, and not by the knownhosts package, for two reasons: the
// key types on file must be known before the handshake, and one line that cannot
// be read must cost the host it is about, not every host in the file.
type knownHosts struct {
	file        string
	keys        []knownKey
	authorities []knownKey
	revoked     []knownKey
	// unreadable is the first line that makes no sense.
	unreadable int
}

// readKnownHosts reads what a file says about the address host:port.
func readKnownHosts(file, address string) (*knownHosts, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	known := &knownHosts{file: file}
	name := strings.ToLower(knownhosts.Normalize(address))
	for i, line := range bytes.Split(text, []byte("\n")) {
		marker, patterns, key, err := parseKnownHost(line)
		switch {
		case err != nil:
			if known.unreadable == 0 {
				known.unreadable = i + 1
			}
		case key == nil:
		case marker == "revoked":
			// A revoked key is not trusted for any host.
			known.revoked = append(known.revoked, knownKey{key, i + 1})
		case !matchHost(patterns, name):
		case marker == "cert-authority":
			known.authorities = append(known.authorities, knownKey{key, i + 1})
		default:
			known.keys = append(known.keys, knownKey{key, i + 1})
		}
	}
	return known, nil
}

// parseKnownHost reads one line; a line that holds no key gives a nil key.
func parseKnownHost(line []byte) (marker string, patterns []string, key ssh.PublicKey, err error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] == '#' {
		return "", nil, nil, nil
	}
	marker, patterns, key, _, _, err = ssh.ParseKnownHosts(line)
	if err == nil && marker != "" && marker != "revoked" && marker != "cert-authority" {
		err = errors.New("unknown marker")
	}
	return marker, patterns, key, err
}

// matchHost applies the patterns of one line to a name in the form of the file:
// "host", or "[host]:port" when the port is not 22.
func matchHost(patterns []string, name string) bool {
	matched := false
	for _, p := range patterns {
		if strings.HasPrefix(p, "|") {
			matched = matched || matchHashed(p, name)
			continue
		}
		p, negated := strings.CutPrefix(p, "!")
		p = strings.ToLower(p)
		if host, port, err := net.SplitHostPort(p); err == nil && port == defaultPort && strings.HasPrefix(p, "[") {
			p = host
		}
		if !wildcard(p, name) {
			continue
		}
		if negated {
			return false
		}
		matched = true
	}
	return matched
}

// matchHashed compares with a name that is on file only as a hash: |1|salt|hash.
func matchHashed(pattern, name string) bool {
	fields := strings.Split(pattern, "|")
	if len(fields) != 4 || fields[1] != "1" {
		return false
	}
	salt, err1 := base64.StdEncoding.DecodeString(fields[2])
	want, err2 := base64.StdEncoding.DecodeString(fields[3])
	if err1 != nil || err2 != nil {
		return false
	}
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(name))
	return hmac.Equal(mac.Sum(nil), want)
}

// wildcard matches a pattern in which * and ? have the meaning they have in a
// shell.
func wildcard(pattern, name string) bool {
	// back is where to resume when a * has to take one more byte.
	p, n, star, back := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			back++
			p, n = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// find is the entry that holds a key.
func find(keys []knownKey, key ssh.PublicKey) (knownKey, bool) {
	for _, k := range keys {
		if bytes.Equal(k.key.Marshal(), key.Marshal()) {
			return k, true
		}
	}
	return knownKey{}, false
}

// types are the key types on file, each once.
func types(keys []knownKey) []string {
	var out []string
	seen := map[string]bool{}
	for _, k := range keys {
		if t := k.key.Type(); !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// list names the entries for a message: "file:3 (ssh-rsa SHA256:...)".
func (k *knownHosts) list(keys []knownKey) string {
	var out []string
	for _, e := range keys {
		out = append(out, fmt.Sprintf("%s:%d (%s)", k.file, e.line, describe(e.key)))
	}
	return strings.Join(out, ", ")
}

// describe names a key the way ssh-keygen -l does.
func describe(key ssh.PublicKey) string {
	if cert, ok := key.(*ssh.Certificate); ok {
		return fmt.Sprintf("certificate %q for %s, signed by %s", cert.KeyId, describe(cert.Key), describe(cert.SignatureKey))
	}
	return key.Type() + " " + ssh.FingerprintSHA256(key)
}
