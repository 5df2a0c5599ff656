package vnxcava

import (
	"fmt"
	"regexp"
	"strings"

	"dataprotection_exporter/collectors/system"
)

// allMovers stands for every mover of the device, in one command.
const allMovers = "ALL"

// Options is the section `vnx_cava` of a target.
type Options struct {
	// Movers are the Data Movers and VDMs to ask; [ALL] asks for all of them
	// in one command.
	Movers []string `yaml:"movers"`
	// Audit asks for queue and request counters too.
	Audit bool `yaml:"audit"`
	// ServerLog follows the mover's log for virus checking events.
	ServerLog bool `yaml:"server_log"`
}

func newOptions() system.Options {
	return &Options{Movers: []string{allMovers}, Audit: true, ServerLog: true}
}

// reName is what may become part of a command.
var reName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Check implements system.Options.
func (o *Options) Check(report func(path, problem string)) {
	if len(o.Movers) == 0 {
		report("movers", "name at least one mover, or write [ALL] for all of them")
	}
	seen := map[string]bool{}
	for i, m := range o.Movers {
		path := fmt.Sprintf("movers[%d]", i)
		switch {
		case m != allMovers && strings.EqualFold(m, allMovers):
			report(path, "write ALL in capitals for all movers")
		case m == allMovers && len(o.Movers) > 1:
			report(path, "ALL stands for every mover: name no other mover beside it")
		case !reName.MatchString(m):
			report(path, fmt.Sprintf("%q is no mover name: letters, digits, dot, underscore and hyphen are allowed", m))
		case seen[m]:
			report(path, fmt.Sprintf("mover %s is named twice", m))
		}
		seen[m] = true
	}
}
