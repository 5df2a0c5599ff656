package papi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dataprotection_exporter/remote"
)

// Request is one fixed question. A collector builds it from constants and
// numbers.
type Request struct {
	// Path begins with /platform/ and a version.
	Path  string
	Query url.Values
	// Limit caps the answer in bytes; 0 means remote.DefaultLimit.
	Limit int64
	// Since is the release that brought the resource, "OneFS 9.1", for the
	// words about a cluster that does not have it.
	Since string
	// Redact hides what must not be shown on a debug page (file names, say).
	Redact func([]byte) []byte
}

func (r Request) String() string {
	if len(r.Query) == 0 {
		return r.Path
	}
	return r.Path + "?" + r.Query.Encode()
}

// Get asks one question. The answer is a JSON object. Errors are *remote.Error;
// StatusOf gives the HTTP status behind one.
func (c *Client) Get(ctx context.Context, r Request) (body []byte, err error) {
	if r.Limit <= 0 {
		r.Limit = remote.DefaultLimit
	}
	end := remote.TraceOf(ctx).Begin("GET " + c.short(r))
	start := time.Now()
	defer func() {
		c.metrics.requested(c.cfg.Target, err, time.Since(start))
		end(err, func() string { return shown(r, body) })
	}()
	ctx, leave, err := c.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return c.get(ctx, r)
}

// short names a request in a trace; a resume token is long and says nothing.
func (c *Client) short(r Request) string {
	if r.Query.Has(resumeKey) {
		return r.Path + " (next page)"
	}
	return r.String()
}

// shown is an answer as a debug page may show it.
func shown(r Request, body []byte) string {
	const most = 64 << 10
	if r.Redact != nil {
		body = r.Redact(body)
	}
	if len(body) > most {
		return string(bytes.ToValidUTF8(body[:most], nil)) + fmt.Sprintf("\n... %d bytes more", len(body)-most)
	}
	return string(body)
}

// get finds a session and an address that answer.
func (c *Client) get(ctx context.Context, r Request) ([]byte, error) {
	var failures []*remote.Error
	for renewed := false; ; {
		s, err := c.open(ctx)
		if err != nil {
			return nil, err
		}
		body, err := c.ask(ctx, s, r)
		switch {
		case err == nil:
			return body, nil
		case errors.Is(err, errMoved):
		case StatusOf(err) == http.StatusUnauthorized:
			if renewed && s.proven.Load() {
				return nil, err // of all resources, this one
			}
			// The session has ended, or the node that opened it has.
			c.drop(s, false)
			if s.basic || !s.proven.Load() {
				return nil, c.unauthorized(s, r)
			}
			renewed = true
		case unreachable(err) && ctx.Err() == nil && len(failures)+1 < len(c.addresses):
			failures = append(failures, asRemote(err))
			c.drop(s, true)
		default:
			if unreachable(err) && len(c.addresses) > 1 {
				c.drop(s, true)
			}
			return nil, combine(append(failures, asRemote(err)))
		}
	}
}

// unauthorized is a login that the cluster does not take for a request. It
// counts as refused: repeating it would only log in again and again.
func (c *Client) unauthorized(s *session, r Request) error {
	e := &remote.Error{Reason: remote.Auth, Op: "GET " + s.address + r.Path}
	if s.basic {
		e.Err = fmt.Errorf("the login of %q was refused (HTTP status 401)", c.cfg.Username)
		e.Advice = "check the user name, the password and whether it expired; clusters can have basic authentication switched off: then use auth: session"
	} else {
		e.Err = errors.New("the cluster opened a session and does not take it (HTTP status 401)")
		e.Advice = "if the address stands for several nodes in turn, use that of one node; else see the web server's log of the node"
	}
	c.metrics.loggedIn(c.cfg.Target, e)
	c.attempted(e)
	return e
}

// errMoved says that the session was dropped while a request waited.
var errMoved = errors.New("the session is gone")

// ask asks at one address. The first request that shows a password goes alone,
// so that a wrong one is refused once and not by every request in flight.
func (c *Client) ask(ctx context.Context, s *session, r Request) ([]byte, error) {
	if !s.basic || s.proven.Load() {
		return c.fetch(ctx, s, r)
	}
	leave, err := c.turn(ctx)
	if err != nil {
		return nil, err
	}
	if s.proven.Load() {
		leave()
		return c.fetch(ctx, s, r)
	}
	defer leave()
	if c.current() != s {
		return nil, errMoved
	}
	body, err := c.fetch(ctx, s, r)
	switch {
	case s.proven.Load():
		c.metrics.loggedIn(c.cfg.Target, nil)
	case StatusOf(err) != http.StatusUnauthorized:
		c.metrics.loggedIn(c.cfg.Target, err)
		c.attempted(err)
	default:
		// Noted before the next one gets its turn.
		c.drop(s, false)
		return nil, c.unauthorized(s, r)
	}
	return body, err
}

// fetch sends the request.
func (c *Client) fetch(ctx context.Context, s *session, r Request) ([]byte, error) {
	op := "GET " + s.address + r.Path
	ctx = withDialBy(ctx, len(c.addresses))
	address := s.address + r.Path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &remote.Error{Reason: remote.Other, Op: op, Err: errors.New("the path makes no request"), Advice: "please report it"}
	}
	s.authorize(c, req)
	a, err := c.send(req, op, r.Limit)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusUnauthorized {
		c.prove(s)
	}
	// The status comes before the body: an expired session may get a page of HTML.
	if a.status != http.StatusOK {
		return nil, refusedBy(op, r.Since, a, func(text string) string { return c.hide(s, words(text)) })
	}
	if err := isObject(op, a.body); err != nil {
		return nil, err
	}
	return a.body, nil
}

// hide takes out of the cluster's words what must not be shown.
func (c *Client) hide(s *session, text string) string {
	for _, secret := range []string{c.cfg.Password.Reveal(), s.id, s.csrf} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, remote.Secret(secret).String())
		}
	}
	return text
}

// isObject refuses what is not one whole JSON object.
func isObject(op string, body []byte) error {
	text := bytes.TrimSpace(body)
	e := &remote.Error{Reason: remote.Parse, Op: op}
	switch {
	case len(text) == 0:
		e.Err, e.Advice = errors.New("the answer is empty"), "look at the web server of the node"
	case text[0] == '<':
		e.Err, e.Advice = errors.New("the answer is a web page and not JSON"), "something else answers at this address, a proxy say: check address and port"
	case text[0] != '{':
		e.Err, e.Advice = errors.New("the answer is not a JSON object"), "something else answers at this address: check address and port"
	case !json.Valid(text):
		e.Err, e.Advice = errors.New("the answer is cut short or damaged"), "look at the web server of the node, and at proxies in between"
	default:
		return nil
	}
	return e
}
