package answer

import (
	"slices"
	"strings"
	"testing"

	"dataprotection_exporter/remote"
)

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string // nil: refused
	}{
		{"plain", "a\nb\n", []string{"a", "b"}},
		{"blanks and tabs", "  a \n\t b \t  c\t\n", []string{"a", "b c"}},
		{"CRLF", "a\r\n\r\nb\r\n", []string{"a", "", "b"}},
		{"old Mac", "a\rb\r", []string{"a", "b"}},
		{"byte order mark", "\ufeffa\n", []string{"a"}},
		{"no-break spaces", "\u00a0a\u00a0b\n", []string{"a b"}},
		{"Latin-1", "caf\xe9\n", []string{"caf\xe9"}},
		{"empty", "", nil},
		{"blank", " \n\n", nil},
		{"cut in the last line", "a\nb", nil},
		{"zero bytes", "a\x00b\n", nil},
		{"binary", "\xff\x01\x02\x03\xfe\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Lines([]byte(tt.in))
			if (err != nil) != (tt.want == nil) {
				t.Fatalf("Lines gives error %v, wanted lines %q", err, tt.want)
			}
			if err != nil && remote.ReasonOf(err) != remote.Parse {
				t.Errorf("reason %s, want parse", remote.ReasonOf(err))
			}
			if err == nil && !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		lines, err := Lines(in)
		if err != nil {
			return
		}
		for _, l := range lines {
			if strings.ContainsAny(l, "\r\n") || strings.TrimSpace(l) != l {
				t.Errorf("line %q is not one trimmed line", l)
			}
		}
	})
}
