package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dataprotection_exporter/collectors/csmars/archive"
	fixtures "dataprotection_exporter/fixtures/csmars"
)

var firstDay = time.Date(2006, 12, 12, 0, 0, 0, 0, time.UTC)

func generated(t *testing.T, damage fixtures.Damage) (string, *fixtures.Planted) {
	t.Helper()
	dir := t.TempDir()
	p, err := fixtures.Generate(fixtures.Options{Dir: dir, From: firstDay, Days: 3, FilesPerDay: 8, RowsPerFile: 200, Seed: "cli", Damage: damage})
	if err != nil {
		t.Fatal(err)
	}
	return dir, p
}

// runSearch gives what was printed and the exit status.
func runSearch(t *testing.T, s Search) (stdout, stderr string, status int) {
	t.Helper()
	var out, err bytes.Buffer
	s.Stdout, s.Stderr, s.Zone = &out, &err, "UTC"
	status = s.Run(t.Context())
	return out.String(), err.String(), status
}

func TestSearch(t *testing.T) {
	dir, planted := generated(t, fixtures.Damage{})
	common := Common{Dir: dir}
	seed := "MSWinEventLog.*Security.*[ ]administrator[ ]"
	out, complaint, status := runSearch(t, Search{Common: common, Pattern: seed, IgnoreCase: true})
	if status != StatusFound || complaint != "" || strings.Count(out, "\n") != planted.Matches("administrator_security") {
		t.Errorf("status %d, %d rows, %s", status, strings.Count(out, "\n"), complaint)
	}
	if !strings.Contains(out, "\xbb") {
		t.Error("rows are printed as they are")
	}
	// The interval of the article: three days, the hour of one o'clock.
	from, to := "2006-12-13 01", "2006-12-13 01"
	part := planted.Between(firstDay.AddDate(0, 0, 1).Add(time.Hour), firstDay.AddDate(0, 0, 1).Add(2*time.Hour-1))
	want := part.Matches("administrator")
	out, _, status = runSearch(t, Search{Common: Common{Dir: dir, From: from, To: to}, Fixed: "ADMINISTRATOR", IgnoreCase: true, Count: true})
	if strings.TrimSpace(out) != itoa(want) || status != StatusFound {
		t.Errorf("status %d: %q counted, %d planted", status, out, want)
	}
	out, _, status = runSearch(t, Search{Common: common, Fixed: "nobody wrote this"})
	if out != "" || status != StatusNone {
		t.Errorf("status %d, %q", status, out)
	}
	out, _, status = runSearch(t, Search{Common: common, Fixed: "nobody wrote this", Count: true})
	if out != "0\n" || status != StatusNone {
		t.Errorf("status %d, %q", status, out)
	}
	out, _, _ = runSearch(t, Search{Common: common, Fixed: "a", Max: 3, WithFile: true})
	if strings.Count(out, "\n") != 3 || !strings.HasPrefix(out, filepath.Join("2006-12-12", "ES", "rm-")) {
		t.Errorf("%q", out)
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestSearchInJSON(t *testing.T) {
	dir, planted := generated(t, fixtures.Damage{})
	out, _, status := runSearch(t, Search{Common: Common{Dir: dir, JSON: true}, Pattern: "administrator", IgnoreCase: true})
	if status != StatusFound {
		t.Fatal(status)
	}
	n := 0
	for line := range strings.Lines(out) {
		var row struct {
			File    string
			Row     int
			Message string
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if row.Row < 1 || row.Row > 200 || !strings.Contains(row.Message, "»") || strings.Contains(row.Message, "\ufffd") || !strings.HasPrefix(row.File, "2006-12-1") {
			t.Fatalf("%+v", row)
		}
		n++
	}
	if n != planted.Matches("administrator") {
		t.Errorf("%d rows of %d", n, planted.Matches("administrator"))
	}
	if out, _, _ := runSearch(t, Search{Common: Common{Dir: dir, JSON: true}, Pattern: "(?i)administrator", Count: true}); out != `{"count":`+itoa(n)+"}\n" {
		t.Error(out)
	}
}

func TestSearchTrouble(t *testing.T) {
	dir, planted := generated(t, fixtures.Damage{Truncated: 1, Garbage: 1})
	out, complaint, status := runSearch(t, Search{Common: Common{Dir: dir}, Fixed: "a"})
	if status != StatusTrouble || out == "" {
		t.Errorf("status %d", status)
	}
	for _, f := range planted.Corrupt() {
		if !strings.Contains(complaint, filepath.FromSlash(f)+": ") {
			t.Errorf("%s is not told: %s", f, complaint)
		}
	}
	for what, s := range map[string]Search{
		"neither":   {Common: Common{Dir: dir}},
		"both":      {Common: Common{Dir: dir}, Pattern: "a", Fixed: "b"},
		"bad":       {Common: Common{Dir: dir}, Pattern: "("},
		"nowhere":   {Common: Common{Dir: filepath.Join(dir, "nowhere")}, Pattern: "a"},
		"from":      {Common: Common{Dir: dir, From: "yesterday"}, Pattern: "a"},
		"to":        {Common: Common{Dir: dir, To: "13.12.2006"}, Pattern: "a"},
		"backwards": {Common: Common{Dir: dir, From: "2006-12-13", To: "2006-12-12"}, Pattern: "a"},
	} {
		if out, complaint, status := runSearch(t, s); status != StatusTrouble || out != "" || complaint == "" {
			t.Errorf("%s: status %d, %q, %q", what, status, out, complaint)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var o, e bytes.Buffer
	if status := (&Search{Common: Common{Dir: dir, Stdout: &o, Stderr: &e}, Fixed: "a"}).Run(ctx); status != StatusTrouble || o.Len() > 0 {
		t.Errorf("ended: status %d", status)
	}
}

func TestVerify(t *testing.T) {
	run := func(dir string, asJSON bool, now time.Time) (string, string, int) {
		var out, err bytes.Buffer
		v := Verify{Common: Common{Dir: dir, JSON: asJSON, Zone: "UTC", Stdout: &out, Stderr: &err, Now: func() time.Time { return now }}, Settle: time.Hour}
		status := v.Run(t.Context())
		return out.String(), err.String(), status
	}
	dir, _ := generated(t, fixtures.Damage{Compressed: 1, Plain: 1})
	if out, said, status := run(dir, false, time.Now()); status != StatusFound || out != "" || !strings.Contains(said, " 0 damaged") {
		t.Errorf("status %d, %q, %q", status, out, said)
	}
	dir, planted := generated(t, fixtures.Damage{Truncated: 1, BadCRC: 1, Empty: 1, Garbage: 1})
	out, said, status := run(dir, false, time.Now())
	if status != StatusNone || strings.Count(out, "\n") != 4 || !strings.Contains(said, " 4 damaged") {
		t.Errorf("status %d, %q, %q", status, out, said)
	}
	for _, f := range planted.Corrupt() {
		if !strings.Contains(out, filepath.FromSlash(f)+": ") {
			t.Errorf("%s is not named in %q", f, out)
		}
	}
	out, _, _ = run(dir, true, time.Now())
	for line := range strings.Lines(out) {
		var d struct{ File, Problem string }
		if err := json.Unmarshal([]byte(line), &d); err != nil || d.File == "" || d.Problem == "" {
			t.Errorf("%s: %v", line, err)
		}
	}
	// Files that were just written are not looked at.
	if out, said, status := run(dir, false, firstDay); status != StatusFound || out != "" || !strings.Contains(said, "not looked at") {
		t.Errorf("status %d, %q, %q", status, out, said)
	}
	if os.Getuid() != 0 {
		if err := os.Chmod(filepath.Join(dir, "2006-12-12"), 0); err != nil {
			t.Fatal(err)
		}
		if _, said, status := run(dir, false, time.Now()); status != StatusTrouble || !strings.Contains(said, "2006-12-12: permission denied") {
			t.Errorf("status %d, %q", status, said)
		}
	}
}

func TestTimes(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][2]string{
		"2006-12-13":                {"2006-12-13 00:00:00", "2006-12-14 00:00:00"},
		"2006-12-13 01":             {"2006-12-13 01:00:00", "2006-12-13 02:00:00"},
		"2006-12-13T01:30":          {"2006-12-13 01:30:00", "2006-12-13 01:31:00"},
		"2006-12-13-01-02-03":       {"2006-12-13 01:02:03", "2006-12-13 01:02:04"},
		"2006-07-13T01:30:00Z":      {"2006-07-13 02:30:00", "2006-07-13 02:30:01"},
		"2006-07-13T01:30:00+02:00": {"2006-07-13 00:30:00", "2006-07-13 00:30:01"},
	} {
		first, behind, err := parseTime(text, london)
		if err != nil {
			t.Error(err)
			continue
		}
		show := func(w archive.Wall) string { return w.In(time.UTC).Format(time.DateTime) }
		if got := [2]string{show(first), show(behind)}; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	for row, want := range map[string]string{
		"plain": "plain", "1\xbb2": "1»2", "1\xbbé": "1»é", "\xe9": "é", "é": "é", "": "",
	} {
		if got := decode([]byte(row)); got != want {
			t.Errorf("%q: %q", row, got)
		}
	}
	if got := string(harmless([]byte("a\x1b[2J\xbb\tb\x9b\n"))); got != "a?[2J»\tb?\n" {
		t.Errorf("%q", got)
	}
}

func TestBar(t *testing.T) {
	var p archive.Progress
	p.Files.Store(3)
	p.Bytes.Store(50e6)
	p.Damaged.Store(1)
	if got, want := bar(12, 200e6, &p, 2*time.Second), "[######..................]  25% 3/12 files, 50.0 MB of 200.0 MB, 25.0 MB/s, 6s left, 1 damaged"; got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
	if got := bar(0, 0, &archive.Progress{}, 0); !strings.Contains(got, "100%") {
		t.Error(got)
	}
	if got := size(999); got != "999 B" {
		t.Error(got)
	}
}
