package archive

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reName is the form that names are known to have; ParseName is held to it.
var reName = regexp.MustCompile(`(?i)^([a-z]{2})-([^_]*)_(\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2})(?:_(\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2}))?(?:\.(gz|Z))?$`)

func parseSlowly(name string) (Name, bool) {
	g := reName.FindStringSubmatch(name)
	if g == nil {
		return Name{}, false
	}
	read := func(s string) (Wall, bool) {
		if year, _ := strconv.Atoi(s[:4]); year < 1970 {
			return 0, false
		}
		t, err := time.Parse("2006-01-02-15-04-05", s)
		return Wall(t.Unix()), err == nil
	}
	var n Name
	var ok bool
	if n.Start, ok = read(g[3]); !ok {
		return Name{}, false
	}
	if g[4] != "" {
		if n.End, n.HasEnd = read(g[4]); !n.HasEnd {
			return Name{}, false
		}
	}
	return n, true
}

var names = []string{
	"rm-5248-524-1171238692_2007-02-11-23-01-46_2007-02-12-00-11-28.gz",
	"rm-1171238692_2006-12-12-01-00-00_2006-12-12-02-00-00.gz",
	"RM-1171238692_2006-12-12-01-00-00_2006-12-12-02-00-00.GZ",
	"es-1_2006-12-12-01-00-00.Z", "ix-_2006-12-12-01-00-00", "cf-a b_2006-02-29-01-00-00.gz", "cf-a_2008-02-29-01-00-00.gz",
	"rm-5248-524-1171238692.gz", "rm-1_2007-02-30-25-61-00_2007-02-30-26-01-00.gz", "Copy of rm-1_2006-12-12-01-00-00.gz",
	"rm-1_2006-12-12-01-00-00_2006-12-12-02-00-00.gz.part", "rm_1_2006-12-12-01-00-00", "rm-a_b_2006-12-12-01-00-00", "",
	"rm-", "rm-_", "Thumbs.db", ".nfs00000000024c0ab500000001", "rm-1_0006-12-12-01-00-00", "rm-1_2006-12-12-01-00-00_", "rm-1_2006-12-12-01-00-60",
}

func TestNames(t *testing.T) {
	for _, name := range names {
		got, ok := ParseName(name)
		want, wantOK := parseSlowly(name)
		if strings.HasSuffix(name, "-60") {
			continue // a leap second is a time here, and not for package time
		}
		if got != want && ok || ok != wantOK {
			t.Errorf("%q: got %v %v, want %v %v", name, got, ok, want, wantOK)
		}
	}
	n, ok := ParseName(names[0])
	if zone := time.UTC; !ok || n.Start.In(zone).Format(time.DateTime) != "2007-02-11 23:01:46" || n.Latest().In(zone).Format(time.DateTime) != "2007-02-12 00:11:28" {
		t.Errorf("%v %v", n, ok)
	}
}

func FuzzParseName(f *testing.F) {
	for _, name := range names {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, ok := ParseName(name)
		want, wantOK := parseSlowly(name)
		if strings.Contains(name, "-60") {
			return
		}
		if ok != wantOK || ok && got != want {
			t.Errorf("%q: got %v %v, want %v %v", name, got, ok, want, wantOK)
		}
	})
}

func TestDayNames(t *testing.T) {
	for name, want := range map[string]bool{
		"2006-12-12": true, "2006-2-12": false, "2006-12-12-10-22-31": false, "2006-12-12.bak": false, "20061212": false,
		"2006-13-12": false, "2006-02-30": false, "pnos": false, "": false, "2006_12_12": false,
	} {
		if w, ok := ParseDay(name); ok != want || ok && w.String() != name {
			t.Errorf("%q: %v %v", name, w, ok)
		}
	}
}

// Wall clocks are put back in autumn; what they show is compared as it stands.
func TestIntervals(t *testing.T) {
	at := func(s string) Wall {
		w, ok := stamp(s)
		if !ok {
			t.Fatal(s)
		}
		return w
	}
	for _, c := range []struct {
		start, end string
		want       bool
	}{
		{"2006-12-12-00-30-00", "2006-12-12-01-00-00", true},
		{"2006-12-12-00-30-00", "2006-12-12-00-59-59", false},
		{"2006-12-12-01-59-59", "2006-12-12-03-00-00", true},
		{"2006-12-12-02-00-00", "2006-12-12-03-00-00", false},
		{"2006-12-11-23-50-00", "2006-12-12-05-00-00", true},
		{"2006-12-12-01-50-00", "2006-12-12-01-10-00", true}, // the clock was put back
		{"2006-12-11-23-00-00", "", true},                    // nobody knows how long
		{"2006-12-10-23-00-00", "", false},
	} {
		n := Name{Start: at(c.start)}
		if c.end != "" {
			n.End, n.HasEnd = at(c.end), true
		}
		if got := n.Overlaps(at("2006-12-12-01-00-00"), at("2006-12-12-02-00-00")); got != c.want {
			t.Errorf("%s to %s: %v", c.start, c.end, got)
		}
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	summer := time.Date(2006, 8, 8, 0, 41, 54, 0, london)
	if w := WallOf(summer, london); w.In(time.UTC).Format(time.DateTime) != "2006-08-08 00:41:54" || !w.In(london).Equal(summer) {
		t.Error(w.In(time.UTC))
	}
	if d := Wall(-1).Midnight(); d != -secondsOfDay {
		t.Error(d)
	}
}

func TestTypes(t *testing.T) {
	for folder, want := range map[string]string{"ES": "ES", "es": "ES", "Cf": "CF", "XY": "XY", "E": "other", "ESX": "other", "1a": "other", "": "other"} {
		if got := TypeOf(folder); got != want {
			t.Errorf("%q: %q", folder, got)
		}
	}
	for file, want := range map[string]string{"rm-1": KindRaw, "RM-1": KindRaw, "es-1": KindEvents, "ix-1": KindOther, "rm": KindOther, "": KindOther} {
		if got := KindOf(file); got != want {
			t.Errorf("%q: %q", file, got)
		}
	}
}

// The arithmetic of the appliance's planning guide, as its users quote it.
func TestSizing(t *testing.T) {
	near := func(what string, got, want, by float64) {
		if got < want-by || got > want+by {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	near("raw a day", RawPerDay(100, 200), 1.728e9, 0)
	near("archived a day", ArchivedPerDay(100, 200), 172.8e6, 0)
	near("archived a year", Projected(ArchivedPerDay(100, 200), 365), 63.072e9, 1)
	near("days on box at 100 events a second", DaysOnBox(77e9, 100, 200), 36, 0.5)
	near("days on box at 50 events a second", DaysOnBox(77e9, 50, 200), 71.3, 0.05)
}
