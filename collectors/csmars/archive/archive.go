// Package archive reads the archive that a CS-MARS appliance writes to its
// share: dated folders, in them a folder of two letters per kind of data, in
// those compressed files whose names carry the time they cover. It lists,
// checks and searches; it never writes.
package archive

import "strings"

// Kinds of files in the folder of events and sessions.
const (
	// TypeEvents is the folder of events and sessions.
	TypeEvents = "ES"
	// TypeOther is every folder that has no name of two letters.
	TypeOther = "other"

	KindRaw    = "raw_messages"
	KindEvents = "events_sessions"
	KindOther  = "other"
)

// backups is the folder of operating system backups beside the days.
const backups = "pnos"

// TypeOf is the kind of data in a folder of a day. Windows shares keep names
// without case, so case says nothing.
func TypeOf(folder string) string {
	if len(folder) != 2 || !letter(folder[0]) || !letter(folder[1]) {
		return TypeOther
	}
	return strings.ToUpper(folder)
}

// KindOf is what a file of the folder of events and sessions holds, by the
// first letters of its name.
func KindOf(file string) string {
	if len(file) < 3 || file[2] != '-' {
		return KindOther
	}
	switch strings.ToLower(file[:2]) {
	case "rm":
		return KindRaw
	case "es":
		return KindEvents
	default:
		return KindOther
	}
}

func letter(b byte) bool { b |= 0x20; return b >= 'a' && b <= 'z' }

func digit(b byte) bool { return b >= '0' && b <= '9' }

// IsRaw says whether a file holds raw messages, by its folder and its name.
func IsRaw(folder, file string) bool {
	return TypeOf(folder) == TypeEvents && strings.EqualFold(file[:min(2, len(file))], "rm")
}
