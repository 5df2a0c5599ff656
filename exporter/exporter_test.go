package exporter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"dataprotection_exporter/collectors"
	"dataprotection_exporter/exporter/storage"
	"dataprotection_exporter/fixtures/sshserver"
	"dataprotection_exporter/fixtures/vnxcava"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is an exporter, its device, and the files between them.
type bench struct {
	*testing.T
	dir    string
	device *vnxcava.ControlStation
	server *sshserver.Server
	reg    *prometheus.Registry
	exp    *Exporter
	http   *httptest.Server
	log    *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const (
	deviceName = "vnx-1"
	configName = "exporter.yml"
)

// start makes a bench; config may change the target's lines.
func start(t *testing.T, edit func(b *bench, config string) string) *bench {
	t.Helper()
	b := &bench{T: t, dir: t.TempDir(), reg: prometheus.NewRegistry(), log: &lockedBuffer{}}
	b.device = vnxcava.NewControlStation(vnxcava.Options{Scenario: vnxcava.Quiet()})
	server, err := b.device.Start(sshserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	b.server = server
	t.Cleanup(func() { _ = server.Close() })
	b.write("known_hosts", server.KnownHostsLine()+"\n")
	b.write("password", vnxcava.Password+"\n")
	config := b.config()
	if edit != nil {
		config = edit(b, config)
	}
	b.write(configName, config)
	b.exp, err = New(Options{
		ConfigFiles: []string{filepath.Join(b.dir, configName)}, Systems: collectors.Systems, Registry: b.reg,
		Logger: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.exp.Close)
	handler, err := b.exp.Handler()
	if err != nil {
		t.Fatal(err)
	}
	b.http = httptest.NewServer(handler)
	t.Cleanup(b.http.Close)
	return b
}

func (b *bench) config() string {
	return fmt.Sprintf(`global: {timeout: 5s, min_interval: 0s, known_hosts_file: known_hosts}
credentials:
  celerra: {username: %s, password_file: password}
targets:
  - name: %s
    system: vnx_cava
    address: %s
    credential: celerra
    labels: {site: ams}
    vnx_cava: {movers: [server_2]}
`, vnxcava.User, deviceName, b.server.Address())
}

func (b *bench) write(name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// get asks the exporter.
func (b *bench) get(path string, header ...string) (int, string) {
	b.Helper()
	return b.ask(http.MethodGet, path, header...)
}

func (b *bench) ask(method, path string, header ...string) (int, string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.http.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.http.Client().Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return res.StatusCode, string(body)
}

var reReason = regexp.MustCompile(`dataprotection_part_failure\{part="(\w+)",reason="(\w+)",unit="[^"]*"\}`)

// reasons is how each part ended, by an exposition.
func reasons(exposition string) map[string]string {
	got := map[string]string{}
	for _, m := range reReason.FindAllStringSubmatch(exposition, -1) {
		got[m[1]] = m[2]
	}
	return got
}

func TestProbe(t *testing.T) {
	b := start(t, nil)
	code, body := b.get("/probe?target=vnx-1")
	if code != http.StatusOK {
		t.Fatalf("status %d: %s", code, body)
	}
	for _, want := range []string{
		"dataprotection_probe_success 1\n", `dataprotection_part_success{part="status",unit=""} 1`, `vnx_cava_running{mover="server_2"} 1`,
		`vnx_cava_checker_state{checker=`, `vnx_cava_queue_files{mover="server_2"}`, `vnx_cava_high_water_mark_files{mover="server_2"} 200`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing from\n%s", want, body)
		}
	}
	problems, err := testutil.GatherAndLint(b.reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("own metrics: %v %v", problems, err)
	}
	if v := b.device.Violations(); len(v) > 0 {
		t.Errorf("the device was asked for more than it may be: %q", v)
	}
}

func TestProbePart(t *testing.T) {
	b := start(t, nil)
	_, body := b.get("/probe?target=vnx-1&part=audit")
	if got := reasons(body); len(got) != 1 || got["audit"] != "none" {
		t.Errorf("parts %v", got)
	}
	if strings.Contains(body, "vnx_cava_checker_online") || !strings.Contains(body, "vnx_cava_queue_files") {
		t.Errorf("not just the audit:\n%s", body)
	}
}

func TestOpenMetrics(t *testing.T) {
	b := start(t, nil)
	_, body := b.get("/probe?target=vnx-1", "Accept", "application/openmetrics-text; version=1.0.0")
	if !strings.HasSuffix(body, "# EOF\n") {
		t.Errorf("no OpenMetrics: %q", body[max(0, len(body)-80):])
	}
}

func TestRefusedRequests(t *testing.T) {
	b := start(t, nil)
	for _, tt := range []struct{ query, header, want string }{
		{"", "", "The parameter target is missing"},
		{"?target=", "", "The parameter target is missing"},
		{"?target=nowhere", "", `There is no target "nowhere"`},
		{"?target=10.0.0.1:22", "", `There is no target "10.0.0.1:22"`},
		{"?target=vnx-1&target=vnx-1", "", "more than once"},
		{"?target=vnx-1&module=x", "", `Unknown parameter "module"`},
		{"?target=vnx-1&part=everything", "", `Unknown part "everything": vnx_cava has status, audit, log.`},
		{"?target=vnx-1&debug=perhaps", "", "true or false"},
		{"?target=%zz", "", "The query cannot be read"},
		{"?target=vnx-1", "abc", "should be a number of seconds"},
		{"?target=vnx-1", "-1", "should be a number of seconds"},
		{"?target=vnx-1", "NaN", "should be a number of seconds"},
		{"?target=vnx-1", "0", "should be a number of seconds"},
	} {
		var header []string
		if tt.header != "" {
			header = []string{timeoutHeader, tt.header}
		}
		code, body := b.get("/probe"+tt.query, header...)
		if code != http.StatusBadRequest || !strings.Contains(body, tt.want) || strings.Count(body, "\n") != 1 {
			t.Errorf("%s %s: status %d, %q", tt.query, tt.header, code, body)
		}
	}
	if n := b.server.Connections().Total; n != 0 {
		t.Errorf("refused requests made %d connections", n)
	}
	if code, _ := b.ask(http.MethodPost, "/probe?target=vnx-1"); code != http.StatusMethodNotAllowed {
		t.Errorf("POST /probe: status %d", code)
	}
	if code, _ := b.get("/-/reload"); code != http.StatusMethodNotAllowed {
		t.Errorf("GET /-/reload: status %d", code)
	}
}

func TestScrapeTimeout(t *testing.T) {
	const own = 20 * time.Second
	for _, tt := range []struct {
		header string
		want   time.Duration
	}{
		{"10", 9500 * time.Millisecond},
		{"60", own},
		{"20.5", own},
		{"0.5", 450 * time.Millisecond},
		{"0.2", 180 * time.Millisecond},
		{"0.6", 100 * time.Millisecond},
		{" 3 ", 2500 * time.Millisecond},
		{"1e30", own},
	} {
		got, err := scrapeTimeout([]string{tt.header}, own)
		if err != nil || got.Round(time.Microsecond) != tt.want {
			t.Errorf("%q: %s, %v; want %s", tt.header, got, err, tt.want)
		}
	}
	if got, err := scrapeTimeout(nil, own); err != nil || got != own {
		t.Errorf("no header: %s, %v", got, err)
	}
	if _, err := scrapeTimeout([]string{"5", "6"}, own); err == nil {
		t.Error("two headers are accepted")
	}
}

// Whatever is wrong on the way, the answer is 200 with the reason, in time, and
// nothing invented; and nothing of the attempt is left behind.
func TestBadInput(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closedPort := closed.Addr().String()
	closed.Close()
	for _, tt := range []struct {
		name   string
		edit   func(b *bench, config string) string
		faults sshserver.Faults
		want   string
	}{
		{"wrong password", func(b *bench, c string) string { b.write("password", "wrong\n"); return c }, sshserver.Faults{}, "auth"},
		{"unknown host key", func(b *bench, c string) string { b.write("known_hosts", "# none\n"); return c }, sshserver.Faults{}, "host_key_unknown"},
		{"changed host key", nil, sshserver.Faults{WrongHostKey: true}, "host_key_changed"},
		{"closed port", func(b *bench, c string) string {
			return strings.Replace(c, b.server.Address(), closedPort, 1) + insecure
		}, sshserver.Faults{}, "connect"},
		{"name that does not resolve", func(b *bench, c string) string {
			return strings.Replace(c, b.server.Address(), "no-such-host.invalid", 1) + insecure
		}, sshserver.Faults{}, "dns"},
		{"mute after connecting", nil, sshserver.Faults{Mute: true}, "timeout"},
		{"hanging command", nil, sshserver.Faults{Delay: make(chan struct{})}, "timeout"},
		{"answer without an end", nil, sshserver.Faults{HangBeforeExit: true}, "timeout"},
		{"no exit status", nil, sshserver.Faults{NoExitStatus: true}, "disconnected"},
		{"garbage", nil, sshserver.Faults{Garbage: true}, "parse"},
		{"half an answer", nil, sshserver.Faults{CutAnswer: true, CutAfter: 300}, "disconnected"},
		{"50 MB of answer", nil, sshserver.Faults{Flood: 50 << 20}, "too_large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, tt.edit)
			b.server.SetFaults(tt.faults)
			began := time.Now()
			code, body := b.get("/probe?target=vnx-1&part=status", timeoutHeader, "3")
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("answered after %s", took)
			}
			if code != http.StatusOK {
				t.Fatalf("status %d: %s", code, body)
			}
			if got := reasons(body); got["status"] != tt.want || len(got) != 1 {
				t.Errorf("reasons %v, want status %s\n%s", got, tt.want, b.log)
			}
			if strings.Contains(body, "vnx_cava_") || !strings.Contains(body, "dataprotection_probe_success 0\n") {
				t.Errorf("something is invented:\n%s", body)
			}
			if strings.Contains(body, "collected_timestamp") {
				t.Error("a time of collection although nothing was collected")
			}
			if err := b.server.Wait(b.Context(), func(s *sshserver.Server) bool { return s.Sessions().InFlight == 0 }); err != nil {
				t.Errorf("a session is left on the device: %v", err)
			}
		})
	}
}

// insecure pins nothing and checks nothing: for tests of what comes before the
// host key.
const insecure = "    ssh: {insecure_ignore_host_key: true}\n"

// A login lasts across collections.
func TestOneLoginForManyCollections(t *testing.T) {
	b := start(t, nil)
	for range 5 {
		if _, body := b.get("/probe?target=vnx-1"); !strings.Contains(body, "dataprotection_probe_success 1\n") {
			t.Fatal(body)
		}
	}
	if c := b.server.Connections(); c.Total != 1 || c.Open != 1 {
		t.Errorf("connections %+v, want one", c)
	}
}

// Refused logins stop before an account is locked, and a good password after a
// reload works at once.
func TestLoginsStopBeforeTheAccountIsLocked(t *testing.T) {
	b := start(t, func(b *bench, c string) string { b.write("password", "wrong\n"); return c })
	var got []string
	for range 6 {
		_, body := b.get("/probe?target=vnx-1&part=status")
		got = append(got, reasons(body)["status"])
	}
	if s := strings.Join(got, " "); s != "auth auth auth auth_backoff auth_backoff auth_backoff" {
		t.Errorf("reasons %s", s)
	}
	refused := 0
	for _, l := range b.server.Logins() {
		refused += l.Refused
	}
	if refused != 3 {
		t.Errorf("the device refused %d logins, want 3", refused)
	}
	b.write("password", vnxcava.Password+"\n")
	if code, body := b.ask(http.MethodPost, "/-/reload"); code != http.StatusOK {
		t.Fatal(body)
	}
	if _, body := b.get("/probe?target=vnx-1&part=status"); reasons(body)["status"] != "none" {
		t.Errorf("after the right password: %v", reasons(body))
	}
}

func TestReload(t *testing.T) {
	b := start(t, nil)
	b.get("/probe?target=vnx-1")
	gauge := func(name string) float64 {
		families, err := b.reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() == name {
				return f.GetMetric()[0].GetGauge().GetValue()
			}
		}
		t.Fatalf("no metric %s", name)
		return 0
	}
	good := b.config()
	loaded := gauge("dataprotection_config_last_reload_success_timestamp_seconds")

	b.write(configName, good+"    no_such_key: 1\n")
	code, body := b.ask(http.MethodPost, "/-/reload")
	if code != http.StatusInternalServerError || !strings.Contains(body, configName+":") || !strings.Contains(body, "no_such_key") {
		t.Errorf("a bad configuration: status %d, %s", code, body)
	}
	if gauge("dataprotection_config_last_reload_successful") != 0 || gauge("dataprotection_config_last_reload_success_timestamp_seconds") != loaded {
		t.Error("the metrics do not tell the failed reload")
	}
	if _, body := b.get("/probe?target=vnx-1"); !strings.Contains(body, "dataprotection_probe_success 1\n") {
		t.Errorf("after a bad reload:\n%s", body)
	}

	second := strings.Replace(strings.SplitAfter(good, "targets:\n")[1], deviceName, "vnx-2", 1)
	b.write(configName, good+second)
	if code, body := b.ask(http.MethodPost, "/-/reload"); code != http.StatusOK {
		t.Fatalf("a good configuration: status %d, %s", code, body)
	}
	for _, target := range []string{"vnx-1", "vnx-2"} {
		if _, body := b.get("/probe?target=" + target); !strings.Contains(body, "dataprotection_probe_success 1\n") {
			t.Errorf("%s after the reload:\n%s", target, body)
		}
	}
	if c := b.server.Connections(); c.Total != 2 {
		t.Errorf("%d connections: the unchanged target should have kept its own", c.Total)
	}
	if gauge("dataprotection_config_last_reload_successful") != 1 {
		t.Error("the metrics do not tell the good reload")
	}

	b.write(configName, strings.SplitAfter(good, "targets:\n")[0]+second)
	b.ask(http.MethodPost, "/-/reload")
	if code, _ := b.get("/probe?target=vnx-1"); code != http.StatusBadRequest {
		t.Errorf("a removed target: status %d", code)
	}
	if err := b.server.Wait(b.Context(), func(s *sshserver.Server) bool { return s.Connections().Open == 1 }); err != nil {
		t.Errorf("the removed target's connection stays open: %v", err)
	}
}

