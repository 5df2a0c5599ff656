package ssh

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"dataprotection_exporter/fixtures/sshserver"
	"dataprotection_exporter/remote"
)

var menuPrompt = regexp.MustCompile(`\[pnadmin\]\$ ?`)

// atMenu makes a client of a device whose shell is given.
func atMenu(t *testing.T, shell sshserver.Handler) *Client {
	t.Helper()
	server, err := sshserver.Start(sshserver.Config{Users: []sshserver.User{{Name: testUser, Password: testPassword}}, Shell: shell})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c, err := New(Config{Target: "t", Username: testUser, Password: testPassword, Addresses: []string{server.Address()}, Fingerprints: []string{server.HostKeyFingerprint()}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// menu greets, and answers each line that is typed by a function. echo is what
// the terminal makes of what is typed.
func menu(greeting, prompt string, echo func(line string) string, answer func(line string) string) sshserver.Handler {
	return func(_ context.Context, e sshserver.Exec) int {
		_, _ = io.WriteString(e.Stdout, greeting+prompt)
		var line strings.Builder
		b := make([]byte, 1)
		for {
			if _, err := e.Stdin.Read(b); err != nil {
				return 0
			}
			if b[0] != '\r' {
				line.WriteByte(b[0])
				continue
			}
			typed := line.String()
			line.Reset()
			if typed == "exit" {
				return 0
			}
			_, _ = io.WriteString(e.Stdout, echo(typed)+answer(typed)+prompt)
		}
	}
}

func TestShell(t *testing.T) {
	const greeting = "Last login: Sun Aug 30 10:28:03 2015 from 10.10.10.200\r\n\r\n  CS MARS\r\n\r\n    ? for list of commands\r\n\r\n"
	echo := func(line string) string { return line + "\r\n" }
	said := func(line string) string { return "one " + line + "\r\n\r\ntwo\r\n" }
	for name, shell := range map[string]sshserver.Handler{
		"as published":     menu(greeting, "[pnadmin]$ ", echo, said),
		"no greeting":      menu("", "[pnadmin]$ ", echo, said),
		"no blank":         menu(greeting, "[pnadmin]$", echo, said),
		"no echo":          menu(greeting, "[pnadmin]$ ", func(string) string { return "\r\n" }, said),
		"silent":           menu(greeting, "[pnadmin]$ ", func(string) string { return "" }, said),
		"plain line ends":  menu("hello\n", "[pnadmin]$ ", func(l string) string { return l + "\n" }, func(l string) string { return "one " + l + "\n\ntwo\n" }),
		"colours":          menu(greeting, "\x1b]0;mars\x07\x1b[1m[pnadmin]$\x1b[0m ", echo, said),
		"rubbed out":       menu(greeting, "[pnadmin]$ ", func(l string) string { return "x\b \b" + l + "\r\n" }, said),
		"prompt is redone": menu(greeting, "[pnadmin]$ ", func(l string) string { return "\r\n[pnadmin]$ " + l + "\r\n" }, said),
	} {
		t.Run(name, func(t *testing.T) {
			c := atMenu(t, shell)
			for range 2 {
				ans, err := c.Shell(outerDeadline(t), menuPrompt, command("pndbusage"))
				if err != nil {
					t.Fatal(err)
				}
				got := strings.TrimLeft(string(ans.Stdout), "\n")
				if got != "one pndbusage\n\ntwo\n" || ans.Address == "" || ans.Time.IsZero() {
					t.Fatalf("%q", ans.Stdout)
				}
			}
		})
	}
}

func TestShellFailures(t *testing.T) {
	echo := func(line string) string { return line + "\r\n" }
	for _, c := range []struct {
		name   string
		shell  sshserver.Handler
		cmd    remote.Command
		reason remote.Reason
		says   string
	}{
		{"refused", nil, command("pndbusage"), remote.Permission, "refuses"},
		{"asks something else", func(ctx context.Context, e sshserver.Exec) int {
			_, _ = io.WriteString(e.Stdout, "Your password has expired. New password: ")
			<-ctx.Done()
			return 0
		}, command("pndbusage"), remote.Timeout, "New password"},
		{"hangs", nil, command("pndbusage"), remote.Timeout, ""},
		{"ends", func(_ context.Context, e sshserver.Exec) int {
			_, _ = io.WriteString(e.Stdout, "This account is currently not available.\r\n")
			return 1
		}, command("pndbusage"), remote.Disconnected, "ended before the prompt"},
		{"floods", menu("", "[pnadmin]$ ", echo, func(string) string { return strings.Repeat("line\r\n", 100_000) }), remote.Command{Argv: []string{"pndbusage"}, Limit: 1000}, remote.TooLarge, "1000 bytes"},
		{"bad word", nil, command("pndbusage;reboot"), remote.Other, "refused"},
		{"guard", nil, remote.Command{Argv: []string{"pndbusage"}, PosixShell: true}, remote.Other, "guard"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "hangs" {
				c.shell = func(ctx context.Context, e sshserver.Exec) int {
					_, _ = io.WriteString(e.Stdout, "[pnadmin]$ ")
					<-ctx.Done()
					return 0
				}
			}
			client := atMenu(t, c.shell)
			patience := 20 * time.Second
			if c.reason == remote.Timeout {
				patience = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := client.Shell(ctx, menuPrompt, c.cmd)
			if remote.ReasonOf(err) != c.reason || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %s %q", err, c.reason, c.says)
			}
		})
	}
	c := atMenu(t, nil)
	_ = c.Close()
	if _, err := c.Shell(t.Context(), menuPrompt, command("pndbusage")); err == nil {
		t.Error("a closed client answers")
	}
}

// Sessions at the prompt count like commands, and are given back.
func TestShellGivesItsSlotBack(t *testing.T) {
	c := atMenu(t, menu("", "[pnadmin]$ ", func(l string) string { return l + "\r\n" }, func(string) string { return "ok\r\n" }))
	for range 3 * cap(c.slots) {
		if _, err := c.Shell(outerDeadline(t), menuPrompt, command("pndbusage")); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzVisible(f *testing.F) {
	f.Add([]byte("\x1b]0;t\x07\x1b[1m[pnadmin]$\x1b[0m x\b \b\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		out := visible(text)
		if len(out) > len(text) || strings.ContainsAny(string(out), "\r\b\a") {
			t.Errorf("%q from %q", out, text)
		}
	})
}
