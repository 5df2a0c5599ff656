package ntfrs

import (
	_ "embed"
	"encoding/json"
	"strings"

	"dataprotection_exporter/remote"
)

// faultsJSON is the table of what the tools of Windows say when they fail. They
// say it on standard output or standard error and with any exit status, so it
// is looked for where an answer holds nothing else.
//
//go:embed faults.json
var faultsJSON []byte

type fault struct {
	Reason remote.Reason `json:"reason"`
	Advice string        `json:"advice"`
	Words  []string      `json:"words"`
}

var faults = mustFaults(faultsJSON)

func mustFaults(data []byte) []fault {
	var table []fault
	if err := json.Unmarshal(data, &table); err != nil {
		panic("ntfrs: faults.json: " + err.Error())
	}
	return table
}

// faultIn is the failure that a text tells of, or nil.
func faultIn(text string) error {
	// A message may be folded at the width of a console.
	folded := strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, f := range faults {
		for _, w := range f.Words {
			if strings.Contains(folded, strings.ToLower(w)) {
				return remote.Errorf(f.Reason, f.Advice, "the host says: %s", summary(text))
			}
		}
	}
	return nil
}

// failure judges an answer that holds nothing of what was asked for. otherwise
// is why, where the host says nothing better.
func failure(a answerText, otherwise error) error {
	if err := faultIn(a.out + "\n" + a.err); err != nil {
		return err
	}
	if a.exit != 0 {
		return remote.Errorf(remote.ExitStatus, "run the command by hand on the asked host, with the exporter's account",
			"exit status %d: %s", a.exit, summary(a.err+"\n"+a.out))
	}
	return otherwise
}

// summary is the beginning of a text on one line.
func summary(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return "no message"
	}
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200])
	}
	return text
}
