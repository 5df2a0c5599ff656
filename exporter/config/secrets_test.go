package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// everySecret is a configuration that reads a secret in each possible way.
const everySecret = `credentials:
  a: {username: u, password_file: secrets/papi}
  b: {username: u, password_env: CONFIG_TEST_PASSWORD}
  c: {username: u, private_key_file: keys/encrypted, passphrase_file: secrets/passphrase}
targets:
  - {name: a, system: vnx_cava, address: 10.0.0.5, credential: a}
  - {name: b, system: vnx_cava, address: 10.0.0.5, credential: b}
  - {name: c, system: vnx_cava, address: 10.0.0.5, credential: c}
`

func TestSecretsAreRead(t *testing.T) {
	c, err := loadText(t, fixture(t), everySecret)
	must(t, c, err)
	if got := c.Target("a").Credential.Password.Reveal(); got != planted {
		t.Errorf("password_file: %q", got)
	}
	if got := c.Target("b").Credential.Password.Reveal(); got != planted+"-env" {
		t.Errorf("password_env: %q", got)
	}
	if got := c.Target("c").Credential.Passphrase.Reveal(); got != planted+"-passphrase" {
		t.Errorf("passphrase_file: %q", got)
	}
	if got := c.Target("c").Credential.PrivateKey.Reveal(); !strings.HasPrefix(got, "-----BEGIN") {
		t.Error("private_key_file was not read")
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	dir := fixture(t)
	c, err := loadText(t, dir, everySecret)
	must(t, c, err)
	key := strings.Split(c.Credentials["c"].PrivateKey.Reveal(), "\n")[1]

	out := map[string]string{}
	for name, v := range map[string]any{"Config": *c, "Target": *c.Targets[0], "Targets": c.Targets, "Credentials": c.Credentials, "a": *c.Credentials["a"], "b": *c.Credentials["b"], "c": *c.Credentials["c"]} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			out[name+" "+verb] = fmt.Sprintf(verb, v)
		}
		js, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		ym, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out[name+" json"], out[name+" yaml"] = string(js), string(ym)
		if strings.Contains(string(js), c.Targets[0].Hash) {
			t.Error("the hash is marshalled")
		}
	}
	// The same secrets in configurations that are refused.
	for i, text := range []string{
		strings.ReplaceAll(everySecret, "username: u, ", ""),
		strings.ReplaceAll(everySecret, "passphrase_file: secrets/passphrase", "passphrase_file: secrets/papi"),
		strings.ReplaceAll(everySecret, "keys/encrypted", "secrets/papi"),
		"credentials: {a: {username: u, password: planted-password}}",
		"credentials: {a: {username: u, password: *planted-password}}",
		"credentials: {a: {username: u, password: @planted-password}}",
		"credentials: {a: {username: u, password: 'planted-password}}",
		"credentials: {a: {username: u, password: !planted-password x}}",
		"credentials: {a: {username: u, password: !planted-password! x}}",
		"credentials: {a: {username: u, password_env: planted-password}}",
		"credentials: {a: {username: u, password_env: planted_password}}",
		"credentials: {a: [u, planted-password]}",
		"credentials: [planted-password]",
		"global: {password: planted-password}",
	} {
		c, err := loadText(t, dir, text)
		if err == nil {
			t.Errorf("loaded: %s", text)
			continue
		}
		out[fmt.Sprintf("refused %d", i)] = fmt.Sprintf("%v %+v %#v %v", err, err, err, c)
	}
	for name, text := range out {
		if strings.Contains(strings.ReplaceAll(text, "_", "-"), planted) || strings.Contains(text, fmt.Sprintf("%x", planted)) || strings.Contains(text, key) {
			t.Errorf("%s shows a secret: %s", name, text)
		}
	}
}

func TestSecretWarnings(t *testing.T) {
	dir := fixture(t)
	for _, f := range []string{"secrets/papi", "keys/celerra"} {
		if err := os.Chmod(filepath.Join(dir, f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := loadText(t, dir, `credentials:
  a: {username: u, password_file: secrets/papi}
  b: {username: u, private_key_file: keys/celerra, passphrase_file: secrets/passphrase}
targets: [{name: a, system: kinds}]
`)
	must(t, c, err)
	want := `DIR/config.yml:2: warning: credential "a": password_file: DIR/secrets/papi may be read or written by every user of this host: take that right away (chmod o-rw)
DIR/config.yml:3: warning: credential "b": private_key_file: DIR/keys/celerra may be read or written by every user of this host: take that right away (chmod o-rw)
DIR/config.yml:3: warning: credential "b": passphrase_file: the private key DIR/keys/celerra is not encrypted: remove passphrase_file, or encrypt the key (ssh-keygen -p)`
	if got := shown(dir, c.Warnings.Error()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(c.Warnings.Warnings()) != 3 || len(c.Warnings.Errors()) != 0 {
		t.Error("warnings are not told from errors")
	}
}
