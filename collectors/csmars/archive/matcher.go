package archive

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// Matcher decides which rows match a pattern. It is safe for concurrent use;
// each goroutine searches with a Finder of its own.
//
// Go's regular expressions take some 20 MB a second here, a tenth of what
// decompression brings. So the pattern is run only on rows that hold what every
// match must hold.
type Matcher struct {
	// pattern is nil where sequence decides everything.
	pattern *regexp.Regexp
	needs   []need
	// sequence, where it is not nil, decides rows without odd letters.
	sequence []literal
	// odd are the odd letters that could stand in a literal. A row with one of
	// them is the pattern's to decide, whatever else it holds.
	odd [][]byte
}

// oddLetters are the letters outside ASCII that are the same as letters of ASCII
// where case does not count: the long s, and the sign of the unit kelvin.
var oddLetters = []struct {
	like byte
	odd  []byte
}{{'s', []byte("\u017f")}, {'k', []byte("\u212a")}}

// Compile makes a Matcher of a regular expression (RE2).
func Compile(expr string, ignoreCase bool) (*Matcher, error) {
	if ignoreCase {
		// Checked by itself first: an error must show what was written.
		if _, err := syntax.Parse(expr, syntax.Perl); err != nil {
			return nil, err
		}
		expr = "(?i:" + expr + ")"
	}
	pattern, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	tree = tree.Simplify()
	m := &Matcher{pattern: pattern, needs: require(tree).asNeeds(), sequence: sequence(tree)}
	m.odd = oddOnes(m.needs, m.sequence)
	return m, nil
}

// Fixed makes a Matcher of a text that stands for itself.
func Fixed(text string, ignoreCase bool) (*Matcher, error) {
	if ignoreCase && utf8.ValidString(text) {
		return Compile(regexp.QuoteMeta(text), true)
	}
	l := literal{bytes: []byte(text), fold: ignoreCase}
	if ignoreCase {
		for i, b := range l.bytes {
			l.bytes[i] = lower[b]
		}
	}
	m := &Matcher{sequence: []literal{l}}
	m.needs = usable(nil, need{l})
	return m, nil
}

// oddOnes are the odd letters that any of the literals could be written with.
func oddOnes(needs []need, seq []literal) [][]byte {
	var odd [][]byte
	for _, o := range oddLetters {
		for _, n := range append(needs[:len(needs):len(needs)], need(seq)) {
			if slices.ContainsFunc(n, func(l literal) bool { return l.fold && bytes.IndexByte(l.bytes, o.like) >= 0 }) {
				odd = append(odd, o.odd)
				break
			}
		}
	}
	return odd
}

// Finder searches blocks of rows, one after the other.
type Finder struct {
	m *Matcher
	// needs are the needs of the matcher with their cursors; first is the one
	// whose literals are looked for.
	needs [][]cursor
	first int
	seq   []cursor
	// nextOdd is where the odd letters are next.
	nextOdd [2]int
}

// Finder makes a Finder.
func (m *Matcher) Finder() *Finder {
	f := &Finder{m: m}
	for _, n := range m.needs {
		f.needs = append(f.needs, cursors(n))
	}
	f.seq = cursors(m.sequence)
	return f
}

func cursors(ls []literal) []cursor {
	cs := make([]cursor, len(ls))
	for i, l := range ls {
		cs[i].literal = l
		if len(l.bytes) > 0 {
			cs[i].aim(&fallback)
		}
	}
	return cs
}

// sampleSize is how much of a file is looked at before it is searched.
const sampleSize = 32 << 10

// costOfDecision is what a row costs that has to be looked at, in nanoseconds.
const costOfDecision = 500.0

// Calibrate looks at the beginning of a file to find out how it is searched
// fastest: by which of the needs, and by which of their bytes. It changes
// nothing in what is found.
func (f *Finder) Calibrate(sample []byte) {
	if len(f.needs) == 0 || len(sample) == 0 {
		return
	}
	sample = sample[:min(len(sample), sampleSize)]
	h := newHistogram(sample)
	cheapest := -1.0
	for i, cs := range f.needs {
		cost := 0.0
		for j := range cs {
			c := &cs[j]
			cost += c.aim(h) * float64(len(sample))
			c.rewind()
			for p := c.next(sample, 0); p >= 0; p = c.next(sample, p+1) {
				cost += costOfDecision
			}
		}
		if cheapest < 0 || cost < cheapest {
			f.first, cheapest = i, cost
		}
	}
	for i := range f.seq {
		if len(f.seq[i].bytes) > 0 {
			f.seq[i].aim(h)
		}
	}
}

// Find calls yield for every row of a block that matches, without its end, and
// with its place in the block, until yield says false.
func (f *Finder) Find(block []byte, yield func(row []byte, at int) bool) bool {
	if len(f.needs) == 0 {
		return f.every(block, yield)
	}
	first := f.needs[f.first]
	for i := range first {
		first[i].rewind()
	}
	f.nextOdd = [2]int{-1, -1}
	for from := 0; from < len(block); {
		hit := f.candidate(block, from, first)
		if hit >= len(block) {
			return true
		}
		start := bytes.LastIndexByte(block[from:hit], '\n') + 1 + from
		end := index(block, hit, '\n')
		if f.decide(block[start:end]) && !yield(block[start:end], start) {
			return false
		}
		from = end + 1
	}
	return true
}

// candidate is the next place that makes its row worth a decision; the length
// of the block when there is none.
func (f *Finder) candidate(block []byte, from int, first []cursor) int {
	hit := len(block)
	for i := range first {
		if p := first[i].nextKept(block, from); p < hit {
			hit = p
		}
	}
	for i, odd := range f.m.odd {
		if f.nextOdd[i] < from {
			f.nextOdd[i] = len(block)
			if p := bytes.Index(block[from:], odd); p >= 0 {
				f.nextOdd[i] = from + p
			}
		}
		hit = min(hit, f.nextOdd[i])
	}
	return hit
}

// every decides every row.
func (f *Finder) every(block []byte, yield func([]byte, int) bool) bool {
	for from := 0; from < len(block); {
		end := index(block, from, '\n')
		if f.decide(block[from:end]) && !yield(block[from:end], from) {
			return false
		}
		from = end + 1
	}
	return true
}

// decide says whether one row matches.
func (f *Finder) decide(row []byte) bool {
	m := f.m
	for _, odd := range m.odd {
		if bytes.Contains(row, odd) {
			return m.pattern.Match(row)
		}
	}
	if m.sequence != nil {
		from := 0
		for i := range f.seq {
			c := &f.seq[i]
			if len(c.bytes) == 0 {
				continue
			}
			c.rewind()
			p := c.next(row, from)
			if p < 0 {
				return false
			}
			from = p + len(c.bytes)
		}
		return true
	}
	for i := range f.needs {
		if i != f.first && !contains(f.needs[i], row) {
			return false
		}
	}
	return m.pattern.Match(row)
}

func contains(cs []cursor, row []byte) bool {
	for i := range cs {
		cs[i].rewind()
		if cs[i].next(row, 0) >= 0 {
			return true
		}
	}
	return false
}
