package status

import (
	"fmt"
	"io"
	"strings"

	"dataprotection_exporter/remote"
)

// WriteText describes a target for a person at a terminal.
func WriteText(w io.Writer, t Target) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s\n", t.Name, t.Title, t.Health)
	for _, p := range t.Problems {
		fmt.Fprintf(&b, "\n%s: %s\n", p.Severity, p.Summary)
		if p.Cause != "" {
			fmt.Fprintf(&b, "  cause: %s\n", p.Cause)
		}
		if p.Remedy != "" {
			fmt.Fprintf(&b, "  next:  %s\n", p.Remedy)
		}
	}
	if len(t.Problems) == 0 {
		b.WriteString("no problem found\n")
	}
	b.WriteString("\n")
	for _, p := range t.Parts {
		what := strings.TrimSpace(p.Part + " " + p.Unit)
		if p.Reason == string(remote.None) {
			fmt.Fprintf(&b, "%-24s answered\n", what)
			continue
		}
		fmt.Fprintf(&b, "%-24s %s: %s\n", what, p.Reason, p.Error)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
