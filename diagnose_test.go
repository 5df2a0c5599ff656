package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dataprotection_exporter/exporter/status"
	"dataprotection_exporter/fixtures"
)

func TestDiagnoseCommand(t *testing.T) {
	fleet, err := fixtures.StartFleet(fixtures.FleetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	healthy, err := os.ReadFile(fleet.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	// The same fleet behind a password that is wrong.
	locked := filepath.Join(filepath.Dir(fleet.ConfigFile), "locked.yml")
	write(t, filepath.Join(filepath.Dir(fleet.ConfigFile), "wrong.password"), "wrong\n")
	write(t, locked, strings.ReplaceAll(string(healthy), "celerra.password", "wrong.password"))
	for _, tt := range []struct {
		file, target string
		code         int
		want         string
	}{
		{fleet.ConfigFile, "vnx-lon-1", diagnoseHealthy, "no problem found"},
		{locked, "vnx-lon-1", diagnoseUnasked, "(auth)"},
		{fleet.ConfigFile, "nowhere", diagnoseUnasked, "vnx-lon-1"},
	} {
		var out, errOut bytes.Buffer
		code := run([]string{"diagnose", "--config.file=" + tt.file, tt.target}, &out, &errOut)
		if text := out.String() + errOut.String(); code != tt.code || !strings.Contains(text, tt.want) {
			t.Errorf("%s in %s: exit status %d, want %d and %q:\n%s", tt.target, filepath.Base(tt.file), code, tt.code, tt.want, text)
		}
	}
	var out, errOut bytes.Buffer
	run([]string{"diagnose", "--config.file=" + fleet.ConfigFile, "--format=json", "vnx-lon-1"}, &out, &errOut)
	var found status.Target
	if err := json.Unmarshal(out.Bytes(), &found); err != nil || found.Name != "vnx-lon-1" || len(found.Parts) == 0 {
		t.Errorf("JSON: %v\n%s%s", err, &out, &errOut)
	}
}
