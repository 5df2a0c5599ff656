package papi

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"dataprotection_exporter/remote"
)

// sessionPath is where sessions are opened and closed. With a slash at its end
// OneFS answers 404.
const sessionPath = "/session/1/session"

// resourcePath is what may be read: a version and plain words. The node-local
// twins of resources are not for clients.
var (
	resourcePath = regexp.MustCompile(`^/platform/[0-9]{1,3}(/[A-Za-z0-9_-]+)+$`)
	localPath    = regexp.MustCompile(`^/platform/[0-9]+/local/`)
)

// guard lets out what reads, the login and the logout, to the configured
// addresses only. A request it refuses was never sent.
type guard struct {
	next      http.RoundTripper
	addresses []string
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if !g.allows(r) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, &remote.Error{
			Reason: remote.Other, Op: fmt.Sprintf("%s %s", r.Method, r.URL.Path),
			Err: errors.New("refused by this client, which only reads"), Advice: "this is a mistake in the exporter: please report it",
		}
	}
	return g.next.RoundTrip(r)
}

func (g *guard) allows(r *http.Request) bool {
	if !slices.Contains(g.addresses, r.URL.Scheme+"://"+r.URL.Host) || r.URL.RawPath != "" || r.Host != "" && r.Host != r.URL.Host {
		return false
	}
	switch r.Method {
	case http.MethodGet:
		return r.Body == nil && resourcePath.MatchString(r.URL.Path) && !localPath.MatchString(r.URL.Path)
	case http.MethodPost, http.MethodDelete:
		return r.URL.Path == sessionPath && r.URL.RawQuery == ""
	}
	return false
}
