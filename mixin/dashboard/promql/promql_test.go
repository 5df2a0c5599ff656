package promql

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	up := &Selector{Name: "up"}
	for _, tt := range []struct {
		query string
		want  Expr
	}{
		{`up`, up},
		{`(up) # all of it`, up},
		{
			`a:b_c:d{x="1",y!~'i"t\'s|$v',}`,
			&Selector{Name: "a:b_c:d", Matchers: []Matcher{{"x", "=", "1"}, {"y", "!~", `i"t's|$v`}}},
		},
		{`{__name__="up"}`, &Selector{Matchers: []Matcher{{"__name__", "=", "up"}}}},
		{
			"rate(x_total{instance=~\"$target\", a=`\\d`}[$__rate_interval] offset 1h)",
			&Call{"rate", []Expr{&Selector{"x_total", []Matcher{{"instance", "=~", "$target"}, {"a", "=", `\d`}}, "$__rate_interval"}}},
		},
		{`max_over_time(timestamp(up > 0)[1d:1m])`, &Call{"max_over_time", []Expr{&Subquery{
			&Call{"timestamp", []Expr{&Binary{Op: ">", Left: up, Right: &Number{"0"}}}}, "1d", "1m",
		}}}},
		{`max_over_time(up[1h30m:])`, &Call{"max_over_time", []Expr{&Subquery{Expr: up, Range: "1h30m"}}}},
		{`up[5m] @ end()`, &Selector{Name: "up", Range: "5m"}},
		{`sum by (a, b) (up)`, &Aggregate{Op: "sum", Grouping: "by", Labels: []string{"a", "b"}, Expr: up}},
		{`sum(up) without (a)`, &Aggregate{Op: "sum", Grouping: "without", Labels: []string{"a"}, Expr: up}},
		{`topk($n, up)`, &Aggregate{Op: "topk", Param: &Number{"$n"}, Expr: up}},
		{`count_values("v", up)`, &Aggregate{Op: "count_values", Param: &String{"v"}, Expr: up}},
		{
			`up * on (a) group_left (b) up`,
			&Binary{Op: "*", Matching: "on", Labels: []string{"a"}, Group: "group_left", Include: []string{"b"}, Left: up, Right: up},
		},
		{`up == bool 1`, &Binary{Op: "==", Bool: true, Left: up, Right: &Number{"1"}}},
		{
			`1 + 2 * 3 ^ 4 ^ 5 or up and up`,
			&Binary{
				Op: "or",
				Left: &Binary{Op: "+", Left: &Number{"1"}, Right: &Binary{Op: "*", Left: &Number{"2"}, Right: &Binary{
					Op: "^", Left: &Number{"3"}, Right: &Binary{Op: "^", Left: &Number{"4"}, Right: &Number{"5"}},
				}}},
				Right: &Binary{Op: "and", Left: up, Right: up},
			},
		},
		{`-1e3 - -Inf`, &Binary{Op: "-", Left: &Unary{"-", &Number{"1e3"}}, Right: &Unary{"-", &Number{"inf"}}}},
		{`1 - 2 - 3`, &Binary{Op: "-", Left: &Binary{Op: "-", Left: &Number{"1"}, Right: &Number{"2"}}, Right: &Number{"3"}}},
		{`time()`, &Call{Func: "time"}},
		{`on_call{by="x"}`, &Selector{Name: "on_call", Matchers: []Matcher{{"by", "=", "x"}}}},
	} {
		got, err := Parse(tt.query)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.query, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, query := range []string{
		``, `up +`, `up{`, `up{a}`, `up{a="b"`, `sum(up`, `up[5m`, `up[x]`, `(up)[5m][5m]`, `sum by a (up)`, `up up`, `up{a=="b"}`, `"\q"`, `up ?`,
		`rate(up)[5m]`, `f(up,`, `topk(up)`,
	} {
		if e, err := Parse(query); err == nil || !strings.Contains(err.Error(), "in the query") {
			t.Errorf("%s: %v, %v", query, e, err)
		}
	}
}

func TestWalk(t *testing.T) {
	e, err := Parse(`sum(rate(a[5m])) / b`)
	if err != nil {
		t.Fatal(err)
	}
	depth := map[string]int{}
	Walk(e, func(e Expr, in []Expr) {
		if s, ok := e.(*Selector); ok {
			depth[s.Name] = len(in)
		}
	})
	if diff := cmp.Diff(map[string]int{"a": 3, "b": 1}, depth); diff != "" {
		t.Error(diff)
	}
	if len(Selectors(e)) != 2 {
		t.Error(Selectors(e))
	}
}
