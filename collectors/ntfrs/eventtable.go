package ntfrs

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strconv"
)

// eventsJSON is the table of what FRS logs, what it means and what ends it. The
// service's words are in the language of the member; its numbers are not.
//
//go:embed events.json
var eventsJSON []byte

// eventKind is one row of the table.
type eventKind struct {
	ID      int    `json:"id"`
	Meaning string `json:"meaning"`
	Remedy  string `json:"remedy"`
	// Severity is "" for an event that is no trouble.
	Severity string `json:"severity"`
	// ClearedBy are the events that end the trouble. With Pair, they end it for
	// the pair of partners that they name.
	ClearedBy []int `json:"cleared_by"`
	Pair      bool  `json:"pair"`
}

// Events that say more than that something happened.
const (
	eventStarting    = 13501
	eventReady       = 13516
	eventAdded       = 13553
	eventMovedToDFSR = 13575
)

const eventOther = "other"

var eventKinds = mustEvents(eventsJSON)

func mustEvents(data []byte) []eventKind {
	var table []eventKind
	if err := json.Unmarshal(data, &table); err != nil {
		panic("ntfrs: events.json: " + err.Error())
	}
	return table
}

// knownEvent says whether an event is in the table.
func knownEvent(id int) bool {
	return slices.ContainsFunc(eventKinds, func(k eventKind) bool { return k.ID == id })
}

// eventIDs is every value of the label `event_id`.
func eventIDs() []string {
	ids := make([]string, 0, len(eventKinds)+1)
	for _, k := range eventKinds {
		ids = append(ids, strconv.Itoa(k.ID))
	}
	return append(ids, eventOther)
}

// clearedIDs are the events that another event ends.
func clearedIDs() []string {
	var ids []string
	for _, k := range eventKinds {
		if len(k.ClearedBy) > 0 {
			ids = append(ids, strconv.Itoa(k.ID))
		}
	}
	return ids
}
