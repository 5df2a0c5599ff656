package ntfrs

import "dataprotection_exporter/collectors/metric"

// The parts of this system.
const (
	partSets     = "sets"
	partEvents   = "events"
	partCounters = "counters"
	partDebugLog = "debug_log"
	partDFSR     = "dfsr"
)

const (
	fromSets     = "`ntfrsutl sets <member>`: "
	fromEvents   = "`wevtutil qe \"File Replication Service\"`: "
	fromTypeperf = "`typeperf` of `\\FileReplicaSet(*)\\"
	fromCounter  = "RawValue of `Get-Counter` of `\\FileReplicaSet(*)\\"
	fromDebugLog = "NtFrs_000N.log (`debug_logs`): "
	fromDFSR     = "`dfsrdiag backlog`: "
)

var (
	perMember     = []string{"member"}
	perSet        = []string{"member", "replica_set"}
	perPartner    = []string{"member", "replica_set", "partner"}
	perConnection = []string{"member", "replica_set", "partner", "direction"}
	perEvent      = []string{"member", "event_id"}
)

// What the service tells of itself.
var (
	metricState = metric.New(metric.Desc{
		Name: "ntfrs_service_state", Kind: metric.StateSet, Part: partSets,
		Labels: []string{"member", "replica_set", "state"}, Values: map[string][]string{"state": States},
		Help:   "State of the File Replication Service for a replica set. Only ACTIVE replicates.",
		Source: fromSets + "ServiceState",
	})
	metricMember = metric.New(metric.Desc{
		Name: "ntfrs_member_of_any_set", Kind: metric.Gauge, Labels: perMember, Part: partSets,
		Help:   "Whether the member is in any replica set.",
		Source: fromSets + "IS NOT A MEMBER OF ANY SET!, or a replica set",
	})
	metricSequence = metric.New(metric.Desc{
		Name: "ntfrs_outlog_sequence_number", Kind: metric.Gauge, Labels: perSet, Part: partSets,
		Help:   "Number of the newest change order in the outbound log. It wraps at 32 bits and starts anew when the set is initialised anew.",
		Source: fromSets + "OutLogSeqNum",
	})
	metricOutbound = metric.New(metric.Desc{
		Name: "ntfrs_outbound_connections", Kind: metric.Gauge, Unit: "connections", Labels: perSet, Part: partSets,
		Help:   "Connections to partners that get their changes from this member; read-only domain controllers have none. Absent where the answer holds lines that may be connections and are not known here.",
		Source: fromSets + "outbound connections",
	})
	metricBacklog = metric.New(metric.Desc{
		Name: "ntfrs_outbound_backlog_change_orders", Kind: metric.Gauge, Unit: "change_orders", Labels: perPartner, Part: partSets,
		Help:   "Change orders the partner has not acknowledged yet, at most: those meant for other partners only count too. Absent for a partner that never joined.",
		Source: fromSets + "OutLogSeqNum - trailing index",
	})
	metricUnsent = metric.New(metric.Desc{
		Name: "ntfrs_outbound_unsent_change_orders", Kind: metric.Gauge, Unit: "change_orders", Labels: perPartner, Part: partSets,
		Help:   "Change orders not yet sent to the partner.",
		Source: fromSets + "OutLogSeqNum - leading index, or Send Delta",
	})
	metricUnacknowledged = metric.New(metric.Desc{
		Name: "ntfrs_outbound_unacknowledged_change_orders", Kind: metric.Gauge, Unit: "change_orders", Labels: perPartner, Part: partSets,
		Help:   "Change orders sent to the partner and not acknowledged.",
		Source: fromSets + "leading index - trailing index, or LMT",
	})
	metricJoined = metric.New(metric.Desc{
		Name: "ntfrs_connection_joined", Kind: metric.Gauge, Labels: perConnection, Part: partSets,
		Values: map[string][]string{"direction": {outbound, inbound, unknown}},
		Help:   "Whether the connection is joined. Outside of its schedule it need not be.",
		Source: fromSets + "state of the connection",
	})
	metricLastJoin = metric.New(metric.Desc{
		Name: "ntfrs_connection_last_join_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perConnection, Part: partSets,
		Values: map[string][]string{"direction": {outbound, inbound, unknown}},
		Help:   "When the connection last joined. Absent when it never did.",
		Source: fromSets + "LastJoinTime",
	})
)

