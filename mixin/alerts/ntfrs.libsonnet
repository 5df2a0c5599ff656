// Windows File Replication Service (NTFRS), the virus scanner that makes it replicate
// everything again and again, and the backlog of its successor DFSR.
local alertFor = (import '../lib/alert.libsonnet').new;
local promql = import '../lib/promql.libsonnet';
local text = import '../lib/text.libsonnet';

{
  local c = $._config,
  local s = c.ntfrsSelector,
  local f = c {
    s: s,
    gap: c.gapWindow,
    alive: promql.whileScraped(s),
  },

  local alert = alertFor(c, 'ntfrs'),

  // The last known state of something of a member: it stands in only while the scrape
  // or the part of this very member fails. A member, set or event that is gone although
  // its part answered does not exist any more, and one that moved to DFSR answers
  // not_supported. `unit` is the member, or empty where a target has only one.
  local held(current, history, part, on) =
    std.rstripChars(current, '\n') + |||

      or on (%(on)s)
      (
        %(history)s
        and on (job, instance, member) label_replace(
          dataprotection_part_failure{%(s)s,part="%(part)s",unit!="",reason!="not_supported"} == 1,
          "member", "$1", "unit", "(.+)"
        )
      )
      or on (%(on)s)
      (
        %(history)s
        and on (job, instance) (
          dataprotection_part_failure{%(s)s,part="%(part)s",unit="",reason!="not_supported"} == 1
          or up{%(s)s} == 0
        )
      )
    ||| % (f { history: history, part: part, on: on }),

  local lastEvent = 'event:ntfrs_event_last_timestamp_seconds:last{%s,event_id=~"%%s"}' % s,

  // Events after which the service was not started again.
  local standing(ids) =
    |||
      (
        %(last)s > on (job, instance, member) group_left () %(started)s
        or (%(last)s unless on (job, instance, member) %(started)s)
      )
    ||| % { last: lastEvent % ids, started: lastEvent % '13501' },

  local unlessMoved = 'unless on (job, instance, member) member:ntfrs_moved_to_dfsr:last{%s}' % s,

  // --- Words -------------------------------------------------------------------

  local byMember = ['job', 'instance', 'member'],
  local bySet = byMember + ['replica_set'],
  local byPartner = bySet + ['partner'],
  local byConnection = byPartner + ['direction'],
  local byEvent = byMember + ['event_id'],
  local byFolder = ['job', 'instance', 'group', 'folder', 'from', 'to'],

  // Puts queries where a text has <NAME>.
  local fill(template, values) =
    std.foldl(function(t, name) std.strReplace(t, '<%s>' % name, values[name]), std.objectFields(values), template),

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
      FAILING:
        'query (printf `max by (part, reason) (dataprotection_part_failure{job=%%q,instance=%%q,part=~"%s",unit=~%%q,reason!="not_supported"} == 1)` $labels.job $labels.instance (printf "|%%s" $labels.member))' % parts,
      DOWN: text.query('up{@} == 0', ['job', 'instance']),
    }),

  // When the trouble was last not seen.
  local since(words, expr, labels) =
    fill(|||
      {{- with <SINCE> }}
      Last reading <WORDS>: {{ . | first | value | humanizeTimestamp }}.
      {{- else }}
      Last reading <WORDS>: none within a day.
      {{- end }}
    |||, { WORDS: words, SINCE: text.query('max_over_time(timestamp(%s)[1d:1m])' % expr, labels) }),

  // When an event was last logged.
  local logged(id) =
    '{{ with %s }}{{ . | first | value | humanizeTimestamp }}{{ else }}at a time that is not known{{ end }}' %
    text.query('event:ntfrs_event_last_timestamp_seconds:last{@,event_id="%s"}' % id, byMember),

  local recent(id) =
    '{{ with %s }}{{ . | first | value }}{{ else }}an unknown number of{{ end }}' %
    text.query('last_over_time(ntfrs_events_recent{@,event_id="%s"}[%s])' % [id, c.gapWindow], byMember),

  local ratio =
    '{{ with %s }}{{ . | first | value | humanizePercentage }}{{ else }}an unknown share{{ end }}' %
    text.query('member:ntfrs_staging_used_ratio:last{@}', byMember),

  local findSource = 'find what rewrites files (virus scanner, defragmenter, file system policy, the client of a software distribution) and stop it there',

  local blocking = {
    '13503': { meaning: 'the service stopped and was not started again', remedy: 'see in the events before it why it stopped, then start it' },
    '13508': { meaning: 'replication with a partner cannot be enabled, and the service keeps trying', remedy: 'check DNS, the service on the partner and the topology between the two' },
    '13513': { meaning: 'the service stopped because its database is corrupt', remedy: 'follow the text of the event on the member; it describes the repair' },
    '13514': { meaning: 'SYSVOL is not ready', remedy: 'wait for event 13516; if it does not come, see whether the partner replicates' },
    '13515': { meaning: 'SYSVOL is not ready', remedy: 'wait for event 13516; see with net share whether SYSVOL is shared' },
    '13523': { meaning: 'a file is larger than the staging space', remedy: 'raise Staging Space Limit in KB above the size of the file' },
    '13539': { meaning: 'the path of a replica root is invalid', remedy: 'correct the path, or create the folder' },
    '13540': { meaning: 'the path of a staging folder is invalid', remedy: 'correct the path, or create the folder' },
    '13546': { meaning: 'a replica root could not be prepared', remedy: 'read the event on the member; check the path and its permissions' },
    '13550': { meaning: 'the staging folder cannot be opened', remedy: 'check its path, permissions and volume' },
    '13551': { meaning: 'the pre-install folder cannot be opened', remedy: 'check its path, permissions and volume' },
    '13552': { meaning: 'the member could not be added to a replica set', remedy: 'read the event on the member; it names the cause' },
    '13555': { meaning: 'the service is in an error state', remedy: 'read the events before it; restart the service, and if that does not help plan a non-authoritative restore' },
    '13561': { meaning: 'a journal wrap from which the service recovers by itself', remedy: 'expect a full synchronisation; ' + findSource },
    '13565': { meaning: 'SYSVOL is being initialised from another domain controller', remedy: 'wait for event 13516; until then the member is no domain controller' },
    '13566': { meaning: 'SYSVOL is being scanned', remedy: 'wait for event 13516; until then the member is no domain controller' },
  },

  local blocked(severity, delay, expr, consequence) = alert({
    name: 'NtfrsReplicationBlocked',
    severity: severity,
    'for': delay,
    expr: expr,
    summary: 'The File Replication Service says that it does not replicate.',
    description:
      text.define('blocking', text.causeAndRemedy(blocking), 'Cause and remedy: see the text of the event on the member.') +
      fill(|||
        {{ $labels.member }} (asked through {{ $labels.instance }}) logged event {{ $labels.event_id }}
        {{- with <LAST> }}, last {{ . | first | value | humanizeTimestamp }}{{ end }}, and nothing since that ends it. <CONSEQUENCE>
        {{ template "blocking" $labels.event_id }}
      |||, {
        LAST: text.query('event:ntfrs_event_last_timestamp_seconds:last{@}', byEvent),
        CONSEQUENCE: consequence,
      }) + lastKnown('events'),
  }),

  local notActive(severity, delay, expr, cause, remedy) = alert({
    name: 'NtfrsReplicaSetNotActive',
    severity: severity,
    'for': delay,
    expr: expr,
    summary: 'The File Replication Service does not replicate a set.',
    description: fill(|||
      {{ if $labels.replica_set -}}
      {{ $labels.replica_set }} on {{ $labels.member }} (asked through {{ $labels.instance }}) is
      {{- range <STATE> }} {{ .Labels.state }}{{ else }} in an unknown state{{ end }}; only ACTIVE replicates.
      {{- with <SINCE> }}
      Last reading with it active: {{ . | first | value | humanizeTimestamp }}.
      {{- else }}
      Last reading with it active: none within a day.
      {{- end }}
      {{- else -}}
      {{ $labels.member }} (asked through {{ $labels.instance }}) is not a member of any replica set: it replicates nothing.
      {{- with <MEMBER> }}
      Last reading with a set: {{ . | first | value | humanizeTimestamp }}.
      {{- else }}
      Last reading with a set: none within a day.
      {{- end }}
      {{- end }}
      Cause: <CAUSE>.
      Remedy: <REMEDY>.
    |||, {
      STATE: text.query('state:ntfrs_service_state:last{@}', bySet),
      SINCE: text.query('max_over_time(timestamp(max(ntfrs_service_state{@,state="ACTIVE"}) == 1)[1d:1m])', bySet),
      MEMBER: text.query('max_over_time(timestamp(max(ntfrs_member_of_any_set{@}) == 1)[1d:1m])', byMember),
      CAUSE: cause,
      REMEDY: remedy,
    }) + lastKnown('sets'),
  }),

  // What an alert judges by and a dashboard draws.
  _signals+:: {
    ntfrs: {
      // The share of the logged changes that are of permissions and of nothing else: the
      // signature of a virus scanner. A share of a few changes would say nothing.
      securityOnly: std.rstripChars(|||
        increase(ntfrs_security_only_changes_total{%(s)s}[%(ntfrsAntivirusWindow)s])
        / (increase(ntfrs_changes_logged_total{%(s)s}[%(ntfrsAntivirusWindow)s]) >= %(ntfrsAntivirusMinChanges)d)
      ||| % f, '\n'),
    },
  },

  _systems+:: {
    ntfrs: {
      // These remember themselves: a member, set or event keeps its newest state only.
      rules: [{
        name: 'ntfrs.rules',
        rules: [
          {
            record: 'state:ntfrs_service_state:last',
            expr: held('ntfrs_service_state{%s} == 1' % s, 'state:ntfrs_service_state:last{%s}' % s, 'sets', 'job, instance, member, replica_set'),
          },
          {
            record: 'member:ntfrs_member_of_any_set:last',
            expr: held('ntfrs_member_of_any_set{%s}' % s, 'member:ntfrs_member_of_any_set:last{%s}' % s, 'sets', 'job, instance, member'),
          },
          {
            record: 'event:ntfrs_event_active:last',
            expr: held('ntfrs_event_active{%s}' % s, 'event:ntfrs_event_active:last{%s}' % s, 'events', 'job, instance, member, event_id'),
          },
          {
            record: 'event:ntfrs_event_last_timestamp_seconds:last',
            expr: held(
              'ntfrs_event_last_timestamp_seconds{%s}' % s,
              'event:ntfrs_event_last_timestamp_seconds:last{%s}' % s,
              'events',
              'job, instance, member, event_id'
            ),
          },
          {
            // The limit is one for all sets of a server.
            record: 'member:ntfrs_staging_used_ratio:last',
            expr: held(
              |||
                sum without (replica_set) (ntfrs_staging_used_bytes{%(s)s})
                / (
                  sum without (replica_set) (ntfrs_staging_used_bytes{%(s)s})
                  + min without (replica_set) (ntfrs_staging_free_bytes{%(s)s})
                )
              ||| % f,
              'member:ntfrs_staging_used_ratio:last{%s}' % s,
              'counters',
              'job, instance, member'
            ),
          },
          {
            // Members whose service was stopped for good after the move to DFSR.
            record: 'member:ntfrs_moved_to_dfsr:last',
            expr: 'max without (event_id) %s' % standing('13575'),
          },
        ],
      }],

      alerts: [
        {
          name: 'ntfrs.replication',
          rules: [
            alert({
              name: 'NtfrsBacklogHigh',
              severity: 'warning',
              'for': c.ntfrsBacklogFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                last_over_time(ntfrs_outbound_backlog_change_orders{%(s)s}[%(gap)s]) > %(ntfrsBacklogMax)d
                %(alive)s
              ||| % f,
              summary: 'Many changes wait for a replication partner.',
              description: fill(|||
                {{ $labels.replica_set }} on {{ $labels.member }} (asked through {{ $labels.instance }}): {{ $value | printf "%.0f" }} change orders are not acknowledged by {{ $labels.partner }} (at most; limit <MAX>)
                {{- with <UNSENT> }}, {{ . | first | value | printf "%.0f" }} of them not sent yet{{ end }}. {{ $labels.partner }} serves old files meanwhile.
              |||, {
                MAX: std.toString(c.ntfrsBacklogMax),
                UNSENT: text.query('last_over_time(ntfrs_outbound_unsent_change_orders{@}[%s])' % c.gapWindow, byPartner),
              }) + since('at or below the limit', 'max(ntfrs_outbound_backlog_change_orders{@}) <= %d' % c.ntfrsBacklogMax, byPartner) + |||
                Cause: the partner is down or slow, the link is narrow or its schedule closed, or something changes files faster than they replicate.
                Remedy: see whether the connection is joined and the partner up; if many files changed at once, %s.
              ||| % findSource,
            }),

            alert({
              name: 'NtfrsBacklogGrowing',
              severity: 'warning',
              // No `for`: the window is the delay.
              expr: |||
                (
                  # More than the limit above the reading of a window ago,
                  last_over_time(ntfrs_outbound_backlog_change_orders{%(s)s}[%(gap)s])
                  - last_over_time(ntfrs_outbound_backlog_change_orders{%(s)s}[%(gap)s] offset %(ntfrsGrowthWindow)s)
                  > %(ntfrsGrowthMin)d
                )
                # and never less than before in between: nothing is worked off.
                and resets(ntfrs_outbound_backlog_change_orders{%(s)s}[%(ntfrsGrowthWindow)s]) == 0
                %(alive)s
              ||| % f,
              summary: 'The changes that wait for a replication partner only become more.',
              description: fill(|||
                {{ $labels.replica_set }} on {{ $labels.member }} (asked through {{ $labels.instance }}): what {{ $labels.partner }} has not acknowledged grew by {{ $value | printf "%.0f" }} change orders in <WINDOW>
                {{- with <NOW> }} to {{ . | first | value | printf "%.0f" }}{{ end }} and never shrank.
                {{- with <JOINED> }} The connection is {{ if eq (. | first | value) 1.0 }}joined{{ else }}not joined{{ end }}.{{ end }}
                Cause: the partner does not take changes (down, not joined, outside of its schedule), or files change faster than they replicate.
                Remedy: bring the partner back; if it is joined, <SOURCE>.
              |||, {
                WINDOW: c.ntfrsGrowthWindow,
                NOW: text.query('last_over_time(ntfrs_outbound_backlog_change_orders{@}[%s])' % c.gapWindow, byPartner),
                JOINED: text.query('last_over_time(ntfrs_connection_joined{@,direction="outbound"}[%s])' % c.gapWindow, byPartner),
                SOURCE: findSource,
              }),
            }),

            alert({
              name: 'NtfrsConnectionNotJoined',
              severity: 'warning',
              'for': c.ntfrsNotJoinedFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                last_over_time(ntfrs_connection_joined{%(s)s}[%(gap)s]) == 0
                %(alive)s
              ||| % f,
              summary: 'A replication connection is not joined for a long time.',
              description: fill(|||
                {{ $labels.replica_set }} on {{ $labels.member }} (asked through {{ $labels.instance }}): the {{ $labels.direction }} connection with {{ $labels.partner }} has not been joined for <FOR> or longer.
                {{- with <JOIN> }}
                It last joined {{ . | first | value | humanizeTimestamp }}.
                {{- else }}
                No time of a join is known.
                {{- end }}
              |||, {
                FOR: c.ntfrsNotJoinedFor,
                JOIN: text.query('last_over_time(ntfrs_connection_last_join_timestamp_seconds{@}[%s])' % c.gapWindow, byConnection),
              }) + since('with it joined', 'max(ntfrs_connection_joined{@}) == 1', byConnection) + |||
                Cause: the partner or its service is down, its name does not resolve, RPC is blocked, or the schedule of the connection keeps it closed.
                Remedy: see events 13508 and 13509 on both sides, DNS and the firewall; if the schedule is that narrow, raise ntfrsNotJoinedFor.
              |||,
            }),

            notActive(
              'critical',
              c.ntfrsNotActiveFor,
              |||
                # The last known state: a failed collection neither raises nor ends this.
                max without (state) (state:ntfrs_service_state:last{%(s)s,state=~"STOPPED|ERROR"})
                or member:ntfrs_member_of_any_set:last{%(s)s} == 0
              ||| % f,
              'the service stopped the set with an error, or the objects of the member in Active Directory are missing',
              'read the events of the File Replication Service on the member and ntfrsutl ds <member>; restore missing objects, then restart the service'
            ),
            notActive(
              'warning',
              c.ntfrsNotActiveWarningFor,
              |||
                # The last known state, so that a missed scrape does not start the delay again.
                max without (state) (
                  state:ntfrs_service_state:last{%(s)s,state=~"ALLOCATED|INITIALIZING|STARTING|REPLICA_DELETED|other"}
                )
              ||| % f,
              'the first synchronisation takes long or waits for a partner, the set was deleted, or the state has a name that is not known here',
              'see events 13508, 13565 and 13566 on the member, and whether the partner it loads from is up'
            ),

            alert({
              name: 'NtfrsNoOutboundConnections',
              severity: 'warning',
              'for': c.ntfrsNoOutboundFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                last_over_time(ntfrs_outbound_connections{%(s)s,member!~"%(ntfrsReadOnlyMembers)s"}[%(gap)s]) == 0
                %(alive)s
              ||| % f,
              summary: 'A member has no partner that gets its changes.',
              description: |||
                {{ $labels.replica_set }} on {{ $labels.member }} (asked through {{ $labels.instance }}) has {{ $value }} outbound connections: nothing that is changed there reaches another member.
              ||| + since('with a connection', 'max(ntfrs_outbound_connections{@}) > 0', bySet) + |||
                Cause: its member or connection objects in Active Directory are missing or disabled. A read-only domain controller has none by design.
                Remedy: see the connections below NTDS Settings and ntfrsutl ds {{ $labels.member }}; list read-only domain controllers in ntfrsReadOnlyMembers.
              |||,
            }),

            alert({
              name: 'NtfrsStagingFull',
              severity: 'critical',
              'for': c.ntfrsStagingFullFor,
              expr: |||
                # The last known event: a failed collection neither raises nor ends this.
                max without (event_id) (
                  time() - event:ntfrs_event_last_timestamp_seconds:last{%(s)s,event_id="13522"} < %(ntfrsStagingEventSeconds)d
                )
                # Room again, as far as counters tell.
                unless on (job, instance, member) member:ntfrs_staging_used_ratio:last{%(s)s} < %(ntfrsStagingRoomRatio)g
                %(moved)s
              ||| % (f { moved: unlessMoved }),
              summary: 'Replication pauses because the staging space is full.',
              description: fill(|||
                {{ $labels.member }} (asked through {{ $labels.instance }}) logged event 13522, last <LOGGED>: its staging space is full and replication pauses. <RATIO> of it is in use.
                {{- range <BACKLOG> | sortByLabel "partner" }}
                {{ .Labels.partner }} has not acknowledged {{ .Value | printf "%.0f" }} change orders.
                {{- end }}
                Cause: a partner with a large backlog keeps files in staging, or something rewrites more files than fit.
                Remedy: clear the partner with the largest backlog; <SOURCE>. A larger Staging Space Limit in KB buys time.
              |||, {
                LOGGED: logged('13522'),
                RATIO: ratio,
                BACKLOG: text.query('max by (partner) (last_over_time(ntfrs_outbound_backlog_change_orders{@}[%s])) > 0' % c.gapWindow, byMember),
                SOURCE: findSource,
              }) + lastKnown('events|counters'),
            }),
            alert({
              name: 'NtfrsStagingFull',
              severity: 'warning',
              'for': c.ntfrsStagingFor,
              expr: |||
                # The last known share, so that a missed scrape does not start the delay again.
                member:ntfrs_staging_used_ratio:last{%(s)s} > %(ntfrsStagingRatio)g
              ||| % f,
              summary: 'The staging space of replication is nearly full.',
              description: |||
                {{ $value | humanizePercentage }} of the staging space of {{ $labels.member }} (asked through {{ $labels.instance }}) is in use, for %s or longer. Near 90 %% is normal from Windows 2003 on, as old files are purged there; above, the purge does not keep up, and full means that replication pauses.
              ||| % c.ntfrsStagingFor + |||
                Cause: a partner with a large backlog keeps files in staging, or something rewrites more files than fit.
                Remedy: clear the partner with the largest backlog; %s.
              ||| % findSource + lastKnown('counters'),
            }),

            alert({
              name: 'NtfrsAntivirusRewritesSecurity',
              severity: 'warning',
              'for': c.ntfrsAntivirusFor,
              expr: |||
                (
                  # Most logged changes are of permissions and of nothing else,
                  %(signal)s
                  > %(ntfrsAntivirusRatio)g
                )
                and on (job, instance, member) (
                  # while more changes wait than a window ago,
                  sum by (job, instance, member) (last_over_time(ntfrs_outbound_backlog_change_orders{%(s)s}[%(gap)s]))
                  - sum by (job, instance, member) (last_over_time(ntfrs_outbound_backlog_change_orders{%(s)s}[%(gap)s] offset %(ntfrsAntivirusWindow)s))
                  > %(ntfrsAntivirusBacklog)d
                  # or staging is fuller, or full.
                  or member:ntfrs_staging_used_ratio:last{%(s)s}
                  - last_over_time(member:ntfrs_staging_used_ratio:last{%(s)s}[%(gap)s] offset %(ntfrsAntivirusWindow)s)
                  > %(ntfrsAntivirusStaging)g
                  or member:ntfrs_staging_used_ratio:last{%(s)s} > %(ntfrsStagingRatio)g
                )
                %(alive)s
              ||| % (f { signal: std.strReplace($._signals.ntfrs.securityOnly, '\n', '\n  ') }),
              summary: 'Something, as a virus scanner does, rewrites permissions and makes every file replicate again.',
              description: fill(|||
                On {{ $labels.member }} (asked through {{ $labels.instance }}) {{ $value | humanizePercentage }} of the changes logged within <WINDOW> carry Security and no change of data or name, while backlog or staging grows.
                Waiting for partners: {{ with <BACKLOG> }}{{ . | first | value | printf "%.0f" }}{{ else }}unknown{{ end }} change orders. Staging in use: <RATIO>.
                Cause: a virus scanner that restores the security descriptor of each file it read; each such write replicates the whole file. Security templates, file system policy and edited permissions look the same.
                Remedy: stop the scan and exclude the replicated folders from it. The runbook walks through the recovery: stop the service on members that generate changes, stop the source, find the partners with large backlogs, disable their connections and enable them again one after the other.
              |||, {
                WINDOW: c.ntfrsAntivirusWindow,
                BACKLOG: text.query('sum(last_over_time(ntfrs_outbound_backlog_change_orders{@}[%s]))' % c.gapWindow, byMember),
                RATIO: ratio,
              }) + lastKnown('debug_log|counters'),
            }),

            alert({
              name: 'DfsrBacklogHigh',
              severity: 'warning',
              'for': c.dfsrBacklogFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                last_over_time(dfsr_backlog_files{%(s)s}[%(gap)s]) > %(dfsrBacklogMax)d
                %(alive)s
              ||| % f,
              summary: 'Many files wait for DFS Replication.',
              description: |||
                {{ $value | printf "%%.0f" }} files of {{ $labels.folder }} in {{ $labels.group }} have not reached {{ $labels.to }} from {{ $labels.from }} (asked through {{ $labels.instance }}; limit %d). Whoever reads at {{ $labels.to }} sees old files.
              ||| % c.dfsrBacklogMax + since('at or below the limit', 'max(dfsr_backlog_files{@}) <= %d' % c.dfsrBacklogMax, byFolder) + |||
                Cause: the service at one end is stopped, the schedule or bandwidth is narrow, staging is too small, or very many files changed at once.
                Remedy: see the DFS Replication log of both ends, staging quota and schedule; a backlog that shrinks needs patience only.
              |||,
            }),
          ],
        },
        {
          name: 'ntfrs.events',
          rules: [
            alert({
              name: 'NtfrsJournalWrap',
              severity: 'critical',
              'for': c.ntfrsJournalWrapFor,
              expr: |||
                # The last known state: a failed collection neither raises nor ends this. One
                # alert for a member, so that it goes on when one of the two is seen later.
                max without (state, replica_set) (state:ntfrs_service_state:last{%(s)s,state="JRNL_WRAP_ERROR"})
                or max without (event_id) (event:ntfrs_event_active:last{%(s)s,event_id="13568"} == 1)
                %(moved)s
              ||| % (f { moved: unlessMoved }),
              summary: 'The File Replication Service lost its place in the change journal.',
              description: fill(|||
                {{ $labels.member }} (asked through {{ $labels.instance }}) is in a journal wrap: it does not know which files changed and replicates nothing until somebody repairs it.
                {{- range <SETS> | sortByLabel "replica_set" }}
                {{ .Labels.replica_set }} is JRNL_WRAP_ERROR.
                {{- end }}
                {{- with <EVENT> }}
                Event 13568 was logged {{ . | first | value | humanizeTimestamp }} and no 13516 since.
                {{- end }}
                Cause: more changed on the volume than its journal holds while the service was stopped or busy, as when a scanner or a restore touches every file.
                Remedy: <SOURCE>, then restore the set non-authoritatively from a healthy partner as the runbook says; the member serves no SYSVOL while that runs.
              |||, {
                SETS: text.query('state:ntfrs_service_state:last{@,state="JRNL_WRAP_ERROR"}', byMember),
                EVENT: text.query('event:ntfrs_event_last_timestamp_seconds:last{@,event_id="13568"}', byMember),
                SOURCE: findSource,
              }) + lastKnown('sets|events'),
            }),

            blocked(
              'critical',
              c.ntfrsBlockedFor,
              |||
                (
                  # The last known state: a failed collection neither raises nor ends this.
                  event:ntfrs_event_active:last{%(s)s,event_id=~"13503|13555"} == 1
                  # Nothing ends these but a start of the service, or time.
                  or time() - %(standing)s < %(ntfrsBlockedEventSeconds)d
                )
                %(moved)s
              ||| % (f { moved: unlessMoved, standing: std.rstripChars(standing('13513|13523|13539|13540|13546|13550|13551|13552'), '\n') }),
              'It replicates nothing, or not that set.'
            ),
            blocked(
              'warning',
              c.ntfrsBlockedWarningFor,
              |||
                # The last known state, so that a missed scrape does not start the delay again.
                event:ntfrs_event_active:last{%(s)s,event_id=~"13508|13514|13515|13561|13565|13566"} == 1
                %(moved)s
              ||| % (f { moved: unlessMoved }),
              'It does not replicate with that partner, or is not ready yet.'
            ),

            alert({
              name: 'NtfrsDatabaseVolumeFull',
              severity: 'critical',
              'for': c.ntfrsDatabaseFullFor,
              expr: |||
                # The last known events: a failed collection neither raises nor ends this.
                max without (event_id) %(standing)s
                %(moved)s
              ||| % (f { moved: unlessMoved, standing: std.rstripChars(standing('13511'), '\n') }),
              summary: 'The File Replication Service stopped because the volume of its database is full.',
              description: fill(|||
                {{ $labels.member }} (asked through {{ $labels.instance }}) logged event 13511 <LOGGED>: no space was left on the volume of its database, and the service stopped. It was not started again since and replicates nothing.
                Cause: the outbound log, the staging folder or anything else on that volume grew.
                Remedy: free space on that volume, then start the service; find the partner with a large backlog that makes the log grow.
              |||, { LOGGED: logged('13511') }) + lastKnown('events'),
            }),

            alert({
              name: 'NtfrsExcessiveReplication',
              severity: 'warning',
              // No `for`: the service itself watched for hours. The window keeps it for a while.
              expr: |||
                max without (event_id) (
                  time() - event:ntfrs_event_last_timestamp_seconds:last{%(s)s,event_id="13567"} < %(ntfrsExcessiveSeconds)d
                )
                %(moved)s
              ||| % (f { moved: unlessMoved }),
              summary: 'Many updates that change no content were kept from replicating.',
              description: fill(|||
                {{ $labels.member }} (asked through {{ $labels.instance }}) logged event 13567, last <LOGGED>, <RECENT> times within 24 hours: it suppressed many updates that leave the content as it is. They still cost its disks and its journal.
                Cause: a virus scanner, a defragmenter or a file system policy writes files without changing them.
                Remedy: <SOURCE>; exclude the replicated folders from scans.
              |||, { LOGGED: logged('13567'), RECENT: recent('13567'), SOURCE: findSource }) + lastKnown('events'),
            }),

            alert({
              name: 'NtfrsClockSkew',
              severity: 'warning',
              // No `for`: a clock that is wrong by half an hour is a fact. The window keeps it for a while.
              expr: |||
                max without (event_id) (
                  time() - event:ntfrs_event_last_timestamp_seconds:last{%(s)s,event_id="13548"} < %(ntfrsClockSkewSeconds)d
                )
                %(moved)s
              ||| % (f { moved: unlessMoved }),
              summary: 'Two replication partners disagree about the time.',
              description: fill(|||
                {{ $labels.member }} (asked through {{ $labels.instance }}) logged event 13548, last <LOGGED>, <RECENT> times within 24 hours: its clock and that of a partner differ by more than the service accepts, and it does not replicate with that partner.
                Cause: one of the two does not synchronise its clock, or has a wrong time zone or date.
                Remedy: the event names the partner; compare both clocks (w32tm /monitor), correct the wrong one and see why it does not synchronise.
              |||, { LOGGED: logged('13548'), RECENT: recent('13548') }) + lastKnown('events'),
            }),
          ],
        },
      ],
    },
  },
}
