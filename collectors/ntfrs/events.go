package ntfrs

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dataprotection_exporter/remote"
)

// Event is one event of the log.
type Event struct {
	ID   int
	Time time.Time
	// Data are the words that the event's text is filled with.
	Data []string
}

// eventXML is an event as Windows writes it.
type eventXML struct {
	Provider struct {
		Name string `xml:"Name,attr"`
	} `xml:"System>Provider"`
	ID      string `xml:"System>EventID"`
	Created struct {
		Time string `xml:"SystemTime,attr"`
	} `xml:"System>TimeCreated"`
	Data []string `xml:"EventData>Data"`
}

// ParseEvents reads the XML of `wevtutil qe /f:xml /e:Events`: events under a
// root element, or one after the other without one. An answer that ends inside
// of an element is cut.
func ParseEvents(text string) ([]Event, []string, error) {
	d := xml.NewDecoder(strings.NewReader(legal(text)))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // decoded already
	var events []Event
	var unrecognized []string
	depth, seen := 0, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, eventsError(err.Error())
		}
		switch t := token.(type) {
		case xml.CharData:
			if rest := strings.TrimSpace(string(t)); rest != "" {
				return nil, nil, eventsError("there is text outside of events: " + summary(rest))
			}
		case xml.StartElement:
			if t.Name.Local != "Event" {
				if depth > 0 || seen {
					return nil, nil, eventsError("there is an element " + t.Name.Local)
				}
				depth, seen = depth+1, true
				continue
			}
			seen = true
			e, what, err := event(d, &t)
			if err != nil {
				return nil, nil, eventsError(err.Error())
			}
			switch {
			case what != "":
				unrecognized = append(unrecognized, what)
			case e.ID > 0:
				events = append(events, e)
			}
		case xml.EndElement:
			depth--
		}
	}
	if !seen {
		return nil, nil, eventsError("it is empty")
	}
	return events, unrecognized, nil
}

// source is what FRS logs under. Others may write into its log too.
const source = "NtFrs"

// event reads one event. what says why it means nothing; the number of an event
// of another source is 0.
func event(d *xml.Decoder, start *xml.StartElement) (e Event, what string, err error) {
	var x eventXML
	if err := d.DecodeElement(&x, start); err != nil {
		return Event{}, "", err
	}
	if x.Provider.Name != "" && !strings.EqualFold(x.Provider.Name, source) {
		return Event{}, "", nil
	}
	id, err := strconv.Atoi(strings.TrimSpace(x.ID))
	if err != nil || id <= 0 {
		return Event{}, "an event with the number " + summary(x.ID), nil //nolint:nilerr // said in words
	}
	at, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(x.Created.Time))
	if err != nil {
		return Event{}, "an event at " + summary(x.Created.Time), nil //nolint:nilerr // said in words
	}
	return Event{ID: id, Time: at, Data: x.Data}, "", nil
}

func eventsError(what string) error {
	return remote.Errorf(remote.Parse, "run the command by hand: it should print <Events><Event ...>...</Event></Events>", "no list of events: %s", what)
}

// reReference is a reference to a character by its number.
var reReference = regexp.MustCompile(`&#(?:x[0-9A-Fa-f]{1,8}|[0-9]{1,8});`)

// legal replaces characters that XML does not allow and events nevertheless
// hold.
func legal(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, text)
	return reReference.ReplaceAllStringFunc(text, func(ref string) string {
		digits, base := strings.Trim(ref, "&#;"), 10
		if strings.HasPrefix(digits, "x") {
			digits, base = digits[1:], 16
		}
		if n, err := strconv.ParseInt(digits, base, 32); err != nil || n < ' ' && n != '\n' && n != '\r' && n != '\t' {
			return " "
		}
		return ref
	})
}

var reEventData = regexp.MustCompile(`(?s)(<Data[^>]*>).*?(</Data>)`)

// hideEventData masks users, paths and files before events are shown.
func hideEventData(out []byte) []byte {
	return reEventData.ReplaceAll(out, []byte("$1...$2"))
}
