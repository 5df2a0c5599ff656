// A small dashboard that breaks no rule. The tests break it, rule by rule.
local config = (import 'config.libsonnet')._config;
local dashboard = import 'lib/dashboard.libsonnet';
local panel = import 'lib/panel.libsonnet';
local palette = panel.palette;
local s = dashboard.selected(config.vnxCavaSelector);

dashboard.new(config, {
  key: 'vnx_cava',
  title: 'A good dashboard',
  description: 'It is what the rules are tried on.',
  selector: config.vnxCavaSelector,
  alerts: config.vnxCavaSelector,
  variables: [{ name: 'exporter', label: 'Exporter', query: 'label_values(dataprotection_config_last_reload_successful, instance)' }],
  first: [
    dashboard.line(4, [
      [8, panel.stat(
        'Worst queue', 'The longest queue of all movers.', 'short', [panel.now('max(vnx_cava_queue_files{%s})' % s)]
      )],
      [16, panel.stat(
        'Last check',
        'When a mover last asked each checker for its state.',
        'dateTimeFromNow',
        [panel.now('vnx_cava_checker_last_check_timestamp_seconds{%s} * 1000' % s, '{{mover}} {{checker}}')]
      )],
    ]),
    dashboard.line(8, [
      [12, panel.timeseries(
        'Scan requests',
        'Scan requests of each mover.',
        'reqps',
        [
          panel.query('sum by (instance, mover) (rate(vnx_cava_requests_total{%s}[$__rate_interval]))' % s, '{{instance}} {{mover}}'),
          panel.query('sum by (instance) (rate(vnx_cava_request_failures_total{%s,reason="timeout"}[$__rate_interval]))' % s, 'timeouts of {{instance}}'),
        ]
      )],
      [12, panel.timeseries(
        'Fill of the queue',
        'The queue as a share of its high water mark.',
        'percentunit',
        [panel.query(
          'vnx_cava_queue_files{%s} / on (job, instance, mover) group_left (share) (vnx_cava_info{%s} * on (job, instance, mover) group_left () vnx_cava_high_water_mark_files{%s})' % [s, s, s],
          '{{mover}} {{share}}'
        )],
        { thresholds: [[1, palette.critical]] }
      )],
    ]),
  ],
  sections: [{
    title: 'More',
    lines: [dashboard.line(8, [
      [6, panel.states(
        'Virus checking',
        'Whether virus checking runs on each mover.',
        [panel.query('vnx_cava_running{%s}' % s, '{{instance}} {{mover}}')],
        [[0, 'stopped', palette.critical], [1, 'runs', palette.good]]
      )],
      [10, panel.table(
        'Checkers',
        'The checkers of each mover and when they were last asked.',
        [
          panel.rows('topk(10, vnx_cava_checker_online{%s})' % s),
          panel.rows('vnx_cava_checker_last_check_timestamp_seconds{%s} * 1000' % s),
          panel.rows('vnx_cava_offline_policy{%s} == 1' % s),
        ],
        [
          panel.column('instance', 'Target', { links: [panel.link('Targets', config.exporterURL + '/targets')] }),
          panel.column('checker', 'Checker', { links: [panel.link('Runbook', config.exporterURL + '/runbooks/CavaCheckerOffline')] }),
          panel.column('policy', 'Without any', { words: [['none', 'goes on'], ['viruschecking', 'stops scans'], ['cifs', 'stops CIFS'], ['unknown', 'not known']] }),
          panel.column('Value #A', 'Online', { words: [[0, 'offline', palette.critical], [1, 'online', palette.good]] }),
          panel.column('Value #B', 'Asked', { unit: 'dateTimeFromNow' }),
        ],
        { sortBy: 'Asked' }
      )],
      [8, panel.stat(
        'Connections',
        'How many connections the exporter has to each target.',
        'short',
        [panel.now('dataprotection_ssh_connections_open{instance=~"$exporter",target=~"$target"}', '{{target}}')]
      )],
    ])],
  }],
})
