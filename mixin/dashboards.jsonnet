// Renders the dashboards:
//   jsonnet -m dashboards mixin/dashboards.jsonnet
(import 'mixin.libsonnet').grafanaDashboards
