// Dell PowerScale and Isilon OneFS: does every node of a cluster get its files scanned,
// and if not, which CAVA server, which node, which queue.
//
// A cluster may have hundreds of nodes with dozens of servers: the first screen shows
// servers, queues and the worst nodes, never every pair of a node and a server.
local dashboard = import '../lib/dashboard.libsonnet';
local panel = import '../lib/panel.libsonnet';
local troubleOf = import '../lib/trouble.libsonnet';
local palette = panel.palette;

{
  local c = $._config,
  local s = dashboard.selected(c.onefsCavaSelector),
  local f = c { s: s, rate: '$__rate_interval', gap: c.gapWindow, memory: c.memoryWindow, node: 'job, instance, node' },
  local trouble = troubleOf(
    c, $.prometheusAlerts.groups, c.onefsCavaSelector, [['node', 'Node'], ['server', 'Server'], ['queue', 'Queue'], ['policy', 'Policy']]
  ),
  local line = dashboard.line,

  // As many lines as a panel can show.
  local most = 15,

  // Keeps of a query the things that were worst over the time range. `at end` makes the
  // choice the same in every step.
  local worst(expr, record, on, n=most) =
    '%s\nand on (%s) topk(%d, max_over_time(%s{%s}[$__range] @ end()))' % [expr % f, on, n, record, s],

  // --- Words -------------------------------------------------------------------

  // Behind the numbers of node:onefs_cava_state:last.
  local nodeStates = [
    [0, 'scans', palette.good],
    [1, 'lacks a server', palette.warning],
    [2, 'another state', palette.unknown],
    [3, 'no server answers', palette.critical],
    [4, 'disabled', palette.second],
    [5, 'FAULTED', palette.critical],
  ],

  // The alert on a server has two causes, in this order: no node gets an answer, or some.
  local offline = [
    rule.annotations.description
    for group in $.prometheusAlerts.groups
    for rule in group.rules
    if std.objectHas(rule, 'alert') && rule.alert == 'OnefsCavaServerOffline'
  ][0],
  local about(word) =
    local found = [
      std.stripChars(text[std.length(word):], ' ')
      for text in std.split(offline, '\n')
      if std.startsWith(text, word)
    ];
    assert std.length(found) == 2 : 'OnefsCavaServerOffline has another number of lines with ' + word;
    [['no node', found[0]], ['some nodes', found[1]]],

  local openOnFail = [
    [1, 'files are opened unscanned', palette.warning],
    [0, 'access may be refused', palette.second],
    [-1, 'not known', palette.unknown],
  ],

  local offOn(off=palette.critical) = [[0, 'off', off], [1, 'on', palette.good]],

  local eventWords = [['SW_AVSCAN_CAVA_SERVER_OFFLINE', 'a node did not reach a CAVA server']],

  // --- Queries -----------------------------------------------------------------

  // Servers that are in use, as a node sees them.
  local seen = 'server:onefs_cava_server_online:last{%(s)s} unless on (job, instance, server) (last_over_time(onefs_cava_server_enabled{%(s)s}[%(memory)s]) == 0)' % f,
  local unanswered = 'count by (job, instance, server) ((%s) == 0)' % seen,
  local using = 'count by (job, instance, server) (%s)' % seen,

  // The nodes with the most scans that failed or timed out over the time range.
  local failedScans = 'topk(50, sum by (instance, node) (increase(onefs_cava_scan_failures_total{%(s)s}[$__range]) + increase(onefs_cava_scan_timeouts_total{%(s)s}[$__range])) > 0)' % f,

  // The policy of a metric of jobs. Prometheus has a label job of its own.
  local ofPolicy(expr) = 'max by (instance, policy) (label_replace(%s, "policy", "$1", "exported_job", "(.+)"))' % expr,

  grafanaDashboards+:: {
    'onefs_cava.json': dashboard.new(c, {
      key: 'onefs_cava',
      title: 'Data protection / OneFS CAVA',
      description: 'Whether the virus checkers (CAVA) of PowerScale and Isilon clusters scan every file, and what stands in the way.',
      selector: c.onefsCavaSelector,
      alerts: c.onefsCavaSelector,

      first: [
        line(4, [
          [4, trouble.severity],
          [6, panel.stat(
            'CAVA servers',
            'CAVA servers that answer a node at least, those that are enabled, and those that clusters of this size should have. The last known state.',
            'short',
            [
              panel.now('sum(cluster_server:onefs_cava_nodes_answered:ratio{%(s)s} > bool 0) or 0 * sum(cluster:onefs_cava_servers_online:last{%(s)s})' % f, 'answer'),
              panel.now('sum(last_over_time(onefs_cava_servers_enabled{%(s)s}[%(gap)s]))' % f, 'enabled'),
              panel.now('sum(last_over_time(onefs_cava_servers_recommended{%(s)s}[%(gap)s]))' % f, 'recommended'),
            ],
            { textMode: 'value_and_name', decimals: 0 }
          )],
          [4, panel.stat(
            'Nodes that do not scan',
            'Nodes on which CAVA is not running or that get no answer from any CAVA server. What they serve is not scanned.',
            'short',
            [panel.now('count(node:onefs_cava_state:last{%(s)s} >= 2) or 0 * count(node:onefs_cava_state:last{%(s)s})' % f)],
            { decimals: 0, thresholds: [[null, palette.good], [1, palette.critical]] }
          )],
          [3, panel.stat(
            'Fullest queue',
            'The queue of a node that is nearest to its limit, as a share of it.',
            'percentunit',
            [panel.now('max(node_queue:onefs_cava_queue:ratio{%s})' % s)],
            { min: 0, decimals: 0, thresholds: [[null, palette.good], [c.onefsQueueRatio, palette.warning], [1, palette.critical]] }
          )],
          [3, panel.stat(
            'Oldest signatures',
            'The age of the oldest virus signatures that a node scans with.',
            's',
            [panel.now('max(node:onefs_cava_signature_age_seconds:last{%s})' % s)],
            { decimals: 0, thresholds: [[null, palette.good], [c.onefsSignatureMaxAgeSeconds, palette.warning]], noValue: 'no date' }
          )],
          [4, trouble.collected],
        ]),
        line(6, [[24, trouble.alerts]]),
        line(8, [
          [7, panel.states(
            'How servers answer',
            'Whether each CAVA server answers the nodes that use it. When no node reaches it the server is down; when some do it is the way to it.',
            [panel.query(
              // 0 none, 1 some, 2 all.
              'max by (instance, server) (\n  (cluster_server:onefs_cava_nodes_answered:ratio{%(s)s} > bool 0)\n  + (cluster_server:onefs_cava_nodes_answered:ratio{%(s)s} == bool 1)\n)' % f,
              '{{instance}} {{server}}'
            )],
            [[0, 'answers no node', palette.critical], [1, 'answers some nodes', palette.warning], [2, 'answers', palette.good]]
          )],
          [7, panel.states(
            'How nodes scan',
            'How each node gets its files scanned: the %d nodes that were worst in the time range.' % most,
            [panel.query(
              worst('max by (job, instance, node) (node:onefs_cava_state:last{%(s)s})', 'node:onefs_cava_state:last', 'job, instance, node'),
              '{{instance}} node {{node}}'
            )],
            nodeStates
          )],
          [10, panel.table(
            'Why servers do not answer',
            'CAVA servers that do not answer every node that uses them, the number of these nodes, what it means and what to do.',
            [panel.rows(|||
              label_replace(
                label_replace(%(unanswered)s == on (job, instance, server) %(using)s, "why", "no node", "", "")
                or label_replace(%(unanswered)s < on (job, instance, server) %(using)s, "why", "some nodes", "", ""),
                "next", "$1", "why", "(.*)"
              )
            ||| % { unanswered: unanswered, using: using })],
            [
              trouble.columns.target,
              panel.column('server', 'Server', { width: 110 }),
              panel.column('Value', 'Nodes', { decimals: 0, width: 70 }),
              panel.column('why', 'Cause', { words: about('Cause:') }),
              panel.column('next', 'What to do', { words: about('Remedy:') }),
            ],
            { sortBy: 'Nodes', noValue: 'every server answers every node' }
          )],
        ]),
        line(8, [
          [14, panel.timeseries(
            'Queues against their limits',
            'How full each queue is on the node where it is fullest. Above the lower line it is nearly full; what happens to files that find it full is not documented. Fast is for most files, slow for large and cloud files, batch for scan policies.',
            'percentunit',
            [panel.query('max by (instance, queue) (node_queue:onefs_cava_queue:ratio{%s})' % s, '{{queue}} queue of {{instance}}')],
            { max: 1, thresholds: [[c.onefsQueueRatio, palette.warning], [1, palette.critical]] }
          )],
          [10, panel.bars(
            'Fullest queues now',
            'The ten queues of nodes that are nearest to their limits. Users wait for the files in the fast and the slow queue.',
            'percentunit',
            [panel.now('topk(10, max by (instance, node, queue) (node_queue:onefs_cava_queue:ratio{%s}))' % s, '{{queue}} queue, node {{node}} of {{instance}}')],
            { max: 1, decimals: 0, thresholds: [[null, palette.good], [c.onefsQueueRatio, palette.warning], [1, palette.critical]] }
          )],
        ]),
      ],

      sections: [
        {
          title: 'CAVA servers',
          lines: [
            line(8, [
              [8, panel.timeseries(
                'Connections against the limit',
                'Connections of all nodes together to each CAVA server, and how many one takes. At the limit further files wait.',
                'short',
                [
                  panel.query('sum by (instance, server) (onefs_cava_server_connections{%s})' % s, '{{server}} of {{instance}}'),
                  panel.limit('max by (instance) (onefs_cava_server_connections_limit{%s})' % s, 'limit of a server of {{instance}}'),
                ],
                { fill: 0, decimals: 0 }
              )],
              [8, panel.bars(
                'Connections in use now',
                'The share of its connections that each CAVA server has in use, the ten fullest.',
                'percentunit',
                [panel.now('topk(10, max by (instance, server) (cluster_server:onefs_cava_connections:ratio{%s}))' % s, '{{server}} of {{instance}}')],
                { max: 1, decimals: 0, thresholds: [[null, palette.good], [c.onefsConnectionsRatio, palette.warning]] }
              )],
              [8, panel.timeseries(
                'Scan requests by server',
                'Scan requests that each CAVA server received. A server that gets far fewer than the others is not used or does not answer.',
                'reqps',
                [panel.query('sum by (instance, server) (rate(onefs_cava_server_scan_requests_total{%(s)s}[%(rate)s]))' % f, '{{server}} of {{instance}}')],
                { fill: 0 }
              )],
            ]),
            line(8, [
              [8, panel.timeseries(
                'Heartbeats',
                'Good heartbeats between all nodes and each CAVA server. At zero the server answers nobody, whatever its state is called.',
                'ops',
                [panel.query('sum by (instance, server) (rate(onefs_cava_server_heartbeats_total{%(s)s}[%(rate)s]))' % f, '{{server}} of {{instance}}')],
                { fill: 0 }
              )],
              [8, panel.timeseries(
                'Round trip of a heartbeat',
                'The mean round trip between each CAVA server and the node that is slowest to reach it. It rises with trouble in the network.',
                's',
                [panel.query('max by (instance, server) (onefs_cava_server_heartbeat_rtt_seconds{%s})' % s, '{{server}} of {{instance}}')],
                { fill: 0 }
              )],
              [8, panel.timeseries(
                'Round trip of a scan',
                'The mean round trip of a scan request at the node that waits longest for each CAVA server. One slow server is overloaded; all slow ones are too few.',
                's',
                [panel.query('max by (instance, server) (onefs_cava_server_scan_rtt_seconds{%s})' % s, '{{server}} of {{instance}}')],
                { fill: 0 }
              )],
            ]),
            line(9, [
              [8, panel.states(
                'Servers as single nodes see them',
                'Whether a node gets answers from a CAVA server: the %d pairs with the fewest answers in the time range.' % most,
                [panel.query(
                  |||
                    max by (job, instance, node, server) (server:onefs_cava_server_online:last{%(s)s})
                    and on (job, instance, node, server) bottomk(%(most)d, avg_over_time(server:onefs_cava_server_online:last{%(s)s}[$__range] @ end()))
                  ||| % { s: s, most: most },
                  '{{instance}} node {{node}}, {{server}}'
                )],
                [[0, 'no answer', palette.critical], [1, 'answers', palette.good]]
              )],
              [9, panel.table(
                'Servers',
                'Every CAVA server: whether it is enabled, how many nodes use it, how many get an answer, and how many call it online.',
                [
                  panel.rows('max by (instance, server) (onefs_cava_server_enabled{%s})' % s),
                  panel.rows('count by (instance, server) (server:onefs_cava_server_online:last{%s})' % s),
                  panel.rows('sum by (instance, server) (server:onefs_cava_server_online:last{%s})' % s),
                  panel.rows('sum by (instance, server) (onefs_cava_server_online{%s})' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('server', 'Server'),
                  panel.column('Value #A', 'Enabled', { words: [[0, 'no', palette.unknown], [1, 'yes', palette.good]], colored: true, width: 80 }),
                  panel.column('Value #B', 'Nodes', { decimals: 0, width: 70 }),
                  panel.column('Value #C', 'Get an answer', { decimals: 0, width: 110 }),
                  panel.column('Value #D', 'Call it online', { decimals: 0, width: 110 }),
                ],
                { noValue: 'no server is configured' }
              )],
              [7, panel.table(
                'What nodes call the servers',
                "The state of each CAVA server in the nodes' own words, which OneFS does not document, and how many nodes use that word.",
                [panel.rows('count by (instance, server, state) (onefs_cava_server_state{%s} == 1)' % s)],
                [
                  trouble.columns.target,
                  panel.column('server', 'Server'),
                  panel.column('state', 'State'),
                  panel.column('Value', 'Nodes', { decimals: 0, width: 70 }),
                ],
                { noValue: 'no node was read' }
              )],
            ]),
          ],
        },
        {
          title: 'Scans and their results',
          lines: [
            line(8, [
              [6, panel.timeseries(
                'Scan requests',
                'Scan requests of all nodes by what asked for the scan: access to a file, a scan policy, or a person for a single file.',
                'reqps',
                [panel.query('sum by (instance, source) (rate(onefs_cava_scan_requests_total{%(s)s}[%(rate)s]))' % f, '{{source}}, {{instance}}')],
                { stack: true }
              )],
              [6, panel.timeseries(
                'Answers',
                'Answers of the CAVA servers to all nodes, by result.',
                'ops',
                [panel.query('sum by (instance, result) (rate(onefs_cava_scan_results_total{%(s)s}[%(rate)s]))' % f, '{{result}}, {{instance}}')],
                { stack: true }
              )],
              [6, panel.timeseries(
                'Failed and timed-out scans',
                'Scans that failed, by the count of the nodes and by the answers of the servers, which may count the same failure, and scans that took longer than the timeout.',
                'short',
                [
                  panel.query('sum by (instance) (increase(onefs_cava_scan_failures_total{%(s)s}[%(rate)s]))' % f, 'failed, {{instance}}'),
                  panel.query('sum by (instance) (increase(onefs_cava_scan_results_total{%(s)s,result="failure"}[%(rate)s]))' % f, 'answered as failed, {{instance}}'),
                  panel.query('sum by (instance) (increase(onefs_cava_scan_timeouts_total{%(s)s}[%(rate)s]))' % f, 'timed out, {{instance}}'),
                ]
              )],
              [6, panel.timeseries(
                'Infected files',
                'Infected files found. Each is worth knowing; many within an hour look like an outbreak or a false signature.',
                'short',
                [panel.query('sum by (instance) (increase(onefs_cava_scan_results_total{%(s)s,result="infected"}[%(rate)s]))' % f, 'infected, {{instance}}')]
              )],
            ]),
            line(8, [
              [8, panel.timeseries(
                'Files',
                'Files that all nodes had processed, and files that were not scanned: a filter leaves them out, or they are too large.',
                'ops',
                [
                  panel.query('sum by (instance) (rate(onefs_cava_files_processed_total{%(s)s}[%(rate)s]))' % f, 'processed, {{instance}}'),
                  panel.query('sum by (instance, reason) (rate(onefs_cava_files_skipped_total{%(s)s}[%(rate)s]))' % f, 'skipped by {{reason}}, {{instance}}'),
                ]
              )],
              [8, panel.timeseries(
                'Duration of a scan',
                'The mean duration of a scan as the nodes reckon it: over all nodes, and of the slowest.',
                's',
                [
                  panel.query('avg by (instance) (onefs_cava_scan_duration_avg_seconds{%s})' % s, 'mean of the nodes of {{instance}}'),
                  panel.query('max by (instance) (onefs_cava_scan_duration_avg_seconds{%s})' % s, 'slowest node of {{instance}}'),
                ],
                { fill: 0 }
              )],
              [8, panel.timeseries(
                'How long users wait',
                'The mean time that a scan keeps a user waiting as the nodes reckon it: over all nodes, and of the slowest.',
                's',
                [
                  panel.query('avg by (instance) (onefs_cava_scan_block_time_avg_seconds{%s})' % s, 'mean of the nodes of {{instance}}'),
                  panel.query('max by (instance) (onefs_cava_scan_block_time_avg_seconds{%s})' % s, 'slowest node of {{instance}}'),
                ],
                { fill: 0 }
              )],
            ]),
            line(8, [
              [12, panel.timeseries(
                'Files that wait, and the limits',
                'Files in the six queues of nodes that were fullest in the time range, and how many each takes.',
                'short',
                [
                  panel.query(
                    worst('max by (job, instance, node, queue) (onefs_cava_queue_files{%(s)s})', 'node_queue:onefs_cava_queue:ratio', 'job, instance, node, queue', 6),
                    '{{queue}} queue, node {{node}} of {{instance}}'
                  ),
                  panel.limit(
                    worst('max by (job, instance, node, queue) (onefs_cava_queue_limit_files{%(s)s})', 'node_queue:onefs_cava_queue:ratio', 'job, instance, node, queue', 6),
                    'limit of the {{queue}} queue, node {{node}} of {{instance}}'
                  ),
                ],
                { fill: 0, decimals: 0 }
              )],
              [12, panel.table(
                'Nodes with failed scans',
                'Nodes on which scans failed or timed out over the time range, with all scan requests of that time.',
                [panel.rows(failedScans)] + [
                  panel.rows('sum by (instance, node) (increase(%s{%s}[$__range]))\nand on (instance, node) %s' % [metric, s, failedScans])
                  for metric in ['onefs_cava_scan_failures_total', 'onefs_cava_scan_timeouts_total', 'onefs_cava_scan_requests_total']
                ],
                [
                  trouble.columns.target,
                  panel.column('node', 'Node'),
                  panel.column('Value #A', 'Failed or timed out', { decimals: 0 }),
                  panel.column('Value #B', 'Failed', { decimals: 0 }),
                  panel.column('Value #C', 'Timed out', { decimals: 0 }),
                  panel.column('Value #D', 'Requests', { decimals: 0 }),
                ],
                { sortBy: 'Failed or timed out', noValue: 'none in the time range' }
              )],
            ]),
          ],
        },
        {
          title: 'Access zones and scan policies',
          lines: [
            line(7, [
              [9, panel.table(
                'Access zones',
                'Whether files of each access zone are scanned on access, with which profile, and what happens to them while no scan succeeds.',
                [
                  panel.rows('max by (instance, zone, profile) (onefs_cava_zone_filter_enabled{%s})' % s),
                  panel.rows('max by (instance, zone, profile) (zone_profile:onefs_cava_zone_open_on_fail:last{%s})' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('zone', 'Zone'),
                  panel.column('profile', 'Profile'),
                  panel.column('Value #A', 'Scan on access', { words: offOn(palette.unknown), colored: true }),
                  panel.column('Value #B', 'When a scan fails', { words: openOnFail, colored: true }),
                ],
                { noValue: 'no access zone was read' }
              )],
              [15, panel.table(
                'Scan policies',
                'Every scan policy: whether it is enabled, when its schedule last ran it, and how often it usually runs.',
                [
                  panel.rows(ofPolicy('onefs_cava_job_enabled{%s}' % s)),
                  panel.rows(ofPolicy('onefs_cava_job_last_run_timestamp_seconds{%s}' % s) + ' * 1000'),
                  panel.rows('max by (instance, policy) (policy:onefs_cava_job_period_seconds:last{%s})' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('policy', 'Policy'),
                  panel.column('Value #A', 'Policy is', { words: offOn(palette.unknown), colored: true }),
                  panel.column('Value #B', 'Last run', { unit: 'dateTimeFromNow' }),
                  panel.column('Value #C', 'Usually every', { unit: 's' }),
                ],
                { noValue: 'there is no scan policy' }
              )],
            ]),
            line(8, [
              [9, panel.timeseries(
                'Since the last run',
                'How long ago each enabled scan policy was last run by its schedule, and when that is overdue. Where the usual time between runs is not known yet, the general limit holds.',
                's',
                [
                  panel.query('time() - policy:onefs_cava_job_last_run:last{%s}' % s, '{{policy}} of {{instance}}'),
                  panel.limit(
                    |||
                      %(onefsPolicyMissedRuns)g * policy:onefs_cava_job_period_seconds:last{%(s)s} + %(onefsPolicySlackSeconds)d
                      or 0 * policy:onefs_cava_job_last_run:last{%(s)s} + %(onefsPolicyMaxAgeSeconds)d
                    ||| % f,
                    'limit of {{policy}} of {{instance}}',
                    palette.warning
                  ),
                ],
                { fill: 0 }
              )],
              [15, panel.table(
                'Last completed scans',
                'What the last completed scan of each policy found. Failures are files that could not be scanned.',
                [
                  panel.rows('max by (instance, policy) (onefs_avscan_report_end_timestamp_seconds{%s}) * 1000' % s),
                  panel.rows('max by (instance, policy) (onefs_avscan_report_files{%s})' % s),
                  panel.rows('max by (instance, policy) (onefs_avscan_report_infections{%s})' % s),
                  panel.rows('max by (instance, policy) (onefs_avscan_report_failures{%s})' % s),
                  panel.rows('max by (instance, policy) (onefs_avscan_report_duration_seconds{%s})' % s),
                  panel.rows('max by (instance, policy) (onefs_avscan_report_size_bytes{%s})' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('policy', 'Policy'),
                  panel.column('Value #A', 'Ended', { unit: 'dateTimeFromNow' }),
                  panel.column('Value #B', 'Files', { unit: 'short' }),
                  panel.column('Value #C', 'Infections', { decimals: 0, thresholds: [[null, palette.good], [1, palette.critical]], colored: true }),
                  panel.column('Value #D', 'Failures', { decimals: 0, thresholds: [[null, palette.good], [1, palette.warning]], colored: true }),
                  panel.column('Value #E', 'Took', { unit: 's' }),
                  panel.column('Value #F', 'Size', { unit: 'bytes' }),
                ],
                { noValue: 'no completed scan is on record' }
              )],
            ]),
          ],
        },
        {
          title: 'Events of the cluster',
          lines: [
            line(8, [
              [8, panel.states(
                'Antivirus events',
                'Whether each antivirus event of a cluster stands unresolved. An event stays until somebody resolves it, also when its cause is gone.',
                [panel.query('max by (instance, event) (onefs_avscan_event_active{%s})' % s, '{{event}} of {{instance}}')],
                [[0, 'resolved', palette.good], [1, 'stands', palette.warning]]
              )],
              [6, panel.table(
                'Events that stand',
                'Antivirus events that are not resolved and not ignored, with the severity that the cluster gives them.',
                [panel.rows('max by (instance, event, severity) (onefs_avscan_event_active{%s} == 1)' % s)],
                [
                  trouble.columns.target,
                  panel.column('event', 'Event', { words: eventWords }),
                  panel.column('severity', 'Severity'),
                ],
                { noValue: 'no event stands' }
              )],
              [5, panel.table(
                'Nodes that events block',
                'Nodes with events that keep CAVA from working on them, and how many. Read isi event groups list on the cluster for their names.',
                [panel.rows('topk(50, max by (instance, node) (onefs_cava_blocking_events{%s}) > 0)' % s)],
                [
                  trouble.columns.target,
                  panel.column('node', 'Node'),
                  panel.column('Value', 'Events', { decimals: 0 }),
                ],
                { sortBy: 'Events', noValue: 'no node is blocked' }
              )],
              [5, panel.timeseries(
                'Threats on record',
                'Threats that a cluster keeps a record of. They leave it when they expire: a rise is new threats, a fall is not fewer.',
                'short',
                [panel.query('max by (instance) (onefs_avscan_threat_reports{%s})' % s, '{{instance}}')],
                { decimals: 0 }
              )],
            ]),
          ],
        },
        {
          title: 'Nodes and signatures',
          lines: [
            line(8, [
              [6, panel.timeseries(
                'Nodes by state of CAVA',
                'How many nodes of each cluster give CAVA which state. Only RUNNING scans.',
                'short',
                [panel.query('sum by (instance, status) (onefs_cava_system_status{%s})' % s, '{{status}}, {{instance}}')],
                { stack: true, decimals: 0 }
              )],
              [6, panel.timeseries(
                'Nodes that are up',
                'Nodes of each cluster that are up, and all that it has. A node that is down is not asked.',
                'short',
                [
                  panel.query('max by (instance) (onefs_nodes_up{%s})' % s, 'up, {{instance}}'),
                  panel.limit('max by (instance) (onefs_nodes{%s})' % s, 'all of {{instance}}', palette.first),
                ],
                { decimals: 0 }
              )],
              [6, panel.timeseries(
                'Servers against the recommendation',
                'CAVA servers that are enabled, and how many a cluster of this size should have: one for four nodes, and two at least.',
                'short',
                [
                  panel.query('max by (instance) (onefs_cava_servers_enabled{%s})' % s, 'enabled, {{instance}}'),
                  panel.limit('max by (instance) (onefs_cava_servers_recommended{%s})' % s, 'recommended for {{instance}}', palette.warning),
                ],
                { decimals: 0 }
              )],
              [6, panel.states(
                'CAVA service',
                'Whether the CAVA service of each cluster is switched on. While it is off no file is scanned and no server is missed.',
                [panel.query('max by (instance) (onefs_cava_service_enabled{%s})' % s, '{{instance}}')],
                offOn()
              )],
            ]),
            line(8, [
              [9, panel.timeseries(
                'Age of the virus signatures',
                'The age of the signatures that nodes scan with: the oldest and the newest of each cluster. Nodes that do not scan are left out.',
                's',
                [
                  panel.query('max by (instance) (node:onefs_cava_signature_age_seconds:last{%s})' % s, 'oldest of {{instance}}'),
                  panel.query('min by (instance) (node:onefs_cava_signature_age_seconds:last{%s})' % s, 'newest of {{instance}}'),
                ],
                { fill: 0, thresholds: [[c.onefsSignatureMaxAgeSeconds, palette.warning]] }
              )],
              [9, panel.table(
                'What nodes scan with',
                'The antivirus product and the versions that nodes work with, how many nodes have them, and their oldest signatures. More than one line for a cluster means that its servers are not alike.',
                [
                  panel.rows('count by (instance, av_vendor, cee_version, dtd_version) (onefs_cava_node_info{%s})' % s),
                  panel.rows('min by (instance, av_vendor, cee_version, dtd_version) (onefs_cava_signature_timestamp_seconds{%(s)s} * on (%(node)s) group_left (av_vendor, cee_version, dtd_version) onefs_cava_node_info{%(s)s}) * 1000' % f),
                ],
                [
                  trouble.columns.target,
                  panel.column('av_vendor', 'Antivirus'),
                  panel.column('cee_version', 'CEE'),
                  panel.column('dtd_version', 'DTD'),
                  panel.column('Value #A', 'Nodes', { decimals: 0, width: 70 }),
                  panel.column('Value #B', 'Oldest signatures', { unit: 'dateTimeFromNow' }),
                ],
                { noValue: 'no node was read' }
              )],
              [6, panel.table(
                'Clusters',
                'The name that each cluster has for itself, its number and its release of OneFS.',
                [panel.rows('max by (instance, name, guid, release) (onefs_cluster_info{%s})' % s)],
                [
                  trouble.columns.target,
                  panel.column('name', 'Name'),
                  panel.column('release', 'Release'),
                  panel.column('guid', 'GUID'),
                ],
                { noValue: 'no cluster was read' }
              )],
            ]),
          ],
        },
        trouble.parts,
      ],
    }),
  },

  _systems+:: {
    onefs_cava+: {
      local r = c { s: c.onefsCavaSelector, gap: c.gapWindow, memory: c.memoryWindow, node: 'job, instance, node', alive: 'and on (job, instance) up{%s}' % c.onefsCavaSelector },
      local signals = $._signals.onefs_cava,
      rules+: [{
        name: 'onefs_cava.summary',
        rules: [
          {
            // How a node gets its files scanned; a larger number is worse: 0 it scans, 1 a server
            // in use does not answer it, 2 a state that is not known, 3 no server answers it,
            // 4 DISABLED, 5 FAULTED. There for every node of which a state is known.
            record: 'node:onefs_cava_state:last',
            expr: |||
              max without (status) (
                node_status:onefs_cava_system_status:last{%(s)s,status="FAULTED"} * 5
                or node_status:onefs_cava_system_status:last{%(s)s,status="DISABLED"} * 4
                or (node:onefs_cava_servers_online:last{%(s)s} == 0) + 3
                or node_status:onefs_cava_system_status:last{%(s)s,status="other"} * 2
                or node_status:onefs_cava_system_status:last{%(s)s,status="RUNNING"} * 0
              )
              > 0
              # Taken out of use on purpose, a server is not missed.
              or on (%(node)s) (
                min without (server) (
                  server:onefs_cava_server_online:last{%(s)s}
                  unless on (job, instance, server) (last_over_time(onefs_cava_server_enabled{%(s)s}[%(memory)s]) == 0)
                ) == 0
              ) + 1
              or on (%(node)s) max without (status) (node_status:onefs_cava_system_status:last{%(s)s} * 0)
            ||| % r,
          },
          {
            // The share of the nodes that use a server and get an answer from it: 0 it is the
            // server that fails, between 0 and 1 it is the way from some nodes to it.
            record: 'cluster_server:onefs_cava_nodes_answered:ratio',
            expr: 'avg without (node) (server:onefs_cava_server_online:last{%(s)s})' % r,
          },
          {
            record: 'cluster_server:onefs_cava_connections:ratio',
            expr: signals.connections + r.alive,
          },
          {
            record: 'node_queue:onefs_cava_queue:ratio',
            expr: signals.queue + r.alive,
          },
          {
            record: 'node:onefs_cava_signature_age_seconds:last',
            expr: 'time() - ' + signals.signatures + r.alive,
          },
        ],
      }],
    },
  },
}
