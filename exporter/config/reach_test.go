package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReachWarnings(t *testing.T) {
	dir := fixture(t)
	write(t, filepath.Join(dir, "broken_hosts"), "10.0.0.5 ssh-ed25519 AAAA\n")
	for _, test := range []struct{ name, extra, want string }{
		{
			"host key ignored", "    address: 10.0.0.9\n    ssh: {insecure_ignore_host_key: true}\n",
			`DIR/config.yml:7: warning: target "a": ssh.insecure_ignore_host_key: whoever answers at this address is sent the login: verify the host with host_key_fingerprint or known_hosts_file instead`,
		},
		{
			"certificate ignored", "    address: https://10.0.0.9\n    tls: {insecure_skip_verify: true}\n",
			`DIR/config.yml:7: warning: target "a": tls.insecure_skip_verify: whoever answers at this address is sent the password: verify the server with ca_file instead`,
		},
		{
			"host key not on file", "    address: [10.0.0.5, 10.0.0.9, LAB.example.com:2222]\n",
			`DIR/config.yml:6: warning: target "a": address[1]: DIR/known_hosts holds no key of 10.0.0.9: compare and add what ssh-keyscan prints for it, or set ssh.host_key_fingerprint`,
		},
		{
			"known_hosts damaged", "    address: 10.0.0.5\n    ssh: {known_hosts_file: broken_hosts}\n",
			`DIR/config.yml:7: warning: target "a": ssh.known_hosts_file: DIR/broken_hosts has a line that makes no sense: correct or remove it (DIR/broken_hosts:1: ssh: short read)`,
		},
		{"fingerprint", "    address: 10.0.0.9\n    ssh: {host_key_fingerprint: \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := loadText(t, dir, `credentials: {a: {username: u, password_file: secrets/papi}}
targets:
  - name: a
    system: `+map[bool]string{false: "vnx_cava", true: "onefs_cava"}[strings.Contains(test.extra, "https://")]+`
    credential: a
`+test.extra)
			must(t, c, err)
			if diff := cmp.Diff(test.want, shown(dir, c.Warnings.Error())); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// The default known_hosts file is needed only by a target that nothing else
// identifies.
func TestDefaultKnownHostsIsOptional(t *testing.T) {
	dir := fixture(t)
	for _, extra := range []string{
		"address: 10.0.0.9, credential: a, ssh: {insecure_ignore_host_key: true}",
		`address: 10.0.0.9, credential: a, ssh: {host_key_fingerprint: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`,
		"transport: local",
		"transport: files, files_path: nowhere",
	} {
		file := filepath.Join(dir, "config.yml")
		write(t, file, "credentials: {a: {username: u, password_file: secrets/papi}}\ntargets:\n  - {name: a, system: vnx_cava, "+extra+"}\n")
		c, err := newLoader(testSystems, filepath.Join(dir, "nowhere")).load([]string{file}, nil)
		if err != nil {
			t.Errorf("%s: %v", extra, err)
			continue
		}
		if got := c.Targets[0].SSH.KnownHostsFile; got != "" {
			t.Errorf("%s: known_hosts %q does not exist", extra, got)
		}
	}
}
