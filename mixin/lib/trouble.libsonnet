// What the first screen of every dashboard of a system begins with: how bad it is, what
// is wrong, since when, why, and what to do next; and its last section: how the
// exporter gets its answers.
local dashboard = import 'dashboard.libsonnet';
local panel = import 'panel.libsonnet';
local reasons = import 'reasons.libsonnet';
local words = import 'words.libsonnet';
local palette = panel.palette;

// config, the groups of all alerts, the selector of the targets, and the labels that
// say what an alert is about within a target: [[label, title], ...].
function(config, groups, selector, about=[]) {
  local s = dashboard.selected(selector),
  local w = words.of(groups),
  // The queries of alerts take no site: an alert need not carry it.
  local alerts = std.join(',', std.filter(function(part) part != '', [selector, 'instance=~"$target"'])),

  // Columns that any table of targets may have.
  columns:: {
    target: panel.column('instance', 'Target'),
    site: panel.column('site', 'Site'),
    system: panel.column('system', 'System', { words: words.systems }),
    severity: panel.column('severity', 'Severity', { words: words.severityNames, colored: true, width: 110 }),
    since: panel.column('Value', 'Since', { unit: 'dateTimeFromNow', width: 130 }),
    problem: panel.column('alertname', 'Problem', { words: w.summaries, links: [
      panel.link('Runbook', config.exporterURL + '/runbooks/${__value.raw}', true),
    ] }),
    cause: panel.column('why', 'Cause', { words: w.causes }),
    next: panel.column('next', 'What to do', { words: w.remedies }),
  },

  // --- The first line ------------------------------------------------------------

  severity:: panel.stat(
    'Worst problem',
    'The severity of the worst alert that fires for the selected targets. Critical: data is unprotected or backups fail now.',
    'none',
    [panel.now('max(target:dataprotection_severity:max{%s})' % s)],
    { words: words.severities, thresholds: [[null, palette.good], [1, palette.info], [2, palette.warning], [3, palette.critical]], background: true }
  ),

  collected:: panel.stat(
    'Last good collection',
    'When the target that was read longest ago was last read whole. Older values on this page are last known values.',
    'dateTimeFromNow',
    [panel.now('min(target:dataprotection_collected_timestamp_seconds:last{%s}) * 1000' % s)],
    { noValue: 'never' }
  ),

  answering:: panel.stat(
    'Targets read',
    'Targets of which every part was answered in the last collection, of all that are selected.',
    'short',
    [
      panel.now('count(dataprotection_probe_success{%s} == 1) or vector(0)' % s, 'read'),
      panel.now('count(up{%s})' % s, 'of'),
    ],
    { noValue: 'none', textMode: 'value_and_name' }
  ),

  // --- The table -----------------------------------------------------------------

  alerts:: panel.table(
    'What is wrong',
    'The alerts that fire now, the oldest first, with cause and remedy. The name leads to the runbook.',
    [panel.rows(words.named(words.named(|||
      (
        ALERTS_FOR_STATE{%(alerts)s} * 1000
        and ignoring (alertstate) ALERTS{%(alerts)s,alertstate="firing"}
      )
    ||| % { alerts: alerts }, 'why'), 'next'))],
    [$.columns.severity, $.columns.since, $.columns.target] +
    [panel.column(a[0], a[1]) for a in about] +
    [$.columns.problem, $.columns.cause, $.columns.next],
    { sortBy: 'Since', descending: false, noValue: 'nothing is wrong' }
  ),

  // --- The last section ----------------------------------------------------------

  // What failed, for a table.
  failures:: {
    local about(what) = [[reason, reasons[reason][what]] for reason in std.objectFields(reasons)],
    queries: [panel.rows(|||
      label_replace(
        label_replace(
          dataprotection_part_failure{%s} == 1,
          "why", "$1", "reason", "(.*)"
        ),
        "next", "$1", "reason", "(.*)"
      )
    ||| % s)],
    columns: [
      $.columns.target,
      panel.column('part', 'Part'),
      panel.column('unit', 'Of'),
      panel.column('reason', 'Reason'),
      panel.column('why', 'Cause', { words: about('meaning') }),
      panel.column('next', 'What to do', { words: about('remedy') }),
    ],
  },

  parts:: {
    title: 'How the answers came',
    lines: [
      dashboard.line(8, [
        [12, panel.states(
          'Parts',
          'Whether each part of each target was answered. What a part asks is on the page of the system.',
          [panel.query('min by (instance, part, unit) (dataprotection_part_success{%s})' % s, '{{instance}} {{part}} {{unit}}')],
          [[0, 'failed', palette.critical], [1, 'answered', palette.good]]
        )],
        [12, panel.table(
          'Parts without an answer',
          'The parts that failed in the last collection, with the reason, what it means and what to do.',
          $.failures.queries,
          $.failures.columns,
          { noValue: 'every part was answered' }
        )],
      ]),
      dashboard.line(8, [
        [12, panel.timeseries(
          'Duration of the parts',
          'How long each part took, the slowest unit of it. The collection is ended at its timeout.',
          's',
          [panel.query('max by (instance, part) (dataprotection_part_duration_seconds{%s})' % s, '{{instance}} {{part}}')]
        )],
        [12, panel.timeseries(
          'Lines that are not understood',
          'Lines of the answers that have no known meaning. More than usual means that the device changed its output.',
          'short',
          [panel.query('sum by (instance, part) (dataprotection_unrecognized_lines{%s})' % s, '{{instance}} {{part}}')]
        )],
      ]),
    ],
  },
}
