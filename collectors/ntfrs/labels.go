package ntfrs

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"
)

// labelsJSON is the table of the labels that `ntfrsutl sets` and reports of
// ConnStat are read by. No whole dump was ever published: the names come from
// descriptions, and labels_file adds those that are missing.
//
//go:embed labels.json
var labelsJSON []byte

// The fields of the table.
const (
	fieldSet        = "set"
	fieldState      = "service_state"
	fieldSequence   = "sequence"
	fieldOutbound   = "outbound_to"
	fieldInbound    = "inbound_from"
	fieldConnection = "connection"
	fieldPartner    = "partner"
	fieldDirection  = "direction"
	fieldJoin       = "state"
	fieldLeading    = "leading"
	fieldTrailing   = "trailing"
	fieldSendDelta  = "send_delta"
	fieldLMT        = "leading_minus_trailing"
	fieldLastJoin   = "last_join"
)

var (
	fields   = []string{fieldSet, fieldState, fieldSequence, fieldOutbound, fieldInbound, fieldConnection, fieldPartner, fieldDirection, fieldJoin, fieldLeading, fieldTrailing, fieldSendDelta, fieldLMT, fieldLastJoin}
	headings = []string{outbound, inbound, "other"}
	words    = []string{"joined", "never", inbound, outbound}
)

// labelFile is the table as written.
type labelFile struct {
	// Fields are the labels of each value, Headings the lines that begin a list
	// of connections.
	Fields   map[string][]string `json:"fields"`
	Headings map[string][]string `json:"headings"`
	// Ignored are labels that are known and of no use.
	Ignored []string `json:"ignored"`
	// Words are the values of each meaning.
	Words map[string][]string `json:"words"`
}

// Labels is the table as it is looked up.
type Labels struct {
	fields, headings map[string]string
	ignored          map[string]bool
	words            map[string]map[string]bool
	// phrases are the labels that are followed by their value without a colon,
	// in lower-case words, longest first.
	phrases []phrase
}

type phrase struct {
	words []string
	field string
}

// loadLabels is the built-in table with what a file adds to it.
func loadLabels(file string) (*Labels, error) {
	l := &Labels{
		fields: map[string]string{}, headings: map[string]string{}, ignored: map[string]bool{},
		words: map[string]map[string]bool{},
	}
	if err := l.add(labelsJSON); err != nil {
		panic("ntfrs: labels.json: " + err.Error())
	}
	if file == "" {
		return l, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	if err := l.add(data); err != nil {
		return nil, fmt.Errorf("is no table of labels: %w", err)
	}
	return l, nil
}

// add takes up a table. A label that was known gets its new meaning.
func (l *Labels) add(data []byte) error {
	var f labelFile
	d := json.NewDecoder(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff")))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return err
	}
	for _, part := range []struct {
		what  string
		table map[string][]string
		known []string
	}{{"field", f.Fields, fields}, {"heading", f.Headings, headings}, {"word", f.Words, words}} {
		for key := range part.table {
			if !slices.Contains(part.known, key) {
				return fmt.Errorf("%q is no %s; there are %s", key, part.what, strings.Join(part.known, ", "))
			}
		}
	}
	for field, labels := range f.Fields {
		for _, label := range labels {
			if key(label) == "" {
				return errors.New("there is an empty label")
			}
			delete(l.ignored, key(label))
			l.fields[key(label)] = field
			l.phrases = append(l.phrases, phrase{strings.Fields(strings.ToLower(label)), field})
		}
	}
	slices.SortStableFunc(l.phrases, func(a, b phrase) int { return len(b.words) - len(a.words) })
	for direction, labels := range f.Headings {
		for _, label := range labels {
			l.headings[key(label)] = direction
		}
	}
	for _, label := range f.Ignored {
		delete(l.fields, key(label))
		l.ignored[key(label)] = true
	}
	for meaning, list := range f.Words {
		if l.words[meaning] == nil {
			l.words[meaning] = map[string]bool{}
		}
		for _, w := range list {
			l.words[meaning][wordKey(w)] = true
		}
	}
	return nil
}

// key is a label without blanks, punctuation and capitals: they differ between
// the descriptions.
func key(label string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, label)
}

func wordKey(w string) string { return strings.ToLower(strings.TrimSpace(w)) }

// means says whether a value is a word of that meaning.
func (l *Labels) means(meaning, value string) bool { return l.words[meaning][wordKey(value)] }

// leading is the field whose label a text begins with, as a phrase, and what
// follows the label.
func (l *Labels) leading(text string, wanted ...string) (field, rest string, ok bool) {
	for _, p := range l.phrases {
		if len(wanted) > 0 && !slices.Contains(wanted, p.field) {
			continue
		}
		rest, ok := text, true
		for _, w := range p.words {
			rest = strings.TrimLeft(rest, " \t")
			if len(rest) < len(w) || !strings.EqualFold(rest[:len(w)], w) {
				ok = false
				break
			}
			rest = rest[len(w):]
		}
		if ok && (rest == "" || strings.ContainsAny(rest[:1], " \t")) {
			return p.field, strings.TrimSpace(rest), true
		}
	}
	return "", "", false
}
