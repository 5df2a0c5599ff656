// Recorded health of every target: one series a target, so that the overview of a large
// fleet asks for few.
{
  local c = $._config,
  local f = { s: c.targetSelector },

  // The alerts that fire; a worse severity is a larger number.
  local ranked = std.join('\nor ', [
    'ALERTS{alertstate="firing",severity="%s"} * %d' % rank
    for rank in [['critical', 3], ['warning', 2], ['info', 1]]
  ]),
  local indented(text, by) = std.strReplace(text, '\n', '\n' + by),

  _systems+:: {
    health: {
      rules: [{
        name: 'dataprotection.health',
        rules: [
          {
            // 0 nothing fires, 1 info, 2 warning, 3 critical. There for every target.
            record: 'target:dataprotection_severity:max',
            expr: |||
              # The labels of a target stand on its `up`.
              up{%(s)s} * 0 + on (job, instance) group_left () max by (job, instance) (
                %(ranked)s
              )
              or up{%(s)s} * 0
            ||| % (f { ranked: indented(ranked, '  ') }),
          },
          {
            // The worst alert of a target, by name and severity. Absent while none fires.
            record: 'target:dataprotection_worst_alert:max',
            expr: |||
              topk by (job, instance) (1,
                max by (job, instance, alertname, severity) (
                  %(ranked)s
                )
              )
              # The labels of a target stand on its `up`.
              + on (job, instance) group_left (system, site) up{%(s)s} * 0
            ||| % (f { ranked: indented(ranked, '    ') }),
          },
          {
            // When the target was last read whole. It remembers itself while the target is
            // still scraped.
            record: 'target:dataprotection_collected_timestamp_seconds:last',
            expr: |||
              dataprotection_probe_collected_timestamp_seconds{%(s)s}
              and on (job, instance) dataprotection_probe_success{%(s)s} == 1
              or target:dataprotection_collected_timestamp_seconds:last{%(s)s}
              and on (job, instance) up{%(s)s}
            ||| % f,
          },
          {
            record: 'system:dataprotection_targets:count',
            expr: 'count by (system) (up{%(s)s})' % f,
          },
          {
            // Targets whose data is unprotected, or whose backups fail, now.
            record: 'system:dataprotection_targets_critical:count',
            expr: |||
              count by (system) (target:dataprotection_severity:max{%(s)s} == 3)
              or count by (system) (up{%(s)s}) * 0
            ||| % f,
          },
        ],
      }],
      alerts: [],
    },
  },
}
