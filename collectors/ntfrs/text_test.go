package ntfrs

import (
	"testing"
	"unicode/utf8"
)

func TestDecode(t *testing.T) {
	for _, tt := range []struct{ name, page, in, want string }{
		{"ASCII", "437", "dc1\r\n", "dc1\r\n"},
		{"UTF-8", "437", "Größe\n", "Größe\n"},
		{"UTF-8 with a mark", "437", "\xef\xbb\xbfGröße\n", "Größe\n"},
		{"UTF-16LE with a mark", "437", "\xff\xfed\x00\xf6\x00\n\x00", "dö\n"},
		{"UTF-16BE with a mark", "437", "\xfe\xff\x00d\x00\xf6\x00\n", "dö\n"},
		{"UTF-16LE without a mark", "437", "d\x00c\x00\xf6\x00\n\x00", "dcö\n"},
		{"UTF-16BE without a mark", "437", "\x00d\x00c\x00\xf6\x00\n", "dcö\n"},
		{"UTF-16LE, half a character at the end", "437", "\xff\xfed\x00c\x00\n", "dc\ufffd"},
		{"code page 850", "850", "Gr\x94\xe1e\n", "Größe\n"},
		{"code page 437", "", "caf\x82\n", "café\n"},
		{"code page 1252", "cp1252", "Gr\xf6\xdfe\n", "Größe\n"},
		{"code page 866", "866", "\x8f\xe0\n", "Пр\n"},
		{"code page 932", "932", "\x83\x8c\n", "レ\n"},
		{"form feed, a stray zero", "437", "a\fb\x00c and more\n", "abc and more\n"},
		{"empty", "437", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page, err := codePage(tt.page)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(decode([]byte(tt.in), page)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	for _, bad := range []string{"utf8", "65001x", "-1"} {
		if _, err := codePage(bad); err == nil {
			t.Errorf("%s is a code page", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xff\xfed\x00"), "850")
	f.Add([]byte("Gr\x94\xe1e"), "932")
	f.Fuzz(func(t *testing.T, in []byte, number string) {
		page, err := codePage(number)
		if err != nil {
			return
		}
		if out := decode(in, page); !utf8.Valid(out) {
			t.Errorf("%q becomes %q", in, out)
		}
	})
}
