package onefs

import "dataprotection_exporter/collectors/metric"

// The parts of this system.
const (
	partCluster  = "cluster"
	partSettings = "settings"
	partServers  = "servers"
	partNodes    = "nodes"
	partFilters  = "filters"
	partJobs     = "jobs"
	partEvents   = "events"
	partReports  = "reports"
)

var parts = []string{partCluster, partSettings, partServers, partNodes, partFilters, partJobs, partEvents, partReports}

// Closed lists of label values.
const other = "other"

var (
	systemStatuses = []string{"DISABLED", "RUNNING", "FAULTED", other}
	profiles       = []string{"standard", "strict", other}
	severities     = []string{"information", "warning", "critical", "emergency", "unknown"}
)

const (
	fromCluster  = "`/platform/3/cluster/config`: "
	fromSettings = "`/platform/11/avscan/settings`: "
	fromServers  = "`/platform/11/avscan/servers`: "
	fromNodes    = "`/platform/11/avscan/nodes/<lnn>/status`: "
	fromStats    = fromNodes + "system_stats."
	fromLink     = fromNodes + "server_status[]."
	fromFilters  = "`/platform/11/avscan/filters`: "
	fromJobs     = "`/platform/11/avscan/jobs`: "
	fromEvents   = "`/platform/3/event/eventgroup-occurrences`: "
	fromScans    = "`/platform/11/antivirus/reports/scans`: "
	fromThreats  = "`/platform/3/antivirus/reports/threats`: "
)

var (
	perNode   = []string{"node"}
	perLink   = []string{"node", "server"}
	perPolicy = []string{"policy"}
)

// What is known of the cluster and its configuration.
var (
	metricClusterInfo = metric.New(metric.Desc{
		Name: "onefs_cluster_info", Kind: metric.Info, Labels: []string{"name", "guid", "release"}, Part: partCluster,
		Help: "The cluster and its release of OneFS.", Source: fromCluster + "name, guid, onefs_version.release",
	})
	metricNodes = metric.New(metric.Desc{
		Name: "onefs_nodes", Kind: metric.Gauge, Unit: "nodes", Part: partCluster,
		Help: "Nodes of the cluster.", Source: fromCluster + "devices",
	})
	metricNodesUp = metric.New(metric.Desc{
		Name: "onefs_nodes_up", Kind: metric.Gauge, Unit: "nodes", Part: partCluster,
		Help: "Nodes of the cluster that are up.", Source: fromCluster + "devices[].is_up",
	})
	metricServersRecommended = metric.New(metric.Desc{
		Name: "onefs_cava_servers_recommended", Kind: metric.Gauge, Unit: "servers", Part: partCluster,
		Help: "CAVA servers that a cluster of this size should have: one for four nodes, and two at least.", Source: fromCluster + "devices",
	})
	metricServiceEnabled = metric.New(metric.Desc{
		Name: "onefs_cava_service_enabled", Kind: metric.Gauge, Part: partSettings,
		Help: "Whether CAVA antivirus is switched on.", Source: fromSettings + "service_enabled",
	})
	metricServerEnabled = metric.New(metric.Desc{
		Name: "onefs_cava_server_enabled", Kind: metric.Gauge, Labels: []string{"server"}, Part: partServers,
		Help: "Whether the configured CAVA server is enabled. This is configuration and says nothing of its health.", Source: fromServers + "enabled",
	})
	metricServersEnabled = metric.New(metric.Desc{
		Name: "onefs_cava_servers_enabled", Kind: metric.Gauge, Unit: "servers", Part: partServers,
		Help: "CAVA servers that are configured and enabled.", Source: fromServers + "enabled",
	})
	metricConnectionsLimit = metric.New(metric.Desc{
		Name: "onefs_cava_server_connections_limit", Kind: metric.Gauge, Unit: "connections", Part: partServers,
		Help: "Connections that one CAVA server takes, from all nodes together.", Source: "the option connections_per_server_limit; the sizing guide says 20",
	})
	metricFilterEnabled = metric.New(metric.Desc{
		Name: "onefs_cava_zone_filter_enabled", Kind: metric.Gauge, Labels: []string{"zone", "profile"}, Values: map[string][]string{"profile": profiles}, Part: partFilters,
		Help: "Whether files of the access zone are scanned on access.", Source: fromFilters + "filter_enabled, zone_name, scan_profile",
	})
	metricOpenOnFail = metric.New(metric.Desc{
		Name: "onefs_cava_zone_open_on_fail", Kind: metric.Gauge, Labels: []string{"zone"}, Part: partFilters,
		Help: "Whether files of the access zone can be opened when their scan fails; if not, users are locked out then.", Source: fromFilters + "open_on_fail",
	})
	metricJobEnabled = metric.New(metric.Desc{
		Name: "onefs_cava_job_enabled", Kind: metric.Gauge, Labels: []string{"job"}, Part: partJobs,
		Help: "Whether the scan policy is enabled.", Source: fromJobs + "enabled",
	})
	metricJobLastRun = metric.New(metric.Desc{
		Name: "onefs_cava_job_last_run_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: []string{"job"}, Part: partJobs,
		Help: "When the scan policy was last run by its schedule. Absent when it never was.", Source: fromJobs + "last_scheduled_run",
	})
)

