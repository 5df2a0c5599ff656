// Package promql reads PromQL as far as checks of queries need it: what is
// selected, in which function, and which labels an operation keeps. It accepts
// Grafana's variables where Grafana allows them. Whether a query is correct is
// promtool's business.
package promql

import (
	"fmt"
	"strings"
)

// Expr is a node of a query.
type Expr interface{ children() []Expr }

// Matcher is one condition of a selector.
type Matcher struct{ Label, Op, Value string }

// Selector is series, with a range when Range is not empty.
type Selector struct {
	Name     string
	Matchers []Matcher
	Range    string
}

// Matcher finds the condition on a label.
func (s *Selector) Matcher(label string) (Matcher, bool) {
	for _, m := range s.Matchers {
		if m.Label == label {
			return m, true
		}
	}
	return Matcher{}, false
}

// Subquery is an expression over a range.
type Subquery struct {
	Expr        Expr
	Range, Step string
}

// Call is a function.
type Call struct {
	Func string
	Args []Expr
}

// Aggregate is an operation over series. Grouping is "by", "without" or "".
type Aggregate struct {
	Op, Grouping string
	Labels       []string
	Param        Expr
	Expr         Expr
}

// Binary is an operation of two sides. Matching is "on", "ignoring" or "",
// Group is "group_left", "group_right" or "".
type Binary struct {
	Op, Matching, Group string
	Bool                bool
	Labels, Include     []string
	Left, Right         Expr
}

// Unary is a sign before an expression.
type Unary struct {
	Op   string
	Expr Expr
}

// Number is a literal, or a variable in its place.
type Number struct{ Text string }

// String is a literal.
type String struct{ Value string }

func (*Selector) children() []Expr   { return nil }
func (s *Subquery) children() []Expr { return []Expr{s.Expr} }
func (c *Call) children() []Expr     { return c.Args }
func (u *Unary) children() []Expr    { return []Expr{u.Expr} }
func (*Number) children() []Expr     { return nil }
func (*String) children() []Expr     { return nil }
func (b *Binary) children() []Expr   { return []Expr{b.Left, b.Right} }
func (a *Aggregate) children() []Expr {
	if a.Param == nil {
		return []Expr{a.Expr}
	}
	return []Expr{a.Param, a.Expr}
}

// Walk visits every node, with the nodes it is in, outermost first.
func Walk(e Expr, visit func(e Expr, in []Expr)) { walk(e, nil, visit) }

func walk(e Expr, in []Expr, visit func(Expr, []Expr)) {
	visit(e, in)
	in = append(in[:len(in):len(in)], e)
	for _, c := range e.children() {
		walk(c, in, visit)
	}
}

// Selectors is every selector of a query.
func Selectors(e Expr) []*Selector {
	var all []*Selector
	Walk(e, func(e Expr, _ []Expr) {
		if s, ok := e.(*Selector); ok {
			all = append(all, s)
		}
	})
	return all
}

// Parse reads a query.
func Parse(text string) (e Expr, err error) {
	p := &parser{}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			e, err = nil, fmt.Errorf("%s in the query %q", f, text)
		}
	}()
	p.tokens = scan(text)
	e = p.binary(0)
	if t := p.peek(); t.kind != end {
		fail("unexpected %q", t.text)
	}
	return e, nil
}

type failure string

