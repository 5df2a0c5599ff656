// Package system is the vocabulary every collector speaks: what a system
// declares about itself, and the Report a collection is written into.
//
// A collector asks through a remote.Runner and reports what it found, question
// by question. It knows no HTTP server and no scraper; it keeps only what must
// survive between two collections (how far a log was read).
package system

import (
	"context"
	"log/slog"
	"time"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/papi"
)

// Collector asks one target. One collection runs at a time.
type Collector interface {
	// Collect asks every wanted part and reports each as soon as it is
	// answered, so that what is known by the deadline is not lost to what is
	// not. It returns soon after ctx ends.
	Collect(ctx context.Context, r *Report)
	// Close releases what the collector holds. The Runner is not its own.
	Close() error
}

// Env is what a collector is given.
type Env struct {
	// Target is the configured name, for logs.
	Target string
	Runner remote.Runner
	// HTTPS is how a system is reached that is asked over HTTPS; nil for the
	// others, which have a Runner.
	HTTPS  *HTTPS
	Logger *slog.Logger
	// Now is the clock.
	Now func() time.Time
	// Store keeps what must survive a restart: places in logs, the counters
	// that belong to them. It forgets everything where the exporter was
	// started without a storage path.
	Store Store
}

// HTTPS is the way to an API.
type HTTPS struct {
	// Addresses are URLs without a path, tried in order.
	Addresses []string
	Username  string
	Password  remote.Secret
	// CAFile holds the authorities to trust instead of the system's; empty
	// for those. ServerName is the name the certificate must have, where it
	// is not the address's.
	CAFile             string
	ServerName         string
	InsecureSkipVerify bool
	// Metrics are the API clients' own; nil records none.
	Metrics *papi.Metrics
}

// Store keeps small values of one target under names. It is safe for concurrent
// use.
type Store interface {
	// Load decodes the value of that name into v, a pointer. found is false
	// when there is none; a value that cannot be decoded any more is an error.
	Load(name string, v any) (found bool, err error)
	// Save keeps v. Several names saved in one call are kept together or not
	// at all.
	Save(values map[string]any) error
}

// Options is a system's own section of a target's configuration. A pointer to
// it is decoded from YAML over its defaults.
type Options interface {
	// Check reports every bad value: path is the key inside the section, as in
	// "movers[1]", problem one sentence.
	Check(report func(path, problem string))
}

// Definition is one row of the table of systems.
type Definition struct {
	// Name is the value of `system` in the configuration.
	Name string
	// Title is the name a person uses.
	Title string
	// Parts are the questions this system can be asked, in the order shown.
	Parts []string
	// Metrics is everything the collector may emit.
	Metrics []*metric.Desc
	// NewOptions gives the section's defaults.
	NewOptions func() Options
	// New makes the collector of one target.
	New func(Env, Options) (Collector, error)
	// NeedsAddress says that a target without an address is a mistake.
	NeedsAddress bool
	// HTTPS says that the system is asked over HTTPS: its addresses are URLs,
	// and it has no transport.
	HTTPS bool
}
