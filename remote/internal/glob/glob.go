// Package glob finds files by patterns whose last element may hold wildcards,
// whatever way their folders are listed.
package glob

import (
	"path"
	"slices"
	"strings"

	"dataprotection_exporter/remote"
)

// Folder is one folder to list.
type Folder struct {
	Dir   string
	names []string // patterns
}

// Folders checks patterns and says which folders to list, each once.
func Folders(patterns []string) ([]Folder, error) {
	var folders []Folder
	for _, p := range patterns {
		if err := remote.CheckPattern(p); err != nil {
			return nil, &remote.Error{Reason: remote.Other, Op: "list " + p, Err: err, Advice: "correct the pattern in the configuration"}
		}
		dir, name := path.Dir(p), path.Base(p)
		i := slices.IndexFunc(folders, func(f Folder) bool { return f.Dir == dir })
		if i < 0 {
			i, folders = len(folders), append(folders, Folder{Dir: dir})
		}
		folders[i].names = append(folders[i].names, name)
	}
	return folders, nil
}

// Match says whether a file of the folder is wanted. One with a name that
// could be misread anywhere on its way is not.
func (f Folder) Match(name string) bool {
	return !strings.Contains(name, "/") && remote.CheckPath(f.Path(name)) == nil &&
		slices.ContainsFunc(f.names, func(p string) bool { ok, _ := path.Match(p, name); return ok })
}

// Path is where a file of the folder is.
func (f Folder) Path(name string) string { return path.Join(f.Dir, name) }

// Sort puts files into the order of their paths.
func Sort(files []remote.FileInfo) []remote.FileInfo {
	slices.SortFunc(files, func(a, b remote.FileInfo) int { return strings.Compare(a.Path, b.Path) })
	return files
}
