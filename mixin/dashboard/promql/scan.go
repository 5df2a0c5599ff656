package promql

import (
	"regexp"
	"strconv"
	"strings"
)

type kind int

const (
	end kind = iota
	word
	number
	variable
	text
	symbol
)

// token is a word of a query. The text of a string is its value.
type token struct {
	kind kind
	text string
}

// What a token can begin with, the longest first. Names have colons, but a colon
// between durations stands for itself.
var tokens = []struct {
	kind kind
	re   *regexp.Regexp
}{
	{end, regexp.MustCompile(`^(?:\s+|#[^\n]*)`)}, // between tokens
	{variable, regexp.MustCompile(`^\$(?:\w+|\{[^}]+\})`)},
	{number, regexp.MustCompile(`^(?:(?:\d+(?:ms|[smhdwy]))+|0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)`)},
	{word, regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*(?::[a-zA-Z0-9_]+)*`)},
	{text, regexp.MustCompile("^(?:\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`)")},
	{symbol, regexp.MustCompile(`^(?:=~|!~|!=|==|>=|<=|[-+*/%^=<>(){}\[\],:@])`)},
}

func scan(query string) []token {
	var list []token
	for rest := query; rest != ""; {
		found := ""
		for _, t := range tokens {
			if found = t.re.FindString(rest); found != "" {
				if t.kind != end {
					list = append(list, token{t.kind, unquote(t.kind, found)})
				}
				break
			}
		}
		if found == "" {
			fail("unexpected %q", rest[:1])
		}
		rest = rest[len(found):]
	}
	return append(list, token{kind: end})
}

func unquote(k kind, s string) string {
	if k != text {
		return s
	}
	if s[0] == '\'' { // Go knows no such strings
		s = `"` + strings.ReplaceAll(strings.ReplaceAll(s[1:len(s)-1], `\'`, `'`), `"`, `\"`) + `"`
	}
	value, err := strconv.Unquote(s)
	if err != nil {
		fail("%s is no string", s)
	}
	return value
}
