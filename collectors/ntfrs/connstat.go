package ntfrs

import (
	"regexp"
	"strings"
)

// column is one column of a table: its field, "" for one of no use, and where
// its heading stands.
type column struct {
	field      string
	start, end int
}

// cell is a text between wide gaps, and where it stands.
type cell struct {
	text       string
	start, end int
}

var (
	// reCell is text without two blanks or a tab in it.
	reCell = regexp.MustCompile(`[^\s]+(?: [^\s]+)*`)
	// reDate is a date as C programs print it. It fills its column, so that one
	// blank or none stands before the next cell.
	reDate = regexp.MustCompile(`[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d,?(?: \d{4})? \d\d:\d\d:\d\d(?: \d{4})?`)
)

// cells takes a line apart: dates, and text between wide gaps.
func cells(line string) []cell {
	var out []cell
	texts := func(from, to int) {
		for _, at := range reCell.FindAllStringIndex(line[from:to], -1) {
			out = append(out, cell{line[from+at[0] : from+at[1]], from + at[0], from + at[1]})
		}
	}
	from := 0
	for _, at := range reDate.FindAllStringIndex(line, -1) {
		texts(from, at[0])
		out = append(out, cell{line[at[0]:at[1]], at[0], at[1]})
		from = at[1]
	}
	texts(from, len(line))
	return out
}

// header recognises the headings of a table of connections: a line of cells
// that are labels, the partner's among them.
func (p *setsParser) header(line string) ([]column, bool) {
	found := cells(line)
	if len(found) < 2 || strings.Contains(line, ":") {
		return nil, false
	}
	columns, partner, known := make([]column, 0, len(found)), false, 0
	for _, c := range found {
		field, ok := p.labels.fields[key(c.text)]
		if ok || p.labels.ignored[key(c.text)] {
			known++
		}
		partner = partner || field == fieldPartner
		columns = append(columns, column{field, c.start, c.end})
	}
	return columns, partner && known >= 2
}

// row reads one line of a table. Cells belong to the columns in their order
// where there are as many; otherwise to the one heading they stand under. It
// returns false for a line that is no row.
func (p *setsParser) row(line string) bool {
	found := cells(line)
	if p.set() == nil || len(found) < 2 {
		return false
	}
	values := map[string]string{}
	for i, c := range found {
		n := i
		if len(found) != len(p.columns) {
			if n = under(c, p.columns); n < 0 {
				return false
			}
		}
		if field := p.columns[n].field; field != "" {
			if _, twice := values[field]; twice {
				return false
			}
			values[field] = c.text
		}
	}
	c := Connection{Direction: p.direction}
	for _, field := range fields {
		if v, ok := values[field]; ok && !p.connectionField(&c, field, v) {
			return false
		}
	}
	if c.Partner == "" {
		return false
	}
	p.open = &c
	p.endConnection()
	return true
}

// under is the one column whose heading a cell stands under, or -1.
func under(c cell, columns []column) int {
	found := -1
	for i, col := range columns {
		if c.start < col.end && col.start < c.end {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}
