package ntfrs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"dataprotection_exporter/collectors/answer"
	"dataprotection_exporter/remote"
)

// Sets is what one member says of its replica sets.
type Sets struct {
	Sets []Set
	// NotMember says that the member told that it is in no set.
	NotMember    bool
	Unrecognized []string
}

// Set is one replica set. What was not said is nil or "".
type Set struct {
	Name string
	// State is one of States, or "" when it was not said.
	State string
	// StateText is the state as printed.
	StateText string
	// Sequence is the number of the last change order in the outbound log.
	Sequence    *uint32
	Connections []Connection

	// listed says that a list of outbound connections was begun, empty or not;
	// unknown that a line of the set had no meaning here and may have been a
	// connection, unlisted that such a line stands in the list.
	listed, unknown, unlisted bool
}

// Directions of a connection, as values of the label `direction`.
const (
	outbound = "outbound"
	inbound  = "inbound"
	unknown  = "unknown"
)

// Connection is a connection to one partner, as the member sees it.
type Connection struct {
	Partner   string
	Direction string
	// State is the state as printed, Joined what it means.
	State  string
	Joined *bool
	// Leading is the next change order to send, Trailing the last that the
	// partner acknowledged. SendDelta and LMT are differences that ConnStat
	// works out: sequence - leading, leading - trailing.
	Leading, Trailing, SendDelta, LMT *uint32
	LastJoin                          time.Time
}

// NeverJoined says that the partner is not joined and no time and no index tell
// of an earlier join.
func (c Connection) NeverJoined() bool {
	joined := c.Joined != nil && *c.Joined
	index := c.Trailing != nil && *c.Trailing > 0
	return !joined && c.LastJoin.IsZero() && !index
}

// States of the service for one set, by their numbers, and the values of the
// label `state`.
var States = []string{"ALLOCATED", "INITIALIZING", "STARTING", "ACTIVE", "STOPPED", "ERROR", "JRNL_WRAP_ERROR", "REPLICA_DELETED", "other"}

// notMember is the sentence of a member without a replica set.
const notMember = "is not a member of any set"

// maxConnections bounds the connections of one answer; more are no answer that
// was asked for.
const maxConnections = 10000

// ParseSets reads `ntfrsutl sets`, or a report that ConnStat made of it, by the
// labels of the table: their layout is not documented. Dates are in loc.
func ParseSets(text string, labels *Labels, loc *time.Location) (Sets, error) {
	if _, err := answer.Lines([]byte(text)); err != nil {
		return Sets{}, err
	}
	p := &setsParser{labels: labels, loc: loc}
	for line := range strings.Lines(text) {
		p.line(strings.TrimRight(line, "\r\n"))
	}
	p.endConnection()
	if p.report && len(p.out.Unrecognized) > 0 && p.out.Unrecognized[0] == p.first {
		p.out.Unrecognized = p.out.Unrecognized[1:]
	}
	if len(p.out.Sets) == 0 && !p.out.NotMember {
		return Sets{}, remote.Errorf(remote.Parse, "send the output of `ntfrsutl sets` to the maintainers; until then name its labels in labels_file",
			"no replica set was found in the answer")
	}
	if p.connections > maxConnections {
		return Sets{}, remote.Errorf(remote.Parse, "", "the answer tells of %d connections", p.connections)
	}
	return p.out, nil
}

type setsParser struct {
	labels *Labels
	loc    *time.Location
	out    Sets
	// direction is that of the list we are in.
	direction string
	columns   []column
	open      *Connection
	// A report of ConnStat begins with a line that names its source.
	first  string
	report bool

	connections int
}

func (p *setsParser) set() *Set {
	if len(p.out.Sets) == 0 {
		return nil
	}
	return &p.out.Sets[len(p.out.Sets)-1]
}

// reRuler is a line that only draws.
var reRuler = regexp.MustCompile(`^[-=_*+|\s.]+$`)

