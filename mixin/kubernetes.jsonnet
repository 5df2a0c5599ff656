// Renders the manifests for Kubernetes:
//   jsonnet -S -m deploy/kubernetes mixin/kubernetes.jsonnet
local kubernetes = import 'lib/kubernetes.libsonnet';

kubernetes.files(kubernetes.objects(import 'mixin.libsonnet'))
