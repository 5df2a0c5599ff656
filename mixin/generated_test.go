package mixin

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-jsonnet"
)

// rendered compares a folder with what a source renders, or writes it again.
func rendered(t *testing.T, vm *jsonnet.VM, source, folder string) {
	t.Helper()
	files, err := vm.EvaluateFileMulti(source)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(folder, name)
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		committed, err := os.ReadFile(file)
		if err != nil || string(committed) != text {
			t.Errorf("%s is stale: run make generate (%v)", file, err)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := files[e.Name()]; !ok {
			t.Errorf("%s is rendered from nothing", filepath.Join(folder, e.Name()))
		}
	}
}

// TestGeneratedRules compares rules/ with what the mixin renders.
func TestGeneratedRules(t *testing.T) {
	vm := jsonnet.MakeVM()
	vm.StringOutput = true
	rendered(t, vm, "rules.jsonnet", filepath.Join("..", "rules"))
}

// TestGeneratedDashboards compares dashboards/ with what the mixin renders.
func TestGeneratedDashboards(t *testing.T) {
	rendered(t, jsonnet.MakeVM(), "dashboards.jsonnet", filepath.Join("..", "dashboards"))
}
