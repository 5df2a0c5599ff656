package ssh

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/capture"
)

// Run runs one command on the device and brings back what it printed.
func (c *Client) Run(ctx context.Context, cmd remote.Command) (remote.Answer, error) {
	line, err := execString(cmd)
	if err != nil {
		return remote.Answer{}, err
	}
	r := &run{Client: c, cmd: cmd, line: line, words: strings.Join(cmd.Argv, " ")}
	if !c.enter() {
		return remote.Answer{}, c.errClosed()
	}
	defer c.background.Done()
	if err := r.takeSlot(ctx); err != nil {
		return remote.Answer{}, err
	}
	answer, stale, err := r.once(ctx)
	if stale {
		// The connection was there before and turned out to be dead before
		// anything was printed. Every command only reads, so it may be sent
		// again. Once: this time over a new connection.
		answer, _, err = r.once(ctx)
	}
	r.giveSlot()
	return answer, err
}

// enter makes Close wait for a command, unless it was called already.
func (c *Client) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.background.Add(1)
	return true
}

// run is one call of Run. A slot is held from before the connection is needed
// until the command has ended on the device: a command that is being ended after
// its deadline still counts against max_sessions.
type run struct {
	*Client
	cmd   remote.Command
	line  string // what is sent
	words string // what is shown
	// sftp says that the SFTP server is wanted, not a command.
	sftp bool
	// ending is set once another goroutine ends the command and gives the slot
	// back.
	ending bool
	// broke is set when the connection turned out to be dead.
	broke bool
}

func (r *run) op() string {
	if r.sftp {
		return "open an SFTP session"
	}
	return "run " + r.words
}

func (r *run) takeSlot(ctx context.Context) error {
	if ctx.Err() != nil {
		return r.late(ctx)
	}
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-r.stop:
		return r.errClosed()
	case <-ctx.Done():
		return &remote.Error{
			Reason: remote.Timeout, Op: r.op(), Err: fmt.Errorf("no free session in time: %w", ctx.Err()),
			Advice: fmt.Sprintf("all %d sessions of the target are busy: raise the timeout, or ssh.max_sessions if the device allows more", cap(r.slots)),
		}
	}
}

func (r *run) giveSlot() {
	if !r.ending {
		<-r.slots
	}
}

func (r *run) limit() int64 {
	if r.cmd.Limit > 0 {
		return r.cmd.Limit
	}
	return remote.DefaultLimit
}

// once runs the command on one connection. stale says that it is worth another
// try on a new one.
func (r *run) once(ctx context.Context) (answer remote.Answer, stale bool, err error) {
	cn, reused, err := r.acquire(ctx)
	if err != nil {
		return remote.Answer{}, false, err
	}
	end := remote.TraceOf(ctx).Begin("run " + r.words)
	answer, heard, err := r.on(ctx, cn, reused)
	end(err, func() string {
		text := answer.Stdout
		if r.cmd.Redact != nil {
			text = r.cmd.Redact(text)
		}
		return fmt.Sprintf("exit status %d\n%s", answer.ExitStatus, text)
	})
	stale = reused && r.broke && !heard
	return answer, stale, err
}

// on runs the command on a connection, which it releases.
func (r *run) on(ctx context.Context, cn *conn, reused bool) (answer remote.Answer, heard bool, err error) {
	s, err := r.start(ctx, cn, reused)
	if err != nil {
		if !r.ending {
			r.release(cn)
		}
		return remote.Answer{}, false, err
	}
	select {
	case <-s.done:
	case <-s.full:
	case <-ctx.Done():
	}
	select {
	case <-s.done: // complete, whatever else happened at the same moment
		defer r.release(cn)
		defer r.metrics.ended(r.cfg.Target)
		select {
		case <-s.full:
			answer, err = r.overfull(cn, s)
			return answer, true, err
		default:
		}
		answer, err = r.outcome(cn, s)
		return answer, s.heard.Load(), err
	case <-s.full:
		r.finish(cn, s, 0)
		answer, err = r.overfull(cn, s)
		return answer, true, err
	default:
		r.finish(cn, s, terminationGrace)
		return remote.Answer{}, true, r.late(ctx)
	}
}

// start opens a session and starts the command.
func (r *run) start(ctx context.Context, cn *conn, reused bool) (*session, error) {
	type opened struct {
		s   *session
		err error
	}
	results := make(chan opened, 1)
	begun := time.Now()
	go func() {
		s, err := r.open(cn)
		results <- opened{s, err}
	}()
	var patience <-chan time.Time
	if reused {
		timer := time.NewTimer(r.bound(ctx))
		defer timer.Stop()
		patience = timer.C
	}
	for {
		select {
		case got := <-results:
			if got.err != nil {
				return nil, r.notStarted(cn, got.err)
			}
			r.metrics.started(r.cfg.Target, reused)
			return got.s, nil
		case <-patience:
			// A busy device is heard at least now and then; a dead one is not,
			// and there is time left to connect anew.
			if cn.link.heardSince(begun) {
				patience = nil
				continue
			}
			r.drop(cn)
			<-results // fails, now that the connection is closed
			return nil, r.broken(cn, errors.New("the idle connection was dead"))
		case <-ctx.Done():
			r.ending = true
			r.background.Add(1)
			go func() {
				defer r.background.Done()
				r.end(cn, func() *session { got := <-results; return got.s }, terminationGrace)
			}()
			return nil, r.late(ctx)
		}
	}
}

