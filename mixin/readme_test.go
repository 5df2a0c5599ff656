package mixin

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
	"go.yaml.in/yaml/v3"
)

// TestReadmeExamples renders the examples as a reader would who installed this
// repository with jsonnet-bundler.
func TestReadmeExamples(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	// jb makes a link to a package that is a folder.
	vendor := t.TempDir()
	if err := os.Symlink(root, filepath.Join(vendor, "dataprotection_exporter")); err != nil {
		t.Fatal(err)
	}
	examples := map[string]string{}
	command := regexp.MustCompile(`^// jsonnet -J vendor -S (?:-m \w+ )?(\w+\.jsonnet)\n`)
	for _, block := range regexp.MustCompile("(?s)```jsonnet\n(.*?)```").FindAllSubmatch(text, -1) {
		m := command.FindStringSubmatch(string(block[1]))
		if m == nil {
			t.Fatalf("an example does not begin with the command that renders it: %.80s", block[1])
		}
		examples[m[1]] = string(block[1])
	}
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.FileImporter{JPaths: []string{vendor}})
	vm.StringOutput = true
	// Some of the files of an example: all of them take long.
	multi := func(t *testing.T, example string, files ...string) map[string]string {
		t.Helper()
		list, err := json.Marshal(files)
		if err != nil {
			t.Fatal(err)
		}
		rendered, err := vm.EvaluateAnonymousSnippetMulti(example,
			"local files = (\n"+examples[example]+"\n); { [f]: files[f] for f in "+string(list)+" }")
		if err != nil {
			t.Fatal(err)
		}
		return rendered
	}

	t.Run("rules.jsonnet", func(t *testing.T) {
		dir := t.TempDir()
		whole := ""
		for name, text := range multi(t, "rules.jsonnet", "exporter.yml", "vnx_cava.yml", "ntfrs.yml") {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			whole += text
		}
		for _, want := range []string{
			"https://dpx.example.com/runbooks/CavaAllCheckersOffline", "https://grafana.example.com/d/",
			`{system="ntfrs",team="storage"}`, `up{system!="",team="storage"}`, "[15m]", "> 86400", "> 200",
		} {
			if !strings.Contains(whole, want) {
				t.Errorf("%s is nowhere in the rules", want)
			}
		}
		runTool(t, "promtool", append([]string{"check", "rules"}, glob(t, filepath.Join(dir, "*.yml"))...)...)
	})

	t.Run("alerts.jsonnet", func(t *testing.T) {
		text, err := vm.EvaluateAnonymousSnippet("alerts.jsonnet", examples["alerts.jsonnet"])
		if err != nil {
			t.Fatal(err)
		}
		var content struct{ Groups []group }
		if err := yaml.Unmarshal([]byte(text), &content); err != nil {
			t.Fatal(err)
		}
		alerts, records := map[string]bool{}, 0
		for _, g := range content.Groups {
			for _, r := range g.Rules {
				if r.Alert == "" {
					records++
				} else if alerts[r.Alert] = true; r.Labels["team"] != "storage" || r.Labels["severity"] == "" {
					t.Errorf("%s has the labels %v", r.Alert, r.Labels)
				}
			}
		}
		if alerts["CavaSingleChecker"] || alerts["DfsrBacklogHigh"] || !alerts["CavaAllCheckersOffline"] || records == 0 {
			t.Errorf("%d records and the alerts %v", records, alerts)
		}
		file := filepath.Join(t.TempDir(), "alerts.yml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		runTool(t, "promtool", "check", "rules", file)
	})

	t.Run("kubernetes.jsonnet", func(t *testing.T) {
		var whole strings.Builder
		for name, text := range multi(t, "kubernetes.jsonnet", "deployment.yaml", "service.yaml", "scrapeconfig-targets.yaml", "prometheusrule-exporter.yaml") {
			var m manifest
			if err := yaml.Unmarshal([]byte(text), &m); err != nil || m.Metadata.Namespace != "observability" {
				t.Errorf("%s is in the namespace %q (%v)", name, m.Metadata.Namespace, err)
			}
			whole.WriteString(text)
		}
		for _, want := range []string{
			"registry.example.com/dataprotection_exporter:", `release: "prometheus"`, "claimName", `server: "nas.example.com"`,
			`mountPath: "/archive"`, `mountPath: "/etc/dataprotection_exporter/secrets"`,
		} {
			if !strings.Contains(whole.String(), want) {
				t.Errorf("%s is nowhere in the manifests", want)
			}
		}
	})
}
