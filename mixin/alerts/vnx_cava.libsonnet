// EMC VNX and Celerra: the virus checkers (CAVA) of each Data Mover, and the queue of
// files that wait for them.
local diagnosis = import '../../collectors/vnxcava/diagnosis.json';
local alertFor = (import '../lib/alert.libsonnet').new;
local promql = import '../lib/promql.libsonnet';
local text = import '../lib/text.libsonnet';

{
  local c = $._config,
  local s = c.vnxCavaSelector,
  local f = c {
    s: s,
    gap: c.gapWindow,
    memory: c.memoryWindow,
    alive: promql.whileScraped(s),
    mover: 'job, instance, mover',
    checker: 'job, instance, mover, checker',
  },

  local alert = alertFor(c, 'vnx_cava'),

  // A mover whose virus checking is stopped answers and yet may list no checkers: what
  // was known of them before still holds.
  local stopped = 'vnx_cava_running{%s} == 0' % s,
  local held(current, history, absentWhen=stopped) =
    promql.held(current % f, history % f, s, 'status', f.mover, absentWhen),

  // --- Words -------------------------------------------------------------------

  local defineDiagnosis = text.define(
    'diagnosis', text.causeAndRemedy(diagnosis.causes), text.causeAndRemedy(diagnosis.causes).unknown
  ),

  // What Windows itself calls the number of ERROR_AUTH. The cause comes from the field
  // and differs for some numbers, so both are shown.
  local defineCode = text.define('code', {
    [std.toString(e.code)]: 'Windows calls error %d %s: %s.' % [e.code, e.official, e.official_meaning]
    for e in diagnosis.error_auth
  }, 'This error number is not in the table.'),

  local effect = {
    cifs: 'The Data Mover shuts down CIFS: users have no access to their files.',
    viruschecking: 'The Data Mover shuts down virus checking: files are written and read without a scan.',
    none: 'The Data Mover goes on serving files: requests queue, and files are in use without a scan.',
  },
  local defineEffect = text.define(
    'effect', effect, 'What the Data Mover does now is not known; at worst it shuts down CIFS.'
  ),

  local checkerLine = |||
    {{ .Labels.state }}{{ with .Labels.code }} {{ . }}{{ end }}{{ with .Labels.nt_status }}, ntStatus {{ . }}{{ end }}. {{ template "diagnosis" .Labels.cause }}{{ with .Labels.code }} {{ template "code" . }}{{ end }}
  |||,

  local byMover = ['job', 'instance', 'mover'],
  local byChecker = ['job', 'instance', 'mover', 'checker'],

  local highMark = |||
    {{ with %s }}{{ . | first | value | humanize }}{{ else }}unknown{{ end }}
  ||| % text.query('last_over_time(vnx_cava_high_water_mark_files{@}[%s])' % c.memoryWindow, byMover),

  // Puts queries where a text has <NAME>.
  local fill(template, values) =
    std.foldl(function(t, name) std.strReplace(t, '<%s>' % name, values[name]), std.objectFields(values), template),

  local allOfflineText =
    |||
      No virus checker of {{ $labels.mover }} on {{ $labels.instance }} is online.
      {{- with <LAST_ONLINE> }}
      Last reading with a checker online: {{ . | first | value | humanizeTimestamp }}.
      {{- else }}
      Last reading with a checker online: none within a day.
      {{- end }}
      {{- range <POLICY> }}
      Offline policy {{ .Labels.policy }}: {{ template "effect" .Labels.policy }}
      {{- else }}
      Offline policy not read: {{ template "effect" "" }}
      {{- end }}
      {{- range <CHECKERS> | sortByLabel "checker" }}
      - Checker {{ .Labels.checker }}: <CHECKER_LINE>
      {{- else }}
      - No checker is listed. Cause: none is configured (addr= in viruschecker.conf), or none was read since Prometheus started. Remedy: read server_viruschk {{ $labels.mover }} on the Control Station.
      {{- end }}
      {{- range <FAILING> }}
      This is the last known state: the status cannot be read now ({{ .Labels.reason }}).
      {{- end }}
      {{- range <DOWN> }}
      This is the last known state: the last scrape failed.
      {{- end }}
    |||,

  local allOffline(severity, policyCondition) = alert({
    name: 'CavaAllCheckersOffline',
    severity: severity,
    // No `for`: the delay is in the window, and both severities read the same
    // recorded series. So a mover has exactly one of them at any time, there is no gap
    // when the warning becomes critical, and nothing is ever counted from zero again.
    expr: |||
      # The last known number of checkers online. A failed collection does not change
      # it: it never looks like "all offline" and never hides it.
      mover:vnx_cava_checkers_online:last{%(s)s} == 0
      and max_over_time(mover:vnx_cava_checkers_online:last{%(s)s}[%(cavaAllOfflineWindow)s]) == 0
      %(condition)s
    ||| % (f { condition: policyCondition % f }),
    summary: 'All virus checkers of a Data Mover are offline.',
    description: defineDiagnosis + defineCode + defineEffect + fill(allOfflineText, {
      LAST_ONLINE: text.query('max_over_time(timestamp(mover:vnx_cava_checkers_online:sum{@} > 0)[1d:1m])', byMover),
      POLICY: text.query('mover_policy:vnx_cava_offline_policy:last{@}', byMover),
      CHECKERS: text.query('checker:vnx_cava_checker_diagnosis:last{@}', byMover),
      CHECKER_LINE: std.rstripChars(checkerLine, '\n'),
      // Names of movers hold no quotes, so %s is safe within a matcher.
      FAILING:
        'query (printf `max by (reason) (dataprotection_part_failure{job=%q,instance=%q,part="status",unit=~"|ALL|%s"} == 1)` ' +
        '$labels.job $labels.instance $labels.mover)',
      DOWN: text.query('up{@} == 0', ['job', 'instance']),
    }),
  }),

  _systems+:: {
    vnx_cava: {
      rules: [{
        name: 'vnx_cava.rules',
        rules: [
          {
            // Exists only while the status was read. A mover with no checker configured
            // has none online.
            record: 'mover:vnx_cava_checkers_online:sum',
            expr: |||
              sum without (checker) (vnx_cava_checker_online{%(s)s})
              or vnx_cava_checkers_configured{%(s)s} == 0
            ||| % f,
          },
          {
            record: 'mover:vnx_cava_checkers_online:last',
            expr: held(
              'mover:vnx_cava_checkers_online:sum{%(s)s}',
              'last_over_time(mover:vnx_cava_checkers_online:sum{%(s)s}[%(memory)s])'
            ),
          },
          {
            record: 'mover:vnx_cava_running:last',
            expr: held('vnx_cava_running{%(s)s}', 'last_over_time(vnx_cava_running{%(s)s}[%(memory)s])', null),
          },
          {
            // These two remember themselves instead of looking back: a checker keeps its
            // newest state only, and a removed checker leaves nothing behind.
            record: 'checker:vnx_cava_checker_online:last',
            expr: held('vnx_cava_checker_online{%(s)s}', 'checker:vnx_cava_checker_online:last{%(s)s}'),
          },
          {
            // The age of the signatures. A checker that is not online keeps its old date and
            // has other alerts.
            record: 'checker:vnx_cava_signature_age_seconds:last',
            expr: |||
              # The last reading, so that a missed scrape does not hide it.
              time() - last_over_time(vnx_cava_checker_signature_timestamp_seconds{%(s)s}[%(gap)s])
              and on (%(checker)s) checker:vnx_cava_checker_online:last{%(s)s} == 1
              %(alive)s
            ||| % f,
          },
          {
            record: 'checker:vnx_cava_checker_diagnosis:last',
            expr: held('vnx_cava_checker_diagnosis{%(s)s} == 1', 'checker:vnx_cava_checker_diagnosis:last{%(s)s}'),
          },
          {
            record: 'mover_policy:vnx_cava_offline_policy:last',
            expr: held(
              'vnx_cava_offline_policy{%(s)s} == 1',
              'last_over_time(vnx_cava_offline_policy{%(s)s}[%(memory)s]) == 1'
            ),
          },
          {
            // Waiting and being scanned together: the water marks are compared with one or
            // the other depending on whom one asks, and this is never below either.
            record: 'mover:vnx_cava_pending_files:sum',
            expr: 'vnx_cava_queue_files{%(s)s} + vnx_cava_scanning_files{%(s)s}' % f,
          },
          {
            // Movers for which "all checkers offline" is still only a warning.
            record: 'mover:vnx_cava_offline_grace:last',
            expr: |||
              mover_policy:vnx_cava_offline_policy:last{%(s)s,policy="none"}
              # They were all offline the whole time,
              unless on (%(mover)s) (
                max_over_time(mover:vnx_cava_checkers_online:last{%(s)s}[%(cavaAllOfflineGrace)s]) == 0
                and (mover:vnx_cava_checkers_online:last{%(s)s} offset %(cavaAllOfflineGrace)s) == 0
              )
              # or more files wait than the low water mark. The maximum bridges missed scrapes.
              unless on (%(mover)s) (
                max_over_time(mover:vnx_cava_pending_files:sum{%(s)s}[%(gap)s])
                > last_over_time(vnx_cava_low_water_mark_files{%(s)s}[%(memory)s])
              )
            ||| % f,
          },
        ],
      }],

      alerts: [
        {
          name: 'vnx_cava.checkers',
          rules: [
            allOffline('critical', |||
              # Everything but the policy "none" is an outage or unprotected data at once.
              unless on (%(mover)s) mover:vnx_cava_offline_grace:last{%(s)s}
            |||),
            allOffline('warning', |||
              # With the policy "none" requests only queue for now.
              and on (%(mover)s) mover:vnx_cava_offline_grace:last{%(s)s}
            |||),

            alert({
              name: 'CavaNotRunning',
              severity: 'critical',
              'for': c.cavaNotRunningFor,
              expr: |||
                # The last known state, so that a missed scrape does not start the delay again.
                mover:vnx_cava_running:last{%(s)s} == 0
              ||| % f,
              summary: 'Virus checking does not run on a Data Mover.',
              description: |||
                Virus checking is stopped on {{ $labels.mover }} of {{ $labels.instance }}: no file is scanned, whatever state the checkers are in.
                Cause: it was never started, an operator stopped it, or the Data Mover stopped it because all checkers were offline.
                Remedy: read server_viruschk {{ $labels.mover }} and server_log {{ $labels.mover }} -a -s on the Control Station, bring the checkers back, then have virus checking started.
              |||,
            }),

            alert({
              name: 'CavaCheckerOffline',
              severity: 'warning',
              'for': c.cavaCheckerOfflineFor,
              expr: |||
                # The last known state, so that a missed scrape does not start the delay again.
                checker:vnx_cava_checker_online:last{%(s)s} == 0
                # With none left it is CavaAllCheckersOffline.
                and on (%(mover)s) mover:vnx_cava_checkers_online:last{%(s)s} > 0
              ||| % f,
              summary: 'A virus checker is not online.',
              description:
                defineDiagnosis + defineCode +
                fill(|||
                  The virus checker {{ $labels.checker }} of {{ $labels.mover }} on {{ $labels.instance }} gets no files to scan
                  {{- range <QUERY> }}: <CHECKER_LINE>
                  {{- else }}. Cause: the state was not read since Prometheus started. Remedy: read server_viruschk {{ $labels.mover }} on the Control Station.
                  {{- end }}
                |||, {
                  QUERY: text.query('checker:vnx_cava_checker_diagnosis:last{@}', byChecker),
                  CHECKER_LINE: std.rstripChars(checkerLine, '\n'),
                }),
            }),

            alert({
              name: 'CavaCheckerAuthError',
              severity: 'warning',
              'for': c.cavaCheckerErrorFor,
              expr: |||
                # The last known state, so that a missed scrape does not start the delay again.
                max without (state, nt_status) (
                  checker:vnx_cava_checker_diagnosis:last{%(s)s,state="ERROR_AUTH"}
                ) == 1
              ||| % f,
              summary: 'A virus checker may not open the CHECK$ share.',
              description:
                defineDiagnosis + defineCode +
                |||
                  The virus checker {{ $labels.checker }} of {{ $labels.mover }} on {{ $labels.instance }} reports ERROR_AUTH{{ with $labels.code }} {{ . }}{{ end }}: the account of its EMC CAVA service cannot open CHECK$, so it gets no files to scan.
                  {{ template "diagnosis" $labels.cause }}
                  {{- with $labels.code }}
                  {{ template "code" . }}
                  {{- end }}
                |||,
            }),

            alert({
              name: 'CavaAntivirusNotRunning',
              severity: 'warning',
              'for': c.cavaCheckerErrorFor,
              expr: |||
                # The last known state, so that a missed scrape does not start the delay again.
                max without (state, code, nt_status, cause) (
                  checker:vnx_cava_checker_diagnosis:last{%(s)s,cause="antivirus_not_running"}
                ) == 1
              ||| % f,
              summary: 'CAVA finds no running antivirus software on a virus checker.',
              description: |||
                The virus checker {{ $labels.checker }} of {{ $labels.mover }} on {{ $labels.instance }} reports AV_NOT_FOUND and gets no files to scan.
                Cause: %(meaning)s.
                Remedy: %(remedy)s.
              ||| % diagnosis.causes.antivirus_not_running,
            }),

            alert({
              name: 'CavaSingleChecker',
              severity: 'warning',
              'for': c.cavaMinCheckersFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                last_over_time(vnx_cava_checkers_configured{%(s)s}[%(gap)s]) < %(cavaMinCheckers)d
                %(alive)s
              ||| % f,
              summary: 'A Data Mover has too few virus checkers.',
              description: |||
                Virus checkers configured for {{ $labels.mover }} of {{ $labels.instance }}: {{ $value }}. When one is restarted, none may be left.
                Cause: addr= in viruschecker.conf names fewer than %d hosts.
                Remedy: set up another checker host and have it added to addr=.
              ||| % c.cavaMinCheckers,
            }),

            alert({
              name: 'CavaSignaturesStale',
              severity: 'warning',
              'for': c.cavaSignatureFor,
              expr: |||
                checker:vnx_cava_signature_age_seconds:last{%(s)s} > %(cavaSignatureMaxAgeSeconds)d
              ||| % f,
              summary: 'The virus signatures of a checker are old.',
              description: |||
                The signatures of checker {{ $labels.checker }} of {{ $labels.mover }} on {{ $labels.instance }} were updated {{ $value | humanizeDuration }} ago.
                Cause: the antivirus software on the checker gets no updates: no route or proxy to the update server, an expired licence, or a stopped update task.
                Remedy: update the signatures on the checker host and see in its antivirus console why it did not happen by itself.
              |||,
            }),

            alert({
              name: 'CavaCheckStale',
              severity: 'warning',
              'for': c.cavaCheckFor,
              expr: |||
                time() - last_over_time(vnx_cava_checker_last_check_timestamp_seconds{%(s)s}[%(gap)s])
                > on (%(mover)s) group_left ()
                clamp_min(
                  %(cavaCheckIntervals)d * max by (%(mover)s) (last_over_time(vnx_cava_survey_interval_seconds{%(s)s}[%(memory)s])),
                  %(cavaCheckFloorSeconds)d
                )
                # A clock that is merely wrong still moves on.
                and changes(vnx_cava_checker_last_check_timestamp_seconds{%(s)s}[%(cavaCheckFrozenWindow)s]) == 0
                %(alive)s
              ||| % f,
              summary: 'A Data Mover no longer checks the state of a virus checker.',
              description: fill(|||
                {{ $labels.mover }} of {{ $labels.instance }} last checked {{ $labels.checker }} {{ $value | humanizeDuration }} ago, so the state it shows for it is old.
                {{- with <SURVEY> }} It should check every {{ . | first | value | humanizeDuration }}.{{ end }}
                Cause: the survey of the checkers hangs on the Data Mover.
                Remedy: read server_log {{ $labels.mover }} -a -s on the Control Station for events of the VC facility, and open a case with the vendor before virus checking is restarted.
              |||, {
                SURVEY: text.query('last_over_time(vnx_cava_survey_interval_seconds{@}[%s])' % c.memoryWindow, byMover),
              }),
            }),
          ],
        },
        {
          name: 'vnx_cava.queue',
          rules: [
            alert({
              name: 'CavaQueueAboveLowWaterMark',
              severity: 'info',
              'for': c.cavaQueueLowFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                last_over_time(mover:vnx_cava_pending_files:sum{%(s)s}[%(gap)s])
                > last_over_time(vnx_cava_low_water_mark_files{%(s)s}[%(memory)s])
                %(alive)s
              ||| % f,
              summary: 'More files wait for a virus scan than the low water mark.',
              description: fill(|||
                {{ $value | humanize }} files wait or are being scanned on {{ $labels.mover }} of {{ $labels.instance }}; the low water mark is {{ with <LOW> }}{{ . | first | value | humanize }}{{ end }}, the high one <HIGH>.
                Cause: more files arrive than the checkers scan: a busy hour, a slow or missing checker, or a backup or migration over CIFS.
                Remedy: none yet if it passes with the load; otherwise see which checker is slow or offline and add checkers.
              |||, {
                LOW: text.query('last_over_time(vnx_cava_low_water_mark_files{@}[%s])' % c.memoryWindow, byMover),
                HIGH: std.rstripChars(highMark, '\n'),
              }),
            }),

            alert({
              name: 'CavaQueueAboveHighWaterMark',
              severity: 'warning',
              'for': c.cavaQueueHighFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                last_over_time(mover:vnx_cava_pending_files:sum{%(s)s}[%(gap)s])
                > last_over_time(vnx_cava_high_water_mark_files{%(s)s}[%(memory)s])
                %(alive)s
              ||| % f,
              summary: 'More files wait for a virus scan than the high water mark.',
              description: fill(|||
                {{ $value | humanize }} files wait or are being scanned on {{ $labels.mover }} of {{ $labels.instance }}; the high water mark is <HIGH>. Users wait for their files, and CIFS as a whole may slow down.
                Cause: the checkers are too few, too slow or partly offline for the load.
                Remedy: bring missing checkers back, relieve the checker hosts, stop bulk copies over CIFS, add checkers.
              |||, { HIGH: std.rstripChars(highMark, '\n') }),
            }),

            alert({
              name: 'CavaQueueFillingUp',
              severity: 'warning',
              'for': c.cavaQueueFillingFor,
              expr: |||
                # The trend reaches the high water mark soon. Ranges bridge missed scrapes.
                predict_linear(mover:vnx_cava_pending_files:sum{%(s)s}[%(cavaQueueTrendWindow)s], %(cavaQueueHorizonSeconds)d)
                > last_over_time(vnx_cava_high_water_mark_files{%(s)s}[%(memory)s])
                # It grows still, which a jump does not, from a level that matters, and is not there yet.
                and deriv(mover:vnx_cava_pending_files:sum{%(s)s}[%(gap)s]) > 0
                and last_over_time(mover:vnx_cava_pending_files:sum{%(s)s}[%(gap)s])
                  > %(cavaQueueFloorRatio)g * last_over_time(vnx_cava_high_water_mark_files{%(s)s}[%(memory)s])
                and last_over_time(mover:vnx_cava_pending_files:sum{%(s)s}[%(gap)s])
                  <= last_over_time(vnx_cava_high_water_mark_files{%(s)s}[%(memory)s])
                %(alive)s
              ||| % f,
              summary: 'The virus scan queue is about to pass the high water mark.',
              description: fill(|||
                At the present trend {{ $value | humanize }} files will wait on {{ $labels.mover }} of {{ $labels.instance }} in {{ <HORIZON> | humanizeDuration }}; now it is {{ with <NOW> }}{{ . | first | value | humanize }}{{ end }}, and the high water mark is <HIGH>.
                Cause: more files arrive than the checkers scan.
                Remedy: look for an offline or slow checker first, then for a bulk copy over CIFS that can wait.
              |||, {
                HORIZON: std.toString(c.cavaQueueHorizonSeconds),
                NOW: text.query('last_over_time(mover:vnx_cava_pending_files:sum{@}[%s])' % c.gapWindow, byMover),
                HIGH: std.rstripChars(highMark, '\n'),
              }),
            }),

            alert({
              name: 'CavaScanThreadsSaturated',
              severity: 'warning',
              'for': c.cavaThreadsFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                last_over_time(vnx_cava_scanning_files{%(s)s}[%(gap)s])
                >= (last_over_time(vnx_cava_threads{%(s)s}[%(memory)s]) > 0)
                %(alive)s
              ||| % f,
              summary: 'Every scan thread of a Data Mover is busy.',
              description: fill(|||
                All {{ with <THREADS> }}{{ . | first | value | humanize }} {{ end }}scan threads of {{ $labels.mover }} on {{ $labels.instance }} are busy ({{ $value | humanize }} files being scanned): every further file waits.
                Cause: scans take long (slow checkers, large archives, a slow network) or many files arrive.
                Remedy: compare the scan times, relieve or add checkers; the number of threads is for the vendor's support to change.
              |||, {
                THREADS: text.query('last_over_time(vnx_cava_threads{@}[%s])' % c.memoryWindow, byMover),
              }),
            }),

            alert({
              name: 'CavaScanTimeouts',
              severity: 'warning',
              expr: |||
                # A range of a counter bridges missed scrapes and outlasts short bursts; no `for` is needed.
                sum without (reason) (
                  increase(vnx_cava_request_failures_total{%(s)s,reason=~"timeout|no_answer"}[%(cavaTimeoutWindow)s])
                ) > %(cavaTimeoutMax)d
                %(alive)s
              ||| % f,
              summary: 'Virus checkers do not answer scan requests in time.',
              description: |||
                {{ $value | humanize }} scan requests of {{ $labels.mover }} on {{ $labels.instance }} had no answer in time within %s.
                Cause: a checker is overloaded or hangs, the network to it loses packets, or files are too large for the request timeout.
                Remedy: find the slow checker (server_log {{ $labels.mover }} -a -s, processor and disk load of the checker hosts) and relieve it.
              ||| % c.cavaTimeoutWindow,
            }),

            alert({
              name: 'CavaFileNotFoundErrors',
              severity: 'info',
              expr: |||
                # A range of a counter bridges missed scrapes and outlasts short bursts; no `for` is needed.
                increase(vnx_cava_log_file_errors_total{%(s)s,error="FILE_NOT_FOUND"}[%(cavaFileNotFoundWindow)s]) > %(cavaFileNotFoundMax)d
                %(alive)s
              ||| % f,
              summary: 'A virus checker does not find files that it should scan.',
              description: |||
                Checker {{ $labels.checker }} of {{ $labels.mover }} on {{ $labels.instance }} answered FILE_NOT_FOUND {{ $value | humanize }} times within %s: these files could not be scanned.
                Cause: with SMB2 and later, Windows on the checker trusts its directory cache for 10 seconds and misses new files; or the files were deleted before their turn.
                Remedy: on the checker host set the DWORD DirectoryCacheLifetime to 0 under HKLM\SYSTEM\CurrentControlSet\Services\LanmanWorkstation\Parameters, then restart the host, one checker at a time.
              ||| % c.cavaFileNotFoundWindow,
            }),

            alert({
              name: 'CavaInfectedFiles',
              severity: 'info',
              expr: |||
                # A range of a counter bridges missed scrapes; no `for` is needed.
                increase(vnx_cava_infected_files_total{%(s)s}[%(cavaInfectedWindow)s]) > 0
                and increase(vnx_cava_infected_files_total{%(s)s}[%(cavaInfectedWindow)s]) <= %(cavaInfectedOutbreak)d
                %(alive)s
              ||| % f,
              summary: 'Virus checkers found infected files.',
              description: infectedDescription(
                'a user stored infected files, and the antivirus software dealt with them as it is set up to',
                'see in its console which files and who wrote them'
              ),
            }),
            alert({
              name: 'CavaInfectedFiles',
              severity: 'warning',
              expr: |||
                # A range of a counter bridges missed scrapes; no `for` is needed.
                increase(vnx_cava_infected_files_total{%(s)s}[%(cavaInfectedWindow)s]) > %(cavaInfectedOutbreak)d
                %(alive)s
              ||| % f,
              summary: 'Virus checkers found many infected files.',
              description: infectedDescription(
                'an infected client writes to the share, or new signatures take clean files for infected ones',
                'find the writing client in the console of the antivirus software and cut it off; if the files are clean, correct the signatures before more is deleted'
              ),
            }),
          ],
        },
      ],
    },
  },

  local infectedDescription(cause, remedy) = |||
    {{ $value | humanize }} infected files were found on {{ $labels.mover }} of {{ $labels.instance }} within %(window)s
    {{- range %(actions)s | sortByLabel "action" }}, {{ .Value | humanize }} {{ .Labels.action }}{{ end }}.
    Cause: %(cause)s.
    Remedy: %(remedy)s.
  ||| % {
    window: c.cavaInfectedWindow,
    actions: text.query('increase(vnx_cava_infected_file_actions_total{@}[%s])' % c.cavaInfectedWindow, byMover),
    cause: cause,
    remedy: remedy,
  },
}
