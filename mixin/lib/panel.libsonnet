// The kinds of panel that the dashboards are made of. A panel here has no place and no
// number yet: dashboard.libsonnet gives it both.
//
//   local panel = import '../lib/panel.libsonnet';
//   panel.timeseries('Title', 'What it shows.', 'short', [panel.query('expr', 'legend')])
local palette = import 'palette.libsonnet';

local datasource = { type: 'prometheus', uid: '$datasource' };

// Numbers the queries A, B, C, ... and gives each its datasource.
local targets(queries) = std.mapWithIndex(
  function(i, q) { datasource: datasource, refId: std.char(std.codepoint('A') + i) } + q, queries
);

local steps(thresholds) = [
  { color: t[1], value: t[0] }
  for t in thresholds
];

// What a panel of any kind has. options.* are of the kind.
local base(type, title, description, queries) =
  assert std.endsWith(description, '.') : title + ': the description must end with a full stop';
  {
    type: type,
    title: title,
    description: description,
    datasource: datasource,
    targets: targets(queries),
    fieldConfig: { defaults: {}, overrides: [] },
  };

{
  local p = self,
  palette:: palette,
  datasource:: datasource,

  // --- Queries -------------------------------------------------------------------

  // A query over the time range. legend is words with {{label}}.
  query(expr, legend):: {
    expr: std.rstripChars(expr, '\n'),
    legendFormat: legend,
    range: true,
    instant: false,
  },

  // A query for now, for panels that show one value.
  now(expr, legend=''):: {
    expr: std.rstripChars(expr, '\n'),
    legendFormat: if legend == '' then '__auto' else legend,
    range: false,
    instant: true,
  },

  // A query for now whose labels become the columns of a table.
  rows(expr):: p.now(expr) + { format: 'table' },

  // A query drawn as a limit: a dashed line without a fill. The colour says which
  // limit.
  limit(expr, legend, color=palette.critical):: p.query(expr, legend) + { limit_:: color },

  // A query drawn as a forecast: a dotted line.
  forecast(expr, legend, color=palette.second):: p.query(expr, legend) + { forecast_:: color },

  // A query of a stat that looks different from the others: its own unit, decimals,
  // thresholds.
  look(query, look):: query { look_:: look },

  // --- Words for values ----------------------------------------------------------

  // [[value, text, color], ...] as a value mapping. Values are numbers or words.
  words(list):: [{
    type: 'value',
    options: {
      [std.toString(list[i][0])]: { index: i, text: list[i][1] } + (
        if std.length(list[i]) > 2 then { color: list[i][2] } else {}
      )
      for i in std.range(0, std.length(list) - 1)
    },
  }],

  // The same for a value that could not be read.
  unread(text='not read'):: [
    { type: 'special', options: { match: 'null', result: { index: 100, text: text, color: palette.unknown } } },
  ],

  // --- Kinds ---------------------------------------------------------------------

  // Lines over time. options: stack, min, max, decimals, fill, points (no lines),
  // thresholds: [[value, color], ...] drawn as lines, colors: { legend: color }.
  timeseries(title, description, unit, queries, options={}):: base('timeseries', title, description, queries) {
    local o = { stack: false, min: 0, max: null, decimals: null, fill: 10, points: false, thresholds: [], colors: {}, calcs: ['lastNotNull', 'max'] } + options,
    // A limit or a forecast looks like one.
    local limits = std.filter(function(i) std.objectHasAll(queries[i], 'limit_') || std.objectHasAll(queries[i], 'forecast_'), std.range(0, std.length(queries) - 1)),
    fieldConfig: {
      defaults: {
        unit: unit,
        [if o.min != null then 'min']: o.min,
        [if o.max != null then 'max']: o.max,
        [if o.decimals != null then 'decimals']: o.decimals,
        color: { mode: 'palette-classic' },
        custom: {
          drawStyle: if o.points then 'points' else 'line',
          lineInterpolation: 'linear',
          lineWidth: 2,
          fillOpacity: o.fill,
          showPoints: if o.points then 'always' else 'auto',
          pointSize: 5,
          spanNulls: false,
          axisPlacement: 'auto',
          stacking: { mode: if o.stack then 'normal' else 'none', group: 'A' },
          thresholdsStyle: { mode: if o.thresholds == [] then 'off' else 'line' },
        },
        [if o.thresholds != [] then 'thresholds']: { mode: 'absolute', steps: steps([[null, 'transparent']] + o.thresholds) },
      },
      overrides: [
        local q = queries[i];
        local isLimit = std.objectHasAll(q, 'limit_');
        {
          matcher: { id: 'byFrameRefID', options: std.char(std.codepoint('A') + i) },
          properties: [
            { id: 'color', value: { mode: 'fixed', fixedColor: if isLimit then q.limit_ else q.forecast_ } },
            { id: 'custom.fillOpacity', value: 0 },
            { id: 'custom.lineStyle', value: if isLimit then { fill: 'dash', dash: [10, 10] } else { fill: 'dot', dash: [0, 10] } },
            { id: 'custom.stacking', value: { mode: 'none', group: false } },
          ],
        }
        for i in limits
      ] + [
        {
          matcher: { id: 'byName', options: name },
          properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: o.colors[name] } }],
        }
        for name in std.objectFields(o.colors)
      ],
    },
    options: {
      legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: o.calcs },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  },

  // States over time, a bar for each thing. states: [[value, text, color], ...].
  states(title, description, queries, states, unit='none'):: base('state-timeline', title, description, queries) {
    fieldConfig: {
      defaults: {
        unit: unit,
        color: { mode: 'thresholds' },
        custom: { fillOpacity: 80, lineWidth: 0, spanNulls: false },
        mappings: p.words(states) + p.unread(),
        thresholds: { mode: 'absolute', steps: steps([[null, palette.unknown]]) },
      },
      overrides: [],
    },
    options: {
      alignValue: 'left',
      mergeValues: true,
      rowHeight: 0.9,
      showValue: 'auto',
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'single', sort: 'none' },
    },
  },

  // One number, or one a thing. options: words: [[value, text, color], ...],
  // thresholds: [[null, color], [value, color], ...], decimals, min, max, noValue,
  // graph, orientation, links, textMode.
  stat(title, description, unit, queries, options={}):: base('stat', title, description, queries) {
    local o = {
      words: [],
      thresholds: [[null, palette.first]],
      decimals: null,
      min: null,
      max: null,
      noValue: 'not read',
      graph: false,
      orientation: 'auto',
      links: [],
      textMode: 'auto',
      background: false,
    } + options,
    fieldConfig: {
      defaults: {
        unit: unit,
        [if o.decimals != null then 'decimals']: o.decimals,
        [if o.min != null then 'min']: o.min,
        [if o.max != null then 'max']: o.max,
        noValue: o.noValue,
        color: { mode: 'thresholds' },
        mappings: if o.words == [] then [] else p.words(o.words),
        thresholds: { mode: 'absolute', steps: steps(o.thresholds) },
        [if o.links != [] then 'links']: o.links,
      },
      overrides: [
        local look = queries[i].look_;
        {
          matcher: { id: 'byFrameRefID', options: std.char(std.codepoint('A') + i) },
          properties: [
            property
            for property in [
              if std.objectHas(look, 'unit') then { id: 'unit', value: look.unit },
              if std.objectHas(look, 'decimals') then { id: 'decimals', value: look.decimals },
              if std.objectHas(look, 'thresholds') then { id: 'thresholds', value: { mode: 'absolute', steps: steps(look.thresholds) } },
            ]
            if property != null
          ],
        }
        for i in std.range(0, std.length(queries) - 1)
        if std.objectHasAll(queries[i], 'look_')
      ],
    },
    options: {
      colorMode: if o.background then 'background' else 'value',
      graphMode: if o.graph then 'area' else 'none',
      justifyMode: 'auto',
      orientation: o.orientation,
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      textMode: o.textMode,
      // Known to newer Grafana only, as it would fill them in.
      percentChangeColorMode: 'standard',
      showPercentChange: false,
      wideLayout: true,
    },
  },

  // Bars side by side, each with its number: shares of a limit. options as for stat.
  bars(title, description, unit, queries, options={}):: base('bargauge', title, description, queries) {
    local o = { min: 0, max: null, thresholds: [[null, palette.first]], noValue: 'not read', decimals: null } + options,
    fieldConfig: {
      defaults: {
        unit: unit,
        min: o.min,
        [if o.max != null then 'max']: o.max,
        [if o.decimals != null then 'decimals']: o.decimals,
        noValue: o.noValue,
        color: { mode: 'thresholds' },
        mappings: [],
        thresholds: { mode: 'absolute', steps: steps(o.thresholds) },
      },
      overrides: [],
    },
    options: {
      displayMode: 'basic',
      orientation: 'horizontal',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      showUnfilled: true,
      minVizHeight: 10,
      minVizWidth: 0,
      // Known to newer Grafana only, as it would fill them in.
      maxVizHeight: 300,
      namePlacement: 'auto',
      sizing: 'auto',
      valueMode: 'color',
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false, calcs: [] },
    },
  },

  // Columns of a table: what becomes of a field (a label, or `Value`, or `Value #A`
  // with several queries). title '' hides it; it can still be linked to.
  column(field, title, options={}):: { field:: field, title:: title } + options,

  // A table of the labels and values of its queries (made with rows()). columns are in
  // the order in which they stand; fields that none names are left out. options:
  // sortBy (title), descending, noValue.
  // A column's options: unit, width, words, colored, decimals, links, thresholds.
  table(title, description, queries, columns, options={}):: base('table', title, description, queries) {
    local o = { sortBy: null, descending: true, noValue: 'nothing' } + options,
    local shown(c) = if c.title == '' then c.field else c.title,
    fieldConfig: {
      defaults: { noValue: o.noValue, custom: { align: 'left', filterable: true, inspect: false }, mappings: [] },
      overrides: [
        {
          matcher: { id: 'byName', options: shown(c) },
          properties: [
            property
            for property in [
              if c.title == '' then { id: 'custom.hidden', value: true },
              if std.objectHas(c, 'unit') then { id: 'unit', value: c.unit },
              if std.objectHas(c, 'decimals') then { id: 'decimals', value: c.decimals },
              if std.objectHas(c, 'width') then { id: 'custom.width', value: c.width },
              if std.objectHas(c, 'words') then { id: 'mappings', value: p.words(c.words) },
              if std.objectHas(c, 'links') then { id: 'links', value: c.links },
              if std.objectHas(c, 'thresholds') then { id: 'thresholds', value: { mode: 'absolute', steps: steps(c.thresholds) } },
              if std.objectHas(c, 'colored') && c.colored then { id: 'custom.displayMode', value: 'color-text' },
            ]
            if property != null
          ],
        }
        for c in columns
      ],
    },
    options: { frameIndex: 0, showHeader: true } + (
      if o.sortBy == null then {} else { sortBy: [{ displayName: o.sortBy, desc: o.descending }] }
    ),
    transformations:
      (if std.length(queries) > 1 then [{ id: 'merge', options: {} }] else []) +
      [
        { id: 'filterFieldsByName', options: { include: { names: [c.field for c in columns] } } },
        {
          id: 'organize',
          options: {
            excludeByName: {},
            indexByName: { [columns[i].field]: i for i in std.range(0, std.length(columns) - 1) },
            renameByName: { [c.field]: c.title for c in columns if c.title != '' },
          },
        },
      ],
  },

  // A link of a value to another page.
  link(title, url, newTab=false):: { title: title, url: url, targetBlank: newTab },
}
