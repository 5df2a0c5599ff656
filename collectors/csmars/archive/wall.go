package archive

import "time"

// Wall is what a clock on the appliance's wall shows, in seconds, as if it hung
// in Greenwich. Names hold nothing else: no zone, and an hour of the night in
// autumn twice. Wall times are compared as they stand.
type Wall int64

const secondsOfDay = 24 * 60 * 60

// WallOf is what the clock of a zone shows at a moment.
func WallOf(t time.Time, zone *time.Location) Wall {
	t = t.In(zone)
	_, offset := t.Zone()
	return Wall(t.Unix() + int64(offset))
}

// In is the moment at which the clock of a zone shows w; the first one where
// there are two.
func (w Wall) In(zone *time.Location) time.Time {
	t := time.Unix(int64(w), 0).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
}

// Midnight is the beginning of the day.
func (w Wall) Midnight() Wall {
	rest := w % secondsOfDay
	if rest < 0 {
		rest += secondsOfDay
	}
	return w - rest
}

// AddDays is the same time of another day.
func (w Wall) AddDays(n int) Wall { return w + Wall(n)*secondsOfDay }

// String is the form of the names of day folders.
func (w Wall) String() string { return time.Unix(int64(w), 0).UTC().Format(time.DateOnly) }

// number reads digits only; -1 when there is anything else.
func number(s string) int {
	n := 0
	for i := range len(s) {
		if !digit(s[i]) {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// civil is a date and time of day as a Wall, when there is such a moment.
func civil(year, month, day, hour, minute, second int) (Wall, bool) {
	if year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Day() != day && second < 60 {
		return 0, false
	}
	return Wall(t.Unix()), true
}
