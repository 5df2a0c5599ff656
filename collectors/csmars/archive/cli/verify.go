package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"dataprotection_exporter/collectors/csmars/archive"
)

// Verify is the command `archive verify`.
type Verify struct {
	Common
	// Settle leaves out files written to within that time: the appliance may
	// not be done with them.
	Settle time.Duration
}

// Run checks until it is done or ctx ends. It returns the exit status: 0 when
// every file is whole, 1 when one is damaged, 2 when one could not be read.
func (c *Verify) Run(ctx context.Context) int {
	s, err := c.prepare(ctx, false)
	if err != nil {
		return c.fail(err)
	}
	var growing int
	s.run.Files, growing = archive.Growing(s.run.Files, s.started.Add(-c.Settle))
	s.run.Damaged = func(f *archive.File, err error) {
		if errors.Is(err, fs.ErrNotExist) {
			return // purged meanwhile
		}
		var damage *archive.Damage
		if !errors.As(err, &damage) {
			s.unreadable(f.Path(), err)
			return
		}
		if err := s.screen.write(c.line(f, damage)); err != nil {
			s.unreadable(f.Path(), err)
		}
	}
	stop := s.screen.watch(len(s.run.Files), total(s.run.Files), &s.progress)
	err = s.run.Verify(ctx)
	stop()
	if err != nil {
		s.screen.say(fmt.Sprintf("ended after %d of %d files", s.progress.Files.Load(), len(s.run.Files)))
		return StatusTrouble
	}
	s.screen.say(summary(len(s.run.Files), s.progress.Bytes.Load(), s.progress.Damaged.Load(), growing, c.Now().Sub(s.started)))
	switch {
	case s.troubled():
		return StatusTrouble
	case s.progress.Damaged.Load() > 0:
		return StatusNone
	default:
		return StatusFound
	}
}

// line is one damaged file.
func (c *Verify) line(f *archive.File, d *archive.Damage) []byte {
	if !c.JSON {
		return fmt.Appendf(nil, "%s: %s\n", f.Path(), d.What)
	}
	out, _ := json.Marshal(struct {
		File    string `json:"file"`
		Size    int64  `json:"size"`
		Problem string `json:"problem"`
	}{f.Path(), f.Size, d.What})
	return append(out, '\n')
}

func summary(files int, bytes, damaged int64, growing int, took time.Duration) string {
	text := fmt.Sprintf("%d files, %s in %s: %d damaged", files, size(bytes), took.Round(time.Millisecond), damaged)
	if growing > 0 {
		text += fmt.Sprintf("; %d not looked at, they were written to just now", growing)
	}
	return text
}

// reason is an error without what is said beside it.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