// What a node says of itself.
var (
	metricSystemStatus = metric.New(metric.Desc{
		Name: "onefs_cava_system_status", Kind: metric.StateSet, Labels: []string{"node", "status"}, Values: map[string][]string{"status": systemStatuses}, Part: partNodes,
		Help: "State of CAVA on the node.", Source: fromNodes + "system_status",
	})
	metricBlockingEvents = metric.New(metric.Desc{
		Name: "onefs_cava_blocking_events", Kind: metric.Gauge, Unit: "events", Labels: perNode, Part: partNodes,
		Help: "Events that keep CAVA from working on the node.", Source: fromNodes + "blocking_events",
	})
	metricNodeInfo = metric.New(metric.Desc{
		Name: "onefs_cava_node_info", Kind: metric.Info, Labels: []string{"node", "av_vendor", "cee_version", "dtd_version"}, Part: partNodes,
		Help: "The antivirus product and the versions that the node works with.", Source: fromNodes + "av_vendor, cee_version, dtd_version",
	})
	metricSignature = metric.New(metric.Desc{
		Name: "onefs_cava_signature_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perNode, Part: partNodes,
		Help: "When the virus signatures that the node works with were last updated. Absent when it gives no time that can be read.", Source: fromNodes + "signature_timestamp",
	})
	metricScanRequests = metric.New(metric.Desc{
		Name: "onefs_cava_scan_requests_total", Kind: metric.Counter, Unit: "requests", Part: partNodes,
		Labels: []string{"node", "source"}, Values: map[string][]string{"source": {"on_access", "job", "manual"}},
		Help: "Scan requests of the node by what asked for the scan: access by a protocol, a scan policy, a single file.", Source: fromStats + "on_demand_scan_requests (on-access despite its name), job_scan_requests, manual_scan_requests",
	})
	metricProcessed = metric.New(metric.Desc{
		Name: "onefs_cava_files_processed_total", Kind: metric.Counter, Unit: "files", Labels: perNode, Part: partNodes,
		Help: "Files that the node had processed.", Source: fromStats + "files_processed",
	})
	metricSkipped = metric.New(metric.Desc{
		Name: "onefs_cava_files_skipped_total", Kind: metric.Counter, Unit: "files", Labels: []string{"node", "reason"}, Values: map[string][]string{"reason": {"filter", "size"}}, Part: partNodes,
		Help: "Files that were not scanned: a filter leaves them out, or they are too large.", Source: fromStats + "files_skipped_per_filter, files_skipped_per_size",
	})
	metricResults = metric.New(metric.Desc{
		Name: "onefs_cava_scan_results_total", Kind: metric.Counter, Unit: "files", Labels: []string{"node", "result"}, Values: map[string][]string{"result": {"success", "failure", "infected"}}, Part: partNodes,
		Help: "Answers of the CAVA servers to the node.", Source: fromStats + "cee_success_count, cee_failure_count, cee_infected_count",
	})
	metricScanFailures = metric.New(metric.Desc{
		Name: "onefs_cava_scan_failures_total", Kind: metric.Counter, Unit: "files", Labels: perNode, Part: partNodes,
		Help: "Scans that failed.", Source: fromStats + "scan_fails",
	})
	metricScanTimeouts = metric.New(metric.Desc{
		Name: "onefs_cava_scan_timeouts_total", Kind: metric.Counter, Unit: "files", Labels: perNode, Part: partNodes,
		Help: "Scans that were given up after the scan timeout.", Source: fromStats + "scan_timeouts",
	})
	metricScanDuration = metric.New(metric.Desc{
		Name: "onefs_cava_scan_duration_avg_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perNode, Part: partNodes,
		Help: "Mean duration of a scan, as the node reckons it.", Source: fromStats + "avg_scan_duration (milliseconds)",
	})
	metricBlockTime = metric.New(metric.Desc{
		Name: "onefs_cava_scan_block_time_avg_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perNode, Part: partNodes,
		Help: "Mean time that a scan keeps a user waiting, as the node reckons it.", Source: fromStats + "avg_scan_block_time (taken for milliseconds)",
	})
	metricQueue = metric.New(metric.Desc{
		Name: "onefs_cava_queue_files", Kind: metric.Gauge, Unit: "files", Labels: []string{"node", "queue"}, Values: map[string][]string{"queue": {"fast", "slow", "batch"}}, Part: partNodes,
		Help: "Files waiting for a scan: in the queue for most files, for large and cloud files, for scan policies.", Source: fromStats + "{fast,slow,batch}_file_queue_size",
	})
	metricQueueLimit = metric.New(metric.Desc{
		Name: "onefs_cava_queue_limit_files", Kind: metric.Gauge, Unit: "files", Labels: []string{"node", "queue"}, Values: map[string][]string{"queue": {"fast", "slow", "batch"}}, Part: partNodes,
		Help: "Files that the queue takes.", Source: fromStats + "{fast,slow,batch}_file_queue_max_size",
	})
)

