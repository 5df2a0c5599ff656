package rulefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.yml": "groups:\n- name: one\n  rules:\n  - {record: 'a:b:c', expr: up}\n- name: two\n  rules:\n  - {alert: Down, expr: up == 0, for: 5m, labels: {severity: critical}}\n",
		"a.yml": "groups: []\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Read(dir)
	if err != nil || len(files) != 2 || files[0].Name != "a" || files[1].Name != "b" {
		t.Fatalf("%v, %v", files, err)
	}
	rules := files[1].Rules()
	if len(rules) != 2 || rules[0].Record != "a:b:c" || rules[1].Alert != "Down" || rules[1].For != "5m" || rules[1].Labels["severity"] != "critical" {
		t.Errorf("%+v", rules)
	}
	if files, err := Read(dir, "b"); err != nil || len(files) != 1 || files[0].Name != "b" {
		t.Errorf("%v, %v", files, err)
	}
	if _, err := Read(dir, "c"); err == nil || !strings.Contains(err.Error(), "make generate") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Read(t.TempDir()); err == nil {
		t.Error("an empty folder is no error")
	}
	if err := os.WriteFile(filepath.Join(dir, "a.yml"), []byte("groups: {"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "a.yml") {
		t.Errorf("a broken file: %v", err)
	}
}
