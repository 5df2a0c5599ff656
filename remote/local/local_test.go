//go:build unix

package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dataprotection_exporter/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script writes an executable shell script and returns its path.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "command")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func outerDeadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name           string
		cmd            remote.Command
		stdout, stderr string
		exit           int
		cut            bool
	}{
		{name: "env sets variables", cmd: remote.Command{Argv: []string{"env", "NAS_DB=/nas", script(t, `echo "$NAS_DB $1"`), "server_2"}}, stdout: "/nas server_2\n"},
		{name: "words are not read by a shell", cmd: remote.Command{Argv: []string{"printf", "%s", "$HOME;*"}}, stdout: "$HOME;*"},
		{name: "exit status is an answer", cmd: remote.Command{Argv: []string{script(t, "echo out; echo err >&2; exit 3")}}, stdout: "out\n", stderr: "err\n", exit: 3},
		{name: "tail", cmd: remote.Command{Argv: []string{"printf", "one\ntwo\nthree\n"}, Limit: 9, Tail: true}, stdout: "three\n", cut: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := time.Now()
			got, err := New().Run(outerDeadline(t), c.cmd)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Stdout) != c.stdout || string(got.Stderr) != c.stderr || got.ExitStatus != c.exit || got.Cut != c.cut {
				t.Fatalf("%q %q %d %v", got.Stdout, got.Stderr, got.ExitStatus, got.Cut)
			}
			if got.Time.Before(before) {
				t.Fatal("the time is that of the answer", got.Time)
			}
		})
	}
}

func TestStandardErrorIsBounded(t *testing.T) {
	got, err := New().Run(outerDeadline(t), remote.Command{Argv: []string{script(t, "head -c 300000 /dev/zero >&2; echo ok")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Stderr) != remote.StderrLimit || string(got.Stdout) != "ok\n" {
		t.Fatal(len(got.Stderr), string(got.Stdout))
	}
}

func TestFailures(t *testing.T) {
	notExecutable := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(notExecutable, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		cmd    remote.Command
		reason remote.Reason
	}{
		{"missing program", remote.Command{Argv: []string{"dataprotection-no-such-program"}}, remote.NotSupported},
		{"missing path", remote.Command{Argv: []string{"/no/such/program"}}, remote.NotSupported},
		{"missing below env", remote.Command{Argv: []string{"env", "A=b", "/no/such/program"}}, remote.NotSupported},
		{"not executable", remote.Command{Argv: []string{notExecutable}}, remote.Permission},
		{"not executable below env", remote.Command{Argv: []string{"env", "A=b", notExecutable}}, remote.Permission},
		{"too large", remote.Command{Argv: []string{"yes"}, Limit: 1000}, remote.TooLarge},
		{"killed", remote.Command{Argv: []string{script(t, "kill -9 $$")}}, remote.Other},
		{"nothing", remote.Command{}, remote.Other},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New().Run(outerDeadline(t), c.cmd)
			if remote.ReasonOf(err) != c.reason {
				t.Fatalf("%q: %v", remote.ReasonOf(err), err)
			}
			if c.name != "nothing" && remote.AdviceOf(err) == "" {
				t.Error("no advice:", err)
			}
		})
	}
}

// The end of the context ends the command and what the command started.
func TestCancellationEndsTheGroup(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancel(outerDeadline(t))
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := New().Run(ctx, remote.Command{Argv: []string{script(t, fmt.Sprintf(
			`sleep 600 & echo $! > %[1]s.part; echo $$ >> %[1]s.part; mv %[1]s.part %[1]s; wait`, pids))}})
		done <- err
	}()
	var text []byte
	until(t, "the command runs", func() bool {
		text, _ = os.ReadFile(pids)
		return len(text) > 0
	})
	cancel()
	if err := <-done; remote.ReasonOf(err) != remote.Timeout || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		until(t, "process "+word+" ends", func() bool { return !alive(pid) })
	}
}

// A process that the command leaves behind must not hold up a complete answer.
func TestLeftBehindProcess(t *testing.T) {
	got, err := New().Run(outerDeadline(t), remote.Command{Argv: []string{script(t, "sleep 600 & echo complete")}})
	if err != nil || string(got.Stdout) != "complete\n" {
		t.Fatal(string(got.Stdout), err)
	}
}

func TestClosed(t *testing.T) {
	r := New()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(outerDeadline(t), remote.Command{Argv: []string{"true"}}); err == nil {
		t.Fatal("a closed runner runs")
	}
}

func TestTraceIsRedacted(t *testing.T) {
	trace := &remote.Trace{}
	_, err := New().Run(remote.WithTrace(outerDeadline(t), trace), remote.Command{
		Argv: []string{"echo", "secret.doc"}, Redact: func([]byte) []byte { return []byte("<files>") },
	})
	if err != nil {
		t.Fatal(err)
	}
	steps := trace.Steps()
	if len(steps) != 1 || steps[0].Detail != "<files>" || steps[0].Name != "run echo secret.doc" {
		t.Fatalf("%+v", steps)
	}
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

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("not within the deadline: " + what)
		}
	}
}
