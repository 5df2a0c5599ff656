package avamar

import (
	"bytes"
	"regexp"
)

// What a line of a client's log means for session tickets.
type clientEvent int

const (
	clientNothing clientEvent = iota
	// A login with a session ticket begins.
	clientLogin
	// A login failed, with a session ticket or in another way.
	clientTicketFailure
	clientOtherFailure
)

var (
	// 2019-12-31 07:35:23 avtar Error <5126>: Login error 5: ... (Session Ticket login)
	reClientLine = regexp.MustCompile(`^(?:\S+ )?\S+ \w+ (?:Info|Warning|Error|FATAL) <(5581|5126)>: (.*)$`)
	marks        = [][]byte{[]byte("<5581>"), []byte("<5126>")}
	withTicket   = []byte("with Session Ticket")
	ticketLogin  = []byte("(Session Ticket login)")
)

// parseClientLine reads one line. Only the two lines that name session tickets
// count; what follows a failed login in the same log (connection killed, fatal
// server error, exit codes) follows other failures too.
func parseClientLine(line []byte) clientEvent {
	if !bytes.Contains(line, marks[0]) && !bytes.Contains(line, marks[1]) {
		return clientNothing
	}
	m := reClientLine.FindSubmatch(bytes.TrimSpace(line))
	switch {
	case m == nil:
		return clientNothing
	case string(m[1]) == "5581":
		if bytes.Contains(m[2], withTicket) {
			return clientLogin
		}
		return clientNothing
	case bytes.Contains(m[2], ticketLogin):
		return clientTicketFailure
	default:
		return clientOtherFailure
	}
}
