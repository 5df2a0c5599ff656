// EMC/Dell Avamar: the session tickets that MCS hands out and GSAN accepts or refuses,
// and the health around them.
local alertFor = (import '../lib/alert.libsonnet').new;
local promql = import '../lib/promql.libsonnet';
local reasons = import '../lib/reasons.libsonnet';
local text = import '../lib/text.libsonnet';

{
  local c = $._config,
  local s = c.avamarSelector,
  local f = c {
    s: s,
    gap: c.gapWindow,
    memory: c.memoryWindow,
    alive: promql.whileScraped(s),
    warningRatio: c.avamarCapacityWarning * c.avamarNodeFullRatio,
    criticalRatio: c.avamarCapacityCritical * c.avamarNodeFullRatio,
  },

  local alert = alertFor(c, 'avamar'),

  local held(current, history, part, on='job, instance') =
    promql.held(current % f, history % f, s, part, on),

  // New events of a counter within the window, by kind; 0 when there are none. It exists
  // only while the counter is read, so that what a failing log hides is still known.
  local newEvents(counter, by, matcher) =
    |||
      (
        sum without (%(by)s) (
          # More than at the last reading before the window: also what was written while
          # nothing could be read,
          max_over_time(%(c)s[%(avamarTicketWindow)s]) - last_over_time(%(c)s[%(memory)s] offset %(avamarTicketWindow)s) > 0
          # or more than before within the window. A counter that starts again is no event.
          or increase(%(c)s[%(avamarTicketWindow)s])
        )
        or 0 * sum without (%(by)s) (%(c)s)
      )
      and on (job, instance) %(c)s
    ||| % (f { by: by, c: '%s{%s,%s}' % [counter, s, matcher] }),

  // Tickets were refused or logins failed, as the logs say.
  local evidence = |||
    on (job, instance) (
      target:avamar_session_ticket_rejected:last{%(s)s} > 0
      or target:avamar_session_ticket_login_failures:last{%(s)s} > 0
    )
  ||| % f,

  // --- Words -------------------------------------------------------------------

  local byTarget = ['job', 'instance'],
  local byService = ['job', 'instance', 'service'],
  local byNode = ['job', 'instance', 'node'],

  // Puts queries where a text has <NAME>.
  local fill(template, values) =
    std.foldl(function(t, name) std.strReplace(t, '<%s>' % name, values[name]), std.objectFields(values), template),

  // A number without an exponent, or "unknown".
  local number(expr) =
    '{{ with %s }}{{ . | first | value | printf "%%.0f" }}{{ else }}unknown{{ end }}' % text.query(expr, byTarget),
  local serials = {
    MCS: number('last_over_time(avamar_session_ticket_mcs_serial{@}[%s])' % c.memoryWindow),
    GSAN: number('last_over_time(avamar_session_ticket_gsan_min_serial{@}[%s])' % c.memoryWindow),
  },

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

  local repair = 'the runbook walks through the repair, which lifts both serials to one value above all of them; it changes state and restarts MCS, so it is an operator who runs it',

  local evidenceLines = fill(|||
    {{- with <REJECTED> }}
    Refused tickets in the logs of GSAN within <WINDOW>: {{ . | first | value | printf "%.0f" }}.
    {{- end }}
    {{- with <LOGINS> }}
    Logins with a session ticket that failed within <WINDOW>: {{ . | first | value | printf "%.0f" }}.
    {{- end }}
  |||, {
    REJECTED: text.query('target:avamar_session_ticket_rejected:last{@} > 0', byTarget),
    LOGINS: text.query('target:avamar_session_ticket_login_failures:last{@} > 0', byTarget),
    WINDOW: c.avamarTicketWindow,
  }),

  local unreadable = reasons {
    permission: {
      meaning: 'the account may not read it. For sessionticket.srl the file or a folder above it has other rights than its neighbours, which admin can read; for the keytable avmaint lacks its rights on GSAN',
      remedy: 'log in as the account of the exporter on the utility node and run the command by hand; it should be admin. Wrong rights under server_data also make flushes of MCS fail',
    },
    exit_status: {
      meaning: 'the command ran and reported a failure: for the keytable GSAN does not answer, for sessionticket.srl the file is not there, as on a host that is not the utility node',
      remedy: 'run it by hand as admin on the utility node; see whether GSAN is up and the address is the one of the utility node',
    },
    parse: {
      meaning: 'the answer holds no serial: the file is empty or not a number, or the keytable names no minimum',
      remedy: 'read it by hand; do not write into the file before the runbook of AvamarSessionTicketBehind was read',
    },
  },

  local effect = {
    gsan: 'GSAN holds the backups: without it nothing is backed up or restored. It may also be degraded, with a node missing.',
    mcs: 'MCS starts the backups and hands out their tickets: none start, and nobody can manage the system.',
    backup_scheduler: 'Scheduled backups do not start.',
    maintenance_windows_scheduler: 'Garbage collection, checkpoints and hfschecks do not start by themselves.',
    unattended_startup: 'After a restart of the host the services do not start by themselves.',
    emt: 'The web interface for management is not there.',
    ems: 'The Enterprise Manager is not there.',
    avinstaller: 'Packages and upgrades cannot be installed.',
    connectemc: 'Events are not sent to the support of the vendor.',
    ese: 'Events are not sent to the support of the vendor.',
    ddrmaint_service: 'The maintenance of attached Data Domain systems does not run.',
  },
  local defineEffect = text.define('effect', effect, 'What depends on it does not work.'),

  local wentBackwards(side, what, metric, part, cause, remedy) =
    alert({
      name: 'AvamarSessionTicketSerialWentBackwards',
      severity: 'critical',
      'for': c.avamarBackwardsFor,
      expr: |||
        # It is below where it was: a repair, which lifts it, ends the alert.
        max_over_time(%(m)s[%(avamarBackwardsMemory)s]) - last_over_time(%(m)s[%(avamarBackwardsMemory)s]) > 0
        and (
          # It fell between two readings within the window,
          resets(%(m)s[%(avamarBackwardsWindow)s]) > 0
          # or since the last reading before it, however many were missed in between.
          or min_over_time(%(m)s[%(avamarBackwardsWindow)s])
            < last_over_time(%(m)s[%(avamarBackwardsMemory)s] offset %(avamarBackwardsWindow)s)
        )
        %(alive)s
      ||| % (f { m: '%s{%s}' % [metric, s] }),
      summary: 'A session-ticket serial of Avamar went backwards.',
      description: fill(|||
        {{- with <NOW> }}{{ $now := . | first | value -}}
        <WHAT> on {{ $labels.instance }} went backwards: it is {{ $now | printf "%.0f" }} and was {{ $value | printf "%.0f" }} higher.
        {{- with <SINCE> }}
        Last reading above {{ $now | printf "%.0f" }}: {{ . | first | value | humanizeTimestamp }}.
        {{- else }}
        Last reading above {{ $now | printf "%.0f" }}: more than a day ago.
        {{- end }}
        {{- end }}
        Cause: <CAUSE>. A system that was installed anew, or another system at the same address, looks the same.
        Remedy: <REMEDY>; if so, <REPAIR>.
      |||, {
        WHAT: what,
        NOW: text.query('last_over_time(%s{@}[%s])' % [metric, c.avamarBackwardsMemory], byTarget),
        SINCE:
          'query (printf `max_over_time(timestamp(max(%s{job=%%q,instance=%%q}) > %%f)[1d:1m])` $labels.job $labels.instance $now)' % metric,
        CAUSE: cause,
        REMEDY: remedy,
        REPAIR: repair,
      }) + lastKnown(part),
    }) + { labels+: { side: side } },

  local gapWidening(severity, condition, evidenceText, cause, remedy) = alert({
    name: 'AvamarSessionTicketGapWidening',
    severity: severity,
    // No `for`: the delays are in the windows of the recorded series, which both
    // severities read, so nothing is counted from zero when one becomes the other.
    expr: |||
      target:avamar_session_ticket_serial_gap:widening{%(s)s}
      %(condition)s
    ||| % (f { condition: condition }),
    summary: 'MCS runs ahead of the session tickets that GSAN knows.',
    description: fill(|||
      On {{ $labels.instance }} MCS hands out serial <MCS> and the minimum of GSAN is <GSAN>: {{ $value | printf "%.0f" }} apart
      {{- with <BEFORE> }}, {{ . | first | value | printf "%.0f" }} a step (<STEP>) ago{{ end }}
      {{- with <MEDIAN> }}, {{ . | first | value | printf "%.0f" }} in the median of <USUAL>{{ end }}.
      {{- if gt $value <MAX>.0 }}{{ with <SINCE> }}
      Last reading of <MAX> or less: {{ . | first | value | humanizeTimestamp }}.
      {{- end }}{{ end }}
    |||, serials {
      BEFORE: text.query('target:avamar_session_ticket_serial_gap:last{@} offset %s' % c.avamarGapStep, byTarget),
      MEDIAN: text.query('quantile_over_time(0.5, target:avamar_session_ticket_serial_gap:last{@}[%s])' % c.avamarGapUsualWindow, byTarget),
      SINCE: text.query('max_over_time(timestamp(max(avamar_session_ticket_serial_gap{@}) <= %d)[1d:1m])' % c.avamarGapMax, byTarget),
      MAX: std.toString(c.avamarGapMax),
      STEP: c.avamarGapStep,
      USUAL: c.avamarGapUsualWindow,
    }) + evidenceText + |||
      Cause: %s.
      Remedy: %s.
    ||| % [cause, remedy] + lastKnown('mcs_serial|gsan_serial'),
  }),

  local serviceDown(severity, delay, matchers) = alert({
    name: 'AvamarServiceDown',
    severity: severity,
    'for': delay,
    expr: |||
      # The last known state, so that a missed scrape does not start the delay again.
      service:avamar_service_up:last{%(s)s,%(matchers)s} == 0
    ||| % (f { matchers: matchers }),
    summary: 'A service of Avamar is not up.',
    description: defineEffect + fill(|||
      The service {{ $labels.service }} of {{ $labels.instance }} is not up, ready or enabled. {{ template "effect" $labels.service }}
      {{- with <SINCE> }}
      Last reading with it up: {{ . | first | value | humanizeTimestamp }}.
      {{- else }}
      Last reading with it up: none within a day.
      {{- end }}
      Cause: somebody stopped or suspended it, as for an upgrade, or it failed.
      Remedy: read dpnctl status as admin on the utility node and find out who stopped it; starting it (dpnctl start) is for the operator.
    |||, {
      SINCE: text.query('max_over_time(timestamp(max(avamar_service_up{@}) == 1)[1d:1m])', byService),
    }) + lastKnown('services'),
  }),

  local nodeOffline(severity, condition, consequence) = alert({
    name: 'AvamarNodeOffline',
    severity: severity,
    'for': c.avamarNodeOfflineFor,
    expr: |||
      # The last known state, so that a missed scrape does not start the delay again.
      node:avamar_node_online:last{%(s)s} == 0
      %(condition)s
    ||| % (f { condition: condition % f }),
    summary: 'A storage node of Avamar is offline.',
    description: fill(|||
      Node {{ $labels.node }} of {{ $labels.instance }} is not ONLINE ({{ with <ONLINE> }}{{ . | first | value }}{{ else }}0{{ end }} of {{ with <ALL> }}{{ . | first | value }}{{ end }} nodes are). <CONSEQUENCE>
      {{- with <SINCE> }}
      Last reading with it online: {{ . | first | value | humanizeTimestamp }}.
      {{- else }}
      Last reading with it online: none within a day.
      {{- end }}
      Cause: the host is down or restarts, its disks or network failed, or GSAN stopped on it.
      Remedy: read status.dpn as admin on the utility node and look at the console of the node; open a case before anything is restarted.
    |||, {
      ONLINE: text.query('count(node:avamar_node_online:last{@} == 1)', byTarget),
      ALL: text.query('count(node:avamar_node_online:last{@})', byTarget),
      SINCE: text.query('max_over_time(timestamp(max(avamar_node_online{@}) == 1)[1d:1m])', byNode),
      CONSEQUENCE: consequence,
    }) + lastKnown('status'),
  }),

  local stale(name, job, maxAge, limit, summary, cause, remedy) =
    local last = function(metric) 'last_over_time(avamar_%s_%s{@}[%s])' % [job, metric, c.gapWindow];
    alert({
      name: name,
      severity: 'warning',
      'for': c.avamarMaintenanceFor,
      expr: |||
        (
          # The last reading, so that a missed scrape does not start the delay again.
          time() - last_over_time(avamar_%(job)s_last_timestamp_seconds{%(s)s}[%(gap)s]) > %(maxAge)d
          # It failed, or there was none yet.
          or last_over_time(avamar_%(job)s_last_ok{%(s)s}[%(gap)s]) == 0
        )
        %(alive)s
      ||| % (f { job: job, maxAge: maxAge }),
      summary: summary,
      description: fill(|||
        {{ with <TIME> }}The last <JOB> of {{ $labels.instance }} finished {{ . | first | value | humanizeTimestamp }}, {{ with <AGE> }}{{ . | first | value | humanizeDuration }}{{ end }} ago{{ else }}{{ $labels.instance }} names no finished <JOB>{{ end }}
        {{- with <FAILED> }}; it did not go well, or there was none yet{{ end }}. It should be younger than <LIMIT>.
        Cause: <CAUSE>.
        Remedy: <REMEDY>.
      |||, {
        TIME: text.query(last('last_timestamp_seconds'), byTarget),
        AGE: text.query('time() - ' + last('last_timestamp_seconds'), byTarget),
        FAILED: text.query(last('last_ok') + ' == 0', byTarget),
        JOB: job,
        LIMIT: limit,
        CAUSE: cause,
        REMEDY: remedy,
      }),
    }),

  local capacityHigh(severity, ratio, share, consequence) = alert({
    name: 'AvamarCapacityHigh',
    severity: severity,
    'for': c.avamarCapacityFor,
    expr: |||
      # The last reading, so that a missed scrape does not start the delay again.
      last_over_time(avamar_node_used_ratio{%(s)s}[%(gap)s]) > %(ratio)g
      %(alive)s
    ||| % (f { ratio: ratio }),
    summary: 'A storage node of Avamar is filling up.',
    description: |||
      Node {{ $labels.node }} of {{ $labels.instance }} shows %%Full %(value)s; a node is taken for full at %(full)g %%, and the limit of this alert is %(share)g %% of that. %(consequence)s
      Cause: more is backed up than expires, garbage collection does not run or not long enough, or checkpoints are kept too long.
      Remedy: see whether garbage collection finishes (status.dpn), which clients change most, and shorten retention or move clients; nothing is freed before the next garbage collection.
    ||| % {
      value: '{{ $value | humanizePercentage }}',
      full: 100 * c.avamarNodeFullRatio,
      share: 100 * share,
      consequence: consequence,
    },
  }),

  _systems+:: {
    avamar: {
      rules: [{
        name: 'avamar.rules',
        rules: [
          {
            // A gap counts until there is a newer one. It exists only when both serials
            // were read together, so a failing part changes nothing.
            record: 'target:avamar_session_ticket_serial_gap:last',
            expr: |||
              last_over_time(avamar_session_ticket_serial_gap{%(s)s}[%(memory)s])
              %(alive)s
            ||| % f,
          },
          {
            record: 'target:avamar_session_ticket_rejected:increase',
            expr: newEvents('avamar_session_ticket_log_events_total', 'kind', 'kind=~"below_minimum|already_used|bad_signature"'),
          },
          {
            record: 'target:avamar_session_ticket_rejected:last',
            expr: held(
              'target:avamar_session_ticket_rejected:increase{%(s)s}',
              'last_over_time(target:avamar_session_ticket_rejected:increase{%(s)s}[%(memory)s])',
              'gsan_log'
            ),
          },
          {
            record: 'target:avamar_session_ticket_login_failures:increase',
            expr: newEvents('avamar_client_login_failures_total', 'reason', 'reason="session_ticket"'),
          },
          {
            record: 'target:avamar_session_ticket_login_failures:last',
            expr: held(
              'target:avamar_session_ticket_login_failures:increase{%(s)s}',
              'last_over_time(target:avamar_session_ticket_login_failures:increase{%(s)s}[%(memory)s])',
              'client_log'
            ),
          },
          {
            // A positive gap that deserves a look. Whether it hurts, only the logs say.
            record: 'target:avamar_session_ticket_serial_gap:widening',
            expr: |||
              (
                # Above the limit in every reading of the window, and watched for that long,
                target:avamar_session_ticket_serial_gap:last{%(s)s}
                and min_over_time(target:avamar_session_ticket_serial_gap:last{%(s)s}[%(avamarGapWindow)s]) > %(avamarGapMax)d
                and last_over_time(target:avamar_session_ticket_serial_gap:last{%(s)s}[%(gap)s] offset %(avamarGapWindow)s)
                # and not what is usual for a system that has been watched long enough.
                unless (
                  target:avamar_session_ticket_serial_gap:last{%(s)s}
                    <= %(avamarGapUsualFactor)g * quantile_over_time(0.5, target:avamar_session_ticket_serial_gap:last{%(s)s}[%(avamarGapUsualWindow)s])
                  and last_over_time(target:avamar_session_ticket_serial_gap:last{%(s)s}[%(memory)s] offset %(avamarGapUsualWindow)s)
                )
              )
              or (
                # Wider than a step ago, and wider then than two steps ago,
                target:avamar_session_ticket_serial_gap:last{%(s)s} > 0
                and target:avamar_session_ticket_serial_gap:last{%(s)s}
                  > last_over_time(target:avamar_session_ticket_serial_gap:last{%(s)s}[1h] offset %(avamarGapStep)s)
                and last_over_time(target:avamar_session_ticket_serial_gap:last{%(s)s}[1h] offset %(avamarGapStep)s)
                  > last_over_time(target:avamar_session_ticket_serial_gap:last{%(s)s}[1h] offset %(avamarGapStandstillWindow)s)
                # while GSAN's minimum stands still, which it usually does not.
                and changes(avamar_session_ticket_gsan_min_serial{%(s)s}[%(avamarGapStandstillWindow)s]) == 0
                and changes(avamar_session_ticket_gsan_min_serial{%(s)s}[%(avamarGapUsualWindow)s] offset %(avamarGapStandstillWindow)s) >= %(avamarGapMinimumMoves)d
              )
            ||| % f,
          },
          {
            // These remember themselves: a service or node keeps its newest state only.
            record: 'service:avamar_service_up:last',
            expr: held('avamar_service_up{%(s)s}', 'service:avamar_service_up:last{%(s)s}', 'services', 'job, instance, service'),
          },
          {
            record: 'node:avamar_node_online:last',
            expr: held('avamar_node_online{%(s)s}', 'node:avamar_node_online:last{%(s)s}', 'status', 'job, instance, node'),
          },
          {
            record: 'target_status:avamar_access_status:last',
            expr: held('avamar_access_status{%(s)s} == 1', 'target_status:avamar_access_status:last{%(s)s}', 'status'),
          },
        ],
      }],

      alerts: [
        {
          name: 'avamar.tickets',
          rules: [
            alert({
              name: 'AvamarSessionTicketBehind',
              severity: 'critical',
              'for': c.avamarBehindFor,
              expr: |||
                # The last known gap: a failed collection neither raises nor ends this.
                target:avamar_session_ticket_serial_gap:last{%(s)s} < 0
              ||| % f,
              summary: 'MCS hands out session tickets that GSAN does not accept.',
              description: fill(|||
                On {{ $labels.instance }} MCS hands out serial <MCS>, and GSAN accepts none below <GSAN>: a gap of {{ $value | printf "%.0f" }}. GSAN refuses the tickets of new backups until MCS has caught up.
                {{- with <SINCE> }}
                Last reading without that: {{ . | first | value | humanizeTimestamp }}.
                {{- else }}
                Last reading without that: none within a day.
                {{- end }}
                Cause: MCS was restored from an older flush and counts from an old serial, or a repair raised the minimum of GSAN and not the serial of MCS.
                Remedy: <REPAIR>.
              |||, serials {
                SINCE: text.query('max_over_time(timestamp(max(avamar_session_ticket_serial_gap{@}) >= 0)[1d:1m])', byTarget),
                REPAIR: repair,
              }) + lastKnown('mcs_serial|gsan_serial'),
            }),

            wentBackwards(
              'mcs',
              'The serial that MCS hands out',
              'avamar_session_ticket_mcs_serial',
              'mcs_serial',
              'MCS restore: MCS was restored from an older flush, or somebody wrote a lower number into its file, and it hands out serials that were in use before',
              'ask who restored MCS, and see whether GSAN refuses tickets'
            ),
            wentBackwards(
              'gsan',
              'The smallest serial that GSAN accepts',
              'avamar_session_ticket_gsan_min_serial',
              'gsan_serial',
              'GSAN rollback: GSAN was rolled back to an older checkpoint and does not know the newer tickets and backups any more',
              'ask who rolled GSAN back and to which checkpoint, and see whether GSAN refuses tickets'
            ),

            gapWidening(
              'critical',
              'and ' + evidence,
              evidenceLines,
              'GSAN is behind MCS, as after a rollback of GSAN, and refuses or confuses tickets; the logs confirm it',
              repair
            ),
            gapWidening(
              'warning',
              'unless ' + evidence,
              |||
                No refused ticket and no failed login was seen in the logs.
              |||,
              'GSAN may be behind MCS, as after a rollback of GSAN. How large a healthy gap is, and whether it grows, is not published, so this may be harmless',
              'find out whether GSAN was rolled back or MCS restored, and test a backup; if backups work, nothing needs repair'
            ),

            alert({
              name: 'AvamarSessionTicketRejected',
              severity: 'critical',
              // No `for`: one refused ticket is a fact. The window keeps it for a while.
              expr: |||
                # The last known number of new ones: a failed collection neither raises nor ends this.
                target:avamar_session_ticket_rejected:last{%(s)s} > 0
              ||| % f,
              summary: 'GSAN refuses session tickets.',
              description: text.define('kind', {
                below_minimum: 'the serial is below the minimum of GSAN (<1479>)',
                already_used: 'the serial was used before (<1418>)',
                bad_signature: 'the signature does not fit the key that is on file for the serial (<1426>)',
              }, 'another kind') + fill(|||
                GSAN on {{ $labels.instance }} refused {{ $value | printf "%.0f" }} session tickets within <WINDOW>. The backups that held them failed.
                {{- range <LAST> | sortByLabel "kind" }}
                - {{ .Labels.kind }}: {{ template "kind" .Labels.kind }}; last {{ .Value | humanizeTimestamp }}.
                {{- end }}
                MCS is at serial <MCS>, the minimum of GSAN at <GSAN>.
                Cause: the two are out of step after MCS was restored or GSAN rolled back. A gap of 0 or more does not rule that out: serials may be handed out twice above the minimum too.
                Remedy: <REPAIR>.
              |||, serials {
                WINDOW: c.avamarTicketWindow,
                LAST: text.query(
                  'last_over_time(avamar_session_ticket_log_last_event_timestamp_seconds{@,kind!="other"}[%s])' % c.memoryWindow,
                  byTarget
                ),
                REPAIR: repair,
              }) + lastKnown('gsan_log'),
            }),

            alert({
              name: 'AvamarSessionTicketLoginFailures',
              severity: 'critical',
              // No `for`: one failed login is a failed job. The window keeps it for a while.
              expr: |||
                # The last known number of new ones: a failed collection neither raises nor ends this.
                target:avamar_session_ticket_login_failures:last{%(s)s} > 0
              ||| % f,
              summary: 'Backup jobs cannot log in with their session ticket.',
              description: fill(|||
                {{ $value | printf "%.0f" }} logins with a session ticket failed on {{ $labels.instance }} within <WINDOW>
                {{- with <RATIO> }}, {{ . | first | value | humanizePercentage }} of those begun{{ end }}. These are jobs that run on the utility node, such as flushes of MCS; the logs of other clients stand on the clients, which fare no better.
                Cause: GSAN refuses the tickets that MCS hands out: serials out of step after a restore or a rollback, or a signature that does not fit.
                Remedy: look for refused tickets in the logs of GSAN; <REPAIR>.
              |||, {
                WINDOW: c.avamarTicketWindow,
                // Whole logins, or two out of two would not be 100 %.
                RATIO: text.query(
                  'clamp_max(round(sum(increase(avamar_client_login_failures_total{@,reason="session_ticket"}[%(w)s]))) / round(sum(increase(avamar_client_logins_total{@}[%(w)s]))) > 0, 1)' % { w: c.avamarTicketWindow },
                  byTarget
                ),
                REPAIR: repair,
              }) + lastKnown('client_log'),
            }),

            alert({
              name: 'AvamarSessionTicketUnreadable',
              severity: 'warning',
              'for': c.avamarUnreadableFor,
              expr: |||
                # No success within the window; a bare gauge would vanish with every missed scrape,
                max without (unit) (
                  max_over_time(dataprotection_part_success{%(s)s,part=~"mcs_serial|gsan_serial"}[%(gap)s])
                ) == 0
                # while another part of the target answers.
                and on (job, instance) (
                  max by (job, instance) (max_over_time(dataprotection_part_success{%(s)s}[%(gap)s])) == 1
                )
                %(alive)s
              ||| % f,
              summary: 'A session-ticket serial of Avamar cannot be read.',
              description:
                text.define('unreadable', text.causeAndRemedy(unreadable), 'Cause: not known here. Remedy: read the log of the exporter.') +
                fill(|||
                  {{ if eq $labels.part "mcs_serial" }}The serial that MCS hands out (sessionticket.srl){{ else }}The smallest serial that GSAN accepts (keytable){{ end }} of {{ $labels.instance }} cannot be read, so nobody sees the gap. Alerts on it keep their last known state for a day.
                  {{- with <READ> }}
                  Last read: {{ . | first | value | humanizeTimestamp }}.
                  {{- else }}
                  Last read: not within a day.
                  {{- end }}
                  {{- range <REASON> }}
                  Reason {{ .Labels.reason }}. {{ template "unreadable" .Labels.reason }}
                  {{- else }}
                  The reason is not known at this moment: see /targets of the exporter.
                  {{- end }}
                |||, {
                  READ: text.query('max_over_time(timestamp(max(dataprotection_part_success{@}) == 1)[1d:1m])', ['job', 'instance', 'part']),
                  REASON: text.query('max by (reason) (dataprotection_part_failure{@} == 1)', ['job', 'instance', 'part']),
                }),
            }),
          ],
        },
        {
          name: 'avamar.health',
          rules: [
            serviceDown('critical', c.avamarServiceDownFor, 'service=~"%s"' % c.avamarServicesCritical),
            serviceDown('warning', c.avamarServiceDownFor, 'service!~"%s|%s"' % [c.avamarServicesCritical, c.avamarServicesInfo]),
            serviceDown('info', c.avamarServiceInfoFor, 'service=~"%s"' % c.avamarServicesInfo),

            alert({
              name: 'AvamarAccessRestricted',
              severity: 'warning',
              'for': c.avamarAccessFor,
              expr: |||
                # The last known state, so that a missed scrape does not start the delay again.
                max without (status) (target_status:avamar_access_status:last{%(s)s,status!="full"}) == 1
              ||| % f,
              summary: 'Avamar does not give full access for a long time.',
              description: fill(|||
                The access to {{ $labels.instance }} has not been full for <FOR>
                {{- range <STATUS> }}; now it is {{ .Labels.status }}{{ end }}. Backups may fail or wait.
                {{- with <SINCE> }}
                Last reading with full access: {{ . | first | value | humanizeTimestamp }}.
                {{- else }}
                Last reading with full access: none within a day.
                {{- end }}
                Cause: while garbage collection, a checkpoint or an hfscheck runs this is normal; for so long it points to one that hangs, a full system, or a mode that an operator or a failed start left behind.
                Remedy: read status.dpn as admin on the utility node for capacity and maintenance jobs, and avmaint nodelist for the activity that restricts access; changing the access mode is for the operator.
              |||, {
                FOR: c.avamarAccessFor,
                STATUS: text.query('target_status:avamar_access_status:last{@}', byTarget),
                SINCE: text.query('max_over_time(timestamp(max(avamar_access_status{@,status="full"}) == 1)[1d:1m])', byTarget),
              }) + lastKnown('status'),
            }),

            nodeOffline(
              'critical',
              |||
                # None is left, or more than parity makes up for.
                and on (job, instance) (
                  count by (job, instance) (node:avamar_node_online:last{%(s)s}) == 1
                  or count by (job, instance) (node:avamar_node_online:last{%(s)s} == 0) > 1
                )
              |||,
              'More is missing than parity makes up for: backups and restores fail.'
            ),
            nodeOffline('warning', '', 'In a grid parity makes up for one node, but not for another.'),

            stale(
              'AvamarCheckpointStale',
              'checkpoint',
              c.avamarCheckpointMaxAgeSeconds,
              '{{ %d | humanizeDuration }}' % c.avamarCheckpointMaxAgeSeconds,
              'The last checkpoint of Avamar is old or failed.',
              'the maintenance scheduler is suspended, a maintenance job hangs or failed, the disks are too full for another checkpoint, or a node is offline',
              'read status.dpn and dumpmaintlogs --types=cp --days=2 as admin on the utility node; without a recent checkpoint a rollback loses every backup since the last one'
            ),
            stale(
              'AvamarHfscheckStale',
              'hfscheck',
              c.avamarHfscheckMaxAgeSeconds,
              '{{ %d | humanizeDuration }}' % c.avamarHfscheckMaxAgeSeconds,
              'The last hfscheck of Avamar is old or failed.',
              'the maintenance scheduler is suspended, the maintenance window is too short for it, or it found damaged data',
              'read status.dpn and dumpmaintlogs --types=hfscheck --days=3 as admin on the utility node; one that failed with an error about data is a case for the support of the vendor'
            ),

            capacityHigh(
              'critical',
              f.criticalRatio,
              c.avamarCapacityCritical,
              'The backup scheduler may stop, and a full system is read-only.'
            ),
            capacityHigh(
              'warning',
              f.warningRatio,
              c.avamarCapacityWarning,
              'A full system is read-only.'
            ),
          ],
        },
      ],
    },
  },
}