// What a node says of a CAVA server. A node knows some of the servers only; the
// absence of a server says nothing of it.
var (
	metricServerOnline = metric.New(metric.Desc{
		Name: "onefs_cava_server_online", Kind: metric.Gauge, Labels: perLink, Part: partNodes,
		Help: "Whether the node gives the CAVA server a state that the option online_states lists.", Source: fromLink + "server_state",
	})
	metricServerState = metric.New(metric.Desc{
		Name: "onefs_cava_server_state", Kind: metric.Info, Labels: []string{"node", "server", "state"}, Part: partNodes,
		Help: "The state of the CAVA server in the node's own word. OneFS documents no list of them.", Source: fromLink + "server_state",
	})
	metricConnections = metric.New(metric.Desc{
		Name: "onefs_cava_server_connections", Kind: metric.Gauge, Unit: "connections", Labels: perLink, Part: partNodes,
		Help: "Connections of the node to the CAVA server.", Source: fromLink + "connections",
	})
	metricHeartbeats = metric.New(metric.Desc{
		Name: "onefs_cava_server_heartbeats_total", Kind: metric.Counter, Unit: "heartbeats", Labels: perLink, Part: partNodes,
		Help: "Good heartbeats between the node and the CAVA server. While they do not advance, the server does not answer the node.", Source: fromLink + "good_heartbeats",
	})
	metricHeartbeatRTT = metric.New(metric.Desc{
		Name: "onefs_cava_server_heartbeat_rtt_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perLink, Part: partNodes,
		Help: "Mean round trip of a heartbeat.", Source: fromLink + "heartbeat_rtt (milliseconds)",
	})
	metricServerRequests = metric.New(metric.Desc{
		Name: "onefs_cava_server_scan_requests_total", Kind: metric.Counter, Unit: "requests", Labels: perLink, Part: partNodes,
		Help: "Scan requests of the node that the CAVA server received.", Source: fromLink + "scan_requests",
	})
	metricServerRTT = metric.New(metric.Desc{
		Name: "onefs_cava_server_scan_rtt_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perLink, Part: partNodes,
		Help: "Mean round trip of a scan request.", Source: fromLink + "scan_rtt (milliseconds)",
	})
)

