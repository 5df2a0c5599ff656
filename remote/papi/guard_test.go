package papi

import (
	"bufio"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type never struct{ t *testing.T }

func (n never) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("%s %s got out", r.Method, r.URL)
	return nil, http.ErrServerClosed
}

type always struct{ n int }

func (a *always) RoundTrip(*http.Request) (*http.Response, error) {
	a.n++
	return http.ReadResponse(bufio.NewReader(strings.NewReader("HTTP/1.1 204 No Content\r\n\r\n")), nil)
}

// Only reading, the login and the logout leave the client.
func TestGuard(t *testing.T) {
	const host = "https://isilon-1:8080"
	out := &always{}
	for _, ok := range []string{
		"GET " + host + "/platform/11/avscan/settings", "GET " + host + "/platform/3/event/eventgroup-occurrences?resolved=false",
		"GET " + host + "/platform/11/avscan/nodes/all/status", "POST " + host + sessionPath, "DELETE " + host + sessionPath,
	} {
		method, url, _ := strings.Cut(ok, " ")
		r, _ := http.NewRequest(method, url, nil)
		resp, err := (&guard{next: out, addresses: []string{host}}).RoundTrip(r)
		if err != nil {
			t.Errorf("%s: %v", ok, err)
			continue
		}
		_ = resp.Body.Close()
	}
	if out.n != 5 {
		t.Errorf("%d requests got out", out.n)
	}
	paths := []string{
		"/platform/11/avscan/servers", "/platform/11/avscan/servers/1", "/platform/11/avscan/settings", "/platform/11/avscan/jobs",
		"/platform/11/avscan/filters/1", "/platform/11/avscan/nodes/1/status", "/platform/3/antivirus/reports/scans",
		"/platform/3/antivirus/quarantine/ifs", "/platform/3/antivirus/scan", "/platform/1/job/jobs", "/namespace/ifs", "/", sessionPath + "/",
	}
	var bad []string
	for _, path := range paths {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "get", "MKCOL"} {
			bad = append(bad, method+" "+host+path)
		}
	}
	bad = append(bad,
		"GET "+host+"/platform/11/local/avscan/nodes/1/status", "GET "+host+"/namespace/ifs", "GET "+host+"/", "GET "+host+sessionPath,
		"GET "+host+"/platform/11/avscan/../../namespace", "GET "+host+"/platform/11/avscan/%2e%2e/x", "GET "+host+"/platform/11//x",
		"GET https://elsewhere:8080/platform/11/avscan/settings", "GET http://isilon-1:8080/platform/11/avscan/settings",
		"GET https://isilon-1/platform/11/avscan/settings", "PUT "+host+sessionPath, "POST "+host+sessionPath+"?x=1",
	)
	for _, b := range bad {
		method, url, _ := strings.Cut(b, " ")
		r, err := http.NewRequest(method, url, nil)
		if err != nil {
			continue // not even a request
		}
		resp, err := (&guard{next: never{t}, addresses: []string{host}}).RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s is let out", b)
		}
	}
	withBody, _ := http.NewRequest(http.MethodGet, host+"/platform/11/avscan/settings", strings.NewReader("{}"))
	if resp, err := (&guard{next: never{t}, addresses: []string{host}}).RoundTrip(withBody); err == nil {
		_ = resp.Body.Close()
		t.Error("a body is let out with GET")
	}
}

// The transport is used behind the guard only, and nothing in this package has
// another way out.
func TestNothingPassesTheGuard(t *testing.T) {
	f := newCluster(t, nil)
	c := newClient(t, nil, f)
	if _, guarded := c.http.(*guard); !guarded {
		t.Fatal("requests do not pass the guard")
	}
	works(t, c)
	_ = c.Close()
	if len(f.bad) > 0 {
		t.Errorf("the cluster was sent %q", f.bad)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), file, text, 0); err != nil {
			t.Fatal(err)
		}
		for _, way := range []string{"http.Client", "http.DefaultClient", "http.DefaultTransport", "http.Get(", "http.Post", "http.Head(", "transport.RoundTrip", "MethodPut", "MethodPatch"} {
			if strings.Contains(string(text), way) {
				t.Errorf("%s uses %s", file, way)
			}
		}
	}
}
