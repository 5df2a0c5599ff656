package remote

import (
	"errors"
	"path"
	"regexp"
)

// A path is made of characters that no shell and no printed listing could take
// for anything but themselves.
var (
	pathChars    = regexp.MustCompile(`^/[A-Za-z0-9._/@%+=:,-]*$`)
	patternChars = regexp.MustCompile(`^[A-Za-z0-9._@%+=:,*?\[\]-]+$`)
)

// CheckPath says in a sentence what is wrong with a path on a device.
func CheckPath(p string) error {
	switch {
	case p == "" || p[0] != '/':
		return errors.New("the path must be absolute")
	case !pathChars.MatchString(p):
		return errors.New("the path may hold letters, digits and ._/@%+=:,- only")
	case path.Clean(p) != p:
		return errors.New("the path must not hold . or .. elements, double slashes or a slash at its end")
	}
	return nil
}

// CheckPattern says in a sentence what is wrong with a pattern for files on a
// device: a path whose last element may hold the wildcards *, ? and [].
func CheckPattern(p string) error {
	dir, last := path.Split(p)
	if len(dir) > 1 {
		dir = dir[:len(dir)-1]
	}
	if dir == "" {
		return errors.New("the pattern must be an absolute path")
	}
	if err := CheckPath(dir); err != nil {
		return errors.New("wildcards are for the last element; before it, " + err.Error())
	}
	if last == "." || last == ".." || !patternChars.MatchString(last) {
		return errors.New("the last element must be a name of letters, digits and ._@%+=:,- with the wildcards *, ? and []")
	}
	if _, err := path.Match(last, ""); err != nil {
		return errors.New("the wildcards do not make a pattern: a [ is not closed, say")
	}
	return nil
}
