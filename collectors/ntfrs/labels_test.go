package ntfrs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func labelsFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "labels.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A file names what the built-in table does not know, in another language too.
func TestLabelsFile(t *testing.T) {
	const dump = `Replikatgruppe: Vertrieb
 Dienststatus: 3 (ACTIVE)
 Letzte Nummer: 100
 Partner: x
 Verbindung zu DC2: Zustand Verbunden, bestätigt 90
 Nebensache: 1
Ausgang
Rechner      Zustand
DC3          Getrennt
`
	file := labelsFile(t, `{
  "fields": {
    "set": ["Replikatgruppe"], "service_state": ["Dienststatus"], "sequence": ["Letzte Nummer"],
    "outbound_to": ["Verbindung zu"], "state": ["Zustand"], "trailing": ["bestätigt"], "partner": ["Rechner"]
  },
  "headings": {"outbound": ["Ausgang"]},
  "ignored": ["Nebensache", "Partner"],
  "words": {"joined": ["Verbunden"]}
}`)
	labels, err := loadLabels(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSets(dump, labels, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Sets) != 1 || len(s.Unrecognized) != 0 || len(s.Sets[0].Connections) != 2 {
		t.Fatalf("%+v", s)
	}
	set := s.Sets[0]
	dc2, dc3 := set.Connections[0], set.Connections[1]
	if set.Name != "Vertrieb" || set.State != "ACTIVE" || *set.Sequence != 100 || dc2.Partner != "DC2" || !*dc2.Joined || *dc2.Trailing != 90 ||
		dc3.Partner != "DC3" || *dc3.Joined || dc3.Direction != outbound {
		t.Errorf("%+v", set)
	}
	plain, err := loadLabels("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseSets(dump, plain, time.UTC); err == nil {
		t.Error("the built-in table knows German")
	}
}

func TestLabelsFileProblems(t *testing.T) {
	for text, want := range map[string]string{
		`{"fields": {"colour": ["x"]}}`:       `"colour" is no field; there are set`,
		`{"headings": {"sideways": ["x"]}}`:   `"sideways" is no heading`,
		`{"words": {"perhaps": ["x"]}}`:       `"perhaps" is no word`,
		`{"fields": {"set": [" : "]}}`:        "there is an empty label",
		`{"labels": {}}`:                      "unknown field",
		`{`:                                   "unexpected EOF",
		``:                                    "EOF",
		"\ufeff" + `{"ignored": ["Nothing"]}`: "",
	} {
		_, err := loadLabels(labelsFile(t, text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
