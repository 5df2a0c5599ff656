package ssh

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
)

var errNo = errors.New("no")

// acceptKey lets a public key in.
func acceptKey(text remote.Secret) func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
	signer, err := ssh.ParsePrivateKey([]byte(text.Reveal()))
	if err != nil {
		panic(err)
	}
	return func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) == string(signer.PublicKey().Marshal()) {
			return nil, nil
		}
		return nil, errNo
	}
}

// interactive makes a device that asks questions instead of for the password.
func interactive(answers func(ssh.KeyboardInteractiveChallenge) error) func(*fake) {
	return func(f *fake) {
		f.config.PasswordCallback = nil
		f.config.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			err := answers(ask)
			if err != nil {
				f.refused.Add(1)
			}
			return nil, err
		}
	}
}

func onePrompt(ask ssh.KeyboardInteractiveChallenge) error {
	answers, err := ask("", "", []string{"Password: "}, []bool{false})
	if err == nil && (len(answers) != 1 || answers[0] != testPassword) {
		err = errNo
	}
	return err
}

func TestLogins(t *testing.T) {
	both := func(f *fake) {
		password := f.config.PasswordCallback
		interactive(onePrompt)(f)
		f.config.PasswordCallback = password
	}
	wrongPassword := func(cfg *Config) { cfg.Password = "planted-wrong" }
	byKey := func(cfg *Config) { cfg.Password, cfg.PrivateKey = "", userKey() }
	for _, c := range []struct {
		name   string
		server func(*fake)
		change func(*Config)
		want   remote.Reason
		says   []string
		// refused is how many refused logins the device counts.
		refused int32
	}{
		{name: "password"},
		{name: "password where both are offered", server: both},
		{name: "keyboard-interactive only", server: interactive(onePrompt)},
		{name: "keyboard-interactive with text first and last", server: interactive(func(ask ssh.KeyboardInteractiveChallenge) error {
			if _, err := ask("", "Welcome", nil, nil); err != nil {
				return err
			}
			if err := onePrompt(ask); err != nil {
				return err
			}
			_, err := ask("", "Last login: today", nil, nil)
			return err
		})},
		{name: "key", server: func(f *fake) { f.config.PublicKeyCallback = acceptKey(userKey()) }, change: byKey},
		{
			name: "key refused, password accepted", server: func(f *fake) { f.config.PublicKeyCallback = acceptKey(pemOfNew(t)) },
			change: func(cfg *Config) { cfg.PrivateKey = userKey() },
		},
		{
			name: "key and then password", server: func(f *fake) {
				password := f.config.PasswordCallback
				f.config.PasswordCallback = nil
				f.config.PublicKeyCallback = func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
					return nil, &ssh.PartialSuccessError{Next: ssh.ServerAuthCallbacks{PasswordCallback: password}}
				}
			},
			change: func(cfg *Config) { cfg.PrivateKey = userKey() },
		},

		{name: "wrong password", change: wrongPassword, want: remote.Auth, refused: 1, says: []string{`"cavamon"`, "refused password"}},
		{name: "wrong password where both are offered", server: both, change: wrongPassword, want: remote.Auth, refused: 1, says: []string{"refused password"}},
		{name: "wrong password, keyboard-interactive", server: interactive(onePrompt), change: wrongPassword, want: remote.Auth, refused: 1, says: []string{"refused keyboard-interactive"}},
		{
			name: "asked again within the dialogue", server: interactive(func(ask ssh.KeyboardInteractiveChallenge) error {
				if onePrompt(ask) == nil {
					return nil
				}
				return onePrompt(ask)
			}), change: wrongPassword, want: remote.Auth, refused: 1, says: []string{"asks again"},
		},
		{name: "key refused", server: func(f *fake) { f.config.PublicKeyCallback = acceptKey(pemOfNew(t)) }, change: byKey, want: remote.Auth, says: []string{"publickey (ssh-ed25519 SHA256:", "authorized_keys"}},
		{
			name: "key and password refused", server: func(f *fake) { f.config.PublicKeyCallback = acceptKey(pemOfNew(t)) },
			change: func(cfg *Config) { cfg.PrivateKey, cfg.Password = userKey(), "planted-wrong" },
			want:   remote.Auth, refused: 1, says: []string{"publickey", "and password"},
		},
		{name: "only keys are accepted", server: func(f *fake) {
			f.config.PasswordCallback, f.config.PublicKeyCallback = nil, acceptKey(userKey())
		}, want: remote.Auth, says: []string{"nothing was tried", "accepts publickey", "configure a private key"}},
		{
			name: "second factor after the password", server: interactive(func(ask ssh.KeyboardInteractiveChallenge) error {
				if err := onePrompt(ask); err != nil {
					return err
				}
				_, err := ask("", "", []string{"Verification code: "}, []bool{false})
				return err
			}), want: remote.Auth, refused: 1, says: []string{"Verification code", "second factor"},
		},
		{
			name: "visible question", server: interactive(func(ask ssh.KeyboardInteractiveChallenge) error {
				_, err := ask("", "", []string{"Are you sure? "}, []bool{true})
				return err
			}), want: remote.Auth, refused: 1, says: []string{"not for a password"},
		},
		{
			name: "password change, all at once", server: interactive(func(ask ssh.KeyboardInteractiveChallenge) error {
				_, err := ask("", "Your password has expired", []string{"Old: ", "New password: ", "Retype new password: "}, []bool{false, false, false})
				return err
			}), want: remote.Auth, refused: 1, says: []string{"asks for a new password", "has expired"},
		},
		{
			name: "password change, step by step", server: interactive(func(ask ssh.KeyboardInteractiveChallenge) error {
				if err := onePrompt(ask); err != nil {
					return err
				}
				_, err := ask("", "", []string{"New UNIX password: "}, []bool{false})
				return err
			}), want: remote.Auth, refused: 1, says: []string{"asks for a new password"},
		},
		{name: "hangs up after the password", server: func(f *fake) {
			f.config.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
				f.hangUp()
				return nil, errNo
			}
		}, want: remote.Auth},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, c.server)
			cl := client(t, c.change, f)
			if c.want == "" {
				ask(t, cl, command("hello"))
			} else {
				err := fails(t, cl, outerDeadline(t), command("hello"), c.want, c.says...)
				if strings.Contains(err.Error(), "planted") {
					t.Error("the password is in:", err)
				}
			}
			f.close()
			if n := f.refused.Load(); n != c.refused {
				t.Errorf("the device counted %d refused logins, want %d", n, c.refused)
			}
		})
	}
}

