// Command rehearsal runs the alerts of rules/ through 30 simulated days in which every
// documented failure happens once, among restarts, missed scrapes, flapping and clock
// steps. It writes docs/rehearsal.md: what was found, after how long, and what fired for
// nothing.
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
	"runtime"
	"slices"
	"sync"

	"github.com/alecthomas/kingpin/v2"
	"golang.org/x/term"
)

type options struct {
	root   string
	system string
	jobs   int
	quiet  int
	keep   string
}

func main() {
	var o options
	app := kingpin.New("rehearsal", "Runs the alerts through 30 simulated days of failures and disturbances.")
	app.HelpFlag.Short('h')
	app.Flag("root", "Top of the source tree.").Default(".").StringVar(&o.root)
	app.Flag("system", "Only this system; the report goes to standard output.").StringVar(&o.system)
	app.Flag("jobs", "How many promtool run at a time.").Default(fmt.Sprint(runtime.NumCPU())).IntVar(&o.jobs)
	app.Flag("quiet-minutes", "Minutes between evaluations where nothing happens; 1 takes an hour and more.").Default("5").IntVar(&o.quiet)
	app.Flag("keep", "Folder in which the files of promtool are kept.").StringVar(&o.keep)
	kingpin.MustParse(app.Parse(os.Args[1:]))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	good, err := run(ctx, o, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "rehearsal:", err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}

// reportFile is where the report of a whole rehearsal goes.
const reportFile = "docs/rehearsal.md"

func run(ctx context.Context, o options, stdout, stderr io.Writer) (bool, error) {
	if o.jobs < 1 || o.quiet < 1 || o.quiet > 5 {
		return false, errors.New("--jobs must be at least 1 and --quiet-minutes from 1 to 5")
	}
	archive.root = o.root
	fleets, err := fleetsNamed(o.system)
	if err != nil {
		return false, err
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		return false, errors.New("promtool is not installed: run make test-deps")
	}
	folder := o.keep
	if folder == "" {
		if folder, err = os.MkdirTemp("", "rehearsal"); err != nil {
			return false, err
		}
		defer func() { _ = os.RemoveAll(folder) }()
	}
	s := &stage{promtool: promtool, folder: folder, rules: filepath.Join(o.root, "rules"), quiet: minute(o.quiet), progress: newProgress(stderr)}
	// Of the source as it is now, not as it may be when this ends.
	mark, err := freshness(o.root)
	if err != nil {
		return false, err
	}
	plays, err := s.perform(ctx, fleets, o.jobs)
	if err != nil {
		return false, err
	}
	text := report(plays, mark)
	if o.system != "" {
		if _, err := io.WriteString(stdout, text); err != nil {
			return false, err
		}
	} else if err := os.WriteFile(filepath.Join(o.root, reportFile), []byte(text), 0o644); err != nil { //nolint:gosec // documentation
		return false, err
	}
	t := tally(plays)
	_, err = fmt.Fprintf(stderr, "found %d of %d failures, %d false pages, %d false tickets, %d false notes\n", t.found, t.failures, t.pages, t.tickets, t.notes)
	return t.good(), err
}

// play is the rehearsal of one fleet and what came of it.
type play struct {
	fleet   *fleet
	results []result
	wrong   []alarm
	// minutes counts those that were evaluated every minute.
	minutes int
}

// stage is where promtool works.
type stage struct {
	promtool, folder, rules string
	quiet                   minute
	progress                *progress
}

// perform rehearses the fleets one after the other, some watches at a time.
func (s *stage) perform(ctx context.Context, fleets []*fleet, jobs int) ([]*play, error) {
	var plays []*play
	for _, f := range fleets {
		groups, err := readRules(s.rules, f.rules...)
		if err != nil {
			return nil, err
		}
		p, err := s.rehearse(ctx, f, needed(groups), watches(f.incidents, s.quiet), jobs)
		if err != nil {
			return nil, err
		}
		plays = append(plays, p)
	}
	s.progress.end()
	return plays, nil
}

// rehearse lets some promtool evaluate the watches of one fleet, and judges.
func (s *stage) rehearse(ctx context.Context, f *fleet, groups []group, list []watch, jobs int) (*play, error) {
	rules, err := writeRules(s.folder, f, groups)
	if err != nil {
		return nil, err
	}
	s.progress.say("%s: making 30 days of series", f.name)
	until := minute(0)
	for _, w := range list {
		until = max(until, w.to)
	}
	h, err := f.live(reads(groups), until)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := &play{fleet: f}
	covered := make([]minute, end)
	done, total := 0, 0
	// The longest first, so that none is left alone at the end.
	slices.SortStableFunc(list, func(a, b watch) int { return b.cost() - a.cost() })
	queue := make(chan watch, len(list))
	for _, w := range list {
		total += w.cost()
		if w.step == 1 {
			p.minutes += int(w.to - w.from)
		}
		for now := w.from; now < w.to; now++ {
			covered[now] = w.step
		}
		queue <- w
	}
	close(queue)
	var mutex sync.Mutex
	var fired []firing
	var words []said
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(func() {
			for w := range queue {
				if ctx.Err() != nil {
					return
				}
				fs, ws, err := s.act(ctx, f, rules, groups, h, w)
				if err != nil {
					cancel(fmt.Errorf("%s, %s to %s: %w", f.name, w.from, w.to, err))
					return
				}
				mutex.Lock()
				fired, words = append(fired, fs...), append(words, ws...)
				done += w.cost()
				s.progress.say("%s: %d %%", f.name, 100*done/total)
				mutex.Unlock()
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	p.results, p.wrong = judge(f, alarms(fired, covered), words)
	return p, nil
}

// act lets promtool evaluate one watch.
func (s *stage) act(ctx context.Context, f *fleet, rules string, groups []group, h *history, w watch) ([]firing, []said, error) {
	file := filepath.Join(s.folder, fmt.Sprintf("%s.%05d.yml", f.name, w.from))
	if err := os.WriteFile(file, []byte(testFile(rules, groups, h, w, f.asks(w))), 0o600); err != nil {
		return nil, nil, err
	}
	fired, words, err := evaluate(ctx, s.promtool, file)
	if err != nil {
		return nil, nil, err
	}
	for n := range fired {
		fired[n].when += w.begin
	}
	for n := range words {
		words[n].when += w.begin
	}
	return fired, words, nil
}

// asks are the alerts whose words are wanted in a watch.
func (f *fleet) asks(w watch) []ask {
	var list []ask
	for _, i := range f.incidents {
		for _, wanted := range i.wants {
			when := i.asked(wanted)
			if when < w.from || when >= w.to {
				continue
			}
			// The next minute that is evaluated.
			when += (w.step - (when-w.begin)%w.step) % w.step
			if a := (ask{wanted.alert, when}); !slices.Contains(list, a) {
				list = append(list, a)
			}
		}
	}
	return list
}

// progress tells a person at a terminal how far it is.
type progress struct {
	out   io.Writer
	shown bool
}

func newProgress(out io.Writer) *progress {
	f, ok := out.(*os.File)
	return &progress{out: out, shown: ok && term.IsTerminal(int(f.Fd()))}
}

func (p *progress) say(format string, args ...any) {
	if p.shown {
		_, _ = fmt.Fprintf(p.out, "\r\x1b[K"+format, args...)
	}
}

func (p *progress) end() { p.say("") }
