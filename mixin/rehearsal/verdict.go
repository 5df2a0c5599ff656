package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// alarm is one alert from when it began to fire to when it fell silent.
type alarm struct {
	labels   labels
	from, to minute // to: the first minute of silence
}

func (a alarm) alert() string    { return a.labels["alertname"] }
func (a alarm) severity() string { return a.labels["severity"] }
func (a alarm) instance() string { return a.labels["instance"] }

// String names it for a report.
func (a alarm) String() string {
	rest := labels{}
	for name, value := range a.labels {
		switch name {
		case "alertname", "severity", "job", "system", "instance":
		default:
			rest[name] = value
		}
	}
	return strings.TrimSpace(fmt.Sprintf("%s (%s) %s %s", a.alert(), a.severity(), a.instance(), strings.ReplaceAll(rest.String(), ",", ", ")))
}

// alarms joins what fired minute by minute. covered gives for each minute the step with
// which it was watched.
func alarms(fired []firing, covered []minute) []alarm {
	byKey := map[string][]firing{}
	for _, f := range fired {
		l := labels{}
		for name, value := range f.labels {
			if name != "__name__" && name != "alertstate" {
				l[name] = value
			}
		}
		key := l.String()
		byKey[key] = append(byKey[key], firing{f.when, l})
	}
	var all []alarm
	for _, fs := range byKey {
		slices.SortFunc(fs, func(a, b firing) int { return cmp.Compare(a.when, b.when) })
		var open *alarm
		for _, f := range fs {
			if open != nil && f.when <= open.to {
				open.to = f.when + covered[f.when]
				continue
			}
			all = append(all, alarm{labels: f.labels, from: f.when, to: f.when + covered[f.when]})
			open = &all[len(all)-1]
		}
	}
	slices.SortFunc(all, func(a, b alarm) int {
		return cmp.Or(cmp.Compare(a.from, b.from), strings.Compare(a.labels.String(), b.labels.String()))
	})
	return all
}

// may reports whether an incident may be seen in an alarm.
func (i incident) may(a alarm) bool {
	if a.from < i.at || a.to > i.gone()+1 || len(i.wants) == 0 {
		return false
	}
	if a.instance() != "" && !i.hits(a.instance()) {
		return false
	}
	for name, value := range i.scope {
		if v, ok := a.labels[name]; ok && v != value {
			return false
		}
	}
	for _, name := range i.names() {
		if name == a.alert() || name == a.alert()+"/"+a.severity() {
			return true
		}
	}
	return false
}

// finding is what came of one alert that a failure must raise.
type finding struct {
	want  want
	found bool
	alarm alarm
	// after is minutes from the beginning of the failure; over is minutes from its end to
	// the silence.
	after, over minute
	// words: the description named the cause, "yes" or "no".
	words string
	// again is how often the same alert began anew.
	again int
}

// late reports whether it came later than it should.
func (f finding) late() bool { return f.found && f.want.within > 0 && f.after > f.want.within }

// result is what came of an incident.
type result struct {
	incident incident
	findings []finding
	// others are alarms that may follow.
	others []alarm
}

func (r result) found() bool {
	return !slices.ContainsFunc(r.findings, func(f finding) bool { return !f.found || f.late() || f.words == "no" })
}

// judge matches alarms with incidents. What no incident allows is false.
func judge(f *fleet, all []alarm, words []said) (results []result, wrong []alarm) {
	used := make([]bool, len(all))
	for _, i := range f.incidents {
		r := result{incident: i}
		mine := map[int]bool{}
		for n, a := range all {
			if i.may(a) {
				used[n] = true
				mine[n] = true
			}
		}
		for _, w := range i.wants {
			r.findings = append(r.findings, i.find(w, all, mine, words))
		}
		for n := range all {
			if mine[n] && !slices.ContainsFunc(i.wants, func(w want) bool { return w.is(all[n]) }) {
				r.others = append(r.others, all[n])
			}
		}
		results = append(results, r)
	}
	for n, a := range all {
		if !used[n] {
			wrong = append(wrong, a)
		}
	}
	return results, wrong
}

func (w want) is(a alarm) bool {
	return a.alert() == w.alert && a.severity() == w.severity && a.labels.has(w.labels)
}

func (i incident) find(w want, all []alarm, mine map[int]bool, words []said) finding {
	f := finding{want: w}
	for n, a := range all {
		if !mine[n] || !w.is(a) {
			continue
		}
		if f.found {
			if equal(a.labels, f.alarm.labels) {
				f.again++
				f.over = a.to - i.ends()
			}
			continue
		}
		f.found, f.alarm, f.after, f.over = true, a, a.from-i.at, a.to-i.ends()
	}
	f.words = "no"
	for _, s := range words {
		if s.alert == w.alert && s.when >= i.asked(w) && s.when < i.asked(w)+quietStep && s.labels["severity"] == w.severity && s.labels.has(w.labels) &&
			(s.labels["instance"] == "" || i.hits(s.labels["instance"])) && strings.Contains(s.description, "Cause:") && strings.Contains(s.description, w.says) {
			f.words = "yes"
		}
	}
	return f
}

// asked is when the alert is asked for its words: when it must fire at the latest.
func (i incident) asked(w want) minute {
	if w.within > 0 {
		return i.at + w.within
	}
	return i.ends() - 1
}
