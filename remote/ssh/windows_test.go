package ssh

import (
	"slices"
	"strings"
	"testing"

	"dataprotection_exporter/remote"
)

func TestWindowsCommand(t *testing.T) {
	for _, tt := range []struct {
		name string
		argv []string
		want string
	}{
		{"plain words", []string{"ntfrsutl", "sets", "dc1.example.com"}, `ntfrsutl sets dc1.example.com`},
		{
			"a log with blanks, a comparison",
			[]string{"wevtutil", "qe", "File Replication Service", "/r:dc-1", "/q:*[System[TimeCreated[timediff(@SystemTime) <= 86400000]]]", "/f:xml"},
			`wevtutil qe "File Replication Service" /r:dc-1 "/q:*[System[TimeCreated[timediff(@SystemTime) <= 86400000]]]" /f:xml`,
		},
		{
			"counter paths",
			[]string{"typeperf", `\FileReplicaSet(*)\KB of Staging Space Free`, "-s", "dc1", "-sc", "1"},
			`typeperf "\FileReplicaSet(*)\KB of Staging Space Free" -s dc1 -sc "1"`,
		},
		{
			"a pipeline is one word",
			[]string{"powershell", "-Command", `Get-Counter '\A(*)\B','\A(*)\C' | ConvertTo-Csv`},
			`powershell -Command "Get-Counter '\A(*)\B','\A(*)\C' | ConvertTo-Csv"`,
		},
		{
			"what PowerShell would split or count",
			[]string{"x.exe", "-a.b", "1kb", "a,b", "-a:b", "10.0.0.1", "/a:b.c", "@a"},
			`x.exe "-a.b" "1kb" "a,b" "-a:b" "10.0.0.1" "/a:b.c" "@a"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := execString(remote.Command{Argv: tt.argv, WindowsShell: true})
			if err != nil || got != tt.want {
				t.Fatalf("%s, %v\nwant %s", got, err, tt.want)
			}
			if back := asCmd(t, got); !slices.Equal(back, tt.argv) {
				t.Errorf("cmd.exe and the program make of it %q", back)
			}
			if back := asPowerShell(t, got); !slices.Equal(back, tt.argv) {
				t.Errorf("PowerShell makes of it %q", back)
			}
		})
	}
}

func TestWindowsCommandRefuses(t *testing.T) {
	for _, word := range []string{
		"", `a"b`, "%PATH%", "$env:PATH", "`n", "!x!", "a&b", "a;b", "a>b", "a\nb", "a\rb", "a\x00b", `C:\dir\`, "é", "“a”", "a^b", "{a}", "#", "~",
	} {
		if line, err := execString(remote.Command{Argv: []string{"ntfrsutl", "sets", word}, WindowsShell: true}); err == nil {
			t.Errorf("%q is let through: %s", word, line)
		}
	}
	for _, program := range []string{"", "my program", `C:\x.exe`, "a|b", "-x", "1", "cmd.bat", "&"} {
		if line, err := execString(remote.Command{Argv: []string{program}, WindowsShell: true}); err == nil {
			t.Errorf("program %q is let through: %s", program, line)
		}
	}
	for _, cmd := range []remote.Command{
		{WindowsShell: true},
		{Argv: []string{"ntfrsutl"}, WindowsShell: true, PosixShell: true},
		{Argv: []string{"ntfrsutl", strings.Repeat("x", 9000)}, WindowsShell: true},
	} {
		if line, err := execString(cmd); err == nil {
			t.Errorf("%.60v is let through: %.60s", cmd, line)
		}
	}
}

// asCmd splits a line as a program under cmd.exe does: cmd.exe stops at a
// metacharacter outside of quotes, the C runtime takes the quotes off.
func asCmd(t *testing.T, line string) []string {
	t.Helper()
	if strings.ContainsAny(line, "%!\n\r") || strings.HasPrefix(line, `"`) {
		t.Fatalf("cmd.exe changes %s", line)
	}
	var words []string
	var word strings.Builder
	quoted, open := false, false
	for i, r := range line {
		switch {
		case r == '"':
			if i > 0 && line[i-1] == '\\' {
				t.Fatalf("an escaped quote in %s", line)
			}
			quoted, open = !quoted, true
		case r == ' ' && !quoted:
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		case !quoted && strings.ContainsRune("&|<>()^@,;=", r):
			t.Fatalf("cmd.exe sees %q in %s", r, line)
		default:
			open = true
			word.WriteRune(r)
		}
	}
	if quoted {
		t.Fatalf("an open quote in %s", line)
	}
	return append(words, word.String())
}

// asPowerShell splits a line as PowerShell does in a command.
func asPowerShell(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	for rest := line; rest != ""; rest = strings.TrimPrefix(rest, " ") {
		if rest[0] != '"' {
			word, after, _ := strings.Cut(rest, " ")
			if strings.ContainsAny(word, "$`'\"(){}[];,|&<>@#%*?\\") || strings.HasPrefix(word, "-") && strings.ContainsAny(word, ".:") {
				t.Fatalf("PowerShell reads more than text in %s", word)
			}
			if c := word[0]; c >= '0' && c <= '9' {
				t.Fatalf("PowerShell takes %s for a number", word)
			}
			words, rest = append(words, word), after
			continue
		}
		if len(words) == 0 {
			t.Fatal("a quoted program is an expression")
		}
		word, after, closed := strings.Cut(rest[1:], `"`)
		if !closed || after != "" && after[0] != ' ' || strings.ContainsAny(word, "$`") {
			t.Fatalf("PowerShell expands %s", word)
		}
		words, rest = append(words, word), after
	}
	return words
}

func FuzzWindowsCommand(f *testing.F) {
	f.Add("wevtutil", "File Replication Service", "/f:xml")
	f.Add("typeperf", `\A(*)\B`, "-s")
	f.Fuzz(func(t *testing.T, program, a, b string) {
		argv := []string{program, a, b}
		line, err := windowsCommand(argv)
		if err != nil {
			return
		}
		if got := asCmd(t, line); !slices.Equal(got, argv) {
			t.Errorf("cmd.exe: %q becomes %q", argv, got)
		}
		if got := asPowerShell(t, line); !slices.Equal(got, argv) {
			t.Errorf("PowerShell: %q becomes %q", argv, got)
		}
	})
}
