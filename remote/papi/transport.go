package papi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"dataprotection_exporter/remote"
)

// idleTimeout is how long a connection is kept for the next collection.
const idleTimeout = 3 * time.Minute

// newTLS says whom to trust.
func newTLS(cfg *Config) (*tls.Config, error) {
	t := &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: cfg.ServerName,
		InsecureSkipVerify: cfg.InsecureSkipVerify, //nolint:gosec // an operator's explicit choice, warned of and shown in a metric
	}
	if cfg.CAFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("papi: reading the authorities: %w", err)
	}
	t.RootCAs = x509.NewCertPool()
	if !t.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("papi: %s holds no certificate: name a file in PEM format", cfg.CAFile)
	}
	return t, nil
}

// newTransport follows no redirect and uses no proxy: whoever gets the login is
// named in the configuration.
func newTransport(d *dialer, connections int) *http.Transport {
	return &http.Transport{
		DialTLSContext:         d.dial,
		MaxIdleConns:           connections,
		MaxIdleConnsPerHost:    connections,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

type dialBy struct{}

// withDialBy gives the way to a connection its part of the time that is left:
// all but a little, so that one who asks learns where it ended and not only that
// it did, or less while there are other addresses to try. It travels as a value,
// as the transport dials on behalf of all requests and not under their deadline.
func withDialBy(ctx context.Context, addresses int) context.Context {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx
	}
	left := time.Until(deadline)
	by := deadline.Add(-min(left/20, 200*time.Millisecond))
	if addresses > 1 {
		by = time.Now().Add(left / time.Duration(addresses+1))
	}
	return context.WithValue(ctx, dialBy{}, by)
}

// dialer makes TLS connections.
//
// The name of a cluster often stands for all its nodes in turn. A session may
// hold on the node that opened it only, so the address that answered is kept
// until it fails.
type dialer struct {
	tls     *tls.Config
	timeout time.Duration
	stop    context.Context

	mu   sync.Mutex
	pins map[string]string // host:port as configured -> address that answered
}

func (d *dialer) dial(ctx context.Context, _, address string) (net.Conn, error) {
	by := time.Now().Add(d.timeout)
	if t, ok := ctx.Value(dialBy{}).(time.Time); ok && t.Before(by) {
		by = t
	}
	ctx, cancel := context.WithDeadline(ctx, by)
	defer cancel()
	defer context.AfterFunc(d.stop, cancel)()

	tcp, err := d.connect(ctx, address)
	if err != nil {
		return nil, err
	}
	end := remote.TraceOf(ctx).Begin("tls " + address)
	cfg := d.tls.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(address)
	}
	conn := tls.Client(tcp, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = tcp.Close()
		failure := notTrusted(ctx, address, err)
		end(failure, nil)
		return nil, failure
	}
	end(nil, func() string { return describe(conn.ConnectionState()) })
	return conn, nil
}

// connect makes the TCP connection, to the node that answered last if there is
// one.
func (d *dialer) connect(ctx context.Context, address string) (net.Conn, error) {
	end := remote.TraceOf(ctx).Begin("dial " + address)
	conn, err := d.pinned(ctx, address)
	if conn == nil {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	if err != nil {
		failure := notConnected(ctx, address, err)
		end(failure, nil)
		return nil, failure
	}
	node := conn.RemoteAddr().String()
	if host, _, _ := net.SplitHostPort(address); !isIP(host) {
		d.mu.Lock()
		d.pins[address] = node
		d.mu.Unlock()
	}
	end(nil, func() string { return "connected to " + node })
	return conn, nil
}

// pinned tries the node that answered last, for half of the time there is.
func (d *dialer) pinned(ctx context.Context, address string) (net.Conn, error) {
	d.mu.Lock()
	node := d.pins[address]
	d.mu.Unlock()
	if node == "" {
		return nil, nil
	}
	deadline, _ := ctx.Deadline()
	half, cancel := context.WithTimeout(ctx, time.Until(deadline)/2)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(half, "tcp", node)
	if err != nil {
		d.mu.Lock()
		delete(d.pins, address)
		d.mu.Unlock()
		return nil, err
	}
	return conn, nil
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func describe(s tls.ConnectionState) string {
	text := tls.VersionName(s.Version)
	if len(s.PeerCertificates) > 0 {
		leaf := s.PeerCertificates[0]
		text += fmt.Sprintf(", certificate of %s until %s", leaf.Subject, leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	return text
}
