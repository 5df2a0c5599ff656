package dashboard

import (
	"bytes"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// Empty is a query that rightly brings nothing while all is well.
type Empty struct {
	Dashboard, Panel string
	// Query is its letter; empty means every query of the panel.
	Query string
	// Why is it empty, in words.
	Why string
	// Seldom says that a healthy fleet may fill it for a moment, so that nobody can
	// tell whether it should be empty now.
	Seldom bool
	// Inject is series, in the text format, that fill it where no incident of the
	// demo fleet does. <n> grows with every scrape, and <now> is the time.
	Inject string
}

// ReadEmpty reads the list of such queries.
func ReadEmpty(file string) ([]Empty, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list []Empty
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

// Is says whether an entry is about a query.
func (e Empty) Is(q Query) bool {
	return q.Panel != nil && e.Dashboard == q.Dashboard.Name && e.Panel == q.Panel.Title && (e.Query == "" || e.Query == q.Target.RefID)
}
