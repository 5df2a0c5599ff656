// EMC/Dell Avamar: whether GSAN accepts the session tickets that MCS hands out, and the
// health around them.
local dashboard = import '../lib/dashboard.libsonnet';
local panel = import '../lib/panel.libsonnet';
local promql = import '../lib/promql.libsonnet';
local troubleOf = import '../lib/trouble.libsonnet';
local palette = panel.palette;

{
  local c = $._config,
  local s = dashboard.selected(c.avamarSelector),
  local f = c {
    s: s,
    rate: '$__rate_interval',
    horizonDays: c.avamarTrendHorizonSeconds / 86400,
    fullPercent: 100 * c.avamarNodeFullRatio,
  },
  local trouble = troubleOf(c, $.prometheusAlerts.groups, c.avamarSelector, [
    ['service', 'Service'],
    ['node', 'Node'],
    ['part', 'Part'],
    ['side', 'Side'],
  ]),
  local line = dashboard.line,

  // The kinds of refused tickets, in words.
  local kinds = [
    ['below_minimum', 'serial below the minimum of GSAN'],
    ['already_used', 'serial used before'],
    ['bad_signature', 'signature does not fit'],
    ['other', 'another kind'],
  ],

  // Who may write, numbered for the time line.
  local accesses = ['full', 'admin', 'read_only', 'other'],
  local accessWords = [
    [1, 'everybody may write', palette.good],
    [2, 'only administrators', palette.warning],
    [3, 'nobody may write', palette.critical],
    [4, 'another state', palette.unknown],
  ],
  local accessNumber = std.join('\n  or ', [
    'avamar_access_status{%s,status="%s"} * %d' % [s, accesses[i], i + 1]
    for i in std.range(0, std.length(accesses) - 1)
  ]),

  // The shares of a full node at which alerts begin.
  local capacityWarning = c.avamarCapacityWarning * c.avamarNodeFullRatio,
  local capacityCritical = c.avamarCapacityCritical * c.avamarNodeFullRatio,

  local maintenance = [
    ['checkpoint', 'checkpoint'],
    ['hfscheck', 'hfscheck'],
    ['gc', 'garbage collection'],
  ],

  grafanaDashboards+:: {
    'avamar.json': dashboard.new(c, {
      key: 'avamar',
      title: 'Data protection / Avamar session tickets',
      description: 'Whether the storage server (GSAN) of EMC Avamar accepts the session tickets that its management server (MCS) hands out, and what stands in the way of backups.',
      selector: c.avamarSelector,
      alerts: c.avamarSelector,

      first: [
        line(4, [
          [4, trouble.severity],
          [4, panel.stat(
            'Gap now',
            'The serial that MCS hands out less the smallest that GSAN accepts, of the target where it is smallest. Below 0 GSAN refuses every new ticket; 0 or more proves nothing while tickets are refused. The last known gap.',
            'short',
            [panel.now('min(target:avamar_session_ticket_serial_gap:last{%s})' % s)],
            { decimals: 0, thresholds: [[null, palette.critical], [0, palette.good], [c.avamarGapMax, palette.warning]] }
          )],
          [3, panel.stat(
            'Refused tickets',
            'Session tickets that GSAN refused within the last %(avamarTicketWindow)s, by its logs. Each is a backup that failed.' % f,
            'short',
            [panel.now('sum(target:avamar_session_ticket_rejected:last{%s})' % s)],
            { decimals: 0, thresholds: [[null, palette.good], [0.5, palette.critical]] }
          )],
          [3, panel.stat(
            'Failed logins',
            'Logins of backup jobs with a session ticket that failed within the last %(avamarTicketWindow)s. These are jobs on the utility node; other clients fare no better.' % f,
            'short',
            [panel.now('sum(target:avamar_session_ticket_login_failures:last{%s})' % s)],
            { decimals: 0, thresholds: [[null, palette.good], [0.5, palette.critical]] }
          )],
          [4, panel.stat(
            'Services down',
            'Services that are not up, as last known: those without which there is no backup, and others. Services that somebody only switched off do not count here.',
            'short',
            [
              panel.now(
                'count(service:avamar_service_up:last{%(s)s,service=~"%(avamarServicesCritical)s"} == 0) or 0 * count(service:avamar_service_up:last{%(s)s})' % f,
                'stop backups'
              ),
              panel.look(
                panel.now(
                  'count(service:avamar_service_up:last{%(s)s,service!~"%(avamarServicesCritical)s|%(avamarServicesInfo)s"} == 0) or 0 * count(service:avamar_service_up:last{%(s)s})' % f,
                  'others'
                ),
                { thresholds: [[null, palette.good], [1, palette.warning]] }
              ),
            ],
            { decimals: 0, thresholds: [[null, palette.good], [1, palette.critical]], textMode: 'value_and_name' }
          )],
          [3, panel.stat(
            'Fullest node',
            'How full the fullest storage node is. Nodes become read-only at %(fullPercent)g %%.' % f,
            'percentunit',
            [panel.now('max(last_over_time(avamar_node_used_ratio{%(s)s}[%(gapWindow)s]))' % f)],
            { decimals: 0, min: 0, thresholds: [[null, palette.good], [capacityWarning, palette.warning], [capacityCritical, palette.critical]] }
          )],
          [3, trouble.collected],
        ]),
        line(6, [[24, trouble.alerts]]),
        line(9, [
          [8, panel.timeseries(
            'Serials of session tickets',
            'The serial that MCS hands out must stay above the smallest that GSAN accepts. A line that falls was rolled back or restored; both jumping to one value is the repair. Dotted is the serial of the last refused ticket.',
            'none',
            [
              panel.query('avamar_session_ticket_mcs_serial{%s}' % s, 'MCS hands out, {{instance}}'),
              panel.limit('avamar_session_ticket_gsan_min_serial{%s}' % s, 'GSAN accepts from here, {{instance}}'),
              panel.forecast('avamar_session_ticket_last_rejected_serial{%s}' % s, 'last refused ({{kind}}), {{instance}}'),
            ],
            { min: null, decimals: 0, fill: 0, calcs: ['lastNotNull', 'min', 'max'] }
          )],
          [8, panel.timeseries(
            'Gap between the serials',
            'MCS less the minimum of GSAN, and what was usual for the target over %(avamarGapUsualWindow)s. Below the line at 0 tickets are refused; above the line at %(avamarGapMax)d, or widening for days, GSAN may have been rolled back.' % f,
            'short',
            [
              panel.query('avamar_session_ticket_serial_gap{%s}' % s, 'gap of {{instance}}'),
              panel.limit('target:avamar_session_ticket_serial_gap:median{%s}' % s, 'usual for {{instance}}', palette.info),
              panel.forecast('target:avamar_session_ticket_serial_gap:widening{%s}' % s, 'deserves a look, {{instance}}', palette.warning),
            ],
            {
              min: null,
              decimals: 0,
              fill: 0,
              thresholds: [[0, palette.critical], [c.avamarGapMax, palette.warning]],
              calcs: ['lastNotNull', 'min', 'max'],
            }
          )],
          [8, panel.timeseries(
            'Refused tickets by kind',
            'Session tickets that GSAN refused, by the reason in its logs. Any is a fault, whatever the gap says.',
            'short',
            [
              panel.query(
                'sum by (instance) (increase(avamar_session_ticket_log_events_total{%(s)s,kind="%(kind)s"}[%(rate)s]))' % (f { kind: k[0] }),
                k[1] + ', {{instance}}'
              )
              for k in kinds
            ],
            { stack: true, decimals: 0 }
          )],
        ]),
      ],

      sections: [
        {
          title: 'Refused tickets and logins',
          lines: [
            line(8, [
              [8, panel.table(
                'Last refused tickets',
                'When GSAN last refused a ticket of each kind, the serial of it where the log names one, and how many there were in the time range.',
                [
                  panel.rows('max by (instance, kind) (avamar_session_ticket_log_last_event_timestamp_seconds{%s}) * 1000' % s),
                  panel.rows('max by (instance, kind) (avamar_session_ticket_last_rejected_serial{%s})' % s),
                  panel.rows('sum by (instance, kind) (increase(avamar_session_ticket_log_events_total{%s}[$__range]))' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('kind', 'Reason', { words: kinds }),
                  panel.column('Value #C', 'Times', { decimals: 0, width: 80 }),
                  panel.column('Value #A', 'Last', { unit: 'dateTimeFromNow' }),
                  panel.column('Value #B', 'Serial', { unit: 'none', decimals: 0 }),
                ],
                { sortBy: 'Times', noValue: 'the logs were not read' }
              )],
              [8, panel.timeseries(
                'Logins of backup jobs',
                'Logins with a session ticket that jobs on the utility node began, and logins that failed, with a ticket or otherwise.',
                'short',
                [
                  panel.query('sum by (instance) (increase(avamar_client_logins_total{%(s)s}[%(rate)s]))' % f, 'begun, {{instance}}'),
                  panel.query(
                    'sum by (instance) (increase(avamar_client_login_failures_total{%(s)s,reason="session_ticket"}[%(rate)s]))' % f,
                    'failed with a session ticket, {{instance}}'
                  ),
                  panel.query(
                    'sum by (instance) (increase(avamar_client_login_failures_total{%(s)s,reason="other"}[%(rate)s]))' % f,
                    'failed otherwise, {{instance}}'
                  ),
                ],
                { decimals: 0 }
              )],
              [8, panel.timeseries(
                'Evidence that counts for alerts',
                'Refused tickets and failed logins within %(avamarTicketWindow)s, as the alerts see them. They fire above 0 and end when the window has passed.' % f,
                'short',
                [
                  panel.query('target:avamar_session_ticket_rejected:last{%s}' % s, 'refused tickets, {{instance}}'),
                  panel.query('target:avamar_session_ticket_login_failures:last{%s}' % s, 'failed logins, {{instance}}'),
                ],
                { decimals: 0 }
              )],
            ]),
          ],
        },
        {
          title: 'Services and access',
          lines: [
            line(10, [
              [12, panel.states(
                'Services',
                'Whether each service is up, ready or enabled. Without GSAN and MCS there is no backup; without the schedulers none starts by itself.',
                [panel.query('max by (instance, service) (avamar_service_up{%s})' % s, '{{instance}} {{service}}')],
                [[0, 'not up', palette.critical], [1, 'up', palette.good]]
              )],
              [12, panel.states(
                'Access and status of the system',
                'Who may write, and whether the system calls itself ok. Access that is not full is normal while maintenance runs, for hours and not for longer than %(avamarAccessFor)s.' % f,
                [
                  panel.query('max by (instance) (\n  %s\n) > 0' % accessNumber, '{{instance}}, access'),
                  panel.query('avamar_system_ok{%s} + 5' % s, '{{instance}}, system status'),
                ],
                accessWords + [[5, 'not ok', palette.critical], [6, 'ok', palette.good]]
              )],
            ]),
          ],
        },
        {
          title: 'Nodes and capacity',
          lines: [
            line(8, [
              [7, panel.states(
                'Nodes',
                'Whether each storage node is ONLINE. In a grid parity makes up for one that is not, and not for another.',
                [panel.query('max by (instance, node) (avamar_node_online{%s})' % s, '{{instance}} node {{node}}')],
                [[0, 'not online', palette.critical], [1, 'online', palette.good]]
              )],
              [9, panel.timeseries(
                'How full the nodes are',
                'How full each storage node is, and where the trend of %(avamarTrendWindow)s leads in %(horizonDays)d days. The lines are the limits of the alerts, and %(fullPercent)g %%, at which nodes are read-only.' % f,
                'percentunit',
                [
                  panel.query('avamar_node_used_ratio{%s}' % s, 'node {{node}} of {{instance}}'),
                  panel.forecast('node:avamar_node_used_ratio:predict{%s}' % s, 'in %(horizonDays)d days, node {{node}} of {{instance}}' % f),
                ],
                {
                  max: 1,
                  fill: 0,
                  decimals: 1,
                  thresholds: [[capacityWarning, palette.warning], [capacityCritical, palette.critical], [c.avamarNodeFullRatio, palette.critical]],
                }
              )],
              [8, panel.table(
                'Where the trend leads',
                'How full each node is, how full it is in %(horizonDays)d days by the trend of %(avamarTrendWindow)s, and when that fills it. The time is not there for a node that does not fill up, or with less than %(avamarTrendMinimum)s of readings.' % f,
                [
                  panel.rows('max by (instance, node) (avamar_node_used_ratio{%s})' % s),
                  panel.rows('max by (instance, node) (node:avamar_node_used_ratio:predict{%s})' % s),
                  panel.rows('min by (instance, node) (node:avamar_node_time_to_full_seconds:predict{%s})' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('node', 'Node'),
                  panel.column('Value #A', 'Full', { unit: 'percentunit', decimals: 1 }),
                  panel.column('Value #B', 'In %(horizonDays)d days' % f, { unit: 'percentunit', decimals: 1 }),
                  panel.column('Value #C', 'Until it is full', { unit: 's', decimals: 0 }),
                ],
                { sortBy: 'Full', noValue: 'no node was read' }
              )],
            ]),
          ],
        },
        {
          title: 'Maintenance',
          lines: [
            line(8, [
              [9, panel.timeseries(
                'Age of the last maintenance',
                'How long ago the last checkpoint, hfscheck and garbage collection finished. All run daily. The lines are the limits for a checkpoint and for an hfscheck.',
                's',
                [
                  panel.query('target:avamar_checkpoint_age_seconds:last{%s}' % s, 'checkpoint of {{instance}}'),
                  panel.query('target:avamar_hfscheck_age_seconds:last{%s}' % s, 'hfscheck of {{instance}}'),
                  panel.query('target:avamar_gc_age_seconds:last{%s}' % s, 'garbage collection of {{instance}}'),
                ],
                { fill: 0, thresholds: [[c.avamarCheckpointMaxAgeSeconds, palette.warning], [c.avamarHfscheckMaxAgeSeconds, palette.critical]] }
              )],
              [9, panel.states(
                'How maintenance ended',
                'Whether the last run of each job went well. Without a good checkpoint there is nothing to roll back to; an hfscheck that fails may mean damaged data.',
                [
                  panel.query('avamar_%s_last_ok{%s}' % [m[0], s], '{{instance}}, ' + m[1])
                  for m in maintenance
                ],
                [[0, 'failed, or none yet', palette.critical], [1, 'went well', palette.good]]
              )],
              [6, panel.table(
                'Last runs',
                'When the last checkpoint, hfscheck and garbage collection of each target finished.',
                [
                  panel.rows('max by (instance) (avamar_%s_last_timestamp_seconds{%s}) * 1000' % [m[0], s])
                  for m in maintenance
                ],
                [
                  trouble.columns.target,
                  panel.column('Value #A', 'Checkpoint', { unit: 'dateTimeFromNow' }),
                  panel.column('Value #B', 'Hfscheck', { unit: 'dateTimeFromNow' }),
                  panel.column('Value #C', 'Garbage collection', { unit: 'dateTimeFromNow' }),
                ],
                { noValue: 'none is known' }
              )],
            ]),
          ],
        },
        trouble.parts,
      ],
    }),
  },

  // --- Recorded for the dashboard ----------------------------------------------------

  local r = c {
    s: c.avamarSelector,
    gap: c.gapWindow,
    alive: promql.whileScraped(c.avamarSelector),
  },

  _systems+:: {
    avamar+: {
      rules+: [
        {
          name: 'avamar.age',
          rules: [
            {
              // The age of the last reading, so that a missed scrape leaves no hole.
              record: 'target:avamar_%s_age_seconds:last' % m[0],
              expr: |||
                time() - last_over_time(avamar_%(job)s_last_timestamp_seconds{%(s)s}[%(gap)s])
                %(alive)s
              ||| % (r { job: m[0] }),
            }
            for m in maintenance
          ],
        },
        {
          name: 'avamar.trend',
          rules: [
            {
              record: 'target:avamar_session_ticket_serial_gap:median',
              expr: |||
                quantile_over_time(0.5, target:avamar_session_ticket_serial_gap:last{%(s)s}[%(avamarGapUsualWindow)s])
                %(alive)s
              ||| % r,
            },
            {
              // How full the node is at the horizon if the trend goes on.
              record: 'node:avamar_node_used_ratio:predict',
              expr: |||
                clamp_min(predict_linear(avamar_node_used_ratio{%(s)s}[%(avamarTrendWindow)s], %(avamarTrendHorizonSeconds)d), 0)
                %(alive)s
              ||| % r,
            },
            {
              // When it is full by the trend. Absent while it does not fill up.
              record: 'node:avamar_node_time_to_full_seconds:predict',
              expr: |||
                clamp_min(%(avamarNodeFullRatio)g - predict_linear(avamar_node_used_ratio{%(s)s}[%(avamarTrendWindow)s], 0), 0)
                  / (deriv(avamar_node_used_ratio{%(s)s}[%(avamarTrendWindow)s]) > 0)
                # It is not a trend of hours.
                and last_over_time(avamar_node_used_ratio{%(s)s}[6h] offset %(avamarTrendMinimum)s)
                %(alive)s
              ||| % r,
            },
          ],
        },
      ],
    },
  },
}
