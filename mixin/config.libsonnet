// Every selector, threshold, window and delay of the alerts. Override what differs:
//
//   (import 'mixin.libsonnet') + { _config+:: { cavaSignatureMaxAgeSeconds: 86400 } }
{
  _config+:: {
    // --- Links -----------------------------------------------------------------

    // Where people reach the exporter. It serves the runbook of each alert under
    // /runbooks/<Alert>.
    exporterURL: 'http://dataprotection-exporter:10048',

    // Where people reach Grafana. The dashboards have fixed uids, see dashboardIDs.
    grafanaURL: 'http://grafana:3000',

    // The uid of the dashboard of each system. Links and dashboards use the same table.
    dashboardIDs: {
      overview: 'dataprotection-overview',
      exporter: 'dataprotection-exporter',
      vnx_cava: 'dataprotection-vnx-cava',
      avamar: 'dataprotection-avamar',
      onefs_cava: 'dataprotection-onefs-cava',
      ntfrs: 'dataprotection-ntfrs',
      csmars: 'dataprotection-csmars',
    },

    // --- Selectors -------------------------------------------------------------

    // The series of all targets, including their `up`. Service discovery gives every
    // target a label `system`, which no other job is expected to have. Add your own
    // labels here if several teams share a Prometheus server.
    targetSelector: 'system!=""',

    // The exporter's own /metrics. Empty is enough as long as no other job exposes
    // metrics that start with dataprotection_config_.
    exporterSelector: '',

    // The series of the VNX and Celerra targets, including their `up`.
    vnxCavaSelector: 'system="vnx_cava"',

    // The series of the Avamar targets, including their `up`.
    avamarSelector: 'system="avamar"',

    // The series of the OneFS targets, including their `up`.
    onefsCavaSelector: 'system="onefs_cava"',

    // The series of the NTFRS and DFSR targets, including their `up`.
    ntfrsSelector: 'system="ntfrs"',

    // The series of the CS-MARS targets, including their `up`.
    csmarsSelector: 'system="csmars"',

    // --- Gaps ------------------------------------------------------------------

    // How far back an alert looks for the newest value of a gauge. A failed scrape
    // makes every series of the target vanish at once, and an alert on the bare gauge
    // would resolve, or start its delay from zero. Make it at least three times the
    // scrape interval.
    gapWindow: '5m',

    // How long a last known value counts while nothing newer can be read: settings
    // such as water marks, the offline policy, and the fact that all checkers were
    // offline. As long as the collection fails, CavaAllCheckersOffline keeps firing
    // for this time after the last reading.
    memoryWindow: '1d',

    // --- Exporter --------------------------------------------------------------

    // How long none of the targets of a job may be scraped before that pages. Longer than
    // a restart of the exporter, and shorter than targetDownFor: the exporter must be
    // known to be down before a page goes out for each of its targets.
    exporterDownFor: '5m',

    // How long nothing on a target may answer before that pages. Long enough for the
    // restart of a management station, short enough not to be blind for long.
    targetDownFor: '10m',

    // How long a single part may fail while others succeed.
    partFailingFor: '15m',

    // How long a refused login may last. Domain controllers restart, and a login that
    // is refused for a minute is not worth a ticket.
    loginRefusedFor: '5m',

    // How long a changed host key stays an alert after it was last seen.
    hostKeyWindow: '15m',

    // How long lines that the exporter cannot read must keep coming. A banner or a
    // message of the day comes and goes; a new output format stays.
    unrecognizedFor: '1h',

    // How long a failed reload may stay. It covers the time between two edits.
    configReloadFor: '5m',

    // --- vnx_cava: checkers ----------------------------------------------------

    // How long all checkers of a mover must be offline before it pages. It is a window
    // of readings, not a `for`: see the comment at the alert. At 1 minute between
    // evaluations these are three readings in a row; from Prometheus 3 on, whose ranges
    // leave out their first instant, two.
    cavaAllOfflineWindow: '2m',

    // With the policy "none" the Data Mover goes on serving files while all checkers
    // are offline and lets the requests queue. That starts as a warning and becomes
    // critical after this time, or as soon as more files wait than the low water mark.
    cavaAllOfflineGrace: '15m',

    // How long a single checker may be offline while another works. Covers the reboot
    // after a monthly patch.
    cavaCheckerOfflineFor: '10m',

    // How long ERROR_AUTH and AV_NOT_FOUND may last. They do not heal by themselves.
    cavaCheckerErrorFor: '5m',

    // How long virus checking may be stopped on a mover.
    cavaNotRunningFor: '2m',

    // With fewer configured checkers than this, the next reboot of one is an outage.
    cavaMinCheckers: 2,
    cavaMinCheckersFor: '1h',

    // The age of virus signatures that is too old. The date is the best case: it may
    // advance without new definitions.
    cavaSignatureMaxAgeSeconds: 3 * 86400,
    cavaSignatureFor: '1h',

    // A checker is overdue when its last check is older than this many survey
    // intervals and older than the floor. The floor is above the 5 minutes by which
    // clocks in a domain may differ.
    cavaCheckIntervals: 10,
    cavaCheckFloorSeconds: 600,

    // A wrong clock alone is not a missing check: the time of the last check must also
    // have stood still for this long.
    cavaCheckFrozenWindow: '15m',
    cavaCheckFor: '5m',

    // --- vnx_cava: queue -------------------------------------------------------

    // How long more files may wait or be scanned than the low or the high water mark.
    cavaQueueLowFor: '15m',
    cavaQueueHighFor: '5m',

    // The queue is filling up when its trend over the window crosses the high water
    // mark within the horizon, and at least this share of the mark is already reached.
    cavaQueueTrendWindow: '15m',
    cavaQueueHorizonSeconds: 1800,
    cavaQueueFloorRatio: 0.25,
    cavaQueueFillingFor: '5m',

    // How long every scan thread may be busy.
    cavaThreadsFor: '15m',

    // --- vnx_cava: results -----------------------------------------------------

    // Files a checker could not find, in a window. Single ones are files that were
    // deleted before their turn came.
    cavaFileNotFoundWindow: '1h',
    cavaFileNotFoundMax: 10,

    // Scan requests without an answer in time, in a window.
    cavaTimeoutWindow: '15m',
    cavaTimeoutMax: 5,

    // Infected files in a window. Each is worth knowing; more than the second number
    // looks like an outbreak or a false signature and becomes a warning.
    cavaInfectedWindow: '1h',
    cavaInfectedOutbreak: 20,

    // --- avamar: session tickets -----------------------------------------------

    // How long MCS may be behind GSAN's minimum. The usual repair raises the minimum
    // first and the file of MCS a few minutes later, and that must not page.
    avamarBehindFor: '5m',

    // A serial went backwards: for how long that stays an alert unless a repair ends it
    // sooner, and how old the reading may be that it is compared with. A day holds
    // every backup window once; a rollback of GSAN may take days.
    avamarBackwardsWindow: '1d',
    avamarBackwardsMemory: '7d',

    // Long enough that a file read while MCS writes it is no fall.
    avamarBackwardsFor: '2m',

    // How long a refused ticket or a failed login stays an alert. It bridges jobs that
    // run once an hour.
    avamarTicketWindow: '2h',

    // The positive gap that is too large, and how long it must last. No healthy value is
    // published. The serials of the one published case are 28451 to 38000, so 5000 is a
    // good part of the life of a system and not a night's work.
    avamarGapMax: 5000,
    avamarGapWindow: '15m',

    // A larger gap is usual, and quiet, once the system has been watched for this window
    // and the gap is at most this many times its median over it.
    avamarGapUsualFactor: 3,
    avamarGapUsualWindow: '7d',

    // The gap keeps widening when it is larger than one step ago, was larger then than
    // two steps ago (the standstill window), and GSAN's minimum did not move meanwhile.
    avamarGapStep: '1d',
    avamarGapStandstillWindow: '2d',

    // Whether GSAN's minimum moves by itself is not published. Standing still means
    // something only where it moved at least this often in the usual window before; a
    // repair moves it once. 0 warns wherever the gap widens.
    avamarGapMinimumMoves: 3,

    // How long one of the serials may be unreadable.
    avamarUnreadableFor: '15m',

    // --- avamar: health --------------------------------------------------------

    // Services whose loss stops backups, and services that are only switched on or off;
    // any other is a warning. A restart of MCS takes minutes.
    avamarServicesCritical: 'gsan|mcs',
    avamarServicesInfo: 'unattended_startup|maintenance_windows_scheduler',
    avamarServiceDownFor: '10m',
    avamarServiceInfoFor: '1h',

    // How long the access may be other than full. It is while maintenance runs, and an
    // hfscheck of up to 7 hours is normal.
    avamarAccessFor: '8h',

    // How long a node may be offline. Covers its reboot.
    avamarNodeOfflineFor: '10m',

    // The age of the last checkpoint and of the last hfscheck that is too old: the
    // limits of the vendor's health check. They run daily, some days later than others.
    avamarCheckpointMaxAgeSeconds: 86400,
    avamarHfscheckMaxAgeSeconds: 36 * 3600,
    avamarMaintenanceFor: '2h',

    // What %Full of a full node shows. status.dpn prints what the nodes report, as a
    // share of the raw space, and they are read-only at 65 %. Set it to 1 if %Full
    // equals the server utilization on your systems. The two shares of it at which the
    // vendor warns, and calls it the health check limit.
    avamarNodeFullRatio: 0.65,
    avamarCapacityWarning: 0.80,
    avamarCapacityCritical: 0.95,
    avamarCapacityFor: '1h',

    // The trend of how full a node is: over what window, from how long ago there must be
    // readings before it says when the node is full, and how far ahead the dashboard draws
    // it. Backups come at night and garbage collection frees daily, so a window of hours
    // always sees it rise or fall.
    avamarTrendWindow: '7d',
    avamarTrendMinimum: '2d',
    avamarTrendHorizonSeconds: 14 * 86400,

    // --- onefs_cava: servers ---------------------------------------------------

    // For how long every reading must say that a CAVA server is not online, with its
    // heartbeats standing still, before it counts as offline. The words of OneFS for the
    // state are not documented: a word that the exporter does not know counts as not
    // online, and then heartbeats decide. Make it longer than the time between two
    // heartbeats and at least three times the scrape interval.
    onefsOfflineWindow: '3m',

    // For how long heartbeats alone must stand still, whatever the state is called.
    onefsHeartbeatWindow: '10m',

    // How long a server may be offline beyond that. Both together cover a restart.
    // OnefsCavaAllServersOffline does not wait.
    onefsServerOfflineFor: '5m',

    // How long CAVA may be FAULTED, or DISABLED, on a node. The second covers the time in
    // which a service that was just switched on starts everywhere.
    onefsFaultedFor: '2m',
    onefsDisabledFor: '5m',

    // How long the cluster's own event of an offline server may be active. It covers
    // events that are resolved at once.
    onefsEventFor: '5m',

    // How long fewer servers than recommended may be enabled.
    onefsTooFewServersFor: '1h',

    // The age of virus signatures that is too old.
    onefsSignatureMaxAgeSeconds: 3 * 86400,
    onefsSignatureFor: '1h',

    // --- onefs_cava: scans -----------------------------------------------------

    // How full a queue may be, and for how long.
    onefsQueueRatio: 0.8,
    onefsQueueFor: '3m',

    // The share of the connections of a server that all nodes together may use. The limit
    // itself is set in the exporter (connections_per_server_limit).
    onefsConnectionsRatio: 0.9,
    onefsConnectionsFor: '15m',

    // Failed and timed-out scans of a node in a window: more than the number, and more
    // than the share of its scan requests. A timeout keeps a user waiting for a minute, so
    // fewer are too many.
    onefsFailureWindow: '15m',
    onefsFailureMax: 10,
    onefsFailureRatio: 0.01,
    onefsTimeoutMax: 5,
    onefsTimeoutRatio: 0.001,

    // Infected files of a cluster in a window. Each is worth knowing; more than the second
    // number looks like an outbreak or a false signature and becomes a warning.
    onefsInfectedWindow: '1h',
    onefsInfectedOutbreak: 20,

    // A scan policy is overdue when as many of its usual runs as this did not start, and
    // then the slack. The usual time between runs is the mean over the window, which your
    // Prometheus must keep. Until a policy was seen to start twice, the maximum age holds;
    // it is above a month, because schedules may be monthly.
    onefsPolicyWindow: '14d',
    onefsPolicyMissedRuns: 2,
    onefsPolicySlackSeconds: 86400,
    onefsPolicyMaxAgeSeconds: 35 * 86400,
    onefsPolicyFor: '2h',

    // --- csmars: archive -------------------------------------------------------

    // The age of the newest events that is too old. They are written every hour.
    csmarsArchiveMaxAgeSeconds: 2 * 3600,
    csmarsArchiveStaleFor: '15m',

    // The age of the newest configuration backup that is too old. It is due at 02:00.
    csmarsConfigMaxAgeSeconds: 26 * 3600,
    csmarsConfigFor: '15m',

    // How long the archive may fail to be read, and the age of the last scan that is too
    // old. Make the second at least twice scan_interval plus the time that a scan takes.
    csmarsUnreadableWindow: '30m',
    csmarsScanMaxAgeSeconds: 3600,
    csmarsUnreadableFor: '5m',

    // Missing days that are known and accepted. A day that was never archived stays
    // missing until the retention has passed it.
    csmarsMissingDaysMax: 0,
    csmarsDaysMissingFor: '1h',

    // How far the oldest day may be past the retention.
    csmarsPurgeSlackSeconds: 2 * 86400,
    csmarsPurgeStalledFor: '1h',

    // --- csmars: capacity ------------------------------------------------------

    // How long the projected size must exceed the filesystem.
    csmarsRetentionFor: '1h',

    // The filesystem is filling up when its trend over the window reaches 0 within the
    // horizon and less than this share of it is available. The archive grows hourly and
    // is purged daily, so a window of hours always sees space shrink. There must be
    // readings of at least the minimum ago.
    csmarsFillingWindow: '7d',
    csmarsFillingMinimum: '2d',
    csmarsFillingHorizonSeconds: 14 * 86400,
    csmarsFillingLevelRatio: 0.4,
    csmarsFillingFor: '6h',

    // The shares of bytes or inodes left at which the filesystem is almost full.
    csmarsAlmostFullWarning: 0.05,
    csmarsAlmostFullCritical: 0.03,
    csmarsAlmostFullFor: '30m',

    // --- csmars: database ------------------------------------------------------

    // How full the current partition is when a purge is near: where the appliance itself
    // begins to warn. Or how soon the switch is expected.
    csmarsPurgeUsedRatio: 0.75,
    csmarsPurgeSwitchSeconds: 3 * 86400,
    csmarsPurgeNearFor: '1h',

    // The window of the trend of the partition. The appliance draws a line through its fill
    // since it began, which shows a surge late.
    csmarsPartitionTrendWindow: '1d',

    // How long a purge may be near while the archive cannot be relied on.
    csmarsPurgeUnarchivedFor: '15m',

    // --- ntfrs: replication ----------------------------------------------------

    // Change orders that a partner has not acknowledged, and for how long. No limit is
    // published; the number counts changes for other partners too. The delay covers a
    // connection that is open once an hour.
    ntfrsBacklogMax: 1000,
    ntfrsBacklogFor: '1h',

    // A backlog grows when it never shrank within the window and is this much larger
    // than at its start.
    ntfrsGrowthWindow: '2h',
    ntfrsGrowthMin: 100,

    // How long a connection may be not joined. Between sites it opens by schedule only;
    // make it longer than the longest pause in yours.
    ntfrsNotJoinedFor: '2h',

    // How long a set may be stopped with an error, or a member be in no set; and how
    // long it may take to start. Both cover a restart, the second a first load.
    ntfrsNotActiveFor: '10m',
    ntfrsNotActiveWarningFor: '1h',

    // How long a member may have no outbound connection, and the members (a regular
    // expression) that never have any: read-only domain controllers.
    ntfrsNoOutboundFor: '30m',
    ntfrsReadOnlyMembers: '',

    // The share of the staging space that is too much, and for how long. Files are purged
    // near 90 %, so that much is normal.
    ntfrsStagingRatio: 0.95,
    ntfrsStagingFor: '30m',

    // How long event 13522 means that staging is full, and the share below which it is
    // known to have room again. Nothing is logged when it has.
    ntfrsStagingEventSeconds: 2 * 3600,
    ntfrsStagingRoomRatio: 0.8,
    ntfrsStagingFullFor: '2m',

    // The signature of a virus scanner: this share of the logged changes, of at least so
    // many lines in the window, is of permissions alone, while the backlog of the member
    // grew by more change orders, or its staging by a larger share, in the same window.
    ntfrsAntivirusWindow: '1h',
    ntfrsAntivirusRatio: 0.5,
    ntfrsAntivirusMinChanges: 50,
    ntfrsAntivirusBacklog: 50,
    ntfrsAntivirusStaging: 0.1,
    ntfrsAntivirusFor: '5m',

    // Files that DFS Replication has not delivered, and for how long. It covers the
    // nightly copy that is worked off by itself.
    dfsrBacklogMax: 1000,
    dfsrBacklogFor: '1h',

    // --- ntfrs: events ---------------------------------------------------------

    // How long a journal wrap may last. It covers a member that recovers by itself.
    ntfrsJournalWrapFor: '5m',

    // How long an event that stops replication may stand before it pages or becomes a
    // ticket. The first covers a restart, the second a promotion and a partner's restart.
    ntfrsBlockedFor: '15m',
    ntfrsBlockedWarningFor: '30m',

    // How long an event counts that nothing ends but a start of the service.
    ntfrsBlockedEventSeconds: 86400,

    // A service that stopped on a full volume does not start by itself.
    ntfrsDatabaseFullFor: '2m',

    // How long events 13567 and 13548 stay an alert. The first is about updates within
    // hours, so it bridges from one to the next.
    ntfrsExcessiveSeconds: 6 * 3600,
    ntfrsClockSkewSeconds: 2 * 3600,

    // --- Kubernetes ------------------------------------------------------------

    // What lib/kubernetes.libsonnet renders. It has no part in rules and dashboards; where
    // people reach the exporter is exporterURL.
    kubernetes: {
      // Where everything goes. Rules and dashboards are found there by the Prometheus
      // Operator and by the sidecar of Grafana.
      namespace: 'monitoring',

      // The name of the Deployment and the Service, and the beginning of every other name.
      name: 'dataprotection-exporter',

      // The image. Put the host of your registry in front of it.
      image: 'dataprotection_exporter:' + std.rstripChars(importstr '../VERSION', '\n'),

      // The job of all targets; the exporter's own has _exporter behind it. Give a second
      // exporter another one: by its job it is known to be down.
      job: 'dataprotection',

      // How often targets are scraped, and how long that may take: longer than the timeout
      // of the slowest target.
      scrapeInterval: '1m',
      scrapeTimeout: '45s',

      // By these labels the Prometheus resource selects rules and scrape configurations,
      // for example { release: 'prometheus' }.
      operatorLabels: {},

      // By these labels the sidecar of Grafana finds dashboards.
      dashboardLabels: { grafana_dashboard: '1' },

      // What keeps how far logs were read (--storage.path). emptyDir survives a restart of
      // the container, a volume claim also a move to another node.
      storage: { emptyDir: {} },

      // The user and group of the process, and what it may take of the machine.
      user: 65534,
      resources: {
        requests: { cpu: '50m', memory: '64Mi' },
        limits: { memory: '512Mi' },
      },
    },
  },
}
