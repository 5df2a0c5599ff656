// Makes alerts that all look alike and refuses those that do not.
//
//   local alert = (import '../lib/alert.libsonnet').new($._config, 'vnx_cava');
//   alert({ name:, severity:, expr:, summary:, description:, 'for': })
{
  severities:: ['critical', 'warning', 'info'],

  // system is the label every alert gets; null leaves the label of the series in
  // place, for alerts that are about targets of any system. dashboard is a key of
  // _config.dashboardIDs.
  new(config, system, dashboard=system, perTarget=true):: function(a)
    assert std.length(a.name) <= 40 : a.name + ': the name is longer than 40 characters';
    assert std.member($.severities, a.severity) : a.name + ': unknown severity ' + a.severity;
    assert !std.member(a.summary, '{{') : a.name + ': the summary must not be templated';
    assert std.asciiUpper(a.summary[0]) == a.summary[0] : a.name + ': the summary must start with a capital';
    assert std.endsWith(a.summary, '.') : a.name + ': the summary must end with a full stop';
    assert std.member(a.description, '{{') : a.name + ': the description must be templated';
    {
      alert: a.name,
      expr: a.expr,
      [if std.objectHas(a, 'for') then 'for']: a['for'],
      labels: { severity: a.severity } + (if system == null then {} else { system: system }),
      annotations: {
        summary: a.summary,
        description: a.description,
        runbook_url: config.exporterURL + '/runbooks/' + a.name,
        dashboard_url:
          config.grafanaURL + '/d/' + config.dashboardIDs[dashboard] +
          (if perTarget then '?var-target={{ $labels.instance | urlquery }}' else ''),
      },
    },
}
