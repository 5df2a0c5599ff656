// The fleet: a row for each target, how it is, what is wrong worst, and why.
local diagnosis = import '../../collectors/vnxcava/diagnosis.json';
local dashboard = import '../lib/dashboard.libsonnet';
local panel = import '../lib/panel.libsonnet';
local reasons = import '../lib/reasons.libsonnet';
local troubleOf = import '../lib/trouble.libsonnet';
local words = import '../lib/words.libsonnet';
local palette = panel.palette;

{
  local c = $._config,
  local s = dashboard.selected(c.targetSelector),
  local trouble = troubleOf(c, $.prometheusAlerts.groups, c.targetSelector),
  local line = dashboard.line,
  local w = words.of($.prometheusAlerts.groups),

  // The systems that have a dashboard of their own, and its uid.
  local systems = [
    system
    for system in std.objectFields(c.dashboardIDs)
    if system != 'overview' && system != 'exporter'
  ],
  // Adds a label with the uid of the dashboard of the target's system.
  local withDashboard(expr) = std.foldl(
    function(e, system) 'label_replace(%s, "dashboard", "%s", "system", "%s")' % [e, c.dashboardIDs[system], system],
    systems,
    expr
  ),

  // Why, as a word: what is known of the cause where it is known, otherwise what the
  // alert says itself (its name stands for that).
  local because = |||
    target:dataprotection_worst_alert:max{%(s)s,alertname=~"Cava.*"}
    * on (job, instance) group_left (why) (
      topk by (job, instance) (1, count by (job, instance, why) (
        label_replace(checker:vnx_cava_checker_diagnosis:last{%(s)s,cause!="none"}, "why", "$1", "cause", "(.*)")
      )) ^ 0
    )
    or on (job, instance)
    target:dataprotection_worst_alert:max{%(s)s,alertname=~"DataProtection.*"}
    * on (job, instance) group_left (why) (
      topk by (job, instance) (1, count by (job, instance, why) (
        label_replace(dataprotection_part_failure{%(s)s,reason!="none"} == 1, "why", "$1", "reason", "(.*)")
      )) ^ 0
    )
    or on (job, instance)
    %(otherwise)s
  ||| % { s: s, otherwise: words.named('target:dataprotection_worst_alert:max{%s}' % s, 'why') },

  local becauseWords =
    w.causes +
    [[cause, diagnosis.causes[cause].meaning] for cause in std.objectFields(diagnosis.causes)] +
    [[reason, reasons[reason].meaning] for reason in std.objectFields(reasons) if !std.objectHas(diagnosis.causes, reason)],

  local count(title, description, of, options) = panel.stat(title, description, 'short', [panel.now(of)], options),

  grafanaDashboards+:: {
    'overview.json': dashboard.new(c, {
      key: 'overview',
      title: 'Data protection / Overview',
      description: 'Every target whose protection of data is watched: how it is, what is wrong worst, and why.',
      selector: c.targetSelector,
      alerts: c.targetSelector,

      first: [
        line(4, [
          [4, trouble.severity],
          [5, count(
            'Systems with data unprotected',
            'Targets for which a critical alert fires: files are not scanned, backups fail, or data is about to be lost, now.',
            'count(target:dataprotection_severity:max{%s} == 3) or vector(0)' % s,
            { thresholds: [[null, palette.good], [1, palette.critical]], background: true }
          )],
          [5, count(
            'Systems at risk',
            'Targets for which a warning is the worst that fires: redundancy is lost or data will be unprotected.',
            'count(target:dataprotection_severity:max{%s} == 2) or vector(0)' % s,
            { thresholds: [[null, palette.good], [1, palette.warning]], background: true }
          )],
          [5, trouble.answering],
          [5, trouble.collected],
        ]),
        line(11, [[24, panel.table(
          'Targets',
          'Every target, the worst first: its worst problem with the cause, and when it was last read whole. The name leads to the dashboard of its system, the problem to the runbook.',
          [
            panel.rows(withDashboard('target:dataprotection_severity:max{%s}' % s)),
            panel.rows(because),
            panel.rows('target:dataprotection_collected_timestamp_seconds:last{%s} * 1000' % s),
            panel.rows('count by (job, instance) (ALERTS{alertstate="firing",%s})' % std.join(',', std.filter(function(part) part != '', [c.targetSelector, 'instance=~"$target"']))),
          ],
          [
            panel.column('instance', 'Target', {
              links: [panel.link('Dashboard', '/d/${__data.fields.dashboard}?${__url_time_range}&var-datasource=${datasource}&var-target=${__value.raw}')],
            }),
            trouble.columns.site,
            trouble.columns.system,
            panel.column('Value #A', 'Health', { words: words.severities, colored: true, width: 120 }),
            trouble.columns.problem,
            panel.column('why', 'Cause', { words: becauseWords }),
            panel.column('Value #D', 'Alerts', { width: 80, decimals: 0 }),
            panel.column('Value #C', 'Last good collection', { unit: 'dateTimeFromNow', width: 170 }),
            panel.column('dashboard', ''),
          ],
          { sortBy: 'Health', noValue: '' }
        )]]),
        line(8, [
          [14, panel.states(
            'Health',
            'The severity of the worst alert of each target over time.',
            [panel.query('max by (instance) (target:dataprotection_severity:max{%s})' % s, '{{instance}}')],
            words.severities
          )],
          [10, panel.timeseries(
            'Firing alerts',
            'Alerts that fire, by severity.',
            'short',
            [
              panel.query('count(ALERTS{alertstate="firing",severity="critical",%s,instance=~"$target"}) or vector(0)' % c.targetSelector, 'critical'),
              panel.query('count(ALERTS{alertstate="firing",severity="warning",%s,instance=~"$target"}) or vector(0)' % c.targetSelector, 'warning'),
              panel.query('count(ALERTS{alertstate="firing",severity="info",%s,instance=~"$target"}) or vector(0)' % c.targetSelector, 'worth knowing'),
            ],
            {
              colors: { critical: palette.critical, warning: palette.warning, 'worth knowing': palette.info },
              stack: true,
              decimals: 0,
            }
          )],
        ]),
      ],

      sections: [
        {
          title: 'All alerts',
          lines: [line(10, [[24, trouble.alerts]])],
        },
        {
          title: 'By system',
          lines: [line(8, [
            [12, panel.table(
              'Systems',
              'How many targets of each system there are, and for how many of them a critical alert fires.',
              [
                panel.rows('system:dataprotection_targets:count{%s}' % c.targetSelector),
                panel.rows('system:dataprotection_targets_critical:count{%s}' % c.targetSelector),
              ],
              [
                trouble.columns.system,
                panel.column('Value #A', 'Targets'),
                panel.column('Value #B', 'With data unprotected'),
              ],
              { sortBy: 'With data unprotected' }
            )],
            [12, panel.timeseries(
              'Data unprotected, by system',
              'Targets for which a critical alert fires, by system.',
              'short',
              [panel.query('system:dataprotection_targets_critical:count{%s}' % c.targetSelector, '{{system}}')],
              { stack: true, decimals: 0 }
            )],
          ])],
        },
        trouble.parts,
      ],
    }),
  },
}
