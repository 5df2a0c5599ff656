package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/exporter-toolkit/web"

	"dataprotection_exporter/fixtures/openssh"
	"dataprotection_exporter/fixtures/vnxcava"
)

// TestPage follows one incident from the device's console to a page on
// somebody's phone, through real parts: an OpenSSH server that replays the
// device, the exporter, a Prometheus with the shipped rules and /sd as its
// discovery, an Alertmanager with the example configuration.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: the shipped rules keep their real windows")
	}
	t.Parallel() // it waits for programs most of the time
	programs := map[string]string{}
	for _, name := range []string{"prometheus", "prometheus-alertmanager", "sshd"} {
		programs[name] = program(t, name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	dir := t.TempDir()

	device := newReplay(t, dir)
	server, err := openssh.Start(ctx, openssh.Config{Dir: mkdir(t, dir, "ssh"), ForcedCommand: device.command()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()

	pages := newWebhook(t)
	exporter := startExporter(ctx, t, dir, server)
	alertmanager := startAlertmanager(ctx, t, programs["prometheus-alertmanager"], dir, pages.URL)
	prometheus := startPrometheus(ctx, t, programs["prometheus"], dir, exporter, alertmanager)

	eventually(ctx, t, "Prometheus has the checker online", func() bool {
		return query(ctx, prometheus, `mover:vnx_cava_checkers_online:last{instance="vnx-ams-1"} > 0`)
	})
	device.offline()
	fired := pages.await(ctx, t, "CavaAllCheckersOffline", "firing")
	t.Logf("the page:\n%s", fired.Annotations["description"])
	for _, want := range []string{
		"192.168.1.101",                          // the checker
		"EMC CAVA service does not run",          // the cause
		"start the EMC CAVA service",             // the remedy
		"OBJECT_NAME_NOT_FOUND", "viruschecking", // what the device says, what follows
		"server_2", "vnx-ams-1",
	} {
		if !strings.Contains(fired.Annotations["description"], want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if fired.Labels["severity"] != "critical" || fired.Labels["site"] != "ams" || !strings.HasSuffix(fired.Annotations["runbook_url"], "/runbooks/CavaAllCheckersOffline") {
		t.Errorf("labels %v, annotations %v", fired.Labels, fired.Annotations)
	}

	device.online()
	pages.await(ctx, t, "CavaAllCheckersOffline", "resolved")
	for _, p := range pages.seen() {
		if p.Labels["alertname"] != "CavaAllCheckersOffline" {
			t.Errorf("another page went out: %v %s", p.Labels, p.Status)
		}
	}
}

// replay is the folder that the forced command answers from.
type replay struct {
	*testing.T
	dir string
}

func newReplay(t *testing.T, dir string) *replay {
	r := &replay{t, mkdir(t, dir, "device")}
	r.write("replay", fmt.Sprintf(`#!/bin/sh
cd %s || exit 1
case "$SSH_ORIGINAL_COMMAND" in
*" env NAS_DB=/nas LANG=C /nas/bin/server_viruschk server_2") exec cat status ;;
*" env NAS_DB=/nas LANG=C /nas/bin/server_viruschk server_2 -audit") exec cat audit ;;
*" env NAS_DB=/nas LANG=C /nas/bin/server_log server_2 -a -s") exec cat log ;;
esac
echo "refused: $SSH_ORIGINAL_COMMAND" >&2
exit 127
`, r.dir))
	if err := os.Chmod(filepath.Join(r.dir, "replay"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.write("audit", string(vnxcava.Audit("idle")))
	r.write("log", string(vnxcava.ServerLog("s3_straight_quotes")))
	r.online()
	return r
}

func (r *replay) command() string { return filepath.Join(r.dir, "replay") }

func (r *replay) online() {
	r.status(string(vnxcava.Status("s1_healthy")))
}

// offline puts the published block of a stopped CAVA service in the place of the
// healthy checker.
func (r *replay) offline() {
	healthy := string(vnxcava.Status("s1_healthy"))
	footer := healthy[strings.Index(healthy, " 1 File Mask"):]
	r.status(string(vnxcava.Status("s2_object_name_not_found")) + footer)
}

// status answers with a published block, dated now: it is years old and would
// be stale.
func (r *replay) status(text string) {
	for _, old := range []string{"Thu May 26 19:41:13 2011", "Tue May 17 05:55:23 2011", "Sat Aug 20 20:28:33 2011"} {
		text = strings.ReplaceAll(text, old, time.Now().UTC().Format("Mon Jan _2 15:04:05 2006"))
	}
	r.write("status", text)
}

// write replaces a file at once, so that no reader sees half of it.
func (r *replay) write(name, text string) {
	r.Helper()
	temp := filepath.Join(r.dir, name+".new")
	if err := os.WriteFile(temp, []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
	if err := os.Rename(temp, filepath.Join(r.dir, name)); err != nil {
		r.Fatal(err)
	}
}

func startExporter(ctx context.Context, t *testing.T, dir string, server *openssh.Server) string {
	t.Helper()
	config := filepath.Join(dir, "exporter.yml")
	write(t, config, fmt.Sprintf(`global: {timeout: 5s, min_interval: 0s, known_hosts_file: %s}
credentials:
  celerra: {username: %s, private_key_file: %s}
targets:
  - name: vnx-ams-1
    system: vnx_cava
    address: %s
    credential: celerra
    labels: {site: ams}
    vnx_cava: {movers: [server_2]}
`, server.KnownHosts, server.User, server.PrivateKey, server.Address))
	return serveConfig(ctx, t, config)
}

// serveConfig runs the exporter with a configuration until the test ends.
func serveConfig(ctx context.Context, t *testing.T, config string) string {
	t.Helper()
	address := freeAddress(t)
	listen, none, off := []string{address}, "", false
	logger, err := newLogger(&testWriter{T: t}, "info", "logfmt")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, options{
			configFiles: []string{config}, telemetryPath: "/metrics",
			web: &web.FlagConfig{WebListenAddresses: &listen, WebConfigFile: &none, WebSystemdSocket: &off},
		}, logger)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("the exporter: %v", err)
		}
	})
	eventually(ctx, t, "the exporter is ready", func() bool { return get(ctx, "http://"+address+"/-/ready") != "" })
	return address
}

func startAlertmanager(ctx context.Context, t *testing.T, path, dir, webhook string) string {
	t.Helper()
	example, err := os.ReadFile("deploy/alertmanager/alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(example), "http://127.0.0.1:9099/page", webhook)
	if text == string(example) {
		t.Fatal("the example configuration has another webhook address than this test expects")
	}
	return runAlertmanager(ctx, t, path, dir, text)
}

// runAlertmanager runs one with a configuration and the shipped templates.
func runAlertmanager(ctx context.Context, t *testing.T, path, dir, config string) string {
	t.Helper()
	home := mkdir(t, dir, "alertmanager")
	write(t, filepath.Join(home, "alertmanager.yml"), config)
	if err := os.CopyFS(filepath.Join(home, "templates"), os.DirFS("deploy/alertmanager/templates")); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	start(t, path, "--config.file="+filepath.Join(home, "alertmanager.yml"), "--storage.path="+filepath.Join(home, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=")
	eventually(ctx, t, "Alertmanager is ready", func() bool { return get(ctx, "http://"+address+"/-/ready") != "" })
	return address
}

func startPrometheus(ctx context.Context, t *testing.T, path, dir, exporter, alertmanager string) string {
	t.Helper()
	rules, err := filepath.Abs("rules")
	if err != nil {
		t.Fatal(err)
	}
	home := mkdir(t, dir, "prometheus")
	write(t, filepath.Join(home, "prometheus.yml"), fmt.Sprintf(`global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}
rule_files: ["%s/*.yml"]
alerting:
  alertmanagers: [{static_configs: [{targets: ["%s"]}]}]
scrape_configs:
  - job_name: dataprotection
    http_sd_configs: [{url: "http://%s/sd", refresh_interval: 1s}]
  - job_name: dataprotection_exporter
    static_configs: [{targets: ["%s"]}]
`, rules, alertmanager, exporter, exporter))
	address := freeAddress(t)
	start(t, path, "--config.file="+filepath.Join(home, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(home, "data"),
		"--web.listen-address="+address)
	eventually(ctx, t, "Prometheus is ready", func() bool { return get(ctx, "http://"+address+"/-/ready") != "" })
	return address
}

// start runs a program until the test ends and shows its log when the test
// failed.
func start(t *testing.T, path string, args ...string) {
	t.Helper()
	var log bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(path), tail(log.String(), 4000))
		}
	})
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// query says whether a query has a result.
func query(ctx context.Context, prometheus, expr string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+prometheus+"/api/v1/query", strings.NewReader("query="+url.QueryEscape(expr)))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var answer struct {
		Data struct {
			Result []json.RawMessage `json:"result"`
		} `json:"data"`
	}
	return json.NewDecoder(res.Body).Decode(&answer) == nil && len(answer.Data.Result) > 0
}

// alert is one alert of a webhook message.
type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// webhook is somebody's phone.
type webhook struct {
	*httptest.Server
	mu     sync.Mutex
	alerts []alert
	came   chan struct{}
}

func newWebhook(t *testing.T) *webhook {
	h := &webhook{came: make(chan struct{}, 1)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var message struct {
			Alerts []alert `json:"alerts"`
		}
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			t.Errorf("the webhook got: %v", err)
		}
		h.mu.Lock()
		h.alerts = append(h.alerts, message.Alerts...)
		h.mu.Unlock()
		select {
		case h.came <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *webhook) seen() []alert {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]alert(nil), h.alerts...)
}

// await waits for an alert to arrive.
func (h *webhook) await(ctx context.Context, t *testing.T, name, status string) alert {
	t.Helper()
	for {
		for _, a := range h.seen() {
			if a.Labels["alertname"] == name && a.Status == status {
				return a
			}
		}
		select {
		case <-h.came:
		case <-ctx.Done():
			t.Fatalf("%s %s did not arrive; there came %v", name, status, h.seen())
		}
	}
}

// eventually polls until something holds.
func eventually(ctx context.Context, t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("in vain: %s", what)
		}
	}
}

func get(ctx context.Context, address string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return ""
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// program finds a program the test needs. Where the tests were set up by
// `make test` a missing one is a failure.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, p := range []string{name, filepath.Join("/usr/sbin", name)} {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	if os.Getenv("DATAPROTECTION_TEST_TOOLS") == "required" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed; `make test` installs it", name)
	return ""
}

func mkdir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// testWriter shows the exporter's log with the test's.
type testWriter struct {
	*testing.T
	mu sync.Mutex
}

func (w *testWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Logf("%s", bytes.TrimRight(p, "\n"))
	return len(p), nil
}
