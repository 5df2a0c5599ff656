package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dataprotection_exporter/collectors/system"
)

// exclusive refuses targets whose directories are the same or lie in each other:
// two appliances that write to one place corrupt what is there.
func exclusive(c *Config) Problems {
	type owned struct {
		target *Target
		key    string
		real   string
	}
	var all []owned
	var problems Problems
	for _, t := range c.Targets {
		e, ok := t.Options.(system.Exclusive)
		if !ok {
			continue
		}
		for _, dir := range e.ExclusiveDirs() {
			if dir.Path == "" {
				continue
			}
			mine := owned{t, t.System + "." + dir.Key, resolved(dir.Path)}
			for _, other := range all {
				if relation := overlap(mine.real, other.real); relation != "" {
					problems = append(problems, t.Problem(mine.key, fmt.Sprintf("%s %s %s: give each target a directory of its own", mine.real, relation, quote(other.target.Name))))
				}
			}
			all = append(all, mine)
		}
	}
	return problems
}

// overlap says how a directory meets another target's; "" when it does not.
func overlap(mine, other string) string {
	switch {
	case mine == other:
		return "is also the directory of target"
	case within(mine, other):
		return "lies inside the directory of target"
	case within(other, mine):
		return "contains the directory of target"
	default:
		return ""
	}
}

func within(inner, outer string) bool {
	if !strings.HasSuffix(outer, string(filepath.Separator)) {
		outer += string(filepath.Separator)
	}
	return strings.HasPrefix(inner, outer)
}

// resolving is held while links are followed. A mount may hang, so that is given
// up after a moment; what then still hangs is the only call that does.
var resolving = make(chan struct{}, 1)

// patience is how long the filesystem may take to answer.
var patience = 2 * time.Second

// resolved is a path without symbolic links, as far as it exists and the
// filesystem answers.
func resolved(path string) string {
	path = filepath.Clean(path)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case resolving <- struct{}{}:
	case <-timer.C:
		return path
	}
	done := make(chan string, 1)
	go func() {
		defer func() { <-resolving }()
		done <- follow(path)
	}()
	select {
	case resolved := <-done:
		return resolved
	case <-timer.C:
		return path
	}
}

// follow follows the links of what exists of a path. The rest of it may appear
// later, as mounts do.
func follow(path string) string {
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil {
		return resolved
	}
	parent := filepath.Dir(path)
	if !errors.Is(err, fs.ErrNotExist) || parent == path {
		return path
	}
	if target, err := os.Readlink(path); err == nil {
		// A link to what does not exist yet.
		if !filepath.IsAbs(target) {
			target = filepath.Join(parent, target)
		}
		if target = filepath.Clean(target); target != path {
			return follow(target)
		}
		return path
	}
	return filepath.Join(follow(parent), filepath.Base(path))
}
