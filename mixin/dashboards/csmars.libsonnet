// Cisco CS-MARS: whether everything that the appliance purges is safe in its archive, and
// whether there is room for it.
local dashboard = import '../lib/dashboard.libsonnet';
local panel = import '../lib/panel.libsonnet';
local promql = import '../lib/promql.libsonnet';
local troubleOf = import '../lib/trouble.libsonnet';
local palette = panel.palette;

{
  local c = $._config,
  local s = dashboard.selected(c.csmarsSelector),
  local f = c {
    s: s,
    rate: '$__rate_interval',
    horizonDays: c.csmarsFillingHorizonSeconds / 86400,
    switchDays: c.csmarsPurgeSwitchSeconds / 86400,
  },
  local trouble = troubleOf(c, $.prometheusAlerts.groups, c.csmarsSelector, [['resource', 'Of']]),
  local line = dashboard.line,

  local problem(name) = 'target_problem:csmars_archive_untrusted:last{%s,problem="%s"}' % [s, name],

  grafanaDashboards+:: {
    'csmars.json': dashboard.new(c, {
      key: 'csmars',
      title: 'Data protection / CS-MARS archive',
      description: 'Whether the archive of Cisco CS-MARS appliances is fresh, complete and undamaged, how long there is room for it, and when the appliance purges what only the archive keeps.',
      selector: c.csmarsSelector,
      alerts: c.csmarsSelector,

      first: [
        line(4, [
          [4, trouble.severity],
          [3, panel.stat(
            'Newest events',
            'The age of the newest events in the archive that is furthest behind, when it was last looked at. Appliances write every hour.',
            's',
            [panel.now('max(target:csmars_archive_age:last{%s})' % s)],
            { decimals: 0, thresholds: [[null, palette.good], [c.csmarsArchiveMaxAgeSeconds, palette.warning]] }
          )],
          [3, panel.stat(
            'Missing days',
            'Days without a folder between the oldest and the newest day, of all selected targets. Their events are in the database only, until it purges them. The last known number.',
            'short',
            [panel.now('sum(target:csmars_archive_missing_days:last{%s})' % s)],
            { decimals: 0, thresholds: [[null, palette.good], [c.csmarsMissingDaysMax + 1, palette.warning]] }
          )],
          [4, panel.stat(
            'Filesystem',
            'The share of the fullest filesystem that is left, and when the first one is full by its trend over %(csmarsFillingWindow)s. The time is not there while none fills up, or with less than %(csmarsFillingMinimum)s of readings.' % f,
            'percentunit',
            [
              panel.now('min(last_over_time(csmars_archive_filesystem_avail_bytes{%(s)s}[%(gapWindow)s]) / last_over_time(csmars_archive_filesystem_size_bytes{%(s)s}[%(gapWindow)s]))' % f, 'left'),
              panel.look(
                panel.now('min(target:csmars_archive_time_to_full_seconds:predict{%s})' % s, 'until it is full'),
                { unit: 's', decimals: 0, thresholds: [[null, palette.warning], [c.csmarsFillingHorizonSeconds, palette.good]] }
              ),
            ],
            {
              decimals: 0,
              thresholds: [[null, palette.critical], [c.csmarsAlmostFullCritical, palette.warning], [c.csmarsAlmostFullWarning, palette.good]],
              textMode: 'value_and_name',
            }
          )],
          [4, panel.stat(
            'Database',
            'How full the fullest current partition is, and when the next purge of the oldest data is expected. A purge is normal as long as the archive can be relied on; the time is not there while empty partitions are left.',
            'percentunit',
            [
              panel.now('max(last_over_time(csmars_database_partition_used_ratio{%(s)s}[%(memoryWindow)s]))' % f, 'full'),
              panel.look(
                panel.now('min(target:csmars_database_purge_timestamp_seconds:last{%s} - time())' % s, 'until a purge'),
                { unit: 's', decimals: 0, thresholds: [[null, palette.warning], [c.csmarsPurgeSwitchSeconds, palette.good]] }
              ),
            ],
            { decimals: 0, thresholds: [[null, palette.good], [c.csmarsPurgeUsedRatio, palette.warning]], textMode: 'value_and_name' }
          )],
          [3, panel.stat(
            'Damaged files',
            'Files of the archive that are cut short or have a wrong checksum or length. Their names are on /targets of the exporter. Only where the target has verify switched on.',
            'short',
            [panel.now('sum(last_over_time(csmars_archive_corrupt_files{%(s)s}[%(memoryWindow)s]))' % f)],
            { decimals: 0, thresholds: [[null, palette.good], [1, palette.warning]], noValue: 'not verified' }
          )],
          [3, trouble.collected],
        ]),
        line(6, [[24, trouble.alerts]]),
        line(9, [
          [8, panel.states(
            'Can the archive be relied on',
            'What the archive cannot be relied on for, and whether the database is about to purge. Both at once loses events for good.',
            [
              panel.query(problem('stale'), '{{instance}}: new files arrive'),
              panel.query(problem('unreadable'), '{{instance}}: it can be read'),
              panel.query(problem('days_missing'), '{{instance}}: no day is missing'),
              panel.query('target:csmars_database_purge_near:last{%s} + 2' % s, '{{instance}}: database'),
            ],
            [
              [0, 'yes', palette.good],
              [1, 'no', palette.critical],
              [2, 'no purge is near', palette.good],
              [3, 'about to purge', palette.warning],
            ]
          )],
          [8, panel.timeseries(
            'Archive against its filesystem',
            'What is used on the filesystem, by the archive and in all, against its size. Dotted: what the archive comes to when it holds a mean day for every day of its retention, and what is used in %(horizonDays)d days if the trend of %(csmarsFillingWindow)s goes on.' % f,
            'bytes',
            [
              panel.query('sum by (instance) (csmars_archive_bytes{%s})' % s, 'archive of {{instance}}'),
              panel.query('csmars_archive_filesystem_size_bytes{%(s)s} - csmars_archive_filesystem_avail_bytes{%(s)s}' % f, 'used in all, {{instance}}'),
              panel.limit('csmars_archive_filesystem_size_bytes{%s}' % s, 'size of the filesystem, {{instance}}'),
              panel.forecast('csmars_archive_projected_bytes{%s}' % s, 'archive at its full retention, {{instance}}', palette.warning),
              panel.forecast(
                'clamp_min(csmars_archive_filesystem_size_bytes{%(s)s} - clamp_min(target:csmars_archive_filesystem_avail_bytes:predict{%(s)s}, 0), 0)' % f,
                'used in %(horizonDays)d days at this pace, {{instance}}' % f
              ),
            ]
          )],
          [8, panel.timeseries(
            'Age of the newest file of each type',
            'How old the newest file of each type was when the archive was last looked at. Events (ES) come every hour, other types once a day. The lines are the limits for events and for configuration backups (CF).',
            's',
            [panel.query(
              |||
                csmars_archive_scan_timestamp_seconds{%(s)s}
                - on (job, instance) group_right ()
                max by (job, instance, type, kind) (csmars_archive_newest_file_timestamp_seconds{%(s)s})
              ||| % f,
              '{{type}} {{kind}} of {{instance}}'
            )],
            { min: null, fill: 0, thresholds: [[c.csmarsArchiveMaxAgeSeconds, palette.warning], [c.csmarsConfigMaxAgeSeconds, palette.critical]] }
          )],
        ]),
      ],

      sections: [
        {
          title: 'Days and files',
          lines: [
            line(8, [
              [8, panel.timeseries(
                'Dated folders',
                'Days that have a folder in the archive, and days between them that have none. A missing day stays missing until the retention has passed it.',
                'short',
                [
                  panel.query('csmars_archive_day_folders{%s}' % s, 'days in the archive of {{instance}}'),
                  panel.query('csmars_archive_missing_day_folders{%s}' % s, 'days missing, {{instance}}'),
                ],
                { decimals: 0 }
              )],
              [8, panel.timeseries(
                'Age of the oldest day',
                'How far back the archive reaches, against its retention. A line that goes on above the limit means that old days are not removed.',
                's',
                [
                  panel.query('csmars_archive_scan_timestamp_seconds{%(s)s} - csmars_archive_oldest_day_timestamp_seconds{%(s)s}' % f, 'oldest day of {{instance}}'),
                  panel.limit('csmars_archive_retention_seconds{%s}' % s, 'retention of {{instance}}', palette.warning),
                ]
              )],
              [8, panel.table(
                'Archives',
                'What each archive spans, its retention, the operating system backups in it, and files whose place or name is not known.',
                [
                  panel.rows('max by (instance) (csmars_archive_oldest_day_timestamp_seconds{%s}) * 1000' % s),
                  panel.rows('max by (instance) (csmars_archive_newest_day_timestamp_seconds{%s}) * 1000' % s),
                  panel.rows('max by (instance) (csmars_archive_retention_seconds{%s})' % s),
                  panel.rows('max by (instance) (csmars_archive_os_backups{%s})' % s),
                  panel.rows('max by (instance) (csmars_archive_unrecognized_files{%s})' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('Value #A', 'Oldest day', { unit: 'dateTimeAsIso' }),
                  panel.column('Value #B', 'Newest day', { unit: 'dateTimeAsIso' }),
                  panel.column('Value #C', 'Retention', { unit: 's' }),
                  panel.column('Value #D', 'OS backups', { decimals: 0 }),
                  panel.column('Value #E', 'Unknown files', { decimals: 0 }),
                ],
                { noValue: 'no archive was read' }
              )],
            ]),
            line(8, [
              [8, panel.timeseries(
                'Files by type',
                'Files in the archive by the two-letter folder they are in; ES by kind too.',
                'short',
                [panel.query('max by (instance, type, kind) (csmars_archive_files{%s})' % s, '{{type}} {{kind}} of {{instance}}')],
                { stack: true, decimals: 0, calcs: ['lastNotNull'] }
              )],
              [8, panel.timeseries(
                'Size by type',
                'The size of the files in the archive by the two-letter folder they are in; ES by kind too.',
                'bytes',
                [panel.query('max by (instance, type, kind) (csmars_archive_bytes{%s})' % s, '{{type}} {{kind}} of {{instance}}')],
                { stack: true, calcs: ['lastNotNull'] }
              )],
              [8, panel.timeseries(
                'Size of a day',
                'The mean size of the last closed days. A rise shows a device that sends more; a fall shows one that went quiet.',
                'bytes',
                [panel.query('csmars_archive_bytes_per_day{%s}' % s, 'a day of {{instance}}')]
              )],
            ]),
          ],
        },
        {
          title: 'Filesystem',
          lines: [
            line(8, [
              [8, panel.timeseries(
                'Share that is left',
                'The shares of bytes and of inodes that are left. Below the lines the filesystem is almost full; when it is full nothing is archived any more.',
                'percentunit',
                [
                  panel.query('csmars_archive_filesystem_avail_bytes{%(s)s} / csmars_archive_filesystem_size_bytes{%(s)s}' % f, 'bytes of {{instance}}'),
                  panel.query('csmars_archive_filesystem_inodes_free{%(s)s} / (csmars_archive_filesystem_inodes{%(s)s} > 0)' % f, 'inodes of {{instance}}'),
                ],
                {
                  max: 1,
                  fill: 0,
                  thresholds: [[c.csmarsAlmostFullCritical, palette.critical], [c.csmarsAlmostFullWarning, palette.warning]],
                  calcs: ['lastNotNull', 'min'],
                }
              )],
              [8, panel.timeseries(
                'Space that is left',
                'Space that the archive may still use, and where the trend of %(csmarsFillingWindow)s leads in %(horizonDays)d days. The archive grows by the hour and is purged by the day: only a trend of days counts.' % f,
                'bytes',
                [
                  panel.query('csmars_archive_filesystem_avail_bytes{%s}' % s, 'left on {{instance}}'),
                  panel.forecast(
                    'clamp_min(target:csmars_archive_filesystem_avail_bytes:predict{%s}, 0)' % s,
                    'in %(horizonDays)d days, {{instance}}' % f
                  ),
                ],
                { calcs: ['lastNotNull', 'min'] }
              )],
              [8, panel.table(
                'Where the trend leads',
                'What is left on each filesystem, what is left in %(horizonDays)d days by the trend of %(csmarsFillingWindow)s (below 0: it is full before), and when it is full. The time is not there where space does not shrink, or with less than %(csmarsFillingMinimum)s of readings.' % f,
                [
                  panel.rows('max by (instance) (csmars_archive_filesystem_size_bytes{%s})' % s),
                  panel.rows('min by (instance) (csmars_archive_filesystem_avail_bytes{%s})' % s),
                  panel.rows('min by (instance) (target:csmars_archive_filesystem_avail_bytes:predict{%s})' % s),
                  panel.rows('min by (instance) (target:csmars_archive_time_to_full_seconds:predict{%s})' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('Value #A', 'Size', { unit: 'bytes' }),
                  panel.column('Value #B', 'Left', { unit: 'bytes' }),
                  panel.column('Value #C', 'In %(horizonDays)d days' % f, { unit: 'bytes' }),
                  panel.column('Value #D', 'Until it is full', { unit: 's', decimals: 0 }),
                ],
                { noValue: 'no filesystem was read' }
              )],
            ]),
            line(7, [
              [12, panel.timeseries(
                'Inodes',
                'Inodes that are used, against all there are. A busy appliance writes hundreds of files a day. Not there where the filesystem does not count them.',
                'short',
                [
                  panel.query('csmars_archive_filesystem_inodes{%(s)s} - csmars_archive_filesystem_inodes_free{%(s)s}' % f, 'used on {{instance}}'),
                  panel.limit('csmars_archive_filesystem_inodes{%s}' % s, 'all of {{instance}}'),
                ],
                { decimals: 0 }
              )],
              [12, panel.states(
                'How it is mounted',
                'Whether the filesystem is mounted read-only where the exporter runs. On a client of the archive server that is as it should be; on the server nothing can be archived.',
                [panel.query('csmars_archive_filesystem_readonly{%s}' % s, '{{instance}}')],
                [[0, 'for writing', palette.good], [1, 'read-only', palette.info]]
              )],
            ]),
          ],
        },
        {
          title: 'Database of the appliance',
          lines: [
            line(8, [
              [8, panel.timeseries(
                'How full the current partition is',
                'The fill of the current partition, and where its trend of %(csmarsPartitionTrendWindow)s leads in %(switchDays)d days. From the line on a purge counts as near.' % f,
                'percentunit',
                [
                  panel.query('csmars_database_partition_used_ratio{%s}' % s, 'partition of {{instance}}'),
                  panel.forecast('target:csmars_database_partition_used_ratio:predict{%s}' % s, 'in %(switchDays)d days, {{instance}}' % f),
                ],
                { max: 1, thresholds: [[c.csmarsPurgeUsedRatio, palette.warning]] }
              )],
              [8, panel.timeseries(
                'Time until the switch',
                'When the appliance expects to begin its next partition: a straight line through the fill since the partition began. Below the line a switch that purges counts as near.',
                's',
                [panel.query('csmars_database_partition_switch_timestamp_seconds{%s} - time()' % s, 'switch of {{instance}}')],
                { min: null, fill: 0, thresholds: [[c.csmarsPurgeSwitchSeconds, palette.warning]], calcs: ['lastNotNull', 'min'] }
              )],
              [8, panel.states(
                'What the next switch does',
                'Whether the next switch of partitions purges the oldest data, about a tenth of the database, or begins an empty one.',
                [panel.query('csmars_database_purge_on_switch{%s}' % s, '{{instance}}')],
                [[0, 'begins an empty partition', palette.good], [1, 'purges the oldest data', palette.warning]]
              )],
            ]),
            line(6, [
              [24, panel.table(
                'Partitions',
                'The current partition of each appliance: when it was begun, how full it is, when the appliance expects to switch, and how many empty ones are left.',
                [
                  panel.rows('max by (instance) (csmars_database_partition_start_timestamp_seconds{%s}) * 1000' % s),
                  panel.rows('max by (instance) (csmars_database_partition_used_ratio{%s})' % s),
                  panel.rows('max by (instance) (csmars_database_partition_switch_timestamp_seconds{%s}) * 1000' % s),
                  panel.rows('max by (instance) (csmars_database_empty_partitions{%s})' % s),
                  panel.rows('max by (instance) (csmars_database_purge_on_switch{%s})' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('Value #A', 'Begun', { unit: 'dateTimeAsIso' }),
                  panel.column('Value #B', 'Full', { unit: 'percentunit', decimals: 1 }),
                  panel.column('Value #C', 'Switch expected', { unit: 'dateTimeAsIso' }),
                  panel.column('Value #D', 'Empty partitions', { decimals: 0 }),
                  panel.column('Value #E', 'The switch', { words: [[0, 'begins an empty partition'], [1, 'purges the oldest data']] }),
                ],
                { noValue: 'no database was asked' }
              )],
            ]),
          ],
        },
        {
          title: 'Contents of the files',
          lines: [
            line(8, [
              [6, panel.timeseries(
                'Damaged and unchecked files',
                'Files that were found damaged, and files that were not checked yet: the backlog, files still being written, and files that cannot be read.',
                'short',
                [
                  panel.query('csmars_archive_corrupt_files{%s}' % s, 'damaged, {{instance}}'),
                  panel.query('csmars_archive_unverified_files{%s}' % s, 'not checked yet, {{instance}}'),
                ],
                { decimals: 0 }
              )],
              [6, panel.timeseries(
                'Files checked',
                'Files that were read to their end and checked, damaged ones included.',
                'short',
                [panel.query('increase(csmars_archive_verified_files_total{%(s)s}[%(rate)s])' % f, '{{instance}}')],
                { decimals: 0 }
              )],
              [6, panel.timeseries(
                'Raw messages',
                'Raw messages a second in the files that were checked. They come with each file, not with each event.',
                'cps',
                [panel.query('rate(csmars_archive_raw_messages_total{%(s)s}[%(rate)s])' % f, '{{instance}}')],
                { calcs: ['mean', 'max'] }
              )],
              [6, panel.timeseries(
                'Matches of patterns',
                'Raw messages in the files that were checked which match a configured pattern.',
                'short',
                [panel.query('sum by (instance, pattern) (increase(csmars_archive_pattern_matches_total{%(s)s}[%(rate)s]))' % f, '{{pattern}}, {{instance}}')],
                { decimals: 0 }
              )],
            ]),
          ],
        },
        {
          title: 'Scans of the archive',
          lines: [
            line(7, [
              [12, panel.timeseries(
                'Age of the last scan',
                'How long ago the scan began that the numbers of the archive come from. Above the line the mount hangs, or a scan takes that long.',
                's',
                [panel.query('time() - csmars_archive_scan_timestamp_seconds{%s}' % s, '{{instance}}')],
                { thresholds: [[c.csmarsScanMaxAgeSeconds, palette.warning]] }
              )],
              [12, panel.timeseries(
                'Duration of a scan',
                'How long the last scan of the archive took. Slow scans point to a slow share.',
                's',
                [panel.query('csmars_archive_scan_duration_seconds{%s}' % s, '{{instance}}')]
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
    s: c.csmarsSelector,
    memory: c.memoryWindow,
    gap: c.gapWindow,
    alive: promql.whileScraped(c.csmarsSelector),
  },

  _systems+:: {
    csmars+: {
      rules+: [{
        name: 'csmars.trend',
        rules: [
          {
            // What is left at the horizon if the trend goes on; below 0 it is full before.
            record: 'target:csmars_archive_filesystem_avail_bytes:predict',
            expr: |||
              predict_linear(csmars_archive_filesystem_avail_bytes{%(s)s}[%(csmarsFillingWindow)s], %(csmarsFillingHorizonSeconds)d)
              %(alive)s
            ||| % r,
          },
          {
            // When the trend reaches 0. Absent while the space does not shrink.
            record: 'target:csmars_archive_time_to_full_seconds:predict',
            expr: |||
              clamp_min(predict_linear(csmars_archive_filesystem_avail_bytes{%(s)s}[%(csmarsFillingWindow)s], 0), 0)
                / (-deriv(csmars_archive_filesystem_avail_bytes{%(s)s}[%(csmarsFillingWindow)s]) > 0)
              # It is not a trend of hours.
              and last_over_time(csmars_archive_filesystem_avail_bytes{%(s)s}[6h] offset %(csmarsFillingMinimum)s)
              %(alive)s
            ||| % r,
          },
          {
            // How full the partition is when a purge counts as near. Absent while it does
            // not fill up, as after a switch.
            record: 'target:csmars_database_partition_used_ratio:predict',
            expr: |||
              clamp_max(
                predict_linear(csmars_database_partition_used_ratio{%(s)s}[%(csmarsPartitionTrendWindow)s], %(csmarsPurgeSwitchSeconds)d)
                  > last_over_time(csmars_database_partition_used_ratio{%(s)s}[%(gap)s]),
                1
              )
              %(alive)s
            ||| % r,
          },
          {
            // When the appliance next purges its oldest data. Absent while it does not, or
            // does not say.
            record: 'target:csmars_database_purge_timestamp_seconds:last',
            expr: promql.held(
              |||
                csmars_database_partition_switch_timestamp_seconds{%(s)s}
                and on (job, instance) (
                  csmars_database_purge_on_switch{%(s)s} == 1
                  or csmars_database_empty_partitions{%(s)s} == 0
                )
              ||| % r,
              'last_over_time(target:csmars_database_purge_timestamp_seconds:last{%(s)s}[%(memory)s])' % r,
              c.csmarsSelector,
              'database',
              'job, instance'
            ),
          },
        ],
      }],
    },
  },
}
