// Command mutate alters every alert of rules/ in turn, a comparison, a threshold, a
// label of a join at a time, and runs the tests of mixin/tests against it. A mutant
// that no test notices is a hole in the tests.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"golang.org/x/term"
)

type options struct {
	root    string
	which   *regexp.Regexp
	jobs    int
	records bool
	list    bool
}

func main() {
	var o options
	app := kingpin.New("mutate", "Alters every alert in turn and sees that its tests notice.")
	app.HelpFlag.Short('h')
	app.Flag("root", "Top of the source tree.").Default(".").StringVar(&o.root)
	app.Flag("alert", "Only mutants whose id matches this regular expression; an id starts with the name of the rule.").Default("").RegexpVar(&o.which)
	app.Flag("jobs", "How many promtool run at a time.").Default(fmt.Sprint(runtime.NumCPU())).IntVar(&o.jobs)
	app.Flag("records", "Alter the recording rules that alerts rest on too; that takes five times as long.").BoolVar(&o.records)
	app.Flag("list", "Print the ids of all mutants and run nothing.").BoolVar(&o.list)
	kingpin.MustParse(app.Parse(os.Args[1:]))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	good, err := mutate(ctx, o, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}

// work is one rule, its mutants, and what became of them.
type work struct {
	rule      *rule
	mutants   []mutant
	survivors []mutant
	took      time.Duration // of processors
	trouble   error         // why its mutants could not be tried
}

// mutate runs everything; false: the tests or the list of equivalents have holes.
func mutate(ctx context.Context, o options, stdout, stderr io.Writer) (bool, error) {
	if o.jobs < 1 {
		return false, errors.New("--jobs must be at least 1")
	}
	p, err := readRules(filepath.Join(o.root, "rules"))
	if err != nil {
		return false, err
	}
	works, all, err := plan(p, o)
	if err != nil {
		return false, err
	}
	if o.list {
		for _, w := range works {
			for _, m := range w.mutants {
				if _, err := fmt.Fprintln(stdout, m.id); err != nil {
					return false, err
				}
			}
		}
		return true, nil
	}
	reasons, err := readEquivalents(filepath.Join(o.root, "mixin", "mutate", "equivalent.yaml"))
	if err != nil {
		return false, err
	}
	tests, err := readSuites(filepath.Join(o.root, "mixin", "tests"))
	if err != nil {
		return false, err
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		return false, errors.New("promtool is not installed: run make test-deps")
	}
	folder, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	c := &court{pack: p, tests: tests, promtool: promtool, folder: folder, procs: max(1, runtime.NumCPU()/o.jobs)}
	if err := trials(ctx, c, works, o.jobs, newProgress(stderr)); err != nil {
		return false, err
	}
	summary, good := report(works, reasons, unknown(reasons, all))
	_, err = io.WriteString(stdout, summary)
	return good, err
}

// plan breeds the mutants: those to be tried, and all there are.
func plan(p *pack, o options) ([]*work, []mutant, error) {
	var works []*work
	var all []mutant
	for _, r := range p.rules {
		mutants, err := breed(r)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, mutants...)
		if r.Record != "" && (!o.records || !p.bearsAlert(r)) {
			continue
		}
		mutants = slices.DeleteFunc(slices.Clone(mutants), func(m mutant) bool { return !o.which.MatchString(m.id) })
		if len(mutants) > 0 {
			works = append(works, &work{rule: r, mutants: mutants})
		}
	}
	if len(works) == 0 {
		return nil, nil, fmt.Errorf("no mutant has an id that matches %q: see --list", o.which)
	}
	return works, all, nil
}

// trials lets a few rules at a time stand trial, those that take longest first.
func trials(ctx context.Context, c *court, works []*work, jobs int, pr *progress) error {
	order := slices.Clone(works)
	slices.SortStableFunc(order, func(a, b *work) int { return c.weight(b) - c.weight(a) })
	queue := make(chan *work, len(order))
	for _, w := range order {
		pr.total += len(w.mutants)
		queue <- w
	}
	close(queue)
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(func() {
			for w := range queue {
				if ctx.Err() != nil {
					return
				}
				if err := c.try(ctx, w); ctx.Err() != nil {
					return
				} else if err != nil {
					w.trouble = err
				}
				pr.add(w)
			}
		})
	}
	wg.Wait()
	pr.end()
	return ctx.Err()
}

// weight is roughly how long the trial of a rule takes.
func (c *court) weight(w *work) int {
	affected := c.pack.affected(w.rule)
	total := int64(0)
	for _, t := range c.tests {
		if part := t.about(affected); part != nil {
			total += part.cost()
		}
	}
	return int(total) * len(affected) * (5 + len(w.mutants))
}

// progress tells a person at a terminal how far it is.
type progress struct {
	mutex                     sync.Mutex
	out                       io.Writer
	shown                     bool
	total, tried, left, rules int
}

func newProgress(out io.Writer) *progress {
	f, ok := out.(*os.File)
	return &progress{out: out, shown: ok && term.IsTerminal(int(f.Fd()))} //nolint:gosec // descriptors are small
}

func (p *progress) add(w *work) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.rules++
	p.tried += len(w.mutants)
	p.left += len(w.survivors)
	if p.shown {
		_, _ = fmt.Fprintf(p.out, "\r\x1b[K%d of %d mutants tried, %d not noticed; last %s", p.tried, p.total, p.left, w.rule.key)
	}
}

func (p *progress) end() {
	if p.shown {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K")
	}
}
