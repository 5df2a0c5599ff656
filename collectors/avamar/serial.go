package avamar

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"dataprotection_exporter/remote"
)

var (
	reKeytableStart = regexp.MustCompile(`<(?:\?xml\b|[A-Za-z])`)
	// How avmaint says that it failed, whatever its exit status.
	reAvmaintError = regexp.MustCompile(`(?m)^\s*ERROR:\s*avmaint:\s*(\w+):\s*(.*?)\s*$`)
)

// ParseKeytable reads the minimum serial that GSAN accepts: the attribute
// minimalserial of the root element of `avmaint cat /sysinfo/security/keytable`.
// What follows the root's start tag is neither documented nor needed; it is not
// read.
func ParseKeytable(out []byte) (uint64, error) {
	if m := reAvmaintError.FindSubmatch(out); m != nil {
		return 0, remote.Errorf(remote.ExitStatus, "see whether GSAN is up: `dpnctl status`", "avmaint %s: %s", m[1], m[2])
	}
	if len(bytes.TrimSpace(out)) == 0 {
		return 0, remote.Errorf(remote.Parse, "run `avmaint cat /sysinfo/security/keytable` by hand", "the answer is empty")
	}
	// A warning may come first on the same stream.
	start := reKeytableStart.FindIndex(out)
	if start == nil {
		return 0, keytableError("it begins with: " + firstLine(string(out)))
	}
	d := xml.NewDecoder(bytes.NewReader(out[start[0]:]))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		token, err := d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = errors.New("there is no complete start tag")
			}
			return 0, keytableError(err.Error())
		}
		if root, ok := token.(xml.StartElement); ok {
			return minimalSerial(root)
		}
	}
}

func minimalSerial(root xml.StartElement) (uint64, error) {
	if root.Name.Local != "keytable" {
		return 0, keytableError("the root element is " + root.Name.Local)
	}
	var values []string
	for _, a := range root.Attr {
		if a.Name.Local == "minimalserial" && a.Name.Space == "" {
			values = append(values, strings.TrimSpace(a.Value))
		}
	}
	switch len(values) {
	case 0:
		return 0, keytableError("the attribute minimalserial is missing")
	case 1:
		n, err := strconv.ParseUint(values[0], 10, 64)
		if err != nil {
			return 0, keytableError(fmt.Sprintf("minimalserial is %q and not a number", values[0]))
		}
		return n, nil
	default:
		return 0, keytableError("the attribute minimalserial stands twice")
	}
}

func keytableError(what string) error {
	return remote.Errorf(remote.Parse, "run `avmaint cat /sysinfo/security/keytable` by hand; it should begin with <keytable minimalserial=\"N\">",
		"no keytable: %s", what)
}

// ParseTicketFile reads the serial that MCS hands out next: the one number in
// sessionticket.srl. The file has no newline; while MCS writes it, it may be
// empty for a moment, and that is not 0.
func ParseTicketFile(out []byte) (uint64, error) {
	text := strings.TrimSpace(strings.TrimPrefix(string(out), "\ufeff"))
	if text == "" {
		return 0, remote.Errorf(remote.Parse, "if it stays empty, MCS has lost its serial: see the runbook of AvamarSessionTicketUnreadable",
			"sessionticket.srl is empty")
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, remote.Errorf(remote.Parse, "it should hold one decimal number and nothing else", "sessionticket.srl holds %q", firstLine(text))
	}
	return n, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > 200 {
		s = s[:200]
	}
	return strings.TrimSpace(s)
}
