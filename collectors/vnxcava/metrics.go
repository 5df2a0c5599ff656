package vnxcava

import "dataprotection_exporter/collectors/metric"

// The parts of this system.
const (
	partStatus = "status"
	partAudit  = "audit"
	partLog    = "log"
)

const (
	fromStatus = "`server_viruschk <mover>`: "
	fromAudit  = "`server_viruschk <mover> -audit`: "
	fromLog    = "`server_log <mover> -a -s`: "
)

var (
	perMover   = []string{"mover"}
	perChecker = []string{"mover", "checker"}
)

// What the status form says of a mover.
var (
	metricRunning = metric.New(metric.Desc{
		Name: "vnx_cava_running", Kind: metric.Gauge, Labels: perMover, Part: partStatus,
		Help:   "Whether virus checking runs on the mover, that is, has threads.",
		Source: fromStatus + "N threads started",
	})
	metricThreads = metric.New(metric.Desc{
		Name: "vnx_cava_threads", Kind: metric.Gauge, Unit: "threads", Labels: perMover, Part: partStatus,
		Help:   "Virus checking threads started on the mover: files that can be scanned at once.",
		Source: fromStatus + "N threads started",
	})
	metricCheckersConfigured = metric.New(metric.Desc{
		Name: "vnx_cava_checkers_configured", Kind: metric.Gauge, Unit: "checkers", Labels: perMover, Part: partStatus,
		Help:   "Virus checkers configured for the mover.",
		Source: fromStatus + "N Checker IP Address(es)",
	})
	metricHighWaterMark = metric.New(metric.Desc{
		Name: "vnx_cava_high_water_mark_files", Kind: metric.Gauge, Unit: "files", Labels: perMover, Part: partStatus,
		Help:   "Queue length at which the mover gives virus checking more resources and file service suffers.",
		Source: fromStatus + "High water mark=N",
	})
	metricLowWaterMark = metric.New(metric.Desc{
		Name: "vnx_cava_low_water_mark_files", Kind: metric.Gauge, Unit: "files", Labels: perMover, Part: partStatus,
		Help:   "Queue length that is the first sign of files queueing up too fast.",
		Source: fromStatus + "Low water mark=N",
	})
	metricRequestTimeout = metric.New(metric.Desc{
		Name: "vnx_cava_rpc_request_timeout_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perMover, Part: partStatus,
		Help:   "How long the mover waits for a file to be scanned before it asks another checker.",
		Source: fromStatus + "RPC request timeout=N milliseconds",
	})
	metricRetryTimeout = metric.New(metric.Desc{
		Name: "vnx_cava_rpc_retry_timeout_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perMover, Part: partStatus,
		Help:   "How long the mover waits for a checker to acknowledge a call.",
		Source: fromStatus + "RPC retry timeout=N milliseconds",
	})
	metricSurveyInterval = metric.New(metric.Desc{
		Name: "vnx_cava_survey_interval_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perMover, Part: partStatus,
		Help:   "How often the mover asks every checker for its state.",
		Source: fromStatus + "Scan all virus checkers every N seconds",
	})
	metricOfflinePolicy = metric.New(metric.Desc{
		Name: "vnx_cava_offline_policy", Kind: metric.StateSet, Labels: []string{"mover", "policy"}, Part: partStatus,
		Values: map[string][]string{"policy": Policies},
		Help:   "What the mover does when no checker is online: nothing (none), stop virus checking, or stop CIFS file service.",
		Source: fromStatus + "When all virus checkers are offline: ...",
	})
	metricScanOnRead = metric.New(metric.Desc{
		Name: "vnx_cava_scan_on_read_enabled", Kind: metric.Gauge, Labels: perMover, Part: partStatus,
		Help:   "Whether files are scanned on their first read too.",
		Source: fromStatus + "Scan on read ...",
	})
	metricFileMasks = metric.New(metric.Desc{
		Name: "vnx_cava_file_masks", Kind: metric.Gauge, Labels: perMover, Part: partStatus,
		Help:   "Masks that say which files are scanned.",
		Source: fromStatus + "N File Mask(s)",
	})
	metricExcludedMasks = metric.New(metric.Desc{
		Name: "vnx_cava_excluded_masks", Kind: metric.Gauge, Labels: perMover, Part: partStatus,
		Help:   "Masks that say which files are not scanned.",
		Source: fromStatus + "N Excluded File(s), No File excluded",
	})
	metricInfo = metric.New(metric.Desc{
		Name: "vnx_cava_info", Kind: metric.Info, Part: partStatus,
		Labels: []string{"mover", "share", "msrpc_user", "msrpc_client_name"},
		Help:   "The share the checkers read files through, and the machine account the mover calls them with.",
		Source: fromStatus + "Share, MS-RPC User, MS-RPC ClientName",
	})
)

