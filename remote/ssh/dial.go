package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
)

// dialAll tries the addresses in order, beginning with the first choice, until
// one lets us in. It returns the index of that one.
//
// A device that refuses the login ends it: the other addresses are the same
// device with the same accounts, and every further refusal brings the account
// closer to being locked.
func (c *Client) dialAll(ctx context.Context, first int) (*conn, int, error) {
	var failures []*remote.Error
	for i := range c.addresses {
		index := (first + i) % len(c.addresses)
		address := c.addresses[index]
		attempt, cancel := share(ctx, len(c.addresses)-i)
		start := time.Now()
		cn, err := c.dial(attempt, address)
		cancel()
		c.metrics.dialed(c.cfg.Target, remote.ReasonOf(err), time.Since(start))
		if !errors.Is(ctx.Err(), context.Canceled) { // nobody waits any more
			c.journal.dialed(address, err)
		}
		if err == nil {
			return cn, index, nil
		}
		failures = append(failures, asRemote(err))
		if remote.ReasonOf(err) == remote.Auth || ctx.Err() != nil {
			break
		}
	}
	return nil, first, combine(failures)
}

// share gives one address its part of the time that is left, so that one that
// swallows packets leaves time for the others and for the command itself. The
// last address gets all of it.
func share(ctx context.Context, left int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok || left == 1 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left+1))
}

// dial connects to one address and logs in.
//
// It takes several handshakes only to judge a host key: a server that has keys
// of several types shows one of them at a time.
func (c *Client) dial(ctx context.Context, address string) (*conn, error) {
	t := newTrust(&c.cfg, address)
	asked := t.algorithms(c.algorithms.HostKeys)
	if len(asked) == 0 {
		return nil, &remote.Error{
			Reason: remote.Other, Op: t.op(),
			Err:    fmt.Errorf("the only keys on file are of weak types: %s", t.known.list(t.known.keys)),
			Advice: "set ssh.legacy_algorithms: true for this target, or put a key of another type on file",
		}
	}
	// The type that matched last time comes first.
	if last := c.matchedType(address); last != "" {
		asked = append(ofTypes(asked, []string{last}), notOfTypes(asked, []string{last})...)
	}
	var shown, shownTypes []string
	for {
		host := &verifier{trust: t}
		cn, err := c.handshake(ctx, address, asked, host)
		if err == nil {
			c.matched(address, host.shown.Type())
			return cn, nil
		}
		var negotiation *ssh.AlgorithmNegotiationError
		switch {
		case host.verdict != nil && len(t.pins) > 0 && ctx.Err() != nil:
			return nil, &remote.Error{
				Reason: remote.Timeout, Op: t.op(), Err: fmt.Errorf("%s is not the pinned key, and there was no time to look at the others", describe(host.shown)),
				Advice: "raise the timeout of the target, or pin the key that the device shows first",
			}
		case host.verdict != nil && len(t.pins) > 0:
			// Not the pinned key, but perhaps the server has one of another type.
			shown = append(shown, describe(host.shown))
			shownTypes = append(shownTypes, host.shown.Type())
			if asked = notOfTypes(asked, shownTypes); len(asked) == 0 {
				return nil, t.changed(shown)
			}
		case errors.As(err, &negotiation) && negotiation.What == "host key":
			return nil, c.noHostKeyInCommon(ctx, t, negotiation, shown)
		default:
			return nil, err
		}
	}
}

// noHostKeyInCommon judges a server that has no key of the types it was asked for.
func (c *Client) noHostKeyInCommon(ctx context.Context, t *trust, n *ssh.AlgorithmNegotiationError, shown []string) error {
	offered := n.RequestedAlgorithms
	if len(t.pins) > 0 && len(shown) > 0 {
		return t.changed(shown)
	}
	weak := ssh.InsecureAlgorithms().HostKeys
	var wanted []string
	if t.known != nil {
		wanted = types(t.known.keys)
	}
	stillWeak := slices.ContainsFunc(offered, func(a string) bool {
		return slices.Contains(weak, a) && (len(wanted) == 0 || slices.Contains(wanted, keyType(a)))
	})
	if !c.cfg.LegacyAlgorithms && stillWeak || len(wanted) == 0 {
		return &remote.Error{
			Reason: remote.Other, Op: t.op(),
			Err:    fmt.Errorf("no common host key algorithm: the device offers %s", strings.Join(offered, ", ")),
			Advice: noCommonAdvice(c.cfg.LegacyAlgorithms),
		}
	}
	// The types on file are gone. Look at what is there now, to be able to name it.
	present := slices.DeleteFunc(plain(c.algorithms.HostKeys), func(a string) bool { return !slices.Contains(offered, a) })
	if len(present) > 0 {
		host := &verifier{trust: t}
		cn, err := c.handshake(ctx, t.address, present, host)
		if err == nil { // the file changed meanwhile, in favour of this key
			cn.close()
			return remote.Errorf(remote.Other, "ask again", "%s: the known_hosts file changed during the login", t.op())
		}
		if host.shown != nil {
			return t.changed([]string{describe(host.shown)})
		}
	}
	return t.changed([]string{"no key of a type on file (it has " + strings.Join(offered, ", ") + ")"})
}

// handshake makes one TCP connection and takes it as far as being logged in.
func (c *Client) handshake(ctx context.Context, address string, hostKeys []string, host *verifier) (*conn, error) {
	trace := remote.TraceOf(ctx)
	end := trace.Begin("dial " + address)
	dialer := net.Dialer{Timeout: c.cfg.DialTimeout}
	tcp, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		failure := notConnected(ctx, address, err)
		end(failure, nil)
		return nil, failure
	}
	end(nil, func() string { return "connected to " + tcp.RemoteAddr().String() })

	end = trace.Begin("login " + address)
	l := newLink(tcp)
	attempt := &login{credentials: c.credentials, address: address, host: host}
	// The handshake knows no context: its end makes every read and write fail.
	stop := context.AfterFunc(ctx, func() { _ = tcp.SetDeadline(time.Unix(1, 0)) })
	sshConn, channels, requests, err := ssh.NewClientConn(l, address, &ssh.ClientConfig{
		Config: ssh.Config{
			KeyExchanges: c.algorithms.KeyExchanges,
			Ciphers:      c.algorithms.Ciphers,
			MACs:         c.algorithms.MACs,
		},
		User:              c.credentials.user,
		AuthCallback:      attempt.next,
		HostKeyCallback:   host.callback,
		HostKeyAlgorithms: hostKeys,
		ClientVersion:     "SSH-2.0-dataprotection_exporter",
	})
	if err != nil {
		stop()
		_ = tcp.Close()
		failure := notLoggedIn(ctx, address, l, host, attempt, err)
		end(failure, nil)
		return nil, failure
	}
	client := ssh.NewClient(sshConn, channels, requests)
	if !stop() { // too late: the deadline may be on the connection
		_ = client.Close()
		_ = client.Wait()
		err := notLoggedIn(ctx, address, l, host, attempt, ctx.Err())
		end(err, nil)
		return nil, err
	}
	end(nil, func() string {
		return fmt.Sprintf("as %q by %s, host key %s, server %q", attempt.user, strings.Join(attempt.tried, ", "),
			describe(host.shown), firstLine(string(sshConn.ServerVersion())))
	})
	l.inUse.Store(true)
	return newConn(client, l, address), nil
}
