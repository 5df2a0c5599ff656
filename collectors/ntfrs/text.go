package ntfrs

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

const defaultCodePage = "437"

// codePages are the OEM and ANSI code pages of Windows, by number.
var codePages = map[string]encoding.Encoding{
	"437": charmap.CodePage437, "850": charmap.CodePage850, "852": charmap.CodePage852, "855": charmap.CodePage855,
	"858": charmap.CodePage858, "860": charmap.CodePage860, "862": charmap.CodePage862, "863": charmap.CodePage863,
	"865": charmap.CodePage865, "866": charmap.CodePage866, "874": charmap.Windows874,
	"932": japanese.ShiftJIS, "936": simplifiedchinese.GBK, "949": korean.EUCKR, "950": traditionalchinese.Big5,
	"1250": charmap.Windows1250, "1251": charmap.Windows1251, "1252": charmap.Windows1252, "1253": charmap.Windows1253,
	"1254": charmap.Windows1254, "1255": charmap.Windows1255, "1256": charmap.Windows1256, "1257": charmap.Windows1257,
	"1258": charmap.Windows1258,
}

// codePage finds a code page by its number, with or without cp.
func codePage(name string) (encoding.Encoding, error) {
	number := strings.TrimPrefix(strings.ToLower(name), "cp")
	if number == "" {
		number = defaultCodePage
	}
	if page, ok := codePages[number]; ok {
		return page, nil
	}
	return nil, errors.New("is no code page known here: write a number such as 437, 850 or 1252 (`chcp` prints it)")
}

var (
	utf16LE = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	utf16BE = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

// decode turns what Windows printed into UTF-8. What a shell, a redirection or
// a tool of Windows writes depends on all three of them: UTF-16 with a byte
// order mark or without, UTF-8 with one or without, or a code page.
func decode(out []byte, page encoding.Encoding) []byte {
	switch {
	case bytes.HasPrefix(out, []byte{0xff, 0xfe}):
		return clean(decoded(out[2:], utf16LE))
	case bytes.HasPrefix(out, []byte{0xfe, 0xff}):
		return clean(decoded(out[2:], utf16BE))
	case bytes.HasPrefix(out, []byte{0xef, 0xbb, 0xbf}):
		return clean(out[3:])
	}
	even, odd := zeros(out)
	switch few := len(out) / 8; {
	case odd > few && odd > even:
		return clean(decoded(out, utf16LE))
	case even > few:
		return clean(decoded(out, utf16BE))
	case utf8.Valid(out):
		return clean(out)
	}
	return clean(decoded(out, page))
}

// zeros counts the zero bytes at even and odd places: text of a Western language
// in UTF-16 has one in every pair.
func zeros(out []byte) (even, odd int) {
	for i, b := range out {
		if b == 0 {
			if i%2 == 0 {
				even++
			} else {
				odd++
			}
		}
	}
	return even, odd
}

func decoded(out []byte, e encoding.Encoding) []byte {
	text, err := e.NewDecoder().Bytes(out)
	if err != nil {
		return out
	}
	return text
}

// clean takes off what carries no meaning: zero bytes, form feeds, and the mark
// that a byte order mark leaves behind where files were joined.
func clean(text []byte) []byte {
	text = bytes.ToValidUTF8(text, []byte("\ufffd"))
	return bytes.Map(func(r rune) rune {
		switch r {
		case 0, '\f', '\ufeff':
			return -1
		}
		return r
	}, text)
}
