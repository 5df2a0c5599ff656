package config

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"timeout", "min_interval", "ssh", "tls"}
	for word, want := range map[string]string{
		"tiemout": "timeout", "timeouts": "timeout", "min-interval": "min_interval", "MinInterval": "min_interval",
		"Timeout": "timeout", "sh": "", "ssl": "ssh", "colour": "", "": "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
