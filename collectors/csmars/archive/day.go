package archive

import (
	"slices"
	"time"
)

// Series is one kind of data in the archive. Kind is set in the folder of
// events and sessions only.
type Series struct{ Type, Kind string }

// Tally is what there is of one series.
type Tally struct {
	Files int   `json:"f"`
	Bytes int64 `json:"b"`
	// Named is the latest time in a name; Modified is the latest modification
	// of a file without a time in its name.
	Named    Wall      `json:"n,omitempty"`
	Modified time.Time `json:"m,omitzero"`
}

// Plus is both together.
func (t Tally) Plus(o Tally) Tally {
	t.Files += o.Files
	t.Bytes += o.Bytes
	t.Named = max(t.Named, o.Named)
	if o.Modified.After(t.Modified) {
		t.Modified = o.Modified
	}
	return t
}

// Newest is the time of the newest file, by the appliance's clock where names
// tell it and by the server's where they do not. Zero without files.
func (t Tally) Newest(zone *time.Location) time.Time {
	newest := t.Modified
	if t.Named != 0 {
		if named := t.Named.In(zone); named.After(newest) {
			newest = named
		}
	}
	return newest
}

// Folder is one folder inside a day.
type Folder struct {
	Name    string    `json:"name"`
	ModTime time.Time `json:"modified"`
	// Kinds is the tally of every kind; one with the empty name outside the
	// folder of events and sessions.
	Kinds        map[string]Tally `json:"kinds,omitempty"`
	Unrecognized int              `json:"unrecognized,omitempty"`
}

// Day is one dated folder.
type Day struct {
	Name    string    `json:"name"`
	ModTime time.Time `json:"modified"`
	Folders []Folder  `json:"folders,omitempty"`
	// Stray are files that lie in no folder of the day.
	Stray int `json:"stray,omitempty"`

	date Wall
}

// Date is the midnight the day begins with.
func (d *Day) Date() Wall { return d.date }

// Bytes is the size of all files.
func (d *Day) Bytes() int64 {
	var sum int64
	for _, f := range d.Folders {
		for _, t := range f.Kinds {
			sum += t.Bytes
		}
	}
	return sum
}

// Files is the number of files.
func (d *Day) Files() int {
	n := 0
	for _, f := range d.Folders {
		for _, t := range f.Kinds {
			n += t.Files
		}
	}
	return n
}

// tally is a folder from its listing.
func tally(name string, modified time.Time, entries []Entry) Folder {
	f := Folder{Name: name, ModTime: modified, Kinds: map[string]Tally{}}
	events := TypeOf(name) == TypeEvents
	kinds := map[string]*Tally{}
	for i := range entries {
		e := &entries[i]
		n, named := ParseName(e.Name)
		if e.Dir {
			f.Unrecognized++
			continue
		}
		kind := ""
		if events {
			kind = KindOther
			if named {
				kind = KindOf(e.Name)
			} else {
				f.Unrecognized++
			}
		}
		t := kinds[kind]
		if t == nil {
			t = &Tally{}
			kinds[kind] = t
		}
		t.Files++
		t.Bytes += e.Size
		if named {
			t.Named = max(t.Named, n.Latest())
		} else if e.ModTime.After(t.Modified) {
			t.Modified = e.ModTime
		}
	}
	for kind, t := range kinds {
		f.Kinds[kind] = *t
	}
	return f
}

// unchanged says that the folders of a day have the times they were remembered
// with: nothing was added to them and nothing removed.
func (d *Day) unchanged(modified time.Time, folders []Entry) bool {
	if !d.ModTime.Equal(modified) || len(folders) != len(d.Folders) {
		return false
	}
	for _, e := range folders {
		i := slices.IndexFunc(d.Folders, func(f Folder) bool { return f.Name == e.Name })
		if i < 0 || !e.Dir || !d.Folders[i].ModTime.Equal(e.ModTime) {
			return false
		}
	}
	return true
}

func (d *Day) folderNames() []string {
	names := make([]string, len(d.Folders))
	for i, f := range d.Folders {
		names[i] = f.Name
	}
	return names
}

// settled says that the folders were last changed well before a moment, so that
// a later change cannot hide behind the same time.
func (d *Day) settled(before time.Time) bool {
	if !d.ModTime.Before(before) {
		return false
	}
	return !slices.ContainsFunc(d.Folders, func(f Folder) bool { return !f.ModTime.Before(before) })
}