// open starts the command, or the SFTP server of the device.
func (r *run) open(cn *conn) (*session, error) {
	if r.sftp {
		return openSFTP(cn)
	}
	return open(cn, r.line, capture.New(r.limit(), r.cmd.Tail))
}

// bound is how long a connection that was idle may take to open a session.
func (r *run) bound(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return r.patience
	}
	return min(r.patience, time.Until(deadline)/3)
}

// notStarted explains why the command was not started.
func (r *run) notStarted(cn *conn, err error) error {
	var refused *ssh.OpenChannelError
	switch {
	case errors.As(err, &refused):
		return &remote.Error{
			Reason: remote.Other, Op: r.op(), Err: fmt.Errorf("%s opens no session: %s (%s)", cn.address, refused.Message, refused.Reason),
			Advice: "lower ssh.max_sessions: the device allows fewer sessions per connection",
		}
	case errors.Is(err, errRejected):
		return &remote.Error{
			Reason: remote.Permission, Op: r.op(), Err: fmt.Errorf("%s: %w", cn.address, err),
			Advice: "give the account a login shell, or allow this command in its forced command",
		}
	default:
		return r.broken(cn, err)
	}
}

// outcome judges a session whose channel is gone and whose output was read.
func (r *run) outcome(cn *conn, s *session) (remote.Answer, error) {
	switch {
	case !s.complete:
		return remote.Answer{}, r.broken(cn, errors.New("the connection broke before the answer was complete"))
	case s.exited:
		return remote.Answer{
			Stdout: s.stdout.Bytes(), Stderr: s.stderr.Bytes(), ExitStatus: s.status, Time: time.Now(),
			Address: cn.address, Cut: s.stdout.Cut(),
		}, nil
	case s.signal != "":
		return remote.Answer{}, &remote.Error{
			Reason: remote.Other, Op: r.op(), Err: fmt.Errorf("the command was ended on %s by signal %s", cn.address, s.signal),
			Advice: "somebody or something on the device ended the command: look at its logs, for lack of memory say",
		}
	default:
		return remote.Answer{}, &remote.Error{
			Reason: remote.Disconnected, Op: r.op(), Err: fmt.Errorf("%s ended the session without an exit status", cn.address),
			Advice: "the answer may be cut short: look at the log of the SSH server, it may limit commands",
		}
	}
}

// overfull judges an answer that exceeds its cap.
func (r *run) overfull(cn *conn, s *session) (remote.Answer, error) {
	if !r.cmd.Head {
		return remote.Answer{}, r.tooLarge()
	}
	// Standard output is complete as far as it is wanted. Standard error may
	// still be written to.
	return remote.Answer{Stdout: s.stdout.Bytes(), Time: time.Now(), Address: cn.address, Cut: true}, nil
}

// broken gives a connection up that turned out to be dead.
func (r *run) broken(cn *conn, err error) *remote.Error {
	r.broke = true
	r.drop(cn)
	return &remote.Error{
		Reason: remote.Disconnected, Op: r.op(), Err: fmt.Errorf("%s: %w", cn.address, err),
		Advice: "look whether the device restarted, and at the firewalls in between; the next collection connects anew",
	}
}

func (r *run) tooLarge() *remote.Error {
	return remote.Errorf(remote.TooLarge, "the device printed more than expected: run the command by hand and look at what it prints",
		"%s: the answer exceeds %d bytes", r.op(), r.limit())
}

func (r *run) late(ctx context.Context) *remote.Error {
	return &remote.Error{
		Reason: remote.Timeout, Op: r.op(), Err: fmt.Errorf("no complete answer within the deadline: %w", ctx.Err()),
		Advice: "run the command by hand on the device and time it, then raise the timeout of the target if it needs longer",
	}
}

const (
	// terminationGrace is how long a command that was asked to end may take
	// before it is ended.
	terminationGrace = 2 * time.Second
	// closeGrace is how long the device may take to confirm the end of a
	// session before the connection is given up.
	closeGrace = 5 * time.Second
)

// finish ends a command in the background and gives its slot back afterwards.
func (r *run) finish(cn *conn, s *session, grace time.Duration) {
	r.ending = true
	r.background.Add(1)
	go func() {
		defer r.background.Done()
		defer r.metrics.ended(r.cfg.Target)
		r.end(cn, func() *session { return s }, grace)
	}()
}

// end sees to it that the command ends on the device: politely, then not, and by
// closing the connection when the device does not react. Everything in here may
// block on a connection that hangs; closing it is what ends that.
func (r *run) end(cn *conn, started func() *session, grace time.Duration) {
	defer func() { <-r.slots }()
	defer r.release(cn)
	giveUp := time.AfterFunc(grace+closeGrace, func() { r.drop(cn) })
	defer giveUp.Stop()
	s := started()
	if s == nil {
		return
	}
	if !r.cmd.PosixShell && !r.sftp {
		// The guard and the SFTP server need no signals: the end of the session
		// is their signal.
		s.send("TERM")
		if grace > 0 {
			timer := time.NewTimer(grace)
			defer timer.Stop()
			select {
			case <-s.gone:
			case <-timer.C:
			}
		}
		s.send("KILL")
	}
	_ = s.channel.Close()
	<-s.gone
}
