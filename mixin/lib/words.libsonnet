// What the alerts say, as tables for value mappings: a dashboard shows the sentence of
// an alert, its cause and its remedy where Prometheus has only its name.
local palette = import 'palette.libsonnet';

// The first line of a text that begins with a word and holds no template, without the
// word; null when there is none.
local sentence(description, word) =
  local found = [
    std.lstripChars(line[std.length(word):], ' ')
    for line in std.split(description, '\n')
    if std.startsWith(line, word) && !std.member(line, '{{')
  ];
  if found == [] then null else found[0];

// Some texts have cause and remedy in one line.
local before(text, word) =
  if text == null then null else std.rstripChars(std.split(text, word)[0], ' ');

{
  // Severities, as words behind the numbers of target:dataprotection_severity:max.
  severities:: [
    [0, 'fine', palette.good],
    [1, 'worth knowing', palette.info],
    [2, 'warning', palette.warning],
    [3, 'critical', palette.critical],
  ],

  // The same behind the values of the label severity.
  severityNames:: [
    ['info', 'worth knowing', palette.info],
    ['warning', 'warning', palette.warning],
    ['critical', 'critical', palette.critical],
  ],

  systems:: [
    ['vnx_cava', 'VNX CAVA'],
    ['onefs_cava', 'OneFS CAVA'],
    ['avamar', 'Avamar'],
    ['csmars', 'CS-MARS'],
    ['ntfrs', 'NTFRS'],
    ['exporter', 'Exporter'],
  ],

  // [[alertname, summary], ...], and the same for causes and remedies. Where a text
  // needs the labels of the alert, it says where to read it.
  of(groups):: {
    local alerts = std.foldl(
      function(all, rule) { [rule.alert]: rule.annotations } + all,
      [rule for group in groups for rule in group.rules if std.objectHas(rule, 'alert')],
      {}
    ),
    local all(f) = [[name, f(alerts[name])] for name in std.objectFields(alerts)],
    local or(text, otherwise) = if text == null then otherwise else text,

    summaries: all(function(a) a.summary),
    causes: all(function(a) or(before(sentence(a.description, 'Cause:'), 'Remedy:'), 'see the details below and the notification')),
    remedies: all(function(a) or(sentence(a.description, 'Remedy:'), 'follow the runbook')),
  },
}
