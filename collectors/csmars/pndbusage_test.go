package csmars

import (
	"strings"
	"testing"
	"time"

	fixtures "dataprotection_exporter/fixtures/csmars"
	"dataprotection_exporter/remote"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// The published answer: British summer time and Greenwich time in one, and an
// estimate that is a straight line through the fill.
func TestPublishedAnswer(t *testing.T) {
	for _, name := range []string{"form_a_as_published", "form_a", "form_a_crlf", "form_a_double_blank", "form_a_tabs_and_blanks", "form_a_blank_lines", "form_a_full_stop", "interactive", "interactive_lf", "interactive_exit", "interactive_echo_first", "interactive_escape_codes", "shuffled", "percent_comma"} {
		u, err := ParseUsage(fixtures.Pndbusage(name), zone(t, "Europe/London"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if u.Start.Unix() != 1154994114 || !u.Switch.Equal(time.Date(2007, 3, 22, 18, 23, 29, 0, time.UTC)) || u.Used == nil || *u.Used != 0.307 ||
			u.Empty == nil || *u.Empty != 9 || u.Purge == nil || *u.Purge || len(u.Unrecognized) != 0 {
			t.Errorf("%s: %+v", name, u)
		}
		// By its own numbers it was printed on 16 October 2006, the day it was
		// published.
		if drift, off := u.drift(time.Date(2006, 10, 16, 17, 0, 0, 0, time.UTC)); off || drift.Format(time.DateOnly) != "2006-10-16" {
			t.Errorf("%s: drift %v %v", name, drift, off)
		}
		if _, off := u.drift(time.Date(2006, 10, 20, 0, 0, 0, 0, time.UTC)); !off {
			t.Errorf("%s: four days off are not seen", name)
		}
	}
}

func TestZones(t *testing.T) {
	for _, c := range []struct{ name, zone, start, next string }{
		{"bst_both", "Europe/London", "2007-04-30T23:00:00Z", "2007-08-30T11:00:00Z"},
		{"gmt_then_bst", "Europe/London", "2007-01-01T09:00:00Z", "2007-07-01T09:00:00Z"},
		{"repeated_hour_bst", "Europe/London", "2006-10-29T00:30:00Z", "2007-01-15T04:00:00Z"},
		{"repeated_hour_gmt", "Europe/London", "2006-10-29T01:30:00Z", "2007-01-15T04:00:00Z"},
		{"zone_est_edt", "America/New_York", "2007-01-16T08:12:40Z", "2007-04-29T21:05:11Z"},
		{"zone_cet_cest", "Europe/Amsterdam", "2007-02-02T22:59:59Z", "2007-04-03T04:30:00Z"},
		{"zone_ist", "Asia/Kolkata", "2007-03-03T02:30:00Z", "2007-06-14T16:40:05Z"},
		{"zone_jst", "Asia/Tokyo", "2007-03-02T23:00:00Z", "2007-06-14T13:10:05Z"},
		{"zone_utc", "Asia/Tokyo", "2007-03-03T08:00:00Z", "2007-06-14T22:10:05Z"},
		{"zone_missing", "Asia/Tokyo", "2007-03-02T23:00:00Z", "2007-06-14T13:10:05Z"},
		{"gmt_both", "America/New_York", "2006-11-01T00:00:00Z", "2007-02-01T12:00:00Z"},
		{"zone_unknown", "Europe/London", "", ""},
		{"zone_ist", "Europe/London", "", ""}, // the setting names another zone: no time rather than a wrong one
		{"bst_both", "UTC", "", ""},
	} {
		u, err := ParseUsage(fixtures.Pndbusage(c.name), zone(t, c.zone))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		show := func(at time.Time) string {
			if at.IsZero() {
				return ""
			}
			return at.UTC().Format(time.RFC3339)
		}
		if show(u.Start) != c.start || show(u.Switch) != c.next {
			t.Errorf("%s in %s: %s and %s, want %s and %s", c.name, c.zone, show(u.Start), show(u.Switch), c.start, c.next)
		}
		if (c.start == "") != (len(u.Unrecognized) == 2) {
			t.Errorf("%s in %s: unrecognized %q", c.name, c.zone, u.Unrecognized)
		}
	}
}

// FuzzParseUsage holds the reader to its promises: no panic, ratios are ratios,
// nothing is made up.
func FuzzParseUsage(f *testing.F) {
	for _, name := range fixtures.Names("pndbusage") {
		f.Add(fixtures.Pndbusage(name))
	}
	london := zone(f, "Europe/London")
	f.Fuzz(func(t *testing.T, out []byte) {
		u, err := ParseUsage(out, london)
		if err != nil {
			if remote.AdviceOf(err) == "" {
				t.Errorf("no advice in %v", err)
			}
			return
		}
		if u.Used != nil && (*u.Used < 0 || *u.Used > 1) {
			t.Errorf("a ratio of %v", *u.Used)
		}
		if text := strings.ToLower(string(out)); u.Empty != nil && !strings.Contains(text, "empty") && !strings.Contains(text, "purg") {
			t.Errorf("%v empty partitions from nothing", *u.Empty)
		}
	})
}