func (p *setsParser) line(raw string) {
	text := strings.TrimSpace(raw)
	if p.first == "" {
		p.first = text
	}
	switch {
	case text == "":
		p.columns = nil
		return
	case reRuler.MatchString(text):
		return
	case strings.Contains(strings.ToLower(text), notMember):
		p.out.NotMember = true
		return
	}
	if direction, ok := p.labels.headings[key(text)]; ok {
		p.heading(direction)
		return
	}
	if columns, ok := p.header(raw); ok {
		p.endConnection()
		p.columns, p.report = columns, true
		return
	}
	label, value, labelled := strings.Cut(text, ":")
	meaning := p.labels.fields[key(label)]
	known := labelled && (meaning != "" || p.labels.ignored[key(label)])
	if p.columns != nil && !known && p.row(raw) {
		return
	}
	if field, rest, ok := p.labels.leading(text, fieldOutbound, fieldInbound); ok && p.set() != nil {
		p.sentence(field, rest)
		return
	}
	if !known || meaning != "" && !p.field(meaning, strings.TrimSpace(value)) {
		p.unrecognized(text)
	}
}

func (p *setsParser) unrecognized(line string) {
	p.out.Unrecognized = append(p.out.Unrecognized, line)
	if s := p.set(); s != nil {
		s.unknown = true
		s.unlisted = s.unlisted || p.direction == outbound
	}
}

func (p *setsParser) heading(direction string) {
	p.endConnection()
	p.columns = nil
	if direction == outbound || direction == inbound {
		p.direction = direction
	} else {
		p.direction = ""
	}
	if s := p.set(); s != nil && direction == outbound {
		s.listed = true
	}
}

// reGUID is a GUID behind a name. Dumps leave the last dash out.
var reGUID = regexp.MustCompile(`\s*[({]?\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}\b[)}]?\s*$`)

// name takes a GUID off a name; where there is only a GUID, that is the name.
func name(value string) string {
	if bare := strings.TrimSpace(reGUID.ReplaceAllString(value, "")); bare != "" {
		return bare
	}
	return strings.Trim(value, " (){}")
}

// field takes one value. It returns false where it means nothing.
func (p *setsParser) field(field, value string) bool {
	s := p.set()
	switch field {
	case "":
		return false
	case fieldSet:
		if name(value) == "" {
			return false
		}
		p.endConnection()
		p.direction, p.columns = "", nil
		p.out.Sets = append(p.out.Sets, Set{Name: name(value)})
		return true
	case fieldConnection, fieldOutbound, fieldInbound:
		if s == nil {
			return false
		}
		direction := p.direction
		switch field {
		case fieldOutbound:
			direction = outbound
		case fieldInbound:
			direction = inbound
		}
		p.begin(direction, name(value))
		return true
	}
	if s == nil {
		return false
	}
	switch field {
	case fieldState:
		s.StateText, s.State = value, serviceState(value)
		return value != ""
	case fieldSequence:
		s.Sequence = number(value)
		return s.Sequence != nil
	}
	return p.open != nil && p.connectionField(p.open, field, value)
}

// connectionField takes one value of a connection.
func (p *setsParser) connectionField(c *Connection, field, value string) bool {
	switch field {
	case fieldPartner:
		c.Partner = name(value)
		return c.Partner != ""
	case fieldDirection:
		switch {
		case p.labels.means(inbound, value):
			c.Direction = inbound
		case p.labels.means(outbound, value):
			c.Direction = outbound
		default:
			return false
		}
		return true
	case fieldJoin:
		c.State = value
		joined := p.labels.means("joined", stateWord(value))
		c.Joined = &joined
		return value != ""
	case fieldLastJoin:
		if value == "" || p.labels.means("never", value) {
			return true
		}
		var ok bool
		c.LastJoin, ok = p.time(value)
		return ok
	}
	n := number(value)
	switch field {
	case fieldLeading:
		c.Leading = n
	case fieldTrailing:
		c.Trailing = n
	case fieldSendDelta:
		c.SendDelta = n
	case fieldLMT:
		c.LMT = n
	default:
		return false
	}
	return n != nil || value == "" || p.labels.means("never", value)
}

