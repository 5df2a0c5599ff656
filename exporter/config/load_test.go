package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the expected errors in testdata")

// Each bad-*.yml has one fault, and bad-*.err beside it says what an operator
// reads about it.
func TestBadFiles(t *testing.T) {
	dir := fixture(t)
	files, err := filepath.Glob("testdata/bad-*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		t.Run(strings.TrimSuffix(name, ".yml"), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			known := filepath.Join(dir, "known_hosts")
			if strings.HasPrefix(string(text), "# without the default known_hosts file") {
				known = filepath.Join(dir, "nowhere", "known_hosts")
			}
			c, err := newLoader(testSystems, known).load([]string{filepath.Join(dir, name)}, nil)
			var ps Problems
			if !errors.As(err, &ps) {
				t.Fatalf("loaded, or another kind of error: %v", err)
			}
			if c != nil {
				t.Error("there is a Config beside the error")
			}
			if len(ps) != 1 {
				t.Errorf("%d problems, a bad file has one", len(ps))
			}
			for _, p := range ps {
				if p.Line < 1 {
					t.Errorf("no line: %v", p)
				}
			}
			got := shown(dir, err.Error()) + "\n"
			golden := strings.TrimSuffix(f, ".yml") + ".err"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if strings.Contains(got, "planted") {
				t.Error("a secret is shown")
			}
		})
	}
}

func TestGoodFiles(t *testing.T) {
	dir := fixture(t)
	files, err := filepath.Glob("testdata/good-*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		if strings.HasPrefix(name, "good-part-") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			c, err := loadIn(dir, name)
			must(t, c, err)
			if name == "good-without-targets.yml" {
				if got, want := shown(dir, c.Warnings.Error()), "DIR/good-without-targets.yml:1: warning: there are no targets: nothing is watched until one is added under targets"; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			} else if len(c.Warnings) > 0 {
				t.Errorf("warnings:\n%v", c.Warnings)
			}
		})
	}
}

