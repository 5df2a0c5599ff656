package papi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"dataprotection_exporter/remote"
)

// isTimeout says whether an error means that time ran out.
func isTimeout(ctx context.Context, err error) bool {
	var netErr net.Error
	return ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &netErr) && netErr.Timeout()
}

// notConnected explains why there is no TCP connection.
func notConnected(ctx context.Context, address string, err error) *remote.Error {
	e := &remote.Error{Reason: remote.Connect, Op: "dial " + address, Err: &wayError{bare(err)}}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && !dns.IsTimeout:
		e.Reason, e.Advice = remote.DNS, "check the spelling of the address and the resolver of this host"
	case errors.As(err, &dns):
		e.Reason, e.Advice = remote.DNS, "the resolver of this host does not answer: check it, or configure an IP address"
	case isTimeout(ctx, err):
		e.Reason = remote.Timeout
		e.Advice = "nothing answers there: check the address, whether the node is up, and the firewalls in between"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Advice = "the host is up and refuses the port: OneFS serves the platform API on port " + defaultPort
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		e.Advice = "there is no route: check the address, the network and the firewalls in between"
	default:
		e.Advice = "check the address and the network of this host"
	}
	return e
}

// bare takes "dial tcp 10.0.0.5:8080:" off, which the operation says already.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err
	}
	return err
}

// notTrusted explains why a TCP connection did not become a TLS connection.
func notTrusted(ctx context.Context, address string, err error) *remote.Error {
	e := &remote.Error{Reason: remote.TLS, Op: "TLS with " + address, Err: &wayError{bare(err)}}
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &authority):
		e.Advice = "the certificate is signed by nobody that is trusted, a cluster's own is by default: name it, or its authority, in tls.ca_file"
	case errors.As(err, &hostname):
		e.Advice = "the certificate is for another name: use that in the address, or set tls.server_name to a name it holds"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Advice = "renew the certificate of the cluster, or correct the clock of this host"
	case errors.As(err, &invalid):
		e.Advice = "replace the certificate of the cluster"
	case errors.As(err, &record):
		e.Advice = "what answers there does not speak TLS: check the port, OneFS uses " + defaultPort
	case errors.As(err, &alert), strings.HasPrefix(e.Err.Error(), "tls:"), strings.HasPrefix(e.Err.Error(), "remote error: tls:"):
		e.Advice = "the two sides have no TLS version, cipher or certificate in common: TLS 1.2 is needed"
	case isTimeout(ctx, err):
		e.Reason, e.Advice = remote.Timeout, "the node accepts connections but does not answer: look at its load and at its web server"
	default:
		e.Reason, e.Advice = remote.Disconnected, "the node hung up during the TLS handshake: check the port, and firewalls that inspect TLS"
	}
	return e
}

// notAnswered explains why a request on a connection has no answer.
func notAnswered(ctx context.Context, op string, err error) *remote.Error {
	var known *remote.Error
	if errors.As(err, &known) {
		return known
	}
	e := &remote.Error{Op: op, Err: bare(err)}
	var alert tls.AlertError
	switch {
	case isTimeout(ctx, err):
		e.Reason, e.Err = remote.Timeout, errors.New("no complete answer in time")
		e.Advice = "the cluster is slow or hangs: look at its load, and raise the timeout of the target if it is merely slow"
	case errors.As(err, &alert):
		e.Reason, e.Advice = remote.TLS, "the cluster ended the TLS connection: does it ask for a client certificate?"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, net.ErrClosed), strings.Contains(err.Error(), "server closed idle connection"):
		e.Reason, e.Err = remote.Disconnected, errors.New("the connection broke before the answer was complete")
		e.Advice = "look at the web server of the node, and at firewalls in between"
	case strings.Contains(err.Error(), "malformed HTTP"):
		e.Reason, e.Advice = remote.Parse, "what answers there does not speak HTTP: check the port, OneFS uses "+defaultPort
	default:
		e.Reason, e.Advice = remote.Other, "look at the web server of the node"
	}
	return e
}

// wayError is a failure on the way to a connection.
type wayError struct{ error }

func (e *wayError) Unwrap() error { return e.error }

// unreachable says whether another address may do better. A slow answer would
// be slow elsewhere.
func unreachable(err error) bool {
	var way *wayError
	return errors.As(err, &way) || remote.ReasonOf(err) == remote.Disconnected
}

// combine makes one error of the failures of several addresses. The most telling
// one gives the reason: a certificate must not hide behind a closed port.
func combine(failures []*remote.Error) *remote.Error {
	if len(failures) == 1 {
		return failures[0]
	}
	weight := map[remote.Reason]int{remote.Auth: 3, remote.TLS: 2, remote.Other: 1, remote.Parse: 1}
	worst, texts := failures[0], make([]string, 0, len(failures))
	for _, f := range failures {
		if weight[f.Reason] > weight[worst.Reason] {
			worst = f
		}
		text := f.Op
		if f.Err != nil {
			text += ": " + f.Err.Error()
		}
		texts = append(texts, text)
	}
	return &remote.Error{
		Reason: worst.Reason, Op: fmt.Sprintf("reach one of %d addresses", len(failures)),
		Err: errors.New(strings.Join(texts, "; ")), Advice: worst.Advice,
	}
}

// asRemote gives an error of this package its type back.
func asRemote(err error) *remote.Error {
	var e *remote.Error
	if errors.As(err, &e) {
		return e
	}
	return &remote.Error{Reason: remote.ReasonOf(err), Op: "ask", Err: err}
}
