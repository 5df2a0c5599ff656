package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHash(t *testing.T) {
	dir := fixture(t)
	const text = `global: {timeout: 20s}
credentials:
  a: {username: u, password_file: secrets/papi}
  b: {username: u, password_env: CONFIG_TEST_PASSWORD}
targets:
  - {name: other, system: kinds}
  - {name: watched, system: vnx_cava, address: 10.0.0.5, credential: a, labels: {site: ams}, vnx_cava: {movers: [server_2]}}
  - {name: web, system: onefs_cava, address: "https://10.0.0.5", credential: b, tls: {ca_file: ca.pem}}
`
	hash := func(name, text string) string {
		t.Helper()
		c, err := loadText(t, dir, text)
		return must(t, c, err).Target(name).Hash
	}
	before, web := hash("watched", text), hash("web", text)
	if before == web {
		t.Error("two targets have one hash")
	}

	for what, other := range map[string]string{
		"nothing":           text,
		"a comment":         "# new\n" + text,
		"another target":    strings.Replace(text, "system: kinds", "system: kinds, kinds: {count: 3}", 1),
		"another's removal": strings.Replace(text, "  - {name: other, system: kinds}\n", "", 1),
		"a default written": strings.Replace(text, "movers: [server_2]", "movers: [server_2], audit: true", 1),
		"a label":           strings.Replace(text, "site: ams", "site: lon", 1),
		"the name of the credential": strings.NewReplacer("  a: {", "  z: {", "credential: a", "credential: z").
			Replace(text),
	} {
		if hash("watched", other) != before {
			t.Errorf("%s changes the hash", what)
		}
	}
	for what, other := range map[string]string{
		"an option":      strings.Replace(text, "server_2", "server_3", 1),
		"the timeout":    strings.Replace(text, "timeout: 20s", "timeout: 21s", 1),
		"the user":       strings.Replace(text, "username: u", "username: v", 1),
		"the address":    strings.Replace(text, "10.0.0.5", "10.0.0.6", 1),
		"the credential": strings.Replace(text, "credential: a", "credential: b", 1),
	} {
		if hash("watched", other) == before {
			t.Errorf("%s does not change the hash", what)
		}
	}

	write(t, filepath.Join(dir, "secrets/papi"), "another\n")
	if hash("watched", text) == before {
		t.Error("a new password does not change the hash")
	}
	if hash("web", text) != web {
		t.Error("the password of another target changes the hash")
	}
	t.Setenv("CONFIG_TEST_PASSWORD", "another")
	if hash("web", text) == web {
		t.Error("a new password in the environment does not change the hash")
	}

	// A key for another host changes nothing, a key for this host does.
	before = hash("watched", text)
	known := filepath.Join(dir, "known_hosts")
	lines, err := os.ReadFile(known)
	if err != nil {
		t.Fatal(err)
	}
	line := string(lines)
	write(t, known, line+strings.Replace(line, "10.0.0.5,10.0.0.6", "10.0.0.7", 1))
	if hash("watched", text) != before {
		t.Error("the key of another host changes the hash")
	}
	write(t, known, line+"@revoked * "+strings.SplitN(line, " ", 2)[1])
	if hash("watched", text) == before {
		t.Error("a revoked key does not change the hash")
	}

	web = hash("web", text)
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "ca.pem"), string(ca)+string(ca))
	if hash("web", text) == web {
		t.Error("a new ca_file does not change the hash")
	}
}
