package config

import "testing"

func TestGoodAddresses(t *testing.T) {
	for _, a := range []string{
		"10.0.0.5", "10.0.0.5:22", "cs0.example.com", "CS_0:2222", "host.", "::1", "[::1]:22", "fe80::1%eth0",
		"https://isilon-1", "https://isilon-1:8080/", "HTTPS://10.0.0.5:8080", "https://[::1]:8080",
	} {
		if problem := checkAddress(a); problem != "" {
			t.Errorf("%s: %s", a, problem)
		}
	}
	for a, want := range map[string]string{"10.0.0.5": "10.0.0.5:22", "::1": "[::1]:22", "[::1]:2222": "[::1]:2222", "h:1": "h:1"} {
		if got := hostPort(a); got != want {
			t.Errorf("%s: got %s, want %s", a, got, want)
		}
	}
}

func TestBadAddresses(t *testing.T) {
	for _, a := range []string{
		"", "a b", "a:0", "a:65536", "a:ssh", "[::1]", "-x", "a/b", "a;b", "$(a)", "u@h", "ftp://h", "http://h",
		"https://", "https://u:p@h", "https://h:0", "https://h#x", "https://h?x", "https://-h", "https:// h",
	} {
		if checkAddress(a) == "" {
			t.Errorf("%q is accepted", a)
		}
	}
}
