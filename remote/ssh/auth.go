package ssh

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
)

// The methods of RFC 4252 and RFC 4256 that this client knows.
const (
	methodPublicKey   = "publickey"
	methodPassword    = "password"
	methodInteractive = "keyboard-interactive"
)

// credentials are what a client can log in with.
type credentials struct {
	user     string
	password remote.Secret
	legacy   bool       // weak algorithms are offered already
	signer   ssh.Signer // nil without a private key
	// weakSigner is the same RSA key with SHA-1 signatures only, for a server
	// that takes no others but claims to.
	weakSigner ssh.Signer
}

func newCredentials(cfg *Config) (*credentials, error) {
	c := &credentials{user: cfg.Username, password: cfg.Password, legacy: cfg.LegacyAlgorithms}
	if c.user == "" {
		return nil, errors.New("a username is needed to log in")
	}
	if cfg.PrivateKey == "" && cfg.Password == "" {
		return nil, fmt.Errorf("neither a private key nor a password is configured for user %q", c.user)
	}
	if cfg.PrivateKey == "" {
		return c, nil
	}
	signer, err := ssh.ParsePrivateKey([]byte(cfg.PrivateKey.Reveal()))
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if cfg.Passphrase == "" {
			return nil, errors.New("the private key is encrypted: configure its passphrase")
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(cfg.PrivateKey.Reveal()), []byte(cfg.Passphrase.Reveal()))
		if err != nil {
			// The cause never says more, and must never quote key material.
			return nil, errors.New("the private key cannot be decrypted: the passphrase is wrong")
		}
	}
	if err != nil {
		return nil, errors.New("the private key cannot be read: want a PEM or OpenSSH private key")
	}
	return c, c.restrict(signer, cfg.LegacyAlgorithms)
}

// restrict limits the signatures to the algorithms that are allowed. SHA-1
// signatures of RSA keys, the only ones that servers before OpenSSH 7.2 know,
// are among the legacy ones.
func (c *credentials) restrict(signer ssh.Signer, legacy bool) error {
	all, ok := signer.(ssh.MultiAlgorithmSigner)
	if !ok {
		c.signer = signer
		return nil
	}
	allowed := algorithms(legacy).PublicKeyAuths
	keep := slices.DeleteFunc(slices.Clone(all.Algorithms()), func(a string) bool { return !slices.Contains(allowed, a) })
	if len(keep) == 0 {
		return fmt.Errorf("a private key of type %s needs ssh.legacy_algorithms: true", signer.PublicKey().Type())
	}
	restricted, err := ssh.NewSignerWithAlgorithms(all, keep)
	if err != nil {
		return err
	}
	c.signer = restricted
	if len(keep) > 1 && slices.Contains(keep, ssh.KeyAlgoRSA) {
		c.weakSigner, err = ssh.NewSignerWithAlgorithms(all, []string{ssh.KeyAlgoRSA})
	}
	return err
}

// login is one attempt to log in, on a connection whose host key was verified.
type login struct {
	*credentials
	address string
	host    *verifier
	// tried are the methods that were offered, in order.
	tried []string
	// accepted are the methods the device last said that it would take.
	accepted []string
	// sent says that the password left this host. It is sent once: a device
	// counts the password method and keyboard-interactive as two refused logins.
	sent bool
	// refusal is why this side stopped a dialogue.
	refusal error
}

// next chooses what to try next; nil, nil means that nothing is left.
func (l *login) next(offer *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	if !l.host.verified {
		return nil, errors.New("the host key was not verified")
	}
	if l.refusal != nil {
		return nil, l.refusal
	}
	l.accepted = offer.AllowedMethods
	usable := func(method string) bool {
		return slices.Contains(offer.AllowedMethods, method) && !slices.Contains(offer.PartialSuccessMethods, method) &&
			!slices.Contains(l.tried, method)
	}
	switch {
	case l.signer != nil && usable(methodPublicKey):
		l.tried = append(l.tried, methodPublicKey)
		if l.weakSigner != nil {
			return ssh.PublicKeys(l.signer, l.weakSigner), nil
		}
		return ssh.PublicKeys(l.signer), nil
	case l.password == "" || l.sent:
		return nil, nil
	case usable(methodPassword):
		l.tried = append(l.tried, methodPassword)
		return ssh.PasswordCallback(func() (string, error) {
			l.sent = true
			return l.password.Reveal(), nil
		}), nil
	case usable(methodInteractive):
		l.tried = append(l.tried, methodInteractive)
		return ssh.KeyboardInteractive(l.answer), nil
	}
	return nil, nil
}

