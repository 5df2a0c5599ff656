package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	fixtures "dataprotection_exporter/fixtures/avamar"
	"dataprotection_exporter/fixtures/openssh"
)

// TestAvamarOverOpenSSH asks a real OpenSSH server that replays a utility node
// for everything: commands through its forced command, logs through SFTP.
func TestAvamarOverOpenSSH(t *testing.T) {
	program(t, "sshd")
	sftp := program(t, "/usr/lib/openssh/sftp-server")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	device := mkdir(t, dir, "device")
	logs := mkdir(t, dir, "cur")
	put := func(name string, text []byte) { write(t, filepath.Join(device, name), string(text)) }
	put("srl", fixtures.SessionTicket("k1"))
	put("keytable", fixtures.KeyTable("k1_plain"))
	put("dpnctl", fixtures.Dpnctl("up_19"))
	put("status", fixtures.StatusDpn("healthy_19_12"))
	gsan := filepath.Join(logs, "gsan.log")
	write(t, gsan, "2019/12/31-12:00:00.00000 {0.0} <0001> before\n")
	write(t, filepath.Join(logs, "err.log"), "2019/12/31-12:00:00.00000 {0.0} <0001> before anything, in err.log\n")
	replay := filepath.Join(device, "replay")
	write(t, replay, fmt.Sprintf(`#!/bin/sh
cd %s || exit 1
case "$SSH_ORIGINAL_COMMAND" in
internal-sftp*|*/sftp-server*) exec %s -R ;;
*" /bin/cat /usr/local/avamar/var/mc/server_data/prefs/sessionticket.srl") exec cat srl ;;
*" /usr/local/avamar/bin/avmaint cat /sysinfo/security/keytable") exec cat keytable ;;
*" /usr/local/avamar/bin/dpnctl status") exec cat dpnctl >&2 ;;
*" /usr/local/avamar/bin/status.dpn") exec cat status ;;
esac
echo "refused: $SSH_ORIGINAL_COMMAND" >&2
exit 127
`, device, sftp))
	if err := os.Chmod(replay, 0o700); err != nil {
		t.Fatal(err)
	}
	server, err := openssh.Start(ctx, openssh.Config{Dir: mkdir(t, dir, "ssh"), ForcedCommand: replay})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	config := filepath.Join(dir, "exporter.yml")
	write(t, config, fmt.Sprintf(`global: {timeout: 20s, min_interval: 0s, known_hosts_file: %s}
credentials:
  avamar: {username: %s, private_key_file: %s}
targets:
  - name: avamar-1
    system: avamar
    address: %s
    credential: avamar
    avamar: {gsan_logs: ["%s/gsan.log*", "%s/err.log*"], client_logs: ["%s/client*.log"]}
`, server.KnownHosts, server.User, server.PrivateKey, server.Address, logs, logs, logs))
	address := serveConfig(ctx, t, config)
	probe := func() string { return get(ctx, "http://"+address+"/probe?target=avamar-1") }

	first := probe()
	for _, want := range []string{
		"dataprotection_probe_success 1\n", "avamar_session_ticket_mcs_serial 38000\n", "avamar_session_ticket_gsan_min_serial 38000\n",
		"avamar_session_ticket_serial_gap 0\n", `avamar_service_up{service="gsan"} 1`, `avamar_node_online{node="0.0"} 1`,
		`avamar_session_ticket_log_events_total{kind="already_used"} 0`,
	} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is missing from\n%s", want, first)
		}
	}

	// MCS comes back from an older flush: its serial falls behind, GSAN refuses
	// tickets, in both of its logs, and gsan.log is rotated in the middle of it.
	put("srl", []byte("28451"))
	events := fixtures.GSANLog("shared_with_err_log")
	appendTo(t, gsan, events)
	appendTo(t, filepath.Join(logs, "err.log"), fixtures.ErrLog("shared_with_gsan_log"))
	if err := os.Rename(gsan, gsan+".001"); err != nil {
		t.Fatal(err)
	}
	write(t, gsan, string(fixtures.GSANLog("used_already")))
	second := probe()
	if !strings.Contains(second, "avamar_session_ticket_serial_gap -9549\n") {
		t.Errorf("the gap is not -9549:\n%s", second)
	}
	different := map[string]bool{}
	for line := range strings.Lines(string(events) + string(fixtures.ErrLog("shared_with_gsan_log")) + string(fixtures.GSANLog("used_already"))) {
		if strings.Contains(line, "sessionkeytable::") {
			different[line] = true
		}
	}
	if got := countEvents(t, second); got != len(different) {
		t.Errorf("%d refused tickets are counted, the two logs hold %d different ones\n%s", got, len(different), second)
	}
	if third := probe(); countEvents(t, third) != len(different) {
		t.Error("events are counted again")
	}
}

// countEvents sums the refused tickets of every kind.
func countEvents(t *testing.T, exposition string) int {
	t.Helper()
	sum := 0
	for line := range strings.Lines(exposition) {
		var n int
		if rest, ok := strings.CutPrefix(line, "avamar_session_ticket_log_events_total{"); ok {
			if _, err := fmt.Sscanf(rest[strings.Index(rest, "} "):], "} %d", &n); err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}

func appendTo(t *testing.T, file string, text []byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(text); err != nil {
		t.Fatal(err)
	}
}
