package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"dataprotection_exporter/collectors/csmars/archive"
)

// screen keeps results, complaints and the line of progress apart where they
// meet on one terminal.
type screen struct {
	out, err io.Writer
	// live says that progress is shown; shared that results appear on the same
	// terminal.
	live, shared bool

	mu    sync.Mutex
	shown bool
}

func newScreen(out, err io.Writer) *screen {
	return &screen{out: out, err: err, live: terminal(err), shared: terminal(err) && terminal(out)}
}

// clear removes the line of progress. The caller holds the lock.
func (s *screen) clear() {
	if s.shown {
		_, _ = io.WriteString(s.err, "\r\x1b[K")
		s.shown = false
	}
}

// write writes results.
func (s *screen) write(p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shared {
		s.clear()
		p = harmless(p)
	}
	_, err := s.out.Write(p)
	return err
}

// harmless makes text of what goes to a terminal and takes the control
// characters out: what strangers sent to be logged must not move the cursor.
func harmless(p []byte) []byte {
	return []byte(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, decode(p)))
}

// say writes a line to standard error.
func (s *screen) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	_, _ = fmt.Fprintln(s.err, line)
}

// watch shows progress until the returned function is called.
func (s *screen) watch(files int, total int64, p *archive.Progress) (stop func()) {
	if !s.live {
		return func() {}
	}
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		started := time.Now()
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				s.mu.Lock()
				s.clear()
				s.mu.Unlock()
				return
			case <-tick.C:
				s.show(bar(files, total, p, time.Since(started)))
			}
		}
	})
	return func() { close(end); wg.Wait() }
}

func (s *screen) show(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.err, "\r\x1b[K"+line)
	s.shown = true
}

// bar is the line of progress.
func bar(files int, total int64, p *archive.Progress, took time.Duration) string {
	done, read := p.Files.Load(), p.Bytes.Load()
	ratio := 1.0
	if total > 0 {
		ratio = min(float64(read)/float64(total), 1)
	}
	const width = 24
	full := int(ratio * width)
	line := fmt.Sprintf("[%s%s] %3.0f%% %d/%d files, %s of %s, %s/s",
		strings.Repeat("#", full), strings.Repeat(".", width-full), ratio*100, done, files,
		size(read), size(total), size(int64(float64(read)/max(took.Seconds(), 0.001))))
	if ratio > 0.01 && ratio < 1 && took > time.Second {
		left := time.Duration(float64(took) * (1 - ratio) / ratio).Round(time.Second)
		line += fmt.Sprintf(", %s left", left)
	}
	if n := p.Damaged.Load(); n > 0 {
		line += fmt.Sprintf(", %d damaged", n)
	}
	return line
}

// size is a number of bytes for a person.
func size(n int64) string {
	f, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if f < 1000 {
			break
		}
		f, unit = f/1000, u
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, unit)
}
