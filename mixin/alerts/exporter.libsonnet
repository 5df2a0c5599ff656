// Alerts on the exporter itself and on its reach to every target.
local alertFor = (import '../lib/alert.libsonnet').new;
local promql = import '../lib/promql.libsonnet';
local reasons = import '../lib/reasons.libsonnet';
local text = import '../lib/text.libsonnet';

{
  local c = $._config,
  local f = c { alive: promql.whileScraped(c.targetSelector) },

  // These are about targets of any system and keep the label `system` of theirs.
  local alert = alertFor(c, null, 'overview'),

  // Lists the parts that do not answer right now, each with its cause and remedy.
  local failingParts(labels, otherwise, reason='') =
    |||
      {{- range %s | sortByLabel "unit" | sortByLabel "part" }}
      - {{ .Labels.part }}{{ with .Labels.unit }} of {{ . }}{{ end }}: {{ .Labels.reason }}. {{ template "reason" .Labels.reason }}
      {{- else }}
      %s
      {{- end }}
    ||| % [text.query('dataprotection_part_failure{@%s} == 1' % reason, labels), otherwise],

  local defineReason = text.define(
    'reason', text.causeAndRemedy(reasons), 'Cause: not known here. Remedy: read the log of the exporter.'
  ),

  _systems+:: {
    exporter: {
      rules: [{
        name: 'dataprotection_exporter.rules',
        rules: [
          {
            // The exporters whose own metrics are scraped, and as long as that fails those
            // that were: by this, and by no name, an `up` is known to be an exporter's.
            record: 'instance:dataprotection_config_last_reload_successful:last',
            expr: |||
              dataprotection_config_last_reload_successful{%(exporterSelector)s}
              or (
                last_over_time(instance:dataprotection_config_last_reload_successful:last{%(exporterSelector)s}[%(memoryWindow)s])
                and on (job, instance) up{%(exporterSelector)s} == 0
              )
            ||| % f,
          },
          {
            // Whether any target of a job is scraped. A Prometheus that is started while the
            // exporter is down gets no targets from its service discovery, so nothing is
            // scraped and nothing fails: a job whose targets vanished while an exporter is
            // down counts as not scraped.
            record: 'job:dataprotection_target_up:max',
            expr: |||
              max by (job) (up{%(targetSelector)s})
              or (
                0 * count_over_time(job:dataprotection_target_up:max[%(memoryWindow)s])
                and on () (
                  up{%(exporterSelector)s} == 0
                  and on (job, instance) instance:dataprotection_config_last_reload_successful:last{%(exporterSelector)s}
                )
              )
            ||| % f,
          },
        ],
      }],
      alerts: [{
        name: 'dataprotection_exporter',
        rules: [
          alert({
            name: 'DataProtectionTargetDown',
            severity: 'critical',
            'for': c.targetDownFor,
            // The three cases carry the same labels, so that going from one to another,
            // as a missed scrape does, does not start the delay again.
            expr: |||
              # The scrape failed,
              up{%(targetSelector)s} == 0
              # or it worked and no part of the target answered,
              or max without (part, unit) (dataprotection_part_success{%(targetSelector)s}) == 0
              # or it worked and brought nothing.
              or (up{%(targetSelector)s} == 1 unless on (job, instance) dataprotection_probe_success{%(targetSelector)s})
            ||| % f,
            summary: 'Nothing on a target answers, so its state is unknown.',
            description:
              defineReason +
              |||
                The {{ $labels.system }} target {{ $labels.instance }} gives no answer at all. Whatever else is reported about it is its last known state.
                {{- with %s }}
                Last answer: {{ . | first | value | humanizeTimestamp }}.
                {{- else }}
                Last answer: none within a day.
                {{- end }}
              ||| % text.query('max_over_time(timestamp(max(dataprotection_part_success{@}) == 1)[1d:1m])', ['job', 'instance']) +
              failingParts(
                ['job', 'instance'],
                'The scrape itself fails. Cause: the exporter does not run, cannot be reached, or answers later than scrape_timeout. ' +
                'Remedy: read the error on the targets page of Prometheus and open /targets of the exporter.'
              ),
          }),

          alert({
            name: 'DataProtectionPartFailing',
            severity: 'warning',
            'for': c.partFailingFor,
            expr: |||
              # No success within the window; a bare gauge would vanish with every missed scrape,
              max_over_time(dataprotection_part_success{%(targetSelector)s}[%(gapWindow)s]) == 0
              # while another part of the target answers.
              and on (job, instance) (
                max by (job, instance) (max_over_time(dataprotection_part_success{%(targetSelector)s}[%(gapWindow)s])) == 1
              )
              # What a device does not offer is no failure; refused logins and changed keys have their own alerts.
              unless on (job, instance, part, unit) (
                last_over_time(dataprotection_part_failure{%(targetSelector)s,reason=~"not_supported|auth|auth_backoff|host_key_changed"}[%(gapWindow)s]) == 1
              )
              %(alive)s
            ||| % f,
            summary: 'A part of a target cannot be read while others can.',
            description:
              defineReason +
              |||
                The part {{ $labels.part }}{{ with $labels.unit }} of {{ . }}{{ end }} of the {{ $labels.system }} target {{ $labels.instance }} cannot be read. Alerts that need it rest on its last known state.
              ||| +
              failingParts(['job', 'instance', 'part', 'unit'], 'The reason is not known at this moment: see /targets of the exporter.'),
          }),

          alert({
            name: 'DataProtectionHostKeyChanged',
            severity: 'critical',
            // No delay: somebody may be reading along right now. The window keeps it
            // firing across missed scrapes and while the exporter pauses.
            expr: |||
              max without (part, unit, reason) (
                max_over_time(dataprotection_part_failure{%(targetSelector)s,reason="host_key_changed"}[%(hostKeyWindow)s])
              ) == 1
              %(alive)s
            ||| % f,
            summary: 'A device shows another SSH host key than the trusted one.',
            description: |||
              The {{ $labels.system }} target {{ $labels.instance }} shows another SSH host key than the one on file. The exporter does not log in, so nothing is read.
              Cause: %(meaning)s; harmless causes are a reinstalled device, a failover to another management station or new keys after an upgrade.
              Remedy: %(remedy)s. Compare the fingerprint on the console of the device, and replace the trusted key only if it matches.
            ||| % reasons.host_key_changed,
          }),

          alert({
            name: 'DataProtectionLoginRefused',
            severity: 'warning',
            'for': c.loginRefusedFor,
            // Without the window, a missed scrape would start the delay again. The reason
            // changes from auth to auth_backoff and back and is not part of the alert.
            expr: |||
              max without (part, unit, reason) (
                last_over_time(dataprotection_part_failure{%(targetSelector)s,reason=~"auth|auth_backoff"}[%(gapWindow)s])
                # Once the part succeeds, the refusal within the window is over.
                and on (job, instance, part, unit) last_over_time(dataprotection_part_success{%(targetSelector)s}[%(gapWindow)s]) == 0
              ) == 1
              %(alive)s
            ||| % f,
            summary: 'A device refuses the login of the exporter.',
            description:
              defineReason +
              |||
                The {{ $labels.system }} target {{ $labels.instance }} refuses the login. After three refusals the exporter tries less and less often, so that the account is not locked.
              ||| +
              failingParts(['job', 'instance'], 'Cause: %(meaning)s. Remedy: %(remedy)s.' % reasons.auth, ',reason=~"auth|auth_backoff"'),
          }),

          alert({
            name: 'DataProtectionOutputUnrecognized',
            severity: 'info',
            'for': c.unrecognizedFor,
            expr: |||
              # The last reading, so that a missed scrape does not start the delay again.
              last_over_time(dataprotection_unrecognized_lines{%(targetSelector)s}[%(gapWindow)s]) > 0
              %(alive)s
            ||| % f,
            summary: 'A device prints lines that the exporter does not know.',
            description: |||
              {{ $value }} lines of the part {{ $labels.part }}{{ with $labels.unit }} of {{ . }}{{ end }} of the {{ $labels.system }} target {{ $labels.instance }} have no meaning to the exporter. What they say is not watched.
              Cause: usually a firmware with a new output format, or a banner.
              Remedy: read the lines in the log of the exporter or with /probe?target={{ $labels.instance | urlquery }}&debug=true, and send a capture (dataprotection_exporter capture) to the maintainers.
            |||,
          }),

          alertFor(c, 'exporter', perTarget=false)({
            name: 'DataProtectionConfigReloadFailed',
            severity: 'warning',
            'for': c.configReloadFor,
            expr: |||
              # The last reading, so that a missed scrape does not start the delay again.
              last_over_time(dataprotection_config_last_reload_successful{%(exporterSelector)s}[%(gapWindow)s]) == 0
              and on (job, instance) up{%(exporterSelector)s}
            ||| % f,
            summary: 'The exporter could not load its changed configuration.',
            description: |||
              The exporter {{ $labels.instance }} refused its configuration file and goes on with the one it loaded before.
              {{- with %s }}
              Last good load: {{ . | first | value | humanizeTimestamp }}.
              {{- end }}
              Cause: an unknown key, a bad value or a missing file; the log names file and line.
              Remedy: run dataprotection_exporter check with the same --config.file, correct what it prints, and reload.
            ||| % text.query('dataprotection_config_last_reload_success_timestamp_seconds{@}', ['job', 'instance']),
          }),

          // The last of the group: it ends after the alerts that it hides.
          alertFor(c, 'exporter', perTarget=false)({
            name: 'DataProtectionExporterDown',
            severity: 'critical',
            'for': c.exporterDownFor,
            expr: |||
              # No target of the job is scraped,
              job:dataprotection_target_up:max == 0
              # or, once this fires, some were not scraped again yet: each would page now.
              or (
                min by (job) (up{%(targetSelector)s}) == 0
                and min_over_time(job:dataprotection_target_up:max[%(gapWindow)s]) == 0
                and on (job) ALERTS{alertname="DataProtectionExporterDown",alertstate="firing"}
              )
            ||| % f,
            summary: 'Prometheus cannot scrape the exporter, so the state of all its targets is unknown.',
            description: |||
              The exporter behind the job {{ $labels.job }} does not answer: Prometheus scrapes {{ with %(up)s }}{{ . | first | value }} of {{ end }}{{ with %(all)s }}{{ . | first | value }}{{ else }}no{{ end }} targets. What is reported about them is their last known state, and new trouble goes unseen.
              {{- with %(last)s }}
              Last scrape that worked: {{ . | first | value | humanizeTimestamp }}.
              {{- else }}
              Last scrape that worked: none within a day.
              {{- end }}
              {{- range query `%(exporters)s` | sortByLabel "instance" }}
              - /metrics of the exporter {{ .Labels.instance }} (job {{ .Labels.job }}): {{ if eq .Value 1.0 }}answers{{ else }}does not answer{{ end }}.
              {{- end }}
              Cause: the exporter does not run, its host is down, or the way to it is blocked (address, firewall, certificate or password of its pages).
              Remedy: read the error on the targets page of Prometheus. On the host of the exporter read its log (journalctl -u dataprotection_exporter), run dataprotection_exporter check with the same --config.file, correct what they name, and start it.
            ||| % {
              local targets = 'up{@,%s}' % c.targetSelector,
              up: text.query('sum(%s)' % targets, ['job']),
              all: text.query('count(%s)' % targets, ['job']),
              last: text.query('max_over_time(timestamp(max(%s) == 1)[1d:1m])' % targets, ['job']),
              exporters:
                'up{%(exporterSelector)s} and on (job, instance) instance:dataprotection_config_last_reload_successful:last{%(exporterSelector)s}' % c,
            },
          }),
        ],
      }],
    },
  },
}
