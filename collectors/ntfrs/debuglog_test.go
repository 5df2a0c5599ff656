package ntfrs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"dataprotection_exporter/remote"
)

// The bits as documented, and the names as printed by the service.
func TestReasonTable(t *testing.T) {
	want := map[string]uint32{
		"DatOvrWrt": 0x1, "DatExt": 0x2, "DatTrunc": 0x4, "StrmOvrWrt": 0x10, "StrmExt": 0x20, "StrmTrunc": 0x40,
		"Create": 0x100, "Delete": 0x200, "EAChg": 0x400, "Security": 0x800, "RenOld": 0x1000, "RenNew": 0x2000, "IndexableChg": 0x4000,
		"Info": 0x8000, "HLink": 0x10000, "CompressChg": 0x20000, "EncryptChg": 0x40000, "Oid": 0x80000, "Reparse": 0x100000,
		"StreamNam": 0x200000, "Close": 0x80000000,
	}
	if len(reasonTable) != len(want) {
		t.Errorf("%d reasons, want %d", len(reasonTable), len(want))
	}
	for _, r := range reasonTable {
		if want[r.name] != r.bit {
			t.Errorf("%s is %#x, want %#x", r.name, r.bit, want[r.name])
		}
	}
}

// The lines that were published, each by itself.
func TestPublishedLines(t *testing.T) {
	for line := range strings.Lines(string(prepared(t, "debug_log", "published").Stdout)) {
		c, ok := parseChange([]byte(line))
		if !ok || c.Odd || !c.SecurityOnly() {
			t.Errorf("%s: %+v", line, c)
		}
		if closed := strings.Contains(line, "80008800"); slices.Contains(c.Reasons(), "Close") != closed {
			t.Errorf("%s: %v", line, c.Reasons())
		}
		if dated := strings.Contains(line, "00:24:37"); (c.Clock == "00:24:37") != dated {
			t.Errorf("%s: clock %q", line, c.Clock)
		}
	}
}

func TestParseChange(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		reasons    string
		clock      string
		security   bool
		odd        bool
	}{
		{"thread and line", "<ChgOrdAccept:  1234:  567: S4: 23:59:59> ContentCmd: 00000800 Flags [Security ]", "Security", "23:59:59", true, false},
		{"a new file with an access list", "<a: S4: 00:00:01> ContentCmd: 80000902 Flags [Close Create DatExt Security ]", "DatExt Create Security Close", "00:00:01", false, false},
		{"renamed", "<a: S4: 00:00:01> ContentCmd: 00003800 Flags [RenNew Security ]", "Security RenOld RenNew", "00:00:01", false, false},
		{"an attribute alone", "<a: S4: 00:00:01> ContentCmd: 00008000 Flags [Info ]", "Info", "00:00:01", false, false},
		{"bits nobody knows", "<a: S4: 00:00:01> ContentCmd: 00400800 Flags [Security Something ]", "Security other", "00:00:01", true, false},
		{"names of other bits", "<a: S4: 00:00:01> ContentCmd: 00000800 Flags [Info ]", "Security", "00:00:01", true, true},
		{"no names", "<a: S4: 00:00:01> ContentCmd: 00000001", "DatOvrWrt", "00:00:01", false, false},
		{"nothing", "<a: S4: 00:00:01> ContentCmd: 00000000 Flags [<Flags Clear>]", "", "00:00:01", false, false},
		{"small letters", "<a: S4: 00:00:01> contentcmd: 0x0000880a flags [Info Security DatExt ]", "DatExt Security Info other", "00:00:01", false, false},
	} {
		c, ok := parseChange([]byte(tt.line))
		if !ok || strings.Join(c.Reasons(), " ") != tt.reasons || c.Clock != tt.clock || c.SecurityOnly() != tt.security || c.Odd != tt.odd {
			t.Errorf("%s: %+v %v %q", tt.name, c, ok, c.Reasons())
		}
	}
	for _, line := range []string{"", "ContentCmd: 123", "ContentCmd: 123456789", "ContentCmd: Flags [Security ]", "LocationCmd: 00000800"} {
		if c, ok := parseChange([]byte(line)); ok {
			t.Errorf("%q is a change: %+v", line, c)
		}
	}
}

