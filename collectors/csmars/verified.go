package csmars

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"dataprotection_exporter/collectors/csmars/archive"
)

// damaged is a file and what is wrong with it.
type damaged struct {
	File string `json:"file"`
	Hash uint64 `json:"hash"`
	What string `json:"what"`
}

// maxDamaged bounds what is kept of damaged files of one day by name. Those
// beyond are counted.
const maxDamaged = 200

// verifiedDay is what is known of the files of one day.
type verifiedDay struct {
	Day string `json:"day"`
	// Seen are the hashes of the files that were checked, in order, eight bytes
	// each: name, size and modification time of a file in one number.
	Seen    []byte    `json:"seen,omitempty"`
	Damaged []damaged `json:"damaged,omitempty"`
	// More counts damaged files beyond those named.
	More int `json:"more,omitempty"`
	// Complete is the print of the day's folders when all files in them had
	// been checked.
	Complete uint64 `json:"complete,omitempty"`

	dirty bool
}

// hashOf is a file in one number. A file that changes is another one.
func hashOf(folder string, e archive.Entry) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%s\x00%d\x00%d", folder, e.Name, e.Size, e.ModTime.UnixNano())
	return h.Sum64()
}

// printOf is the folders of a day in one number.
func printOf(d *archive.Day) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d", d.ModTime.UnixNano())
	for _, f := range d.Folders {
		_, _ = fmt.Fprintf(h, "\x00%s\x00%d", f.Name, f.ModTime.UnixNano())
	}
	return h.Sum64() | 1 // never zero, which is "not complete"
}

func (d *verifiedDay) count() int { return len(d.Seen) / 8 }

func (d *verifiedDay) corrupt() int { return len(d.Damaged) + d.More }

// find is where a hash is, or belongs.
func (d *verifiedDay) find(hash uint64) (int, bool) {
	low, high := 0, d.count()
	for low < high {
		mid := (low + high) / 2
		switch h := binary.BigEndian.Uint64(d.Seen[8*mid:]); {
		case h == hash:
			return mid, true
		case h < hash:
			low = mid + 1
		default:
			high = mid
		}
	}
	return low, false
}

func (d *verifiedDay) has(hash uint64) bool { _, ok := d.find(hash); return ok }

func (d *verifiedDay) add(hash uint64) {
	if i, ok := d.find(hash); !ok {
		d.Seen = slices.Insert(d.Seen, 8*i, binary.BigEndian.AppendUint64(nil, hash)...)
		d.dirty = true
	}
}

func (d *verifiedDay) damage(f damaged) {
	if len(d.Damaged) < maxDamaged {
		d.Damaged = append(d.Damaged, f)
	} else {
		d.More++
	}
}

// keep forgets files that are no longer there.
func (d *verifiedDay) keep(there map[uint64]bool) {
	var seen []byte
	for i := 0; i < len(d.Seen); i += 8 {
		if there[binary.BigEndian.Uint64(d.Seen[i:])] {
			seen = append(seen, d.Seen[i:i+8]...)
		}
	}
	if len(seen) != len(d.Seen) {
		d.Seen, d.dirty = seen, true
	}
	before := len(d.Damaged)
	d.Damaged = slices.DeleteFunc(d.Damaged, func(f damaged) bool { return !there[f.Hash] })
	if len(d.Damaged) != before {
		d.dirty = true
	}
	if len(d.Damaged) == 0 && d.More > 0 && d.count() == 0 {
		d.More = 0
	}
}

// slots bounds how many days are remembered across restarts. A day's place is
// that of its date, so that a purged day makes room for a new one.
const slots = 4096

func slotOf(day archive.Wall) string { return fmt.Sprintf("verified/%04d", int64(day)/86400%slots) }
