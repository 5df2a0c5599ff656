package config

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEveryKindOfOption(t *testing.T) {
	dir := fixture(t)
	c, err := loadIn(dir, "good-kinds.yml")
	must(t, c, err)
	no := false
	want := &kindsOptions{
		Text: "12", Flag: true, Count: 7, Small: 250, Ratio: 0.5, Wait: 90 * time.Minute, Maybe: &no,
		Words: []string{"a", "b c", "3"}, Word: []string{"single"}, Files: []string{filepath.Join(dir, "one.log"), "/two.log"},
		Numbers: []int{1, 2}, Limits: map[string]int{"a": 1, "b": 2}, Nested: nestedOptions{2, "x"},
		Many: []nestedOptions{{Depth: 3}, {Name: "y"}}, Hidden: "as it was",
	}
	if diff := cmp.Diff(want, c.Targets[0].Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

// What the section does not say keeps its default, and a check of a value that
// could not be read is not reported on top.
func TestOptionsOverDefaults(t *testing.T) {
	dir := fixture(t)
	c, err := loadText(t, dir, "targets:\n  - {name: a, system: csmars, csmars: {archive_path: x, scan_interval: 1m}}\n")
	must(t, c, err)
	want := &csmarsOptions{ArchivePath: filepath.Join(dir, "x"), RetentionDays: 30, ScanInterval: time.Minute}
	if diff := cmp.Diff(want, c.Targets[0].Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	for text, want := range map[string]string{
		"targets:\n  - name: a\n    system: csmars\n":                                                                        "DIR/config.yml:2: target \"a\": csmars.archive_path: is missing: name the directory of the archive",
		"targets:\n  - name: a\n    system: csmars\n    csmars:\n      retention_days: 3\n":                                  "DIR/config.yml:4: target \"a\": csmars.archive_path: is missing: name the directory of the archive",
		"targets:\n  - name: a\n    system: csmars\n    csmars:\n      archive_path: [x]\n":                                  "DIR/config.yml:5: target \"a\": csmars.archive_path: must be a single value, not a list",
		"targets:\n  - name: a\n    system: csmars\n    csmars:\n      archive_path: x\n      patterns:\n        logon: (\n": "DIR/config.yml:7: target \"a\": csmars.patterns.logon: is not a regular expression",
	} {
		_, err := loadText(t, dir, text)
		if err == nil || shown(dir, err.Error()) != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// One fault behind an anchor is one problem, where it stands.
func TestAliases(t *testing.T) {
	dir := fixture(t)
	c, err := loadIn(dir, "good-anchors.yml")
	must(t, c, err)
	if c.Target("b").SSH.MaxSessions != 2 || c.Target("b").Credential.Username != "cavamon" {
		t.Errorf("aliases were not followed: %+v", c.Target("b"))
	}
	_, err = loadText(t, dir, `targets:
  - name: a
    system: kinds
    kinds: &k
      count: many
  - name: b
    system: kinds
    kinds: *k
`)
	// The name of the target differs, so the anchor's line is named for both.
	want := "DIR/config.yml:5: target \"a\": kinds.count: must be a whole number, not \"many\"\n" +
		"DIR/config.yml:5: target \"b\": kinds.count: must be a whole number, not \"many\""
	if err == nil || shown(dir, err.Error()) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	// A YAML structure may contain itself; a configuration may not.
	if _, err := loadText(t, dir, "targets: &t\n  - *t\n"); err == nil {
		t.Error("a list that contains itself was loaded")
	}
}

func TestUnsupportedOptionTypePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an options struct that cannot be decoded went unnoticed")
		}
	}()
	var into struct {
		C complex128 `yaml:"c"`
	}
	root, problem := parseYAML("x", []byte("c: 1"))
	if problem != nil {
		t.Fatal(problem)
	}
	(&decoder{}).about("").value(root, place{}, reflect.ValueOf(&into).Elem(), field{})
}
