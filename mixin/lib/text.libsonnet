// Turns tables into Go template text for annotations.
{
  // A named template that says something for each key of a table, and `otherwise`
  // for any other. Use: {{ template "name" .Labels.key }}
  define(name, table, otherwise)::
    '{{- define "%s" -}}\n{{- ' % name +
    std.join('\n{{- else ', [
      'if eq . "%s" -}} %s' % [key, table[key]]
      for key in std.objectFields(table)
    ]) + '\n{{- else -}} ' + otherwise + '\n{{- end }}{{ end -}}\n',

  // "Cause: ... Remedy: ..." for a table of { meaning, remedy }.
  causeAndRemedy(table):: {
    [key]: 'Cause: %s. Remedy: %s.' % [table[key].meaning, table[key].remedy]
    for key in std.objectFields(table)
  },

  // A query from within an annotation. Every @ in expr becomes matchers for the given
  // labels of the alert.
  query(expr, labels)::
    local matchers = std.join(',', ['%s=%%q' % label for label in labels]);
    local arguments = std.join(' ', ['$labels.' + label for label in labels]);
    local times = std.length(std.split(expr, '@')) - 1;
    'query (printf `%s` %s)' % [
      std.strReplace(expr, '@', matchers),
      std.join(' ', std.repeat([arguments], times)),
    ],
}
