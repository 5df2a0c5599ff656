package mixin

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
	"github.com/google/go-jsonnet/linter"
)

// TestJsonnetLint finds what is not used or cannot work in the sources.
func TestJsonnetLint(t *testing.T) {
	t.Parallel()
	var sources []linter.Snippet
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".libsonnet" && filepath.Ext(path) != ".jsonnet" {
			return err
		}
		code, err := os.ReadFile(path)
		sources = append(sources, linter.Snippet{FileName: path, Code: string(code)})
		return err
	})
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	vm := jsonnet.MakeVM()
	// The sources that tests have in testdata import from here.
	vm.Importer(&jsonnet.FileImporter{JPaths: []string{"."}})
	var found strings.Builder
	if linter.LintSnippet(vm, &found, sources) {
		t.Error(found.String())
	}
}
