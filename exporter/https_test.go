package exporter

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	onefssystem "dataprotection_exporter/collectors/onefs"
	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/fixtures/onefs"
)

// A target that is asked over HTTPS: probed, debugged without a secret, kept
// through reloads, logged out of at the end.
func TestTargetOverHTTPS(t *testing.T) {
	cluster, err := onefs.Start(onefs.Config{Scenario: onefs.Quiet(4, 2)})
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := fmt.Sprintf(`credentials: {papi: {username: %s, password_file: password}}
targets:
  - name: isilon-1
    system: onefs_cava
    address: %s
    credential: papi
    tls: {ca_file: ca.pem}
`, onefs.Username, cluster.URL())
	write("password", onefs.Password+"\n")
	write("ca.pem", string(cluster.CAPEM()))
	write(configName, config)
	reg := prometheus.NewRegistry()
	exp, err := New(Options{
		ConfigFiles: []string{filepath.Join(dir, configName)}, Systems: []system.Definition{onefssystem.System}, Registry: reg,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := exp.Handler()
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) string {
		t.Helper()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != 200 {
			t.Errorf("%s: status %d", path, w.Code)
		}
		return w.Body.String()
	}
	logins := func() int { return cluster.Logins()["session"].OK }

	body := get("/probe?target=isilon-1")
	for _, want := range []string{"dataprotection_probe_success 1", "onefs_nodes 4", `onefs_cava_system_status{node="4",status="RUNNING"} 1`, `dataprotection_part_success{part="nodes",unit="all"} 1`} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("no %q in the answer:\n%.2000s", want, body)
		}
	}
	debug := get("/probe?target=isilon-1&debug=true")
	for _, want := range []string{"transport https", "GET /platform/11/avscan/settings", "service_enabled"} {
		if !strings.Contains(debug, want) {
			t.Errorf("no %q on the debug page", want)
		}
	}
	for _, never := range []string{onefs.Password, "isisessid", "isicsrf", "/ifs"} {
		if strings.Contains(debug, never) {
			t.Errorf("%q on the debug page", never)
		}
	}
	if err := exp.Reload(); err != nil {
		t.Fatal(err)
	}
	get("/probe?target=isilon-1&debug=true")
	if logins() != 1 || cluster.Sessions() != 1 {
		t.Errorf("%d logins, %d sessions", logins(), cluster.Sessions())
	}
	// Another configuration of the target is another session; the old one ends.
	write(configName, config+"    timeout: 19s\n")
	if err := exp.Reload(); err != nil {
		t.Fatal(err)
	}
	get("/probe?target=isilon-1&debug=true")
	if logins() != 2 || cluster.Sessions() != 1 {
		t.Errorf("%d logins, %d sessions", logins(), cluster.Sessions())
	}
	if n, err := testutil.GatherAndCount(reg, "dataprotection_papi_certificate_verified"); err != nil || n != 1 {
		t.Errorf("%d targets in the metrics, %v", n, err)
	}
	exp.Close()
	if cluster.Sessions() != 0 {
		t.Error("a session is left behind")
	}
	if v := cluster.Violations(); len(v) > 0 {
		t.Errorf("the cluster was sent %q", v)
	}
}
