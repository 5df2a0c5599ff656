package glob

import (
	"testing"

	"dataprotection_exporter/remote"
)

func TestFolders(t *testing.T) {
	folders, err := Folders([]string{"/data01/cur/gsan.log*", "/var/log/x.log", "/data01/cur/err.log", "/top*"})
	if err != nil || len(folders) != 3 || folders[0].Dir != "/data01/cur" || folders[1].Dir != "/var/log" || folders[2].Dir != "/" {
		t.Fatalf("%+v %v", folders, err)
	}
	for name, want := range map[string]bool{
		"gsan.log": true, "gsan.log.001": true, "err.log": true, "err.log.1": false, "x.log": false,
		"gsan.log.a b": false, "gsan.log/..": false, "gsan.log.\n": false, "gsan.log.$x": false, "gsan.log'": false, "": false, "..": false,
	} {
		if folders[0].Match(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	if folders[2].Path("topic") != "/topic" || !folders[2].Match("topic") {
		t.Error("the root folder")
	}
	if _, err := Folders([]string{"/a/b", "relative"}); remote.ReasonOf(err) != remote.Other || remote.AdviceOf(err) == "" {
		t.Error(err)
	}
}