// What the status form says of a checker.
var (
	metricCheckerOnline = metric.New(metric.Desc{
		Name: "vnx_cava_checker_online", Kind: metric.Gauge, Labels: perChecker, Part: partStatus,
		Help:   "Whether the mover uses the checker: its state is ONLINE.",
		Source: fromStatus + "the word behind the checker's address",
	})
	metricCheckerState = metric.New(metric.Desc{
		Name: "vnx_cava_checker_state", Kind: metric.StateSet, Part: partStatus,
		Labels: []string{"mover", "checker", "state"}, Values: map[string][]string{"state": States},
		Help:   "The checker's state as the mover prints it.",
		Source: fromStatus + "the word behind the checker's address",
	})
	metricCheckerDiagnosis = metric.New(metric.Desc{
		Name: "vnx_cava_checker_diagnosis", Kind: metric.Info, Part: partStatus,
		Labels: []string{"mover", "checker", "state", "code", "nt_status", "cause"},
		Values: map[string][]string{"state": States, "cause": Causes},
		Help:   "Why the checker is in its state: the number behind ERROR_AUTH, the ntStatus of the mover's call, and the cause they stand for.",
		Source: fromStatus + "the word and number behind the checker's address, ntStatus",
	})
	metricCheckerInfo = metric.New(metric.Desc{
		Name: "vnx_cava_checker_info", Kind: metric.Info, Part: partStatus,
		Labels: []string{"mover", "checker", "server_name", "av_engine", "cava_version", "transport"},
		Help:   "What runs on the checker. A filled antivirus engine is no sign of health.",
		Source: fromStatus + "Server Name, AV Engine, CAVA version or release, the transport before it",
	})
	metricCheckerLastCheck = metric.New(metric.Desc{
		Name: "vnx_cava_checker_last_check_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perChecker, Part: partStatus,
		Help:   "When the mover last asked the checker for its state, by the mover's clock.",
		Source: fromStatus + "the time behind the checker's state",
	})
	metricCheckerSignature = metric.New(metric.Desc{
		Name: "vnx_cava_checker_signature_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perChecker, Part: partStatus,
		Help:   "When the checker's virus signatures were last updated. Absent when the checker gives no date.",
		Source: fromStatus + "Last time signature updated",
	})
)