// newPassword recognises the question for a new password.
var newPassword = regexp.MustCompile(`(?i)\b(new|retype|re-?enter|repeat|confirm)\b[^)]*\b(password|passwort|passphrase)\b|password\s+again`)

// answer answers the one question for the password. Whatever else a device
// asks, a program must not guess.
func (l *login) answer(_, instruction string, questions []string, echos []bool) ([]string, error) {
	switch {
	case len(questions) == 0:
		return nil, nil // only something to read
	case len(questions) > 1, newPassword.MatchString(questions[0]), newPassword.MatchString(instruction) && l.sent:
		l.refusal = l.failed(fmt.Errorf("the device asks for a new password (%q)", strings.Join(questions, " ")),
			"the password has expired: log in by hand, change it, and store the new one for the exporter")
	case echos[0]:
		l.refusal = l.failed(fmt.Errorf("the device asks a question that is not for a password: %q", questions[0]),
			"exempt the exporter's account from this question, or use a key to log in")
	case l.sent:
		l.refusal = l.failed(fmt.Errorf("the device asks again after the password: %q", questions[0]),
			"the password is wrong, or the account needs a second factor: exempt it, or use a key to log in")
	default:
		l.sent = true
		return []string{l.password.Reveal()}, nil
	}
	return nil, l.refusal
}

func (l *login) failed(err error, advice string) *remote.Error {
	return &remote.Error{Reason: remote.Auth, Op: fmt.Sprintf("log in to %s as %q", l.address, l.user), Err: err, Advice: advice}
}

// refused explains a login that the device turned down, in terms of what was
// tried and what could have been.
func (l *login) refused(cause error) *remote.Error {
	switch text := cause.Error(); {
	case strings.Contains(text, "message type 60"): // SSH_MSG_USERAUTH_PASSWD_CHANGEREQ
		return l.failed(errors.New("the device wants the password changed"),
			"the password has expired: log in by hand, change it, and store the new one for the exporter")
	case strings.Contains(text, "no common public key signature algorithm"):
		return l.failed(fmt.Errorf("the device accepts only SHA-1 signatures of the key (%s)", l.signer.PublicKey().Type()),
			"set ssh.legacy_algorithms: true for this target, or use a password")
	}
	if len(l.tried) == 0 {
		return l.failed(fmt.Errorf("nothing was tried: the device accepts %s", strings.Join(l.accepted, ", ")), l.needs())
	}
	tried := make([]string, 0, len(l.tried))
	for _, method := range l.tried {
		if method == methodPublicKey {
			method += " (" + describe(l.signer.PublicKey()) + ")"
		}
		tried = append(tried, method)
	}
	advice := "check the account on the device: does it exist, is it locked or expired, may it use SSH"
	switch {
	case l.sent:
		advice = "check the password, and whether the account is locked or expired on the device"
	case slices.Contains(l.tried, methodPublicKey):
		advice = fmt.Sprintf("add the public key to ~/.ssh/authorized_keys of %q on the device; "+
			"old devices know neither ed25519 nor ecdsa keys and need an RSA key", l.user)
	}
	return l.failed(fmt.Errorf("the device refused %s; it accepts %s", strings.Join(tried, " and "), strings.Join(l.accepted, ", ")), advice)
}

// needs says what to configure for a device that accepts none of what there is.
func (l *login) needs() string {
	if slices.Contains(l.accepted, methodPublicKey) && l.signer == nil {
		return "configure a private key for this credential"
	}
	if l.password == "" {
		return "configure a password for this credential, or allow publickey logins on the device"
	}
	return "allow publickey, password or keyboard-interactive logins on the device"
}
