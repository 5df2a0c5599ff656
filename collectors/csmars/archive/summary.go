package archive

import "time"

// meanDays is how many closed days a mean is taken of.
const meanDays = 7

// openedBy is how long after its beginning the folder of a day must be there: the
// appliance opens it at two in the morning at the latest.
const openedBy = 3 * time.Hour

// Totals is the tally of every series over all days.
func (s *Snapshot) Totals() map[Series]Tally {
	totals := map[Series]Tally{}
	for _, d := range s.Days {
		for _, f := range d.Folders {
			for kind, t := range f.Kinds {
				key := Series{TypeOf(f.Name), kind}
				totals[key] = totals[key].Plus(t)
			}
			if len(f.Kinds) == 0 {
				key := Series{TypeOf(f.Name), ""}
				totals[key] = totals[key].Plus(Tally{})
			}
		}
	}
	return totals
}

// Unrecognized is the number of files whose names say nothing.
func (s *Snapshot) Unrecognized() int {
	n := 0
	for _, d := range s.Days {
		n += d.Stray
		for _, f := range d.Folders {
			n += f.Unrecognized
		}
	}
	return n
}

// Missing counts the days without a folder, from the oldest day (or the oldest
// that is retained) to the last one whose folder must be there by now. Today's
// folder is never missed.
func (s *Snapshot) Missing(retentionDays int, zone *time.Location) int {
	if len(s.Days) == 0 {
		return 0
	}
	today := WallOf(s.Started, zone).Midnight()
	first := max(s.Days[0].date, today.AddDays(-retentionDays))
	last := WallOf(s.Started, zone).AddDays(-1) - Wall(openedBy/time.Second)
	there := 0
	for _, d := range s.Days {
		if d.date >= first && d.date <= last {
			there++
		}
	}
	if last < first {
		return 0
	}
	return int((last.Midnight()-first)/secondsOfDay) + 1 - there
}

// BytesPerDay is the mean size of the last closed days; ok is false while there
// is none.
func (s *Snapshot) BytesPerDay(zone *time.Location) (mean float64, ok bool) {
	open := WallOf(s.Started, zone).Midnight().AddDays(-1)
	var sum int64
	n := 0
	for i := len(s.Days) - 1; i >= 0 && n < meanDays; i-- {
		if s.Days[i].date < open {
			sum += s.Days[i].Bytes()
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	return float64(sum) / float64(n), true
}

// Projected is how large the archive gets: a mean day for every day it is kept.
func Projected(bytesPerDay float64, retentionDays int) float64 {
	return bytesPerDay * float64(retentionDays)
}
