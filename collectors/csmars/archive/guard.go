package archive

import (
	"context"
	"io"
)

// Guarded is a filesystem whose calls can be given up. A call into a dead mount
// cannot be ended; it can only be left behind. So there is one at a time: while
// one hangs, every other waits for it, and none piles up.
type Guarded struct {
	fs    FS
	token chan struct{}
}

// Guard makes a filesystem whose calls can be given up.
func Guard(fs FS) *Guarded { return &Guarded{fs: fs, token: make(chan struct{}, 1)} }

// call runs one call and waits for it until ctx ends.
func call[T any](ctx context.Context, g *Guarded, f func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	select {
	case g.token <- struct{}{}:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	type outcome struct {
		v   T
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() { <-g.token }()
		v, err := f()
		done <- outcome{v, err}
	}()
	select {
	case o := <-done:
		return o.v, o.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// ReadDir lists a folder.
func (g *Guarded) ReadDir(ctx context.Context, dir string) ([]Entry, error) {
	return call(ctx, g, func() ([]Entry, error) { return g.fs.ReadDir(dir) })
}

// Stat looks at some names in a folder.
func (g *Guarded) Stat(ctx context.Context, dir string, names []string) ([]Entry, error) {
	return call(ctx, g, func() ([]Entry, error) { return g.fs.Stat(dir, names) })
}

// Statfs asks the filesystem that holds a folder.
func (g *Guarded) Statfs(ctx context.Context, dir string) (Space, error) {
	return call(ctx, g, func() (Space, error) { return g.fs.Statfs(dir) })
}

// Open opens a file. Its Read and Close are given up when ctx ends.
func (g *Guarded) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	f, err := call(ctx, g, func() (io.ReadCloser, error) {
		f, err := g.fs.Open(path)
		if err == nil && ctx.Err() != nil {
			// Nobody waits for it any more.
			_ = f.Close()
			return nil, ctx.Err()
		}
		return f, err
	})
	if err != nil {
		return nil, err
	}
	return &guardedFile{ctx: ctx, g: g, f: f, buf: make([]byte, chunk)}, nil
}

// chunk is how much of a file is read in one call.
const chunk = 256 << 10

// guardedFile reads through a buffer of its own: a read that was left behind may
// still write into it, and must not write into anybody else's.
type guardedFile struct {
	ctx        context.Context //nolint:containedctx // it is the file's life
	g          *Guarded
	f          io.ReadCloser
	buf, ahead []byte
	err        error
}

func (f *guardedFile) Read(p []byte) (int, error) {
	if len(f.ahead) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		var n int
		n, f.err = call(f.ctx, f.g, func() (int, error) { return io.ReadFull(f.f, f.buf) })
		if f.err == io.ErrUnexpectedEOF { //nolint:errorlint // ReadFull gives it as it is
			f.err = io.EOF
		}
		f.ahead = f.buf[:n]
		if n == 0 {
			return 0, f.err
		}
	}
	n := copy(p, f.ahead)
	f.ahead = f.ahead[n:]
	return n, nil
}

// Close closes the file as soon as no call hangs, and does not wait for it.
func (f *guardedFile) Close() error {
	go func() {
		f.g.token <- struct{}{}
		defer func() { <-f.g.token }()
		_ = f.f.Close()
	}()
	return nil
}
