package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokenise(t *testing.T) {
	for expr, want := range map[string]string{
		`up == 0`:                                    `word:up operator:== number:0`,
		"a # a comment, 5m > 3\nand b":               `word:a word:and word:b`,
		"a # the end":                                `word:a`,
		`rate(x_total{a="b",c!~"d|e"}[1h30m])`:       `word:rate operator:( word:x_total operator:{ word:a operator:= text:"b" operator:, word:c operator:!~ text:"d|e" operator:} operator:[ duration:1h30m operator:] operator:)`,
		`job:up:sum offset 2d >= bool .5`:            `word:job:up:sum word:offset duration:2d operator:>= word:bool number:.5`,
		`x[1d:1m] * 1e-3 + Inf`:                      `word:x operator:[ duration:1d operator:: duration:1m operator:] operator:* number:1e-3 operator:+ number:Inf`,
		`on (job, instance) group_left ()`:           `word:on operator:( word:job operator:, word:instance operator:) word:group_left operator:( operator:)`,
		`{a="say \"#\" once",b='it\'s',c=` + "`\\`}": `operator:{ word:a operator:= text:"say \"#\" once" operator:, word:b operator:= text:'it\'s' operator:, word:c operator:= text:` + "`\\` operator:}",
		`infinite - nano`:                            `word:infinite operator:- word:nano`,
	} {
		tokens, err := tokenise(expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
		}
		var got []string
		for _, tok := range tokens {
			got = append(got, []string{"word", "number", "duration", "text", "operator"}[tok.kind]+":"+tok.text)
			if expr[tok.start:tok.end] != tok.text {
				t.Errorf("%s: %q is not where it says", expr, tok.text)
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", expr, diff)
		}
	}
	for _, expr := range []string{`a == "open`, `a $ b`, "`"} {
		if tokens, err := tokenise(expr); err == nil {
			t.Errorf("%s was taken for %v", expr, tokens)
		}
	}
}

func TestDuration(t *testing.T) {
	for s, want := range map[string]int64{"5m": 300, "1h30m": 5400, "2d": 172800, "1w": 604800, "90s": 90} {
		if got, err := parseDuration(s); err != nil || got != want {
			t.Errorf("%s is %d seconds (%v), want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "5", "m", "5ms", "1.5h"} {
		if got, err := parseDuration(s); err == nil {
			t.Errorf("%q was taken for %d seconds", s, got)
		}
	}
	for seconds, want := range map[int64]string{0: "0s", 150: "2m30s", 5400: "1h30m", 302400: "3d12h", 604800: "7d"} {
		if got := formatDuration(seconds); got != want {
			t.Errorf("%d seconds are written %s, want %s", seconds, got, want)
		}
	}
}
