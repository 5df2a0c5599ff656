package ntfrs

import (
	"math"
	"testing"
)

func TestCounterPath(t *testing.T) {
	for _, tt := range []struct {
		path, set, counter string
		ok                 bool
	}{
		{`\\DC1\FileReplicaSet(DOMAIN SYSTEM VOLUME (SYSVOL SHARE))\Files Installed`, "DOMAIN SYSTEM VOLUME (SYSVOL SHARE)", "Files Installed", true},
		{`\\dc1\filereplicaset(a)\files installed`, "a", "files installed", true},
		{`\FileReplicaSet(a)\b`, "a", "b", true},
		{`\\DC1\FileReplicaSet(a 64d2f7d2-2695-436d-88308d3c58701e15)\b`, "a", "b", true},
		{`\\DC1\FileReplicaSet(_Total)\b`, "", "b", true},
		{`\\DC1\FileReplicaConn(a)\b`, "", "", false},
		{`\\DC1\FileReplicaSet\b`, "", "", false},
		{`\\DC1\FileReplicaSet()\b`, "", "", false},
		{`\\DC1\FileReplicaSet(a)\`, "", "", false},
		{`\\`, "", "", false},
		{`)\`, "", "", false},
		{``, "", "", false},
	} {
		set, counter, ok := counterPath(tt.path)
		if set != tt.set || counter != tt.counter || ok != tt.ok {
			t.Errorf("%s: %q %q %v", tt.path, set, counter, ok)
		}
	}
}

func TestAmount(t *testing.T) {
	for in, want := range map[string]float64{"1": 1, " 1.500000 ": 1.5, "1,5": 1.5, "0": 0, "18446744073709551615": math.MaxUint64} {
		if got, ok := amount(in); !ok || got != want {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", " ", "-1", "x", "NaN", "Inf", "1.2.3"} {
		if got, ok := amount(in); ok {
			t.Errorf("%q is %v", in, got)
		}
	}
}

func FuzzTypeperf(f *testing.F) {
	for _, name := range names(f, "counters") {
		f.Add(string(prepared(f, "counters", name).Stdout))
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, _, err := ParseTypeperf(text)
		if (err == nil) != (len(values) > 0) {
			t.Errorf("%d values, %v", len(values), err)
		}
		plausible(t, values)
	})
}

func FuzzCounterSamples(f *testing.F) {
	for _, name := range names(f, "counters_raw") {
		f.Add(string(prepared(f, "counters_raw", name).Stdout))
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, _, err := ParseCounterSamples(text)
		if (err == nil) != (len(values) > 0) {
			t.Errorf("%d values, %v", len(values), err)
		}
		plausible(t, values)
	})
}

func plausible(t *testing.T, values []Value) {
	t.Helper()
	for _, v := range values {
		if v.Set == "" || v.Counter == "" || v.Value < 0 || math.IsNaN(v.Value) || math.IsInf(v.Value, 0) {
			t.Errorf("%+v", v)
		}
	}
}

// A number that may have been cut is none.
func TestBacklogCut(t *testing.T) {
	for _, text := range []string{"Member <b> Backlog File Count: 43", "Member <b> Backlog File Count: 43029\r\n 1. File na", " \n"} {
		if n, err := ParseBacklog(text); err == nil {
			t.Errorf("%q: %v files", text, n)
		}
	}
}

// Of several samples the last counts.
func TestTypeperfSamples(t *testing.T) {
	v, _, err := ParseTypeperf("\"(PDH-CSV 4.0)\",\"\\\\A\\FileReplicaSet(x)\\y\"\n\"t\",\" \"\n\"t\",\"7\"\n")
	if err != nil || len(v) != 1 || v[0].Value != 7 {
		t.Errorf("%v %v", v, err)
	}
}

func FuzzBacklog(f *testing.F) {
	for _, name := range names(f, "dfsr") {
		f.Add(string(prepared(f, "dfsr", name).Stdout))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := ParseBacklog(text); err == nil && (n < 0 || n != math.Trunc(n)) {
			t.Errorf("%v files", n)
		}
	})
}
