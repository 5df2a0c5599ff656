package archive

import (
	"context"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Progress counts what a run over many files has done. It may be read while the
// run goes on.
type Progress struct {
	// Files and Bytes are what was read, as it lies in the archive.
	Files, Bytes atomic.Int64
	// Content is what it was decompressed to.
	Content atomic.Int64
	// Damaged is the number of files that were not read to their end.
	Damaged atomic.Int64
}

// Run is a run over files, on several cores.
type Run struct {
	Dir   string
	FS    FS
	Files []File
	// Jobs is how many files are read at the same time.
	Jobs int
	// Damaged is told of files that cannot be read to their end. It may be
	// called by several goroutines at the same time.
	Damaged  func(f *File, err error)
	Progress *Progress
}

// each calls f for every file, in order, on several goroutines, until all are
// done or ctx ends.
func (r *Run) each(ctx context.Context, work func(ctx context.Context, i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range max(r.Jobs, 1) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(r.Files) {
					return
				}
				work(ctx, i)
				r.Progress.Files.Add(1)
			}
		})
	}
	wg.Wait()
}

// read opens a file and hands it to f. What f returns is told as damage, unless
// the run was ended.
func (r *Run) read(ctx context.Context, i int, f func(src io.Reader) error) {
	file := &r.Files[i]
	src, err := r.FS.Open(filepath.Join(r.Dir, file.Path()))
	if err == nil {
		err = f(&counted{ctx, src, r.Progress})
		_ = src.Close()
	}
	if err != nil && ctx.Err() == nil {
		r.Progress.Damaged.Add(1)
		r.Damaged(file, err)
	}
}

// counted counts what is read and ends with its context.
type counted struct {
	ctx      context.Context //nolint:containedctx // a reader of one run
	src      io.Reader
	progress *Progress
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.src.Read(p)
	c.progress.Bytes.Add(int64(n))
	return n, err
}

// Verify checks every file.
func (r *Run) Verify(ctx context.Context) error {
	r.each(ctx, func(ctx context.Context, i int) {
		r.read(ctx, i, func(src io.Reader) error {
			d := GetDecoder()
			defer d.Put()
			return d.Check(src, r.Files[i].Name)
		})
	})
	return ctx.Err()
}
