package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// firing is one alert that fires at one minute of a watch.
type firing struct {
	when   minute
	labels labels
}

// said is what an alert said when it was asked.
type said struct {
	when        minute
	alert       string
	labels      labels
	description string
}

var (
	reComplaint = regexp.MustCompile(`^    expr: .*, time: ([0-9a-z]+),$`)
	reGot       = regexp.MustCompile(`^        got: ?(.*)$`)
	reAsked     = regexp.MustCompile(`^    alertname: ?(\w+), time: ([0-9a-z]+), ?$`)
	reIgnored   = regexp.MustCompile(`^(Unit Testing: .*|  FAILED:|  SUCCESS|        exp: ?(nil|\[\],? ?)|        exp:\[\], ?|        got:\[|\s*\d+:|\s*\]|\s*)$`)
)

// evaluate runs promtool on a test file and reads what fired out of its complaints.
func evaluate(ctx context.Context, promtool, file string) ([]firing, []said, error) {
	cmd := exec.CommandContext(ctx, promtool, "test", "rules", file) //nolint:gosec // promtool is what this program runs
	// Garbage of many short queries: memory for time.
	cmd.Env = append(os.Environ(), "GOGC=400")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, nil, fmt.Errorf("run promtool: %w", err)
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	// Releases differ in where they print complaints.
	fired, words, perr := complaints(stdout.String() + "\n" + stderr.String())
	if perr != nil {
		return nil, nil, fmt.Errorf("promtool test rules %s: %w", filepath.Base(file), perr)
	}
	if err != nil && len(fired) == 0 && len(words) == 0 {
		return nil, nil, fmt.Errorf("promtool test rules %s: %w and no complaint that can be read: %s", filepath.Base(file), err, stderr.String())
	}
	return fired, words, nil
}

// complaints reads the output of promtool. A line that it does not know is an error: an
// alert must not get lost in it.
func complaints(output string) ([]firing, []said, error) {
	var fired []firing
	var words []said
	when, alert := minute(-1), ""
	var current labels
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(line, "\n")
		if m := reComplaint.FindStringSubmatch(line); m != nil {
			at, err := moment(m[1])
			if err != nil {
				return nil, nil, err
			}
			when, alert = at, ""
			continue
		}
		if m := reAsked.FindStringSubmatch(line); m != nil {
			at, err := moment(m[2])
			if err != nil {
				return nil, nil, err
			}
			when, alert = at, m[1]
			continue
		}
		text := strings.TrimSpace(line)
		switch {
		case reIgnored.MatchString(line):
		case strings.HasPrefix(text, "Labels:{") && alert != "":
			l, rest, err := parseLabels(strings.TrimSuffix(strings.TrimPrefix(text, "Labels:"), ","))
			if err != nil || rest != "" {
				return nil, nil, fmt.Errorf("these labels cannot be read: %q", text)
			}
			current = l
		case strings.HasPrefix(text, "Annotations:{") && alert != "":
			l, rest, err := parseLabels(strings.TrimSuffix(strings.TrimPrefix(text, "Annotations:"), ","))
			if err != nil || rest != "" {
				return nil, nil, fmt.Errorf("these annotations cannot be read: %q", text)
			}
			words = append(words, said{when: when, alert: alert, labels: current, description: l["description"]})
		default:
			m := reGot.FindStringSubmatch(line)
			if m == nil || when < 0 {
				return nil, nil, fmt.Errorf("this program does not understand the line %q: is it another release of promtool?", line)
			}
			samples, err := parseSamples(m[1])
			if err != nil {
				return nil, nil, err
			}
			for _, l := range samples {
				fired = append(fired, firing{when, l})
			}
		}
	}
	return fired, words, nil
}

func moment(text string) (minute, error) {
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("the time %q cannot be read: %w", text, err)
	}
	return minute(time.Duration(d) / time.Minute), nil
}

// parseSamples reads {a="b"} 1E+00, {a="c"} 1E+00.
func parseSamples(text string) ([]labels, error) {
	if text == "nil" {
		return nil, nil
	}
	var all []labels
	for text != "" {
		l, rest, err := parseLabels(text)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
		_, text, _ = strings.Cut(rest, ", ")
	}
	return all, nil
}

// parseLabels reads {a="b", c="d"} and gives what follows.
func parseLabels(text string) (labels, string, error) {
	bad := func() (labels, string, error) { return nil, "", fmt.Errorf("these are no labels: %q", text) }
	rest, ok := strings.CutPrefix(text, "{")
	if !ok {
		return bad()
	}
	l := labels{}
	for {
		if after, ok := strings.CutPrefix(rest, "}"); ok {
			return l, after, nil
		}
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return bad()
		}
		quoted, err := strconv.QuotedPrefix(after)
		if err != nil {
			return bad()
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return bad()
		}
		l[strings.TrimSpace(name)] = value
		rest = strings.TrimPrefix(after[len(quoted):], ", ")
	}
}