// What a target keeps goes to the storage under its name, and survives the
// target being built anew.
func TestStorage(t *testing.T) {
	folder := t.TempDir()
	db, err := storage.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, nil)
	b.exp.Close()
	exp, err := New(Options{
		ConfigFiles: []string{filepath.Join(b.dir, configName)}, Systems: collectors.Systems, Registry: prometheus.NewRegistry(),
		Logger: slog.New(slog.DiscardHandler), Storage: db,
	})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := exp.Handler()
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/probe?target="+deviceName, nil))
	if body := answer.Body.String(); !strings.Contains(body, `dataprotection_part_success{part="log"`) {
		t.Fatal(body)
	}
	exp.Close()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = storage.Open(folder); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var kept struct {
		Place struct{ Started bool } `json:"place"`
	}
	if found, err := db.Target(deviceName).Load("log/server_2", &kept); err != nil || !found || !kept.Place.Started {
		t.Errorf("kept: %+v, found %v, %v", kept, found, err)
	}
}

func TestServiceDiscovery(t *testing.T) {
	b := start(t, nil)
	_, body := b.get("/sd")
	var groups []targetGroup
	if err := json.Unmarshal([]byte(body), &groups); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"__metrics_path__": "/probe", "__param_target": deviceName, "__scheme__": "http", "instance": deviceName, "system": "vnx_cava", "site": "ams",
	}
	if len(groups) != 1 || groups[0].Targets[0] != strings.TrimPrefix(b.http.URL, "http://") || fmt.Sprint(groups[0].Labels) != fmt.Sprint(want) {
		t.Errorf("groups %+v", groups)
	}
}

