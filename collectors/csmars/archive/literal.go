package archive

import (
	"bytes"
	"regexp/syntax"
	"unicode/utf8"
)

// literal is a run of bytes that a row is searched for. With fold, letters of
// ASCII stand for both cases, and bytes holds the small ones.
type literal struct {
	bytes []byte
	fold  bool
}

// need is a set of literals one of which is in every row that matches.
type need []literal

// Bounds on what is derived from a pattern: beyond them the pattern itself is
// the better judge.
const (
	maxAlternatives = 64
	maxLiteral      = 256
)

// facts is what is known of the texts an expression matches.
type facts struct {
	// exact is the set of these texts, where it is small and known; nil where
	// it is not. Assertions count as the empty text.
	exact need
	// needs hold for every text.
	needs []need
}

func (f facts) asNeeds() []need {
	if f.exact != nil {
		return usable(nil, f.exact)
	}
	return f.needs
}

// usable adds a need unless it is met by every row.
func usable(needs []need, n need) []need {
	if len(n) == 0 {
		return needs
	}
	for _, l := range n {
		if len(l.bytes) == 0 {
			return needs
		}
	}
	return append(needs, n)
}

// require derives what every match of an expression must hold. What it cannot
// tell it leaves out, so a row that lacks a need cannot match.
func require(re *syntax.Regexp) facts {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return facts{exact: need{{}}}
	case syntax.OpLiteral:
		return concat(runes(re.Rune, re.Flags&syntax.FoldCase != 0))
	case syntax.OpCharClass:
		return class(re.Rune)
	case syntax.OpCapture:
		return require(re.Sub[0])
	case syntax.OpConcat:
		subs := make([]facts, len(re.Sub))
		for i, s := range re.Sub {
			subs[i] = require(s)
		}
		return concat(subs)
	case syntax.OpAlternate:
		return alternate(re.Sub)
	case syntax.OpPlus:
		return facts{needs: require(re.Sub[0]).asNeeds()}
	case syntax.OpQuest:
		if sub := require(re.Sub[0]); sub.exact != nil && len(sub.exact) < maxAlternatives {
			return facts{exact: append(need{{}}, sub.exact...)}
		}
	}
	return facts{}
}

// runes turns the runes of a literal into facts, one per run. Two kinds of rune
// are left open: the replacement character, which stands for any byte that is
// not UTF-8, and letters outside ASCII where case does not count.
func runes(rs []rune, fold bool) []facts {
	var out []facts
	var run []byte
	end := func() {
		if len(run) > 0 {
			out = append(out, facts{exact: need{{bytes: run, fold: fold}}})
			run = nil
		}
	}
	for _, r := range rs {
		if r == utf8.RuneError || fold && r >= utf8.RuneSelf {
			end()
			out = append(out, facts{})
			continue
		}
		if fold {
			r = rune(lower[byte(r)])
		}
		run = utf8.AppendRune(run, r)
	}
	end()
	return out
}

// class is a small set of runes.
func class(ranges []rune) facts {
	const small = 8
	var set need
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if len(set) == small || r == utf8.RuneError {
				return facts{}
			}
			set = append(set, literal{bytes: utf8.AppendRune(nil, r)})
		}
	}
	return facts{exact: set}
}

func alternate(subs []*syntax.Regexp) facts {
	var set need
	exact := true
	for _, s := range subs {
		f := require(s)
		if f.exact == nil {
			exact = false
		}
		best := f.exact
		if best == nil {
			best = longestOf(f.needs)
		}
		if best == nil || len(set)+len(best) > maxAlternatives {
			return facts{}
		}
		set = append(set, best...)
	}
	if exact {
		return facts{exact: set}
	}
	return facts{needs: usable(nil, set)}
}

// longestOf is the need whose shortest literal is longest.
func longestOf(needs []need) need {
	var best need
	length := 0
	for _, n := range needs {
		shortest := len(n[0].bytes)
		for _, l := range n {
			shortest = min(shortest, len(l.bytes))
		}
		if shortest > length {
			best, length = n, shortest
		}
	}
	return best
}

// concat joins what stands side by side: runs that touch make longer ones.
func concat(subs []facts) facts {
	run := need{{}}
	var needs []need
	whole := true
	for _, s := range subs {
		if s.exact == nil {
			needs = append(usable(needs, run), s.needs...)
			run, whole = need{{}}, false
			continue
		}
		joined, ok := cross(run, s.exact)
		if !ok {
			needs = usable(needs, run)
			run, whole = s.exact, false
			continue
		}
		run = joined
	}
	if whole {
		return facts{exact: run}
	}
	return facts{needs: usable(needs, run)}
}

// cross is every text of a followed by every text of b. Where only one of two
// ignores case, the joined one does: it finds more, never less.
func cross(a, b need) (need, bool) {
	if len(a)*len(b) > maxAlternatives {
		return nil, false
	}
	var out need
	for _, x := range a {
		for _, y := range b {
			if len(x.bytes)+len(y.bytes) > maxLiteral {
				return nil, false
			}
			out = append(out, join(x, y))
		}
	}
	return out, true
}

func join(x, y literal) literal {
	l := literal{bytes: append(bytes.Clone(x.bytes), y.bytes...), fold: x.fold || y.fold}
	if l.fold {
		for i, b := range l.bytes {
			l.bytes[i] = lower[b]
		}
	}
	return l
}

// sequence is a pattern that is nothing but literals with anything in between.
// Then their order alone decides and the pattern need not be run at all; nil
// for every other pattern.
func sequence(re *syntax.Regexp) []literal {
	subs := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		subs = re.Sub
	}
	var seq []literal
	open := false // the last one is a literal that the next one touches
	for _, s := range subs {
		switch s.Op {
		case syntax.OpStar:
			if op := s.Sub[0].Op; op != syntax.OpAnyChar && op != syntax.OpAnyCharNotNL {
				return nil
			}
			open = false
		case syntax.OpLiteral:
			parts := runes(s.Rune, s.Flags&syntax.FoldCase != 0)
			if len(parts) != 1 || parts[0].exact == nil {
				return nil
			}
			l := parts[0].exact[0]
			if open {
				last := &seq[len(seq)-1]
				if last.fold != l.fold && (hasLetter(*last) && !last.fold || hasLetter(l) && !l.fold) {
					return nil
				}
				*last = join(*last, l)
			} else {
				seq = append(seq, l)
			}
			open = true
		default:
			return nil
		}
	}
	return seq
}

func hasLetter(l literal) bool {
	return bytes.ContainsFunc(l.bytes, func(r rune) bool { return r < 0x80 && letter(byte(r)) })
}

// lower folds letters of ASCII.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] = byte(i) | 0x20
		}
	}
	return t
}()