func pemOfNew(t *testing.T) remote.Secret {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf(key, "")
}

// A server that knows only SHA-1 signatures of RSA keys.
func TestOldServerAndRSAKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pemOf(key, "")
	f := newFake(t, func(f *fake) {
		f.config.PasswordCallback = nil
		f.config.PublicKeyCallback = acceptKey(text)
		f.config.PublicKeyAuthAlgorithms = []string{ssh.KeyAlgoRSA}
	})
	with := func(legacy bool) func(*Config) {
		return func(cfg *Config) { cfg.Password, cfg.PrivateKey, cfg.LegacyAlgorithms = "", text, legacy }
	}
	fails(t, client(t, with(false), f), outerDeadline(t), command("x"), remote.Auth, "ssh.legacy_algorithms: true")
	ask(t, client(t, with(true), f), command("x"))
}

func TestPasswordPromptIsToldFromPasswordChange(t *testing.T) {
	for prompt, change := range map[string]bool{
		"Password: ":                         false,
		"(cavamon@new-nas) Password: ":       false,
		"cavamon@nas's password: ":           false,
		"Current password: ":                 false,
		"New password: ":                     true,
		"Enter new UNIX password:":           true,
		"Retype new password: ":              true,
		"Re-enter password: ":                true,
		"Enter the password again, please: ": true,
	} {
		if newPassword.MatchString(prompt) != change {
			t.Errorf("%q: want change=%v", prompt, change)
		}
	}
}

func TestNew(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	locked := pemOf(key, "open sesame")
	good := Config{Target: "t", Addresses: []string{"nas"}, Username: "u", Password: "p"}
	for _, c := range []struct {
		name   string
		change func(*Config)
		says   string // "" is success
	}{
		{"password", func(*Config) {}, ""},
		{"locked key", func(c *Config) { c.PrivateKey, c.Passphrase = locked, "open sesame" }, ""},
		{"open key with a needless passphrase", func(c *Config) { c.PrivateKey, c.Passphrase = userKey(), "x" }, ""},
		{"locked key without a passphrase", func(c *Config) { c.PrivateKey = locked }, "configure its passphrase"},
		{"wrong passphrase", func(c *Config) { c.PrivateKey, c.Passphrase = locked, "planted-wrong" }, "passphrase is wrong"},
		{"not a key", func(c *Config) { c.PrivateKey = "planted-nonsense" }, "cannot be read"},
		{"no user", func(c *Config) { c.Username = "" }, "username"},
		{"nothing to log in with", func(c *Config) { c.Password = "" }, "neither a private key nor a password"},
		{"no address", func(c *Config) { c.Addresses = nil }, "address is needed"},
		{"bad address", func(c *Config) { c.Addresses = []string{"nas:http"} }, "port must be a number"},
		{"bad fingerprint", func(c *Config) { c.Fingerprints = []string{"MD5:aa:bb"} }, "want SHA256:"},
		{"short fingerprint", func(c *Config) { c.Fingerprints = []string{"SHA256:abc"} }, "43 characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			c.change(&cfg)
			cl, err := New(cfg, nil, nil)
			switch {
			case c.says == "" && err != nil:
				t.Fatal(err)
			case c.says == "":
				_ = cl.Close()
				if text := fmt.Sprintf("%+v %#v", cl.cfg, cl.cfg); strings.Contains(text, "sesame") || strings.Contains(text, "PRIVATE KEY") {
					t.Error("a secret is printed:", text)
				}
			case err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "planted"):
				t.Fatal(err)
			}
		})
	}
}

func TestHostPort(t *testing.T) {
	for in, want := range map[string]string{
		"nas":                 "nas:22",
		"nas:2222":            "nas:2222",
		"10.0.0.5":            "10.0.0.5:22",
		"10.0.0.5:22":         "10.0.0.5:22",
		"fe80::1":             "[fe80::1]:22",
		"fe80::1%eth0":        "[fe80::1%eth0]:22",
		"[fe80::1]":           "[fe80::1]:22",
		"[fe80::1]:2222":      "[fe80::1]:2222",
		"":                    "",
		":22":                 "",
		"nas:":                "",
		"nas:0":               "",
		"nas:65536":           "",
		"nas:ssh":             "",
		"ssh://nas":           "",
		"user@nas":            "",
		"a b":                 "",
		"[fe80::1":            "",
		"nas.example.com:022": "nas.example.com:022",
	} {
		got, err := hostPort(in)
		if (err == nil) != (want != "") || got != want {
			t.Errorf("hostPort(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}
