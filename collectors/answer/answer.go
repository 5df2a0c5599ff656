// Package answer holds what every parser of command output does first.
package answer

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"dataprotection_exporter/remote"
)

// Lines splits an answer into lines, trimmed, with runs of blanks and tabs folded
// into one blank: columns mean nothing.
// Commands end their last line; an answer that does not was cut in the middle
// of a line, and its last word cannot be trusted.
func Lines(out []byte) ([]string, error) {
	out = bytes.TrimPrefix(out, []byte("\ufeff"))
	if len(bytes.TrimSpace(out)) == 0 {
		return nil, remote.Errorf(remote.Parse, "run the command by hand: it should print something",
			"the answer is empty")
	}
	if last := out[len(out)-1]; last != '\n' && last != '\r' {
		return nil, remote.Errorf(remote.Parse, "the answer was cut short; run the command by hand and compare",
			"incomplete answer: the last line does not end")
	}
	if bytes.IndexByte(out, 0) >= 0 || !utf8.Valid(out) && binary(out) {
		return nil, remote.Errorf(remote.Parse, "run the command by hand: it should print text",
			"the answer is not text")
	}
	text := strings.ReplaceAll(string(out), "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(l), " ")
	}
	return lines[:len(lines)-1], nil
}

// binary says that control characters make up more of an answer than any text
// in any code page would hold.
func binary(out []byte) bool {
	control := 0
	for _, b := range out {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != 0x1b {
			control++
		}
	}
	return control*50 > len(out)
}
