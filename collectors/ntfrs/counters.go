package ntfrs

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"strings"

	"dataprotection_exporter/remote"
)

// The object and its counters, by their English names: PDH knows no others
// where Windows speaks another language.
const (
	replicaSetObject = "FileReplicaSet"
	counterUsed      = "KB of Staging Space In Use"
	counterFree      = "KB of Staging Space Free"
	counterInstalled = "Files Installed"
)

// stage is what happens to change orders, and the counter of it.
type stage struct{ name, counter string }

var stages = []stage{
	{"issued", "Change Orders Issued"},
	{"sent", "Change Orders Sent"},
	{"received", "Change Orders Received"},
	{"propagated", "Change Orders Propagated"},
	{"retired", "Change Orders Retired"},
	{"evaporated", "Change Orders Evaporated"},
	{"morphed", "Change Orders Morphed"},
	{"aborted", "Change Orders Aborted"},
	{"retried", "Change Orders Retried"},
	{"retried_at_generate", "Change Orders Retried at Generate"},
	{"retried_at_fetch", "Change Orders Retried at Fetch"},
	{"retried_at_install", "Change Orders Retried at Install"},
	{"retried_at_rename", "Change Orders Retried at Rename"},
}

// stageNames is every value of the label `stage`.
func stageNames() []string {
	names := make([]string, len(stages))
	for i, s := range stages {
		names[i] = s.name
	}
	return names
}

// Value is one counter of one replica set.
type Value struct {
	Set, Counter string
	Value        float64
}

// ParseTypeperf reads the last sample of `typeperf` in its CSV format.
func ParseTypeperf(text string) ([]Value, []string, error) {
	header, sample := -1, -1
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, l := range lines {
		switch l = strings.TrimSpace(l); {
		case header < 0 && strings.HasPrefix(l, `"(PDH-CSV`):
			header = i
		case header >= 0 && strings.HasPrefix(l, `"`):
			sample = i
		}
	}
	if header < 0 {
		return nil, nil, noCounters(text)
	}
	if sample < 0 {
		return nil, nil, remote.Errorf(remote.Parse, "the answer was cut short, or the counters gave no sample; run the command by hand", "the answer has no line of values")
	}
	names, err := record(lines[header])
	if err != nil {
		return nil, nil, err
	}
	values, err := record(lines[sample])
	if err != nil {
		return nil, nil, err
	}
	if len(names) != len(values) {
		return nil, nil, remote.Errorf(remote.Parse, "the answer was cut short; run the command by hand and compare", "%d headings and %d values", len(names), len(values))
	}
	var out []Value
	var unrecognized []string
	for i := 1; i < len(names); i++ {
		v, said := amount(values[i])
		switch set, counter, ok := counterPath(names[i]); {
		case !ok:
			unrecognized = append(unrecognized, names[i])
		case said && set != "":
			out = append(out, Value{set, counter, v})
		}
	}
	if len(names) > 1 && len(unrecognized) == len(names)-1 {
		return nil, nil, noCounters(names[1])
	}
	if len(out) == 0 {
		return nil, nil, remote.Errorf(remote.Parse, "see whether FRS runs on the member", "no counter has a value")
	}
	return out, unrecognized, nil
}

// ParseCounterSamples reads the CSV of Path and RawValue that PowerShell makes.
func ParseCounterSamples(text string) ([]Value, []string, error) {
	start := strings.Index(text, `"Path","RawValue"`)
	if start < 0 {
		return nil, nil, noCounters(text)
	}
	r := csv.NewReader(strings.NewReader(text[start:]))
	if _, err := r.Read(); err != nil {
		return nil, nil, remote.Errorf(remote.Parse, "", "no table: %v", err)
	}
	var out []Value
	var unrecognized []string
	for {
		fields, err := r.Read()
		if err == io.EOF { //nolint:errorlint // as documented
			break
		}
		if err != nil {
			return nil, nil, remote.Errorf(remote.Parse, "the answer was cut short; run the command by hand and compare", "no table: %v", err)
		}
		v, said := amount(fields[1])
		set, counter, ok := counterPath(fields[0])
		switch {
		case !ok || !said:
			unrecognized = append(unrecognized, strings.Join(fields, " "))
		case set != "":
			out = append(out, Value{set, counter, v})
		}
	}
	if len(out) == 0 {
		return nil, nil, noCounters("no sample of " + replicaSetObject)
	}
	return out, unrecognized, nil
}

func noCounters(text string) error {
	if strings.TrimSpace(text) == "" {
		return remote.Errorf(remote.Parse, "run the command by hand: it should print something", "the answer is empty")
	}
	return remote.Errorf(remote.NotSupported, "the counters are not there or have localised names: see `typeperf -q "+replicaSetObject+"`, or set counters: false",
		"no counter of %s: %s", replicaSetObject, summary(text))
}

func record(line string) ([]string, error) {
	fields, err := csv.NewReader(strings.NewReader(strings.TrimSpace(line))).Read()
	if err != nil {
		return nil, remote.Errorf(remote.Parse, "the answer was cut short; run the command by hand and compare", "no line of a table: %v", err)
	}
	return fields, nil
}

// amount reads a number. A counter without a value is blank or -1.
func amount(text string) (float64, bool) {
	text = strings.ReplaceAll(strings.TrimSpace(text), ",", ".")
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && v >= 0 && !math.IsInf(v, 0) && !math.IsNaN(v)
}

// counterPath takes apart \\host\object(instance)\counter. The instance may
// hold parentheses. set is "" for the sum of all sets.
func counterPath(path string) (set, counter string, ok bool) {
	path = strings.TrimSpace(path)
	if host, isHost := strings.CutPrefix(path, `\\`); isHost {
		_, path, _ = strings.Cut(host, `\`)
	} else {
		path = strings.TrimPrefix(path, `\`)
	}
	end := strings.LastIndex(path, `)\`)
	object, _, _ := strings.Cut(path, "(")
	if end < len(object)+1 || !strings.EqualFold(object, replicaSetObject) {
		return "", "", false
	}
	set, counter = name(path[len(object)+1:end]), path[end+2:]
	if set == "" || counter == "" {
		return "", "", false
	}
	if strings.EqualFold(set, "_Total") {
		set = ""
	}
	return set, counter, true
}
