package remote

import "testing"

func TestPaths(t *testing.T) {
	for p, want := range map[string]bool{
		"/": true, "/data01/cur/gsan.log": true, "/a/b@c%d+e=f:g,h-i_j.k": true,
		"": false, "a": false, "a/b": false, "/a/": false, "/a//b": false, "/a/../b": false, "/..": false, "/a/./b": false,
		"/a b": false, "/a\nb": false, "/a;b": false, "/a$b": false, "/a'b": false, "/a*": false, "/ä": false, "/a\\b": false, "/a\x00": false,
	} {
		if err := CheckPath(p); (err == nil) != want {
			t.Errorf("path %q: %v", p, err)
		}
	}
	for p, want := range map[string]bool{
		"/data01/cur/gsan.log*": true, "/data01/cur/gsan.log.00?": true, "/a/[a-c]x": true, "/a/b": true, "/x*": true, "/a/*": true,
		"": false, "x*": false, "/a*/b": false, "/a/../b*": false, "/a/..": false, "/a/": false, "/": false, "/a/[b": false, "/a/b c*": false, "/a/{b,c}": false,
	} {
		if err := CheckPattern(p); (err == nil) != want {
			t.Errorf("pattern %q: %v", p, err)
		}
	}
}
