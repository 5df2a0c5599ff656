package avamar

import "dataprotection_exporter/collectors/metric"

// The parts of this system.
const (
	partMCSSerial  = "mcs_serial"
	partGSANSerial = "gsan_serial"
	partGSANLog    = "gsan_log"
	partClientLog  = "client_log"
	partServices   = "services"
	partStatus     = "status"
)

const (
	fromTicketFile = "`cat /usr/local/avamar/var/mc/server_data/prefs/sessionticket.srl`"
	fromKeytable   = "`avmaint cat /sysinfo/security/keytable`: attribute minimalserial of the root"
	fromGSANLog    = "gsan.log and err.log (`gsan_logs`): "
	fromClientLog  = "client logs on the utility node (`client_logs`): "
	fromServices   = "`dpnctl status` (standard error): "
	fromStatus     = "`status.dpn`: "
)

var (
	metricMCSSerial = metric.New(metric.Desc{
		Name: "avamar_session_ticket_mcs_serial", Kind: metric.Gauge, Part: partMCSSerial,
		Help:   "Session-ticket serial that the management server (MCS) hands out.",
		Source: fromTicketFile,
	})
	metricGSANSerial = metric.New(metric.Desc{
		Name: "avamar_session_ticket_gsan_min_serial", Kind: metric.Gauge, Part: partGSANSerial,
		Help:   "Smallest session-ticket serial that the storage server (GSAN) accepts.",
		Source: fromKeytable,
	})
	metricGap = metric.New(metric.Desc{
		Name: "avamar_session_ticket_serial_gap", Kind: metric.Gauge, Part: partGSANSerial,
		Help:   "MCS serial less GSAN's minimum. Below 0 tickets are refused. Present only when both were read in the same collection.",
		Source: "the two serials",
	})
)

// What the logs say.
var (
	metricLogEvents = metric.New(metric.Desc{
		Name: "avamar_session_ticket_log_events_total", Kind: metric.Counter, Unit: "events", Part: partGSANLog,
		Labels: []string{"kind"}, Values: map[string][]string{"kind": Kinds},
		Help:   "Refused session tickets in GSAN's logs since this exporter watches them; an event that stands in several logs counts once.",
		Source: fromGSANLog + "sessionkeytable lines with <1479>, <1418>, <1426>; other codes as other",
	})
	metricLogLast = metric.New(metric.Desc{
		Name: "avamar_session_ticket_log_last_event_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Part: partGSANLog,
		Labels: []string{"kind"}, Values: map[string][]string{"kind": Kinds},
		Help:   "When GSAN last refused a session ticket. Absent while none was seen.",
		Source: fromGSANLog + "the line's time, which is UTC",
	})
	metricLastRejected = metric.New(metric.Desc{
		Name: "avamar_session_ticket_last_rejected_serial", Kind: metric.Gauge, Part: partGSANLog,
		Labels: []string{"kind"}, Values: map[string][]string{"kind": {kindBelowMinimum, kindAlreadyUsed}},
		Help:   "Serial of the last refused session ticket, where the line names it.",
		Source: fromGSANLog + "new serial= of <1479>, serial= of <1418>",
	})
	metricLogins = metric.New(metric.Desc{
		Name: "avamar_client_logins_total", Kind: metric.Counter, Unit: "logins", Part: partClientLog,
		Help:   "Logins with a session ticket that backup jobs on this host began, since this exporter watches their logs.",
		Source: fromClientLog + "<5581> ... with Session Ticket",
	})
	metricLoginFailures = metric.New(metric.Desc{
		Name: "avamar_client_login_failures_total", Kind: metric.Counter, Unit: "logins", Part: partClientLog,
		Labels: []string{"reason"}, Values: map[string][]string{"reason": {reasonTicket, reasonOther}},
		Help:   "Logins of backup jobs on this host that failed, since this exporter watches their logs.",
		Source: fromClientLog + "<5126> with and without (Session Ticket login)",
	})
)

// Reasons of failed logins, as values of the label `reason`.
const (
	reasonTicket = "session_ticket"
	reasonOther  = "other"
)

// What the health commands say.
var (
	metricServiceUp = metric.New(metric.Desc{
		Name: "avamar_service_up", Kind: metric.Gauge, Part: partServices, Labels: []string{"service"},
		Help:   "Whether a service is up, ready or enabled.",
		Source: fromServices + "<service> status: <word>",
	})
	metricSystemOK = metric.New(metric.Desc{
		Name: "avamar_system_ok", Kind: metric.Gauge, Part: partStatus,
		Help:   "Whether the system calls its own status ok.",
		Source: fromStatus + "System-Status",
	})
	metricAccess = metric.New(metric.Desc{
		Name: "avamar_access_status", Kind: metric.StateSet, Part: partStatus,
		Labels: []string{"status"}, Values: map[string][]string{"status": accessStates},
		Help:   "Who may write: everybody (full), only administrators, nobody. Not full is normal while maintenance runs.",
		Source: fromStatus + "Access-Status",
	})
	metricNodeOnline = metric.New(metric.Desc{
		Name: "avamar_node_online", Kind: metric.Gauge, Part: partStatus, Labels: []string{"node"},
		Help:   "Whether a storage node is ONLINE.",
		Source: fromStatus + "column State",
	})
	metricNodeUsed = metric.New(metric.Desc{
		Name: "avamar_node_used_ratio", Kind: metric.Gauge, Unit: "ratio", Part: partStatus, Labels: []string{"node"},
		Help:   "How full a storage node is. Absent for a node that does not say.",
		Source: fromStatus + "column %Full",
	})
	metricCheckpointTime, metricCheckpointOK = job("checkpoint", "checkpoint")
	metricGCTime, metricGCOK                 = job("gc", "GC")
	metricHfscheckTime, metricHfscheckOK     = job("hfscheck", "hfscheck")
)

// job declares the two metrics of a maintenance job.
func job(name, printed string) (finished, ok *metric.Desc) {
	finished = metric.New(metric.Desc{
		Name: "avamar_" + name + "_last_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Part: partStatus,
		Help:   "When the last " + printed + " finished. Absent when there was none yet.",
		Source: fromStatus + "Last " + printed + ": ... finished <local time>",
	})
	ok = metric.New(metric.Desc{
		Name: "avamar_" + name + "_last_ok", Kind: metric.Gauge, Part: partStatus,
		Help:   "Whether the last " + printed + " went well; 0 also when there was none yet.",
		Source: fromStatus + "the word in the last parentheses, or No " + printed + " yet",
	})
	return finished, ok
}

var metrics = []*metric.Desc{
	metricMCSSerial, metricGSANSerial, metricGap,
	metricLogEvents, metricLogLast, metricLastRejected, metricLogins, metricLoginFailures,
	metricServiceUp, metricSystemOK, metricAccess, metricNodeOnline, metricNodeUsed,
	metricCheckpointTime, metricCheckpointOK, metricHfscheckTime, metricHfscheckOK, metricGCTime, metricGCOK,
}
