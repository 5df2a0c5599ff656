// Windows File Replication Service and DFS Replication: do changes reach the partners,
// and if not, which connection, and what makes so many of them.
local events = import '../../collectors/ntfrs/events.json';
local dashboard = import '../lib/dashboard.libsonnet';
local panel = import '../lib/panel.libsonnet';
local troubleOf = import '../lib/trouble.libsonnet';
local severities = (import '../lib/words.libsonnet').severityNames;
local palette = panel.palette;

// The seconds of a duration of one unit, such as 2h.
local seconds(duration) =
  local last = std.length(duration) - 1;
  std.parseInt(duration[:last]) * { s: 1, m: 60, h: 3600, d: 86400 }[duration[last]];

{
  local c = $._config,
  local s = dashboard.selected(c.ntfrsSelector),
  local f = c {
    s: s,
    rate: '$__rate_interval',
    gap: c.gapWindow,
    horizon: seconds(c.ntfrsGrowthWindow),
    member: 'job, instance, member',
    set: 'job, instance, member, replica_set',
    partner: 'job, instance, member, replica_set, partner',
    connection: 'job, instance, member, replica_set, partner, direction',
  },
  local trouble = troubleOf(
    c, $.prometheusAlerts.groups, c.ntfrsSelector, [['member', 'Member'], ['replica_set', 'Replica set'], ['partner', 'Partner'], ['event_id', 'Event']]
  ),
  local line = dashboard.line,

  // As many lines as a panel can show.
  local most = 15,
  // Chooses the connections with the largest backlog of the time range. `at end` makes
  // the choice the same in every step.
  local largest(n) = 'and on (%(partner)s) topk(%(n)d, max_over_time(ntfrs_outbound_backlog_change_orders{%(s)s}[$__range] @ end()))' % (f { n: n }),

  // --- Words -------------------------------------------------------------------

  // The states of the service, the better one first: numbered as in
  // member_set:ntfrs_service_state:last.
  local states = ['ACTIVE', 'STARTING', 'INITIALIZING', 'ALLOCATED', 'other', 'REPLICA_DELETED', 'STOPPED', 'ERROR', 'JRNL_WRAP_ERROR'],
  local noSet = std.length(states),
  local stateWords = [
    [0, 'replicates', palette.good],
    [1, 'starting', palette.info],
    [2, 'initialising', palette.info],
    [3, 'allocated', palette.info],
    [4, 'another state', palette.unknown],
    [5, 'set deleted', palette.second],
    [6, 'stopped', palette.critical],
    [7, 'error', palette.critical],
    [8, 'journal wrap', palette.critical],
    [noSet, 'in no set', palette.warning],
  ],

  local meanings = [[e.id, e.meaning] for e in events] + [['other', 'an event that is not known here']],
  local remedies = [[e.id, if std.objectHas(e, 'remedy') then e.remedy else 'nothing to do'] for e in events] + [['other', 'read the event on the member']],
  local grades = [
    [e.id] + [s[1:] for s in severities if s[0] == (if std.objectHas(e, 'severity') then e.severity else 'info')][0]
    for e in events
  ] + [['other', 'not known', palette.unknown]],

  // Why a file changed (the label `reason`).
  local reasons = [
    ['DatOvrWrt', 'data was overwritten'],
    ['DatExt', 'data was added'],
    ['DatTrunc', 'data was cut off'],
    ['StrmOvrWrt', 'data of a named stream was overwritten'],
    ['StrmExt', 'data of a named stream was added'],
    ['StrmTrunc', 'data of a named stream was cut off'],
    ['Create', 'it was created'],
    ['Delete', 'it was deleted'],
    ['EAChg', 'extended attributes changed'],
    ['Security', 'permissions or owner changed, as virus scanners cause it'],
    ['RenOld', 'it was renamed (old name)'],
    ['RenNew', 'it was renamed (new name)'],
    ['IndexableChg', 'whether it is indexed changed'],
    ['Info', 'attributes or times changed'],
    ['HLink', 'a hard link was added or removed'],
    ['CompressChg', 'compression changed'],
    ['EncryptChg', 'encryption changed'],
    ['Oid', 'the object identifier changed'],
    ['Reparse', 'a reparse point changed'],
    ['StreamNam', 'a named stream was added, renamed or removed'],
    ['Close', 'it was closed'],
    ['other', 'a reason that is not known here'],
  ],

  // The columns of a table of events.
  local event = {
    severity: panel.column('grade', 'Severity', { words: grades, colored: true, width: 110 }),
    id: panel.column('event_id', 'Event', { width: 70 }),
    meaning: panel.column('why', 'Meaning', { words: meanings }),
    next: panel.column('next', 'What to do', { words: remedies }),
  },
  local withWords(expr) = std.foldl(
    function(e, label) 'label_replace(%s, "%s", "$1", "event_id", "(.*)")' % [e, label], ['why', 'next', 'grade'], std.rstripChars(expr, '\n')
  ),

  // An alert on an event says which one it is.
  local alerts = trouble.alerts {
    fieldConfig+: { overrides+: [{
      matcher: { id: 'byName', options: 'Event' },
      properties: [{ id: 'mappings', value: panel.words([[e.id, '%s (%d)' % [e.meaning, e.id]] for e in events]) }],
    }] },
  },

  local joined = 'last_over_time(ntfrs_connection_joined{%(s)s}[%(gap)s])' % f,

  grafanaDashboards+:: {
    'ntfrs.json': dashboard.new(c, {
      key: 'ntfrs',
      title: 'Data protection / NTFRS',
      description: 'Whether changes of SYSVOL and replicated shares reach every domain controller (FRS and DFS Replication), and what makes so many of them.',
      selector: c.ntfrsSelector,
      alerts: c.ntfrsSelector,

      first: [
        line(4, [
          [4, trouble.severity],
          [3, panel.stat(
            'Largest backlog',
            'Change orders that a partner has not acknowledged, of the connection with the most. The partner serves old files meanwhile.',
            'short',
            [panel.now('max(last_over_time(ntfrs_outbound_backlog_change_orders{%(s)s}[%(gap)s]))' % f)],
            { decimals: 0, thresholds: [[null, palette.good], [c.ntfrsBacklogMax, palette.warning]] }
          )],
          [3, panel.stat(
            'Not joined',
            'Connections with partners that are not joined. Outside of its schedule a connection need not be.',
            'short',
            [panel.now('count(%s == 0) or 0 * count(%s)' % [joined, joined])],
            { decimals: 0, thresholds: [[null, palette.good], [1, palette.warning]] }
          )],
          [3, panel.stat(
            'Members in trouble',
            'Members on which the trouble that an event reports still stands: nothing that ends it was logged since.',
            'short',
            [panel.now('sum(max by (job, instance, member) (event:ntfrs_event_active:last{%s}))' % s)],
            { decimals: 0, thresholds: [[null, palette.good], [1, palette.warning]] }
          )],
          [3, panel.stat(
            'Staging in use',
            'The share of the staging space that is in use, of the member with the least left. Near 90 % is normal; full means that replication pauses.',
            'percentunit',
            [panel.now('max(member:ntfrs_staging_used_ratio:last{%s})' % s)],
            { min: 0, max: 1, decimals: 0, thresholds: [[null, palette.good], [c.ntfrsStagingRatio, palette.warning], [1, palette.critical]] }
          )],
          [4, panel.stat(
            'Permissions alone',
            'The share of the logged changes that touch permissions and nothing else, of the member with the most: what a virus scanner causes. Nothing is shown where too few changes are logged.',
            'percentunit',
            [panel.now('max(member:ntfrs_security_only_changes:ratio{%s})' % s)],
            { min: 0, max: 1, decimals: 0, thresholds: [[null, palette.good], [c.ntfrsAntivirusRatio, palette.warning]], noValue: 'too few logged' }
          )],
          [4, trouble.collected],
        ]),
        line(6, [[24, alerts]]),
        line(9, [
          [14, panel.timeseries(
            'Backlog of the connections',
            'Change orders that each partner has not acknowledged, of the %d largest backlogs of the time range, and the number that is too many. Dotted: the three largest at the pace of the last %s.' % [most, c.ntfrsGrowthWindow],
            'short',
            [
              panel.query(
                'max by (%(partner)s) (ntfrs_outbound_backlog_change_orders{%(s)s})\n' % f + largest(most),
                '{{member}} to {{partner}}, {{replica_set}}'
              ),
              panel.limit('0 * max(ntfrs_outbound_backlog_change_orders{%(s)s}) + %(ntfrsBacklogMax)d' % f, 'too many', palette.warning),
              panel.forecast(
                'clamp_min(max by (%(partner)s) (predict_linear(ntfrs_outbound_backlog_change_orders{%(s)s}[%(ntfrsGrowthWindow)s], %(horizon)d)), 0)\n' % f + largest(3),
                'in %s, {{member}} to {{partner}}' % c.ntfrsGrowthWindow
              ),
            ],
            { fill: 0, decimals: 0 }
          )],
          [10, panel.states(
            'Replication service',
            'The state of the File Replication Service for each replica set of each member, of the %d that were worst in the time range. Only a set that replicates sends and takes changes.' % most,
            [panel.query(
              |||
                max by (%(set)s) (member_set:ntfrs_service_state:last{%(s)s})
                and on (%(set)s) topk(%(most)d, max_over_time(member_set:ntfrs_service_state:last{%(s)s}[$__range] @ end()))
              ||| % (f { most: most }),
              '{{member}} {{replica_set}}'
            )],
            stateWords
          )],
        ]),
        line(7, [
          [14, panel.table(
            'Trouble that stands',
            'Events whose trouble still stands, with what they mean, what to do, and when they were last logged.',
            [
              panel.rows(withWords(|||
                max by (instance, member, event_id) (event:ntfrs_event_last_timestamp_seconds:last{%(s)s}) * 1000
                and on (instance, member, event_id) event:ntfrs_event_active:last{%(s)s} == 1
              ||| % f)),
            ],
            [
              event.severity,
              panel.column('Value', 'Last logged', { unit: 'dateTimeFromNow', width: 130 }),
              trouble.columns.target,
              panel.column('member', 'Member'),
              event.id,
              event.meaning,
              event.next,
            ],
            { sortBy: 'Last logged', noValue: 'no trouble stands' }
          )],
          [5, panel.timeseries(
            'Staging space in use',
            'The share of its staging space that each member has in use, the last known. Above the line the purge does not keep up.',
            'percentunit',
            [panel.query('max by (instance, member) (member:ntfrs_staging_used_ratio:last{%s})' % s, '{{member}} of {{instance}}')],
            { fill: 0, max: 1, thresholds: [[c.ntfrsStagingRatio, palette.warning]] }
          )],
          [5, panel.timeseries(
            'Changes of permissions alone',
            'The share of the changes logged within %s that touch permissions and nothing else. Above the line, with a backlog that grows, it looks like a virus scanner.' % c.ntfrsAntivirusWindow,
            'percentunit',
            [panel.query('max by (instance, member) (member:ntfrs_security_only_changes:ratio{%s})' % s, '{{member}} of {{instance}}')],
            { fill: 0, max: 1, thresholds: [[c.ntfrsAntivirusRatio, palette.warning]] }
          )],
        ]),
      ],

      sections: [
        {
          title: 'Members and connections',
          lines: [
            line(7, [
              [24, panel.table(
                'Members',
                'Every member: whether it is in a replica set, how many connections get its changes, and what waits on it. A member without outbound connections keeps its changes to itself; read-only domain controllers have none.',
                [
                  panel.rows('max by (instance, member) (ntfrs_member_of_any_set{%s})' % s),
                  panel.rows('sum by (instance, member) (ntfrs_outbound_connections{%s})' % s),
                  panel.rows('sum by (instance, member) (ntfrs_outbound_backlog_change_orders{%s})' % s),
                  panel.rows('max by (instance, member) (member:ntfrs_staging_used_ratio:last{%s})' % s),
                  panel.rows('sum by (instance, member) (ntfrs_events_recent{%s})' % s),
                  panel.rows('max by (instance, member) (ntfrs_change_last_timestamp_seconds{%s}) * 1000' % s),
                ],
                [
                  trouble.columns.target,
                  panel.column('member', 'Member'),
                  panel.column('Value #A', 'Replica set', { words: [[0, 'in none', palette.critical], [1, 'in a set', palette.good]], colored: true }),
                  panel.column('Value #B', 'Outbound connections', { decimals: 0 }),
                  panel.column('Value #C', 'Backlog', { decimals: 0, thresholds: [[null, palette.good], [c.ntfrsBacklogMax, palette.warning]], colored: true }),
                  panel.column('Value #D', 'Staging in use', { unit: 'percentunit', decimals: 0, thresholds: [[null, palette.good], [c.ntfrsStagingRatio, palette.warning]], colored: true }),
                  panel.column('Value #E', 'Events in 24 hours', { decimals: 0 }),
                  panel.column('Value #F', 'Last change logged', { unit: 'dateTimeFromNow' }),
                ],
                { noValue: 'no member was read' }
              )],
            ]),
            line(8, [
              [10, panel.states(
                'Connections',
                'Whether each connection with a partner is joined: the %d that were joined least in the time range. Outside of its schedule a connection need not be.' % most,
                [panel.query(
                  |||
                    max by (%(connection)s) (ntfrs_connection_joined{%(s)s})
                    and on (%(connection)s) bottomk(%(most)d, avg_over_time(ntfrs_connection_joined{%(s)s}[$__range] @ end()))
                  ||| % (f { most: most }),
                  '{{member}} {{direction}} {{partner}}, {{replica_set}}'
                )],
                [[0, 'not joined', palette.warning], [1, 'joined', palette.good]]
              )],
              [14, panel.table(
                'What each connection holds',
                'Every connection: when it last joined, and the change orders that wait on it. Unsent ones wait for the schedule or the line, sent ones for the partner. The backlog counts changes for other partners too.',
                [
                  panel.rows('max by (instance, member, replica_set, partner, direction) (ntfrs_connection_joined{%s})' % s),
                  panel.rows('max by (instance, member, replica_set, partner, direction) (ntfrs_connection_last_join_timestamp_seconds{%s}) * 1000' % s),
                ] + [
                  panel.rows('label_replace(max by (instance, member, replica_set, partner) (%s{%s}), "direction", "outbound", "", "")' % [metric, s])
                  for metric in ['ntfrs_outbound_backlog_change_orders', 'ntfrs_outbound_unsent_change_orders', 'ntfrs_outbound_unacknowledged_change_orders']
                ],
                [
                  panel.column('member', 'Member'),
                  panel.column('direction', 'Direction', { width: 90 }),
                  panel.column('partner', 'Partner'),
                  panel.column('replica_set', 'Replica set'),
                  panel.column('Value #A', 'Joined', { words: [[0, 'no', palette.warning], [1, 'yes', palette.good]], colored: true, width: 70 }),
                  panel.column('Value #B', 'Last join', { unit: 'dateTimeFromNow' }),
                  panel.column('Value #C', 'Backlog', { decimals: 0, thresholds: [[null, palette.good], [c.ntfrsBacklogMax, palette.warning]], colored: true }),
                  panel.column('Value #D', 'Unsent', { decimals: 0 }),
                  panel.column('Value #E', 'Sent, not acknowledged', { decimals: 0 }),
                ],
                { sortBy: 'Backlog', noValue: 'no connection was read' }
              )],
            ]),
            line(8, [
              [8, panel.timeseries(
                'Unsent change orders',
                'Change orders that are not sent yet, of the connections with the %d largest backlogs. They wait for the schedule, the line or the service.' % most,
                'short',
                [panel.query('max by (%(partner)s) (ntfrs_outbound_unsent_change_orders{%(s)s})\n' % f + largest(most), '{{member}} to {{partner}}, {{replica_set}}')],
                { fill: 0, decimals: 0 }
              )],
              [8, panel.timeseries(
                'Sent and not acknowledged',
                'Change orders that were sent and that the partner has not acknowledged, of the connections with the %d largest backlogs. They wait for the partner.' % most,
                'short',
                [panel.query('max by (%(partner)s) (ntfrs_outbound_unacknowledged_change_orders{%(s)s})\n' % f + largest(most), '{{member}} to {{partner}}, {{replica_set}}')],
                { fill: 0, decimals: 0 }
              )],
              [8, panel.timeseries(
                'Growth of the outbound log',
                'New change orders in the outbound log of each member, over all its sets. More than usual means that something changes many files.',
                'ops',
                [panel.query('sum by (instance, member) (clamp_min(deriv(ntfrs_outlog_sequence_number{%(s)s}[%(rate)s]), 0))' % f, '{{member}} of {{instance}}')],
                { fill: 0 }
              )],
            ]),
          ],
        },
        {
          title: 'Staging space',
          lines: [
            line(8, [
              [12, panel.timeseries(
                'Staging space against its limit',
                'Staging space in use by all sets of each member, and the limit, which is one for all of them. Dotted: in %s at the pace of the last %s.' % [c.ntfrsGrowthWindow, c.ntfrsGrowthWindow],
                'bytes',
                [
                  panel.query('max by (instance, member) (member:ntfrs_staging_used_bytes:sum{%s})' % s, '{{member}} of {{instance}}'),
                  panel.limit('max by (instance, member) (member:ntfrs_staging_limit_bytes:sum{%s})' % s, 'limit of {{member}} of {{instance}}'),
                  panel.forecast(
                    |||
                      # It ends at the limit.
                      clamp_min(max by (instance, member) (predict_linear(member:ntfrs_staging_used_bytes:sum{%(s)s}[%(ntfrsGrowthWindow)s], %(horizon)d)), 0)
                      < max by (instance, member) (member:ntfrs_staging_limit_bytes:sum{%(s)s})
                      or max by (instance, member) (member:ntfrs_staging_limit_bytes:sum{%(s)s})
                    ||| % f,
                    'in %s, {{member}} of {{instance}}' % c.ntfrsGrowthWindow
                  ),
                ],
                { fill: 0 }
              )],
              [6, panel.timeseries(
                'Staging space by replica set',
                'Staging space that each replica set has in use. A set with a partner far behind keeps most of it.',
                'bytes',
                [panel.query('max by (instance, member, replica_set) (ntfrs_staging_used_bytes{%s})' % s, '{{member}} {{replica_set}}')],
                { stack: true }
              )],
              [6, panel.timeseries(
                'Free staging space',
                'Staging space that is left below the limit. At zero replication pauses, or files are purged and have to be staged again.',
                'bytes',
                [panel.query('min by (instance, member) (ntfrs_staging_free_bytes{%s})' % s, '{{member}} of {{instance}}')],
                { fill: 0 }
              )],
            ]),
          ],
        },
        {
          title: 'Change orders and files',
          lines: [
            line(8, [
              [9, panel.timeseries(
                'Change orders',
                'Change orders of each member by what happened to them. Many issued on one member: files change there. Many received: they come from a partner.',
                'ops',
                [panel.query('sum by (instance, member, stage) (rate(ntfrs_change_orders_total{%(s)s,stage!~"retried.*"}[%(rate)s]))' % f, '{{stage}}, {{member}} of {{instance}}')],
                { fill: 0 }
              )],
              [8, panel.timeseries(
                'Change orders that are retried',
                'Change orders that did not succeed and are tried again, by the step. At generate: staging is full or the file is held open; at install: it is held open here.',
                'ops',
                [panel.query('sum by (instance, member, stage) (rate(ntfrs_change_orders_total{%(s)s,stage=~"retried.*"}[%(rate)s]))' % f, '{{stage}}, {{member}} of {{instance}}')],
                { fill: 0 }
              )],
              [7, panel.timeseries(
                'Files installed',
                'Files that came from partners and were installed, by replica set.',
                'ops',
                [panel.query('sum by (instance, member, replica_set) (rate(ntfrs_files_installed_total{%(s)s}[%(rate)s]))' % f, '{{member}} {{replica_set}}')],
                { fill: 0 }
              )],
            ]),
          ],
        },
        {
          title: 'Events',
          lines: [
            line(9, [
              [14, panel.table(
                'Logged events',
                'The events that each member logged, the newest first: when last, how often in 24 hours, what they mean and what to do.',
                [
                  panel.rows(withWords('max by (instance, member, event_id) (event:ntfrs_event_last_timestamp_seconds:last{%s}) * 1000' % s)),
                  panel.rows(withWords('max by (instance, member, event_id) (ntfrs_events_recent{%(s)s}) and on (instance, member, event_id) ntfrs_event_last_timestamp_seconds{%(s)s}' % f)),
                ],
                [
                  event.severity,
                  panel.column('Value #A', 'Last logged', { unit: 'dateTimeFromNow', width: 130 }),
                  panel.column('Value #B', 'In 24 hours', { decimals: 0, width: 90 }),
                  panel.column('member', 'Member'),
                  event.id,
                  event.meaning,
                  event.next,
                ],
                { sortBy: 'Last logged', noValue: 'no event was logged' }
              )],
              [10, panel.states(
                'Trouble over time',
                'Events that stand until another one ends them, those that stood at some time of the time range: from when they were logged until the event that ends them. Empty where none did.',
                [panel.query(
                  std.foldl(
                    function(expr, e) 'label_replace(\n%s, "what", "%s", "event_id", "%d"\n)' % [expr, e.meaning, e.id],
                    [e for e in events if std.objectHas(e, 'cleared_by')],
                    |||
                      max by (%(member)s, event_id) (event:ntfrs_event_active:last{%(s)s})
                      and on (%(member)s, event_id) max_over_time(event:ntfrs_event_active:last{%(s)s}[$__range] @ end()) == 1
                    ||| % f
                  ),
                  '{{member}}: {{what}} ({{event_id}})'
                )],
                [[0, 'ended', palette.good], [1, 'stands', palette.critical]]
              )],
            ]),
            line(7, [
              [24, panel.timeseries(
                'Events in 24 hours',
                'How many events each member logged within 24 hours, by number: the table above has the words. A step up is trouble that repeats.',
                'short',
                [panel.query(
                  |||
                    max by (%(member)s, event_id) (ntfrs_events_recent{%(s)s})
                    and on (%(member)s, event_id) topk(%(most)d, max_over_time(ntfrs_events_recent{%(s)s}[$__range] @ end()) > 0)
                  ||| % (f { most: most }),
                  'event {{event_id}}, {{member}} of {{instance}}'
                )],
                { fill: 0, decimals: 0 }
              )],
            ]),
          ],
        },
        {
          title: 'What makes files replicate',
          lines: [
            line(8, [
              [8, panel.timeseries(
                'Logged changes',
                'Lines that log a change, and those of permissions alone. One change has several lines: compare the two, they are no number of files.',
                'ops',
                [
                  panel.query('sum by (instance, member) (rate(ntfrs_changes_logged_total{%(s)s}[%(rate)s]))' % f, 'all, {{member}} of {{instance}}'),
                  panel.query('sum by (instance, member) (rate(ntfrs_security_only_changes_total{%(s)s}[%(rate)s]))' % f, 'permissions alone, {{member}} of {{instance}}'),
                ]
              )],
              [8, panel.timeseries(
                'Reasons of changes',
                'Lines that log a change by its reasons, over all selected members; most changes have several. Security without data or names is what virus scanners cause.',
                'ops',
                [panel.query(
                  |||
                    sum by (reason) (rate(ntfrs_change_reasons_total{%(s)s}[%(rate)s]))
                    and on (reason) sum by (reason) (increase(ntfrs_change_reasons_total{%(s)s}[$__range] @ end())) > 0
                  ||| % f, '{{reason}}'
                )],
                { fill: 0 }
              )],
              [8, panel.table(
                'Reasons in the time range',
                'Why files of each member changed, in words, and how many logged lines said so over the time range.',
                [panel.rows('label_replace(sum by (instance, member, reason) (increase(ntfrs_change_reasons_total{%s}[$__range])) > 0, "why", "$1", "reason", "(.*)")' % s)],
                [
                  panel.column('member', 'Member', { width: 90 }),
                  panel.column('reason', 'Reason', { width: 110 }),
                  panel.column('why', 'The file changed because', { words: reasons }),
                  panel.column('Value', 'Lines', { decimals: 0, width: 80 }),
                ],
                { sortBy: 'Lines', noValue: 'no change was logged' }
              )],
            ]),
          ],
        },
        {
          title: 'DFS Replication',
          lines: [
            line(8, [
              [16, panel.timeseries(
                'Backlog of DFS Replication',
                'Files that have not reached the receiving member yet, and the number that is too many. Dotted: in %s at the pace of the last %s.' % [c.ntfrsGrowthWindow, c.ntfrsGrowthWindow],
                'short',
                [
                  panel.query('max by (instance, group, folder, from, to) (dfsr_backlog_files{%s})' % s, '{{folder}} of {{group}}, {{from}} to {{to}}'),
                  panel.limit('0 * max(dfsr_backlog_files{%(s)s}) + %(dfsrBacklogMax)d' % f, 'too many', palette.warning),
                  panel.forecast(
                    'clamp_min(max by (instance, group, folder, from, to) (predict_linear(dfsr_backlog_files{%(s)s}[%(ntfrsGrowthWindow)s], %(horizon)d)), 0)' % f,
                    'in %s, {{folder}}, {{from}} to {{to}}' % c.ntfrsGrowthWindow
                  ),
                ],
                { fill: 0, decimals: 0 }
              )],
              [8, panel.bars(
                'Backlog now',
                'The ten folders with the most files that have not reached the receiving member yet.',
                'short',
                [panel.now('topk(10, max by (instance, group, folder, from, to) (dfsr_backlog_files{%s}))' % s, '{{folder}} of {{group}}, {{from}} to {{to}}')],
                { decimals: 0, thresholds: [[null, palette.good], [c.dfsrBacklogMax, palette.warning]] }
              )],
            ]),
          ],
        },
        trouble.parts,
      ],
    }),
  },

  _systems+:: {
    ntfrs+: {
      local r = c { s: c.ntfrsSelector, gap: c.gapWindow, alive: 'and on (job, instance) up{%s}' % c.ntfrsSelector },
      rules+: [{
        name: 'ntfrs.summary',
        rules: [
          {
            // The state of a replica set as a number, a larger one is worse. A member that is in
            // no set has one too, without a set.
            record: 'member_set:ntfrs_service_state:last',
            expr:
              'max without (state) (\n' +
              std.join('\n', [
                '  %sstate:ntfrs_service_state:last{%s,state="%s"} * %d' % [if i == 0 then '' else 'or ', r.s, states[i], i]
                for i in std.range(0, std.length(states) - 1)
              ]) +
              '\n)\nor (member:ntfrs_member_of_any_set:last{%s} == 0) + %d' % [r.s, noSet],
          },
          {
            record: 'member:ntfrs_security_only_changes:ratio',
            expr: $._signals.ntfrs.securityOnly + '\n' + r.alive,
          },
          {
            record: 'member:ntfrs_staging_used_bytes:sum',
            expr: 'sum without (replica_set) (ntfrs_staging_used_bytes{%(s)s})' % r,
          },
          {
            // One limit for all sets of a server: each reports what is left of it.
            record: 'member:ntfrs_staging_limit_bytes:sum',
            expr: |||
              sum without (replica_set) (ntfrs_staging_used_bytes{%(s)s})
              + min without (replica_set) (ntfrs_staging_free_bytes{%(s)s})
            ||| % r,
          },
        ],
      }],
    },
  },
}