func fail(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

type parser struct {
	tokens []token
	at     int
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

// take accepts a symbol or keyword that may be there.
func (p *parser) take(text string) bool {
	if t := p.peek(); (t.kind == symbol || t.kind == word) && strings.EqualFold(t.text, text) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(text string) {
	if !p.take(text) {
		fail("%q is expected, not %q", text, p.peek().text)
	}
}

// levels are the binary operators, those that bind least first.
var levels = [][]string{
	{"or"},
	{"and", "unless"},
	{"==", "!=", ">=", "<=", ">", "<"},
	{"+", "-"},
	{"*", "/", "%", "atan2"},
	{"^"},
}

func (p *parser) binary(level int) Expr {
	if level == len(levels) {
		return p.unary()
	}
	left := p.binary(level + 1)
	for {
		op := ""
		for _, o := range levels[level] {
			if p.take(o) {
				op = o
				break
			}
		}
		if op == "" {
			return left
		}
		b := &Binary{Op: op, Left: left}
		p.modifiers(b)
		if op == "^" { // to the right
			b.Right = p.binary(level)
		} else {
			b.Right = p.binary(level + 1)
		}
		left = b
	}
}

func (p *parser) modifiers(b *Binary) {
	b.Bool = p.take("bool")
	for _, m := range []string{"on", "ignoring"} {
		if p.take(m) {
			b.Matching, b.Labels = m, p.labels()
		}
	}
	for _, g := range []string{"group_left", "group_right"} {
		if p.take(g) {
			b.Group = g
			if p.peek().text == "(" {
				b.Include = p.labels()
			}
		}
	}
}

func (p *parser) labels() []string {
	p.expect("(")
	var ls []string
	for !p.take(")") {
		t := p.next()
		if t.kind != word {
			fail("a label is expected, not %q", t.text)
		}
		ls = append(ls, t.text)
		if !p.take(",") {
			p.expect(")")
			break
		}
	}
	return ls
}

func (p *parser) unary() Expr {
	for _, op := range []string{"-", "+"} {
		if p.take(op) {
			return &Unary{op, p.binary(len(levels) - 1)}
		}
	}
	return p.postfix(p.primary())
}

// postfix reads ranges, offsets and @.
func (p *parser) postfix(e Expr) Expr {
	for {
		switch {
		case p.take("["):
			e = p.ranged(e)
		case p.take("offset"):
			p.take("-")
			p.duration()
		case p.take("@"):
			p.take("-")
			if p.next().kind == word { // start() or end()
				p.expect("(")
				p.expect(")")
			}
		default:
			return e
		}
	}
}

func (p *parser) ranged(e Expr) Expr {
	length := p.duration()
	if p.take(":") {
		q := &Subquery{Expr: e, Range: length}
		if p.peek().text != "]" {
			q.Step = p.duration()
		}
		p.expect("]")
		return q
	}
	p.expect("]")
	s, ok := e.(*Selector)
	if !ok || s.Range != "" {
		fail("a range follows what is no selector")
	}
	ranged := *s
	ranged.Range = length
	return &ranged
}

func (p *parser) duration() string {
	t := p.next()
	if t.kind != number && t.kind != variable {
		fail("a duration is expected, not %q", t.text)
	}
	return t.text
}

var aggregations = map[string]bool{
	"sum": false, "avg": false, "min": false, "max": false, "count": false, "group": false, "stddev": false, "stdvar": false,
	"topk": true, "bottomk": true, "quantile": true, "count_values": true,
}

func (p *parser) primary() Expr {
	t := p.peek()
	switch {
	case p.take("("):
		e := p.binary(0)
		p.expect(")")
		return e
	case t.text == "{" && t.kind == symbol:
		return &Selector{Matchers: p.matchers()}
	}
	p.next()
	switch t.kind {
	case number, variable:
		return &Number{t.text}
	case text:
		return &String{t.text}
	case word:
	default:
		fail("unexpected %q", t.text)
	}
	if withParam, ok := aggregations[strings.ToLower(t.text)]; ok && strings.Contains("(by without", strings.ToLower(p.peek().text)) {
		return p.aggregate(strings.ToLower(t.text), withParam)
	}
	if l := strings.ToLower(t.text); l == "inf" || l == "nan" {
		return &Number{l}
	}
	if p.take("(") {
		c := &Call{Func: t.text}
		for !p.take(")") {
			c.Args = append(c.Args, p.binary(0))
			if !p.take(",") {
				p.expect(")")
				break
			}
		}
		return c
	}
	s := &Selector{Name: t.text}
	if p.peek().text == "{" && p.peek().kind == symbol {
		s.Matchers = p.matchers()
	}
	return s
}

func (p *parser) aggregate(op string, withParam bool) Expr {
	a := &Aggregate{Op: op}
	grouping := func() {
		for _, g := range []string{"by", "without"} {
			if p.take(g) {
				a.Grouping, a.Labels = g, p.labels()
			}
		}
	}
	grouping()
	p.expect("(")
	a.Expr = p.binary(0)
	if withParam {
		p.expect(",")
		a.Param, a.Expr = a.Expr, p.binary(0)
	}
	p.expect(")")
	if a.Grouping == "" {
		grouping()
	}
	return a
}

func (p *parser) matchers() []Matcher {
	p.expect("{")
	var ms []Matcher
	for !p.take("}") {
		m := Matcher{Label: p.next().text, Op: p.next().text}
		value := p.next()
		if value.kind != text || !strings.Contains(" = != =~ !~ ", " "+m.Op+" ") {
			fail("a condition is expected, not %s%s%s", m.Label, m.Op, value.text)
		}
		m.Value = value.text
		ms = append(ms, m)
		if !p.take(",") {
			p.expect("}")
			break
		}
	}
	return ms
}