func TestVnxExample(t *testing.T) {
	dir := fixture(t)
	c, err := loadIn(dir, "good-vnx.yml")
	must(t, c, err)
	first := c.Target("vnx-ams-1")
	want := &Target{
		Name: "vnx-ams-1", System: "vnx_cava", Addresses: []string{"10.0.0.5", "10.0.0.6"}, Transport: "ssh",
		Credential: c.Credentials["celerra"], Labels: map[string]string{"site": "ams", "floor": "3"},
		MinInterval: 30 * time.Second, Timeout: 30 * time.Second,
		SSH: SSH{
			Fingerprints:     []string{"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
			LegacyAlgorithms: true, MaxSessions: 1, KnownHostsFile: filepath.Join(dir, "known_hosts"),
		},
		Options:  &vnxOptions{Movers: []string{"server_2", "server_3"}, Audit: true},
		Position: Position{File: filepath.Join(dir, "good-vnx.yml"), Line: 9, Column: 5},
	}
	compare := func(got, want *Target) {
		t.Helper()
		ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Hash" || p.Last().String() == ".places" }, cmp.Ignore())
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Errorf("target (-want +got):\n%s", diff)
		}
	}
	compare(first, want)
	compare(c.Target("vnx-ams-2"), &Target{
		Name: "vnx-ams-2", System: "vnx_cava", Addresses: []string{"10.0.0.5:22"}, Transport: "ssh",
		Credential:  c.Credentials["celerra"],
		MinInterval: DefaultMinInterval, Timeout: DefaultTimeout,
		SSH:      SSH{MaxSessions: DefaultMaxSessions, KnownHostsFile: filepath.Join(dir, "known_hosts")},
		Options:  &vnxOptions{Movers: []string{"ALL"}, Audit: true, ServerLog: true},
		Position: Position{File: filepath.Join(dir, "good-vnx.yml"), Line: 18, Column: 5},
	})
	if c.Target("vnx-ams-3") != nil {
		t.Error("a target that is not configured was found")
	}
	if p := c.Credentials["papi"].Password.Reveal(); p != planted {
		t.Errorf("password %q: one newline is trimmed, nothing else", p)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	dir := fixture(t)
	_, err := loadText(t, dir, `global: {timeout: 30, colour: red}
credentials:
  a: {username: u, password: planted-password}
  b: {password_file: secrets/nowhere}
targets:
  - name: one
    system: vnx_cava
    addresses: 10.0.0.5
    credential: c
    vnx_cava:
      movers: [server_2, "server 3"]
      audit: perhaps
  - just a word
  - name: one
    system: avamr
    timeout: 0s
    labels:
      job: x
`)
	if err == nil {
		t.Fatal("loaded")
	}
	want := `DIR/config.yml:1: global.timeout: "30" has no unit: write 30s, 5m, 1h or 1d
DIR/config.yml:1: global: unknown key "colour": the keys known here are timeout, min_interval, known_hosts_file
DIR/config.yml:3: credential "a": password: secrets are not written in this file: use password_file or password_env
DIR/config.yml:4: credential "b": username is missing: add the name to log in with
DIR/config.yml:4: credential "b": password_file: DIR/secrets/nowhere does not exist: create it or correct the path
DIR/config.yml:6: target "one": address is missing: name the host to ask
DIR/config.yml:8: target "one": unknown key "addresses": did you mean address?
DIR/config.yml:9: target "one": credential: there is no credential "c": define it under credentials
DIR/config.yml:11: target "one": vnx_cava.movers[1]: is not a mover name
DIR/config.yml:12: target "one": vnx_cava.audit: must be true or false, not "perhaps"
DIR/config.yml:13: target 2: must be a mapping (key: value), not a single value
DIR/config.yml:14: target "one": is already defined at DIR/config.yml:6: give one of the two another name
DIR/config.yml:15: target "one": system: "avamr" is not a known system: did you mean avamar? the systems are vnx_cava, onefs_cava, avamar, csmars, kinds
DIR/config.yml:16: target "one": timeout: must be more than 0: a collection needs time, 20s is usual
DIR/config.yml:18: target "one": the label "job" is reserved: it is set for every target already, choose another name`
	if diff := cmp.Diff(want, shown(dir, err.Error())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestSeveralFiles(t *testing.T) {
	dir := fixture(t)
	c, err := loadIn(dir, "good-part-1.yml", "good-part-2.yml")
	must(t, c, err)
	if len(c.Targets) != 2 || c.Targets[0].Name != "one" || c.Targets[1].Name != "two" {
		t.Errorf("targets %v: want one and two in this order", c.Targets)
	}
	for _, target := range c.Targets {
		if target.Timeout != 10*time.Second || target.Credential == nil {
			t.Errorf("%s lacks what another file says: %+v", target.Name, target)
		}
	}

	write(t, filepath.Join(dir, "third.yml"), `targets:
  - {name: one, system: kinds}
credentials:
  celerra: {username: u, password_file: secrets/papi}
global: {timeout: 5s}
`)
	_, err = loadIn(dir, "good-part-1.yml", "good-part-2.yml", "third.yml")
	if err == nil {
		t.Fatal("loaded")
	}
	want := `DIR/third.yml:2: target "one": is already defined at DIR/good-part-1.yml:3: give one of the two another name
DIR/third.yml:4: credential "celerra": is already defined at DIR/good-part-2.yml:2: remove one of the two, or give it another name
DIR/third.yml:5: global is already set at DIR/good-part-1.yml:1: keep it in one file`
	if diff := cmp.Diff(want, shown(dir, err.Error())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestChecksSeeTheWholeConfiguration(t *testing.T) {
	dir := fixture(t)
	file := filepath.Join(dir, "good-transports.yml")
	check := func(c *Config) Problems {
		return Problems{c.Target("mars-1").Problem("csmars.archive_path", "is watched twice"), c.Target("here").Problem("csmars.archive_path", "is not written")}
	}
	_, err := Load([]string{file}, testSystems, check)
	if err == nil {
		t.Fatal("loaded")
	}
	want := `DIR/good-transports.yml:2: target "here": csmars.archive_path: is not written
DIR/good-transports.yml:11: target "mars-1": csmars.archive_path: is watched twice`
	if diff := cmp.Diff(want, shown(dir, err.Error())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
