package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dataprotection_exporter/fixtures"
)

func TestCheckCommand(t *testing.T) {
	fleet, err := fixtures.StartFleet(fixtures.FleetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	bad := filepath.Join(t.TempDir(), "bad.yml")
	write(t, bad, "targets:\n  - name: a\n    systems: vnx_cava\n  - name: a\n    system: vnx_cava\n")
	open := filepath.Join(t.TempDir(), "open.yml")
	write(t, open, "targets: []\n")
	for _, tt := range []struct {
		file string
		code int
		want []string
	}{
		{fleet.ConfigFile, 0, []string{"6 targets, no problem found"}},
		{bad, 1, []string{bad + ":3: ", bad + ":4: ", `"systems"`}},
		{open, 1, []string{"warning"}},
		{"/no/such/file.yml", 1, []string{"/no/such/file.yml"}},
	} {
		var out, errOut bytes.Buffer
		if code := run([]string{"check", "--config.file=" + tt.file}, &out, &errOut); code != tt.code {
			t.Errorf("%s: exit status %d, want %d: %s%s", tt.file, code, tt.code, &out, &errOut)
		}
		for _, w := range tt.want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: %q is missing from\n%s", tt.file, w, &out)
			}
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"--no.such.flag"}, {"no-such-command"}, {"--log.level=loud"}} {
		var out, errOut bytes.Buffer
		if code := run(args, &out, &errOut); code != 2 || !strings.Contains(errOut.String(), "--help") {
			t.Errorf("%v: exit status %d, %s", args, code, &errOut)
		}
	}
}

func TestServeNeedsAGoodConfiguration(t *testing.T) {
	var out, errOut bytes.Buffer
	if code := run([]string{"--config.file=/no/such/file.yml"}, &out, &errOut); code != 1 || !strings.Contains(errOut.String(), "/no/such/file.yml") {
		t.Errorf("exit status %d, %s", code, &errOut)
	}
}

// The demo's output is clean by promtool's rules, healthy and in trouble.
func TestDemoMetrics(t *testing.T) {
	promtool := program(t, "promtool")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	fleet, err := fixtures.StartFleet(fixtures.FleetOptions{Speed: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	address := serveConfig(ctx, t, fleet.ConfigFile)
	paths := []string{"/metrics"}
	for _, target := range fleet.Targets {
		paths = append(paths, "/probe?target="+target)
	}
	for _, path := range paths {
		text := get(ctx, "http://"+address+path)
		if text == "" {
			t.Errorf("%s: no answer", path)
		}
		if strings.HasPrefix(path, "/probe") && !strings.Contains(text, "dataprotection_probe_success 1\n") {
			t.Errorf("%s: a part of the demo is not answered:\n%s", path, text)
		}
		check := exec.CommandContext(ctx, promtool, "check", "metrics")
		check.Stdin = strings.NewReader(text)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
	for _, part := range []string{"vnx_cava_checker_state", "vnx_cava_queue_files", "vnx_cava_high_water_mark_files", "vnx_cava_checker_diagnosis"} {
		if text := get(ctx, "http://"+address+"/probe?target="+fleet.Targets[0]); !strings.Contains(text, part) {
			t.Errorf("the demo does not show %s", part)
		}
	}
}

// The version stamps of the Makefile and of .promu.yml are the same.
func TestVersionStamps(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	promu, err := os.ReadFile(".promu.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, stamp := range []string{"Version", "Revision", "Branch", "BuildUser", "BuildDate"} {
		if !strings.Contains(string(makefile), "$(V)."+stamp+"=") || !strings.Contains(string(promu), "common/version."+stamp+"=") {
			t.Errorf("the stamp %s is not in both", stamp)
		}
	}
}
