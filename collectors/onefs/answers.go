package onefs

import (
	"encoding/json"
	"errors"

	"dataprotection_exporter/remote"
)

// The answers of the platform API, as far as they are exported. Names and types
// follow the schema of OneFS 9.1 to 9.5; what is not here is left out on
// purpose, see the table in schema_test.go.

// clusterAnswer is /platform/3/cluster/config.
type clusterAnswer struct {
	Name    text               `json:"name"`
	GUID    text               `json:"guid"`
	Version object[release]    `json:"onefs_version"`
	Devices list[deviceRecord] `json:"devices"`
}

type release struct {
	Release text `json:"release"`
}

type deviceRecord struct {
	DevID number `json:"devid"`
	LNN   number `json:"lnn"`
	IsUp  truth  `json:"is_up"`
}

// settingsAnswer is /platform/11/avscan/settings.
type settingsAnswer struct {
	Settings object[settingsRecord] `json:"settings"`
}

type settingsRecord struct {
	ServiceEnabled truth `json:"service_enabled"`
}

// serversAnswer is /platform/11/avscan/servers: configuration, no health.
type serversAnswer struct {
	Servers list[serverRecord] `json:"servers"`
}

type serverRecord struct {
	ID      text  `json:"id"`
	Name    text  `json:"server_name"`
	Type    text  `json:"server_type"`
	Enabled truth `json:"enabled"`
}

// filtersAnswer is /platform/11/avscan/filters.
type filtersAnswer struct {
	Filters list[filterRecord] `json:"filters"`
}

type filterRecord struct {
	Zone       text  `json:"zone_name"`
	Enabled    truth `json:"filter_enabled"`
	Profile    text  `json:"scan_profile"`
	OpenOnFail truth `json:"open_on_fail"`
}

// jobsAnswer is /platform/11/avscan/jobs: policies, not their runs.
type jobsAnswer struct {
	Jobs list[jobRecord] `json:"jobs"`
}

type jobRecord struct {
	ID      text   `json:"id"`
	Name    text   `json:"job_name"`
	Enabled truth  `json:"enabled"`
	LastRun number `json:"last_scheduled_run"`
}

// eventsAnswer is /platform/3/event/eventgroup-occurrences.
type eventsAnswer struct {
	Groups list[eventRecord] `json:"eventgroups"`
	// Older releases write the name with a hyphen elsewhere in this family.
	Hyphen list[eventRecord] `json:"eventgroup-occurrences"`
}

type eventRecord struct {
	Causes   list[list[text]]  `json:"causes"`
	Severity text              `json:"severity"`
	Resolved truth             `json:"resolved"`
	Ignore   truth             `json:"ignore"`
	Where    object[specifier] `json:"specifier"`
}

type specifier struct {
	DevID number `json:"devid"`
}

// scansAnswer is /platform/11/antivirus/reports/scans.
type scansAnswer struct {
	Reports list[reportRecord] `json:"reports"`
}

type reportRecord struct {
	Service    text   `json:"av_service"`
	Policy     text   `json:"policy_id"`
	Status     text   `json:"status"`
	Start      number `json:"start"`
	End        number `json:"end"`
	Duration   number `json:"duration"`
	Files      number `json:"files"`
	Size       number `json:"size"`
	Infections number `json:"infections"`
	Fails      number `json:"scan_fails"`
}

// threatsAnswer is /platform/3/antivirus/reports/threats, for its total alone.
type threatsAnswer struct {
	Total number `json:"total"`
}

// nodesAnswer is /platform/11/avscan/nodes/<lnn>/status.
type nodesAnswer struct {
	Nodes  list[nodeRecord] `json:"nodes"`
	Errors list[nodeError]  `json:"errors"`
}

type nodeError struct {
	ID      number `json:"id"`
	LNN     number `json:"lnn"`
	Status  number `json:"status"`
	Code    text   `json:"code"`
	Message text   `json:"message"`
}

type nodeRecord struct {
	ID    number `json:"id"`
	LNN   number `json:"lnn"`
	Error text   `json:"error"`
	// Status is an object here and an HTTP status in the sibling resources of
	// a node, whose form an error may have.
	Status json.RawMessage `json:"status"`
}

type nodeStatus struct {
	SystemStatus   text                `json:"system_status"`
	BlockingEvents list[text]          `json:"blocking_events"`
	Vendor         text                `json:"av_vendor"`
	CEE            text                `json:"cee_version"`
	DTD            text                `json:"dtd_version"`
	Signature      text                `json:"signature_timestamp"`
	Servers        list[serverStatus]  `json:"server_status"`
	Stats          object[systemStats] `json:"system_stats"`
}

type serverStatus struct {
	Name         text   `json:"server_name"`
	State        text   `json:"server_state"`
	Connections  number `json:"connections"`
	Heartbeats   number `json:"good_heartbeats"`
	HeartbeatRTT number `json:"heartbeat_rtt"`
	Requests     number `json:"scan_requests"`
	RTT          number `json:"scan_rtt"`
}

type systemStats struct {
	// OnAccess is on-access, despite the name that the API gives it.
	OnAccess        number `json:"on_demand_scan_requests"`
	ByJob           number `json:"job_scan_requests"`
	Manual          number `json:"manual_scan_requests"`
	Processed       number `json:"files_processed"`
	SkippedByFilter number `json:"files_skipped_per_filter"`
	SkippedBySize   number `json:"files_skipped_per_size"`
	Success         number `json:"cee_success_count"`
	Failure         number `json:"cee_failure_count"`
	Infected        number `json:"cee_infected_count"`
	Fails           number `json:"scan_fails"`
	Timeouts        number `json:"scan_timeouts"`
	AvgDuration     number `json:"avg_scan_duration"`
	AvgBlockTime    number `json:"avg_scan_block_time"`
	FastQueue       number `json:"fast_file_queue_size"`
	FastLimit       number `json:"fast_file_queue_max_size"`
	SlowQueue       number `json:"slow_file_queue_size"`
	SlowLimit       number `json:"slow_file_queue_max_size"`
	BatchQueue      number `json:"batch_file_queue_size"`
	BatchLimit      number `json:"batch_file_queue_max_size"`
}

// decode reads one answer.
func decode[T any](body []byte) (T, error) {
	var answer T
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, &remote.Error{
			Reason: remote.Parse, Op: "read the answer", Err: errors.New("it is not a JSON object"), Advice: "please report it with the release of OneFS",
		}
	}
	return answer, nil
}

// lacks is an answer without the one thing it was asked for.
func lacks(what string) error {
	return remote.Errorf(remote.Parse, "please report it with the release of OneFS", "the answer has no %s", what)
}