func TestMoment(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	day := func(d, h, m, s int) time.Time { return time.Date(2026, 7, d, h, m, s, 0, london) }
	for _, tt := range []struct {
		name          string
		clock         string
		after, before time.Time
		want          time.Time // zero: not certain
	}{
		{"just now", "12:00:30", day(2, 12, 0, 0), day(2, 12, 1, 0), day(2, 12, 0, 30)},
		{"before midnight, read after it", "23:59:50", day(2, 23, 59, 30), day(3, 0, 0, 30), day(2, 23, 59, 50)},
		{"after midnight", "00:00:10", day(2, 23, 59, 30), day(3, 0, 0, 30), day(3, 0, 0, 10)},
		{"the member is ahead, past midnight", "00:05:00", day(2, 23, 58, 0), day(2, 23, 59, 0), day(3, 0, 5, 0)},
		{"the member is behind", "11:45:00", day(2, 12, 0, 0), day(2, 12, 1, 0), day(2, 11, 45, 0)},
		{"hours between", "03:00:00", day(2, 20, 0, 0), day(3, 9, 0, 0), day(3, 3, 0, 0)},
		{"a day between", "03:00:00", day(2, 4, 0, 0), day(3, 4, 0, 0), time.Time{}},
		{"another time of day", "18:00:00", day(2, 12, 0, 0), day(2, 12, 1, 0), time.Time{}},
		{"the first look", "12:00:30", time.Time{}, day(2, 12, 1, 0), time.Time{}},
		{"no time", "25:00:00", day(2, 12, 0, 0), day(2, 12, 1, 0), time.Time{}},
		{"no time at all", "hh:mm:ss", day(2, 12, 0, 0), day(2, 12, 1, 0), time.Time{}},
	} {
		got, ok := moment(tt.clock, london, tt.after, tt.before)
		if ok == tt.want.IsZero() || !got.Equal(tt.want) {
			t.Errorf("%s: %s %v, want %s", tt.name, got, ok, tt.want)
		}
	}
}

const logs = "/C:/Windows/debug/"

func logName(n int) string { return fmt.Sprintf("%sNtFrs_%04d.log", logs, n) }

func changeLine(clock string, cmd uint32) string {
	return fmt.Sprintf("<ChgOrdAccept:                 1234:  2345: S4: %s> ContentCmd: %08x\n", clock, cmd)
}

// newLogs is a collector of one member's debug logs on a clock of its own.
func newLogs(t *testing.T, h *host, now *time.Time, kept store) *collector {
	t.Helper()
	c := newTestCollector(t, h, Options{Members: []string{"dc1"}, DebugLogs: []string{`C:\Windows\debug\NtFrs_*.log`}})
	c.env.Now, c.env.Store = func() time.Time { return *now }, kept
	log := newDebugLog(c.env, "dc1", c.opts.logsOf("dc1"), c.loc)
	c.members[0].log = log
	return c
}

