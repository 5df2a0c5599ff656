package onefs

import "regexp"

// Names of files and folders are nobody's business on a debug page.
var (
	rePath = regexp.MustCompile(`"/[^"\\]*(?:\\.[^"\\]*)*"`)
	reFile = regexp.MustCompile(`("(?:file|description|resolver|paths_to_include|paths_to_exclude)"\s*:\s*)("[^"\\]*(?:\\.[^"\\]*)*"|\[[^\]]*\])`)
)

// hidePaths takes the names of files and persons out of an answer.
func hidePaths(b []byte) []byte {
	return reFile.ReplaceAll(rePath.ReplaceAll(b, []byte(`"<path>"`)), []byte(`$1"<hidden>"`))
}

// rePathInText is a path in a sentence.
var rePathInText = regexp.MustCompile(`/ifs(?:/[^\s"',;]*)?`)
