package archive

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"time"
)

// File is one file of an archive.
type File struct {
	// Folder is the path of the folder it lies in, below the archive. Files of
	// one folder share it.
	Folder string
	Name   string
	Size   int64
	// ModTime is when it was last written to.
	ModTime int64
	// Start orders files; the name's, or the day's where the name has none.
	Start Wall
}

// Path is the file's path below the archive.
func (f *File) Path() string { return f.Folder + string(filepath.Separator) + f.Name }

// Interval is a stretch of the appliance's clock, its end excluded.
type Interval struct{ From, To Wall }

// Always is all time.
var Always = Interval{math.MinInt64 / 2, math.MaxInt64 / 2}

// Selection says which files of an archive are wanted.
type Selection struct {
	Interval Interval
	// RawOnly leaves out everything but raw messages.
	RawOnly bool
	// Trouble is told of folders that cannot be read.
	Trouble func(path string, err error)
}

// wants decides on one file by its name. Where the name tells no time the day
// does, generously.
func (s *Selection) wants(day Wall, folder, name string) (start Wall, ok bool) {
	if s.RawOnly && !IsRaw(folder, name) {
		return 0, false
	}
	n, named := ParseName(name)
	if !named {
		return day, s.near(day)
	}
	return n.Start, n.Overlaps(s.Interval.From, s.Interval.To)
}

// near says whether a day's folder may hold anything from the interval. A file
// may cover the end of one day and the beginning of the next, and lie in the
// folder of either.
func (s *Selection) near(day Wall) bool {
	return day.AddDays(2) > s.Interval.From && day.AddDays(-1) < s.Interval.To
}

// List finds the wanted files, in the order of their times.
func List(ctx context.Context, in FS, dir string, s Selection) ([]File, error) {
	root, err := in.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, e := range root {
		day, ok := ParseDay(e.Name)
		if !ok || !e.Dir || !s.near(day) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, sub := range s.read(in, dir, e.Name) {
			if !sub.Dir {
				continue
			}
			folder := e.Name + string(filepath.Separator) + sub.Name
			if s.RawOnly && TypeOf(sub.Name) != TypeEvents {
				continue
			}
			for _, f := range s.read(in, dir, folder) {
				if start, ok := s.wants(day, sub.Name, f.Name); ok && !f.Dir {
					files = append(files, File{Folder: folder, Name: f.Name, Size: f.Size, ModTime: f.ModTime.UnixNano(), Start: start})
				}
			}
		}
	}
	slices.SortFunc(files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.Name, b.Name))
	})
	return files, nil
}

func (s *Selection) read(in FS, dir, folder string) []Entry {
	entries, err := in.ReadDir(filepath.Join(dir, folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && s.Trouble != nil {
		s.Trouble(folder, err)
	}
	return entries
}

// Growing leaves out the files that were written to after a moment: the
// appliance may not be done with them. It says how many there were.
func Growing(files []File, since time.Time) (rest []File, growing int) {
	limit := since.UnixNano()
	rest = slices.DeleteFunc(files, func(f File) bool { return f.ModTime > limit })
	return rest, len(files) - len(rest)
}
