package vnxcava

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	fixtures "dataprotection_exporter/fixtures/vnxcava"
)

func TestParseAuditEveryField(t *testing.T) {
	got, err := ParseAudit(fixtures.Audit("manual_example"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Audit{{
		Mover: "server_2", Requests: float(138), InProgress: float(25),
		Failures: map[string]float64{"no_answer": 0, "error_setup": 0, "file_not_found": 0, "access_denied": 0, "fail": 0, "timeout": 0},
		Infected: float(875), Actions: map[string]float64{"deleted": 64, "renamed": 0, "modified": 811},
		MinDuration: float(0.070915), MaxDuration: float(1.164891), AvgDuration: float(0.439708),
		Queue: float(15), Scanning: float(10),
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The same answer in another layout means the same.
func TestParseAuditLayouts(t *testing.T) {
	want, err := ParseAudit(fixtures.Audit("manual_example"))
	if err != nil {
		t.Fatal(err)
	}
	for _, fixture := range []string{"odd_spacing", "crlf", "shuffled"} {
		got, err := ParseAudit(fixtures.Audit(fixture))
		if err != nil {
			t.Errorf("%s: %v", fixture, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", fixture, d)
		}
	}
}

func TestParseAuditIncomplete(t *testing.T) {
	for _, fixture := range []string{"truncated_after_counters", "truncated_after_mover", "truncated_mid_line", "not_started", "words_for_numbers", "empty", "garbage"} {
		got, err := ParseAudit(fixtures.Audit(fixture))
		if err == nil && got[0].Cut == nil {
			t.Errorf("%s is taken for whole: %+v", fixture, got)
		}
	}
}

func TestParseAuditCutAnywhere(t *testing.T) {
	whole := fixtures.Audit("manual_example")
	full, err := ParseAudit(whole)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		got, err := ParseAudit(whole[:n])
		if err != nil || got[0].Cut != nil {
			continue
		}
		if d := cmp.Diff(full, got); d != "" {
			t.Errorf("cut at %d it is taken for whole: %s", n, d)
		}
	}
}

func FuzzParseAudit(f *testing.F) {
	for _, name := range fixtures.Names("audit") {
		f.Add(fixtures.Audit(name))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		audits, err := ParseAudit(in)
		if err != nil {
			return
		}
		for _, a := range audits {
			if a.Error == "" && a.Cut == nil && (a.Requests == nil || a.Queue == nil || a.Scanning == nil) {
				t.Errorf("incomplete and taken for whole: %+v", a)
			}
		}
	})
}
