package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dataprotection_exporter/collectors/system"
)

// archiveOptions is a section with a directory of its own.
type archiveOptions struct {
	ArchivePath string `yaml:"archive_path" path:"true"`
}

func (*archiveOptions) Check(func(path, problem string)) {}

func (o *archiveOptions) ExclusiveDirs() []system.ExclusiveDir {
	return []system.ExclusiveDir{{Key: "archive_path", Path: o.ArchivePath}}
}

func loadArchives(t *testing.T, dir string, paths ...string) error {
	t.Helper()
	var b strings.Builder
	b.WriteString("targets:\n")
	for i, p := range paths {
		b.WriteString("  - name: mars-" + string(rune('1'+i)) + "\n    system: csmars\n    csmars:\n      archive_path: " + p + "\n")
	}
	file := filepath.Join(dir, "config.yml")
	write(t, file, b.String())
	systems := []system.Definition{{Name: "csmars", NewOptions: func() system.Options { return &archiveOptions{} }}}
	_, err := newLoader(systems, filepath.Join(dir, "known_hosts")).load([]string{file}, nil)
	return err
}

func TestExclusiveDirectories(t *testing.T) {
	dir := fixture(t)
	for _, d := range []string{"archive/one/inner", "archive/one-more", "other"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"link": "archive/one", "later": "archive/not-there-yet", "loop": "loop", "other/up": "..",
	} {
		if err := os.Symlink(filepath.FromSlash(target), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	const problem = `DIR/config.yml:9: target "mars-2": csmars.archive_path: DIR/`
	for _, c := range []struct{ first, second, want string }{
		{"archive/one", "archive/one-more", ""},
		{"archive/one", "other", ""},
		{"archive/nowhere", "archive/neither", ""},
		{"archive/one", "archive/one", `archive/one is also the directory of target "mars-1"`},
		{"archive/one", "archive/./one/", `archive/one is also the directory of target "mars-1"`},
		{"archive/one", "link", `archive/one is also the directory of target "mars-1"`},
		{"archive/one", "link/inner", `archive/one/inner lies inside the directory of target "mars-1"`},
		{"link/inner", "archive", `archive contains the directory of target "mars-1"`},
		{"archive/nowhere", "archive/nowhere/deep", `archive/nowhere/deep lies inside the directory of target "mars-1"`},
		{"archive/not-there-yet", "later", `archive/not-there-yet is also the directory of target "mars-1"`},
		{"later/x", "archive/not-there-yet/x/y", `archive/not-there-yet/x/y lies inside the directory of target "mars-1"`},
		{"other/up/archive", "archive/one", `archive/one lies inside the directory of target "mars-1"`},
		{"loop", "archive/one", ""},
		{"loop", "loop", `loop is also the directory of target "mars-1"`},
		{"/", "archive/one", `archive/one lies inside the directory of target "mars-1"`},
	} {
		want := ""
		if c.want != "" {
			want = problem + c.want + ": give each target a directory of its own"
		}
		got := ""
		if err := loadArchives(t, dir, c.first, c.second); err != nil {
			got = shown(dir, err.Error())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s and %s (-want +got):\n%s", c.first, c.second, diff)
		}
	}
}

// A mount that hangs while links are followed delays the check, and stops
// nothing; what hangs is the only call that does.
func TestExclusiveWithoutAnAnswer(t *testing.T) {
	resolving <- struct{}{}
	patience = time.Millisecond
	defer func() { <-resolving; patience = 2 * time.Second }()
	dir := fixture(t)
	err := loadArchives(t, dir, "archive/one", "archive/../archive/one")
	if err == nil || !strings.Contains(err.Error(), "is also the directory") {
		t.Errorf("paths that are the same as written are not refused: %v", err)
	}
}
