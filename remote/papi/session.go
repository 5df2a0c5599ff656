package papi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"dataprotection_exporter/remote"
)

// session is a login at one address. With basic authentication it stands for
// the address alone.
type session struct {
	address string
	basic   bool
	// id and csrf are the values of the two cookies; csrf is empty on releases
	// that have none.
	id, csrf string
	// ends is when the cluster ends it in any case, idle how long it may rest;
	// zero when the cluster did not say.
	ends time.Time
	idle time.Duration
	// used is when it was used last, in Unix nanoseconds.
	used atomic.Int64
	// proven is set by the first request that the cluster took it for.
	proven atomic.Bool
}

// margin is how much earlier than the cluster we take a session for ended.
const margin = time.Minute

func (s *session) usable(now time.Time) bool {
	if !s.ends.IsZero() && !now.Before(s.ends.Add(-margin)) {
		return false
	}
	rest := now.Sub(time.Unix(0, s.used.Load()))
	return s.idle <= margin || rest < s.idle-margin
}

// authorize puts the session on a request.
func (s *session) authorize(c *Client, r *http.Request) {
	s.used.Store(c.cfg.Now().UnixNano())
	if s.basic {
		r.SetBasicAuth(c.cfg.Username, c.cfg.Password.Reveal())
		return
	}
	cookie := "isisessid=" + s.id
	if s.csrf != "" {
		cookie += "; isicsrf=" + s.csrf
		// Without these OneFS answers 401 to a session that has a CSRF token.
		r.Header.Set("X-CSRF-Token", s.csrf)
		r.Header.Set("Referer", s.address)
		r.Header.Set("Origin", s.address)
	}
	r.Header.Set("Cookie", cookie)
}

// oneAttempt is how long a refused login answers for all who want to log in:
// the parts of one collection are one attempt, not eight.
const oneAttempt = 10 * time.Second

// turn waits until nobody else logs in. An attempt that failed meanwhile, or was
// refused just now, is not repeated: err is its failure.
func (c *Client) turn(ctx context.Context) (leave func(), err error) {
	c.mu.Lock()
	before := c.attempts
	c.mu.Unlock()
	select {
	case c.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, &remote.Error{
			Reason: remote.Timeout, Op: "log in to " + c.cfg.Target, Err: errors.New("not logged in in time"),
			Advice: "the cluster is slow to log in: look at its load and its directory service, and raise the timeout of the target",
		}
	}
	leave = func() { <-c.gate }
	c.mu.Lock()
	defer c.mu.Unlock()
	refused := remote.ReasonOf(c.failed) == remote.Auth && c.cfg.Now().Sub(c.refusedAt) < oneAttempt
	switch {
	case c.closed:
		err = c.errClosed()
	case refused:
		err = c.failed
	case c.failed != nil && c.attempts != before && ctx.Err() == nil && remote.ReasonOf(c.failed) != remote.Timeout:
		err = c.failed
	default:
		err = c.backoff.Check()
	}
	if err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// attempted notes how a login ended. The lock is not held.
func (c *Client) attempted(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts++
	c.failed = err
	if remote.ReasonOf(err) != remote.Auth {
		return
	}
	c.refusedAt = c.cfg.Now()
	pause := c.backoff.Refuse()
	c.metrics.pause(c, c.backoff.Until())
	if pause > 0 {
		c.log.Warn("papi: no login is attempted for a while, the last ones were refused",
			slog.Int("refused", c.backoff.Refused()), slog.Duration("pause", pause))
	}
}

// prove notes that the cluster takes requests of a session. Only that ends a
// row of refusals: a session that opens and is then refused is no success.
func (c *Client) prove(s *session) {
	if s.proven.Swap(true) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = nil
	if c.backoff.Accept() {
		c.metrics.pause(c, time.Time{})
		c.log.Info("papi: the login is accepted again")
	}
}

// current is the session to use, nil when one has to be opened.
func (c *Client) current() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil && c.session.usable(c.cfg.Now()) {
		return c.session
	}
	return nil
}

// drop forgets a session, unless another one took its place. next makes the
// next address the first choice.
func (c *Client) drop(s *session, next bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != s {
		return
	}
	c.session = nil
	if next {
		c.first = (c.first + 1) % len(c.addresses)
	}
}

// open gives the session, logging in if there is none.
func (c *Client) open(ctx context.Context) (*session, error) {
	if s := c.current(); s != nil {
		return s, nil
	}
	leave, err := c.turn(ctx)
	if err != nil {
		// The login that failed may have been followed by one that did not.
		if s := c.current(); s != nil {
			return s, nil
		}
		return nil, err
	}
	defer leave()
	if s := c.current(); s != nil {
		return s, nil
	}
	c.mu.Lock()
	first := c.first
	c.mu.Unlock()
	if c.cfg.Basic {
		return c.keep(&session{address: c.addresses[first], basic: true}, first)
	}
	s, index, err := c.loginAll(ctx, first)
	c.attempted(err)
	if err != nil {
		return nil, err
	}
	return c.keep(s, index)
}

func (c *Client) keep(s *session, index int) (*session, error) {
	s.used.Store(c.cfg.Now().UnixNano())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.first = s, index
	return s, nil
}

// loginAll tries the addresses in order, beginning with the first choice. An
// address that refuses the login ends it: the others are the same cluster with
// the same accounts.
func (c *Client) loginAll(ctx context.Context, first int) (*session, int, error) {
	var failures []*remote.Error
	for i := range c.addresses {
		index := (first + i) % len(c.addresses)
		attempt, cancel := share(ctx, len(c.addresses)-i)
		s, err := c.login(attempt, c.addresses[index])
		cancel()
		c.metrics.loggedIn(c.cfg.Target, err)
		if err == nil {
			return s, index, nil
		}
		failures = append(failures, asRemote(err))
		if remote.ReasonOf(err) == remote.Auth || ctx.Err() != nil {
			break
		}
	}
	return nil, first, combine(failures)
}

