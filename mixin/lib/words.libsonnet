// What the alerts say, as tables for value mappings: a dashboard shows the sentence of
// an alert, its cause and its remedy where Prometheus has only its name.
local palette = import 'palette.libsonnet';

// A text without its templates: a label of the alert is shown as <label>. null where
// anything else is templated.
local plain(text) =
  local pieces = std.split(text, '{{');
  local labelled(piece) =
    local halves = std.splitLimit(piece, '}}', 1);
    local name = std.strReplace(std.strReplace(halves[0], ' ', ''), '$labels.', '');
    if std.startsWith(std.lstripChars(halves[0], ' '), '$labels.') && std.length(std.findSubstr('|', name)) == 0
    then '<' + name + '>' + halves[1]
    else null;
  local shown = [pieces[0]] + [labelled(piece) for piece in pieces[1:]];
  if std.member(shown, null) then null else std.join('', shown);

// The lines of a text that begin with a word, without the word, as far as they stand
// for themselves. Several are for several cases.
local sentences(description, word) =
  std.filter(function(text) text != null, [
    plain(std.lstripChars(line[std.length(word):], ' '))
    for line in std.split(description, '\n')
    if std.startsWith(line, word)
  ]);

// Some texts have cause and remedy in one line.
local before(text, word) = std.rstripChars(std.split(text, word)[0], ' ');

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

  // What an alert is called in causes and remedies: texts differ by severity.
  key:: { separator: '/', labels: ['alertname', 'severity'] },

  // Adds a label with that name to an expression of alerts.
  named(expr, label)::
    'label_join(%s, "%s", "%s", %s)' % [std.rstripChars(expr, '\n'), label, $.key.separator, std.join(', ', ['"%s"' % l for l in $.key.labels])],

  // [[alertname, summary], ...], and [[key, sentence], ...] of causes and remedies. An
  // alert whose texts differ in more than severity shows each.
  of(groups):: {
    local alerts = [rule for group in groups for rule in group.rules if std.objectHas(rule, 'alert')],
    local texts(name, f, otherwise) =
      local all = std.foldl(
        function(found, rule)
          local key = name(rule);
          local sofar = if std.objectHas(found, key) then found[key] else [];
          found { [key]: sofar + std.filter(function(text) !std.member(sofar, text), f(rule.annotations)) },
        alerts,
        {}
      );
      [[key, if all[key] == [] then otherwise else std.join(' Or: ', all[key])] for key in std.objectFields(all)],
    local byKey(rule) = rule.alert + $.key.separator + rule.labels.severity,

    summaries: texts(function(rule) rule.alert, function(a) [a.summary], ''),
    causes: texts(byKey, function(a) [before(text, 'Remedy:') for text in sentences(a.description, 'Cause:')], 'see the details below and the notification'),
    remedies: texts(byKey, function(a) sentences(a.description, 'Remedy:'), 'follow the runbook'),
  },
}
