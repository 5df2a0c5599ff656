// The mixin: `_config`, `prometheusAlerts`, `prometheusRules`, `grafanaDashboards`.
//
// A system is one file in alerts/ that adds itself to `_systems` as
// { rules: [recording groups], alerts: [alert groups] }, one in dashboards/ that adds
// itself to `grafanaDashboards`, and a line here for each.
(import 'config.libsonnet') +
(import 'alerts/exporter.libsonnet') +
(import 'alerts/vnx_cava.libsonnet') +
(import 'alerts/avamar.libsonnet') +
(import 'alerts/onefs_cava.libsonnet') +
(import 'alerts/ntfrs.libsonnet') +
(import 'alerts/csmars.libsonnet') +
(import 'records/health.libsonnet') +
(import 'dashboards/overview.libsonnet') +
(import 'dashboards/exporter.libsonnet') +
(import 'dashboards/vnx_cava.libsonnet') +
(import 'dashboards/onefs_cava.libsonnet') +
(import 'dashboards/ntfrs.libsonnet') +
(import 'dashboards/avamar.libsonnet') +
(import 'dashboards/csmars.libsonnet') +
{
  local systems = self._systems,

  prometheusRules+:: {
    groups+: std.flatMap(function(name) systems[name].rules, std.objectFields(systems)),
  },

  prometheusAlerts+:: {
    groups+: std.flatMap(function(name) systems[name].alerts, std.objectFields(systems)),
  },

  grafanaDashboards+:: {},
}
