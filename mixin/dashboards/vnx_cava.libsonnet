// EMC VNX and Celerra: is every file scanned, and if not, which checker, which queue.
local diagnosis = import '../../collectors/vnxcava/diagnosis.json';
local dashboard = import '../lib/dashboard.libsonnet';
local panel = import '../lib/panel.libsonnet';
local troubleOf = import '../lib/trouble.libsonnet';
local palette = panel.palette;

{
  local c = $._config,
  local s = dashboard.selected(c.vnxCavaSelector),
  local f = c { s: s, rate: '$__rate_interval' },
  local trouble = troubleOf(c, $.prometheusAlerts.groups, c.vnxCavaSelector, [['mover', 'Mover'], ['checker', 'Checker']]),
  local line = dashboard.line,

  local causes(what) = [[cause, diagnosis.causes[cause][what]] for cause in std.objectFields(diagnosis.causes)],

  // The words of the states of a checker, numbered for the time line.
  local states = ['ONLINE', 'OFFLINE', 'ERROR_AUTH', 'AV_NOT_FOUND', 'other'],
  local stateWords = [
    [1, 'online', palette.good],
    [2, 'offline', palette.critical],
    [3, 'may not log in', palette.warning],
    [4, 'no antivirus runs', palette.second],
    [5, 'another state', palette.unknown],
  ],
  local stateNumber = std.join('\n  or ', [
    'vnx_cava_checker_state{%s,state="%s"} * %d' % [s, states[i], i + 1]
    for i in std.range(0, std.length(states) - 1)
  ]),

  local policies = [
    ['none', 'goes on serving files without a scan', palette.warning],
    ['viruschecking', 'stops virus checking', palette.critical],
    ['cifs', 'stops CIFS: users lose their files', palette.critical],
    ['unknown', 'not read', palette.unknown],
  ],

  grafanaDashboards+:: {
    'vnx_cava.json': dashboard.new(c, {
      key: 'vnx_cava',
      title: 'Data protection / VNX CAVA',
      description: 'Whether the virus checkers (CAVA) of EMC VNX and Celerra systems scan every file, and what stands in the way.',
      selector: c.vnxCavaSelector,
      alerts: c.vnxCavaSelector,

      first: [
        line(4, [
          [4, trouble.severity],
          [4, panel.stat(
            'Movers without a checker',
            'Data Movers of which no virus checker is online. Their files are not scanned.',
            'short',
            [panel.now('count(mover:vnx_cava_checkers_online:last{%s} == 0) or 0 * count(mover:vnx_cava_checkers_online:last{%s})' % [s, s])],
            { thresholds: [[null, palette.good], [1, palette.critical]] }
          )],
          [4, panel.stat(
            'Checkers online',
            'Virus checkers that are online, of all that are configured for the selected movers. The last known state.',
            'short',
            [
              panel.now('sum(mover:vnx_cava_checkers_online:last{%s})' % s, 'online'),
              panel.now('sum(last_over_time(vnx_cava_checkers_configured{%(s)s}[%(gapWindow)s]))' % f, 'configured'),
            ],
            { textMode: 'value_and_name' }
          )],
          [4, panel.stat(
            'Fullest queue',
            'Files that wait or are being scanned, as a share of the high water mark, of the mover that is nearest to it.',
            'percentunit',
            [panel.now('max(mover:vnx_cava_pending_files:sum{%(s)s} / on (job, instance, mover) last_over_time(vnx_cava_high_water_mark_files{%(s)s}[%(memoryWindow)s]))' % f)],
            { min: 0, decimals: 0, thresholds: [[null, palette.good], [0.5, palette.warning], [1, palette.critical]] }
          )],
          [4, panel.stat(
            'Oldest signatures',
            'The age of the oldest virus signatures of a checker that is online.',
            's',
            [panel.now('max(checker:vnx_cava_signature_age_seconds:last{%s})' % s)],
            { decimals: 0, thresholds: [[null, palette.good], [c.cavaSignatureMaxAgeSeconds, palette.warning]], noValue: 'no date' }
          )],
          [4, trouble.collected],
        ]),
        line(6, [[24, trouble.alerts]]),
        line(8, [
          [14, panel.states(
            'Checkers',
            'The state in which each mover has each of its virus checkers. Only an online checker gets files to scan.',
            [panel.query('max by (instance, mover, checker) (\n  %s\n) > 0' % stateNumber, '{{instance}} {{mover}} {{checker}}')],
            stateWords
          )],
          [10, panel.table(
            'Why checkers are not online',
            'The last known diagnosis of each checker that is not online: what the device said, what it means, what to do.',
            [panel.rows(|||
              label_replace(
                checker:vnx_cava_checker_diagnosis:last{%s,cause!="none"},
                "next", "$1", "cause", "(.*)"
              )
            ||| % s)],
            [
              trouble.columns.target,
              panel.column('mover', 'Mover'),
              panel.column('checker', 'Checker'),
              panel.column('state', 'State'),
              panel.column('code', 'Code'),
              panel.column('nt_status', 'ntStatus'),
              panel.column('cause', 'Cause', { words: causes('meaning') }),
              panel.column('next', 'What to do', { words: causes('remedy') }),
            ],
            { noValue: 'every checker is online' }
          )],
        ]),
        line(9, [
          [12, panel.timeseries(
            'Files that wait or are being scanned',
            'The queue of each mover against its water marks. Above the low mark files queue up too fast; above the high mark file service suffers.',
            'short',
            [
              panel.query('mover:vnx_cava_pending_files:sum{%s}' % s, '{{instance}} {{mover}}'),
              panel.limit('vnx_cava_low_water_mark_files{%s}' % s, 'low water mark of {{instance}} {{mover}}', palette.warning),
              panel.limit('vnx_cava_high_water_mark_files{%s}' % s, 'high water mark of {{instance}} {{mover}}'),
              panel.forecast(
                'clamp_min(predict_linear(mover:vnx_cava_pending_files:sum{%(s)s}[%(cavaQueueTrendWindow)s], %(cavaQueueHorizonSeconds)d), 0)' % f,
                'at this pace, {{instance}} {{mover}}'
              ),
            ]
          )],
          [12, panel.timeseries(
            'Busy scan threads',
            'Files being scanned at once, and the threads that can. When all are busy, every further file waits.',
            'short',
            [
              panel.query('vnx_cava_scanning_files{%s}' % s, '{{instance}} {{mover}}'),
              panel.limit('vnx_cava_threads{%s}' % s, 'threads of {{instance}} {{mover}}', palette.warning),
            ]
          )],
        ]),
      ],

      sections: [
        {
          title: 'Scans and their results',
          lines: [
            line(8, [
              [8, panel.timeseries(
                'Scan requests',
                'Scan requests of each mover.',
                'reqps',
                [panel.query('sum by (instance, mover) (rate(vnx_cava_requests_total{%(s)s}[%(rate)s]))' % f, '{{instance}} {{mover}}')]
              )],
              [8, panel.timeseries(
                'Failed scan requests',
                'Scan requests that failed, by the reason the device gives.',
                'reqps',
                [panel.query('sum by (instance, mover, reason) (rate(vnx_cava_request_failures_total{%(s)s}[%(rate)s]))' % f, '{{instance}} {{mover}} {{reason}}')],
                { stack: true }
              )],
              [8, panel.timeseries(
                'Requests in progress',
                'Scan requests that are not answered yet.',
                'short',
                [panel.query('vnx_cava_requests_in_progress{%s}' % s, '{{instance}} {{mover}}')]
              )],
            ]),
            line(8, [
              [8, panel.timeseries(
                'Duration of a scan',
                'The mean and the longest scan since virus checking was started. The device gives no newer mean: a change shows late.',
                's',
                [
                  panel.query('vnx_cava_scan_duration_avg_seconds{%s}' % s, 'mean, {{instance}} {{mover}}'),
                  panel.query('vnx_cava_scan_duration_max_seconds{%s}' % s, 'longest, {{instance}} {{mover}}'),
                  panel.query('vnx_cava_scan_duration_min_seconds{%s}' % s, 'shortest, {{instance}} {{mover}}'),
                  panel.limit('vnx_cava_rpc_request_timeout_seconds{%s}' % s, 'request timeout of {{instance}} {{mover}}'),
                ],
                { fill: 0 }
              )],
              [8, panel.timeseries(
                'Infected files',
                'Infected files found, and what was done about them.',
                'short',
                [
                  panel.query('sum by (instance, mover) (increase(vnx_cava_infected_files_total{%(s)s}[%(rate)s]))' % f, 'found, {{instance}} {{mover}}'),
                  panel.query('sum by (instance, mover, action) (increase(vnx_cava_infected_file_actions_total{%(s)s}[%(rate)s]))' % f, '{{action}}, {{instance}} {{mover}}'),
                ]
              )],
              [8, panel.timeseries(
                'Files a checker could not check',
                'Errors of single files in the log of the mover, by checker and error.',
                'short',
                [panel.query('sum by (instance, mover, checker, error) (increase(vnx_cava_log_file_errors_total{%(s)s}[%(rate)s]))' % f, '{{error}}, {{checker}} of {{instance}} {{mover}}')]
              )],
            ]),
          ],
        },
        {
          title: 'Checkers and signatures',
          lines: [
            line(8, [
              [12, panel.timeseries(
                'Age of the virus signatures',
                'The age of the signatures of each online checker. The date may advance without new definitions: it is the best case.',
                's',
                [panel.query('checker:vnx_cava_signature_age_seconds:last{%s}' % s, '{{checker}} of {{instance}} {{mover}}')],
                { thresholds: [[c.cavaSignatureMaxAgeSeconds, palette.warning]], fill: 0 }
              )],
              [12, panel.timeseries(
                'Since the last check',
                'How long ago each mover last asked each checker for its state, by the clock of the mover, and the interval at which it should.',
                's',
                [
                  panel.query('time() - vnx_cava_checker_last_check_timestamp_seconds{%s}' % s, '{{checker}} of {{instance}} {{mover}}'),
                  panel.limit('vnx_cava_survey_interval_seconds{%s}' % s, 'interval of {{instance}} {{mover}}', palette.warning),
                ],
                { fill: 0, min: null }
              )],
            ]),
            line(8, [
              [14, panel.table(
                'What runs on the checkers',
                'The software of each checker as the mover knows it. A filled antivirus engine is no sign of health.',
                [
                  panel.rows('max by (instance, mover, checker, server_name, av_engine, cava_version, transport) (vnx_cava_checker_info{%s})' % s),
                  panel.rows('max by (instance, mover, checker) (vnx_cava_checker_signature_timestamp_seconds{%s}) * 1000' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('mover', 'Mover'),
                  panel.column('checker', 'Checker'),
                  panel.column('server_name', 'Name'),
                  panel.column('av_engine', 'Antivirus engine'),
                  panel.column('cava_version', 'CAVA'),
                  panel.column('transport', 'Transport'),
                  panel.column('Value #B', 'Signatures of', { unit: 'dateTimeAsIso' }),
                ]
              )],
              [10, panel.table(
                'Log events',
                'Events of virus checking in the logs of the movers over the time range.',
                [panel.rows('sum by (instance, mover, event_id, severity) (increase(vnx_cava_log_events_total{%s}[$__range])) > 0' % s)],
                [
                  trouble.columns.target,
                  panel.column('mover', 'Mover'),
                  panel.column('event_id', 'Event'),
                  panel.column('severity', 'Severity'),
                  panel.column('Value', 'Times', { decimals: 0 }),
                ],
                { sortBy: 'Times', noValue: 'none in the time range' }
              )],
            ]),
          ],
        },
        {
          title: 'Settings of the movers',
          lines: [
            line(8, [
              [8, panel.states(
                'Virus checking',
                'Whether virus checking runs on each mover. When it is stopped no file is scanned, whatever the checkers do.',
                [panel.query('vnx_cava_running{%s}' % s, '{{instance}} {{mover}}')],
                [[0, 'stopped', palette.critical], [1, 'runs', palette.good]]
              )],
              [16, panel.table(
                'Settings',
                'What viruschecker.conf says of each mover: what happens when all checkers are offline, whether files are scanned on reading, and how many masks there are.',
                [
                  panel.rows('max by (instance, mover, policy) (vnx_cava_offline_policy{%s} == 1)' % s),
                  panel.rows('max by (instance, mover) (vnx_cava_scan_on_read_enabled{%s})' % s),
                  panel.rows('max by (instance, mover) (vnx_cava_file_masks{%s})' % s),
                  panel.rows('max by (instance, mover) (vnx_cava_excluded_masks{%s})' % s),
                  panel.rows('max by (instance, mover) (vnx_cava_rpc_retry_timeout_seconds{%s})' % s),
                  panel.rows('max by (instance, mover, share, msrpc_user, msrpc_client_name) (vnx_cava_info{%s})' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('mover', 'Mover'),
                  panel.column('policy', 'With all checkers offline it', { words: policies }),
                  panel.column('Value #B', 'Scan on read', { words: [[0, 'off'], [1, 'on']] }),
                  panel.column('Value #C', 'File masks'),
                  panel.column('Value #D', 'Excluded masks'),
                  panel.column('Value #E', 'Retry timeout', { unit: 's' }),
                  panel.column('share', 'Share'),
                  panel.column('msrpc_user', 'MS-RPC user'),
                  panel.column('msrpc_client_name', 'MS-RPC client'),
                ]
              )],
            ]),
          ],
        },
        trouble.parts,
      ],
    }),
  },
}
