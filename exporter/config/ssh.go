package config

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net"
	"os"
	"regexp"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// DefaultMaxSessions bounds the commands that run side by side on one device.
const DefaultMaxSessions = 4

// SSH is how a host is logged in to and recognised.
type SSH struct {
	// Fingerprints are the host keys trusted without a known_hosts file.
	Fingerprints     []string `yaml:"host_key_fingerprint" single:"true"`
	LegacyAlgorithms bool     `yaml:"legacy_algorithms"`
	MaxSessions      int      `yaml:"max_sessions"`
	// KnownHostsFile is "" when the default file does not exist and nothing
	// needs it.
	KnownHostsFile        string `yaml:"known_hosts_file" path:"true"`
	InsecureIgnoreHostKey bool   `yaml:"insecure_ignore_host_key"`
}

var md5Print = regexp.MustCompile(`^(?i:MD5:)?[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){15}$`)

// checkFingerprint says what is wrong with the fingerprint of a host key, ""
// when nothing is.
func checkFingerprint(s string) string {
	if md5Print.MatchString(s) {
		return "is an MD5 fingerprint, which is not safe: use the SHA256 one that `ssh-keyscan HOST | ssh-keygen -lf -` prints"
	}
	sum, found := strings.CutPrefix(s, "SHA256:")
	raw, err := base64.RawStdEncoding.Strict().DecodeString(sum)
	if !found || err != nil || len(raw) != 32 {
		return quote(s) + " is not a fingerprint: write SHA256: and 43 characters, as `ssh-keyscan HOST | ssh-keygen -lf -` prints it"
	}
	return ""
}

// trust is a known_hosts file. It is read once per Load, however many targets
// share it.
type trust struct {
	check   ssh.HostKeyCallback
	revoked string
}

func readTrust(file string) (*trust, error) {
	check, err := knownhosts.New(file)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// Revoked keys are not trusted on any host.
	var revoked strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "@revoked") {
			revoked.WriteString(line)
		}
	}
	return &trust{check, revoked.String()}, nil
}

// nobody's key: the library lists the keys of a host only to explain a refusal,
// so it is asked about a key that no host has.
var nobody, _ = ssh.NewPublicKey(make(ed25519.PublicKey, ed25519.PublicKeySize))

// keys is what is trusted about some addresses, as one text to compare with
// later, and the addresses no key is on file for.
func (t *trust) keys(addresses []string) (keys string, missing []string) {
	var b strings.Builder
	for _, a := range addresses {
		var refused *knownhosts.KeyError
		if err := t.check(hostPort(strings.ToLower(a)), &net.TCPAddr{}, nobody); !errors.As(err, &refused) || len(refused.Want) == 0 {
			missing = append(missing, a)
			continue
		}
		for _, k := range refused.Want {
			b.WriteString(a + " ")
			b.Write(ssh.MarshalAuthorizedKey(k.Key))
		}
	}
	return b.String() + t.revoked, missing
}
