package config_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/collectors"
	"dataprotection_exporter/exporter/config"
)

// The configurations that the documentation shows are good ones.
func TestDocumentedConfigurations(t *testing.T) {
	for _, doc := range []string{"README.md", "docs/configuration.md"} {
		t.Run(doc, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", doc))
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1) {
				if !regexp.MustCompile(`(?m)^targets:`).Match(block[1]) {
					continue
				}
				found++
				dir := files(t)
				file := filepath.Join(dir, "exporter.yml")
				example := regexp.MustCompile(`known_hosts_file: /etc/\S+`).ReplaceAll(block[1], []byte("known_hosts_file: known_hosts.ams"))
				if !regexp.MustCompile(`known_hosts_file`).Match(example) {
					example = append([]byte("global: {known_hosts_file: known_hosts.ams}\n"), example...)
				}
				if err := os.WriteFile(file, example, 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := config.Load([]string{file}, collectors.Systems); err != nil {
					t.Errorf("the example does not load:\n%v", err)
				}
			}
			if found == 0 {
				t.Error("no example found")
			}
		})
	}
}

// files makes the keys and secrets that the examples name.
func files(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	ca, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"ca.pem":  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca}),
		"celerra": pem.EncodeToMemory(plain), "keys/celerra": pem.EncodeToMemory(locked), "keys/celerra.passphrase": []byte("passphrase\n"),
		"secrets/nas": []byte("password\n"), "known_hosts.ams": append([]byte("10.0.0.5,10.0.0.6 "), ssh.MarshalAuthorizedKey(signer.PublicKey())...),
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
