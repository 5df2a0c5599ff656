// Renders one rule file per system:
//   jsonnet -S -c -m rules mixin/rules.jsonnet
local ruleFile = import 'lib/rulefile.libsonnet';
local mixin = import 'mixin.libsonnet';

{
  [name + '.yml']: ruleFile(mixin._systems[name].rules + mixin._systems[name].alerts)
  for name in std.objectFields(mixin._systems)
}
