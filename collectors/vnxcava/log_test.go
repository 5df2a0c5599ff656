package vnxcava

import (
	"bytes"
	"strings"
	"testing"

	fixtures "dataprotection_exporter/fixtures/vnxcava"
)

func TestLogLine(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		stamp      string
		want       *Event
	}{
		{
			"as published", "2012-04-29 08:49:47: 81878122528: VC: 3: 32: Server ‘192.168.1.156’ returned error ‘FILE_NOT_FOUND’ when checking file ‘\\root_vdm_2\\CIFS\\Test\\1234.exe’",
			"2012-04-29 08:49:47",
			&Event{ID: "32", Severity: "error", Checker: "192.168.1.156", Error: "FILE_NOT_FOUND"},
		},
		{
			"straight quotes", "2012-04-29 08:49:47: 81878122528: VC: 3: 32: Server '192.168.1.156' returned error 'FILE_NOT_FOUND' when checking file '\\a\\it's.doc'",
			"2012-04-29 08:49:47",
			&Event{ID: "32", Severity: "error", Checker: "192.168.1.156", Error: "FILE_NOT_FOUND"},
		},
		{
			"an error word with a blank", "2012-04-29 08:49:47: 81878122528: VC: 3: 32: Server 'av1' returned error 'NO ANSWER' when checking file 'x'",
			"2012-04-29 08:49:47",
			&Event{ID: "32", Severity: "error", Checker: "av1", Error: "NO_ANSWER"},
		},
		{
			"an unknown error word", "2012-04-29 08:49:47: 81878122528: VC: 3: 32: Server 'av 1' returned error 'SOMETHING_NEW' when checking file 'x'",
			"2012-04-29 08:49:47",
			&Event{ID: "32", Severity: "error", Checker: "other", Error: "other"},
		},
		{"warning", "2012-04-29 08:40:01: 86173089794: VC: 4: 2: High water mark reached.", "2012-04-29 08:40:01", &Event{ID: "2", Severity: "warning"}},
		{"severity unknown", "2012-04-29 08:40:01: 86173089794: VC: 9: 2: x", "2012-04-29 08:40:01", &Event{ID: "2", Severity: "other"}},
		{"other facility", "2012-04-29 08:40:01: 26040008705: ADMIN: 6: 1: Command succeeded", "2012-04-29 08:40:01", nil},
		{"no log line", "VC: 3: 32: no date", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stamp, e, _ := logLine([]byte(tt.line))
			if stamp != tt.stamp {
				t.Errorf("time %q, want %q", stamp, tt.stamp)
			}
			if (e == nil) != (tt.want == nil) || e != nil && *e != *tt.want {
				t.Errorf("event %+v, want %+v", e, tt.want)
			}
		})
	}
}

func TestHideFileNames(t *testing.T) {
	for _, name := range []string{"file_errors", "s3_as_published", "quotes_in_file_name"} {
		shown := hideFileNames(fixtures.ServerLog(name))
		if bytes.Contains(shown, []byte("CIFS\\")) || !bytes.Contains(shown, []byte("<file>")) {
			t.Errorf("%s: a file name is shown:\n%s", name, shown)
		}
	}
}

// No line and no file name that a log holds gets into a label.
func TestLogFollowerBounds(t *testing.T) {
	f := newLogFollower()
	first := "2012-04-29 08:00:00: 1: ADMIN: 6: 1: x\n"
	if _, _, err := f.read([]byte(first)); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	log.WriteString(first)
	for i := range 1000 {
		n := strings.Repeat("1", i%7+1)
		log.WriteString("2012-04-29 08:00:01: 1: VC: 3: " + n + ": x\n")
		log.WriteString("2012-04-29 08:00:01: 1: VC: 3: 32: Server 'av" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + "' returned error 'FAIL' when checking file 'secret'\n")
	}
	if _, _, err := f.read([]byte(log.String())); err != nil {
		t.Fatal(err)
	}
	if len(f.checkers) > maxLogCheckers {
		t.Errorf("%d checkers are counted apart", len(f.checkers))
	}
	if f.errors[errorKey{"other", "FAIL"}] == 0 {
		t.Error("checkers beyond the bound are not counted as other")
	}
	if total := f.events[eventKey{"32", "error"}]; total != 1000 {
		t.Errorf("event 32 counted %v times, want 1000", total)
	}
}

func FuzzLog(f *testing.F) {
	for _, name := range fixtures.Names("server_log") {
		f.Add(fixtures.ServerLog(name), fixtures.ServerLog("vc_events"))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		follower := newLogFollower()
		_, _, _ = follower.read(first)
		before := 0.0
		for _, v := range follower.events {
			before += v
		}
		if before != 0 {
			t.Error("lines of the first reading are counted")
		}
		_, _, _ = follower.read(second)
		_, _, _ = follower.read(second)
		for k, v := range follower.events {
			if v < 0 || v > float64(bytes.Count(second, []byte("\n"))) {
				t.Errorf("event %v counted %v times", k, v)
			}
		}
	})
}
