package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	durationUnits = []struct {
		name    string
		seconds int64
	}{{"w", 604800}, {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}
	reDuration     = regexp.MustCompile(`^([0-9]+[wdhms])+$`)
	reDurationPart = regexp.MustCompile(`([0-9]+)([wdhms])`)
)

// parseDuration reads a duration of Prometheus in whole seconds.
func parseDuration(s string) (int64, error) {
	if !reDuration.MatchString(s) {
		return 0, fmt.Errorf("%q is not a duration in whole seconds: write it like 5m or 1h30m", s)
	}
	total := int64(0)
	for _, m := range reDurationPart.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is too long: %w", s, err)
		}
		for _, u := range durationUnits {
			if u.name == m[2] {
				total += n * u.seconds
			}
		}
	}
	return total, nil
}

// formatDuration writes a duration as Prometheus reads it.
func formatDuration(seconds int64) string {
	var s strings.Builder
	for _, u := range durationUnits[1:] { // weeks are written as days
		if n := seconds / u.seconds; n > 0 {
			fmt.Fprintf(&s, "%d%s", n, u.name)
			seconds %= u.seconds
		}
	}
	if s.Len() == 0 {
		return "0s"
	}
	return s.String()
}
