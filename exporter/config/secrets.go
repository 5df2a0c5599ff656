package config

import (
	"errors"
	"os"
	"regexp"
	"runtime"
	"strings"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
)

// maxSecret bounds a secret file; the largest private keys are a few KiB.
const maxSecret = 64 << 10

// secretFile reads a secret. Text about it names the file, never what is in it.
func (d *decoder) secretFile(at place, path string) string {
	text, ok := d.smallFile(at, path, maxSecret)
	if !ok {
		return ""
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o006 != 0 && runtime.GOOS != "windows" {
		d.warn(at, "%s may be read or written by every user of this host: take that right away (chmod o-rw)", path)
	}
	if strings.TrimSpace(text) == "" {
		d.fail(at, "%s is empty: write the secret into it", path)
		return ""
	}
	return text
}

// smallFile reads a file that has to be there and to be small.
func (d *decoder) smallFile(at place, path string, most int64) (string, bool) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		// Reading a pipe or a device could wait forever.
		d.fail(at, "%s is not a regular file: name the file itself", path)
		return "", false
	}
	if err != nil {
		d.fail(at, "%s %s: create it or correct the path", path, whyUnread(err))
		return "", false
	}
	text, more, err := readAtMost(path, most)
	if err != nil {
		d.fail(at, "%s %s: correct its owner or permissions", path, whyUnread(err))
		return "", false
	}
	if more {
		d.fail(at, "%s is larger than %d KiB: this is not the right file", path, most>>10)
		return "", false
	}
	return string(text), true
}

// trimNewline takes off the one newline every editor adds. Other white space
// may belong to the secret.
func trimNewline(s string) string {
	s = strings.TrimSuffix(s, "\n")
	return strings.TrimSuffix(s, "\r")
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// secretEnv reads a secret from the environment. The name is not repeated in a
// text: what stands there by mistake may be the password itself.
func (d *decoder) secretEnv(at place, name string) string {
	value := os.Getenv(name)
	switch {
	case !envName.MatchString(name):
		d.fail(at, "must be the name of an environment variable: letters, digits and underscores")
	case value == "":
		d.fail(at, "the environment variable named here is not set or empty: set it for this process, or use password_file")
	}
	return value
}

// checkKey makes sure that a private key can be used. What the parser says is
// not passed on.
func (d *decoder) checkKey(at place, path string, key, passphrase remote.Secret, passphraseAt place) {
	pem := []byte(key.Reveal())
	_, err := ssh.ParseRawPrivateKey(pem)
	var locked *ssh.PassphraseMissingError
	switch {
	case err == nil && passphrase != "":
		d.warn(passphraseAt, "the private key %s is not encrypted: remove passphrase_file, or encrypt the key (ssh-keygen -p)", path)
	case err == nil:
	case errors.As(err, &locked) && d.has("passphrase_file"):
		if passphrase == "" {
			return // reported where the passphrase was read
		}
		if _, err := ssh.ParsePrivateKeyWithPassphrase(pem, []byte(passphrase.Reveal())); err != nil {
			d.fail(passphraseAt, "the passphrase does not open the private key %s: correct one of the two", path)
		}
	case errors.As(err, &locked):
		d.fail(at, "%s is encrypted: add passphrase_file", path)
	case isPublicKey(pem):
		d.fail(at, "%s is a public key: name the private key, the file without .pub", path)
	case strings.HasPrefix(key.Reveal(), "PuTTY-User-Key-File"):
		d.fail(at, "%s is a PuTTY key: convert it with puttygen -O private-openssh", path)
	default:
		d.fail(at, "%s is not an SSH private key: name a file in OpenSSH or PEM format", path)
	}
}

func isPublicKey(text []byte) bool {
	_, _, _, _, err := ssh.ParseAuthorizedKey(text)
	return err == nil
}
