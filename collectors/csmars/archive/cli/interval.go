package cli

import (
	"fmt"
	"time"

	"dataprotection_exporter/collectors/csmars/archive"
)

// layouts are the forms of a time, and what each leaves open.
var layouts = []struct {
	layout string
	length time.Duration
}{
	{"2006-01-02", 24 * time.Hour},
	{"2006-01-02 15", time.Hour},
	{"2006-01-02T15", time.Hour},
	{"2006-01-02 15:04", time.Minute},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02 15:04:05", time.Second},
	{"2006-01-02T15:04:05", time.Second},
	{"2006-01-02-15-04-05", time.Second}, // as in the names of files
}

// parseInterval reads the two ends of a time range. The end includes what it
// names: all of that day, hour or minute.
func parseInterval(from, to string, zone *time.Location) (archive.Interval, error) {
	i := archive.Always
	if from != "" {
		first, _, err := parseTime(from, zone)
		if err != nil {
			return i, fmt.Errorf("--from: %w", err)
		}
		i.From = first
	}
	if to != "" {
		_, last, err := parseTime(to, zone)
		if err != nil {
			return i, fmt.Errorf("--to: %w", err)
		}
		i.To = last
	}
	if i.From >= i.To {
		return i, fmt.Errorf("--from %s is not before --to %s", from, to)
	}
	return i, nil
}

// parseTime is the beginning of what a text names and the beginning of what
// follows. A time without a zone is read off the appliance's clock as it stands.
func parseTime(text string, zone *time.Location) (first, behind archive.Wall, err error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		w := archive.WallOf(t, zone)
		return w, w + 1, nil
	}
	for _, l := range layouts {
		if t, err := time.Parse(l.layout, text); err == nil {
			w := archive.Wall(t.Unix())
			return w, w + archive.Wall(l.length/time.Second), nil
		}
	}
	return 0, 0, fmt.Errorf("%q is no time: write 2006-12-13, 2006-12-13 01, 2006-12-13 01:30 or 2006-12-13T01:30:00Z", text)
}
