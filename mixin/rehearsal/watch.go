package main

import "slices"

// watch is a stretch of the rehearsal that one promtool evaluates: from the minute
// begin, so that rules know what was before; what fires counts from the minute from on.
type watch struct {
	begin, from, to minute
	step            minute
}

const (
	// quietStep is how often rules are evaluated where nothing happens.
	quietStep = 5 * minute(1)
	// around is how much before and after an incident is watched every minute.
	around = 15 * minute(1)
	// before is the history that rules get as a rule.
	before = hour
	// longest is how much one promtool evaluates of a quiet time.
	longest = 4 * day
)

// watches cuts the days: around incidents every minute, elsewhere every few minutes.
func watches(incidents []incident, quiet minute) []watch {
	var hot []watch
	for _, i := range incidents {
		if !i.slow {
			hot = append(hot, watch{from: max(0, i.at-around), to: min(end, i.gone()+around), step: 1})
		}
	}
	slices.SortFunc(hot, func(a, b watch) int { return int(a.from - b.from) })
	var merged []watch
	for _, w := range hot {
		if n := len(merged); n > 0 && w.from <= merged[n-1].to+2*around {
			merged[n-1].to = max(merged[n-1].to, w.to)
			continue
		}
		merged = append(merged, w)
	}
	var list []watch
	calm := func(from, to minute) {
		for from < to {
			upto := min(to, from+longest)
			list = append(list, watch{from: from, to: upto, step: quiet})
			from = upto
		}
	}
	last := minute(0)
	for _, w := range merged {
		calm(last, w.from)
		list = append(list, w)
		last = w.to
	}
	calm(last, end)
	for n := range list {
		w := &list[n]
		w.begin = max(0, w.from-before)
		if w.step > 1 {
			// What comes and goes in minutes is not for these.
			w.begin = max(0, w.from-around)
		}
		for _, i := range incidents {
			if w.step > 1 && !i.slow {
				continue
			}
			if i.at < w.to && i.gone() >= w.from {
				w.begin = min(w.begin, max(0, max(w.from, i.at)-max(i.lead, before)))
				if i.slow {
					// It began long ago, and alerts have counted since.
					w.begin = min(w.begin, max(0, w.from-i.lead))
				}
			}
		}
		// A quiet time is evaluated at its own minutes.
		w.begin -= (w.begin - w.from) % w.step
	}
	return list
}

// cost is roughly how long promtool takes: by evaluations, and by the history that they
// look back on.
func (w watch) cost() int {
	steps := int((w.to - w.begin) / w.step)
	return steps * (2000 + steps)
}
