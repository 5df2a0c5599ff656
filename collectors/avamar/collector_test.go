package avamar

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/collectors/system/systemtest"
	fixtures "dataprotection_exporter/fixtures/avamar"
	"dataprotection_exporter/remote"
)

func collectOnce(t *testing.T, c *collector, parts ...string) map[string]system.Question {
	t.Helper()
	r := system.NewReport(time.Now, parts...)
	c.Collect(t.Context(), r)
	qs := map[string]system.Question{}
	for _, q := range r.Questions() {
		qs[q.Part] = q
	}
	return qs
}

// gauge is the value of a metric without labels in what a part brought.
func gauge(t *testing.T, c *collector, name string, parts ...string) (string, bool) {
	t.Helper()
	for line := range strings.Lines(systemtest.Exposition(t, c, metrics, parts...)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

func serials(mcs, gsan remote.Answer) systemtest.Answers {
	return systemtest.Answers{strings.Join(ticketFileCommand, " "): mcs, strings.Join(keytableCommand, " "): gsan}
}

func text(s string) remote.Answer { return remote.Answer{Stdout: []byte(s)} }

func TestGap(t *testing.T) {
	refused := remote.Answer{ExitStatus: 1, Stderr: []byte("Permission denied\n")}
	for _, tt := range []struct {
		name      string
		mcs, gsan remote.Answer
		parts     []string
		want      string // "" is absent
	}{
		{"after a repair", text("38000"), text(`<keytable minimalserial="38000">`), nil, "0"},
		{"behind", text("28451"), text(`<keytable minimalserial="28500">`), nil, "-49"},
		{"ahead", text("28517\n"), text(`<keytable minimalserial="28500">`), nil, "17"},
		{"MCS not read", text(""), text(`<keytable minimalserial="28500">`), nil, ""},
		{"MCS not allowed", refused, text(`<keytable minimalserial="28500">`), nil, ""},
		{"GSAN not read", text("28517"), text("<keytable>"), nil, ""},
		{"only one asked", text("28517"), text(`<keytable minimalserial="28500">`), []string{partMCSSerial}, ""},
	} {
		c := newTestCollector(t, systemtest.Env(serials(tt.mcs, tt.gsan)), Options{})
		got, _ := gauge(t, c, "avamar_session_ticket_serial_gap", tt.parts...)
		if got != tt.want {
			t.Errorf("%s: gap %q, want %q", tt.name, got, tt.want)
		}
	}
}

// One serial that cannot be read does not hide the other.
func TestOneSerialFails(t *testing.T) {
	c := newTestCollector(t, systemtest.Env(serials(remote.Answer{ExitStatus: 1, Stderr: []byte("cat: x: Permission denied\n")}, text(`<keytable minimalserial="7">`))), Options{})
	qs := collectOnce(t, c)
	if qs[partMCSSerial].Reason() != remote.Permission || qs[partGSANSerial].Reason() != remote.None {
		t.Errorf("%v, %v", qs[partMCSSerial].Err, qs[partGSANSerial].Err)
	}
	if len(qs[partMCSSerial].Samples) != 0 || len(qs[partGSANSerial].Samples) != 1 {
		t.Errorf("%d and %d samples", len(qs[partMCSSerial].Samples), len(qs[partGSANSerial].Samples))
	}
}

// Only commands that display are run, and the logs are read and not touched.
func TestCommandsAreReadOnly(t *testing.T) {
	node := fixtures.NewUtilityNode(fixtures.Options{Scenario: fixtures.Quiet()})
	var mu sync.Mutex
	var asked [][]string
	runner := runnerFunc(func(cmd remote.Command) (remote.Answer, error) {
		mu.Lock()
		asked = append(asked, cmd.Argv)
		mu.Unlock()
		a := node.Answer(cmd.Argv)
		return remote.Answer{Stdout: []byte(a.Stdout), Stderr: []byte(a.Stderr), ExitStatus: a.Exit}, nil
	})
	c := newTestCollector(t, systemtest.Env(runner), Options{Services: true, Status: true})
	for part, q := range collectOnce(t, c) {
		if q.Err != nil {
			t.Errorf("%s: %v", part, q.Err)
		}
	}
	if len(asked) != 4 {
		t.Errorf("asked %q", asked)
	}
	for _, argv := range asked {
		if !fixtures.ReadOnly(argv) {
			t.Errorf("asked %q", argv)
		}
	}
	if v := node.Violations(); len(v) > 0 {
		t.Errorf("violations %q", v)
	}
	for _, never := range fixtures.NeverRun() {
		if fixtures.ReadOnly(never) {
			t.Errorf("%q counts as read-only", never)
		}
	}
}

type runnerFunc func(remote.Command) (remote.Answer, error)

func (f runnerFunc) Run(_ context.Context, cmd remote.Command) (remote.Answer, error) { return f(cmd) }
func (runnerFunc) Close() error                                                       { return nil }

// store is a system.Store in memory that encodes like a real one.
type store map[string]string

func (s store) Load(name string, v any) (bool, error) {
	text, ok := s[name]
	if !ok {
		return false, nil
	}
	return true, json.Unmarshal([]byte(text), v)
}

func (s store) Save(values map[string]any) error {
	for name, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		s[name] = string(text)
	}
	return nil
}

const event = "2026/01/01-00:00:00.00000 {0.0} [srvm-1#srv:1]  WARN: <1418> sessionkeytable::setpublickey session ticket with serial=5 was used already\n"

// An exporter that is restarted goes on in the logs where it stopped, with the
// counts it had; without a store it begins at the end.
func TestLogsSurviveARestart(t *testing.T) {
	for _, kept := range []bool{true, false} {
		files := &logFiles{files: map[string]string{"/d/gsan.log": event}, now: time.Unix(1, 0)}
		env := systemtest.Env(files)
		if kept {
			env.Store = store{}
		}
		opts := Options{GSANLogs: []string{"/d/gsan.log*"}}
		first := newTestCollector(t, env, opts)
		collectOnce(t, first, partGSANLog)
		grow := func(lines string) {
			files.files["/d/gsan.log"] += lines
			files.now = files.now.Add(time.Minute)
		}
		grow(event + event)
		collectOnce(t, first, partGSANLog)
		grow(event) // while the exporter is down
		second := newTestCollector(t, env, opts)
		collectOnce(t, second, partGSANLog)
		grow(event)
		collectOnce(t, second, partGSANLog)
		want := 1.0
		if kept {
			want = 4
		}
		if got := second.gsanLog.counts.Events[kindAlreadyUsed]; got != want {
			t.Errorf("with a store %v: %v events, want %v", kept, got, want)
		}
	}
}

func TestNoGSANLogIsAFailedPart(t *testing.T) {
	c := newTestCollector(t, systemtest.Env(&logFiles{files: map[string]string{}}), Options{GSANLogs: []string{"/d/gsan.log*"}, ClientLogs: []string{"/c/*"}})
	qs := collectOnce(t, c, partGSANLog, partClientLog)
	if qs[partGSANLog].Err == nil || !strings.Contains(qs[partGSANLog].Err.Error(), "multi-node") {
		t.Errorf("no GSAN log: %v", qs[partGSANLog].Err)
	}
	if qs[partClientLog].Err != nil {
		t.Errorf("no job has run here yet: %v", qs[partClientLog].Err)
	}
	without := newTestCollector(t, systemtest.Env(systemtest.Answers{}), Options{GSANLogs: []string{"/d/gsan.log*"}})
	if q := collectOnce(t, without, partGSANLog)[partGSANLog]; q.Reason() != remote.NotSupported {
		t.Errorf("a transport that reads no files: %v", q.Err)
	}
}

func TestOptionsCheck(t *testing.T) {
	for pattern, want := range map[string]string{
		"/data01/cur/gsan.log*": "", "/data01/cur/gsan.log.00?": "", "/x/[ab].log": "",
		"relative.log": "no absolute path", "/data0*/cur/gsan.log": "wildcards in its folder", "/a/../b.log": "does not name files",
		"/a/b/": "does not name files", "/a/b;reboot": "no absolute path", "/a/$(x)": "no absolute path", "/a/[": "no pattern", "": "no absolute path",
	} {
		var got string
		(&Options{GSANLogs: []string{pattern}}).Check(func(path, problem string) { got = path + ": " + problem })
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

func FuzzParsers(f *testing.F) {
	for folder := range map[string]bool{"keytable": true, "sessionticket": true, "dpnctl": true, "status_dpn": true, "gsan_log": true, "client_log": true} {
		for _, name := range fixtures.Names(folder) {
			f.Add(prepared(folder, name).Stdout)
			f.Add(prepared(folder, name).Stderr)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if n, err := ParseKeytable(in); err == nil && !strings.Contains(string(in), "minimalserial") {
			t.Errorf("a minimum of %d out of nothing", n)
		}
		if n, err := ParseTicketFile(in); err == nil && !strings.ContainsAny(string(in), "0123456789") {
			t.Errorf("a serial of %d out of nothing", n)
		}
		if services, _, err := ParseServices(in); err == nil && (len(services) == 0 || len(services) > maxServices) {
			t.Errorf("%d services and no error", len(services))
		}
		if s, err := ParseStatus(in); err == nil {
			for _, n := range s.Nodes {
				if n.Used != nil && (*n.Used < 0 || *n.Used > 1) {
					t.Errorf("a node is %v full", *n.Used)
				}
			}
		}
		counts, begun := newTickets(), newLogins()
		for line := range strings.Lines(string(in)) {
			counts.line("x", []byte(line))
			begun.line("x", []byte(line))
		}
	})
}
