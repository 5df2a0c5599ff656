package onefs

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// signatureForms are the forms of a time that an antivirus product may give.
// The API says nothing of it. Day and month in figures are told apart by the
// AM/PM of the one country that writes the month first; without it they are not.
var signatureForms = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST",
	time.RFC1123Z, time.RFC1123, time.UnixDate, time.RubyDate,
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006/01/02 15:04:05", "20060102T150405Z0700",
	time.ANSIC, "Mon, 02 Jan 2006 15:04:05", "02 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Jan _2 2006 15:04:05", "Jan 2, 2006 3:04:05 PM",
	"1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM",
}

// noSignature are words for a time that there is not.
var noSignature = []string{"", "0", "-", "n/a", "na", "none", "never", "null", "unknown", "not available", "no signature date"}

// parseSignature reads when signatures were updated. A zero time and ok means
// that there is none; not ok, that the text has no known form.
func parseSignature(s string, zone *time.Location, now time.Time) (at time.Time, ok bool) {
	s = strings.Join(strings.Fields(s), " ")
	if slices.Contains(noSignature, strings.ToLower(s)) {
		return time.Time{}, true
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		at = fromFigures(len(s), n)
	}
	for _, form := range signatureForms {
		if !at.IsZero() {
			break
		}
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			at = t
		}
	}
	// A date that no signature can have is a misunderstanding.
	if at.Year() < 2000 || at.After(now.AddDate(1, 0, 0)) {
		return time.Time{}, false
	}
	return at, true
}

// fromFigures reads a bare number: seconds or milliseconds since 1970, or the
// 100 nanoseconds since 1601 of Windows.
func fromFigures(digits int, n int64) time.Time {
	switch digits {
	case 9, 10:
		return time.Unix(n, 0)
	case 13:
		return time.UnixMilli(n)
	case 18:
		const since1601 = 11_644_473_600
		return time.Unix(n/1e7-since1601, n%1e7*100)
	}
	return time.Time{}
}
