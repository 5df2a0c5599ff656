package config

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// hashKey differs in every process. Hashes are only ever compared within one,
// and without the key nobody can try passwords against a hash that got out.
var hashKey = []byte(rand.Text())

// hash covers everything about a target that a running collector depends on,
// secrets included. Where the target stands in the file and which labels /sd
// gives it are not part of it: they change nothing about the collector.
func (t *Target) hash(authorities, hostKeys string) string {
	type login struct{ Username, Password, PrivateKey, Passphrase string }
	var l *login
	if c := t.Credential; c != nil {
		l = &login{c.Username, c.Password.Reveal(), c.PrivateKey.Reveal(), c.Passphrase.Reveal()}
	}
	all, err := json.Marshal([]any{
		t.Name, t.System, t.Addresses, t.Transport, t.FilesPath, l, t.MinInterval, t.Timeout,
		t.SSH, t.TLS, t.Options, authorities, hostKeys,
	})
	if err != nil {
		panic("config: the options of " + t.System + " are not plain data: " + err.Error())
	}
	sum := hmac.New(sha256.New, hashKey)
	sum.Write(all)
	return hex.EncodeToString(sum.Sum(nil))
}
