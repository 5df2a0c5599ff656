// Package papi reaches a OneFS cluster over its platform API.
//
// It logs in once and keeps the session across requests, logs in again when the
// session has ended, and tells apart why a request has no answer. It can only
// read: nothing but GET, the login and the logout ever leaves it.
package papi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/backoff"
)

// Config says which cluster to reach, as whom, and whom to trust.
type Config struct {
	// Target names the cluster in logs and metrics.
	Target string
	// Addresses are tried in order: https://host or https://host:port, default
	// port 8080.
	Addresses []string

	Username string
	Password remote.Secret
	// Basic sends the password with every request instead of opening a session.
	Basic bool

	// CAFile holds the authorities to trust instead of the system's.
	CAFile string
	// ServerName is the name the certificate must have, where it is not the
	// address's.
	ServerName string
	// InsecureSkipVerify trusts any certificate.
	InsecureSkipVerify bool

	// MaxRequests bounds the requests that run at a time; 0 means 4.
	MaxRequests int
	// DialTimeout bounds the way to a TLS connection; 0 means 10s.
	DialTimeout time.Duration

	// BackoffAfter refused logins in a row, none is tried for BackoffMin,
	// doubling up to BackoffMax; 0 means 3, 5m and 1h.
	BackoffAfter           int
	BackoffMin, BackoffMax time.Duration
	// Now is the clock of the sessions and of the pause; nil means time.Now.
	Now func() time.Time
}

// patience bounds a request that nobody set a deadline for.
const patience = time.Minute

// Client asks one cluster. It is safe for concurrent use.
type Client struct {
	cfg       Config
	addresses []string // https://host:port
	http      http.RoundTripper
	transport *http.Transport
	metrics   *Metrics
	log       *slog.Logger
	// slots holds one token per request that runs, gate the one token of who
	// logs in.
	slots, gate chan struct{}
	// stop ends the requests, hangUp what still dials after the logout.
	stop        context.Context
	end, hangUp context.CancelFunc
	running     sync.WaitGroup

	mu      sync.Mutex
	session *session
	first   int // index of the address that is tried first
	backoff *backoff.Backoff
	closed  bool
	// attempts counts the logins that ended, failed is how the last one did.
	attempts  int
	failed    error
	refusedAt time.Time
}

// New checks the configuration and reads the authorities. It does not touch the
// network. m and log may be nil.
func New(cfg Config, m *Metrics, log *slog.Logger) (*Client, error) {
	if cfg.MaxRequests <= 0 {
		cfg.MaxRequests = 4
	}
	if cfg.DialTimeout <= 0 {
		cfg.DialTimeout = 10 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		cfg: cfg, metrics: m, log: log,
		slots: make(chan struct{}, cfg.MaxRequests), gate: make(chan struct{}, 1),
		backoff: backoff.New(cfg.BackoffAfter, cfg.BackoffMin, cfg.BackoffMax, cfg.Now),
	}
	if len(cfg.Addresses) == 0 {
		return nil, errors.New("papi: an address is needed")
	}
	if cfg.Username == "" || cfg.Password == "" {
		return nil, errors.New("papi: a user name and a password are needed")
	}
	for _, a := range cfg.Addresses {
		base, err := baseURL(a)
		if err != nil {
			return nil, err
		}
		c.addresses = append(c.addresses, base)
	}
	tlsConfig, err := newTLS(&cfg)
	if err != nil {
		return nil, err
	}
	if cfg.InsecureSkipVerify {
		log.Warn("papi: insecure_skip_verify is set, anybody on the way to the cluster can read the password")
	}
	c.stop, c.end = context.WithCancel(context.Background())
	d := &dialer{tls: tlsConfig, timeout: cfg.DialTimeout, pins: map[string]string{}}
	d.stop, c.hangUp = context.WithCancel(context.Background())
	c.transport = newTransport(d, cfg.MaxRequests)
	c.http = &guard{next: c.transport, addresses: c.addresses}
	m.add(c)
	return c, nil
}

// enter takes one of the places for requests. ctx ends with the Client too.
func (c *Client) enter(ctx context.Context) (running context.Context, leave func(), err error) {
	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.running.Add(1)
	}
	c.mu.Unlock()
	if closed {
		return nil, nil, c.errClosed()
	}
	running, cancel := context.WithCancel(ctx)
	if _, ok := ctx.Deadline(); !ok {
		cancel()
		running, cancel = context.WithTimeout(ctx, patience)
	}
	unhook := context.AfterFunc(c.stop, cancel)
	done := func() {
		unhook()
		cancel()
		c.running.Done()
	}
	select {
	case c.slots <- struct{}{}:
		return running, func() { <-c.slots; done() }, nil
	case <-running.Done():
		done()
		return nil, nil, remote.Errorf(remote.Timeout, "the cluster is slow: raise the timeout of the target",
			"ask %s: other requests took all the time", c.cfg.Target)
	}
}

func (c *Client) errClosed() error {
	return remote.Errorf(remote.Other, "the next collection uses the new configuration", "ask %s: this target was closed", c.cfg.Target)
}

// Close logs out and ends every connection and request, and waits until nothing
// of the client is left. A later Get fails.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	s := c.session
	c.session = nil
	c.mu.Unlock()
	c.end()
	c.running.Wait()
	c.logout(s)
	c.hangUp()
	c.transport.CloseIdleConnections()
	c.metrics.remove(c)
	return nil
}
