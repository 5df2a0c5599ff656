package onefs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dataprotection_exporter/collectors/system"
)

// The values of the option auth.
const (
	authSession = "session"
	authBasic   = "basic"
)

// maxLNN is the largest number of a node that the API knows.
const maxLNN = 65535

// Options is the section `onefs_cava` of a target.
type Options struct {
	// Auth is how to log in: session or basic.
	Auth string `yaml:"auth"`
	// IncludeNodes are the numbers (LNN) of the nodes to ask; empty means all.
	// ExcludeNodes are left out: nodes without a way to the CAVA servers, say.
	IncludeNodes []int `yaml:"include_nodes"`
	ExcludeNodes []int `yaml:"exclude_nodes"`
	// OnlineStates are the words for a CAVA server that works, without case.
	OnlineStates []string `yaml:"online_states"`
	// ConnectionsPerServerLimit is what one CAVA server takes.
	ConnectionsPerServerLimit int `yaml:"connections_per_server_limit"`
	// Timezone is that of times that name none; empty means the exporter's.
	Timezone string `yaml:"timezone"`
}

func newOptions() system.Options {
	return &Options{
		Auth:                      authSession,
		OnlineStates:              []string{"online", "up", "active", "connected", "running", "good", "ok"},
		ConnectionsPerServerLimit: 20,
	}
}

// Check implements system.Options.
func (o *Options) Check(report func(path, problem string)) {
	if o.Auth != authSession && o.Auth != authBasic {
		report("auth", fmt.Sprintf("%q is no way to log in: use session or basic", o.Auth))
	}
	checkNodes("include_nodes", o.IncludeNodes, report)
	checkNodes("exclude_nodes", o.ExcludeNodes, report)
	for i, n := range o.ExcludeNodes {
		if slices.Contains(o.IncludeNodes, n) {
			report(fmt.Sprintf("exclude_nodes[%d]", i), fmt.Sprintf("node %d is in include_nodes too: remove it from one of the two", n))
		}
	}
	if len(o.OnlineStates) == 0 {
		report("online_states", "is empty, so that every server would count as offline: name at least one word")
	}
	for i, s := range o.OnlineStates {
		if strings.TrimSpace(s) == "" {
			report(fmt.Sprintf("online_states[%d]", i), "is empty: write the word that stands for a working server")
		}
	}
	if o.ConnectionsPerServerLimit <= 0 {
		report("connections_per_server_limit", "must be more than 0; the sizing guide says 20")
	}
	if _, err := time.LoadLocation(o.Timezone); err != nil {
		report("timezone", fmt.Sprintf("%q is no time zone: write it like Europe/London", o.Timezone))
	}
}

func checkNodes(key string, nodes []int, report func(path, problem string)) {
	for i, n := range nodes {
		path := fmt.Sprintf("%s[%d]", key, i)
		switch {
		case n < 1 || n > maxLNN:
			report(path, fmt.Sprintf("%d is no number of a node: they go from 1 to %d, `isi status` lists them as ID", n, maxLNN))
		case slices.Index(nodes, n) < i:
			report(path, fmt.Sprintf("node %d is named twice", n))
		}
	}
}

// wants says whether a node is to be asked.
func (o *Options) wants(lnn int) bool {
	return (len(o.IncludeNodes) == 0 || slices.Contains(o.IncludeNodes, lnn)) && !slices.Contains(o.ExcludeNodes, lnn)
}

// online says whether a state is one of those that count as working.
func (o *Options) online(state string) bool {
	return slices.ContainsFunc(o.OnlineStates, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), state) })
}

// location is where times without a zone are read. An empty name is the
// exporter's zone, not UTC, as time.LoadLocation has it.
func (o *Options) location() (*time.Location, error) {
	if o.Timezone == "" {
		return time.Local, nil
	}
	loc, err := time.LoadLocation(o.Timezone)
	if err != nil {
		return nil, fmt.Errorf("timezone: %w", err)
	}
	return loc, nil
}
