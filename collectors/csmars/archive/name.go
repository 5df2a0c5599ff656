package archive

// Name is what the name of a file tells.
type Name struct {
	// Start and End are the interval the file covers; it may cross midnight.
	Start, End Wall
	// HasEnd is false for names with one time only.
	HasEnd bool
}

const (
	stampLength = len("2006-01-02-15-04-05")
	dayLength   = len("2006-01-02")
)

// ParseDay reads the name of a day folder. Folders of exports have a longer
// name that starts alike, so the whole name counts.
func ParseDay(name string) (Wall, bool) {
	if len(name) != dayLength || name[4] != '-' || name[7] != '-' {
		return 0, false
	}
	return civil(number(name[:4]), number(name[5:7]), number(name[8:10]), 0, 0, 0)
}

// ParseName reads names of the form <type>-<anything>_<start>[_<end>][.gz|.Z].
// What stands before the first time differs between releases.
//
// It is written out because a first scan reads some 300,000 names; a test holds
// it against the regular expression.
func ParseName(name string) (Name, bool) {
	if len(name) < 3 || !letter(name[0]) || !letter(name[1]) || name[2] != '-' {
		return Name{}, false
	}
	rest, ok := cutBefore(name[3:])
	if !ok {
		return Name{}, false
	}
	var n Name
	if n.Start, ok = stamp(rest); !ok {
		return Name{}, false
	}
	rest = rest[stampLength:]
	if len(rest) > stampLength && rest[0] == '_' {
		if n.End, n.HasEnd = stamp(rest[1:]); !n.HasEnd {
			return Name{}, false
		}
		rest = rest[1+stampLength:]
	}
	switch rest {
	case "", ".gz", ".GZ", ".Gz", ".gZ", ".z", ".Z":
		return n, true
	default:
		return Name{}, false
	}
}

// cutBefore is what follows the first underscore.
func cutBefore(s string) (string, bool) {
	for i := range len(s) {
		if s[i] == '_' {
			return s[i+1:], true
		}
	}
	return "", false
}

// stamp reads a time at the beginning of s.
func stamp(s string) (Wall, bool) {
	if len(s) < stampLength {
		return 0, false
	}
	for _, i := range [...]int{4, 7, 10, 13, 16} {
		if s[i] != '-' {
			return 0, false
		}
	}
	return civil(number(s[:4]), number(s[5:7]), number(s[8:10]), number(s[11:13]), number(s[14:16]), number(s[17:19]))
}

// Latest is the last moment the file covers, as far as its name says.
func (n Name) Latest() Wall {
	if n.HasEnd && n.End > n.Start {
		return n.End
	}
	return n.Start
}

// longest is how much a file may cover whose name has no end, or an end before
// its start: clocks are put back, by hand and every autumn.
const longest = secondsOfDay

// Overlaps says whether the file may hold anything from the interval, its end
// excluded.
func (n Name) Overlaps(from, to Wall) bool {
	end := n.End
	if !n.HasEnd || end < n.Start {
		end = n.Start + longest
	}
	return n.Start < to && end >= from
}
