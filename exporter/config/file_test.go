package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := fixture(t)
	write(t, filepath.Join(dir, "large.yml"), strings.Repeat("#", maxFile+1))
	for _, test := range []struct{ files, want string }{
		{"nowhere.yml", "DIR/nowhere.yml: does not exist: check the path"},
		{"secrets", "DIR/secrets: is a directory: name the configuration file in it"},
		{"large.yml", "DIR/large.yml: is larger than 4 MiB: split it into several files"},
		{"good-transports.yml ./good-transports.yml", "DIR/good-transports.yml: is named twice: name every configuration file once"},
	} {
		_, err := loadIn(dir, strings.Fields(test.files)...)
		if err == nil || shown(dir, err.Error()) != test.want {
			t.Errorf("%s: got %v, want %s", test.files, err, test.want)
		}
	}
	if _, err := Load(nil, testSystems); err == nil || err.Error() != "configuration: no file was named: give at least one" {
		t.Errorf("no file: %v", err)
	}
}

func TestPermissions(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := fixture(t)
	for _, f := range []string{"good-vnx.yml", "secrets/papi"} {
		if err := os.Chmod(filepath.Join(dir, f), 0); err != nil {
			t.Fatal(err)
		}
		_, err := loadIn(dir, "good-vnx.yml")
		if err == nil || !strings.Contains(err.Error(), "may not be read by the user of this process") {
			t.Errorf("%s: %v", f, err)
		}
		if err := os.Chmod(filepath.Join(dir, f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
