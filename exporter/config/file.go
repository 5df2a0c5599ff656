package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds a configuration file; a fleet of thousands stays far below.
const maxFile = 4 << 20

// readYAML reads the one YAML document of a file. Either the node or the
// problem is set.
func readYAML(name string) (*yaml.Node, *Problem) {
	whole := func(format string, args ...any) (*yaml.Node, *Problem) {
		return nil, &Problem{File: name, Text: fmt.Sprintf(format, args...)}
	}
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		return whole("is a directory: name the configuration file in it")
	}
	if err != nil {
		return whole("%s: check the path", whyUnread(err))
	}
	text, more, err := readAtMost(name, maxFile)
	if err != nil {
		return whole("%s: check its owner and permissions", whyUnread(err))
	}
	if more {
		return whole("is larger than %d MiB: split it into several files", maxFile>>20)
	}
	return parseYAML(name, text)
}

// readAtMost reads the beginning of a file, and says whether there is more.
func readAtMost(name string, most int64) (text []byte, more bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = f.Close() }()
	text, err = io.ReadAll(io.LimitReader(f, most+1))
	return text, int64(len(text)) > most, err
}

// whyUnread says why a file could not be read, without the path: the sentence
// around it names the file.
func whyUnread(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "may not be read by the user of this process"
	case errors.As(err, &pe):
		return "cannot be read (" + pe.Err.Error() + ")"
	default:
		return "cannot be read (" + err.Error() + ")"
	}
}

func parseYAML(name string, text []byte) (*yaml.Node, *Problem) {
	at := func(line int, format string, args ...any) (*yaml.Node, *Problem) {
		last := 1 + bytes.Count(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
		return nil, &Problem{File: name, Line: min(max(line, 1), last), Column: 1, Text: fmt.Sprintf(format, args...)}
	}
	if line := badText(text); line > 0 {
		return at(line, "holds bytes that are not text: save the file as UTF-8")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return at(1, "is empty: write at least a list of targets")
	case err != nil:
		line, why := yamlError(err, text)
		return at(line, "%s", why)
	}
	switch err := decoder.Decode(&next); {
	case err == nil:
		return at(next.Line, "a second YAML document begins here: remove the line --- or put this part into a file of its own")
	case !errors.Is(err, io.EOF):
		line, why := yamlError(err, text)
		return at(line, "%s", why)
	}
	if len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" {
		return at(1, "is empty: write at least a list of targets")
	}
	return doc.Content[0], nil
}

// badText is the first line that is not UTF-8 text, 0 when all of it is. The
// YAML reader refuses such files too, but cannot say where.
func badText(text []byte) int {
	line := 1
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size <= 1, r < ' ' && r != '\t' && r != '\n' && r != '\r', r >= 0x7f && r < 0xa0 && r != 0x85:
			return line
		case r == '\n':
			line++
		}
		i += size
	}
	return 0
}

var (
	yamlLine   = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)
	yamlQuoted = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	// The reader counts lines from 0 in the errors of its parser, from 1 in
	// those of its scanner; these are the parser's.
	yamlOneOff = regexp.MustCompile(`^did not find expected (key|node content|'|<)`)
	yamlAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// yamlError takes the line out of an error of the YAML reader. What the error
// quotes from the file is dropped: it may be a password that begins with *.
func yamlError(err error, text []byte) (line int, why string) {
	m := yamlLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	if m == nil {
		return 1, "is not valid YAML"
	}
	line, _ = strconv.Atoi(m[1])
	why = m[2]
	if a := yamlAnchor.FindStringSubmatch(why); a != nil {
		before, _, _ := bytes.Cut(text, []byte("*"+a[1]))
		return 1 + bytes.Count(before, []byte("\n")), "an alias (*name) refers to an anchor that is not in this file: define it as &name, or put quotes around a value that begins with *"
	}
	for _, quoted := range yamlQuoted.FindAllString(why, -1) {
		if len(quoted) > len("','") {
			return line, "is not valid YAML"
		}
	}
	if yamlOneOff.MatchString(why) {
		line++
	}
	if strings.Contains(why, "cannot start any token") {
		return line, "is not valid YAML (" + why + "): indent with spaces, not tabs, and put quotes around values that begin with @ or `"
	}
	return line, "is not valid YAML (" + why + "): check indentation, colons and quotes from here on"
}
