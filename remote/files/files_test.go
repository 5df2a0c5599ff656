//go:build unix

package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dataprotection_exporter/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var written = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
}

func outerDeadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestAnswers(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "status.txt", "whole\n")
	put(t, dir, "status.server_2.txt", "mover\n")
	put(t, dir, "log.txt", "one\ntwo\nthree\n")
	put(t, dir, "empty.txt", "")
	put(t, dir, "target.txt", "linked\n")
	if err := os.Symlink("target.txt", filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		cmd  remote.Command
		want string
		cut  bool
	}{
		{"part", remote.Command{Part: "status"}, "whole\n", false},
		{"unit", remote.Command{Part: "status", Unit: "server_2"}, "mover\n", false},
		{"exactly the limit", remote.Command{Part: "status", Limit: 6}, "whole\n", false},
		{"tail", remote.Command{Part: "log", Limit: 10, Tail: true}, "two\nthree\n", true},
		{"tail inside a line", remote.Command{Part: "log", Limit: 9, Tail: true}, "three\n", true},
		{"tail fits", remote.Command{Part: "log", Limit: 100, Tail: true}, "one\ntwo\nthree\n", false},
		{"tail one byte too small", remote.Command{Part: "log", Limit: 13, Tail: true}, "two\nthree\n", true},
		{"empty", remote.Command{Part: "empty"}, "", false},
		{"link inside the folder", remote.Command{Part: "link"}, "linked\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := New(dir).Run(outerDeadline(t), c.cmd)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Stdout) != c.want || got.Cut != c.cut || !got.Time.Equal(written) || got.ExitStatus != 0 {
				t.Fatalf("%q cut=%v time=%v", got.Stdout, got.Cut, got.Time)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	put(t, outside, "secret.txt", "secret")
	put(t, dir, "large.txt", "0123456789")
	for _, err := range []error{
		os.Symlink(filepath.Join(outside, "secret.txt"), filepath.Join(dir, "escape.txt")),
		syscall.Mkfifo(filepath.Join(dir, "pipe.txt"), 0o600),
		os.Mkdir(filepath.Join(dir, "folder.txt"), 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	denied := New(dir)
	denied.open = func(_, name string) (file, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	for _, c := range []struct {
		name   string
		runner *Runner
		cmd    remote.Command
		reason remote.Reason
		says   string
	}{
		{"missing file", New(dir), remote.Command{Part: "audit", Unit: "server_3"}, remote.Other, filepath.Join(dir, "audit.server_3.txt")},
		{"missing folder", New(filepath.Join(dir, "no")), remote.Command{Part: "audit"}, remote.Other, "files_path"},
		{"too large", New(dir), remote.Command{Part: "large", Limit: 9}, remote.TooLarge, "larger than 9 bytes"},
		{"link out of the folder", New(dir), remote.Command{Part: "escape"}, remote.Other, "escapes"},
		{"named pipe", New(dir), remote.Command{Part: "pipe"}, remote.Other, "regular"},
		{"folder", New(dir), remote.Command{Part: "folder"}, remote.Other, "regular"},
		{"no permission", denied, remote.Command{Part: "large"}, remote.Permission, "read this file"},
		{"unit with a path", New(dir), remote.Command{Part: "status", Unit: "../x"}, remote.Other, "file name"},
		{"part with a path", New(dir), remote.Command{Part: "a/b"}, remote.Other, "file name"},
		{"no part", New(dir), remote.Command{}, remote.Other, "file name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.runner.Run(outerDeadline(t), c.cmd)
			if remote.ReasonOf(err) != c.reason || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%q: %v", remote.ReasonOf(err), err)
			}
		})
	}
}

// growing is a file that somebody appends to while it is read.
type growing struct {
	file
	grow func()
}

func (g *growing) Read(p []byte) (int, error) {
	g.grow()
	return g.file.Read(p)
}

func TestFileBeingWritten(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes int // reads during which the file changes
		reason  remote.Reason
		opens   int
	}{
		{"settles", 1, remote.None, 2},
		{"never settles", 2, remote.Parse, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "status.txt", "first\n")
			opens := 0
			r := New(dir)
			r.open = func(dir, name string) (file, error) {
				f, err := os.Open(filepath.Join(dir, name))
				opens++
				g := &growing{file: f, grow: func() {}}
				if opens <= c.changes {
					g.grow = func() {
						g.grow = func() {}
						put(t, dir, name, "first\nsecond\n"+strings.Repeat("third\n", opens))
					}
				}
				return g, err
			}
			got, err := r.Run(outerDeadline(t), remote.Command{Part: "status"})
			if remote.ReasonOf(err) != c.reason || opens != c.opens {
				t.Fatalf("%v after %d opens", err, opens)
			}
			if err == nil && string(got.Stdout) != "first\nsecond\nthird\n" {
				t.Fatalf("%q", got.Stdout)
			}
		})
	}
}

// A file system that hangs holds one goroutine, however often it is asked.
func TestHangingFileSystem(t *testing.T) {
	release, opened := make(chan struct{}), make(chan struct{}, 10)
	r := New(t.TempDir())
	r.open = func(string, string) (file, error) {
		opened <- struct{}{}
		<-release
		return nil, fs.ErrNotExist
	}
	ctx, cancel := context.WithCancel(outerDeadline(t))
	first := make(chan error, 1)
	go func() {
		_, err := r.Run(ctx, remote.Command{Part: "status"})
		first <- err
	}()
	<-opened
	cancel()
	if err := <-first; remote.ReasonOf(err) != remote.Timeout || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := r.Run(ctx, remote.Command{Part: "status"}); remote.ReasonOf(err) != remote.Timeout {
		t.Fatal(err)
	}
	if len(opened) != 0 {
		t.Fatal("a second read was started behind the hanging one")
	}
	close(release)
	if _, err := r.Run(outerDeadline(t), remote.Command{Part: "status"}); remote.ReasonOf(err) != remote.Other {
		t.Fatal("the file system is back, but:", err)
	}
}

func TestTraceIsRedacted(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "status.txt", "secret.doc")
	trace := &remote.Trace{}
	if _, err := New(dir).Run(remote.WithTrace(outerDeadline(t), trace), remote.Command{
		Part: "status", Redact: func([]byte) []byte { return []byte("<files>") },
	}); err != nil {
		t.Fatal(err)
	}
	if steps := trace.Steps(); len(steps) != 1 || steps[0].Detail != "<files>" {
		t.Fatalf("%+v", steps)
	}
}

func TestClosed(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "status.txt", "x")
	r := New(dir)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(outerDeadline(t), remote.Command{Part: "status"}); err == nil {
		t.Fatal("a closed runner reads")
	}
}
