package exporter

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dataprotection_exporter/collectors/csmars"
	"dataprotection_exporter/collectors/system"
	fixtures "dataprotection_exporter/fixtures/csmars"
)

// A target whose system can do without a device to log in to has no runner, and
// is collected and closed like the others.
func TestTargetWithoutAddress(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "archive")
	if _, err := fixtures.Generate(fixtures.Options{Dir: archive, From: time.Now().UTC().AddDate(0, 0, -3), Days: 4, RowsPerFile: 3}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "config.yml")
	text := "targets:\n  - name: mars-1\n    system: csmars\n    csmars: {archive_path: archive, timezone: UTC, verify: true}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	exp, err := New(Options{
		ConfigFiles: []string{file}, Systems: []system.Definition{csmars.System}, Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exp.Close()
	found, answered, err := exp.Diagnose(t.Context(), "mars-1")
	if err != nil || !answered {
		t.Fatalf("%+v, %v", found, err)
	}
	if err := exp.Reload(); err != nil {
		t.Error(err)
	}
}