// share gives one address its part of the time that is left, so that one that
// swallows packets leaves time for the others and for the requests themselves.
func share(ctx context.Context, left int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok || left == 1 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left+1))
}

// login opens a session at one address.
func (c *Client) login(ctx context.Context, address string) (s *session, err error) {
	op := "log in to " + address
	end := remote.TraceOf(ctx).Begin(op)
	defer func() {
		end(err, func() string { return c.describe(s) })
	}()
	body, err := json.Marshal(map[string]any{
		"username": c.cfg.Username, "password": c.cfg.Password.Reveal(), "services": []string{"platform"},
	})
	if err != nil {
		return nil, &remote.Error{Reason: remote.Other, Op: op, Err: errors.New("the user name or password is not valid text"), Advice: "use UTF-8"}
	}
	ctx = withDialBy(ctx, 1)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+sessionPath, bytes.NewReader(body))
	if err != nil {
		return nil, &remote.Error{Reason: remote.Other, Op: op, Err: errors.New("the address makes no request")}
	}
	r.Header.Set("Content-Type", "application/json")
	// Sent again on another connection when the kept one turns out to be dead.
	// An empty key is for the transport and does not travel.
	r.Header["Idempotency-Key"] = []string{}
	a, err := c.send(r, op, loginLimit)
	if err != nil {
		return nil, err
	}
	switch a.status {
	case http.StatusOK, http.StatusCreated:
		return c.newSession(op, address, a)
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, &remote.Error{
			Reason: remote.Auth, Op: op, Err: fmt.Errorf("the login of %q was refused (HTTP status %d)", c.cfg.Username, a.status),
			Advice: "check the user name, the password and whether it expired, and that the role of the account has ISI_PRIV_LOGIN_PAPI",
		}
	case http.StatusNotFound:
		return nil, &remote.Error{
			Reason: remote.Other, Op: op, Err: errors.New("there is no session service (HTTP status 404)"),
			Advice: "check address and port: OneFS serves the platform API on port " + defaultPort,
		}
	}
	a.body = nil // it could repeat what was sent
	return nil, refusedBy(op, "", a, words)
}

// loginLimit bounds the answer to a login.
const loginLimit = 64 << 10

// newSession reads the answer to a login: two cookies and how long they last.
func (c *Client) newSession(op, address string, a answer) (*session, error) {
	s := &session{address: address}
	for _, k := range (&http.Response{Header: a.header}).Cookies() {
		switch k.Name {
		case "isisessid":
			s.id = k.Value
		case "isicsrf":
			s.csrf = k.Value
		}
	}
	if !isToken(s.id) || s.csrf != "" && !isToken(s.csrf) {
		return nil, remote.Errorf(remote.Parse, "what answers there may not be OneFS: check the address", "%s: the answer holds no session cookie", op)
	}
	var said struct {
		Absolute float64 `json:"timeout_absolute"`
		Inactive float64 `json:"timeout_inactive"`
	}
	if json.Unmarshal(a.body, &said) == nil {
		const most = 1e6 // seconds
		if said.Absolute > 0 && said.Absolute < most {
			s.ends = c.cfg.Now().Add(time.Duration(said.Absolute * float64(time.Second)))
		}
		if said.Inactive > 0 && said.Inactive < most {
			s.idle = time.Duration(said.Inactive * float64(time.Second))
		}
	}
	return s, nil
}

// isToken says whether a cookie's value can be put into a header as it is.
func isToken(s string) bool {
	return s != "" && len(s) <= 8<<10 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ';' || r == ',' || r == '"' })
}

func (c *Client) describe(s *session) string {
	if s == nil {
		return ""
	}
	text := fmt.Sprintf("session opened as %q", c.cfg.Username)
	if s.csrf == "" {
		text += ", without a CSRF token"
	}
	if !s.ends.IsZero() {
		text += ", until " + s.ends.UTC().Format(time.RFC3339)
	}
	return text
}

// logoutPatience bounds the farewell: a cluster that does not answer ends the
// session by itself later.
const logoutPatience = 2 * time.Second

// logout closes the session, so that none is left behind on the cluster.
func (c *Client) logout(s *session) {
	if s == nil || s.basic {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), logoutPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodDelete, s.address+sessionPath, nil)
	if err != nil {
		return
	}
	s.authorize(c, r)
	if _, err := c.send(r, "log out of "+s.address, loginLimit); err != nil {
		c.log.Debug("papi: the session could not be closed, the cluster ends it later", "err", err)
	}
}

// errTooLarge is a body that exceeds its cap.
var errTooLarge = errors.New("the answer is larger than the cap")

// answer is a whole answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send sends one request and reads the whole answer.
func (c *Client) send(r *http.Request, op string, limit int64) (answer, error) {
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "dataprotection_exporter")
	resp, err := c.http.RoundTrip(r)
	if err != nil {
		return answer{}, notAnswered(r.Context(), op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case int64(len(body)) > limit:
		return answer{}, &remote.Error{
			Reason: remote.TooLarge, Op: op, Err: fmt.Errorf("%w of %d bytes", errTooLarge, limit),
			Advice: "please report it with the release of OneFS and the number of nodes",
		}
	case err != nil:
		return answer{}, notAnswered(r.Context(), op, err)
	}
	return answer{resp.StatusCode, resp.Header, body}, nil
}
