package exporter

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"dataprotection_exporter/exporter/status"
)

// Diagnose runs one collection of a target now and describes what it found.
// answered is false when the device answered nothing at all.
func (e *Exporter) Diagnose(ctx context.Context, name string) (found status.Target, answered bool, err error) {
	f := e.fleet.Load()
	m := f.members[name]
	if m == nil {
		var names []string
		for n := range f.members {
			names = append(names, n)
		}
		slices.Sort(names)
		return status.Target{}, false, fmt.Errorf("there is no target %q in the configuration; there are: %s", name, strings.Join(names, ", "))
	}
	ctx, cancel := context.WithTimeout(ctx, m.target.Timeout())
	defer cancel()
	r := m.target.Fresh(ctx, nil)
	return status.New(name, m.system, m.config.Labels, r, true), !r.Collected().IsZero(), nil
}
