package avamar

import (
	"bytes"
	"regexp"
	"strconv"
	"time"
)

// TicketEvent is one line of a GSAN log about session tickets.
type TicketEvent struct {
	// Kind is one of Kinds.
	Kind string
	// Serial is the serial that GSAN refused; nil where the line names none.
	Serial *float64
	// Time is zero for a line without a stamp. GSAN writes UTC.
	Time time.Time
}

// Kinds of ticket events, as values of the label `kind`.
const (
	kindBelowMinimum = "below_minimum"
	kindAlreadyUsed  = "already_used"
	kindBadSignature = "bad_signature"
	kindOther        = "other"
)

// Kinds is every value of the label `kind`.
var Kinds = []string{kindBelowMinimum, kindAlreadyUsed, kindBadSignature, kindOther}

var (
	// 2019/12/31-12:35:23.12345 {0.0} [srvm-525136#srv:775]  WARN: <1426> sessionkeytable::...
	reGsanLine = regexp.MustCompile(`^(?:(\d{4}/\d\d/\d\d-\d\d:\d\d:\d\d)\.(\d+)\s+\{\d+\.\w+\}\s+)?(?:\[[^\]]+\]\s+)?(?:\w+:\s+)?<(\d+)>\s+sessionkeytable::(\w+)\s*(.*)$`)
	reNew      = regexp.MustCompile(`\bnew serial=(\d+) less than current minserial=(\d+)`)
	reUsedUp   = regexp.MustCompile(`\bsession ticket with serial=(\d+) was used already`)
	ticketMark = []byte("sessionkeytable::")
)

// parseGsanLine reads one line; nil when it is not about session tickets.
func parseGsanLine(line []byte) *TicketEvent {
	// Nearly every line is about something else: look before matching.
	if !bytes.Contains(line, ticketMark) {
		return nil
	}
	m := reGsanLine.FindSubmatch(bytes.TrimSpace(line))
	if m == nil {
		return nil
	}
	e := &TicketEvent{Kind: kindOther}
	if len(m[1]) > 0 {
		if t, err := time.Parse("2006/01/02-15:04:05.999999999", string(m[1])+"."+string(m[2])); err == nil {
			e.Time = t
		}
	}
	switch string(m[3]) {
	case "1479":
		e.Kind = kindBelowMinimum
		e.Serial = serialIn(reNew, m[5])
	case "1418":
		e.Kind = kindAlreadyUsed
		e.Serial = serialIn(reUsedUp, m[5])
	case "1426":
		e.Kind = kindBadSignature
	}
	return e
}

func serialIn(re *regexp.Regexp, text []byte) *float64 {
	m := re.FindSubmatch(text)
	if m == nil {
		return nil
	}
	n, err := strconv.ParseUint(string(m[1]), 10, 64)
	if err != nil {
		return nil
	}
	f := float64(n)
	return &f
}
