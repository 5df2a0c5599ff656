package config

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/collectors/system"
)

// planted is part of every secret of the tests; no output may contain it.
const planted = "planted-password"

// The systems of these tests: small ones shaped like the real ones, and one
// with an option of every supported type.

type vnxOptions struct {
	Movers    []string `yaml:"movers"`
	Audit     bool     `yaml:"audit"`
	ServerLog bool     `yaml:"server_log"`
}

var moverRule = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func (o *vnxOptions) Check(report func(path, problem string)) {
	for i, m := range o.Movers {
		if !moverRule.MatchString(m) {
			report(fmt.Sprintf("movers[%d]", i), "is not a mover name")
		}
	}
	if !o.Audit && !o.ServerLog {
		report("", "asks nothing: set audit or server_log to true")
	}
}

type csmarsOptions struct {
	ArchivePath   string            `yaml:"archive_path" path:"true"`
	RetentionDays int               `yaml:"retention_days"`
	ScanInterval  time.Duration     `yaml:"scan_interval"`
	Patterns      map[string]string `yaml:"patterns"`
}

func (o *csmarsOptions) Check(report func(path, problem string)) {
	if o.ArchivePath == "" {
		report("archive_path", "is missing: name the directory of the archive")
	}
	for name, p := range o.Patterns {
		if _, err := regexp.Compile(p); err != nil {
			report("patterns."+name, "is not a regular expression")
		}
	}
}

type nestedOptions struct {
	Depth int
	Name  string `yaml:"name,omitempty"`
}

type kindsOptions struct {
	Text    string         `yaml:"text"`
	Flag    bool           `yaml:"flag"`
	Count   int            `yaml:"count"`
	Small   uint8          `yaml:"small"`
	Ratio   float64        `yaml:"ratio"`
	Wait    time.Duration  `yaml:"wait"`
	Maybe   *bool          `yaml:"maybe"`
	Words   []string       `yaml:"words"`
	Word    []string       `yaml:"word" single:"true"`
	Files   []string       `yaml:"files" path:"true"`
	Numbers []int          `yaml:"numbers"`
	Limits  map[string]int `yaml:"limits"`
	Nested  nestedOptions  `yaml:"nested"`
	Many    []nestedOptions
	Hidden  string `yaml:"-"`
}

func (*kindsOptions) Check(func(path, problem string)) {}

type noOptions struct {
	Services bool `yaml:"services"`
}

func (*noOptions) Check(func(path, problem string)) {}

var testMetric = metric.New(metric.Desc{Name: "vnx_cava_running", Kind: metric.Gauge, Help: "x", Labels: []string{"mover"}, Source: "x"})

var testSystems = []system.Definition{
	{
		Name: "vnx_cava", NeedsAddress: true, Metrics: []*metric.Desc{testMetric},
		NewOptions: func() system.Options { return &vnxOptions{Movers: []string{"ALL"}, Audit: true, ServerLog: true} },
	},
	{Name: "onefs_cava", NeedsAddress: true, HTTPS: true, NewOptions: func() system.Options { return &noOptions{} }},
	{Name: "avamar", NeedsAddress: true, NewOptions: func() system.Options { return &noOptions{} }},
	{Name: "csmars", NewOptions: func() system.Options { return &csmarsOptions{RetentionDays: 30, ScanInterval: 5 * time.Minute} }},
	{Name: "kinds", NewOptions: func() system.Options { return &kindsOptions{Hidden: "as it was"} }},
}

// keys are the texts of key files.
type keys struct{ plain, public, encrypted, ca, knownHosts string }

// material is made once: locking a key is slow on purpose.
var material = sync.OnceValue(func() keys {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	plain, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		panic(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(planted+"-passphrase"))
	if err != nil {
		panic(err)
	}
	host, err := ssh.NewPublicKey(public)
	if err != nil {
		panic(err)
	}
	authority := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, &authority, &authority, public, private)
	if err != nil {
		panic(err)
	}
	return keys{
		plain:      string(pem.EncodeToMemory(plain)),
		public:     string(ssh.MarshalAuthorizedKey(host)),
		encrypted:  string(pem.EncodeToMemory(locked)),
		ca:         string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		knownHosts: knownhosts.Line([]string{"10.0.0.5", "10.0.0.6"}, host) + "\n" + knownhosts.Line([]string{"[lab.example.com]:2222"}, host) + "\n",
	}
})

// fixture is a directory with testdata and the files it refers to. Keys and
// secrets are made anew each time: none lies in the repository.
func fixture(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	m := material()
	for name, text := range map[string]string{
		"secrets/papi":       planted + "\n",
		"secrets/passphrase": planted + "-passphrase\r\n",
		"secrets/empty":      "\n",
		"secrets/large":      strings.Repeat("x", maxSecret+1),
		"keys/celerra":       m.plain,
		"keys/celerra.pub":   m.public,
		"keys/encrypted":     m.encrypted,
		"keys/putty.ppk":     "PuTTY-User-Key-File-3: ssh-ed25519\n",
		"ca.pem":             m.ca,
		"known_hosts":        m.knownHosts,
	} {
		write(t, filepath.Join(dir, name), text)
	}
	t.Setenv("CONFIG_TEST_PASSWORD", planted+"-env")
	return dir
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// loadIn loads files of a directory whose known_hosts is the default one.
func loadIn(dir string, files ...string) (*Config, error) {
	for i, f := range files {
		files[i] = filepath.Join(dir, f)
	}
	return newLoader(testSystems, filepath.Join(dir, "known_hosts")).load(files, nil)
}

// loadText loads one configuration given as text.
func loadText(t testing.TB, dir, text string) (*Config, error) {
	t.Helper()
	write(t, filepath.Join(dir, "config.yml"), text)
	return loadIn(dir, "config.yml")
}

// must is a configuration that has to load.
func must(t testing.TB, c *Config, err error) *Config {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shown is a text with the directory of the test taken out.
func shown(dir, text string) string { return strings.ReplaceAll(text, dir, "DIR") }
