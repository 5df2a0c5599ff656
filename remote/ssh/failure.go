package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
)

// errPeerClosed says io.EOF from the network in words.
var errPeerClosed = errors.New("the other side closed the connection")

// isTimeout says whether an error means that time ran out.
func isTimeout(ctx context.Context, err error) bool {
	var netErr net.Error
	return ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &netErr) && netErr.Timeout()
}

// notConnected explains why there is no TCP connection.
func notConnected(ctx context.Context, address string, err error) *remote.Error {
	e := &remote.Error{Reason: remote.Connect, Op: "dial " + address, Err: bare(err)}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && !dns.IsTimeout:
		e.Reason, e.Advice = remote.DNS, "check the spelling of the address and the resolver of this host"
	case errors.As(err, &dns):
		e.Reason, e.Advice = remote.DNS, "the resolver of this host does not answer: check it, or configure an IP address"
	case isTimeout(ctx, err):
		e.Reason = remote.Timeout
		e.Advice = "nothing answers there: check the address, whether the device is up, and the firewalls in between"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Advice = "the host is up and refuses the port: is the SSH server running, is the port right"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		e.Advice = "there is no route: check the address, the network and the firewalls in between"
	default:
		e.Advice = "check the address and the network of this host"
	}
	return e
}

// noCommon says a failed negotiation in the words of an operator.
type noCommon struct{ *ssh.AlgorithmNegotiationError }

func (e *noCommon) Error() string {
	return fmt.Sprintf("no common %s: the device offers %s", e.What, strings.Join(e.RequestedAlgorithms, ", "))
}

func (e *noCommon) Unwrap() error { return e.AlgorithmNegotiationError }

func noCommonAdvice(legacy bool) string {
	if legacy {
		return "update the device: it offers nothing that this client knows, not even with ssh.legacy_algorithms"
	}
	return "update the device, or set ssh.legacy_algorithms: true for this target if it cannot be updated"
}

// bare takes "dial tcp 10.0.0.5:22:" off, which the operation says already.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err
	}
	return err
}

// notLoggedIn explains why a TCP connection did not become a login.
func notLoggedIn(ctx context.Context, address string, l *link, host *verifier, login *login, err error) *remote.Error {
	if host.verdict != nil {
		return asRemote(host.verdict)
	}
	if login.refusal != nil {
		return asRemote(login.refusal)
	}
	e := &remote.Error{Op: "log in to " + address, Err: err}
	var negotiation *ssh.AlgorithmNegotiationError
	greeting := l.greeting()
	switch {
	case errors.As(err, &negotiation):
		e.Reason = remote.Other
		e.Err = &noCommon{negotiation}
		e.Advice = noCommonAdvice(login.legacy)
	case !host.verified && greeting != "" && !strings.Contains(greeting, "SSH-"):
		e.Reason, e.Op = remote.Connect, "dial "+address
		e.Err = fmt.Errorf("what answers is not an SSH server, it says %q", firstLine(greeting))
		e.Advice = "check the port: it belongs to another service"
	case host.verified && strings.Contains(err.Error(), "ssh: unable to authenticate"):
		return login.refused(err)
	case isTimeout(ctx, err):
		e.Reason, e.Err = remote.Timeout, fmt.Errorf("no answer in time: %s", stage(greeting, host))
		e.Advice = "the device is reachable but slow or hung: log in by hand and look at its load, and at its DNS (sshd looks up every client)"
	case host.verified && (login.sent || len(login.tried) > 0 && strings.Contains(err.Error(), "ssh: disconnect") ||
		strings.Contains(err.Error(), "no common public key signature algorithm")):
		return login.refused(err)
	case greeting == "":
		e.Reason = remote.Disconnected
		e.Advice = "the SSH server hangs up on this host: look at its allow lists (hosts.allow, AllowUsers), MaxStartups, and its log"
	default:
		e.Reason = remote.Disconnected
		e.Advice = "the connection broke: " + stage(greeting, host) + "; look at the log of the SSH server"
	}
	return e
}

// stage says how far a login got.
func stage(greeting string, host *verifier) string {
	switch {
	case greeting == "":
		return "connected, but there was no SSH greeting"
	case !host.verified:
		return "the key exchange did not complete"
	default:
		return "the host key is right, but the login did not complete"
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(line)
}

// asRemote gives an error of this package its type back.
func asRemote(err error) *remote.Error {
	var e *remote.Error
	if errors.As(err, &e) {
		return e
	}
	return &remote.Error{Reason: remote.ReasonOf(err), Op: "ssh", Err: err}
}

// combine makes one error of the failures of several addresses. The most telling
// one gives the reason: a changed host key must not hide behind a closed port.
func combine(failures []*remote.Error) *remote.Error {
	if len(failures) == 1 {
		return failures[0]
	}
	weight := map[remote.Reason]int{remote.Auth: 4, remote.HostKeyChanged: 3, remote.HostKeyUnknown: 2, remote.Other: 1}
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
		Reason: worst.Reason, Op: fmt.Sprintf("connect to one of %d addresses", len(failures)),
		Err: errors.New(strings.Join(texts, "; ")), Advice: worst.Advice,
	}
}
