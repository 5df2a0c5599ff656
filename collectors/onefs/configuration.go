package onefs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dataprotection_exporter/collectors/system"
)

// readSettings reads /platform/11/avscan/settings.
func readSettings(body []byte) (settings settingsRecord, unknown []string, err error) {
	a, err := decode[settingsAnswer](body)
	if err != nil {
		return settingsRecord{}, nil, err
	}
	if a.Settings.value == nil {
		return settingsRecord{}, nil, lacks("settings")
	}
	return *a.Settings.value, oddities(a), nil
}

func (c *collector) settings(_ context.Context, p *system.Part, f *facts) error {
	s, err := f.settings()
	if err != nil {
		return err
	}
	p.Unrecognized(s.unknown...)
	if s.enabled == nil {
		return nil
	}
	p.SetBool(metricServiceEnabled, *s.enabled)
	if !*s.enabled {
		p.Problem(system.Problem{
			Summary: "CAVA antivirus is switched off on the cluster", Severity: "warning",
			Cause:  "service_enabled is false in its settings: no file is scanned",
			Remedy: "if that is not meant so, switch the service on after finding out who switched it off",
		})
	}
	return nil
}

// server is a configured CAVA server.
type server struct {
	name    string
	enabled *bool
}

// readServers reads a page of /platform/11/avscan/servers. Servers of ICAP are
// not CAVA's.
func readServers(body []byte) (servers []server, unknown []string, err error) {
	a, err := decode[serversAnswer](body)
	if err != nil {
		return nil, nil, err
	}
	if !a.Servers.there {
		return nil, nil, lacks("list of servers")
	}
	unknown = oddities(a)
	for _, s := range a.Servers.items {
		kind := strings.ToUpper(s.Type.value)
		name := s.Name.value
		if name == "" {
			name = s.ID.value
		}
		switch {
		case strings.Contains(kind, "CAVA") || kind == "":
		case strings.Contains(kind, "ICAP"):
			continue
		default:
			unknown = append(unknown, "servers.server_type: "+s.Type.value)
			continue
		}
		if name == "" {
			unknown = append(unknown, "servers: a server without a name")
			continue
		}
		servers = append(servers, server{name, s.Enabled.value})
	}
	return servers, unknown, nil
}

func (c *collector) servers(ctx context.Context, p *system.Part, f *facts) error {
	var all []server
	err := c.api.Pages(ctx, askServers, func(body []byte) error {
		servers, unknown, err := readServers(body)
		all = append(all, servers...)
		p.Unrecognized(unknown...)
		return err
	})
	if err != nil {
		return err
	}
	p.Set(metricConnectionsLimit, float64(c.opts.ConnectionsPerServerLimit))
	enabled, known := 0, true
	for _, s := range all {
		if s.enabled == nil {
			known = false
			continue
		}
		p.SetBool(metricServerEnabled, *s.enabled, s.name)
		if *s.enabled {
			enabled++
		}
	}
	if !known {
		return nil
	}
	p.Set(metricServersEnabled, float64(enabled))
	if problem := tooFew(enabled, f); problem != nil {
		p.Problem(*problem)
	}
	return nil
}

// tooFew compares the servers with the size of the cluster, where both are known.
func tooFew(enabled int, f *facts) *system.Problem {
	if f.switchedOff() {
		return nil
	}
	remedy := "add CAVA servers: Windows servers with 16 GB of memory and two cores, CEE and an antivirus product"
	if enabled == 0 {
		return &system.Problem{
			Summary: "no CAVA server is configured and enabled", Severity: "critical",
			Cause: "without one no file is scanned", Remedy: remedy,
		}
	}
	need, cause := 2, "a server that fails must leave another"
	if cl, err := f.cluster(); err == nil {
		if need = recommendedServers(len(cl.members)); need > 2 {
			cause = fmt.Sprintf("the sizing guide says one server for four nodes, and the cluster has %d", len(cl.members))
		}
	}
	if enabled >= need {
		return nil
	}
	return &system.Problem{
		Summary: fmt.Sprintf("%d of the recommended %d CAVA servers enabled", enabled, need), Severity: "warning",
		Cause: cause, Remedy: remedy,
	}
}

// readFilters reads a page of /platform/11/avscan/filters.
func readFilters(body []byte) (filters []filterRecord, unknown []string, err error) {
	a, err := decode[filtersAnswer](body)
	if err != nil {
		return nil, nil, err
	}
	if !a.Filters.there {
		return nil, nil, lacks("list of filters")
	}
	unknown = oddities(a)
	for _, f := range a.Filters.items {
		if f.Zone.value == "" {
			unknown = append(unknown, "filters: a filter without a zone_name")
			continue
		}
		f.Profile.value = strings.ToLower(f.Profile.value)
		if f.Profile.value != "" && !slices.Contains(profiles, f.Profile.value) {
			unknown = append(unknown, "filters.scan_profile: "+f.Profile.value)
			f.Profile.value = other
		}
		filters = append(filters, f)
	}
	return filters, unknown, nil
}

func (c *collector) filters(ctx context.Context, p *system.Part, _ *facts) error {
	return c.api.Pages(ctx, askFilters, func(body []byte) error {
		filters, unknown, err := readFilters(body)
		p.Unrecognized(unknown...)
		for _, f := range filters {
			setFlag(p, metricFilterEnabled, f.Enabled, f.Zone.value, f.Profile.value)
			setFlag(p, metricOpenOnFail, f.OpenOnFail, f.Zone.value)
		}
		return err
	})
}

// readJobs reads a page of /platform/11/avscan/jobs.
func readJobs(body []byte) (jobs []jobRecord, unknown []string, err error) {
	a, err := decode[jobsAnswer](body)
	if err != nil {
		return nil, nil, err
	}
	if !a.Jobs.there {
		return nil, nil, lacks("list of jobs")
	}
	unknown = oddities(a)
	for _, j := range a.Jobs.items {
		if j.Name.value == "" {
			j.Name.value = j.ID.value
		}
		if j.Name.value == "" {
			unknown = append(unknown, "jobs: a job without a name")
			continue
		}
		jobs = append(jobs, j)
	}
	return jobs, unknown, nil
}

func (c *collector) jobs(ctx context.Context, p *system.Part, _ *facts) error {
	return c.api.Pages(ctx, askJobs, func(body []byte) error {
		jobs, unknown, err := readJobs(body)
		p.Unrecognized(unknown...)
		for _, j := range jobs {
			setFlag(p, metricJobEnabled, j.Enabled, j.Name.value)
			p.SetTime(metricJobLastRun, epoch(j.LastRun), j.Name.value)
		}
		return err
	})
}

// maxEpoch is the last second that the schema knows.
const maxEpoch = 1<<32 - 1

// epoch is a time in seconds since 1970; 0 and absent are no time.
func epoch(n number) time.Time {
	if n.value == nil || *n.value == 0 || *n.value > maxEpoch {
		return time.Time{}
	}
	return time.Unix(int64(*n.value), 0)
}
