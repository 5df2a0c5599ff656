package ntfrs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reason is one bit of a change's ContentCmd: why a file changed.
type reason struct {
	bit  uint32
	name string
	// unprinted says that the name is not one the service is known to print.
	unprinted bool
}

// reasonTable is in the order of the bits. The names are those in debug logs.
var reasonTable = []reason{
	{0x1, "DatOvrWrt", false},
	{0x2, "DatExt", false},
	{0x4, "DatTrunc", false},
	{0x10, "StrmOvrWrt", false},
	{0x20, "StrmExt", false},
	{0x40, "StrmTrunc", false},
	{0x100, "Create", false},
	{0x200, "Delete", false},
	{0x400, "EAChg", false},
	{bitSecurity, "Security", false},
	{0x1000, "RenOld", true},
	{0x2000, "RenNew", false},
	{0x4000, "IndexableChg", false},
	{0x8000, "Info", false},
	{0x10000, "HLink", false},
	{0x20000, "CompressChg", false},
	{0x40000, "EncryptChg", false},
	{0x80000, "Oid", false},
	{0x100000, "Reparse", false},
	{0x200000, "StreamNam", false},
	{0x80000000, "Close", false},
}

const (
	bitSecurity = 0x800
	// bitsOfContent say that data was written, or that a file came, went or got
	// another name.
	bitsOfContent = 0x3377
	reasonOther   = "other"
)

// reasonNames is every value of the label `reason`.
func reasonNames() []string {
	names := make([]string, 0, len(reasonTable)+1)
	for _, r := range reasonTable {
		names = append(names, r.name)
	}
	return append(names, reasonOther)
}

// Change is one line of a debug log that says why a file changed.
type Change struct {
	ContentCmd uint32
	// Clock is the time of day, "" where the line holds none.
	Clock string
	// Odd says that the names printed are not those of the bits.
	Odd bool
}

var (
	// <ChgOrdAccept: ... S4: 00:24:37> ContentCmd: 00008800 Flags [Info Security ]
	reContentCmd = regexp.MustCompile(`(?i)\bContentCmd:\s*(?:0x)?([0-9A-F]{8})\b(?:\s+Flags\s+\[([^\]]*)\])?`)
	reClock      = regexp.MustCompile(`\bS[0-5]:\s+(\d\d:\d\d:\d\d)>`)
	contentMark  = []byte("ContentCmd:")
)

// parseChange reads the part of a line that was published with real output; of
// what stands before it, only the time of day is read.
func parseChange(line []byte) (Change, bool) {
	m := reContentCmd.FindSubmatch(line)
	if m == nil {
		return Change{}, false
	}
	bits, err := strconv.ParseUint(string(m[1]), 16, 32)
	if err != nil {
		return Change{}, false
	}
	c := Change{ContentCmd: uint32(bits)}
	if t := reClock.FindSubmatch(line); t != nil {
		c.Clock = string(t[1])
	}
	c.Odd = m[2] != nil && c.contradicts(strings.Fields(string(m[2])))
	return c, true
}

// Reasons are the names of the bits.
func (c Change) Reasons() []string {
	var names []string
	rest := c.ContentCmd
	for _, r := range reasonTable {
		if c.ContentCmd&r.bit != 0 {
			names = append(names, r.name)
			rest &^= r.bit
		}
	}
	if rest != 0 {
		names = append(names, reasonOther)
	}
	return names
}

// SecurityOnly says that the security descriptor changed and neither the data
// nor the name did.
func (c Change) SecurityOnly() bool {
	return c.ContentCmd&bitSecurity != 0 && c.ContentCmd&bitsOfContent == 0
}

// contradicts compares the bits with the names printed beside them, as far as
// both are known.
func (c Change) contradicts(printed []string) bool {
	for _, r := range reasonTable {
		if !r.unprinted && slices.Contains(printed, r.name) != (c.ContentCmd&r.bit != 0) {
			return true
		}
	}
	return false
}