// What the event log tells.
var (
	metricEventLast = metric.New(metric.Desc{
		Name: "ntfrs_event_last_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perEvent, Part: partEvents,
		Values: map[string][]string{"event_id": eventIDs()},
		Help:   "When the event was last logged, as far back as 30 days before it was first asked for. Absent when it was not.",
		Source: fromEvents + "System/TimeCreated",
	})
	metricEventsRecent = metric.New(metric.Desc{
		Name: "ntfrs_events_recent", Kind: metric.Gauge, Unit: "events", Labels: perEvent, Part: partEvents,
		Values: map[string][]string{"event_id": eventIDs()},
		Help:   "Events logged in the last 24 hours, of the 5000 newest.",
		Source: fromEvents + "System/EventID",
	})
	metricEventActive = metric.New(metric.Desc{
		Name: "ntfrs_event_active", Kind: metric.Gauge, Labels: perEvent, Part: partEvents,
		Values: map[string][]string{"event_id": clearedIDs()},
		Help:   "Whether the trouble an event reports still stands: the event that ends it was not logged since (13508 by 13509, for every pair of partners; 13568 by 13516).",
		Source: fromEvents + "EventID and, for pairs, EventData",
	})
)

// What the performance counters tell.
var (
	metricStagingUsed = metric.New(metric.Desc{
		Name: "ntfrs_staging_used_bytes", Kind: metric.Gauge, Unit: "bytes", Labels: perSet, Part: partCounters,
		Help:   "Staging space in use. The limit is one for all sets of a server; from Windows 2003 on, files are purged near 90 %.",
		Source: fromTypeperf + counterUsed + "` * 1024",
	})
	metricStagingFree = metric.New(metric.Desc{
		Name: "ntfrs_staging_free_bytes", Kind: metric.Gauge, Unit: "bytes", Labels: perSet, Part: partCounters,
		Help:   "Staging space that is free below the limit.",
		Source: fromTypeperf + counterFree + "` * 1024",
	})
	metricChangeOrders = metric.New(metric.Desc{
		Name: "ntfrs_change_orders_total", Kind: metric.Counter, Unit: "change_orders", Part: partCounters,
		Labels: []string{"member", "replica_set", "stage"}, Values: map[string][]string{"stage": stageNames()},
		Help:   "Change orders by what happened to them, since the service started. Absent where PowerShell cannot be run.",
		Source: fromCounter + "Change Orders ...`",
	})
	metricInstalled = metric.New(metric.Desc{
		Name: "ntfrs_files_installed_total", Kind: metric.Counter, Unit: "files", Labels: perSet, Part: partCounters,
		Help:   "Files that came from partners and were installed, since the service started. Absent where PowerShell cannot be run.",
		Source: fromCounter + counterInstalled + "`",
	})
)

// What the debug logs tell.
var (
	metricChanges = metric.New(metric.Desc{
		Name: "ntfrs_changes_logged_total", Kind: metric.Counter, Unit: "lines", Labels: perMember, Part: partDebugLog,
		Help:   "Lines that log why a file changed, since this exporter watches the logs. One change passes several stages and has a line in each: a base for shares, no number of files.",
		Source: fromDebugLog + "ContentCmd",
	})
	metricReasons = metric.New(metric.Desc{
		Name: "ntfrs_change_reasons_total", Kind: metric.Counter, Unit: "lines", Part: partDebugLog,
		Labels: []string{"member", "reason"}, Values: map[string][]string{"reason": reasonNames()},
		Help:   "Lines that log a change, by its reasons; most have several.",
		Source: fromDebugLog + "bits of ContentCmd",
	})
	metricSecurityOnly = metric.New(metric.Desc{
		Name: "ntfrs_security_only_changes_total", Kind: metric.Counter, Unit: "lines", Labels: perMember, Part: partDebugLog,
		Help:   "Lines that log a change of the security descriptor and of no data or name: what virus scanners cause, and security templates, group policy and permission edits too.",
		Source: fromDebugLog + "ContentCmd with 0x800 and without 0x3377",
	})
	metricChangeLast = metric.New(metric.Desc{
		Name: "ntfrs_change_last_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perMember, Part: partDebugLog,
		Help:   "When the last change was logged. Lines have no date: absent where the day is not certain.",
		Source: fromDebugLog + "time of the last line with ContentCmd",
	})
)

var metricDFSR = metric.New(metric.Desc{
	Name: "dfsr_backlog_files", Kind: metric.Gauge, Unit: "files", Part: partDFSR,
	Labels: []string{"group", "folder", "from", "to"},
	Help:   "Files of DFS Replication that have not reached the receiving member yet.",
	Source: fromDFSR + "Backlog File Count, or No Backlog",
})

var metrics = []*metric.Desc{
	metricState, metricMember, metricSequence, metricOutbound, metricBacklog, metricUnsent, metricUnacknowledged,
	metricJoined, metricLastJoin,
	metricEventLast, metricEventsRecent, metricEventActive,
	metricStagingUsed, metricStagingFree, metricChangeOrders, metricInstalled,
	metricChanges, metricReasons, metricSecurityOnly, metricChangeLast,
	metricDFSR,
}
