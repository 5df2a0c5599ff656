// Lays panels out and makes a Grafana dashboard of them, in the schema of Grafana 9.3.
//
//   dashboard.new(config, {
//     key: 'vnx_cava',               // of _config.dashboardIDs
//     title:, description:,
//     selector: 'system="vnx_cava"', // of what the variables site and target list
//     alerts: 'system="vnx_cava"',   // of the ALERTS that are marked in the panels
//     first: [line, ...],            // the first screen
//     sections: [{ title:, lines: [line, ...] }, ...],  // folded
//     variables: [{ name:, label:, query: }, ...],      // beside datasource, site, target
//     range: '24h',
//   })
//
// A line is { height:, panels: [[width, panel], ...] }; the widths of a line add up to
// 24. So panels never overlap and leave no gaps.
local panel = import 'panel.libsonnet';

local columns = 24;

// The panels of some lines, from y down, numbered from id up.
local place(lines, y, id) =
  std.foldl(
    function(done, line)
      assert std.foldl(function(sum, p) sum + p[0], line.panels, 0) == columns :
             'the widths of the line of "%s" do not add up to %d' % [line.panels[0][1].title, columns];
      std.foldl(
        function(d, p) d {
          x: d.x + p[0],
          id: d.id + 1,
          panels+: [p[1] { id: d.id, gridPos: { h: line.height, w: p[0], x: d.x, y: d.y } }],
        },
        line.panels,
        done { x: 0 }
      ) + { y: done.y + line.height },
    lines,
    { x: 0, y: y, id: id, panels: [] }
  );

local variable(name, label, query) = {
  name: name,
  label: label,
  type: 'query',
  datasource: panel.datasource,
  definition: query,
  query: { query: query, refId: 'variable-' + name },
  // When the time range changes: targets come and go.
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  // Matches targets without the label too.
  allValue: '.*',
  current: { selected: true, text: ['All'], value: ['$__all'] },
  hide: 0,
  regex: '',
  options: [],
  skipUrlSync: false,
};

{
  line(height, panels):: { height: height, panels: panels },

  // Matchers of what the variables select, behind a selector of the configuration.
  selected(selector):: std.join(',', [
    part
    for part in [selector, 'instance=~"$target"', 'site=~"$site"']
    if part != ''
  ]),

  new(config, d):: {
    local first = place(d.first, 0, 1),
    local folded = std.foldl(
      function(done, section)
        local inside = place(section.lines, done.y + 1, done.id + 1);
        {
          // Folded, a section takes one line.
          y: done.y + 1,
          id: inside.id,
          panels: done.panels + [{
            type: 'row',
            title: section.title,
            id: done.id,
            collapsed: true,
            gridPos: { h: 1, w: columns, x: 0, y: done.y },
            panels: inside.panels,
          }],
        },
      d.sections,
      { y: first.y, id: first.id, panels: [] }
    ),

    uid: config.dashboardIDs[d.key],
    id: null,
    title: d.title,
    description: d.description,
    tags: ['dataprotection'],
    schemaVersion: 37,
    version: 1,
    editable: false,
    timezone: 'browser',
    refresh: '1m',
    time: { from: 'now-%s' % (if std.objectHas(d, 'range') then d.range else '24h'), to: 'now' },
    timepicker: {},
    fiscalYearStartMonth: 0,
    weekStart: '',
    graphTooltip: 1,
    liveNow: false,
    panels: first.panels + folded.panels,
    templating: {
      list: [
        {
          name: 'datasource',
          label: 'Data source',
          type: 'datasource',
          query: 'prometheus',
          refresh: 1,
          regex: '',
          multi: false,
          includeAll: false,
          current: { selected: false, text: 'default', value: 'default' },
          hide: 0,
          options: [],
          skipUrlSync: false,
        },
        variable('site', 'Site', 'label_values(up{%s}, site)' % d.selector),
        variable('target', 'Target', 'label_values(up{%s}, instance)' % std.join(',', std.filter(function(part) part != '', [d.selector, 'site=~"$site"']))),
      ] + [
        variable(v.name, v.label, v.query)
        for v in (if std.objectHas(d, 'variables') then d.variables else [])
      ],
    },
    annotations: {
      list: [
        {
          name: 'Critical alerts',
          datasource: panel.datasource,
          enable: true,
          hide: false,
          expr: 'ALERTS{alertstate="firing",severity="critical",%s,instance=~"$target"}' % d.alerts,
          iconColor: panel.palette.critical,
          titleFormat: '{{alertname}}',
          textFormat: '{{instance}}',
          tagKeys: 'severity',
          step: '1m',
          useValueForTime: false,
        },
        {
          name: 'Warnings',
          datasource: panel.datasource,
          enable: true,
          hide: false,
          expr: 'ALERTS{alertstate="firing",severity="warning",%s,instance=~"$target"}' % d.alerts,
          iconColor: panel.palette.warning,
          titleFormat: '{{alertname}}',
          textFormat: '{{instance}}',
          tagKeys: 'severity',
          step: '1m',
          useValueForTime: false,
        },
      ],
    },
    links: [
      {
        title: 'Overview',
        type: 'link',
        icon: 'dashboard',
        url: '/d/' + config.dashboardIDs.overview,
        tags: [],
        tooltip: 'Every target and what is wrong with it',
        asDropdown: false,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
      },
      {
        title: 'Data protection',
        type: 'dashboards',
        icon: 'external link',
        url: '',
        tags: ['dataprotection'],
        tooltip: 'The dashboards of all systems',
        asDropdown: true,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
      },
      {
        title: 'Targets and remedies',
        type: 'link',
        icon: 'doc',
        url: config.exporterURL + '/targets',
        tags: [],
        tooltip: 'What the exporter says about every target, in words',
        asDropdown: false,
        includeVars: false,
        keepTime: false,
        targetBlank: true,
      },
    ],
  },
}
