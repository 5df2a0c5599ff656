package papi

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"dataprotection_exporter/remote"
)

// resumeKey is the argument that asks for the next page.
const resumeKey = "resume"

// MaxPages bounds a list: no list of a healthy cluster comes near.
const MaxPages = 100

// Enough ends a list early without an error.
var Enough = errors.New("enough") //nolint:revive,staticcheck // it is no failure

// Pages asks for a list, page by page. The request for the next page carries the
// token of the last one and nothing else.
func (c *Client) Pages(ctx context.Context, r Request, page func(body []byte) error) error {
	seen := map[string]bool{}
	for range MaxPages {
		body, err := c.Get(ctx, r)
		if err != nil {
			return err
		}
		if err := page(body); errors.Is(err, Enough) {
			return nil
		} else if err != nil {
			return err
		}
		var next struct {
			Resume *string `json:"resume"`
		}
		if err := json.Unmarshal(body, &next); err != nil {
			return remote.Errorf(remote.Parse, "please report it with the release of OneFS", "GET %s: the token of the next page is no text", r.Path)
		}
		if next.Resume == nil || *next.Resume == "" {
			return nil
		}
		if seen[*next.Resume] {
			return remote.Errorf(remote.Parse, "please report it with the release of OneFS", "GET %s: the list leads back to a page it had before", r.Path)
		}
		seen[*next.Resume] = true
		r.Query = url.Values{resumeKey: {*next.Resume}}
	}
	return remote.Errorf(remote.TooLarge, "please report it with the number of entries", "GET %s: the list has more than %d pages", r.Path, MaxPages)
}