// What OneFS raised and reported.
var (
	metricEventActive = metric.New(metric.Desc{
		Name: "onefs_avscan_event_active", Kind: metric.Gauge, Labels: []string{"event", "severity"}, Part: partEvents,
		Help:   "Whether an antivirus event (SW_AVSCAN_...) stands unresolved and not ignored. SW_AVSCAN_CAVA_SERVER_OFFLINE is always present, others once they were seen.",
		Source: fromEvents + "causes, severity, of groups with resolved=false and ignore=false",
	})
	metricReportEnd = metric.New(metric.Desc{
		Name: "onefs_avscan_report_end_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perPolicy, Part: partReports,
		Help: "When the last scan of the policy ended that was completed.", Source: fromScans + "end",
	})
	metricReportFiles = metric.New(metric.Desc{
		Name: "onefs_avscan_report_files", Kind: metric.Gauge, Unit: "files", Labels: perPolicy, Part: partReports,
		Help: "Files scanned by that scan.", Source: fromScans + "files",
	})
	metricReportInfections = metric.New(metric.Desc{
		Name: "onefs_avscan_report_infections", Kind: metric.Gauge, Unit: "files", Labels: perPolicy, Part: partReports,
		Help: "Infections found by that scan.", Source: fromScans + "infections",
	})
	metricReportFailures = metric.New(metric.Desc{
		Name: "onefs_avscan_report_failures", Kind: metric.Gauge, Unit: "files", Labels: perPolicy, Part: partReports,
		Help: "Files that could not be scanned by that scan.", Source: fromScans + "scan_fails",
	})
	metricReportDuration = metric.New(metric.Desc{
		Name: "onefs_avscan_report_duration_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perPolicy, Part: partReports,
		Help: "How long that scan took.", Source: fromScans + "duration",
	})
	metricReportSize = metric.New(metric.Desc{
		Name: "onefs_avscan_report_size_bytes", Kind: metric.Gauge, Unit: "bytes", Labels: perPolicy, Part: partReports,
		Help: "Size of the files scanned by that scan.", Source: fromScans + "size",
	})
	metricThreats = metric.New(metric.Desc{
		Name: "onefs_avscan_threat_reports", Kind: metric.Gauge, Unit: "reports", Part: partReports,
		Help: "Threats on record. They leave it when they expire.", Source: fromThreats + "total",
	})
)

var metrics = []*metric.Desc{
	metricClusterInfo, metricNodes, metricNodesUp, metricServersRecommended,
	metricServiceEnabled,
	metricServerEnabled, metricServersEnabled, metricConnectionsLimit,
	metricSystemStatus, metricBlockingEvents, metricNodeInfo, metricSignature,
	metricServerOnline, metricServerState, metricConnections, metricHeartbeats, metricHeartbeatRTT, metricServerRequests, metricServerRTT,
	metricScanRequests, metricProcessed, metricSkipped, metricResults, metricScanFailures, metricScanTimeouts,
	metricScanDuration, metricBlockTime, metricQueue, metricQueueLimit,
	metricFilterEnabled, metricOpenOnFail,
	metricJobEnabled, metricJobLastRun,
	metricEventActive,
	metricReportEnd, metricReportFiles, metricReportInfections, metricReportFailures, metricReportDuration, metricReportSize, metricThreats,
}
