// Cisco CS-MARS: the archive on the share, which is the only lasting copy of the raw
// events, and the database of the appliance, which purges its oldest data.
local alertFor = (import '../lib/alert.libsonnet').new;
local promql = import '../lib/promql.libsonnet';
local text = import '../lib/text.libsonnet';

{
  local c = $._config,
  local s = c.csmarsSelector,
  local f = c {
    s: s,
    gap: c.gapWindow,
    memory: c.memoryWindow,
    alive: promql.whileScraped(s),
  },

  local alert = alertFor(c, 'csmars'),

  // The last known value, kept under the name it is recorded as for as long as the part
  // cannot be read.
  local remembered(record, current, part) = {
    record: record,
    expr: promql.held(
      current % f,
      'last_over_time(%s{%s}[%s])' % [record, s, c.memoryWindow],
      s,
      part,
      'job, instance'
    ),
  },

  // The last known value of a gauge, where a day without reading is soon enough to forget.
  local last(metric) = 'last_over_time(csmars_%s{%s}[%s])' % [metric, s, c.memoryWindow],

  // --- Words -------------------------------------------------------------------

  local byTarget = ['job', 'instance'],

  local fill(template, values) =
    std.foldl(function(t, name) std.strReplace(t, '<%s>' % name, values[name]), std.objectFields(values), template),

  local lastOf(metric) = text.query('last_over_time(csmars_%s{@}[%s])' % [metric, c.memoryWindow], byTarget),

  // The newest reading of a gauge in words, or "unknown".
  local said(query, how) = '{{ with %s }}{{ . | first | value | %s }}{{ else }}unknown{{ end }}' % [query, how],

  local since(condition) = fill(|||
    {{- with <SINCE> }}
    Last reading without that: {{ . | first | value | humanizeTimestamp }}.
    {{- else }}
    Last reading without that: none within a day.
    {{- end }}
  |||, { SINCE: text.query('max_over_time(timestamp(%s)[1d:1m])' % condition, byTarget) }),

  // Says that a description is about the past, and why.
  local lastKnown(parts) =
    fill(|||
      {{- range <FAILING> | sortByLabel "part" }}
      This is the last known state: the part {{ .Labels.part }} cannot be read now ({{ .Labels.reason }}).
      {{- end }}
      {{- range <DOWN> }}
      This is the last known state: the last scrape failed.
      {{- end }}
    |||, {
      FAILING: text.query('max by (part, reason) (dataprotection_part_failure{@,part=~"%s"} == 1)' % parts, byTarget),
      DOWN: text.query('up{@} == 0', byTarget),
    }),

  local duration(seconds) = '{{ %d | humanizeDuration }}' % seconds,
  local bytes = 'humanize1024',

  local problems = text.define('problem', {
    stale: 'nothing new arrives in it',
    unreadable: 'it cannot be read, so nobody knows what it holds',
    days_missing: 'days are missing in it',
  }, 'it is not complete'),

  local database = fill(|||
    The current partition is <USED> full, and the appliance expects the switch at <SWITCH>.
  |||, {
    USED: said(lastOf('database_partition_used_ratio'), 'humanizePercentage'),
    SWITCH: said(lastOf('database_partition_switch_timestamp_seconds'), 'humanizeTimestamp'),
  }),

  local purgeNear(severity, condition, words, cause, remedy) = alert({
    name: 'CsmarsDatabasePurgeNear',
    severity: severity,
    'for': c.csmarsPurgeNearFor,
    expr: |||
      # The last known state, so that a failed collection neither raises nor ends this.
      target:csmars_database_purge_near:last{%(s)s} == 1
      %(condition)s
    ||| % (f { condition: condition % f }),
    summary: 'CS-MARS is about to purge its oldest events from the database.',
    description: fill(|||
      {{ $labels.instance }} has no empty partition left and purges its oldest one, about a tenth of its data, when it switches to the next. <WORDS>
    |||, { WORDS: words }) + database + since(
      'max(csmars_database_partition_used_ratio{@}) < %g' % c.csmarsPurgeUsedRatio
    ) + |||
      Cause: %s.
      Remedy: %s.
    ||| % [cause, remedy] + lastKnown('database'),
  }),

  local almostFull(severity, ratio, resource, free, total, how, unit, words) = alert({
    name: 'CsmarsArchiveFilesystemAlmostFull',
    severity: severity,
    'for': c.csmarsAlmostFullFor,
    expr: |||
      # The last readings, so that a missed scrape does not start the delay again.
      last_over_time(%(free)s{%(s)s}[%(gap)s])
        / (last_over_time(%(total)s{%(s)s}[%(gap)s]) > 0)
        < %(ratio)g
      %(alive)s
    ||| % (f { ratio: ratio, free: free, total: total }),
    summary: 'The filesystem of a CS-MARS archive is almost full.',
    description: fill(|||
      The filesystem that holds the archive of {{ $labels.instance }} has {{ $value | humanizePercentage }} of its <RESOURCE> left (<FREE><UNIT> of <TOTAL><UNIT>); the limit is <LIMIT> %. When it is full nothing is archived any more, and what is not archived is never archived later.
      {{- with <SINCE> }}
      Last reading above the limit: {{ . | first | value | humanizeTimestamp }}.
      {{- else }}
      Last reading above the limit: none within a day.
      {{- end }}
      Cause: <WORDS>.
      Remedy: make the filesystem larger, or move what does not belong to the archive; a lower number of days to keep on the appliance (Admin > System Maintenance > Data Archiving) takes effect with its next purge. Do not delete dated folders by hand before somebody decided that they may go.
    |||, {
      RESOURCE: resource,
      UNIT: unit,
      FREE: said(text.query('last_over_time(%s{@}[%s])' % [free, c.gapWindow], byTarget), how),
      TOTAL: said(text.query('last_over_time(%s{@}[%s])' % [total, c.gapWindow], byTarget), how),
      LIMIT: '%g' % (100 * ratio),
      SINCE: text.query('max_over_time(timestamp(max(%s{@}) / max(%s{@}) >= %g)[1d:1m])' % [free, total, ratio], byTarget),
      WORDS: words,
    }),
  }) + { labels+: { resource: resource } },

  local almostFullBytes(severity, ratio) = almostFull(
    severity,
    ratio,
    'bytes',
    'csmars_archive_filesystem_avail_bytes',
    'csmars_archive_filesystem_size_bytes',
    bytes,
    'B',
    'the archive grew to what the retention needs, the appliance does not purge it, or something else fills the filesystem'
  ),
  local almostFullInodes(severity, ratio) = almostFull(
    severity,
    ratio,
    'inodes',
    'csmars_archive_filesystem_inodes_free',
    'csmars_archive_filesystem_inodes',
    'printf "%.0f"',
    '',
    'a busy appliance writes some 800 files a day, 292,000 a year, or something else makes many small files'
  ),

  _systems+:: {
    csmars: {
      rules: [{
        name: 'csmars.rules',
        rules: [
          remembered('target:csmars_archive_scan:last', 'csmars_archive_scan_timestamp_seconds{%(s)s}', 'archive'),
          // Events come every hour, other types once a day: where there are events, they decide.
          remembered(
            'target:csmars_archive_newest_file:last',
            |||
              max without (type, kind) (csmars_archive_newest_file_timestamp_seconds{%(s)s,kind=~"raw_messages|events_sessions"})
              or max without (type, kind) (csmars_archive_newest_file_timestamp_seconds{%(s)s})
            |||,
            'archive'
          ),
          remembered(
            'target:csmars_archive_newest_config:last',
            'max without (type, kind) (csmars_archive_newest_file_timestamp_seconds{%(s)s,type="CF"})',
            'archive'
          ),
          remembered('target:csmars_archive_missing_days:last', 'csmars_archive_missing_day_folders{%(s)s}', 'archive'),
          {
            // How old the newest file was when the archive was last looked at: while nobody
            // can look, it does not get older. Infinite without any file.
            record: 'target:csmars_archive_age:last',
            expr: |||
              target:csmars_archive_scan:last{%(s)s} - target:csmars_archive_newest_file:last{%(s)s}
              or (target:csmars_archive_scan:last{%(s)s} unless target:csmars_archive_newest_file:last{%(s)s}) * 0 + Inf
            ||| % f,
          },
          // 1 when the archive cannot be read. A scrape that failed says nothing about it.
          remembered(
            'target:csmars_archive_unreadable:last',
            |||
              # The part succeeds with an old scan: the mount hangs.
              (time() - csmars_archive_scan_timestamp_seconds{%(s)s} > bool %(csmarsScanMaxAgeSeconds)d)
              # The part fails and did so in every reading of the window.
              or (
                max without (part, unit) (max_over_time(dataprotection_part_success{%(s)s,part="archive"}[%(csmarsUnreadableWindow)s])) == bool 0
                and on (job, instance) dataprotection_part_success{%(s)s,part="archive"}
                and on (job, instance) last_over_time(dataprotection_part_success{%(s)s,part="archive"}[%(gap)s] offset %(csmarsUnreadableWindow)s)
              )
            |||,
            'archive'
          ),
          {
            // What the archive cannot be trusted for, 0 or 1 by problem.
            record: 'target_problem:csmars_archive_untrusted:last',
            expr: |||
              label_replace(target:csmars_archive_age:last{%(s)s} > bool %(csmarsArchiveMaxAgeSeconds)d, "problem", "stale", "", "")
              or label_replace(target:csmars_archive_unreadable:last{%(s)s} > bool 0, "problem", "unreadable", "", "")
              or label_replace(target:csmars_archive_missing_days:last{%(s)s} > bool %(csmarsMissingDaysMax)d, "problem", "days_missing", "", "")
            ||| % f,
          },
          // 1 when the next switch is near and purges; 0 when not, or when the appliance does not say.
          remembered(
            'target:csmars_database_purge_near:last',
            |||
              (
                (csmars_database_partition_used_ratio{%(s)s} >= %(csmarsPurgeUsedRatio)g) * 0 + 1
                or (csmars_database_partition_switch_timestamp_seconds{%(s)s} - time() < %(csmarsPurgeSwitchSeconds)d) * 0 + 1
              )
              and on (job, instance) (
                csmars_database_purge_on_switch{%(s)s} == 1
                or csmars_database_empty_partitions{%(s)s} == 0
              )
              or 0 * csmars_database_partition_used_ratio{%(s)s}
              or 0 * csmars_database_partition_switch_timestamp_seconds{%(s)s}
            |||,
            'database'
          ),
        ],
      }],

      alerts: [
        {
          name: 'csmars.database',
          rules: [
            alert({
              name: 'CsmarsDatabasePurgeUnarchived',
              severity: 'critical',
              'for': c.csmarsPurgeUnarchivedFor,
              expr: |||
                # Both sides are last known states: a failed part neither raises nor ends this.
                target:csmars_database_purge_near:last{%(s)s} == 1
                and on (job, instance) target_problem:csmars_archive_untrusted:last{%(s)s} == 1
              ||| % f,
              summary: 'CS-MARS is about to purge events that are not safe in the archive.',
              description: problems + fill(|||
                {{ $labels.instance }} has no empty partition left and purges its oldest data when it switches to the next, while its archive cannot be relied on:
                {{- range <PROBLEMS> | sortByLabel "problem" }}
                - {{ .Labels.problem }}: {{ template "problem" .Labels.problem }}
                {{- end }}
              |||, {
                PROBLEMS: text.query('target_problem:csmars_archive_untrusted:last{@} == 1', byTarget),
              }) + database + fill(|||
                Newest file <NEWEST>, days missing <MISSING>, last look at the archive <SCAN>. What is purged and not archived is lost for good: there is no second copy and no back-fill.
                {{- with <SINCE> }}
                Last reading without that: {{ . | first | value | humanizeTimestamp }}.
                {{- else }}
                Last reading without that: none within a day.
                {{- end }}
                Cause: the appliance does not reach or may not write to the share, the share is full or its mount hangs, or archiving was off on some days; meanwhile the database goes on filling.
                Remedy: make archiving work before the switch: check the server, path and rights of the share and the settings under Admin > System Maintenance > Data Archiving. If that takes too long, export what is needed with reports of the appliance, or lower what it receives.
              |||, {
                NEWEST: said(text.query('target:csmars_archive_newest_file:last{@}', byTarget), 'humanizeTimestamp'),
                MISSING: said(text.query('target:csmars_archive_missing_days:last{@}', byTarget), 'printf "%.0f"'),
                SCAN: said(text.query('target:csmars_archive_scan:last{@}', byTarget), 'humanizeTimestamp'),
                SINCE: text.query(
                  'max_over_time(timestamp(max(target_problem:csmars_archive_untrusted:last{@}) == 0 or max(target:csmars_database_purge_near:last{@}) == 0)[1d:1m])',
                  byTarget
                ),
              }) + lastKnown('archive|database'),
            }),

            purgeNear(
              'warning',
              |||
                # Something is wrong with the archive, or nothing is known of it yet.
                unless on (job, instance) (
                  max by (job, instance) (target_problem:csmars_archive_untrusted:last{%(s)s}) == 0
                )
              |||,
              'Whether the archive holds that data is not sure.',
              'a full database is normal; the archive is not known to be complete',
              'look at the archive now; once the doubt lasts CsmarsDatabasePurgeUnarchived says so'
            ),
            purgeNear(
              'info',
              |||
                # The archive is fresh and complete.
                and on (job, instance) (
                  max by (job, instance) (target_problem:csmars_archive_untrusted:last{%(s)s}) == 0
                )
              |||,
              'The archive is fresh and lacks no day.',
              'a full database is normal: the appliance always keeps the newest data that fits',
              'none, as long as the archive goes back to the day on which archiving was switched on'
            ),
          ],
        },
        {
          name: 'csmars.archive',
          rules: [
            alert({
              name: 'CsmarsArchiveStale',
              severity: 'warning',
              'for': c.csmarsArchiveStaleFor,
              expr: |||
                # The age when the archive was last read: a failed collection neither raises nor ends this.
                target:csmars_archive_age:last{%(s)s} > %(csmarsArchiveMaxAgeSeconds)d
              ||| % f,
              summary: 'Nothing new arrives in a CS-MARS archive.',
              description: fill(|||
                {{ with <NEWEST> }}The newest file in the archive of {{ $labels.instance }} is of {{ . | first | value | humanizeTimestamp }}, {{ $value | humanizeDuration }} before the archive was last looked at{{ else }}The archive of {{ $labels.instance }} holds no file{{ end }}; the appliance writes every hour, and the limit is <LIMIT>. Events that are not archived are lost with the next purge of the database.
                Cause: the server, path or export of the share is wrong ("Invalid remote IP or path"), the appliance lost its mount, may not write, or the share is full; or its clock or the timezone of the target is off.
                Remedy: look at Admin > System Maintenance > Data Archiving, then at the export, its rights and the space on the archive server.
              |||, {
                NEWEST: text.query('target:csmars_archive_newest_file:last{@}', byTarget),
                LIMIT: duration(c.csmarsArchiveMaxAgeSeconds),
              }) + lastKnown('archive'),
            }),

            alert({
              name: 'CsmarsConfigBackupMissing',
              severity: 'warning',
              'for': c.csmarsConfigFor,
              expr: |||
                # The age when the archive was last read: a failed collection neither raises nor ends this.
                target:csmars_archive_scan:last{%(s)s} - target:csmars_archive_newest_config:last{%(s)s} > %(csmarsConfigMaxAgeSeconds)d
              ||| % f,
              summary: 'The configuration of a CS-MARS appliance is not backed up.',
              description: fill(|||
                The newest configuration backup (folder CF) of {{ $labels.instance }} is of <NEWEST>, {{ $value | humanizeDuration }} before the archive was last looked at; it is due every night at 02:00, and the limit is <LIMIT>. A restore would bring back an older configuration.
                Cause: the archive run at 02:00 failed or did not start, or the archive gets nothing at all.
                Remedy: see whether events arrive (CsmarsArchiveStale); if they do, read the log of the appliance around 02:00 (pnlog show), and look at the folder CF of today and its rights on the share.
              |||, {
                NEWEST: said(text.query('target:csmars_archive_newest_config:last{@}', byTarget), 'humanizeTimestamp'),
                LIMIT: duration(c.csmarsConfigMaxAgeSeconds),
              }) + lastKnown('archive'),
            }),

            alert({
              name: 'CsmarsArchiveUnreadable',
              severity: 'warning',
              'for': c.csmarsUnreadableFor,
              expr: |||
                # The delays are in the recorded series; a failed scrape keeps the last known state.
                target:csmars_archive_unreadable:last{%(s)s} == 1
              ||| % f,
              summary: 'A CS-MARS archive cannot be read.',
              description: fill(|||
                The archive of {{ $labels.instance }} cannot be read, so nobody knows whether it is fresh and complete. Alerts on it rest on its last known state.
                Last look at it: <SCAN>.
                {{- range <REASON> }}
                Reason: {{ .Labels.reason }}.
                {{- else }}
                Reason: the last scan is older than <LIMIT>, so the mount hangs, or a scan takes that long.
                {{- end }}
                Cause: the share is not mounted or its server does not answer, the account of the exporter may not list it, or archive_path is wrong.
                Remedy: list the folder as the user of the exporter, and look at the archive server and the log of the kernel; running the exporter on the archive server avoids the mount.
              |||, {
                SCAN: said(text.query('target:csmars_archive_scan:last{@}', byTarget), 'humanizeTimestamp'),
                REASON: text.query('max by (reason) (dataprotection_part_failure{@,part="archive"} == 1)', byTarget),
                LIMIT: duration(c.csmarsScanMaxAgeSeconds),
              }),
            }),

            alert({
              name: 'CsmarsArchiveDaysMissing',
              severity: 'warning',
              'for': c.csmarsDaysMissingFor,
              expr: |||
                # The last known number: a failed collection neither raises nor ends this.
                target:csmars_archive_missing_days:last{%(s)s} > %(csmarsMissingDaysMax)d
              ||| % f,
              summary: 'Days are missing in a CS-MARS archive.',
              description: fill(|||
                {{ $value | printf "%.0f" }} days between the oldest and the newest in the archive of {{ $labels.instance }} have no folder. The events of such a day are only in the database of the appliance, until it purges them.
                The archive begins <OLDEST> and ends <NEWEST>.
              |||, {
                OLDEST: said(lastOf('archive_oldest_day_timestamp_seconds'), 'humanizeTimestamp'),
                NEWEST: said(lastOf('archive_newest_day_timestamp_seconds'), 'humanizeTimestamp'),
              }) + since('max(csmars_archive_missing_day_folders{@}) <= %d' % c.csmarsMissingDaysMax) + |||
                Cause: archiving was off or the share could not be written to for a whole day, or somebody removed a folder.
                Remedy: list the dated folders to see which; restore a removed one from a backup of the share. The appliance does not archive later what it missed: export what is needed while the database still holds it.
              ||| + lastKnown('archive'),
            }),

            alert({
              name: 'CsmarsArchivePurgeStalled',
              severity: 'warning',
              'for': c.csmarsPurgeStalledFor,
              expr: |||
                # How far the oldest day was past the retention when the archive was last read.
                %(scan)s - %(oldest)s - %(retention)s > %(csmarsPurgeSlackSeconds)d
                %(alive)s
              ||| % (f {
                       scan: last('archive_scan_timestamp_seconds'),
                       oldest: last('archive_oldest_day_timestamp_seconds'),
                       retention: last('archive_retention_seconds'),
                     }),
              summary: 'Old days are not removed from a CS-MARS archive.',
              description: fill(|||
                The oldest day in the archive of {{ $labels.instance }} is <OLDEST>, {{ $value | humanizeDuration }} past the retention of <RETENTION>; <LIMIT> are allowed. The archive grows beyond what was planned, until the filesystem is full.
                Cause: the appliance does not reach or may not delete from the share, archiving is off, retention_days of the target differs from the appliance, or the folder belongs to another time or appliance.
                Remedy: compare retention_days with Remote Storage Capacity in Days on the appliance and see whether events still arrive; then look at the rights on the oldest folder.
              |||, {
                OLDEST: said(lastOf('archive_oldest_day_timestamp_seconds'), 'humanizeTimestamp'),
                RETENTION: said(lastOf('archive_retention_seconds'), 'humanizeDuration'),
                LIMIT: duration(c.csmarsPurgeSlackSeconds),
              }) + lastKnown('archive'),
            }),

            alert({
              name: 'CsmarsArchiveCorruptFiles',
              severity: 'warning',
              // No `for`: a damaged file is a fact.
              expr: |||
                # The last known number: a failed collection does not end this.
                %(corrupt)s > 0
                %(alive)s
              ||| % (f { corrupt: last('archive_corrupt_files') }),
              summary: 'Files in a CS-MARS archive are damaged.',
              description: fill(|||
                {{ $value | printf "%.0f" }} files in the archive of {{ $labels.instance }} are cut short or have a wrong checksum or length (<UNVERIFIED> were not checked yet). What they hold cannot be searched or restored in full.
              |||, {
                UNVERIFIED: said(lastOf('archive_unverified_files'), 'printf "%.0f"'),
              }) + since('max(csmars_archive_corrupt_files{@}) == 0') + |||
                Cause: a full share, a restart or a lost mount cut writes off, the disks or the network of the archive server are at fault, or two appliances write into one folder.
                Remedy: /targets of the exporter and its log name the files, dataprotection_exporter archive verify lists all; copy them from a backup of the share, and find out whether more appear.
              ||| + lastKnown('verify'),
            }),
          ],
        },
        {
          name: 'csmars.capacity',
          rules: [
            alert({
              name: 'CsmarsArchiveRetentionDoesNotFit',
              severity: 'warning',
              'for': c.csmarsRetentionFor,
              expr: |||
                # Last known values: both change slowly.
                %(projected)s > %(size)s
                %(alive)s
              ||| % (f { projected: last('archive_projected_bytes'), size: last('archive_filesystem_size_bytes') }),
              summary: 'A CS-MARS archive will not fit on its filesystem.',
              description: fill(|||
                At <DAY> a day, the archive of {{ $labels.instance }} comes to {{ $value | humanize1024 }}B over its retention of <RETENTION>, and its filesystem has <SIZE>B in all. The appliance limits days, not bytes: the filesystem is full before the first day is removed.
              |||, {
                DAY: said(lastOf('archive_bytes_per_day'), bytes) + 'B',
                RETENTION: said(lastOf('archive_retention_seconds'), 'humanizeDuration'),
                SIZE: said(lastOf('archive_filesystem_size_bytes'), bytes),
              }) + since('max(csmars_archive_projected_bytes{@}) <= max(csmars_archive_filesystem_size_bytes{@})') + |||
                Cause: more events than the share was planned for, a retention that was raised, or a few unusual days in the mean of seven.
                Remedy: make the filesystem larger, keep fewer days (Remote Storage Capacity in Days on the appliance and retention_days of the target), or find the device that sends more.
              ||| + lastKnown('archive|filesystem'),
            }),

            alert({
              name: 'CsmarsArchiveFilesystemFillingUp',
              severity: 'warning',
              'for': c.csmarsFillingFor,
              expr: |||
                # The trend over days reaches 0: the archive grows hourly and is purged daily.
                predict_linear(csmars_archive_filesystem_avail_bytes{%(s)s}[%(csmarsFillingWindow)s], %(csmarsFillingHorizonSeconds)d) < 0
                # It is not a trend of hours.
                and on (job, instance) last_over_time(csmars_archive_filesystem_avail_bytes{%(s)s}[6h] offset %(csmarsFillingMinimum)s)
                # Little enough is left, as last known: it changes slowly,
                and on (job, instance) (
                  %(avail)s / %(size)s < %(csmarsFillingLevelRatio)g
                )
                # and this is where it is written.
                and on (job, instance) %(readonly)s == 0
                # A young archive that still grows to its retention may do so if there is room for the rest.
                unless on (job, instance) (
                  %(scan)s - %(oldest)s < %(retention)s
                  and %(projected)s - sum without (type, kind) (%(bytes)s) < %(avail)s
                )
                %(alive)s
              ||| % (f {
                       scan: last('archive_scan_timestamp_seconds'),
                       oldest: last('archive_oldest_day_timestamp_seconds'),
                       retention: last('archive_retention_seconds'),
                       projected: last('archive_projected_bytes'),
                       bytes: last('archive_bytes'),
                       avail: last('archive_filesystem_avail_bytes'),
                       size: last('archive_filesystem_size_bytes'),
                       readonly: last('archive_filesystem_readonly'),
                     }),
              summary: 'The filesystem of a CS-MARS archive is filling up.',
              description: fill(|||
                At the pace of the last <WINDOW> the filesystem that holds the archive of {{ $labels.instance }} is full within <HORIZON>: <AVAIL>B of <SIZE>B are left, <BEFORE>B were <MINIMUM> ago. When it is full nothing is archived any more.
                Cause: the archive grows to a retention that does not fit, the appliance sends more or purges no more, or something else fills the filesystem.
                Remedy: compare the projected size of the archive with the filesystem on the dashboard; order space, or keep fewer days. See which folders grow before anything is deleted.
              |||, {
                WINDOW: c.csmarsFillingWindow,
                HORIZON: duration(c.csmarsFillingHorizonSeconds),
                MINIMUM: c.csmarsFillingMinimum,
                AVAIL: said(lastOf('archive_filesystem_avail_bytes'), bytes),
                SIZE: said(lastOf('archive_filesystem_size_bytes'), bytes),
                BEFORE: said(
                  text.query('last_over_time(csmars_archive_filesystem_avail_bytes{@}[6h] offset %s)' % c.csmarsFillingMinimum, byTarget), bytes
                ),
              }),
            }),

            almostFullBytes('critical', c.csmarsAlmostFullCritical),
            almostFullBytes('warning', c.csmarsAlmostFullWarning),
            almostFullInodes('critical', c.csmarsAlmostFullCritical),
            almostFullInodes('warning', c.csmarsAlmostFullWarning),
          ],
        },
      ],
    },
  },
}
