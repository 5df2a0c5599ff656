package main

import (
	"fmt"
	"strings"
)

// kind is what a token of PromQL is.
type kind int

const (
	word     kind = iota // a metric, function, keyword or label
	number               // 5, 0.25, 1e3, Inf
	duration             // 5m, 1h30m
	text                 // a quoted string
	operator             // everything else that means something
)

// token is one word of an expression and where it stands.
type token struct {
	kind       kind
	text       string
	start, end int
}

// is reports whether the token is this operator or, in any case of letters, this keyword.
func (t token) is(texts ...string) bool {
	for _, s := range texts {
		if t.kind == operator && t.text == s || t.kind == word && strings.EqualFold(t.text, s) {
			return true
		}
	}
	return false
}

// Longer operators come first.
var operators = []string{
	"=~", "!~", "!=", "==", ">=", "<=",
	"=", ">", "<", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", "[", "]", ",", ":", "@",
}

func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// tokenise splits a PromQL expression. White space and comments are left out.
func tokenise(expr string) ([]token, error) {
	var tokens []token
	brackets := 0 // [ ] only: a colon means something else in there
	for at := 0; at < len(expr); {
		c := expr[at]
		switch c {
		case ' ', '\t', '\n', '\r':
			at++
			continue
		case '#':
			if n := strings.IndexByte(expr[at:], '\n'); n >= 0 {
				at += n
			} else {
				at = len(expr)
			}
			continue
		}
		t := token{start: at}
		switch {
		case c == '"' || c == '\'' || c == '`':
			t.kind, t.end = text, endOfString(expr, at)
			if t.end < 0 {
				return nil, fmt.Errorf("at %d: the string does not end", at)
			}
		case isDigit(c) || c == '.' && at+1 < len(expr) && isDigit(expr[at+1]):
			t.kind, t.end = endOfNumber(expr, at)
		case isLetter(c) || c == ':' && brackets == 0:
			t.kind, t.end = word, at+1
			for t.end < len(expr) && (isLetter(expr[t.end]) || isDigit(expr[t.end]) || expr[t.end] == ':') {
				t.end++
			}
			if w := strings.ToLower(expr[at:t.end]); w == "inf" || w == "nan" {
				t.kind = number
			}
		default:
			t.kind = operator
			for _, o := range operators {
				if strings.HasPrefix(expr[at:], o) {
					t.end = at + len(o)
					break
				}
			}
			if t.end == 0 {
				return nil, fmt.Errorf("at %d: %q is not PromQL", at, c)
			}
			switch expr[at] {
			case '[':
				brackets++
			case ']':
				brackets--
			}
		}
		t.text = expr[t.start:t.end]
		tokens = append(tokens, t)
		at = t.end
	}
	return tokens, nil
}

func endOfString(expr string, at int) int {
	for i := at + 1; i < len(expr); i++ {
		switch {
		case expr[i] == '\\' && expr[at] != '`':
			i++
		case expr[i] == expr[at]:
			return i + 1
		}
	}
	return -1
}

// endOfNumber also tells a number from a duration, which has a unit.
func endOfNumber(expr string, at int) (kind, int) {
	i := at
	digits := func() {
		for i < len(expr) && (isDigit(expr[i]) || expr[i] == '.') {
			i++
		}
	}
	digits()
	if i < len(expr) && (expr[i] == 'e' || expr[i] == 'E') {
		i++
		if i < len(expr) && (expr[i] == '+' || expr[i] == '-') {
			i++
		}
		digits()
		return number, i
	}
	if i == len(expr) || !isLetter(expr[i]) {
		return number, i
	}
	for i < len(expr) && (isDigit(expr[i]) || isLetter(expr[i])) {
		i++
	}
	return duration, i
}
