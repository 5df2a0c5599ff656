// Package onefs asks a PowerScale OneFS cluster about its virus checking with
// CAVA servers: over the platform API, for what is configured, what each node
// says, which events stand and what the last scans found.
package onefs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote/papi"
)

// System is this package's row in the table of systems.
var System = system.Definition{
	Name:         "onefs_cava",
	Title:        "PowerScale OneFS CAVA",
	Parts:        parts,
	Metrics:      metrics,
	NewOptions:   newOptions,
	New:          newCollector,
	NeedsAddress: true,
	HTTPS:        true,
}

// collector asks one cluster.
type collector struct {
	env  system.Env
	opts *Options
	api  *papi.Client
	zone *time.Location

	turns, nodeTurns system.Turns
	// known are the nodes of the last answer, so that their questions exist
	// before they are asked.
	known []int
	// oneByOne is the release that does not answer for all nodes at once.
	oneByOne *string
	words    words
	events   eventMemory
	// unsorted is set where the list of reports cannot be sorted.
	unsorted bool
}

func newCollector(env system.Env, o system.Options) (system.Collector, error) {
	opts, ok := o.(*Options)
	if !ok {
		return nil, fmt.Errorf("onefs_cava: options of type %T", o)
	}
	if env.HTTPS == nil {
		return nil, errors.New("onefs_cava: the cluster is asked over HTTPS: write its address as https://host:8080")
	}
	zone, err := opts.location()
	if err != nil {
		return nil, err
	}
	h := env.HTTPS
	api, err := papi.New(papi.Config{
		Target: env.Target, Addresses: h.Addresses, Username: h.Username, Password: h.Password, Basic: opts.Auth == authBasic,
		CAFile: h.CAFile, ServerName: h.ServerName, InsecureSkipVerify: h.InsecureSkipVerify, Now: env.Now,
	}, h.Metrics, env.Logger)
	if err != nil {
		return nil, err
	}
	return &collector{env: env, opts: opts, api: api, zone: zone}, nil
}

// Close implements system.Collector: it ends the session on the cluster.
func (c *collector) Close() error { return c.api.Close() }

// Collect implements system.Collector.
func (c *collector) Collect(ctx context.Context, r *system.Report) {
	f := c.facts(ctx)
	var tasks []system.Task
	for _, q := range []struct {
		part string
		ask  func(context.Context, *system.Part, *facts) error
	}{
		{partCluster, c.cluster},
		{partSettings, c.settings},
		{partServers, c.servers},
		{partFilters, c.filters},
		{partJobs, c.jobs},
		{partEvents, c.eventsPart},
		{partReports, c.reports},
	} {
		if !r.Wants(q.part) {
			continue
		}
		p := r.Begin(q.part, "")
		tasks = append(tasks, system.Task{Key: q.part, Run: func(ctx context.Context) error {
			err := q.ask(ctx, p, f)
			p.End(err)
			return err
		}})
	}
	if r.Wants(partNodes) {
		q := c.beginNodes(r)
		tasks = append(tasks, system.Task{Key: partNodes, Run: func(ctx context.Context) error { return c.nodes(ctx, q, f) }})
	}
	c.turns.Run(ctx, tasks)
}

// service is whether CAVA is switched on; nil when the answer does not say.
type service struct {
	enabled *bool
	unknown []string
}

// facts are answers that several parts need, asked for once in a collection.
type facts struct {
	cluster  func() (cluster, error)
	settings func() (service, error)
}

func (c *collector) facts(ctx context.Context) *facts {
	return &facts{
		cluster: sync.OnceValues(func() (cluster, error) {
			body, err := c.api.Get(ctx, askCluster)
			if err != nil {
				return cluster{}, err
			}
			return readCluster(body)
		}),
		settings: sync.OnceValues(func() (service, error) {
			body, err := c.api.Get(ctx, askSettings)
			if err != nil {
				return service{}, err
			}
			s, unknown, err := readSettings(body)
			return service{s.ServiceEnabled.value, unknown}, err
		}),
	}
}

// switchedOff says whether the cluster is known to have CAVA switched off.
func (f *facts) switchedOff() bool {
	s, err := f.settings()
	return err == nil && s.enabled != nil && !*s.enabled
}

func (c *collector) cluster(_ context.Context, p *system.Part, f *facts) error {
	cl, err := f.cluster()
	if err == nil {
		emitCluster(p, cl)
	}
	return err
}

// set emits a number that the answer may not have.
func set(p *system.Part, d *metric.Desc, n number, labels ...string) {
	if n.value != nil {
		p.Set(d, *n.value, labels...)
	}
}

// setMillis is set for a time in milliseconds.
func setMillis(p *system.Part, d *metric.Desc, n number, labels ...string) {
	if n.value != nil {
		p.Set(d, *n.value/1000, labels...)
	}
}

func setFlag(p *system.Part, d *metric.Desc, f truth, labels ...string) {
	if f.value != nil {
		p.SetBool(d, *f.value, labels...)
	}
}