// What the audit form says.
var (
	metricQueue = metric.New(metric.Desc{
		Name: "vnx_cava_queue_files", Kind: metric.Gauge, Unit: "files", Labels: perMover, Part: partAudit,
		Help:   "Files waiting for a virus checking thread.",
		Source: fromAudit + "N Files in the collector queue",
	})
	metricScanning = metric.New(metric.Desc{
		Name: "vnx_cava_scanning_files", Kind: metric.Gauge, Unit: "files", Labels: perMover, Part: partAudit,
		Help:   "Files a virus checking thread works on.",
		Source: fromAudit + "N Files processed by the AV threads",
	})
	metricInProgress = metric.New(metric.Desc{
		Name: "vnx_cava_requests_in_progress", Kind: metric.Gauge, Unit: "requests", Labels: perMover, Part: partAudit,
		Help:   "Scan requests not yet answered.",
		Source: fromAudit + "Requests in progress",
	})
	metricRequests = metric.New(metric.Desc{
		Name: "vnx_cava_requests_total", Kind: metric.Counter, Unit: "requests", Labels: perMover, Part: partAudit,
		Help:   "Scan requests since virus checking was started on the mover.",
		Source: fromAudit + "Total Requests",
	})
	metricFailures = metric.New(metric.Desc{
		Name: "vnx_cava_request_failures_total", Kind: metric.Counter, Unit: "requests", Part: partAudit,
		Labels: []string{"mover", "reason"}, Values: map[string][]string{"reason": FailureReasons},
		Help:   "Scan requests that failed since virus checking was started, by the device's reason.",
		Source: fromAudit + "NO ANSWER, ERROR_SETUP, FILE_NOT_FOUND, ACCESS_DENIED, FAIL, TIMEOUT; other words as other",
	})
	metricInfected = metric.New(metric.Desc{
		Name: "vnx_cava_infected_files_total", Kind: metric.Counter, Unit: "files", Labels: perMover, Part: partAudit,
		Help:   "Infected files found since virus checking was started.",
		Source: fromAudit + "Total Infected Files",
	})
	metricInfectedActions = metric.New(metric.Desc{
		Name: "vnx_cava_infected_file_actions_total", Kind: metric.Counter, Unit: "files", Part: partAudit,
		Labels: []string{"mover", "action"}, Values: map[string][]string{"action": Actions},
		Help:   "Infected files by what was done about them.",
		Source: fromAudit + "Deleted, Renamed, Modified Infected Files",
	})
	metricScanMin = metric.New(metric.Desc{
		Name: "vnx_cava_scan_duration_min_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perMover, Part: partAudit,
		Help:   "Shortest scan request since virus checking was started.",
		Source: fromAudit + "min=N uS",
	})
	metricScanMax = metric.New(metric.Desc{
		Name: "vnx_cava_scan_duration_max_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perMover, Part: partAudit,
		Help:   "Longest scan request since virus checking was started.",
		Source: fromAudit + "max=N uS",
	})
	metricScanAvg = metric.New(metric.Desc{
		Name: "vnx_cava_scan_duration_avg_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perMover, Part: partAudit,
		Help:   "Mean scan request since virus checking was started; it hides what happens now.",
		Source: fromAudit + "average=N uS",
	})
)

// What the log says.
var (
	metricLogEvents = metric.New(metric.Desc{
		Name: "vnx_cava_log_events_total", Kind: metric.Counter, Unit: "events", Part: partLog,
		Labels: []string{"mover", "event_id", "severity"},
		Help:   "Virus checking events in the mover's log since this exporter watches it. Some ids are present from the start with 0.",
		Source: fromLog + "lines of facility VC",
	})
	metricLogFileErrors = metric.New(metric.Desc{
		Name: "vnx_cava_log_file_errors_total", Kind: metric.Counter, Unit: "events", Part: partLog,
		Labels: []string{"mover", "checker", "error"}, Values: map[string][]string{"error": FileErrors},
		Help:   "Files a checker could not check since this exporter watches the log, by the checker's error word.",
		Source: fromLog + "Server '<checker>' returned error '<word>' when checking file ... (event 32)",
	})
)

var metrics = []*metric.Desc{
	metricRunning, metricThreads, metricCheckersConfigured,
	metricCheckerOnline, metricCheckerState, metricCheckerDiagnosis, metricCheckerInfo, metricCheckerLastCheck, metricCheckerSignature,
	metricHighWaterMark, metricLowWaterMark, metricRequestTimeout, metricRetryTimeout, metricSurveyInterval,
	metricOfflinePolicy, metricScanOnRead, metricFileMasks, metricExcludedMasks, metricInfo,
	metricQueue, metricScanning, metricInProgress, metricRequests, metricFailures, metricInfected, metricInfectedActions,
	metricScanMin, metricScanMax, metricScanAvg,
	metricLogEvents, metricLogFileErrors,
}
