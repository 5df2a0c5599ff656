package ntfrs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOptionsCheck(t *testing.T) {
	labels := filepath.Join(t.TempDir(), "labels.json")
	if err := os.WriteFile(labels, []byte(`{"fields": {"colour": ["x"]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	sysvol := Backlog{"Domain System Volume", "SYSVOL Share", "dc1", "dc2"}
	for _, tt := range []struct {
		name string
		opts Options
		want string // "" is fine
	}{
		{"plain", Options{Members: []string{"dc1", "DC-2.example.com", "10.0.0.1"}}, ""},
		{"backlogs alone", Options{DFSR: []Backlog{sysvol}}, ""},
		{"nothing", Options{}, "members: name at least one"},
		{"a shell", Options{Members: []string{"dc1 & del"}}, "members[0]: "},
		{"an option", Options{Members: []string{"/now"}}, "members[0]: "},
		{"a dash", Options{Members: []string{"-x"}}, "members[0]: "},
		{"empty", Options{Members: []string{""}}, "members[0]: "},
		{"umlaut", Options{Members: []string{"dcä"}}, "members[0]: "},
		{"twice", Options{Members: []string{"dc1", "DC1"}}, "members[1]: member DC1 is named twice"},
		{"log of one", Options{Members: []string{"a"}, DebugLogs: []string{`C:\Windows\debug\NtFrs_*.log`}}, ""},
		{"log as SFTP writes it", Options{Members: []string{"a"}, DebugLogs: []string{"/C:/Windows/debug/NtFrs_*.log"}}, ""},
		{"logs of several", Options{Members: []string{"a", "b"}, DebugLogs: []string{`D:\frs\{member}\NtFrs_*.log`}}, ""},
		{"logs of several without a mark", Options{Members: []string{"a", "b"}, DebugLogs: []string{`D:\frs\NtFrs_*.log`}}, "debug_logs[0]: with several members"},
		{"the host's own logs, and copies of the others", Options{Members: []string{"a", "b"}, DebugLogs: []string{`a=C:\Windows\debug\NtFrs_*.log`, `D:\frs\{member}\NtFrs_*.log`}}, ""},
		{"log of another", Options{Members: []string{"a"}, DebugLogs: []string{`b=C:\Windows\debug\NtFrs_*.log`}}, "debug_logs[0]: b is not among the members"},
		{"log of nobody", Options{DFSR: []Backlog{sysvol}, DebugLogs: []string{`D:\frs\NtFrs_*.log`}}, "debug_logs[0]: name the member"},
		{"relative", Options{Members: []string{"a"}, DebugLogs: []string{`debug\NtFrs_*.log`}}, "debug_logs[0]: "},
		{"upwards", Options{Members: []string{"a"}, DebugLogs: []string{`C:\x\..\NtFrs_*.log`}}, "debug_logs[0]: "},
		{"another host", Options{Members: []string{"a"}, DebugLogs: []string{`\\dc1\debug$\NtFrs_*.log`}}, "debug_logs[0]: "},
		{"a namespace", Options{DFSR: []Backlog{{`example.com\public\docs`, "docs", "a", "b"}}}, ""},
		{"a quote", Options{DFSR: []Backlog{{`a" b`, "docs", "a", "b"}}}, "dfsr[0].group: "},
		{"a backslash at the end", Options{DFSR: []Backlog{{`a\`, "docs", "a", "b"}}}, "dfsr[0].group: "},
		{"a variable", Options{DFSR: []Backlog{{"a", "$env:x", "a", "b"}}}, "dfsr[0].folder: "},
		{"no receiver", Options{DFSR: []Backlog{{"a", "b", "a", ""}}}, "dfsr[0].to: "},
		{"a backlog twice", Options{DFSR: []Backlog{sysvol, sysvol}}, "dfsr[1]: is listed twice"},
		{"a zone", Options{Members: []string{"a"}, Timezone: "Europe/London"}, ""},
		{"no zone", Options{Members: []string{"a"}, Timezone: "Europe/Atlantis"}, "timezone: "},
		{"a code page", Options{Members: []string{"a"}, CodePage: "cp850"}, ""},
		{"no code page", Options{Members: []string{"a"}, CodePage: "latin"}, "code_page: "},
		{"no labels", Options{Members: []string{"a"}, LabelsFile: "/nowhere"}, "labels_file: cannot be read"},
		{"bad labels", Options{Members: []string{"a"}, LabelsFile: labels}, "labels_file: is no table of labels"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			tt.opts.Check(func(path, problem string) { got = append(got, path+": "+problem) })
			if (len(got) == 0) != (tt.want == "") || tt.want != "" && !strings.HasPrefix(got[0], tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestLogPattern(t *testing.T) {
	for in, want := range map[string]string{
		`C:\Windows\debug\NtFrs_*.log`:   "/C:/Windows/debug/NtFrs_*.log",
		"C:/Windows/debug/NtFrs_*.log":   "/C:/Windows/debug/NtFrs_*.log",
		"/C:/Windows/debug/NtFrs_*.log":  "/C:/Windows/debug/NtFrs_*.log",
		`D:\frs\{member}\NtFrs_00??.log`: "/D:/frs/dc1/NtFrs_00??.log",
		"/drop/{member}.NtFrs_*.log":     "/drop/dc1.NtFrs_*.log",
	} {
		if got := logPattern(in, "dc1"); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// A member's own entry takes the place of those for all.
func TestLogsOf(t *testing.T) {
	o := Options{DebugLogs: []string{`a=C:\x\NtFrs_*.log`, `a=D:\x\NtFrs_*.log`, `D:\frs\{member}\NtFrs_*.log`, "/E:/odd=name/{member}.log"}}
	for member, want := range map[string]string{
		"a": "/C:/x/NtFrs_*.log /D:/x/NtFrs_*.log",
		"b": "/D:/frs/b/NtFrs_*.log /E:/odd=name/b.log",
	} {
		if got := strings.Join(o.logsOf(member), " "); got != want {
			t.Errorf("%s: %s, want %s", member, got, want)
		}
	}
}
