package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// mutant is a rule with one thing altered.
type mutant struct {
	rule *rule
	id   string // readable, and the same in every run
	expr string
	hold string // its `for`
}

// breeder makes the mutants of one rule.
type breeder struct {
	rule    *rule
	tokens  []token
	counts  map[string]int // how many of each were seen: "comparison" -> 2
	mutants []mutant
	seen    map[string]bool
}

// breed makes every mutant of a rule.
func breed(r *rule) ([]mutant, error) {
	tokens, err := tokenise(r.Expr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.key, err)
	}
	b := &breeder{rule: r, tokens: tokens, counts: map[string]int{}, seen: map[string]bool{r.For + "\n" + r.Expr: true}}
	b.words()
	b.sets(0, len(tokens))
	if r.Alert != "" {
		if err := b.hold(); err != nil {
			return nil, err
		}
	}
	return b.mutants, nil
}

func (b *breeder) add(what, expr, hold string) {
	expr = strings.TrimSpace(expr)
	if k := hold + "\n" + expr; !b.seen[k] {
		b.seen[k] = true
		b.mutants = append(b.mutants, mutant{rule: b.rule, id: b.rule.key + ": " + what, expr: expr, hold: hold})
	}
}

// alter replaces the text from one token up to, but not with, another.
func (b *breeder) alter(what string, from, to int, by string) {
	expr, end := b.rule.Expr, len(b.rule.Expr)
	if to > from {
		end = b.tokens[to-1].end
	}
	b.add(what, expr[:b.tokens[from].start]+by+expr[end:], b.rule.For)
}

// nth numbers things of a sort in the order in which they stand.
func (b *breeder) nth(sort string) string {
	b.counts[sort]++
	return fmt.Sprintf("%s %d", sort, b.counts[sort])
}

// close is the place behind the bracket that closes the one at i.
func (b *breeder) close(i int) int {
	depth := 0
	for ; i < len(b.tokens); i++ {
		switch {
		case b.tokens[i].is("(", "{", "["):
			depth++
		case b.tokens[i].is(")", "}", "]"):
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return i
}

// at is a token, or one that is nothing beyond the end.
func (b *breeder) at(i int) token {
	if i < 0 || i >= len(b.tokens) {
		return token{kind: -1}
	}
	return b.tokens[i]
}

var comparisons = map[string][]string{
	">": {">=", "<"}, ">=": {">", "<"}, "<": {"<=", ">"}, "<=": {"<", ">"}, "==": {"!="}, "!=": {"=="},
}

var swaps = map[string][]string{
	"max_over_time":  {"min_over_time", "last_over_time"},
	"min_over_time":  {"max_over_time", "last_over_time"},
	"last_over_time": {"max_over_time", "min_over_time"},
}

// words goes through the expression from left to right.
func (b *breeder) words() {
	for i := 0; i < len(b.tokens); i++ {
		t := b.tokens[i]
		switch {
		case t.is("{"):
			end := b.close(i)
			b.matchers(i+1, end-1)
			i = end - 1
		case t.is("on", "ignoring", "by", "without", "group_left", "group_right"):
			i = b.clause(i)
		case t.kind == operator && comparisons[t.text] != nil:
			b.comparison(i)
		case t.kind == number:
			name := b.nth("number")
			for _, n := range neighbours(t.text) {
				b.alter(fmt.Sprintf("%s: %s -> %s", name, t.text, n), i, i+1, n)
			}
		case t.is("[") && b.at(i+1).kind == duration:
			b.duration("range", i+1)
		case t.is("offset") && b.at(i+1).kind == duration:
			b.duration("offset", i+1)
		case t.kind == word && swaps[t.text] != nil:
			name := b.nth("function")
			for _, s := range swaps[t.text] {
				b.alter(fmt.Sprintf("%s: %s -> %s", name, t.text, s), i, i+1, s)
			}
		}
	}
}

// neighbours are numbers close enough that only an exact test tells them apart.
func neighbours(literal string) []string {
	v, err := strconv.ParseFloat(literal, 64)
	if err != nil {
		return nil
	}
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return []string{"0"}
	case v == math.Trunc(v) && math.Abs(v) <= 20:
		return []string{format(v - 1), format(v + 1)}
	case v == math.Trunc(v):
		step := math.Ceil(math.Abs(v) / 20)
		return []string{format(v - step), format(v + step)}
	}
	return []string{format(v * 0.95), format(v * 1.05)}
}

func format(v float64) string {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 8, 64), 64)
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func (b *breeder) duration(sort string, i int) {
	name := b.nth(sort)
	d, err := parseDuration(b.tokens[i].text)
	if err != nil || d == 0 {
		return
	}
	for _, n := range []int64{d / 2, d * 2} {
		b.alter(fmt.Sprintf("%s: %s -> %s", name, b.tokens[i].text, formatDuration(n)), i, i+1, formatDuration(n))
	}
}

// comparison alters the operator at i, and takes the comparison away.
func (b *breeder) comparison(i int) {
	op := b.tokens[i].text
	name := b.nth("comparison")
	for _, other := range comparisons[op] {
		b.alter(fmt.Sprintf("%s: %s -> %s", name, op, other), i, i+1, other)
	}
	end := b.modifiers(i + 1)
	for end < len(b.tokens) {
		t := b.tokens[end]
		if t.is(")", ",", "and", "or", "unless") || t.kind == operator && comparisons[t.text] != nil {
			break
		}
		if t.is("(", "{", "[") {
			end = b.close(end)
		} else {
			end++
		}
	}
	b.alter(fmt.Sprintf("%s: %s dropped", name, op), i, end, "")
}

