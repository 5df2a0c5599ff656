package config

import (
	"fmt"
	"reflect"
	"slices"

	"dataprotection_exporter/remote"
)

// Format prints a credential without its secrets under every verb. Secret alone
// cannot see to that: where a verb does not fit a pointer (%s, say), fmt prints
// what it points to without asking it.
func (c Credential) Format(w fmt.State, _ rune) {
	_, _ = fmt.Fprintf(w, "{Name:%q Username:%q Password:%v PrivateKey:%v Passphrase:%v}", c.Name, c.Username, c.Password, c.PrivateKey, c.Passphrase)
}

// credentialKeys is a credential as it is written.
type credentialKeys struct {
	Username       string `yaml:"username"`
	PasswordFile   string `yaml:"password_file" path:"true"`
	PasswordEnv    string `yaml:"password_env"`
	PrivateKeyFile string `yaml:"private_key_file" path:"true"`
	PassphraseFile string `yaml:"passphrase_file" path:"true"`
}

// credential decodes one login and reads its secrets.
func (l *loader) credential(file *decoder, e entry) {
	d := file.about(fmt.Sprintf("credential %s", quote(e.key)))
	here := place{pos: e.at.pos}
	if !nameRule.MatchString(e.key) {
		d.say(here, false, "%s", nameText)
	}
	if first, ok := l.credentialAt[e.key]; ok {
		d.say(here, false, "is already defined at %s: remove one of the two, or give it another name", first)
		return
	}
	l.credentialAt[e.key] = e.at.pos

	var k credentialKeys
	d.structure(e.value, here, reflect.ValueOf(&k).Elem(), nil, nil)
	c := &Credential{Name: e.key, Username: k.Username}
	l.cfg.Credentials[e.key] = c
	if d.failed[""] {
		return // not a mapping: every key is missing, and that has been said
	}

	if !d.has("username") {
		d.say(here, false, "username is missing: add the name to log in with")
	}
	if !slices.ContainsFunc([]string{"password_file", "password_env", "private_key_file", "password", "private_key"}, d.has) {
		d.say(here, false, "has no secret: add password_file, password_env or private_key_file")
	}
	if d.has("password_file") && d.has("password_env") {
		d.say(d.at("password_env", here.pos), false, "password_file is given too: keep one of the two")
	}
	if k.PasswordFile != "" {
		c.Password = remote.Secret(trimNewline(d.secretFile(d.at("password_file", here.pos), k.PasswordFile)))
	} else if k.PasswordEnv != "" {
		c.Password = remote.Secret(d.secretEnv(d.at("password_env", here.pos), k.PasswordEnv))
	}
	passphraseAt := d.at("passphrase_file", here.pos)
	if k.PassphraseFile != "" {
		c.Passphrase = remote.Secret(trimNewline(d.secretFile(passphraseAt, k.PassphraseFile)))
		if !d.has("private_key_file") {
			d.fail(passphraseAt, "there is no private key it could open: add private_key_file, or remove this line")
		}
	}
	if k.PrivateKeyFile != "" {
		at := d.at("private_key_file", here.pos)
		c.PrivateKey = remote.Secret(d.secretFile(at, k.PrivateKeyFile))
		if c.PrivateKey != "" {
			d.checkKey(at, k.PrivateKeyFile, c.PrivateKey, c.Passphrase, passphraseAt)
		}
	}
}
