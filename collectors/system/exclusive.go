package system

// Exclusive is implemented by Options that name directories no other target may
// use, or use a part of.
type Exclusive interface {
	ExclusiveDirs() []ExclusiveDir
}

// ExclusiveDir is such a directory.
type ExclusiveDir struct {
	// Key is where it is written inside the section, as in "archive_path".
	Key string
	// Path is absolute; empty means none.
	Path string
}
