package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"dataprotection_exporter/collectors/csmars/archive"
)

// Search is the command `archive search`.
type Search struct {
	Common
	// Pattern is a regular expression (RE2), Fixed a text that stands for
	// itself; one of them is given.
	Pattern, Fixed string
	IgnoreCase     bool
	// Max ends the search after so many rows; 0 never does.
	Max int64
	// Count prints the number of rows only.
	Count bool
	// Unordered prints rows as they are found.
	Unordered bool
	// WithFile prints the name of the file before each row.
	WithFile bool
}

// Run searches until it is done or ctx ends. It returns the exit status.
func (c *Search) Run(ctx context.Context) int {
	m, err := c.matcher()
	if err != nil {
		return c.fail(err)
	}
	s, err := c.prepare(ctx, true)
	if err != nil {
		return c.fail(err)
	}
	search := archive.Search{
		Run: s.run, Matcher: m, Max: c.Max, Unordered: c.Unordered, Numbered: c.JSON, Write: s.screen.write,
	}
	search.Damaged = func(f *archive.File, err error) { s.unreadable(f.Path(), err) }
	if !c.Count {
		search.Format = c.format()
	}
	stop := s.screen.watch(len(s.run.Files), total(s.run.Files), &s.progress)
	found, err := search.Do(ctx)
	stop()
	switch {
	case errors.Is(err, context.Canceled):
		s.screen.say(fmt.Sprintf("ended after %d of %d files", s.progress.Files.Load(), len(s.run.Files)))
		return StatusTrouble
	case err != nil:
		return c.fail(err)
	}
	if c.Count {
		if err := c.printCount(found); err != nil {
			return c.fail(err)
		}
	}
	switch {
	case s.troubled():
		return StatusTrouble
	case found == 0:
		return StatusNone
	default:
		return StatusFound
	}
}

func (c *Search) matcher() (*archive.Matcher, error) {
	switch {
	case (c.Pattern == "") == (c.Fixed == ""):
		return nil, errors.New("give either --pattern or --fixed")
	case c.Fixed != "":
		return archive.Fixed(c.Fixed, c.IgnoreCase)
	}
	m, err := archive.Compile(c.Pattern, c.IgnoreCase)
	if err != nil {
		return nil, fmt.Errorf("--pattern: %w", err)
	}
	return m, nil
}

func (c *Search) printCount(found int64) error {
	var err error
	if c.JSON {
		_, err = fmt.Fprintf(c.Stdout, "{\"count\":%d}\n", found)
	} else {
		_, err = fmt.Fprintln(c.Stdout, found)
	}
	return err
}

// format is how a row is printed.
func (c *Search) format() func([]byte, *archive.File, int64, []byte) []byte {
	switch {
	case c.JSON:
		return formatJSON
	case c.WithFile:
		return func(dst []byte, f *archive.File, _ int64, text []byte) []byte {
			dst = append(dst, f.Path()...)
			dst = append(dst, ':')
			return append(append(dst, text...), '\n')
		}
	default:
		return func(dst []byte, _ *archive.File, _ int64, text []byte) []byte {
			return append(append(dst, text...), '\n')
		}
	}
}

func formatJSON(dst []byte, f *archive.File, row int64, text []byte) []byte {
	path, _ := json.Marshal(f.Path())
	message, _ := json.Marshal(decode(text))
	dst = append(append(dst, `{"file":`...), path...)
	dst = strconv.AppendInt(append(dst, `,"row":`...), row, 10)
	dst = append(append(dst, `,"message":`...), message...)
	return append(dst, '}', '\n')
}

// decode makes text of a row. Rows are bytes: their fields are parted by a
// single 0xBB, which is no UTF-8. What is UTF-8 stays, the rest is taken for
// Latin-1.
func decode(row []byte) string {
	if utf8.Valid(row) {
		return string(row)
	}
	out := make([]byte, 0, len(row)+len(row)/8)
	for len(row) > 0 {
		r, n := utf8.DecodeRune(row)
		if r == utf8.RuneError && n == 1 {
			r = rune(row[0])
		}
		out = utf8.AppendRune(out, r)
		row = row[n:]
	}
	return string(out)
}

func total(files []archive.File) int64 {
	var sum int64
	for i := range files {
		sum += files[i].Size
	}
	return sum
}
