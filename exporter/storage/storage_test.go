package storage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type place struct {
	Offset int64  `json:"offset"`
	Big    uint64 `json:"big"`
}

func open(t *testing.T, folder string) *DB {
	t.Helper()
	db, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func wantPlace(t *testing.T, db *DB, target, name string, want place) {
	t.Helper()
	var got place
	found, err := db.Target(target).Load(name, &got)
	if err != nil || found != (want != place{}) || got != want {
		t.Errorf("%s of %s: %+v, found %v, %v; want %+v", name, target, got, found, err, want)
	}
}

func save(t *testing.T, db *DB, target string, values map[string]any) {
	t.Helper()
	if err := db.Target(target).Save(values); err != nil {
		t.Fatal(err)
	}
}

func TestKeepsAcrossRestarts(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "below", "state")
	db := open(t, folder)
	a := place{7, 1<<64 - 1}
	save(t, db, "a", map[string]any{"log/server_2": a, "log/server_3": place{8, 0}})
	save(t, db, "b", map[string]any{"log/server_2": place{9, 0}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Target("a").Load("log/server_2", &a); err == nil {
		t.Error("a closed storage loads")
	}
	db = open(t, folder)
	wantPlace(t, db, "a", "log/server_2", a)
	wantPlace(t, db, "a", "log/server_3", place{8, 0})
	wantPlace(t, db, "b", "log/server_2", place{9, 0})
	wantPlace(t, db, "b", "log/server_3", place{})
	wantPlace(t, db, "c", "log/server_2", place{})
	for name, mode := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, fileName): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v, want %v", name, info.Mode(), err, mode)
		}
	}
}

func TestMemory(t *testing.T) {
	db := open(t, "")
	save(t, db, "a", map[string]any{"x": place{1, 2}})
	wantPlace(t, db, "a", "x", place{1, 2})
	wantPlace(t, db, "b", "x", place{})
}

// unwritable cannot be encoded.
type unwritable struct{}

func (unwritable) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }

func TestSaveIsAllOrNothing(t *testing.T) {
	for _, folder := range []string{"", t.TempDir()} {
		db := open(t, folder)
		save(t, db, "a", map[string]any{"x": place{1, 0}, "y": place{1, 0}})
		for _, bad := range []map[string]any{{"x": place{2, 0}, "y": unwritable{}}, {"x": place{2, 0}, "": place{2, 0}}} {
			if err := db.Target("a").Save(bad); err == nil && folder != "" {
				t.Errorf("%v is saved", bad)
			}
			if folder != "" {
				wantPlace(t, db, "a", "x", place{1, 0})
			}
		}
	}
}

func TestAnotherVersionsValue(t *testing.T) {
	db := open(t, t.TempDir())
	save(t, db, "a", map[string]any{"x": "words"})
	var p place
	if found, err := db.Target("a").Load("x", &p); !found || err == nil || !strings.Contains(err.Error(), "x of target a") {
		t.Error(found, err)
	}
}

func TestOneExporterAtATime(t *testing.T) {
	folder := t.TempDir()
	open(t, folder)
	if _, err := Open(folder); err == nil || !strings.Contains(err.Error(), "another exporter uses "+filepath.Join(folder, fileName)) {
		t.Fatal(err)
	}
}

func TestUnusable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(file, "below")); err == nil || !strings.Contains(err.Error(), file) {
		t.Error(err)
	}
}

// A damaged file is named; it neither ends the process nor is it used.
func TestDamaged(t *testing.T) {
	good := func(t *testing.T) (string, []byte) {
		folder := t.TempDir()
		db := open(t, folder)
		for i := range 50 {
			save(t, db, fmt.Sprint("target", i), map[string]any{"x": strings.Repeat("x", 1000)})
		}
		_ = db.Close()
		name := filepath.Join(folder, fileName)
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return folder, content
	}
	page := os.Getpagesize()
	for name, damage := range map[string]func([]byte) []byte{
		"not a database": func([]byte) []byte { return []byte(strings.Repeat("hello\n", 3000)) },
		"a few bytes":    func(b []byte) []byte { return b[:100] },
		"cut off":        func(b []byte) []byte { return b[:3*page] },
		"both meta pages": func(b []byte) []byte {
			clear(b[:2*page])
			return b
		},
		"pages of zeros": func(b []byte) []byte {
			clear(b[2*page:])
			return b
		},
		"pages of noise": func(b []byte) []byte {
			copy(b[2*page:], bytes.Repeat([]byte{0xa5, 0x01, 0xff}, len(b)/3))
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder, content := good(t)
			file := filepath.Join(folder, fileName)
			if err := os.WriteFile(file, damage(content), 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := Open(folder)
			if err == nil {
				_ = db.Close()
			}
			if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "move the file away") {
				t.Fatal(err)
			}
		})
	}
}

func TestSideBySide(t *testing.T) {
	db := open(t, t.TempDir())
	db.bolt.NoSync = true
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			s := db.Target(fmt.Sprint(i))
			for n := range int64(50) {
				if err := s.Save(map[string]any{"a": place{n, 0}, "b": place{n, 0}}); err != nil {
					t.Error(err)
				}
				var a place
				if _, err := s.Load("a", &a); err != nil || a.Offset != n {
					t.Error(a, err)
				}
			}
		})
	}
	wg.Wait()
	if err := db.bolt.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			return err
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
