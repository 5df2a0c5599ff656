package vnxcava

import (
	"strings"
	"testing"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/collectors/system/systemtest"
	fixtures "dataprotection_exporter/fixtures/vnxcava"
	"dataprotection_exporter/remote"
)

func newTestCollector(t *testing.T, runner remote.Runner, opts Options) *collector {
	t.Helper()
	c, err := newCollector(systemtest.Env(runner), &opts)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*collector)
}

func words(argv []string) string { return strings.Join(argv, " ") }

// TestGoldenStatus turns every status fixture into an exposition.
func TestGoldenStatus(t *testing.T) {
	for _, name := range fixtures.Names("status") {
		t.Run(name, func(t *testing.T) {
			mover := "server_2"
			if strings.HasPrefix(name, "all_") || name == "only_error_4019" {
				mover = allMovers
			}
			c := newTestCollector(t, systemtest.Answers{
				words(statusCommand(mover)): {Stdout: fixtures.Status(name), ExitStatus: fixtures.Provenance()["status/"+name+".txt"].Exit},
			}, Options{Movers: []string{mover}})
			systemtest.Golden(t, "status/"+name+".prom", systemtest.Exposition(t, c, metrics))
		})
	}
}

// TestGoldenAudit turns every audit fixture into an exposition.
func TestGoldenAudit(t *testing.T) {
	for _, name := range fixtures.Names("audit") {
		t.Run(name, func(t *testing.T) {
			mover := "server_2"
			if strings.HasPrefix(name, "all_") {
				mover = allMovers
			}
			c := newTestCollector(t, systemtest.Answers{
				words(auditCommand(mover)): {Stdout: fixtures.Audit(name), ExitStatus: fixtures.Provenance()["audit/"+name+".txt"].Exit},
			}, Options{Movers: []string{mover}, Audit: true})
			systemtest.Golden(t, "audit/"+name+".prom", systemtest.Exposition(t, c, metrics, partAudit))
		})
	}
}

// TestGoldenLog prints every log fixture after an older line, so that all of it
// is new.
func TestGoldenLog(t *testing.T) {
	before := "1999-01-01 00:00:00: 26040008705: ADMIN: 6: 1: before\n"
	for _, name := range fixtures.Names("server_log") {
		t.Run(name, func(t *testing.T) {
			command := words(logCommand("server_2"))
			runner := systemtest.Answers{command: {Stdout: []byte(before)}}
			c := newTestCollector(t, runner, Options{Movers: []string{"server_2"}, ServerLog: true})
			c.Collect(t.Context(), system.NewReport(c.env.Now, partLog))
			runner[command] = remote.Answer{
				Stdout: append([]byte(before), fixtures.ServerLog(name)...), ExitStatus: fixtures.Provenance()["server_log/"+name+".txt"].Exit,
			}
			systemtest.Golden(t, "server_log/"+name+".prom", systemtest.Exposition(t, c, metrics, partLog))
		})
	}
}