// The newest log has the highest number. When all are used the lowest is
// deleted and the others move one down: 20 MB have new names and nothing is
// read a second time.
func TestDebugLogsAreReadOnce(t *testing.T) {
	const files, size = 20, 1 << 20
	h := newHost()
	filler := func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, "<DsPoll: %d: %d: S4: 01:02:03> :DS: file %d line %d\n", n, i, n, i)
		}
		return b.String()
	}
	next := 0
	for n := 1; n <= files; n++ {
		h.append(logName(n), filler(next))
		next++
	}
	now := today
	c := newLogs(t, h, &now, store{})
	look := func() (read int64) {
		t.Helper()
		h.read = 0
		now = now.Add(time.Minute)
		if q := collectOnce(t, c)[partDebugLog]; q.Err != nil {
			t.Fatal(q.Err)
		}
		return h.read
	}
	// What recognising a file costs: its beginning, what stands before the
	// place in it, and once more of both where it has a new name.
	const perFile = 4 << 10
	if n := look(); n > files*perFile {
		t.Errorf("the first look read %d bytes of 20 MB", n)
	}
	if n := look(); n != 0 {
		t.Errorf("nothing is new and %d bytes were read", n)
	}
	logged := 0
	second := 0
	write := func(cmd uint32) {
		second++ // no two lines are alike, least of all the first ones of two logs
		text := changeLine(fmt.Sprintf("03:%02d:%02d", second/60, second%60), cmd)
		h.append(logName(files), text)
		logged += len(text)
	}
	for round := range 5 {
		logged = 0
		for i := range 10 {
			write(uint32(0x800 + i*0x1000000))
		}
		if n := look(); n > int64(logged)+perFile {
			t.Errorf("round %d: %d bytes were written and %d read", round, logged, n)
		}
		// The log is full: everything moves down, and a new one begins.
		logged = 0
		write(0x100)
		delete(h.files, logName(1))
		for n := 2; n <= files; n++ {
			h.rename(logName(n), logName(n-1))
		}
		write(0x200)
		if n := look(); n > int64(logged)+files*perFile {
			t.Errorf("round %d: after the rotation %d bytes were read", round, n)
		}
	}
	got := c.members[0].log.changes
	if got.Changes != 5*12 || got.SecurityOnly != 5*10 || got.Reasons["Create"] != 5 || got.Reasons["Delete"] != 5 {
		t.Errorf("%+v", got)
	}
}

// Places and counts survive a restart together.
func TestDebugLogSurvivesRestart(t *testing.T) {
	h := newHost()
	h.append(logName(1), "<ServiceMain: 1: 2: S0: 00:00:01> :S: began\n")
	now := today
	kept := store{}
	c := newLogs(t, h, &now, kept)
	collectOnce(t, c)
	for i := range 4 {
		now = now.Add(time.Minute)
		h.append(logName(1), changeLine(now.Format(time.TimeOnly), 0x8800))
		if i%2 == 0 {
			c = newLogs(t, h, &now, kept)
		}
		q := collectOnce(t, c)[partDebugLog]
		if q.Err != nil {
			t.Fatal(q.Err)
		}
	}
	if got := c.members[0].log.changes; got.Changes != 4 || got.SecurityOnly != 4 || !got.Last.Equal(now) {
		t.Errorf("%+v", got)
	}
	// State that cannot be read any more is left behind, not died of.
	kept["debug_log/dc1"] = []byte("{")
	c = newLogs(t, h, &now, kept)
	if q := collectOnce(t, c)[partDebugLog]; q.Err != nil || c.members[0].log.changes.Changes != 0 {
		t.Errorf("%v %+v", q.Err, c.members[0].log.changes)
	}
}

// A change before midnight, read after it, was yesterday.
func TestMidnight(t *testing.T) {
	h := newHost()
	h.append(logName(1), "begin\n")
	now := time.Date(2026, 1, 2, 23, 59, 30, 0, time.UTC)
	c := newLogs(t, h, &now, store{})
	collectOnce(t, c)
	h.append(logName(1), changeLine("23:59:50", 0x800))
	now = now.Add(time.Minute)
	collectOnce(t, c)
	if got, want := c.members[0].log.changes.Last, time.Date(2026, 1, 2, 23, 59, 50, 0, time.UTC); !got.Equal(want) {
		t.Errorf("%s, want %s", got, want)
	}
	h.append(logName(1), changeLine("00:00:40", 0x800))
	now = now.Add(time.Minute)
	collectOnce(t, c)
	if got, want := c.members[0].log.changes.Last, time.Date(2026, 1, 3, 0, 0, 40, 0, time.UTC); !got.Equal(want) {
		t.Errorf("%s, want %s", got, want)
	}
	// After two days without a look, nobody knows which of them it was.
	h.append(logName(1), changeLine("12:00:00", 0x800))
	now = now.Add(48 * time.Hour)
	collectOnce(t, c)
	if got := c.members[0].log.changes.Last; !got.IsZero() {
		t.Error(got)
	}
}

