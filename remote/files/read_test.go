//go:build unix

package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"dataprotection_exporter/remote"
)

func TestHead(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "log.txt", "0123456789")
	for limit, want := range map[int64]string{4: "0123", 10: "0123456789"} {
		got, err := New(dir).Run(outerDeadline(t), remote.Command{Part: "log", Limit: limit, Head: true})
		if err != nil || string(got.Stdout) != want || got.Cut != (limit < 10) {
			t.Errorf("%q %v %v", got.Stdout, got.Cut, err)
		}
	}
}

// A file of the device lies in the folder under its own name.
func TestReader(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "gsan.log", "0123456789")
	put(t, dir, "gsan.log.001", "old")
	put(t, dir, "gsan_serial.txt", "38000")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "gsan.log.link")); err != nil {
		t.Fatal(err)
	}
	r := New(dir)
	list, err := r.List(outerDeadline(t), []string{"/data01/cur/gsan.log*", "/data01/cur/err.log*"})
	if err != nil || len(list) != 2 || list[0].Path != "/data01/cur/gsan.log" || list[0].Size != 10 || !list[0].ModTime.Equal(written) ||
		list[1].Path != "/data01/cur/gsan.log.001" {
		t.Fatalf("%+v %v", list, err)
	}
	for offset, want := range map[int64]string{0: "01234", 7: "789", 10: "", 1000: ""} {
		if got, err := r.ReadAt(outerDeadline(t), "/data01/cur/gsan.log", offset, 5); err != nil || string(got) != want {
			t.Errorf("from %d: %q %v", offset, got, err)
		}
	}
	if _, err := r.ReadAt(outerDeadline(t), "/data01/cur/no.log", 0, 1); !errors.Is(err, fs.ErrNotExist) || remote.AdviceOf(err) == "" {
		t.Error(err)
	}
	for _, bad := range []string{"/data01/../x", "gsan.log", "/data01/cur/gsan.log.link"} {
		if _, err := r.ReadAt(outerDeadline(t), bad, 0, 1); remote.ReasonOf(err) != remote.Other {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := New(filepath.Join(dir, "no")).List(outerDeadline(t), []string{"/x*"}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	_ = r.Close()
	if _, err := r.List(outerDeadline(t), []string{"/x*"}); err == nil {
		t.Error("a closed runner lists")
	}
}
