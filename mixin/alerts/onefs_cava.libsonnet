// Dell PowerScale and Isilon OneFS: the CAVA servers that scan for viruses, each as
// every node of the cluster sees it, and the queues of files that wait for them.
local alertFor = (import '../lib/alert.libsonnet').new;
local promql = import '../lib/promql.libsonnet';
local text = import '../lib/text.libsonnet';

{
  local c = $._config,
  local s = c.onefsCavaSelector,
  local f = c {
    s: s,
    gap: c.gapWindow,
    memory: c.memoryWindow,
    offline: c.onefsOfflineWindow,
    alive: promql.whileScraped(s),
    node: 'job, instance, node',
    // Nobody wants files scanned.
    serviceOff: 'unless on (job, instance) (last_over_time(onefs_cava_service_enabled{%s}[%s]) == 0)' % [s, c.memoryWindow],
  },

  local alert = alertFor(c, 'onefs_cava'),

  local indented(text, by) = std.strReplace(std.rstripChars(text, '\n'), '\n', '\n' + by),

  local held(current, history, part, on) =
    promql.held(current % f, indented(history % f, '  '), s, part, on),

  // As held, for what is known of nodes. A node that was read, or that is down or gone
  // and so not asked, has no last known state.
  local heldNode(current, history) = held(current, std.rstripChars(history, '\n') + '\n' + |||
    unless on (%(node)s) onefs_cava_system_status{%(s)s}
    unless on (%(node)s) (
      label_replace(dataprotection_part_failure{%(s)s,part="nodes",reason="not_supported"} == 1, "node", "$1", "unit", "(.+)")
    )
  |||, 'nodes', f.node),

  // --- Signals -----------------------------------------------------------------

  // What an alert judges by and a dashboard draws, from the last reading.
  _signals+:: {
    onefs_cava: {
      // How full a queue of a node is.
      queue: |||
        last_over_time(onefs_cava_queue_files{%(s)s}[%(gap)s])
        / (last_over_time(onefs_cava_queue_limit_files{%(s)s}[%(gap)s]) > 0)
      ||| % f,
      // The connections of all nodes to a server, as a share of what it takes.
      connections: |||
        sum without (node) (last_over_time(onefs_cava_server_connections{%(s)s}[%(gap)s]))
        / on (job, instance) group_left () (max by (job, instance) (last_over_time(onefs_cava_server_connections_limit{%(s)s}[%(gap)s])) > 0)
      ||| % f,
      // The date of the virus signatures. A node that does not scan keeps its old one.
      signatures: |||
        last_over_time(onefs_cava_signature_timestamp_seconds{%(s)s}[%(gap)s])
        # A node that does not scan keeps its old date and has other alerts.
        unless on (%(node)s) node_status:onefs_cava_system_status:last{%(s)s,status=~"FAULTED|DISABLED"}
      ||| % f,
    },
  },
  local signals = $._signals.onefs_cava,

  // --- Words -------------------------------------------------------------------

  local byCluster = ['job', 'instance'],
  local byNode = ['job', 'instance', 'node'],
  local byQueue = ['job', 'instance', 'node', 'queue'],
  local byServer = ['job', 'instance', 'server'],
  local byPolicy = ['job', 'instance', 'policy'],

  // Puts queries where a text has <NAME>.
  local fill(template, values) =
    std.foldl(function(t, name) std.strReplace(t, '<%s>' % name, values[name]), std.objectFields(values), template),

  local number(expr, labels) =
    '{{ with %s }}{{ . | first | value | humanize }}{{ else }}unknown{{ end }}' % text.query(expr, labels),

  // The nodes of a query in one line.
  local nodeList(expr, labels) =
    '{{ range $i, $node := %s | sortByLabel "node" }}{{ if $i }}, {{ end }}{{ $node.Labels.node }}{{ end }}' % text.query(expr, labels),

  // What happens to files in a zone whose scans fail, by profile and Open on fail.
  local defineEffect = text.define('effect', {
    'strict 1': 'files are opened unscanned (Open on fail is on).',
    'strict 0': 'users have no access to files that need a scan (Open on fail is off).',
    'standard 1': 'files are stored and opened unscanned (Open on fail is on).',
    'standard 0': 'files are stored unscanned, and access to them may be refused (Open on fail is off).',
  }, 'not known; at worst users have no access to files that need a scan.'),

  local effectLines = |||
    {{- range %s | sortByLabel "zone" }}
    - Zone {{ .Labels.zone }} ({{ .Labels.profile }}): {{ template "effect" (printf "%%s %%.0f" .Labels.profile .Value) }}
    {{- else }}
    No access zone with on-access scanning is known: policy scans and manual scans fail.
    {{- end }}
  ||| % text.query('zone_profile:onefs_cava_zone_open_on_fail:last{@}', byCluster),

  // Says that a description is about the past, and why.
  local lastKnown(part, unit='', labels=byCluster, partly='') =
    fill(|||
      {{- range <FAILING> | sortByLabel "reason" }}
      This is<PARTLY> the last known state: the part <PART> cannot be read now ({{ .Labels.reason }}).
      {{- end }}
      {{- range <DOWN> }}
      This is the last known state: the last scrape failed.
      {{- end }}
    |||, {
      PART: part,
      PARTLY: partly,
      // A node that is down is not asked, which is not_supported.
      FAILING:
        'query (printf `max by (reason) (dataprotection_part_failure{job=%%q,instance=%%q,part="%s"%s,reason!="not_supported"} == 1)` %s)' %
        [part, unit, std.join(' ', ['$labels.' + l for l in labels])],
      DOWN: text.query('up{@} == 0', byCluster),
    }),
  // A node is a number, so %s is safe within a matcher.
  local lastKnownNode = lastKnown('nodes', ',unit=~"|all|%s"', byNode),
  local lastKnownNodes = lastKnown('nodes', partly=', at least in part,'),

  // The last time the nodes were read and a server answered.
  local lastAnswer(record, labels) = text.query(
    'max_over_time(timestamp(max(%s{@}) > 0 and max(node:onefs_cava_servers:count{@}))[1d:1m])' % record, labels
  ),

  // The servers that do not answer, each with the words the cluster has for its state.
  local serverLines(labels) =
    local matchers = std.join(',', ['%s=%%q' % l for l in labels]);
    local arguments = std.join(' ', ['$labels.' + l for l in labels]);
    fill(|||
      {{- range <SERVERS> | sortByLabel "server" }}
      - Server {{ .Labels.server }}: no answer{{ range $i, $state := <STATES> | sortByLabel "state" }}{{ if $i }}, {{ else }}; the cluster calls it {{ end }}{{ $state.Labels.state }}{{ end }}.
      {{- else }}
      - No CAVA server is listed. Cause: none is configured and enabled. Remedy: read isi antivirus cava servers list on the cluster.
      {{- end }}
    |||, {
      SERVERS: text.query('count by (server) (server:onefs_cava_server_online:last{@} == 0)', labels),
      STATES:
        'query (printf `count by (state) (onefs_cava_server_state{%s,server=%%q} == 1)` %s .Labels.server)' % [matchers, arguments],
    }),

  local allOffline(scope, condition, where, labels, record, causes) =
    alert({
      name: 'OnefsCavaAllServersOffline',
      severity: 'critical',
      // No `for`: a server counts as offline only after a window of readings, and nothing
      // is counted from zero when the last node loses its servers too.
      expr: condition % f,
      summary: 'No CAVA server answers, so nothing is scanned for viruses.',
      description:
        defineEffect +
        fill(|||
          <WHERE>
          {{- with <LAST> }}
          A server last counted as answering: {{ . | first | value | humanizeTimestamp }}; answers may have stopped <OFFLINE> earlier, by heartbeats alone <HEARTBEAT>.
          {{- else }}
          A server last counted as answering: not within a day.
          {{- end }}
        |||, { WHERE: where, LAST: lastAnswer(record, labels), OFFLINE: c.onefsOfflineWindow, HEARTBEAT: c.onefsHeartbeatWindow }) +
        serverLines(labels) +
        'What happens to files whose scan fails:\n' +
        effectLines + causes +
        (if scope == 'node' then lastKnownNode else lastKnownNodes),
    }) + { labels+: { scope: scope } },

  // New events of a counter of a node that are many, and many for what was scanned.
  local tooMany(record, max, ratio) = |||
    # A range of a counter bridges missed scrapes and outlasts short bursts; no `for` is needed.
    %(record)s{%(s)s} > %(max)d
    # A few in very many are no sign of trouble. Without any request all of them count.
    unless on (%(node)s) (
      %(record)s{%(s)s}
      <= on (%(node)s) %(ratio)g * sum without (source) (increase(onefs_cava_scan_requests_total{%(s)s}[%(onefsFailureWindow)s]))
    )
    %(alive)s
  ||| % (f { record: record, max: max, ratio: ratio }),

  local requests = number('sum(increase(onefs_cava_scan_requests_total{@}[%s]))' % c.onefsFailureWindow, byNode),

  local infected = 'sum without (node, result) (increase(onefs_cava_scan_results_total{%(s)s,result="infected"}[%(onefsInfectedWindow)s]))' % f,

  local infectedFiles(severity, condition, summary, cause, remedy) = alert({
    name: 'OnefsCavaInfectedFiles',
    severity: severity,
    expr: |||
      # A range of a counter bridges missed scrapes; no `for` is needed.
      %(condition)s
      %(alive)s
    ||| % (f { condition: condition }),
    summary: summary,
    description: fill(|||
      {{ $value | humanize }} infected files were found on {{ $labels.instance }} within <WINDOW>, by nodes <NODES>.
      Cause: <CAUSE>.
      Remedy: <REMEDY>.
    |||, {
      WINDOW: c.onefsInfectedWindow,
      NODES: nodeList('increase(onefs_cava_scan_results_total{@,result="infected"}[%s]) > 0' % c.onefsInfectedWindow, byCluster),
      CAUSE: cause,
      REMEDY: remedy,
    }),
  }),

  _systems+:: {
    onefs_cava: {
      rules: [{
        name: 'onefs_cava.rules',
        rules: [
          {
            // Exists only while the node was read.
            record: 'node:onefs_cava_servers:count',
            expr: 'count without (server) (onefs_cava_server_online{%(s)s} or onefs_cava_server_heartbeats_total{%(s)s})' % f,
          },
          {
            // 0 for a server that is known not to answer a node, otherwise 1. The words for
            // the state are not documented; heartbeats need no vocabulary.
            record: 'server:onefs_cava_server_online:last',
            expr: heldNode(
              |||
                (
                  # Heartbeats arrive: it answers, whatever its state is called.
                  clamp_max(increase(onefs_cava_server_heartbeats_total{%(s)s}[%(offline)s]) > 0, 1)
                  # No reading of the window calls it online,
                  or (
                    max_over_time(onefs_cava_server_online{%(s)s}[%(offline)s]) == 0
                    and last_over_time(onefs_cava_server_online{%(s)s}[%(gap)s] offset %(offline)s) >= 0
                    # and its heartbeats stand still or are not counted.
                    and (
                      onefs_cava_server_heartbeats_total{%(s)s}
                      == last_over_time(onefs_cava_server_heartbeats_total{%(s)s}[%(gap)s] offset %(offline)s)
                      or (onefs_cava_server_online{%(s)s} unless last_over_time(onefs_cava_server_heartbeats_total{%(s)s}[%(gap)s]))
                    )
                  )
                  # Its heartbeats stand still for long, whatever its state is called.
                  or 0 * (
                    onefs_cava_server_heartbeats_total{%(s)s}
                    == last_over_time(onefs_cava_server_heartbeats_total{%(s)s}[%(gap)s] offset %(onefsHeartbeatWindow)s)
                  )
                  # Without heartbeats the word alone says that it is back.
                  or (onefs_cava_server_online{%(s)s} == 1 unless last_over_time(onefs_cava_server_heartbeats_total{%(s)s}[%(gap)s]))
                  # Too few readings to tell: what was known, and nothing bad of a new server.
                  or last_over_time(server:onefs_cava_server_online:last{%(s)s}[%(gap)s])
                  or 0 * onefs_cava_server_online{%(s)s} + 1
                  or 0 * onefs_cava_server_heartbeats_total{%(s)s} + 1
                )
                # A server that a node no longer lists is not offline.
                and (onefs_cava_server_online{%(s)s} or onefs_cava_server_heartbeats_total{%(s)s})
              |||,
              |||
                server:onefs_cava_server_online:last{%(s)s}
                and on (%(node)s) last_over_time(node:onefs_cava_servers:count{%(s)s}[%(memory)s])
              |||
            ),
          },
          {
            record: 'node:onefs_cava_servers_online:last',
            expr: 'sum without (server) (server:onefs_cava_server_online:last{%(s)s})' % f,
          },
          {
            // As the nodes see it. With no server enabled none can answer.
            record: 'cluster:onefs_cava_servers_online:last',
            expr: |||
              sum without (node) (node:onefs_cava_servers_online:last{%(s)s})
              or on (job, instance) (
                last_over_time(onefs_cava_servers_enabled{%(s)s}[%(memory)s]) == 0
                and last_over_time(onefs_cava_servers_enabled{%(s)s}[%(memory)s] offset %(offline)s) == 0
                %(alive)s
              )
            ||| % f,
          },
          {
            // These two remember themselves: a node and an event keep their newest state only.
            record: 'node_status:onefs_cava_system_status:last',
            expr: heldNode('onefs_cava_system_status{%(s)s} == 1', |||
              node_status:onefs_cava_system_status:last{%(s)s}
              and on (%(node)s) last_over_time(onefs_cava_system_status{%(s)s,status="RUNNING"}[%(memory)s])
            |||),
          },
          {
            record: 'cluster:onefs_avscan_server_offline_event:last',
            expr: held(
              'max without (event, severity) (onefs_avscan_event_active{%(s)s,event="SW_AVSCAN_CAVA_SERVER_OFFLINE"})',
              |||
                cluster:onefs_avscan_server_offline_event:last{%(s)s}
                and on (job, instance) last_over_time(onefs_avscan_event_active{%(s)s,event="SW_AVSCAN_CAVA_SERVER_OFFLINE"}[%(memory)s])
              |||,
              'events',
              'job, instance'
            ),
          },
          {
            // Zones with on-access scanning: 1 files are opened when their scan fails, 0 they
            // are not, -1 not known.
            record: 'zone_profile:onefs_cava_zone_open_on_fail:last',
            expr: held(|||
              (onefs_cava_zone_filter_enabled{%(s)s} == 1) - 1 + on (job, instance, zone) group_left () onefs_cava_zone_open_on_fail{%(s)s}
              or (onefs_cava_zone_filter_enabled{%(s)s} == 1) - 2
            |||, 'zone_profile:onefs_cava_zone_open_on_fail:last{%(s)s}', 'filters', 'job, instance'),
          },
          {
            // The two counters may count the same failure, so the larger one counts.
            record: 'node:onefs_cava_scan_failures:increase',
            expr: |||
              max without (result) (
                increase(onefs_cava_scan_failures_total{%(s)s}[%(onefsFailureWindow)s])
                or increase(onefs_cava_scan_results_total{%(s)s,result="failure"}[%(onefsFailureWindow)s])
              )
            ||| % f,
          },
          {
            record: 'node:onefs_cava_scan_timeouts:increase',
            expr: 'increase(onefs_cava_scan_timeouts_total{%(s)s}[%(onefsFailureWindow)s])' % f,
          },
          {
            // The last scheduled run of each policy that is enabled. The exporter calls the
            // policy `job`, which Prometheus renames.
            record: 'policy:onefs_cava_job_last_run:last',
            expr: |||
              max without (exported_job) (
                label_replace(
                  last_over_time(onefs_cava_job_last_run_timestamp_seconds{%(s)s}[%(gap)s])
                  and last_over_time(onefs_cava_job_enabled{%(s)s}[%(gap)s]) == 1
                  %(alive)s,
                  "policy", "$1", "exported_job", "(.+)"
                )
              )
            ||| % f,
          },
          {
            // The time between its runs, which the schedule says in words only. It is
            // remembered, or a policy that stopped would be forgotten.
            record: 'policy:onefs_cava_job_period_seconds:last',
            expr: |||
              (
                max_over_time(policy:onefs_cava_job_last_run:last{%(s)s}[%(onefsPolicyWindow)s])
                - min_over_time(policy:onefs_cava_job_last_run:last{%(s)s}[%(onefsPolicyWindow)s])
              ) / (changes(policy:onefs_cava_job_last_run:last{%(s)s}[%(onefsPolicyWindow)s]) > 0)
              or last_over_time(policy:onefs_cava_job_period_seconds:last{%(s)s}[%(memory)s])
            ||| % f,
          },
        ],
      }],

      alerts: [
        {
          name: 'onefs_cava.servers',
          rules: [
            allOffline(
              'cluster',
              |||
                # The last known number of answers. A failed collection does not change it: it
                # never looks like "all offline" and never hides it.
                cluster:onefs_cava_servers_online:last{%(s)s} == 0
                %(serviceOff)s
              |||,
              'No node of {{ $labels.instance }} gets an answer from any CAVA server. Nothing is scanned for viruses.',
              byCluster,
              'cluster:onefs_cava_servers_online:last',
              |||
                Cause: what all servers share failed: the network or the IP pool between cluster and servers, the domain or the account of the CEE service, or an update that was rolled out everywhere.
                Remedy: bring one server back, whichever is quickest: its host, the EMC CAVA service and the antivirus software on it. Read isi antivirus cava status on the cluster.
              |||
            ),
            allOffline(
              'node',
              |||
                # The last known number of answers. A failed collection does not change it: it
                # never looks like "all offline" and never hides it.
                node:onefs_cava_servers_online:last{%(s)s} == 0
                # With no node left it is the whole cluster.
                unless on (job, instance) cluster:onefs_cava_servers_online:last{%(s)s} == 0
                %(serviceOff)s
              |||,
              'Node {{ $labels.node }} of {{ $labels.instance }} gets no answer from any CAVA server. What it serves is not scanned for viruses. Nodes that get an answer: ' +
              '{{ range $i, $node := %s | sortByLabel "node" }}{{ if $i }}, {{ end }}{{ $node.Labels.node }}{{ else }}none was read now{{ end }}.' %
              text.query('node:onefs_cava_servers_online:last{@} > 0 and node:onefs_cava_servers:count{@}', byCluster),
              byNode,
              'node:onefs_cava_servers_online:last',
              |||
                Cause: the node has no front-end connectivity to the servers (network, IP pool), or only the servers that it uses are down: a node uses at most four.
                Remedy: check the network interfaces of the node and the IP pool of CAVA, then the servers listed here. A node that is not meant to have front-end connectivity belongs in exclude_nodes of the target.
              |||
            ),

            alert({
              name: 'OnefsCavaFaulted',
              severity: 'critical',
              'for': c.onefsFaultedFor,
              expr: |||
                # The last known state, so that a missed scrape does not start the delay again.
                max without (status) (node_status:onefs_cava_system_status:last{%(s)s,status="FAULTED"})
              ||| % f,
              summary: 'CAVA is FAULTED on a node: it does not scan.',
              description:
                defineEffect +
                fill(|||
                  CAVA is FAULTED on node {{ $labels.node }} of {{ $labels.instance }}: files that this node serves are not scanned for viruses.
                  {{- with <RUNNING> }}
                  Last reading with it running: {{ . | first | value | humanizeTimestamp }}.
                  {{- else }}
                  Last reading with it running: none within a day.
                  {{- end }}
                  CAVA servers that answer the node: <ONLINE> of <ALL>. Events that block it: <EVENTS>.
                  What happens to files whose scan fails:
                |||, {
                  RUNNING: text.query('max_over_time(timestamp(max(onefs_cava_system_status{@,status="RUNNING"}) == 1)[1d:1m])', byNode),
                  ONLINE: number('node:onefs_cava_servers_online:last{@}', byNode),
                  ALL: number('count(server:onefs_cava_server_online:last{@})', byNode),
                  EVENTS: number('last_over_time(onefs_cava_blocking_events{@}[%s])' % c.memoryWindow, byNode),
                }) +
                effectLines +
                |||
                  Cause: the events that block it name it; often no CAVA server can be reached.
                  Remedy: read isi antivirus cava status and isi event groups list on the cluster, and bring the servers back.
                ||| +
                lastKnownNode,
            }),

            alert({
              name: 'OnefsCavaDisabled',
              severity: 'critical',
              'for': c.onefsDisabledFor,
              expr: |||
                # The last known state, so that a missed scrape does not start the delay again.
                max without (status) (node_status:onefs_cava_system_status:last{%(s)s,status="DISABLED"})
                and on (job, instance) last_over_time(onefs_cava_service_enabled{%(s)s}[%(memory)s]) == 1
              ||| % f,
              summary: 'CAVA is disabled on a node while the service is enabled.',
              description: fill(|||
                CAVA is DISABLED on node {{ $labels.node }} of {{ $labels.instance }} while the service is enabled for the cluster: files that this node serves are not scanned for viruses.
                {{- with <RUNNING> }}
                Last reading with it running: {{ . | first | value | humanizeTimestamp }}.
                {{- else }}
                Last reading with it running: none within a day.
                {{- end }}
                Cause: the service of this node did not start or did not take over the setting, as after an upgrade or a restart of the node.
                Remedy: compare isi antivirus cava settings view with isi antivirus cava status on the node, and see in isi event groups list what happened to it.
              |||, {
                RUNNING: text.query('max_over_time(timestamp(max(onefs_cava_system_status{@,status="RUNNING"}) == 1)[1d:1m])', byNode),
              }) + lastKnownNode,
            }),
            alert({
              name: 'OnefsCavaDisabled',
              severity: 'warning',
              'for': c.onefsDisabledFor,
              expr: |||
                # The last known setting, so that a missed scrape does not start the delay again.
                last_over_time(onefs_cava_service_enabled{%(s)s}[%(memory)s]) == 0
                # Somebody set up servers, so somebody wants scans.
                and on (job, instance) last_over_time(onefs_cava_servers_enabled{%(s)s}[%(memory)s]) > 0
                %(alive)s
              ||| % f,
              summary: 'The CAVA service of a cluster is switched off.',
              description: fill(|||
                The CAVA service of {{ $labels.instance }} is switched off although <SERVERS> CAVA servers are enabled: no file is scanned for viruses, and nothing else here says so.
                {{- with <ON> }}
                Last reading with it on: {{ . | first | value | humanizeTimestamp }}.
                {{- else }}
                Last reading with it on: none within a day.
                {{- end }}
                Cause: somebody switched it off, as for an upgrade or to find a fault, and left it so.
                Remedy: find out who did and why; switching it on is for the operator. If CAVA is not wanted on this cluster, take the target out of the configuration.
              |||, {
                SERVERS: number('last_over_time(onefs_cava_servers_enabled{@}[%s])' % c.memoryWindow, byCluster),
                ON: text.query('max_over_time(timestamp(max(onefs_cava_service_enabled{@}) == 1)[1d:1m])', byCluster),
              }) + lastKnown('settings'),
            }),

            alert({
              name: 'OnefsCavaServerOffline',
              severity: 'warning',
              'for': c.onefsServerOfflineFor,
              expr: |||
                # The last known state, so that a missed scrape does not start the delay again.
                count without (node) (server:onefs_cava_server_online:last{%(s)s} == 0)
                # Taken out of use on purpose.
                unless on (job, instance, server) (last_over_time(onefs_cava_server_enabled{%(s)s}[%(memory)s]) == 0)
                %(serviceOff)s
              ||| % f,
              summary: 'A CAVA server does not answer nodes that use it.',
              description:
                fill(|||
                  {{- $all := <ALL> | first | value -}}
                  The CAVA server {{ $labels.server }} of {{ $labels.instance }} does not answer {{ $value | humanize }} of the {{ $all | humanize }} nodes that use it: <NODES>.
                  {{- range $i, $state := <STATES> | sortByLabel "state" }}{{ if $i }}, {{ else }} They call it {{ end }}{{ $state.Labels.state }}{{ end }}
                  {{- with <LAST> }}
                  It last counted as answering all of them: {{ . | first | value | humanizeTimestamp }}; answers may have stopped <OFFLINE> earlier, by heartbeats alone <HEARTBEAT>.
                  {{- else }}
                  It last counted as answering all of them: not within a day.
                  {{- end }}
                  {{- if eq $value $all }}
                  Cause: no node reaches it, so it is the server: its host is down or restarts, or the EMC CAVA service or the network to it failed.
                  Remedy: bring the host and the EMC CAVA service on it back; the other servers take over its files until then.
                  {{- else }}
                  Cause: other nodes reach it, so it is the way from these nodes: their interfaces, the IP pool, or a firewall. Nodes without front-end connectivity look the same.
                  Remedy: check the network between these nodes and the server. A node that is not meant to have front-end connectivity belongs in exclude_nodes of the target.
                  {{- end }}
                |||, {
                  ALL: text.query('count(server:onefs_cava_server_online:last{@})', byServer),
                  NODES: nodeList('server:onefs_cava_server_online:last{@} == 0', byServer),
                  STATES: text.query(
                    'count by (state) (onefs_cava_server_state{@} == 1 and on (node) server:onefs_cava_server_online:last{@} == 0)', byServer
                  ),
                  LAST: text.query('max_over_time(timestamp(min(server:onefs_cava_server_online:last{@}) == 1)[1d:1m])', byServer),
                  OFFLINE: c.onefsOfflineWindow,
                  HEARTBEAT: c.onefsHeartbeatWindow,
                }) + lastKnownNodes,
            }),

            alert({
              name: 'OnefsCavaServerOfflineEvent',
              severity: 'warning',
              'for': c.onefsEventFor,
              expr: |||
                # The last known state, so that a missed scrape does not start the delay again.
                cluster:onefs_avscan_server_offline_event:last{%(s)s} > 0
              ||| % f,
              summary: 'The cluster reports a CAVA server as offline.',
              description: fill(|||
                The event SW_AVSCAN_CAVA_SERVER_OFFLINE is active on {{ $labels.instance }}
                {{- range $i, $event := <SEVERITIES> | sortByLabel "severity" }}{{ if $i }}, {{ else }}, severity {{ end }}{{ $event.Labels.severity }}{{ end }}: a node that had to scan did not reach a CAVA server.
                {{- with <LAST> }}
                Last reading without it: {{ . | first | value | humanizeTimestamp }}.
                {{- else }}
                Last reading without it: none within a day.
                {{- end }}
                CAVA servers that do not answer some node now: <OFFLINE>.
                Cause: a CAVA server is down, or a node has no front-end connectivity to it. The event stays until it is resolved, also when the server is back.
                Remedy: read isi event groups list on the cluster for node and time. If all servers answer, the operator resolves the event.
              |||, {
                SEVERITIES: text.query('count by (severity) (onefs_avscan_event_active{@,event="SW_AVSCAN_CAVA_SERVER_OFFLINE"} > 0)', byCluster),
                LAST: text.query('max_over_time(timestamp(max(onefs_avscan_event_active{@,event="SW_AVSCAN_CAVA_SERVER_OFFLINE"}) == 0)[1d:1m])', byCluster),
                OFFLINE:
                  '{{ range $i, $server := %s | sortByLabel "server" }}{{ if $i }}, {{ end }}{{ $server.Labels.server }}{{ else }}none{{ end }}' %
                  text.query('count by (server) (server:onefs_cava_server_online:last{@} == 0)', byCluster),
              }) + lastKnown('events'),
            }),

            alert({
              name: 'OnefsCavaTooFewServers',
              severity: 'warning',
              'for': c.onefsTooFewServersFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                last_over_time(onefs_cava_servers_enabled{%(s)s}[%(gap)s])
                < last_over_time(onefs_cava_servers_recommended{%(s)s}[%(gap)s])
                %(serviceOff)s
                %(alive)s
              ||| % f,
              summary: 'A cluster has fewer CAVA servers than recommended.',
              description: fill(|||
                CAVA servers enabled on {{ $labels.instance }}: {{ $value | humanize }}; recommended for its <NODES> nodes: <RECOMMENDED>, that is one for four nodes and never fewer than two.
                Cause: nodes were added without servers, or servers were removed or disabled.
                Remedy: set up more CAVA servers and have them added. With fewer than two, the next restart of one leaves nothing to scan with.
              |||, {
                NODES: number('last_over_time(onefs_nodes{@}[%s])' % c.gapWindow, byCluster),
                RECOMMENDED: number('last_over_time(onefs_cava_servers_recommended{@}[%s])' % c.gapWindow, byCluster),
              }),
            }),

            alert({
              name: 'OnefsCavaSignaturesStale',
              severity: 'warning',
              'for': c.onefsSignatureFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                time() - min without (node) (
                  %(signal)s
                ) > %(onefsSignatureMaxAgeSeconds)d
                %(alive)s
              ||| % (f { signal: indented(signals.signatures, '  ') }),
              summary: 'The virus signatures of CAVA servers are old.',
              description: fill(|||
                The virus signatures that {{ $labels.instance }} scans with were updated {{ $value | humanizeDuration }} ago, as nodes <NODES> see it.
                Cause: the antivirus software of a CAVA server gets no updates: no route or proxy to the update server, an expired licence, or a stopped update task.
                Remedy: update the signatures on the CAVA servers and see in the antivirus console why it did not happen by itself.
              |||, {
                NODES: nodeList(
                  'time() - last_over_time(onefs_cava_signature_timestamp_seconds{@}[%s]) > %d ' % [c.gapWindow, c.onefsSignatureMaxAgeSeconds] +
                  'unless on (node) node_status:onefs_cava_system_status:last{@,status=~"FAULTED|DISABLED"}', byCluster
                ),
              }),
            }),
          ],
        },
        {
          name: 'onefs_cava.scans',
          rules: [
            alert({
              name: 'OnefsCavaQueueNearLimit',
              severity: 'warning',
              'for': c.onefsQueueFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                %(signal)s> %(onefsQueueRatio)g
                %(alive)s
              ||| % (f { signal: signals.queue }),
              summary: 'A virus scan queue of a node is nearly full.',
              description: fill(|||
                The {{ $labels.queue }} queue of node {{ $labels.node }} on {{ $labels.instance }} holds <FILES> files, {{ $value | humanizePercentage }} of the <LIMIT> it can hold. Users wait for these files; what happens to files that find it full is not documented.
                CAVA servers that answer the node: <ONLINE> of <ALL>.
                Cause: more files arrive than are scanned: a server that is offline or slow, a bulk copy over SMB, or a policy scan at the same time.
                Remedy: bring missing servers back, relieve the slow ones, let the bulk copy or the policy scan wait, add servers.
              |||, {
                FILES: number('last_over_time(onefs_cava_queue_files{@}[%s])' % c.gapWindow, byQueue),
                LIMIT: number('last_over_time(onefs_cava_queue_limit_files{@}[%s])' % c.gapWindow, byQueue),
                ONLINE: number('node:onefs_cava_servers_online:last{@}', byNode),
                ALL: number('count(server:onefs_cava_server_online:last{@})', byNode),
              }),
            }),

            alert({
              name: 'OnefsCavaConnectionsSaturated',
              severity: 'warning',
              'for': c.onefsConnectionsFor,
              expr: |||
                # The last reading, so that a missed scrape does not start the delay again.
                %(signal)s>= %(onefsConnectionsRatio)g
                %(alive)s
              ||| % (f { signal: signals.connections }),
              summary: 'Nearly all connections to a CAVA server are in use.',
              description: fill(|||
                All nodes of {{ $labels.instance }} together have <CONNECTIONS> connections to the CAVA server {{ $labels.server }}, {{ $value | humanizePercentage }} of the <LIMIT> that one server takes: further files wait.
                Cause: too few servers for the load, others are offline, or scans on this one take long.
                Remedy: see whether the other servers answer and how long scans take, relieve this server, add servers.
              |||, {
                CONNECTIONS: number('sum(last_over_time(onefs_cava_server_connections{@}[%s]))' % c.gapWindow, byServer),
                LIMIT: number('last_over_time(onefs_cava_server_connections_limit{@}[%s])' % c.gapWindow, byCluster),
              }),
            }),

            alert({
              name: 'OnefsCavaScanFailures',
              severity: 'warning',
              expr: tooMany('node:onefs_cava_scan_failures:increase', c.onefsFailureMax, c.onefsFailureRatio),
              summary: 'Virus scans of a node fail.',
              description: fill(|||
                {{ $value | humanize }} scans of node {{ $labels.node }} on {{ $labels.instance }} failed within <WINDOW>, of <REQUESTS> requests. These files are unscanned or refused.
                Cause: the antivirus software cannot read or scan the files (CHECK$ share, rights of the CEE account, engine), or a server was lost in the middle of a scan.
                Remedy: read the event log and the antivirus log of the CAVA servers; isi antivirus reports scans list on the cluster shows failures of policy scans.
              |||, { WINDOW: c.onefsFailureWindow, REQUESTS: requests }),
            }),

            alert({
              name: 'OnefsCavaScanTimeouts',
              severity: 'warning',
              expr: tooMany('node:onefs_cava_scan_timeouts:increase', c.onefsTimeoutMax, c.onefsTimeoutRatio),
              summary: 'Virus scans of a node take longer than the timeout.',
              description: fill(|||
                {{ $value | humanize }} scans of node {{ $labels.node }} on {{ $labels.instance }} took longer than the scan timeout within <WINDOW>, of <REQUESTS> requests. Users waited for these files the whole time.
                Cause: a CAVA server is overloaded or hangs, the network loses packets, or files are large or archived in the cloud.
                Remedy: compare round-trip times by server, relieve the slow server; a longer scan timeout lets users wait longer and is no cure.
              |||, { WINDOW: c.onefsFailureWindow, REQUESTS: requests }),
            }),

            infectedFiles(
              'info',
              '%(i)s > 0\nand %(i)s <= %(max)d' % { i: infected, max: c.onefsInfectedOutbreak },
              'CAVA servers found infected files.',
              'users stored infected files, or a policy scan found old ones; the antivirus software dealt with them as it is set up to',
              'see in its console, or with isi antivirus reports threats list, which files they are and who wrote them'
            ),
            infectedFiles(
              'warning',
              '%(i)s > %(max)d' % { i: infected, max: c.onefsInfectedOutbreak },
              'CAVA servers found many infected files.',
              'an infected client writes to the cluster, a policy scan found old files, or new signatures take clean files for infected ones',
              'find the writing client in the console of the antivirus software and cut it off; if the files are clean, correct the signatures before more is deleted'
            ),

            alert({
              name: 'OnefsCavaPolicyScanOverdue',
              severity: 'warning',
              'for': c.onefsPolicyFor,
              expr: |||
                time() - policy:onefs_cava_job_last_run:last{%(s)s}
                > (
                  # So many of its usual runs did not start,
                  %(onefsPolicyMissedRuns)g * policy:onefs_cava_job_period_seconds:last{%(s)s} + %(onefsPolicySlackSeconds)d
                  # or, as long as the usual time between runs is not known, none did for long.
                  or 0 * policy:onefs_cava_job_last_run:last{%(s)s} + %(onefsPolicyMaxAgeSeconds)d
                )
                %(serviceOff)s
              ||| % f,
              summary: 'A scheduled virus scan did not start.',
              description: fill(|||
                The scan policy {{ $labels.policy }} of {{ $labels.instance }} last started as scheduled {{ $value | humanizeDuration }} ago.
                {{- with <PERIOD> }} It usually starts every {{ . | first | value | humanizeDuration }}.{{ end }} Files that are not scanned on access rely on it.
                Cause: an earlier run still runs or is paused, the job engine is stopped, or the schedule was taken out of the policy.
                Remedy: read isi antivirus cava jobs list and the jobs of type AVScan on the cluster; a policy without a schedule should be disabled.
              |||, { PERIOD: text.query('policy:onefs_cava_job_period_seconds:last{@}', byPolicy) }),
            }),
          ],
        },
      ],
    },
  },
}
