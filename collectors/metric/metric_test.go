package metric

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "Symantec AV", "Symantec AV"},
		{"trimmed", "  10.0.0.1 \r", "10.0.0.1"},
		{"control characters", "a\x00b\x1b[31mc\n", "ab[31mc"},
		{"not UTF-8", "caf\xe9", "caf�"},
		{"long", strings.Repeat("é", 1000), strings.Repeat("é", 256)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}