// The debug page shows every step and keeps secrets and file names.
func TestDebug(t *testing.T) {
	b := start(t, nil)
	code, body := b.get("/probe?target=vnx-1&debug=true")
	if code != http.StatusOK {
		t.Fatal(body)
	}
	for _, want := range []string{"== Steps", "== Parts", "== Problems", "== Metrics", "server_viruschk server_2", "10 threads started", "ms"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing from\n%s", want, body)
		}
	}
	if strings.Contains(body, vnxcava.Password) || strings.Contains(b.log.String(), vnxcava.Password) {
		t.Error("the password is shown")
	}
	if regexp.MustCompile(`checking file '[^<]`).MatchString(body) {
		t.Error("a file name is shown")
	}
}

func TestPages(t *testing.T) {
	b := start(t, nil)
	b.server.SetFaults(sshserver.Faults{RefuseLogins: true})
	b.get("/probe?target=vnx-1")
	for path, want := range map[string]string{
		"/":                                "/targets",
		"/targets":                         "no answer to status (auth)",
		"/runbooks/":                       "CavaAllCheckersOffline",
		"/runbooks/CavaAllCheckersOffline": "<h2",
		"/-/healthy":                       "OK",
		"/-/ready":                         "OK",
		"/metrics":                         "dataprotection_config_last_reload_successful 1",
	} {
		if code, body := b.get(path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, no %q in\n%s", path, code, want, body)
		}
	}
	for _, path := range []string{"/nowhere", "/runbooks/NoSuchAlert", "/runbooks/..%2fmetrics.md", "/debug/pprof/"} {
		if code, _ := b.get(path); code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, code)
		}
	}
	var list struct {
		Targets []struct {
			Name, Health string
			Problems     []struct{ Summary, Cause, Remedy, Severity string }
		}
	}
	_, body := b.get("/targets.json")
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Targets) != 1 || list.Targets[0].Health != "warning" || len(list.Targets[0].Problems) == 0 || list.Targets[0].Problems[0].Remedy == "" {
		t.Errorf("targets %+v", list)
	}
}

// The first configuration must be good: there is nothing to fall back to.
func TestBadFirstConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.yml")
	if err := os.WriteFile(file, []byte("targets: [{name: a}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := New(Options{
		ConfigFiles: []string{file}, Systems: collectors.Systems, Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), "bad.yml:1") {
		t.Errorf("error %v", err)
	}
}
