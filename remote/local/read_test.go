//go:build unix

package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dataprotection_exporter/remote"
)

func TestHead(t *testing.T) {
	got, err := New().Run(outerDeadline(t), remote.Command{Argv: []string{"yes"}, Limit: 5, Head: true})
	if err != nil || string(got.Stdout) != "y\ny\ny" || !got.Cut {
		t.Fatalf("%q %v %v", got.Stdout, got.Cut, err)
	}
	got, err = New().Run(outerDeadline(t), remote.Command{Argv: []string{"printf", "12345"}, Limit: 5, Head: true})
	if err != nil || string(got.Stdout) != "12345" || got.Cut {
		t.Fatalf("%q %v %v", got.Stdout, got.Cut, err)
	}
}

// place makes a folder whose path is made of the characters that are allowed.
func place(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"gsan.log": "0123456789", "gsan.log.001": "old", "err.log": "", "gsan.log odd": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "gsan.log.d"), 0o700), syscall.Mkfifo(filepath.Join(dir, "gsan.log.pipe"), 0o600),
		os.Symlink("gsan.log", filepath.Join(dir, "gsan.log.link")), os.Symlink("nowhere", filepath.Join(dir, "gsan.log.dangling")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestList(t *testing.T) {
	dir := place(t)
	files, err := New().List(outerDeadline(t), []string{dir + "/gsan.log*", dir + "/err.log", dir + "/none*"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, filepath.Base(f.Path))
		if info, err := os.Stat(f.Path); err != nil || f.Size != info.Size() || !f.ModTime.Equal(info.ModTime()) {
			t.Errorf("%+v is %v", f, info)
		}
	}
	if strings.Join(got, " ") != "err.log gsan.log gsan.log.001 gsan.log.link" {
		t.Error(got)
	}
}

func TestReadAt(t *testing.T) {
	dir := place(t)
	r := New()
	for _, c := range []struct {
		offset, limit int64
		want          string
	}{{0, 3, "012"}, {8, 100, "89"}, {10, 5, ""}, {1 << 40, 5, ""}, {0, 0, ""}} {
		if got, err := r.ReadAt(outerDeadline(t), dir+"/gsan.log", c.offset, c.limit); err != nil || string(got) != c.want {
			t.Errorf("%+v: %q %v", c, got, err)
		}
	}
}

func TestReadingFails(t *testing.T) {
	dir := place(t)
	r := New()
	for name, path := range map[string]string{"missing": dir + "/no", "pipe": dir + "/gsan.log.pipe", "folder": dir + "/gsan.log.d", "bad": dir + "/../x"} {
		_, err := r.ReadAt(outerDeadline(t), path, 0, 1)
		if remote.ReasonOf(err) != remote.Other || errors.Is(err, fs.ErrNotExist) != (name == "missing") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.List(outerDeadline(t), []string{dir + "/no/x*"}); !errors.Is(err, fs.ErrNotExist) || remote.AdviceOf(err) == "" {
		t.Error(err)
	}
	if e := unreadable("read x", &fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}); e.Reason != remote.Permission {
		t.Error(e)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.ReadAt(ended, dir+"/gsan.log", 0, 1); remote.ReasonOf(err) != remote.Timeout {
		t.Error(err)
	}
	_ = r.Close()
	if _, err := r.List(outerDeadline(t), []string{dir + "/*"}); err == nil {
		t.Error("a closed runner lists")
	}
}