func (p *setsParser) begin(direction, partner string) {
	p.endConnection()
	p.open = &Connection{Direction: direction, Partner: partner}
}

// endConnection files the connection that is being read.
func (p *setsParser) endConnection() {
	c, s := p.open, p.set()
	p.open = nil
	if c == nil || s == nil {
		return
	}
	p.connections++
	if c.Partner == "" {
		p.unrecognized("a connection without a partner")
		return
	}
	if c.Direction == "" {
		c.Direction = unknown
		if c.Leading != nil || c.Trailing != nil {
			c.Direction = outbound // only an outbound log has indexes
		}
	}
	if p.connections <= maxConnections {
		s.Connections = append(s.Connections, *c)
	}
}

// sentence reads a connection on one line: the partner, a colon, and labels
// that are followed by their values, with commas in between.
func (p *setsParser) sentence(field, rest string) {
	partner, values, _ := strings.Cut(rest, ":")
	direction := outbound
	if field == fieldInbound {
		direction = inbound
	}
	p.begin(direction, name(partner))
	if strings.TrimSpace(values) == "" {
		return // they follow, one on a line
	}
	var label, value string
	take := func() {
		if label != "" && !p.connectionField(p.open, label, value) {
			p.unrecognized(label + " " + value)
		}
	}
	for segment := range strings.SplitSeq(values, ",") {
		segment = strings.TrimSpace(segment)
		next, v, ok := p.labels.leading(segment)
		switch {
		case ok:
			take()
			label, value = next, v
		case label != "":
			value += ", " + segment // a date holds a comma
		case segment != "":
			p.unrecognized(segment)
		}
	}
	take()
	p.endConnection()
}

// number reads a 32-bit number. ConnStat may print -1 for the difference to an
// index that is one ahead.
func number(value string) *uint32 {
	digits, base := strings.ToLower(strings.TrimSpace(value)), 10
	if hex, ok := strings.CutPrefix(digits, "0x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if err != nil || n < -1 || n > int64(^uint32(0)) {
		return nil
	}
	v := uint32(n & int64(^uint32(0))) //nolint:gosec // -1 is the largest number on the circle
	return &v
}

// stateWord is the word of a state printed as "3 (ACTIVE)" or "ACTIVE".
func stateWord(value string) string {
	if _, inside, ok := strings.Cut(value, "("); ok {
		value, _, _ = strings.Cut(inside, ")")
	}
	return strings.TrimSpace(value)
}

func serviceState(value string) string {
	if value == "" {
		return ""
	}
	word := strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(stateWord(value)))
	if slices.Contains(States, word) {
		return word
	}
	if n, err := strconv.Atoi(word); err == nil && n >= 0 && n < len(States)-1 {
		return States[n]
	}
	return "other"
}

var dateLayouts = []string{
	"Mon Jan 2, 2006 15:04:05", "Mon Jan 2 2006 15:04:05", "Mon Jan 2 15:04:05 2006", "Jan 2, 2006 15:04:05",
	"2006-01-02 15:04:05", "2006/01/02 15:04:05", "1/2/2006 15:04:05", "1/2/2006 3:04:05 PM",
}

// time reads a date in the member's local time. The date that Windows counts
// from is none.
func (p *setsParser) time(value string) (time.Time, bool) {
	value = strings.Join(strings.Fields(value), " ")
	for _, layout := range dateLayouts {
		switch t, err := time.ParseInLocation(layout, value, p.loc); {
		case err != nil:
		case t.Year() <= 1601:
			return time.Time{}, true
		case t.Year() > 1990:
			return t, true
		}
	}
	return time.Time{}, false
}
