// Package local asks the host that the exporter runs on. The commands are the
// same fixed ones that are sent over SSH; they are started directly, no shell
// reads them.
package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/capture"
	"dataprotection_exporter/remote/internal/single"
)

// waitDelay bounds how long the pipes of an ended command are still read: a
// process it left behind may hold them open for ever.
const waitDelay = 2 * time.Second

// Runner runs commands on this host and reads its files.
type Runner struct {
	closed  atomic.Bool
	reading single.Flight
}

var (
	_ remote.Runner = (*Runner)(nil)
	_ remote.Reader = (*Runner)(nil)
)

// New makes a Runner for this host.
func New() *Runner { return &Runner{reading: single.New()} }

// Close makes later calls fail.
func (r *Runner) Close() error {
	r.closed.Store(true)
	return nil
}

// Run starts cmd.Argv in a process group of its own and waits for it. When ctx
// ends, the whole group is killed.
func (r *Runner) Run(ctx context.Context, cmd remote.Command) (remote.Answer, error) {
	end := remote.TraceOf(ctx).Begin("run " + strings.Join(cmd.Argv, " "))
	answer, err := r.run(ctx, cmd)
	end(err, func() string { return detail(cmd, answer) })
	return answer, err
}

func detail(cmd remote.Command, answer remote.Answer) string {
	out := answer.Stdout
	if cmd.Redact != nil {
		out = cmd.Redact(out)
	}
	return string(out)
}

func (r *Runner) run(ctx context.Context, cmd remote.Command) (remote.Answer, error) {
	if len(cmd.Argv) == 0 || cmd.Argv[0] == "" {
		return remote.Answer{}, remote.Errorf(remote.Other, "", "run: there is no command")
	}
	op := "run " + cmd.Argv[0]
	if r.closed.Load() {
		return remote.Answer{}, remote.Errorf(remote.Other, "the next collection uses the new configuration", "%s: this target was closed", op)
	}
	limit := cmd.Limit
	if limit <= 0 {
		limit = remote.DefaultLimit
	}
	// One context ends the process group, whether the caller gave up or the
	// answer outgrew its cap.
	group, stop := context.WithCancel(ctx)
	defer stop()
	stdout, stderr := capture.New(limit, cmd.Tail), capture.NewHead(remote.StderrLimit)
	c := exec.CommandContext(group, cmd.Argv[0], cmd.Argv[1:]...) //nolint:gosec // the fixed command of a collector
	c.Stdout, c.Stderr = &stopping{Buffer: stdout, stop: stop}, stderr
	c.WaitDelay = waitDelay
	ownGroup(c)

	err := c.Run()
	killGroup(c) // what the command left behind
	if cmd.Head && stdout.Cut() && ctx.Err() == nil {
		return remote.Answer{Stdout: stdout.Bytes(), Time: time.Now(), Cut: true}, nil
	}
	if exit, ok := exited(c, err); ok && ctx.Err() == nil && (!stdout.Cut() || cmd.Tail) {
		if isEnv(cmd.Argv[0]) && (exit == notFoundStatus || exit == notRunnableStatus) {
			cause := errors.New(strings.TrimSpace(string(stderr.Bytes())))
			if exit == notRunnableStatus {
				return remote.Answer{}, forbidden(op, cause)
			}
			return remote.Answer{}, missing(op, cause)
		}
		return remote.Answer{
			Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), ExitStatus: exit, Time: time.Now(), Cut: stdout.Cut(),
		}, nil
	}
	return remote.Answer{}, explain(ctx, op, limit, stdout.Cut() && !cmd.Tail, err)
}

// How env(1) says that the command it should start is not there, or is there
// and may not be started.
const (
	notFoundStatus    = 127
	notRunnableStatus = 126
)

func isEnv(word string) bool { return word == "env" || strings.HasSuffix(word, "/env") }

// exited is the exit status of a command that ended on its own.
func exited(c *exec.Cmd, err error) (int, bool) {
	if c.ProcessState == nil || !c.ProcessState.Exited() {
		return 0, false
	}
	var status *exec.ExitError
	ended := err == nil || errors.As(err, &status) || errors.Is(err, exec.ErrWaitDelay)
	return c.ProcessState.ExitCode(), ended
}

func explain(ctx context.Context, op string, limit int64, tooLarge bool, err error) *remote.Error {
	switch {
	case tooLarge:
		return remote.Errorf(remote.TooLarge, "the command printed more than expected: run it by hand and look at what it prints",
			"%s: the answer exceeds %d bytes", op, limit)
	case ctx.Err() != nil:
		return &remote.Error{
			Reason: remote.Timeout, Op: op, Err: fmt.Errorf("no complete answer within the deadline: %w", ctx.Err()),
			Advice: "run the command by hand and time it, then raise the timeout of the target if it needs longer",
		}
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return missing(op, err)
	case errors.Is(err, fs.ErrPermission):
		return forbidden(op, err)
	default:
		return &remote.Error{
			Reason: remote.Other, Op: op, Err: err,
			Advice: "run the command by hand as the user of the exporter",
		}
	}
}

func missing(op string, err error) *remote.Error {
	return &remote.Error{
		Reason: remote.NotSupported, Op: op, Err: err,
		Advice: "this host does not have the program: transport local must run on the device itself",
	}
}

func forbidden(op string, err error) *remote.Error {
	return &remote.Error{
		Reason: remote.Permission, Op: op, Err: err,
		Advice: "let the user that the exporter runs as execute this program",
	}
}

// stopping ends the command as soon as its answer is too large.
type stopping struct {
	*capture.Buffer
	stop context.CancelFunc
}

func (s *stopping) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if err != nil {
		s.stop()
	}
	return n, err
}