// Logs that a shell wrote in UTF-16 count the same.
func TestDebugLogInUTF16(t *testing.T) {
	encode := func(text string) string {
		var b strings.Builder
		for _, u := range utf16.Encode([]rune(text)) {
			b.WriteByte(byte(u))
			b.WriteByte(byte(u >> 8))
		}
		return b.String()
	}
	h := newHost()
	h.append(logName(1), "\xff\xfe"+encode("begin\r\n"))
	now := today
	c := newLogs(t, h, &now, store{})
	collectOnce(t, c)
	h.append(logName(1), encode(changeLine("03:00:00", 0x8800)+changeLine("03:00:01", 0x8800)))
	now = now.Add(time.Minute)
	q := collectOnce(t, c)[partDebugLog]
	if got := c.members[0].log.changes; got.Changes != 2 || got.SecurityOnly != 2 || q.Unrecognized != 0 {
		t.Errorf("%+v, %d unrecognized", got, q.Unrecognized)
	}
}

// What the lines of one look show, in words.
func TestDebugLogProblems(t *testing.T) {
	h := newHost()
	h.append(logName(1), "begin\n")
	now := today
	c := newLogs(t, h, &now, store{})
	problems := func(lines string) string {
		if lines != "" {
			h.append(logName(1), lines)
		}
		now = now.Add(time.Minute)
		var all []string
		for _, p := range collectOnce(t, c)[partDebugLog].Problems {
			all = append(all, p.Summary)
		}
		return strings.Join(all, "; ")
	}
	if got := problems(""); got != "" {
		t.Error(got)
	}
	if got := problems(strings.Repeat("<DsPoll: 1: 2: S2: 01:02:03> :DS: nothing\n", manyLines)); got != "the debug logs of dc1 do not say why files change" {
		t.Error(got)
	}
	if got := problems(strings.Repeat(changeLine("03:00:00", 0x8800), 15) + strings.Repeat(changeLine("03:00:00", 0x8801), 10)); got != "15 of 25 changes logged on dc1 since the last look touch nothing but security" {
		t.Error(got)
	}
	if got := problems(strings.Repeat(changeLine("03:00:00", 0x8800), 10) + strings.Repeat(changeLine("03:00:00", 0x8801), 15)); got != "" {
		t.Error(got)
	}
}

// One member's logs are counted for that member.
func TestDebugLogsOfSeveralMembers(t *testing.T) {
	h := newHost()
	for _, m := range []string{"a", "b"} {
		h.append("/D:/frs/"+m+"/NtFrs_0001.log", "begin\n")
	}
	c := newTestCollector(t, h, Options{Members: []string{"a", "b", "c"}, DebugLogs: []string{`D:\frs\{member}\NtFrs_*.log`}})
	collectOnce(t, c, partDebugLog)
	h.append("/D:/frs/b/NtFrs_0001.log", changeLine("03:00:00", 0x800))
	qs := collectOnce(t, c, partDebugLog)
	wantReasons(t, qs, map[string]remote.Reason{"debug_log a": remote.None, "debug_log b": remote.None, "debug_log c": remote.Other})
	if a, b := c.members[0].log.changes.Changes, c.members[1].log.changes.Changes; a != 0 || b != 1 {
		t.Errorf("%v and %v changes", a, b)
	}
}

func FuzzChange(f *testing.F) {
	for line := range strings.Lines(string(prepared(f, "debug_log", "published").Stdout)) {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		c, ok := parseChange(line)
		if !ok {
			return
		}
		if (len(c.Reasons()) == 0) != (c.ContentCmd == 0) {
			t.Errorf("%08x has the reasons %v", c.ContentCmd, c.Reasons())
		}
		if c.SecurityOnly() && !slices.Contains(c.Reasons(), "Security") {
			t.Errorf("%08x", c.ContentCmd)
		}
	})
}
