package ntfrs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readOnly are the commands that may be sent, all of them.
var readOnly = []*regexp.Regexp{
	regexp.MustCompile(`^ntfrsutl sets [A-Za-z0-9._-]+$`),
	regexp.MustCompile(`^wevtutil qe File Replication Service /r:[A-Za-z0-9._-]+ /q:\*\[System\[TimeCreated\[timediff\(@SystemTime\) <= \d+\]\]\] /f:xml /e:Events /rd:true /c:5000$`),
	regexp.MustCompile(`^typeperf \\FileReplicaSet\(\*\)\\[A-Za-z ]+ \\FileReplicaSet\(\*\)\\[A-Za-z ]+ -s [A-Za-z0-9._-]+ -sc 1$`),
	regexp.MustCompile(`^powershell -NoProfile -NonInteractive -Command Get-Counter -ComputerName '[A-Za-z0-9._-]+' -Counter ('\\FileReplicaSet\(\*\)\\[A-Za-z ]+',?)+ \| Select-Object -ExpandProperty CounterSamples \| Select-Object Path,RawValue \| ConvertTo-Csv -NoTypeInformation$`),
	regexp.MustCompile(`^dfsrdiag backlog /rgname:[^"|&<>/]+ /rfname:[^"|&<>/]+ /sendingmember:[A-Za-z0-9._-]+ /receivingmember:[A-Za-z0-9._-]+$`),
}

func isReadOnly(command string) bool {
	return slices.ContainsFunc(readOnly, func(re *regexp.Regexp) bool { return re.MatchString(command) })
}

// neverRun are commands that change something, cost a member dearly, or may only
// be run by a person who knows why.
var neverRun = []string{
	"ntfrsutl poll /now dc1", "ntfrsutl poll /quickly dc1", "ntfrsutl poll /quickly=5 dc1", "ntfrsutl poll /slowly dc1", "ntfrsutl poll /slowly=60 dc1",
	"ntfrsutl idtable dc1", "ntfrsutl outlog dc1", "ntfrsutl inlog dc1", "ntfrsutl configtable dc1",
	"esentutl /d ntfrs.jdb", "esentutl /p ntfrs.jdb", "net stop ntfrs", "net start ntfrs", "sc stop ntfrs",
	"reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\NtFrs\\Parameters\\Backup/Restore\\Process at Startup /v BurFlags /t REG_DWORD /d 0xd2",
	"reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\NtFrs\\Parameters /v Enable Journal Wrap Automatic Restore /t REG_DWORD /d 1",
	"wevtutil cl File Replication Service", "wevtutil sl File Replication Service /ms:1", "wevtutil epl File Replication Service x.evtx",
	"dfsrdiag syncnow /partner:dc2 /rgname:x /time:1", "dfsrdiag pollad /member:dc1", "dfsrmig /setglobalstate 3",
	"typeperf -qx FileReplicaSet -o C:\\x.csv", "powershell -Command Restart-Service ntfrs",
	"del C:\\Windows\\debug\\NtFrs_0001.log", "type C:\\Windows\\debug\\NtFrs_0001.log",
}

// Whatever the configuration says, only the display forms are sent, in words
// that both shells of Windows read alike.
func TestCommandsAreReadOnly(t *testing.T) {
	h := newHealthyHost()
	opts := Options{
		Members: []string{"dc1", "DC-2.example.com"}, Events: true, Counters: true,
		DebugLogs: []string{`C:\frs\{member}\NtFrs_*.log`},
		DFSR:      []Backlog{{"Domain System Volume", "SYSVOL Share", "dc1", "dc2"}, {`example.com\public\docs`, "docs", "dc2", "dc1"}},
	}
	opts.Check(func(path, problem string) { t.Errorf("%s: %s", path, problem) })
	c := newTestCollector(t, h, opts)
	for range 2 {
		collectOnce(t, c)
	}
	if len(h.asked) != 2*(2*4+2) {
		t.Errorf("%d commands were sent", len(h.asked))
	}
	for _, cmd := range h.asked {
		if !isReadOnly(asked(cmd.Argv)) {
			t.Errorf("sent: %s", asked(cmd.Argv))
		}
		if !cmd.WindowsShell || cmd.PosixShell {
			t.Errorf("the shell of %s", asked(cmd.Argv))
		}
	}
	for _, never := range neverRun {
		if isReadOnly(never) {
			t.Errorf("%s counts as read-only", never)
		}
		verb, _, _ := strings.Cut(never, " ")
		for _, cmd := range h.commands() {
			if strings.HasPrefix(cmd, never) {
				t.Errorf("%s was sent: %s", verb, cmd)
			}
		}
	}
}