// modifiers is the place behind bool, on (...) and group_left (...) of an operator.
func (b *breeder) modifiers(i int) int {
	for {
		switch t := b.at(i); {
		case t.is("bool"):
			i++
		case t.is("on", "ignoring", "group_left", "group_right"):
			i++
			if b.at(i).is("(") {
				i = b.close(i)
			}
		default:
			return i
		}
	}
}

// clause alters a list of labels and what it is for; it returns the last token of it.
func (b *breeder) clause(i int) int {
	keyword := strings.ToLower(b.tokens[i].text)
	if !b.at(i + 1).is("(") {
		return i
	}
	name := b.nth(keyword)
	end := b.close(i + 1)
	var labels []string
	for _, t := range b.tokens[i+2 : end-1] {
		if t.kind == word {
			labels = append(labels, t.text)
		}
	}
	for n, l := range labels {
		rest := slices.Delete(slices.Clone(labels), n, n+1)
		b.alter(fmt.Sprintf("%s: without %s", name, l), i+2, end-1, strings.Join(rest, ", "))
	}
	switch keyword {
	case "by":
		b.alter(name+": by -> without", i, i+1, "without")
	case "without":
		b.alter(name+": without -> by", i, i+1, "by")
	}
	if !b.at(end).is("group_left", "group_right") {
		b.alter(name+": dropped", i, end, "")
	}
	return end - 1
}

// matchers alters the selection of series between two braces. The label system is
// how the pack finds its own series, not what an alert decides by: a matcher of it is
// negated and not dropped.
func (b *breeder) matchers(from, to int) {
	negated := map[string]string{"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
	for i := from; i+2 < to+1; i += 4 {
		label, op, value := b.tokens[i].text, b.tokens[i+1].text, b.tokens[i+2].text
		name := b.nth("matcher")
		said := fmt.Sprintf("%s: %s%s%s", name, label, op, value)
		b.alter(said+" negated", i+1, i+2, negated[op])
		if label != "system" {
			first, last := i, i+3
			if b.at(last).is(",") {
				last++
			} else if i > from {
				first--
			}
			b.alter(said+" dropped", first, last, "")
		}
		values := strings.Split(strings.Trim(value, `"'`), "|")
		if len(values) < 2 || !strings.Contains(op, "~") || strings.ContainsAny(value, "()[]") {
			continue
		}
		for n, v := range values {
			rest := slices.Delete(slices.Clone(values), n, n+1)
			b.alter(said+" without "+v, i+2, i+3, `"`+strings.Join(rest, "|")+`"`)
		}
	}
}

// sets takes apart what and, or and unless hold together, between two brackets or in
// the whole expression.
func (b *breeder) sets(from, to int) {
	// An argument of a function is an expression of its own.
	start := from
	for i := from; i <= to; i++ {
		if i == to || b.tokens[i].is(",") {
			b.alternatives(start, i)
			start = i + 1
			continue
		}
		if b.tokens[i].is("(") {
			end := b.close(i)
			if !b.at(i-1).is("on", "ignoring", "by", "without", "group_left", "group_right") {
				b.sets(i+1, end-1)
			}
			i = end - 1
		} else if b.tokens[i].is("{", "[") {
			i = b.close(i) - 1
		}
	}
}

// alternatives: or binds weakest, and and unless bind alike.
func (b *breeder) alternatives(from, to int) {
	for _, term := range b.chain(from, to, "or") {
		b.chain(term[0], term[1], "and", "unless")
	}
}

// chain drops every operand of a chain of set operators and returns them.
func (b *breeder) chain(from, to int, ops ...string) [][2]int {
	var places []int
	for i := from; i < to; i++ {
		switch {
		case b.tokens[i].is(ops...):
			places = append(places, i)
		case b.tokens[i].is("(", "{", "["):
			i = b.close(i) - 1
		}
	}
	var operands [][2]int
	start := from
	for n, at := range places {
		op := strings.ToLower(b.tokens[at].text)
		name := b.nth(op)
		operands = append(operands, [2]int{start, at})
		start = b.modifiers(at + 1)
		end := to
		if n+1 < len(places) {
			end = places[n+1]
		}
		switch op {
		case "and":
			b.alter(name+": and -> unless", at, at+1, "unless")
		case "unless":
			b.alter(name+": unless -> and", at, at+1, "and")
		}
		if n == 0 {
			b.alter(name+": left side dropped", from, start, "")
		}
		b.alter(name+": right side dropped", at, end, "")
	}
	return append(operands, [2]int{start, to})
}

// hold alters how long the alert waits before it fires.
func (b *breeder) hold() error {
	if b.rule.For == "" {
		b.add("for: none -> 1m", b.rule.Expr, "1m")
		return nil
	}
	d, err := parseDuration(b.rule.For)
	if err != nil {
		return fmt.Errorf("%s: for: %w", b.rule.key, err)
	}
	step := max(60, d/20/60*60)
	for _, n := range []int64{d - step, d + step} {
		b.add(fmt.Sprintf("for: %s -> %s", b.rule.For, formatDuration(n)), b.rule.Expr, formatDuration(n))
	}
	b.add("for: "+b.rule.For+" dropped", b.rule.Expr, "")
	return nil
}
