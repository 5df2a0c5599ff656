package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// suite is a file of tests as promtool reads it.
type suite struct {
	RuleFiles          []string `yaml:"rule_files"`
	EvaluationInterval string   `yaml:"evaluation_interval,omitempty"`
	GroupEvalOrder     []string `yaml:"group_eval_order,omitempty"`
	Tests              []test   `yaml:"tests"`
}

type test struct {
	Name           string            `yaml:"name,omitempty"`
	Interval       string            `yaml:"interval,omitempty"`
	InputSeries    []series          `yaml:"input_series,omitempty"`
	AlertRuleTest  []alertTest       `yaml:"alert_rule_test,omitempty"`
	PromqlExprTest []exprTest        `yaml:"promql_expr_test,omitempty"`
	ExternalLabels map[string]string `yaml:"external_labels,omitempty"`

	suite *suite
	file  string
}

type series struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type alertTest struct {
	Alertname string     `yaml:"alertname"`
	EvalTime  string     `yaml:"eval_time"`
	ExpAlerts []expAlert `yaml:"exp_alerts,omitempty"`
}

type expAlert struct {
	ExpLabels      map[string]string `yaml:"exp_labels,omitempty"`
	ExpAnnotations map[string]string `yaml:"exp_annotations,omitempty"`
}

type exprTest struct {
	Expr       string      `yaml:"expr"`
	EvalTime   string      `yaml:"eval_time"`
	ExpSamples []expSample `yaml:"exp_samples,omitempty"`
}

type expSample struct {
	Labels string    `yaml:"labels"`
	Value  yaml.Node `yaml:"value"`
}

// readSuites reads every file of tests in a folder.
func readSuites(folder string) ([]*test, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var all []*test
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		s := &suite{}
		d := yaml.NewDecoder(bytes.NewReader(content))
		d.KnownFields(true)
		if err := d.Decode(s); err != nil {
			return nil, fmt.Errorf("%s: %w (promtool test rules must accept it, and this program must know its fields)", f, err)
		}
		for i := range s.Tests {
			t := &s.Tests[i]
			t.suite, t.file = s, filepath.Base(f)
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return nil, errors.New(folder + " holds no tests: run this from the top of the source tree")
	}
	return all, nil
}

// about leaves of a test what it says about some alerts and records. Nil: nothing.
func (t *test) about(names map[string]bool) *test {
	part := *t
	part.AlertRuleTest, part.PromqlExprTest = nil, nil
	for _, a := range t.AlertRuleTest {
		if names[a.Alertname] {
			part.AlertRuleTest = append(part.AlertRuleTest, a)
		}
	}
	for _, e := range t.PromqlExprTest {
		if mentions(e.Expr, names) {
			part.PromqlExprTest = append(part.PromqlExprTest, e)
		}
	}
	if len(part.AlertRuleTest)+len(part.PromqlExprTest) == 0 {
		return nil
	}
	return &part
}

func mentions(s string, names map[string]bool) bool {
	return slices.ContainsFunc(reWord.FindAllString(s, -1), func(w string) bool { return names[w] })
}

// worded is the part of a test that says in which words an alert fires. Nil: none.
func (t *test) worded() *test {
	part := *t
	part.PromqlExprTest = nil
	part.AlertRuleTest = slices.DeleteFunc(slices.Clone(t.AlertRuleTest), func(a alertTest) bool { return len(a.ExpAlerts) == 0 })
	if len(part.AlertRuleTest) == 0 {
		return nil
	}
	return &part
}

// cost is roughly how much there is to evaluate: steps times series.
func (t *test) cost() int64 {
	last := int64(0)
	consider := func(evalTime string) {
		if d, err := parseDuration(evalTime); err == nil {
			last = max(last, d)
		}
	}
	for _, a := range t.AlertRuleTest {
		consider(a.EvalTime)
	}
	for _, e := range t.PromqlExprTest {
		consider(e.EvalTime)
	}
	interval, err := parseDuration(cmp.Or(t.suite.EvaluationInterval, "1m"))
	if err != nil || interval == 0 {
		interval = 60
	}
	return last / interval * int64(5+len(t.InputSeries))
}

// metric is the name of the series.
func (s series) metric() string {
	name, _, _ := strings.Cut(s.Series, "{")
	return strings.TrimSpace(name)
}
