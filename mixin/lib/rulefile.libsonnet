// Writes groups of rules as a Prometheus rule file. Unlike std.manifestYamlDoc it
// keeps the fields in the order a person reads them and long texts as blocks.
local ruleFields = ['record', 'alert', 'expr', 'for', 'labels', 'annotations'];
local annotationFields = ['summary', 'description', 'runbook_url', 'dashboard_url'];

local ordered(object, first) =
  [name for name in first if std.objectHas(object, name)] +
  [name for name in std.objectFields(object) if !std.member(first, name)];

local indented(text, indent) =
  std.join('\n', [
    if line == '' then '' else indent + line
    for line in std.split(text, '\n')
  ]);

// A name or a duration needs no quotes.
local isPlain(text) =
  local chars = std.stringChars(text);
  local all(set) = std.all([std.member(set, char) for char in chars]);
  local letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  std.length(chars) > 1 &&
  (
    std.member(letters, chars[0]) && all(letters + '0123456789_:') ||
    std.member('123456789', chars[0]) && all('0123456789smhdwy') && std.member('smhdwy', chars[std.length(chars) - 1])
  );

local scalar(value, indent) =
  local text = if std.isString(value) then std.rstripChars(value, '\n') else std.toString(value);
  if std.member(text, '\n')
  then '|-\n' + indented(text, indent)
  else if isPlain(text) then text
  else std.escapeStringJson(text);

local field(name, value, indent) =
  if std.isObject(value) then
    name + ':\n' + std.join('\n', [
      indent + '  ' + field(key, value[key], indent + '  ')
      for key in ordered(value, annotationFields)
    ])
  else
    name + ': ' + scalar(value, indent + '  ');

local rule(r) =
  '      - ' + std.join('\n        ', [field(name, r[name], '        ') for name in ordered(r, ruleFields)]);

local group(g) =
  assert std.length(g.name) <= 40 : 'the group name %s is longer than 40 characters' % g.name;
  assert std.length(g.rules) <= 20 : 'the group %s has more than 20 rules' % g.name;
  '  - name: %s\n    rules:\n%s' % [g.name, std.join('\n', [rule(r) for r in g.rules])];

function(groups)
  |||
    # Generated from mixin/: change it there, then render again.
    groups:
  ||| + std.join('\n', [group(g) for g in groups]) + '\n'
