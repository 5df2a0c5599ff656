// The mixin and the exporter as Kubernetes manifests.
//
//   local kubernetes = import 'lib/kubernetes.libsonnet';
//   kubernetes.files(kubernetes.objects(mixin))
//
// Change an object before it is rendered: objects(mixin) + { deployment+: { ... } }.
local ruleFile = import 'rulefile.libsonnet';

// Names in Kubernetes have no underscores.
local dns(name) = std.strReplace(name, '_', '-');

local stem(file) = std.strReplace(file, '.json', '');

local yaml(value) = std.manifestYamlDoc(value, indent_array_in_object=true, quote_keys=false);

// Rules are written as in rules/: in the order a person reads, with long texts as blocks.
local document(object) =
  '# Generated from mixin/: change it there, then render again.\n' +
  if object.kind == 'PrometheusRule' then
    // The first line is the comment that this document has already.
    local lines = std.split(ruleFile(object.spec.groups), '\n')[1:];
    yaml(object { spec:: null }) + '\nspec:\n' + std.join('\n', [if line == '' then '' else '  ' + line for line in lines])
  else
    yaml(object);

local home = '/etc/dataprotection_exporter';

{
  // Each object by the name of its file.
  objects(mixin)::
    local c = mixin._config.kubernetes;
    local port = 10048;
    local selector = { 'app.kubernetes.io/name': c.name };
    local service = '%s.%s.svc:%d' % [c.name, c.namespace, port];

    local object(apiVersion, kind, name, labels={}) = {
      apiVersion: apiVersion,
      kind: kind,
      metadata: { name: name, namespace: c.namespace, labels: selector + labels },
    };

    // Without this the job is called after the ScrapeConfig.
    local inJob(name) = [{ targetLabel: 'job', replacement: name }];

    {
      deployment: object('apps/v1', 'Deployment', c.name) {
        spec: {
          // Two would log in to every device twice and count every log line twice.
          replicas: 1,
          strategy: { type: 'Recreate' },
          selector: { matchLabels: selector },
          template: {
            metadata: { labels: selector },
            spec: {
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              securityContext: {
                runAsNonRoot: true,
                runAsUser: c.user,
                runAsGroup: c.user,
                fsGroup: c.user,
                seccompProfile: { type: 'RuntimeDefault' },
              },
              containers: [{
                name: 'exporter',
                image: c.image,
                args: [
                  '--config.file=' + home + '/config/dataprotection_exporter.yml',
                  '--storage.path=/var/lib/dataprotection_exporter',
                ],
                ports: [{ name: 'http', containerPort: port }],
                livenessProbe: { httpGet: { path: '/-/healthy', port: 'http' } },
                readinessProbe: { httpGet: { path: '/-/ready', port: 'http' } },
                resources: c.resources,
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                volumeMounts: [
                  { name: 'config', mountPath: home + '/config', readOnly: true },
                  { name: 'secrets', mountPath: home + '/secrets', readOnly: true },
                  { name: 'storage', mountPath: '/var/lib/dataprotection_exporter' },
                ],
              }],
              volumes: [
                { name: 'config', configMap: { name: c.name } },
                // 0440: the process and nobody else.
                { name: 'secrets', secret: { secretName: c.name, defaultMode: std.parseOctal('0440') } },
                { name: 'storage' } + c.storage,
              ],
            },
          },
        },
      },

      service: object('v1', 'Service', c.name) {
        spec: {
          selector: selector,
          ports: [{ name: 'http', port: port, targetPort: 'http' }],
        },
      },

      // The exporter lists its targets with the path and the parameter of their probe.
      'scrapeconfig-targets': object('monitoring.coreos.com/v1alpha1', 'ScrapeConfig', c.name + '-targets', c.operatorLabels) {
        spec: {
          httpSDConfigs: [{ url: 'http://%s/sd' % service, refreshInterval: '1m' }],
          scrapeInterval: c.scrapeInterval,
          scrapeTimeout: c.scrapeTimeout,
          relabelings: inJob(c.job),
        },
      },

      'scrapeconfig-exporter': object('monitoring.coreos.com/v1alpha1', 'ScrapeConfig', c.name + '-metrics', c.operatorLabels) {
        spec: {
          staticConfigs: [{ targets: [service] }],
          metricsPath: '/metrics',
          scrapeInterval: c.scrapeInterval,
          relabelings: inJob(c.job + '_exporter'),
        },
      },

      // Templates: they are not applied with the rest, so that nothing overwrites yours.
      'config.example': object('v1', 'ConfigMap', c.name) {
        data: {
          'dataprotection_exporter.yml': |||
            global:
              known_hosts_file: known_hosts
            credentials:
              celerra: {username: cavamon, private_key_file: %(home)s/secrets/celerra}
              papi: {username: svc_prom, password_file: %(home)s/secrets/papi}
            targets:
              - name: vnx-ams-1
                system: vnx_cava
                address: [10.0.0.5, 10.0.0.6]
                credential: celerra
                labels: {site: ams}
              - name: isilon-ams-1
                system: onefs_cava
                address: https://isilon-ams-1.example.com:8080
                credential: papi
                labels: {site: ams}
          ||| % { home: home },
          known_hosts: |||
            # The output of ssh-keyscan for each device, after you compared the fingerprints.
          |||,
        },
      },
      'secret.example': object('v1', 'Secret', c.name) {
        stringData: {
          celerra: |||
            (the private key)
          |||,
          papi: '(the password)',
        },
      },
    } + {
      ['prometheusrule-' + dns(system)]: object('monitoring.coreos.com/v1', 'PrometheusRule', c.name + '-' + dns(system), c.operatorLabels) {
        spec: { groups: mixin._systems[system].rules + mixin._systems[system].alerts },
      }
      for system in std.objectFields(mixin._systems)
    } + {
      ['dashboard-' + dns(stem(file))]: object('v1', 'ConfigMap', c.name + '-dashboard-' + dns(stem(file)), c.dashboardLabels) {
        // On one line: kubectl apply takes no more than 256 KiB.
        data: { [file]: std.manifestJsonMinified(mixin.grafanaDashboards[file]) + '\n' },
      }
      for file in std.objectFields(mixin.grafanaDashboards)
    },

  // The objects as YAML, by the name of their file.
  files(objects):: {
    // kubectl apply -f FOLDER takes .yaml and passes over .yaml.example.
    [std.strReplace(name + '.yaml', '.example.yaml', '.yaml.example')]: document(objects[name])
    for name in std.objectFields(objects)
  },
}
