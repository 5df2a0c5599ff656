package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// freshness is a mark of what the report depends on: rules, and how the rehearsal is
// done. Words of annotations and comments do not count.
func freshness(root string) (string, error) {
	files, err := filepath.Glob(filepath.Join(root, "mixin", "rehearsal", "*.go"))
	if err != nil {
		return "", err
	}
	slices.Sort(files)
	var source strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		var b bytes.Buffer
		if err := printer.Fprint(&b, set, parsed); err != nil {
			return "", err
		}
		source.WriteString(strings.Join(strings.Fields(b.String()), " ") + "\n")
	}
	for _, f := range allFleets() {
		groups, err := readRules(filepath.Join(root, "rules"), f.rules...)
		if err != nil {
			return "", err
		}
		source.WriteString(f.name + " " + fingerprint(needed(groups)) + "\n")
	}
	texts, err := goldensOf(source.String())
	if err != nil {
		return "", err
	}
	mark := sha256.Sum256([]byte(source.String() + texts))
	return hex.EncodeToString(mark[:])[:16], nil
}

var reGolden = regexp.MustCompile(`"((?:vnxcava|onefs|avamar|csmars|ntfrs)/[a-z_]+/)([a-z0-9_]+)?"`)

// goldensOf reads the golden expositions that the source names: whole, or as the
// beginning of a name.
func goldensOf(source string) (string, error) {
	seen := map[string]bool{}
	var b strings.Builder
	for _, m := range reGolden.FindAllStringSubmatch(source, -1) {
		folder, rest, _ := strings.Cut(m[1], "/")
		below := filepath.Join(archive.root, "collectors", folder, "testdata")
		pattern := rest + m[2] + ".prom"
		if m[2] == "" || strings.HasSuffix(m[2], "_") {
			pattern = rest + m[2] + "*.prom"
		}
		files, err := filepath.Glob(filepath.Join(below, filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			return "", fmt.Errorf("no golden exposition is called %s%s (%w)", m[1], m[2], err)
		}
		for _, file := range files {
			if seen[file] {
				continue
			}
			seen[file] = true
			text, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			b.Write(text)
		}
	}
	return b.String(), nil
}
