package ntfrs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	xssh "golang.org/x/crypto/ssh"

	"dataprotection_exporter/fixtures/sshserver"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/ssh"
)

// Every command goes over SSH as one line that cmd.exe and PowerShell read
// alike, without the guard of POSIX shells.
func TestCommandsOverSSH(t *testing.T) {
	const counters = `'\FileReplicaSet(*)\Change Orders Issued','\FileReplicaSet(*)\Change Orders Sent','\FileReplicaSet(*)\Change Orders Received',` +
		`'\FileReplicaSet(*)\Change Orders Propagated','\FileReplicaSet(*)\Change Orders Retired','\FileReplicaSet(*)\Change Orders Evaporated',` +
		`'\FileReplicaSet(*)\Change Orders Morphed','\FileReplicaSet(*)\Change Orders Aborted','\FileReplicaSet(*)\Change Orders Retried',` +
		`'\FileReplicaSet(*)\Change Orders Retried at Generate','\FileReplicaSet(*)\Change Orders Retried at Fetch',` +
		`'\FileReplicaSet(*)\Change Orders Retried at Install','\FileReplicaSet(*)\Change Orders Retried at Rename','\FileReplicaSet(*)\Files Installed'`
	answers := map[string]remote.Answer{
		`ntfrsutl sets dc1`: prepared(t, "sets", "utf16le_bom"),
		`wevtutil qe "File Replication Service" /r:dc1 "/q:*[System[TimeCreated[timediff(@SystemTime) <= 2592000000]]]" /f:xml /e:Events /rd:true /c:5000`: prepared(t, "events", "join_trouble"),
		`typeperf "\FileReplicaSet(*)\KB of Staging Space In Use" "\FileReplicaSet(*)\KB of Staging Space Free" -s dc1 -sc "1"`:                            prepared(t, "counters", "two_sets"),
		`dfsrdiag backlog "/rgname:Domain System Volume" "/rfname:SYSVOL Share" /sendingmember:dc1 "/receivingmember:dc2.example.com"`:                     prepared(t, "dfsr", "backlog"),
		`powershell -NoProfile -NonInteractive -Command "Get-Counter -ComputerName 'dc1' -Counter ` + counters + ` | Select-Object -ExpandProperty CounterSamples` +
			` | Select-Object Path,RawValue | ConvertTo-Csv -NoTypeInformation"`: prepared(t, "counters_raw", "one_set"),
	}
	var mu sync.Mutex
	var unknown []string
	server, err := sshserver.Start(sshserver.Config{
		Users: []sshserver.User{{Name: "monitor", Password: "right"}},
		Handler: func(_ context.Context, e sshserver.Exec) int {
			a, ok := answers[e.Command]
			if !ok {
				mu.Lock()
				defer mu.Unlock()
				unknown = append(unknown, e.Command)
				_, _ = fmt.Fprintf(e.Stderr, "'%s' is not recognized as an internal or external command\r\n", e.Command)
				return 1
			}
			_, _ = e.Stdout.Write(a.Stdout)
			return a.ExitStatus
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client, err := ssh.New(ssh.Config{
		Target: "jump", Addresses: []string{server.Address()}, Username: "monitor", Password: "right",
		Fingerprints: []string{xssh.FingerprintSHA256(server.HostKey())},
	}, ssh.NewMetrics(prometheus.NewRegistry()), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	c := newTestCollector(t, client, Options{
		Members: []string{"dc1"}, Events: true, Counters: true,
		DFSR: []Backlog{{"Domain System Volume", "SYSVOL Share", "dc1", "dc2.example.com"}},
	})
	for k, q := range collectOnce(t, c) {
		if q.Err != nil || len(q.Samples) == 0 {
			t.Errorf("%s: %v, %d samples", k, q.Err, len(q.Samples))
		}
		for _, p := range q.Problems {
			if p.Severity == "info" {
				t.Errorf("%s: %+v", k, p)
			}
		}
	}
	for _, command := range unknown {
		t.Errorf("the host does not know %s", command)
	}
}
