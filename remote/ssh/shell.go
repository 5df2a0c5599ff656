package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/capture"
)

// Shell types one command at the prompt of the device's own shell.
func (c *Client) Shell(ctx context.Context, prompt *regexp.Regexp, cmd remote.Command) (remote.Answer, error) {
	if cmd.PosixShell || cmd.Tail || cmd.Head {
		return remote.Answer{}, remote.Errorf(remote.Other, "", "a command at a prompt has no guard and is read as a whole")
	}
	line, err := execString(cmd)
	if err != nil {
		return remote.Answer{}, err
	}
	d := &dialogue{
		run:    run{Client: c, cmd: cmd, line: line, words: strings.Join(cmd.Argv, " ") + " at the prompt"},
		prompt: prompt,
	}
	if !c.enter() {
		return remote.Answer{}, c.errClosed()
	}
	defer c.background.Done()
	if err := d.takeSlot(ctx); err != nil {
		return remote.Answer{}, err
	}
	answer, stale, err := d.once(ctx)
	if stale {
		answer, _, err = d.once(ctx)
	}
	d.giveSlot()
	return answer, err
}

// dialogue is one call of Shell.
type dialogue struct {
	run
	prompt *regexp.Regexp
}

// once holds the dialogue over one connection. stale says that the connection
// was there before and dead before anything was printed.
func (d *dialogue) once(ctx context.Context) (answer remote.Answer, stale bool, err error) {
	cn, reused, err := d.acquire(ctx)
	if err != nil {
		return remote.Answer{}, false, err
	}
	end := remote.TraceOf(ctx).Begin("run " + d.words)
	answer, heard, err := d.on(ctx, cn, reused)
	end(err, func() string {
		text := answer.Stdout
		if d.cmd.Redact != nil {
			text = d.cmd.Redact(text)
		}
		return string(text)
	})
	return answer, reused && d.broke && !heard, err
}

func (d *dialogue) on(ctx context.Context, cn *conn, reused bool) (answer remote.Answer, heard bool, err error) {
	s, t, err := d.open(ctx, cn, reused)
	if err != nil {
		if !d.ending {
			d.release(cn)
		}
		return remote.Answer{}, false, err
	}
	d.metrics.started(d.cfg.Target, reused)
	text, err := d.talk(ctx, cn, s, t)
	if err != nil {
		d.finish(cn, s, 0)
		return remote.Answer{}, s.heard.Load(), err
	}
	d.leave(cn, s)
	return remote.Answer{Stdout: text, Time: time.Now(), Address: cn.address}, true, nil
}

// leave asks the menu to end, and sees to it that it does, in the background.
func (d *dialogue) leave(cn *conn, s *session) {
	d.ending = true
	d.background.Add(1)
	go func() {
		defer d.background.Done()
		defer d.metrics.ended(d.cfg.Target)
		d.end(cn, func() *session { _, _ = io.WriteString(s.channel, "exit\r"); return s }, terminationGrace)
	}()
}

// open starts the shell on a terminal.
func (d *dialogue) open(ctx context.Context, cn *conn, reused bool) (*session, *transcript, error) {
	type opened struct {
		s   *session
		t   *transcript
		err error
	}
	results := make(chan opened, 1)
	go func() {
		s, t, err := openShell(cn, d.limit())
		results <- opened{s, t, err}
	}()
	var patience <-chan time.Time
	if reused {
		timer := time.NewTimer(d.bound(ctx))
		defer timer.Stop()
		patience = timer.C
	}
	for begun := time.Now(); ; {
		select {
		case got := <-results:
			if got.err != nil {
				return nil, nil, d.notStarted(cn, got.err)
			}
			return got.s, got.t, nil
		case <-patience:
			if cn.link.heardSince(begun) {
				patience = nil
				continue
			}
			d.drop(cn)
			<-results // fails, now that the connection is closed
			return nil, nil, d.broken(cn, errors.New("the idle connection was dead"))
		case <-ctx.Done():
			d.ending = true
			d.background.Add(1)
			go func() {
				defer d.background.Done()
				d.end(cn, func() *session { got := <-results; return got.s }, 0)
			}()
			return nil, nil, d.late(ctx)
		}
	}
}

// The terminal is wide and high, so that nothing is wrapped and nothing waits
// for a key at the end of a page.
const terminalColumns, terminalRows = 512, 1000

func openShell(cn *conn, limit int64) (*session, *transcript, error) {
	channel, requests, err := cn.client.OpenChannel("session", nil)
	if err != nil {
		return nil, nil, err
	}
	s := &session{
		channel: channel, stdout: capture.NewRefusing(limit + greeting), stderr: capture.NewHead(remote.StderrLimit),
		full: make(chan struct{}), gone: make(chan struct{}), done: make(chan struct{}),
	}
	go s.follow(requests, cn.link)
	// Echo off is a wish; what is echoed all the same is taken out.
	modes := ssh.Marshal(struct {
		Echo    byte
		EchoOff uint32
		End     byte
	}{ssh.ECHO, 0, 0})
	for _, r := range []struct {
		kind    string
		payload []byte
	}{
		{"pty-req", ssh.Marshal(struct {
			Term                         string
			Columns, Rows, Width, Height uint32
			Modes                        string
		}{"dumb", terminalColumns, terminalRows, 0, 0, string(modes)})},
		{"shell", nil},
	} {
		ok, err := channel.SendRequest(r.kind, true, r.payload)
		if err == nil && !ok {
			err = errRejected
		}
		if err != nil {
			_ = channel.Close()
			return nil, nil, err
		}
	}
	t := &transcript{news: make(chan struct{}, 1), over: make(chan struct{})}
	go func() { _, _ = io.Copy(s.stderr, channel.Stderr()) }()
	go func() {
		t.read(s)
		close(t.over)
		<-s.gone
		close(s.done)
	}()
	return s, t, nil
}

