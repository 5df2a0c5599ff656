// The exporter itself: does it reach its targets, how does it log in, what does it cost.
local dashboard = import '../lib/dashboard.libsonnet';
local panel = import '../lib/panel.libsonnet';
local troubleOf = import '../lib/trouble.libsonnet';
local palette = panel.palette;

{
  local c = $._config,
  local s = dashboard.selected(c.targetSelector),
  // The exporter's own metrics name targets with the label `target`.
  local own = std.join(',', std.filter(function(part) part != '', [c.exporterSelector, 'instance=~"$exporter"'])),
  local ofTarget = own + ',target=~"$target"',
  local f = { own: own, of: ofTarget, s: s, rate: '$__rate_interval' },
  local trouble = troubleOf(c, $.prometheusAlerts.groups, c.targetSelector),
  local line = dashboard.line,

  local exporters = 'dataprotection_config_last_reload_successful{%s}' % c.exporterSelector,
  local process(name) = '%s{instance=~"$exporter"} and on (job, instance) dataprotection_config_last_reload_successful{%s}' % [name, own],
  local processRate(name) = 'rate(%s{instance=~"$exporter"}[$__rate_interval]) and on (job, instance) dataprotection_config_last_reload_successful{%s}' % [name, own],

  grafanaDashboards+:: {
    'exporter.json': dashboard.new(c, {
      key: 'exporter',
      title: 'Data protection / Exporter',
      description: 'How the exporter reaches its targets and what that costs: collections, connections, logins, its configuration and its process.',
      selector: c.targetSelector,
      alerts: c.targetSelector,
      variables: [{ name: 'exporter', label: 'Exporter', query: 'label_values(%s, instance)' % exporters }],

      first: [
        line(4, [
          [4, panel.stat(
            'Configuration',
            'Whether the last attempt to load the configuration succeeded. After a bad one the exporter goes on with the one before.',
            'none',
            [panel.now('min(dataprotection_config_last_reload_successful{%s})' % own)],
            { words: [[0, 'refused', palette.critical], [1, 'loaded', palette.good]], background: true, thresholds: [[null, palette.critical], [1, palette.good]] }
          )],
          [4, panel.stat(
            'Configuration loaded',
            'When the running configuration was loaded.',
            'dateTimeFromNow',
            [panel.now('min(dataprotection_config_last_reload_success_timestamp_seconds{%s}) * 1000' % own)],
          )],
          [4, trouble.answering],
          [4, panel.stat(
            'Refused logins',
            'Targets that are left alone for a while because they refused the login.',
            'short',
            [panel.now('count(dataprotection_ssh_auth_backoff_until_timestamp_seconds{%(of)s} or dataprotection_papi_auth_backoff_until_timestamp_seconds{%(of)s}) or vector(0)' % f)],
            { thresholds: [[null, palette.good], [1, palette.warning]] }
          )],
          [4, panel.stat(
            'Identity not verified',
            'Targets whose host key or certificate is not verified, because the configuration says so.',
            'short',
            [panel.now('count((dataprotection_ssh_host_key_verified{%(of)s} or dataprotection_papi_certificate_verified{%(of)s}) == 0) or vector(0)' % f)],
            { thresholds: [[null, palette.good], [1, palette.warning]] }
          )],
          [4, trouble.collected],
        ]),
        line(7, [
          [12, panel.table(
            'What was not answered',
            'The parts that failed in the last collection of each target, with the reason, what it means and what to do.',
            trouble.failures.queries,
            trouble.failures.columns,
            { noValue: 'every part was answered' }
          )],
          [12, panel.states(
            'Targets read whole',
            'Whether each target was read whole.',
            [panel.query('min by (instance) (dataprotection_probe_success{%s})' % s, '{{instance}}')],
            [[0, 'not whole', palette.critical], [1, 'whole', palette.good]]
          )],
        ]),
        line(8, [
          [8, panel.timeseries(
            'Duration of collections',
            'How long the collection of each target took.',
            's',
            [panel.query('max by (instance) (dataprotection_probe_duration_seconds{%s})' % s, '{{instance}}')],
            { fill: 0 }
          )],
          [8, panel.timeseries(
            'Age of the answers',
            'How old the oldest answer of each target is. It grows while a device is not asked or does not answer.',
            's',
            [panel.query('time() - max by (instance) (dataprotection_probe_collected_timestamp_seconds{%s})' % s, '{{instance}}')],
            { fill: 0 }
          )],
          [8, panel.timeseries(
            'Ended collections',
            'Collections that ended, by system and by whether every part was answered.',
            'ops',
            [panel.query('sum by (system, result) (rate(dataprotection_collections_total{%(own)s}[%(rate)s]))' % f, '{{system}}, {{result}}')],
            { stack: true }
          )],
        ]),
      ],

      sections: [
        {
          title: 'Collections',
          lines: [line(8, [
            [6, panel.timeseries(
              'Time that most collections take',
              'The time within which 95 of 100 collections of a system end.',
              's',
              [panel.query('histogram_quantile(0.95, sum by (system, le) (rate(dataprotection_collection_duration_seconds_bucket{%(own)s}[%(rate)s])))' % f, '{{system}}')],
              { fill: 0 }
            )],
            [6, panel.timeseries(
              'Collections that go on',
              'Collections in flight. More than the number of targets cannot be: scrapes at the same time share one.',
              'short',
              [panel.query('sum by (system) (dataprotection_collections_in_flight{%(own)s})' % f, '{{system}}')],
              { stack: true, decimals: 0 }
            )],
            [6, panel.timeseries(
              'Shared answers',
              'The share of scrapes that got an answer which another scrape had collected.',
              'percentunit',
              [panel.query('avg by (instance) (avg_over_time(dataprotection_probe_shared{%(s)s}[%(rate)s]))' % f, '{{instance}}')],
              { max: 1, fill: 0 }
            )],
            [6, panel.timeseries(
              'Refused requests',
              'Requests to /probe that were answered with status 400, by what was wrong with them.',
              'reqps',
              [panel.query('sum by (cause) (rate(dataprotection_probe_requests_refused_total{%(own)s}[%(rate)s]))' % f, '{{cause}}')]
            )],
          ])],
        },
        {
          title: 'SSH',
          lines: [
            line(8, [
              [8, panel.timeseries(
                'Open connections',
                'SSH connections that are logged in: one a target, two for a moment while one replaces another.',
                'short',
                [panel.query('sum by (target) (dataprotection_ssh_connections_open{%(of)s})' % f, '{{target}}')],
                { decimals: 0, fill: 0 }
              )],
              [8, panel.timeseries(
                'Dials',
                'Attempts to connect and log in, by outcome. A healthy target is dialled once and then kept.',
                'ops',
                [panel.query('sum by (target, reason) (rate(dataprotection_ssh_dials_total{%(of)s}[%(rate)s]))' % f, '{{target}}, {{reason}}')]
              )],
              [8, panel.timeseries(
                'Time to connect',
                'The time within which 95 of 100 dials are logged in or given up, of those within the length of the time range. They are few: connections are kept.',
                's',
                [panel.query('histogram_quantile(0.95, sum by (le) (increase(dataprotection_ssh_dial_duration_seconds_bucket{%(own)s}[$__range])))' % f, 'all targets')],
                { fill: 0 }
              )],
            ]),
            line(8, [
              [8, panel.timeseries(
                'Commands',
                'Commands started on each target.',
                'ops',
                [panel.query('sum by (target) (rate(dataprotection_ssh_sessions_total{%(of)s}[%(rate)s]))' % f, '{{target}}')]
              )],
              [8, panel.timeseries(
                'Commands without another login',
                'The share of commands that were started on a connection which was open already.',
                'percentunit',
                [panel.query(|||
                  sum by (target) (rate(dataprotection_ssh_sessions_reused_total{%(of)s}[%(rate)s]))
                  / sum by (target) (rate(dataprotection_ssh_sessions_total{%(of)s}[%(rate)s]))
                ||| % f, '{{target}}')],
                { max: 1, fill: 0 }
              )],
              [8, panel.timeseries(
                'Running commands',
                'Commands that run on each target now, those being ended after their deadline included.',
                'short',
                [panel.query('sum by (target) (dataprotection_ssh_sessions_in_flight{%(of)s})' % f, '{{target}}')],
                { decimals: 0 }
              )],
            ]),
          ],
        },
        {
          title: 'Platform API (HTTPS)',
          lines: [line(8, [
            [8, panel.timeseries(
              'Requests',
              'Requests for the platform API, by outcome.',
              'reqps',
              [panel.query('sum by (target, reason) (rate(dataprotection_papi_requests_total{%(of)s}[%(rate)s]))' % f, '{{target}}, {{reason}}')]
            )],
            [8, panel.timeseries(
              'Time until answered',
              'The time within which 95 of 100 requests are answered or given up.',
              's',
              [panel.query('histogram_quantile(0.95, sum by (le) (rate(dataprotection_papi_request_duration_seconds_bucket{%(own)s}[%(rate)s])))' % f, 'all targets')],
              { fill: 0 }
            )],
            [8, panel.timeseries(
              'Logins',
              'Attempts to open a session, by outcome. A session is kept; many logins mean that it gets lost.',
              'ops',
              [panel.query('sum by (target, reason) (rate(dataprotection_papi_logins_total{%(of)s}[%(rate)s]))' % f, '{{target}}, {{reason}}')]
            )],
          ])],
        },
        {
          title: 'Logins and identity',
          lines: [line(8, [
            [12, panel.table(
              'Paused logins',
              'Targets that are left alone because they refused the login, and until when. So no account gets locked.',
              [panel.rows('max by (target) (dataprotection_ssh_auth_backoff_until_timestamp_seconds{%(of)s} or dataprotection_papi_auth_backoff_until_timestamp_seconds{%(of)s}) * 1000' % f)],
              [
                panel.column('target', 'Target'),
                panel.column('Value', 'Until', { unit: 'dateTimeAsIso' }),
              ],
              { noValue: 'no login is paused' }
            )],
            [12, panel.table(
              'Identity of the targets',
              'Whether the host key or the certificate of each target is verified.',
              [panel.rows('max by (target) (dataprotection_ssh_host_key_verified{%(of)s} or dataprotection_papi_certificate_verified{%(of)s})' % f)],
              [
                panel.column('target', 'Target'),
                panel.column('Value', 'Identity', { words: [[0, 'not verified', palette.warning], [1, 'verified', palette.good]], colored: true }),
              ],
              { sortBy: 'Identity', descending: false }
            )],
          ])],
        },
        {
          title: 'Process',
          lines: [
            line(4, [[24, panel.table(
              'Version',
              'The version of each exporter, and what it was built with.',
              [panel.rows('dataprotection_exporter_build_info{%s}' % own)],
              [
                panel.column('instance', 'Exporter'),
                panel.column('version', 'Version'),
                panel.column('revision', 'Revision'),
                panel.column('branch', 'Branch'),
                panel.column('goversion', 'Go'),
              ],
              { sortBy: 'Exporter', descending: false }
            )]]),
            line(8, [
              [6, panel.timeseries('Memory', 'Memory of the exporter, as the kernel counts it.', 'bytes', [panel.query(process('process_resident_memory_bytes'), '{{instance}}')], { fill: 0 })],
              [6, panel.timeseries('Processor', 'Processor time of the exporter: 1 is one core.', 'short', [panel.query(processRate('process_cpu_seconds_total'), '{{instance}}')], { fill: 0 })],
              [6, panel.timeseries('Goroutines', 'Goroutines of the exporter. They must not grow: a device that hangs would show here.', 'short', [panel.query(process('go_goroutines'), '{{instance}}')], { fill: 0 })],
              [6, panel.timeseries('Open files', 'Files and connections that the exporter holds open.', 'short', [panel.query(process('process_open_fds'), '{{instance}}')], { fill: 0 })],
            ]),
          ],
        },
        trouble.parts,
      ],
    }),
  },
}
