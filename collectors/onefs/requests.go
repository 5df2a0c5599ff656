package onefs

import (
	"fmt"
	"net/url"

	"dataprotection_exporter/remote/papi"
)

// The requests, all of them. They read and change nothing; the client lets
// nothing else out.
//
// The avscan resources have version 11 in every release since OneFS 9.1, event
// groups answer under 3 in all of them.
const (
	sinceAvscan = "OneFS 9.1"

	// pageSize is asked for where lists can be long.
	pageSize = "500"
)

var (
	askCluster  = papi.Request{Path: "/platform/3/cluster/config", Redact: hidePaths}
	askSettings = papi.Request{Path: "/platform/11/avscan/settings", Since: sinceAvscan, Redact: hidePaths}
	askServers  = papi.Request{Path: "/platform/11/avscan/servers", Since: sinceAvscan, Redact: hidePaths}
	askFilters  = papi.Request{Path: "/platform/11/avscan/filters", Since: sinceAvscan, Redact: hidePaths}
	askJobs     = papi.Request{Path: "/platform/11/avscan/jobs", Since: sinceAvscan, Redact: hidePaths}
	askAllNodes = papi.Request{Path: "/platform/11/avscan/nodes/all/status", Since: sinceAvscan, Redact: hidePaths}
	askEvents   = papi.Request{
		Path: "/platform/3/event/eventgroup-occurrences", Redact: hidePaths,
		Query: url.Values{"resolved": {"false"}, "ignore": {"false"}, "limit": {pageSize}},
	}
	askScans = papi.Request{
		Path: "/platform/11/antivirus/reports/scans", Since: sinceAvscan, Redact: hidePaths,
		Query: url.Values{"limit": {pageSize}},
	}
	// The newest first, so that old ones need not be read. That the list can be
	// sorted by this field is not documented.
	askNewestScans = papi.Request{
		Path: askScans.Path, Since: sinceAvscan, Redact: hidePaths,
		Query: url.Values{"limit": {pageSize}, "sort": {"start"}, "dir": {"DESC"}},
	}
	askThreats = papi.Request{
		Path: "/platform/3/antivirus/reports/threats", Redact: hidePaths,
		Query: url.Values{"limit": {"1"}},
	}
)

func askNode(lnn int) papi.Request {
	return papi.Request{Path: fmt.Sprintf("/platform/11/avscan/nodes/%d/status", lnn), Since: sinceAvscan, Redact: hidePaths}
}
