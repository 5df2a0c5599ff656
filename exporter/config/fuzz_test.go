package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad: whatever stands in the file, there is either a Config or a list of
// problems that all lie within the file.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("targets: &t [*t, {name: *t}]"))
	dir := fixture(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		l := newLoader(testSystems, filepath.Join(dir, "known_hosts"))
		name := filepath.Join(dir, "fuzz.yml")
		write(t, name, string(text))
		c, err := l.load([]string{name}, nil)
		var ps Problems
		switch {
		case err == nil:
			ps = c.Warnings
			for _, target := range c.Targets {
				if target.Name == "" || target.Options == nil || target.Hash == "" || target.Timeout <= 0 || c.Target(target.Name) == nil {
					t.Errorf("incomplete target: %+v", target)
				}
			}
		case !errors.As(err, &ps) || len(ps.Errors()) == 0 || c != nil:
			t.Fatalf("neither a Config nor Problems: %v, %v", c, err)
		}
		for _, p := range ps {
			if lines := 1 + bytes.Count(text, []byte("\n")); p.Line < 1 || p.Line > lines || p.File != name || p.Text == "" {
				t.Errorf("problem outside of the file (%d lines): %+v", lines, p)
			}
			if bytes.ContainsAny([]byte(p.Text), "\n\r") {
				t.Errorf("problem of several lines: %q", p.Text)
			}
		}
	})
}
