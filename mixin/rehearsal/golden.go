package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// goldens are the expositions that the tests of the collectors keep: what the real
// parsers make of a device's answers. They are read once.
type goldens struct {
	root  string
	mutex sync.Mutex
	texts map[string]string
}

var archive = &goldens{root: "."}

// The first lines of a golden exposition say how every question ended.
var reQuestion = regexp.MustCompile(`^# question (\S+)(?: (\S+))?: ([a-z_]+)(?:, unrecognized(?: lines)? (\d+))?`)

func (g *goldens) read(file string) (string, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if text, ok := g.texts[file]; ok {
		return text, nil
	}
	folder, rest, _ := strings.Cut(file, "/")
	text, err := os.ReadFile(filepath.Join(g.root, "collectors", folder, "testdata", filepath.FromSlash(rest)+".prom"))
	if err != nil {
		return "", fmt.Errorf("%w (run it from the top of the source tree, or give --root)", err)
	}
	if g.texts == nil {
		g.texts = map[string]string{}
	}
	g.texts[file] = string(text)
	return string(text), nil
}

// golden parses a golden exposition: "vnxcava/status/two_checkers".
func (r *reading) golden(file string) *reading {
	g := newReading(r.catalogue)
	text, err := archive.read(file)
	if err != nil {
		r.failf("%w", err)
		return g
	}
	for line := range strings.Lines(text) {
		if m := reQuestion.FindStringSubmatch(line); m != nil {
			o := outcome{reason: m[3]}
			if n, err := strconv.ParseFloat(m[4], 64); err == nil {
				o.unrecognized = n
			}
			g.questions[question{m[1], m[2]}] = o
		}
	}
	if len(g.questions) == 0 {
		r.failf("%s says of no question how it ended", file)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		r.failf("%s: %w", file, err)
	}
	for name, f := range families {
		for _, m := range f.Metric {
			s := &series{name: name, labels: labels{}}
			for _, l := range m.Label {
				s.labels[l.GetName()] = l.GetValue()
			}
			switch {
			case m.Counter != nil:
				s.value = m.Counter.GetValue()
			case m.Gauge != nil:
				s.value = m.Gauge.GetValue()
			default:
				s.value = m.Untyped.GetValue()
			}
			g.put(s)
		}
	}
	r.errs = append(r.errs, g.errs...)
	return g
}