// greeting is how much a device may print before its first prompt.
const greeting = 64 << 10

// transcript is what a terminal showed so far.
type transcript struct {
	news chan struct{} // something was added
	over chan struct{} // closed when nothing comes any more

	mu   sync.Mutex
	text []byte
	full bool
}

func (t *transcript) read(s *session) {
	buf := make([]byte, 4<<10)
	for {
		n, err := s.channel.Read(buf)
		if n > 0 {
			s.heard.Store(true)
			t.mu.Lock()
			_, tooLarge := s.stdout.Write(buf[:n])
			t.text = s.stdout.Bytes()
			t.full = tooLarge != nil
			t.mu.Unlock()
			select {
			case t.news <- struct{}{}:
			default:
			}
			if tooLarge != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// since is what was printed from an offset on.
func (t *transcript) since(from int) (text []byte, full bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text[from:len(t.text):len(t.text)], t.full
}

// talk waits for the prompt, types, and waits for the prompt again.
func (d *dialogue) talk(ctx context.Context, cn *conn, s *session, t *transcript) ([]byte, error) {
	_, begin, err := d.await(ctx, cn, t, 0)
	if err != nil {
		return nil, err
	}
	typed := make(chan error, 1)
	go func() {
		_, err := io.WriteString(s.channel, d.line+"\r")
		typed <- err
	}()
	text, _, err := d.await(ctx, cn, t, begin)
	if err != nil {
		return nil, err
	}
	if err := <-typed; err != nil {
		return nil, d.broken(cn, err)
	}
	return d.answer(text), nil
}

// lineLimit bounds how far back the beginning of the last line is looked for.
const lineLimit = 4 << 10

// await reads until the last line is the prompt. text is what was printed from
// an offset on, size where the prompt ends.
func (d *dialogue) await(ctx context.Context, cn *conn, t *transcript, from int) (text []byte, size int, err error) {
	over := false
	for {
		text, full := t.since(from)
		last := visible(text[max(0, len(text)-lineLimit):])
		end := bytes.LastIndexByte(last, '\n') + 1
		last = last[end:]
		if d.whole(last) && (from == 0 || end > 0) {
			return visible(text), from + len(text), nil
		}
		switch {
		case full:
			return nil, 0, d.tooLarge()
		case over:
			return nil, 0, d.broken(cn, fmt.Errorf("the session ended before the prompt; the last line was %q", shorten(last)))
		}
		select {
		case <-t.news:
		case <-t.over:
			over = true // look once more: the last words may be the prompt
		case <-ctx.Done():
			return nil, 0, &remote.Error{
				Reason: remote.Timeout, Op: d.op(), Err: fmt.Errorf("no prompt %s within the deadline; the last line was %q: %w", d.prompt, shorten(last), ctx.Err()),
				Advice: "log in by hand with this account and look what the device asks first",
			}
		}
	}
}

// whole says whether the prompt is all there is on a line.
func (d *dialogue) whole(line []byte) bool {
	at := d.prompt.FindIndex(line)
	return at != nil && at[0] == 0 && at[1] == len(line)
}

// answer takes the echo and the prompts out.
func (d *dialogue) answer(text []byte) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines = lines[:len(lines)-1] // the prompt
	for len(lines) > 0 {
		first := strings.TrimSpace(string(lines[0]))
		if at := d.prompt.FindStringIndex(first + " "); at != nil && at[0] == 0 {
			first = strings.TrimSpace((first + " ")[at[1]:])
		}
		if first != d.line && first != "" {
			break
		}
		lines = lines[1:]
		if first == d.line {
			break
		}
	}
	return bytes.Join(lines, nil)
}

func shorten(line []byte) string {
	const most = 80
	return string(line[:min(len(line), most)])
}

// escapes are the sequences that colour a terminal, move its cursor or name its
// window.
var escapes = regexp.MustCompile(`\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][0-9A-Za-z]|\x1b[=>78A-Z]`)

// visible is what a terminal showed, as text: without escape sequences, with what
// was rubbed out gone, and with plain line ends.
func visible(text []byte) []byte {
	text = escapes.ReplaceAll(text, nil)
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	out := make([]byte, 0, len(text))
	for _, b := range text {
		switch b {
		case '\b':
			if len(out) > 0 && out[len(out)-1] != '\n' {
				out = out[:len(out)-1]
			}
		case '\r', 0x07:
		default:
			out = append(out, b)
		}
	}
	return out
}

var _ remote.Shell = (*Client)(nil)
