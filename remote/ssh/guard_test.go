//go:build unix

package ssh

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"dataprotection_exporter/remote"
)

// shells are the POSIX shells of this host that the guard is tried in.
func shells(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range []string{"dash", "bash", "ksh", "mksh", "busybox", "zsh", "sh"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		missing(t, "a POSIX shell")
	}
	return found
}

// missing skips a test for want of a program, except where all must run.
func missing(t *testing.T, program string) {
	t.Helper()
	if os.Getenv("DATAPROTECTION_TEST_TOOLS") == "required" {
		t.Fatalf("%s is missing", program)
	}
	t.Skipf("%s is missing", program)
}

// guarded is what sshd starts for a command: the login shell with the string.
// The shell also takes the part of sh inside the string.
func guarded(t *testing.T, shell string, words ...string) *exec.Cmd {
	t.Helper()
	line, err := execString(remote.Command{Argv: words, PosixShell: true})
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nexec %s \"$@\"\n", shell)
	if strings.HasSuffix(shell, "busybox") {
		script = fmt.Sprintf("#!/bin/sh\nexec %s sh \"$@\"\n", shell)
	}
	sh := filepath.Join(bin, "sh")
	if err := os.WriteFile(sh, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(sh, "-c", line)
	c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	// A session of its own, as under sshd: there is no terminal.
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return c
}

func testScript(t *testing.T, text string) string {
	t.Helper()
	path := writeFile(t, "command", "#!/bin/sh\n"+text+"\n")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGuardIsTransparent(t *testing.T) {
	for _, shell := range shells(t) {
		for _, c := range []struct {
			name, script, stdout, stderr string
			exit                         int
		}{
			{"output and words", `echo "$1-$2-$#"`, "one-two-2\n", "", 0},
			{"exit status and standard error", "echo out; echo err >&2; exit 7", "out\n", "err\n", 7},
			{"no input", "cat; echo end", "end\n", "", 0},
			{"signal", "kill -9 $$", "", "", 137},
			{"large", "head -c 3000000 /dev/zero | tr '\\0' x", strings.Repeat("x", 3000000), "", 0},
			{"background output", "(echo late) & wait; echo end", "late\nend\n", "", 0},
		} {
			t.Run(filepath.Base(shell)+"/"+c.name, func(t *testing.T) {
				cmd := guarded(t, shell, testScript(t, c.script), "one", "two")
				in, err := cmd.StdinPipe() // stays open until the command ends
				if err != nil {
					t.Fatal(err)
				}
				defer in.Close()
				var stdout, stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				err = cmd.Run()
				var status *exec.ExitError
				if err != nil && !errors.As(err, &status) {
					t.Fatal(err)
				}
				if stdout.String() != c.stdout || stderr.String() != c.stderr || cmd.ProcessState.ExitCode() != c.exit {
					t.Errorf("%.100q %.100q %d", stdout.String(), stderr.String(), cmd.ProcessState.ExitCode())
				}
			})
		}
	}
}

// The end of standard input ends the command and what it started, even when they
// do not want to.
func TestGuardEndsTheCommand(t *testing.T) {
	for _, shell := range shells(t) {
		for name, script := range map[string]string{
			"willing":   `sleep 600 & echo $! $$ > %[1]s.part; mv %[1]s.part %[1]s; wait`,
			"unwilling": `trap "" TERM; sleep 600 & echo $! $$ > %[1]s.part; mv %[1]s.part %[1]s; while :; do sleep 600; done`,
		} {
			t.Run(filepath.Base(shell)+"/"+name, func(t *testing.T) {
				t.Parallel()
				pids := filepath.Join(t.TempDir(), "pids")
				cmd := guarded(t, shell, testScript(t, fmt.Sprintf(script, pids)))
				in, err := cmd.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				running := waitForPids(t, pids)
				_ = in.Close()
				_ = cmd.Wait()
				for _, pid := range running {
					until(t, fmt.Sprint("process ", pid, " ends"), func() bool { return !alive(pid) })
				}
			})
		}
	}
}

// waitForPids waits for the process numbers that a script writes.
func waitForPids(t *testing.T, file string) []int {
	t.Helper()
	var text []byte
	until(t, "the command runs", func() bool {
		text, _ = os.ReadFile(file)
		return len(text) > 0
	})
	var out []int
	for _, word := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pid)
	}
	return out
}

// alive says whether a process runs; one that only waits to be reaped does not.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func TestGuardFitsIntoSingleQuotes(t *testing.T) {
	if strings.ContainsAny(guard, "'\n") {
		t.Error("the guard must be one line without single quotes")
	}
	if strings.Contains(guard, strings.TrimSpace(GuardMarker)) {
		t.Error("the guard contains the marker")
	}
}
