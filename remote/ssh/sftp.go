package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/pkg/sftp"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/glob"
)

// transfer is one SFTP session. It takes one of the sessions of the target, as
// a command does, until it is closed.
type transfer struct {
	*run
	cn      *conn
	session *session
	in      *metered
	client  *sftp.Client

	once sync.Once
	quit chan struct{}
}

// errNoSFTP is a device that runs commands and has no SFTP server for us.
var errNoSFTP = errors.New("the device refuses SFTP")

// transfer opens an SFTP session.
func (c *Client) transfer(ctx context.Context) (*transfer, error) {
	if !c.enter() {
		return nil, c.errClosed()
	}
	defer c.background.Done()
	r := &run{Client: c, sftp: true}
	if err := r.takeSlot(ctx); err != nil {
		return nil, err
	}
	t, stale, err := r.transfer(ctx)
	if stale {
		// As with a command: the connection was dead before anything was read.
		t, _, err = r.transfer(ctx)
	}
	if err != nil {
		r.giveSlot()
		return nil, err
	}
	return t, nil
}

func (r *run) transfer(ctx context.Context) (t *transfer, stale bool, err error) {
	cn, reused, err := r.acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	if cn.noSFTP.Load() {
		r.release(cn)
		return nil, false, errNoSFTP
	}
	end := remote.TraceOf(ctx).Begin(r.op())
	defer func() { end(err, nil) }()
	s, err := r.start(ctx, cn, reused)
	if err != nil {
		if !r.ending {
			r.release(cn)
		}
		if errors.Is(err, errRejected) {
			return nil, false, r.refused(cn, err)
		}
		return nil, reused && r.broke, err
	}
	t = &transfer{run: r, cn: cn, session: s, in: &metered{from: s.channel}, quit: make(chan struct{})}
	return t, false, t.shakeHands(ctx)
}

// refused remembers that there is no SFTP on this connection.
func (r *run) refused(cn *conn, err error) error {
	cn.noSFTP.Store(true)
	return fmt.Errorf("%w: %w", errNoSFTP, err)
}

// shakeHands begins the SFTP protocol. From here on the session is ended by
// another goroutine, which gives the slot and the connection back.
func (t *transfer) shakeHands(ctx context.Context) error {
	type result struct {
		client *sftp.Client
		err    error
	}
	results := make(chan result, 1)
	t.in.allow(0)
	t.ending = true
	t.background.Add(2)
	go func() {
		defer t.background.Done()
		defer t.metrics.ended(t.cfg.Target)
		select {
		case <-t.quit:
		case <-t.session.gone:
		}
		t.end(t.cn, func() *session { return t.session }, 0)
	}()
	go func() {
		defer t.background.Done()
		client, err := sftp.NewClientPipe(t.in, t.session.channel)
		results <- result{client, err}
		if err == nil {
			_ = client.Wait()
		}
	}()
	select {
	case got := <-results:
		if got.err == nil {
			t.client = got.client
			return nil
		}
		return t.notSFTP(ctx, got.err)
	case <-ctx.Done():
		t.Close()
		return t.late(ctx)
	}
}

// notSFTP judges an SFTP server that was started and does not speak SFTP: it is
// missing on the device, or a forced command runs in its place.
func (t *transfer) notSFTP(ctx context.Context, err error) error {
	t.Close()
	select {
	case <-t.session.gone:
	case <-ctx.Done():
		return t.late(ctx)
	}
	if !t.session.complete {
		return t.broken(t.cn, err)
	}
	return t.refused(t.cn, err)
}

// Close ends the session in the background.
func (t *transfer) Close() { t.once.Do(func() { close(t.quit) }) }

// reads runs one question through the session. bytes is what its answer may
// take on the wire.
func reads[T any](ctx context.Context, t *transfer, op string, bytes int64, f func(*sftp.Client) (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, lateRead(ctx, op)
	}
	if !t.enter() {
		return none, t.errClosed()
	}
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	t.in.allow(bytes)
	go func() {
		defer t.background.Done()
		v, err := f(t.client)
		results <- result{v, err}
	}()
	select {
	case got := <-results:
		if got.err != nil {
			return none, t.explain(op, got.err)
		}
		return got.value, nil
	case <-ctx.Done():
		// The question is still open on the device: only the end of the session
		// ends it.
		t.Close()
		return none, lateRead(ctx, op)
	}
}

