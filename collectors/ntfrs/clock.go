package ntfrs

import "time"

// clockSkew is how far the clocks of a member and of the exporter may differ:
// as far as FRS itself allows two partners.
const clockSkew = 30 * time.Minute

// moment is when a clock without a date showed a time of day, if that was
// between two moments. It is not certain where the two are a day apart.
func moment(clock string, loc *time.Location, after, before time.Time) (time.Time, bool) {
	at, err := time.Parse(time.TimeOnly, clock)
	if err != nil || after.IsZero() {
		return time.Time{}, false
	}
	after, before = after.Add(-clockSkew), before.Add(clockSkew)
	if before.Sub(after) >= 24*time.Hour-time.Second {
		return time.Time{}, false
	}
	// Around midnight the day may be this one, the one before, or the next.
	day := before.In(loc)
	for back := range 3 {
		t := time.Date(day.Year(), day.Month(), day.Day()-back, at.Hour(), at.Minute(), at.Second(), 0, loc)
		if t.After(after) && !t.After(before) {
			return t, true
		}
	}
	return time.Time{}, false
}
