package archive

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rowsOf are the rows a plain regular expression finds.
func rowsOf(block []byte, match func([]byte) bool) []string {
	var found []string
	for len(block) > 0 {
		row, rest, _ := bytes.Cut(block, newline)
		if match(row) {
			found = append(found, string(row))
		}
		block = rest
	}
	return found
}

func find(m *Matcher, block []byte, calibrated bool) []string {
	f := m.Finder()
	if calibrated {
		f.Calibrate(block)
	}
	var found []string
	f.Find(block, func(row []byte, at int) bool {
		if !bytes.HasPrefix(block[at:], row) {
			panic("the place is wrong")
		}
		found = append(found, string(row))
		return true
	})
	return found
}

func same(t *testing.T, expr string, ignoreCase bool, block []byte) {
	t.Helper()
	m, err := Compile(expr, ignoreCase)
	if err != nil {
		return
	}
	plain := expr
	if ignoreCase {
		plain = "(?i:" + expr + ")"
	}
	want := rowsOf(block, regexp.MustCompile(plain).Match)
	for _, calibrated := range []bool{false, true} {
		if got := find(m, block, calibrated); !slices.Equal(got, want) {
			t.Fatalf("%q (ignoring case: %v, calibrated: %v)\nneeds %v sequence %v\nin  %q\ngot  %q\nwant %q", expr, ignoreCase, calibrated, m.needs, m.sequence, block, got, want)
		}
	}
}

var expressions = []string{
	`MSWinEventLog.*Security.*[ ]administrator[ ]`, `administrator`, `kiss`, `(?i)kiss`, `K.*S`, `a|b`, `abc|abd|xyz`, `(foo|bar)baz`, `ab?c`, `a(bc)*d`, `x+y`,
	`^ab`, `ab$`, `\bab\b`, `(?:ab){2,3}`, `[Aa]dmin`, `[^a]b`, `.`, ``, `a*`, `é`, `(?i)é`, `É.*a`, "\ufffd", "a\ufffdb", `[\x{fffd}x]a`, `\x{bb}`, `(?s)a.b`, `(?U)a.*b`,
	`(?i:s)t`, `s(?i:t)`, `S(?i:t)k`, `[sS\x{17f}]a`, `ſ`, `K`, `(?m)^a$`, `\Aab\z`, `(a|)b`, `()a`, `a.*.*b`, `.*a`, `a.*`, `ab|`, `[a-c]x`, `[[:alpha:]]1`, `\d+ab\d`, `(?i)straße`,
}

// alphabet makes rows that hit: letters of the expressions, both cases, odd
// letters, bytes that are no UTF-8.
var alphabet = []string{
	"a", "b", "c", "d", "x", "y", "A", "B", "S", "s", "K", "k", "\u017f", "\u212a", "é", "É", "\xbb", "\xc5", "\xc3", "\xe2\x84", "\n", "\n", " ", "1", "0", "t", "foo", "bar", "baz",
	"\ufffd", "administrator", "ADMINISTRATOR ", "adminiſtrator", "MSWinEventLog", "mswineventlog", "Security", " ſecurity", "kiss", "Kiss", "kiſs", "ß", "\r", "»",
}

func randomBlock(r *rand.Rand) []byte {
	var b bytes.Buffer
	for range r.IntN(60) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.Bytes()
}

// Nothing is missed and nothing is added, whatever the pattern and the rows.
func TestMatcherIsThePattern(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	for _, expr := range expressions {
		for range 300 {
			block := randomBlock(r)
			same(t, expr, false, block)
			same(t, expr, true, block)
		}
	}
	pieces := []string{"a", "b", "s", "k", "K", ".", ".*", "é", "(?i:s)", "[ab]", "(a|b)", "(ab|s)", "?", "*", "+", "{2}", "|", "^", "$", `\b`, " ", "(", ")", "ſ", `\x{fffd}`, "[^a]", "foo", ".*administrator"}
	for range 4000 {
		var expr strings.Builder
		for range 1 + r.IntN(7) {
			expr.WriteString(pieces[r.IntN(len(pieces))])
		}
		for range 4 {
			same(t, expr.String(), r.IntN(2) == 0, randomBlock(r))
		}
	}
}

func FuzzMatcher(f *testing.F) {
	for i, expr := range expressions {
		f.Add(expr, i%2 == 0, []byte(strings.Join(alphabet, "")))
	}
	f.Fuzz(func(t *testing.T, expr string, ignoreCase bool, block []byte) {
		if len(expr) > 100 || len(block) > 4096 {
			return
		}
		same(t, expr, ignoreCase, block)
	})
}

func TestFixedText(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 71))
	for _, text := range []string{"a", "ab", "\xbb", "a\xbbB", "administrator", "Kiss", "é", "ſ", "(", ".*", "\xc5", "AB\xff"} {
		for range 300 {
			block := randomBlock(r)
			m, err := Fixed(text, false)
			if err != nil {
				t.Fatal(err)
			}
			want := rowsOf(block, func(row []byte) bool { return bytes.Contains(row, []byte(text)) })
			if got := find(m, block, true); !slices.Equal(got, want) {
				t.Fatalf("%q in %q: got %q, want %q", text, block, got, want)
			}
			if m, err = Fixed(text, true); err != nil {
				t.Fatal(err)
			}
			for _, row := range want {
				if !slices.Contains(find(m, block, false), row) {
					t.Fatalf("%q ignoring case misses %q", text, row)
				}
			}
		}
	}
	m, _ := Fixed("AB\xff", true)
	if got := find(m, []byte("xaB\xff\nab\nAb\xffc"), true); !slices.Equal(got, []string{"xaB\xff", "Ab\xffc"}) {
		t.Errorf("%q", got)
	}
}

// What the search is fast by: the needs of patterns people write.
func TestNeeds(t *testing.T) {
	for expr, want := range map[string]string{
		`MSWinEventLog.*Security.*[ ]administrator[ ]`: "mswineventlog;security; administrator ",
		`user (alice|bob)@`:                            "user alice@,user bob@",
		`colou?r`:                                      "color,colour",
		`(?:ab)+c`:                                     "ab;c",
		`^\d+ deny`:                                    " deny",
		`[0-9]+`:                                       "",
		`(foo|.)bar`:                                   "bar",
		`x{2,}`:                                        "x;x",
		`(error|fail).*(disk|nfs)`:                     "error,fail;disk,nfs",
		`logon[: ]+administrators?`:                    "logon; ,:;administrator,administrators",
	} {
		m, err := Compile(expr, true)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range m.needs {
			var set []string
			for _, l := range n {
				set = append(set, string(l.bytes))
			}
			slices.Sort(set)
			got = append(got, strings.Join(set, ","))
		}
		if s := strings.Join(got, ";"); s != want {
			t.Errorf("%s: %q, want %q", expr, s, want)
		}
	}
	m, _ := Compile(`MSWinEventLog.*Security.*[ ]administrator[ ]`, true)
	if fmt.Sprint(len(m.sequence)) != "3" {
		t.Error("the order of three literals decides this pattern")
	}
}