func lateRead(ctx context.Context, op string) *remote.Error {
	return &remote.Error{
		Reason: remote.Timeout, Op: op, Err: fmt.Errorf("no complete answer within the deadline: %w", ctx.Err()),
		Advice: "read the file by hand on the device and time it, then raise the timeout of the target if it needs longer",
	}
}

// explain says why a question to the SFTP server has no answer.
func (t *transfer) explain(op string, err error) *remote.Error {
	e := &remote.Error{Reason: remote.Other, Op: op, Err: fmt.Errorf("%s: %w", t.cn.address, err)}
	switch {
	case t.in.exceeded.Load():
		e.Reason, e.Err = remote.TooLarge, fmt.Errorf("%s: %w", t.cn.address, errTooMuch)
		e.Advice = "list the folder by hand: it holds far too many files"
	case errors.Is(err, sftp.ErrSSHFxConnectionLost), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Reason, e.Advice = remote.Disconnected, "look whether the device restarted, and at the firewalls in between; the next collection connects anew"
	default:
		unreadable(e, err)
	}
	return e
}

// unreadable completes an error about a file or folder of the device.
func unreadable(e *remote.Error, err error) {
	switch {
	case errors.Is(err, fs.ErrPermission):
		e.Reason, e.Advice = remote.Permission, "let the account of the exporter read this file and enter its folder"
	case errors.Is(err, fs.ErrNotExist):
		e.Advice = "check the path in the configuration and on the device"
	default:
		e.Advice = "read the file by hand on the device with the account of the exporter"
	}
}

// listBytes is what the listing of one folder may take.
const listBytes = remote.DefaultLimit

func (t *transfer) List(ctx context.Context, patterns []string) ([]remote.FileInfo, error) {
	folders, err := glob.Folders(patterns)
	if err != nil {
		return nil, err
	}
	var files []remote.FileInfo
	for _, f := range folders {
		op := "list " + f.Dir
		end := remote.TraceOf(ctx).Begin(op)
		found, err := reads(ctx, t, op, listBytes, func(c *sftp.Client) ([]remote.FileInfo, error) { return listFolder(ctx, c, f) })
		end(err, func() string { return fmt.Sprintf("%d files", len(found)) })
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return glob.Sort(files), nil
}

func listFolder(ctx context.Context, c *sftp.Client, folder glob.Folder) ([]remote.FileInfo, error) {
	entries, err := c.ReadDirContext(ctx, folder.Dir)
	if err != nil {
		return nil, err
	}
	var files []remote.FileInfo
	for _, info := range entries {
		name := info.Name()
		if !folder.Match(name) {
			continue
		}
		if info.Mode()&os.ModeSymlink != 0 {
			// A link that leads nowhere is no file.
			if info, err = c.Stat(folder.Path(name)); err != nil {
				if ctx.Err() != nil {
					return nil, err
				}
				continue
			}
		}
		if info.Mode().IsRegular() && info.Size() >= 0 {
			files = append(files, remote.FileInfo{Path: folder.Path(name), Size: info.Size(), ModTime: info.ModTime()})
		}
	}
	return files, nil
}

func (t *transfer) ReadAt(ctx context.Context, path string, offset, limit int64) ([]byte, error) {
	op := "read " + path
	if err := remote.CheckPath(path); err != nil {
		return nil, &remote.Error{Reason: remote.Other, Op: op, Err: err}
	}
	end := remote.TraceOf(ctx).Begin(fmt.Sprintf("%s from byte %d", op, offset))
	// An answer comes in packets, each with its own few bytes.
	data, err := reads(ctx, t, op, limit+limit/8, func(c *sftp.Client) ([]byte, error) { return readPart(c, path, offset, limit) })
	end(err, func() string { return fmt.Sprintf("%d bytes", len(data)) })
	return data, err
}

func readPart(c *sftp.Client, path string, offset, limit int64) ([]byte, error) {
	f, err := c.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data := make([]byte, limit)
	n, err := f.ReadAt(data, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data[:n], nil
}

var errTooMuch = errors.New("the device sends far more than was asked for")

// metered passes on what a device sends, as far as was agreed: the SFTP client
// gathers listings in memory, however long they get.
type metered struct {
	from     io.Reader
	left     atomic.Int64
	exceeded atomic.Bool
}

// protocolBytes is room for what an answer takes besides its content.
const protocolBytes = 64 << 10

func (m *metered) allow(bytes int64) { m.left.Add(bytes + protocolBytes) }

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	if m.left.Add(int64(-n)) < 0 {
		m.exceeded.Store(true)
		return 0, errTooMuch
	}
	return n, err
}
