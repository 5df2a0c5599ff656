package ssh

import (
	"context"
	"fmt"
	"time"

	"dataprotection_exporter/remote"
)

// dialing is one connection being made, on behalf of all who wait for it.
type dialing struct {
	done     chan struct{}
	cancel   context.CancelFunc
	deadline time.Time // zero without one
	// generation tells whether Rotate was called meanwhile.
	generation int
	waiters    int
	// What came of it; valid once done is closed.
	conn *conn
	err  error
}

func (c *Client) errClosed() error {
	return remote.Errorf(remote.Other, "the next collection uses the new configuration", "ssh to %s: this target was closed", c.cfg.Target)
}

// acquire gives the open connection, or makes one. Callers that come while one
// is being made wait for that one. reused says that it was open before. The
// caller must release it.
func (c *Client) acquire(ctx context.Context) (cn *conn, reused bool, err error) {
	for {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return nil, false, c.errClosed()
		}
		if c.conn != nil {
			c.conn.refs++
			defer c.mu.Unlock()
			return c.conn, true, nil
		}
		d, mine := c.dialing, false
		if d == nil {
			if err := c.backoff.Check(); err != nil {
				c.mu.Unlock()
				return nil, false, err
			}
			d, mine = c.startDial(ctx), true
		}
		d.waiters++
		c.mu.Unlock()

		cn, err = c.await(ctx, d)
		if err == nil || mine || ctx.Err() != nil || !outlives(ctx, d) || remote.ReasonOf(err) != remote.Timeout {
			return cn, false, err
		}
		// The dial ran out of the time of the one who started it, not of ours.
	}
}

func outlives(ctx context.Context, d *dialing) bool {
	deadline, ok := ctx.Deadline()
	return !d.deadline.IsZero() && (!ok || deadline.After(d.deadline.Add(time.Second)))
}

// startDial begins to connect. The dial does not end with the caller who started
// it, as others may have joined; it ends with the last who waits.
func (c *Client) startDial(ctx context.Context) *dialing {
	d := &dialing{done: make(chan struct{}), generation: c.generation}
	dialCtx := context.WithoutCancel(ctx) // keeps the trace
	if deadline, ok := ctx.Deadline(); ok {
		// A little earlier than the caller, who then learns what was wrong and
		// not only that it took too long.
		left := time.Until(deadline)
		d.deadline = deadline.Add(-min(left/20, 200*time.Millisecond))
		dialCtx, d.cancel = context.WithDeadline(dialCtx, d.deadline)
	} else {
		dialCtx, d.cancel = context.WithTimeout(dialCtx, time.Duration(len(c.addresses))*loginPatience*c.cfg.DialTimeout)
	}
	c.dialing = d
	first := c.first
	c.background.Add(1)
	go func() {
		defer c.background.Done()
		defer d.cancel()
		cn, index, err := c.dialAll(dialCtx, first)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.finishDial(d, cn, index, err)
	}()
	return d
}

// loginPatience is how many times the dial timeout one address may take when
// nobody set a deadline: the timeout is for the TCP connection alone.
const loginPatience = 3

// finishDial hands the outcome to those who wait. The lock is held.
func (c *Client) finishDial(d *dialing, cn *conn, index int, err error) {
	c.dialing = nil
	d.conn, d.err = cn, err
	defer close(d.done)
	if err != nil {
		if c.closed {
			d.err = c.errClosed()
		}
		if remote.ReasonOf(err) == remote.Auth {
			pause := c.backoff.Refuse()
			c.metrics.pause(c, c.backoff.Until())
			c.journal.refused(c.backoff.Refused(), pause)
		}
		return
	}
	if c.backoff.Accept() {
		c.metrics.pause(c, time.Time{})
		c.journal.accepted()
	}
	cn.refs = d.waiters
	c.all[cn] = true
	c.metrics.connected(c.cfg.Target, 1)
	c.background.Add(2)
	go func() {
		defer c.background.Done()
		_ = cn.client.Wait()
		cn.close()
		close(cn.dead)
		c.metrics.connected(c.cfg.Target, -1)
		c.drop(cn)
	}()
	go func() {
		defer c.background.Done()
		cn.keepAlive(c.cfg.KeepAlive)
	}()
	switch {
	case c.closed:
		d.conn, d.err = nil, c.errClosed()
		cn.close()
	case d.generation != c.generation:
		// Rotate was called meanwhile: serve those who wait, keep nothing.
		cn.retired = true
		if cn.refs == 0 {
			cn.close()
		}
	default:
		c.conn, c.first, c.rotated = cn, index, false
	}
}

// lastWords is how long after its deadline a dial may take to say what was
// wrong. On a host with nothing to spare it takes a moment.
const lastWords = 250 * time.Millisecond

// await waits for a dial, which has taken a reference for us when it succeeds.
func (c *Client) await(ctx context.Context, d *dialing) (*conn, error) {
	select {
	case <-d.done:
		return d.conn, d.err
	case <-ctx.Done():
	}
	if !d.deadline.IsZero() && time.Now().After(d.deadline) {
		// The dial is being ended as well, and is about to say what was wrong.
		timer := time.NewTimer(lastWords)
		defer timer.Stop()
		select {
		case <-d.done:
		case <-timer.C:
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-d.done: // just now
		return d.conn, d.err
	default:
	}
	if d.waiters--; d.waiters == 0 {
		d.cancel()
	}
	return nil, &remote.Error{
		Reason: remote.Timeout, Op: "connect to " + c.cfg.Target, Err: fmt.Errorf("not connected in time: %w", ctx.Err()),
		Advice: "the deadline ended during the dial or the login: check that the device answers, and raise the timeout if it is merely slow",
	}
}

// release gives a connection back.
func (c *Client) release(cn *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cn.refs--; cn.retired && cn.refs == 0 {
		cn.close()
	}
}

// drop closes a connection that is of no more use, for whomever uses it.
func (c *Client) drop(cn *conn) {
	c.mu.Lock()
	if c.conn == cn {
		c.conn = nil
	}
	delete(c.all, cn)
	c.mu.Unlock()
	cn.close()
}

// Rotate makes the next address the first choice. Commands under way on the
// connection to the present one may finish. Several calls before the next login
// count as one: when two commands find out at the same time that they talk to
// the wrong address, the device is not skipped.
func (c *Client) Rotate() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.addresses) < 2 || c.closed {
		return false
	}
	if c.rotated {
		return true
	}
	c.rotated = true
	c.generation++
	c.first = (c.first + 1) % len(c.addresses)
	if cn := c.conn; cn != nil {
		c.conn = nil
		cn.retired = true
		if cn.refs == 0 {
			cn.close()
		}
	}
	return true
}

// Close ends the connection and everything that runs on it, and waits until
// nothing of the client is left. A later Run fails.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	c.conn = nil
	if c.dialing != nil {
		c.dialing.cancel()
	}
	for cn := range c.all {
		cn.close()
	}
	c.mu.Unlock()
	close(c.stop)
	c.background.Wait()
	c.metrics.remove(c)
	return nil
}
