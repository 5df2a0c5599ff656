package ntfrs

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"dataprotection_exporter/collectors/system/systemtest"
	"dataprotection_exporter/fixtures/provenance"
	"dataprotection_exporter/remote"
)

// answers are texts of the host, by part and name.
var answers = os.DirFS("testdata/answers")

// today is the day of the golden expositions.
var today = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func names(t testing.TB, part string) []string {
	t.Helper()
	entries, err := fs.ReadDir(answers, part)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return names
}

func prepared(t testing.TB, part, name string) remote.Answer {
	t.Helper()
	file := path.Join(part, name+".txt")
	data, err := fs.ReadFile(answers, file)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Answer{Stdout: data, ExitStatus: provenance.Read(answers)[file].Exit, Time: today}
}

func newTestCollector(t testing.TB, runner remote.Runner, opts Options) *collector {
	t.Helper()
	if opts.Timezone == "" {
		opts.Timezone = "UTC"
	}
	env := systemtest.Env(runner)
	env.Now = func() time.Time { return today }
	c, err := newCollector(env, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*collector)
}

func asked(argv []string) string { return strings.Join(argv, " ") }

func TestProvenance(t *testing.T) {
	for _, p := range provenance.Problems(answers) {
		t.Error(p)
	}
}

func TestGoldenSets(t *testing.T) {
	for _, name := range names(t, "sets") {
		t.Run(name, func(t *testing.T) {
			c := newTestCollector(t, systemtest.Answers{asked(setsCommand("dc1")): prepared(t, "sets", name)}, Options{Members: []string{"dc1"}, CodePage: "850"})
			systemtest.Golden(t, "sets/"+name+".prom", systemtest.Exposition(t, c, metrics, partSets))
		})
	}
}

func TestGoldenEvents(t *testing.T) {
	for _, name := range names(t, "events") {
		t.Run(name, func(t *testing.T) {
			c := newTestCollector(t, systemtest.Answers{asked(eventsCommand("dc1", aMonth)): prepared(t, "events", name)}, Options{Members: []string{"dc1"}, Events: true})
			text := systemtest.Exposition(t, c, metrics, partEvents)
			systemtest.Golden(t, "events/"+name+".prom", withoutQuiet(text))
		})
	}
}

// withoutQuiet leaves out the events that were not logged: they are the same in
// every exposition, and one test looks at them.
func withoutQuiet(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		quiet := strings.HasSuffix(line, " 0\n") && !strings.Contains(line, "13508") && !strings.Contains(line, "13568")
		if !quiet {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestGoldenCounters(t *testing.T) {
	for _, name := range names(t, "counters") {
		t.Run(name, func(t *testing.T) {
			runner := systemtest.Answers{
				asked(stagingCommand("dc1")): prepared(t, "counters", name),
				asked(totalsCommand("dc1")):  prepared(t, "counters_raw", "one_set"),
			}
			c := newTestCollector(t, runner, Options{Members: []string{"dc1"}, Counters: true, CodePage: "850"})
			systemtest.Golden(t, "counters/"+name+".prom", systemtest.Exposition(t, c, metrics, partCounters))
		})
	}
}

// Where totals cannot be read, the sizes stand alone and a problem says why.
func TestGoldenTotals(t *testing.T) {
	for _, name := range names(t, "counters_raw") {
		t.Run(name, func(t *testing.T) {
			runner := systemtest.Answers{
				asked(stagingCommand("dc1")): prepared(t, "counters", "two_sets"),
				asked(totalsCommand("dc1")):  prepared(t, "counters_raw", name),
			}
			c := newTestCollector(t, runner, Options{Members: []string{"dc1"}, Counters: true})
			systemtest.Golden(t, "counters_raw/"+name+".prom", systemtest.Exposition(t, c, metrics, partCounters))
		})
	}
}

func TestGoldenBacklog(t *testing.T) {
	b := Backlog{Group: "Domain System Volume", Folder: "SYSVOL Share", From: "dc1", To: "dc2"}
	for _, name := range names(t, "dfsr") {
		t.Run(name, func(t *testing.T) {
			c := newTestCollector(t, systemtest.Answers{asked(backlogCommand(b)): prepared(t, "dfsr", name)}, Options{DFSR: []Backlog{b}})
			systemtest.Golden(t, "dfsr/"+name+".prom", systemtest.Exposition(t, c, metrics, partDFSR))
		})
	}
}

// What was published of debug logs, written after the first look.
func TestGoldenDebugLog(t *testing.T) {
	for _, name := range names(t, "debug_log") {
		t.Run(name, func(t *testing.T) {
			h := newHost()
			h.append("/C:/Windows/debug/NtFrs_0001.log", "<ServiceMain: 1: 2: S0: 00:00:01> :S: began\n")
			c := newTestCollector(t, h, Options{Members: []string{"dc1"}, DebugLogs: []string{`C:\Windows\debug\NtFrs_*.log`}})
			c.env.Now = func() time.Time { return today }
			systemtest.Exposition(t, c, metrics, partDebugLog)
			h.append("/C:/Windows/debug/NtFrs_0001.log", string(prepared(t, "debug_log", name).Stdout))
			systemtest.Golden(t, "debug_log/"+name+".prom", systemtest.Exposition(t, c, metrics, partDebugLog))
		})
	}
}
