package dashboard

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"dataprotection_exporter/mixin/dashboard/promql"
)

// labels is a set of label names.
type labels map[string]bool

func setOf(lists ...[]string) labels {
	s := labels{}
	for _, l := range lists {
		s.add(l...)
	}
	return s
}

func (s labels) add(names ...string) {
	for _, n := range names {
		s[n] = true
	}
}

func (s labels) minus(other labels) labels {
	rest := labels{}
	for n := range s {
		if !other[n] {
			rest[n] = true
		}
	}
	return rest
}

func (s labels) and(other labels) labels { return s.minus(s.minus(other)) }

func (s labels) or(other labels) labels {
	all := maps.Clone(s)
	maps.Copy(all, other)
	return all
}

func (s labels) String() string { return strings.Join(slices.Sorted(maps.Keys(s)), ", ") }

// unit is what a number measures: powers of seconds and bytes.
type unit struct {
	seconds, bytes int
	// epoch is a moment, in seconds or, with ms, in milliseconds since 1970.
	epoch, ms bool
	// ratio is a share; every other number without a power counts something.
	ratio bool
	// flag is 0 or 1; the mean of flags is a share.
	flag bool
	// literal stands in the query itself and takes the unit of what it meets.
	literal string
	// unknown is what nobody can say, such as days.
	unknown bool
}

func (u unit) String() string {
	switch {
	case u.unknown:
		return "unknown"
	case u.epoch && u.ms:
		return "moment in ms"
	case u.epoch:
		return "moment in s"
	case u == unit{seconds: 1}:
		return "s"
	case u == unit{seconds: 1, ms: true}:
		return "ms"
	case u == unit{bytes: 1}:
		return "bytes"
	case u == unit{bytes: 1, seconds: -1}:
		return "bytes per s"
	case u == unit{seconds: -1}:
		return "per s"
	case u == unit{ratio: true}:
		return "ratio"
	case u.seconds == 0 && u.bytes == 0 && !u.ms:
		return "number"
	}
	return "unknown"
}

// plain says that it counts something.
func (u unit) plain() bool { return u == unit{} || u == unit{flag: true} }

// unitOf is the unit of a metric, by its declaration or its name.
func unitOf(name, declared string) unit {
	name = strings.TrimSuffix(name, "_total")
	switch {
	case strings.HasSuffix(name, "_timestamp_seconds"), name == "process_start_time_seconds":
		return unit{epoch: true}
	case declared == "seconds", strings.HasSuffix(name, "_seconds"):
		return unit{seconds: 1}
	case declared == "bytes", strings.HasSuffix(name, "_bytes"):
		return unit{bytes: 1}
	case declared == "ratio", strings.HasSuffix(name, "_ratio"):
		return unit{ratio: true}
	}
	return unit{}
}

// shape is what a query brings: numbers of a unit, with labels.
type shape struct {
	labels labels
	unit   unit
	// scalar has no labels at all.
	scalar bool
}

// shape says what an expression brings. Names that do not exist bring nothing;
// another check tells.
func (f *facts) shape(e promql.Expr) shape {
	switch e := e.(type) {
	case *promql.Number:
		return shape{scalar: true, unit: unit{literal: e.Text}}
	case *promql.String:
		return shape{scalar: true}
	case *promql.Unary:
		return f.shape(e.Expr)
	case *promql.Selector:
		s := f.series[e.Name]
		return shape{labels: labels{}.or(s.labels), unit: s.unit}
	case *promql.Subquery:
		return f.shape(e.Expr)
	case *promql.Aggregate:
		return f.aggregated(e)
	case *promql.Call:
		return f.called(e)
	case *promql.Binary:
		return f.combined(e)
	}
	panic("another kind of expression")
}

func (f *facts) aggregated(a *promql.Aggregate) shape {
	s := f.shape(a.Expr)
	switch {
	case a.Op == "topk" || a.Op == "bottomk": // keep series as they are
		return s
	case a.Grouping == "by":
		s.labels = s.labels.and(setOf(a.Labels))
	case a.Grouping == "without":
		s.labels = s.labels.minus(setOf(a.Labels))
	default:
		s.labels = labels{}
	}
	switch a.Op {
	case "avg":
		s.unit = mean(s.unit)
	case "sum":
		s.unit.flag = false
	case "count", "group":
		s.unit = unit{}
	case "count_values":
		s.unit = unit{}
		if l, ok := a.Param.(*promql.String); ok {
			s.labels.add(l.Value)
		}
	}
	return s
}

func (f *facts) called(c *promql.Call) shape {
	var s shape
	for _, a := range c.Args { // the one with series
		if arg := f.shape(a); !arg.scalar || len(c.Args) == 1 {
			s = arg
			break
		}
	}
	if s.labels == nil {
		s.labels = labels{}
	}
	switch c.Func {
	case "rate", "irate", "deriv":
		if s.unit.epoch || s.unit == (unit{seconds: 1}) { // seconds per second: processors, for one
			s.unit = unit{}
		} else {
			s.unit = over(s.unit, unit{seconds: 1})
		}
	case "avg_over_time":
		s.unit = mean(s.unit)
	case "sum_over_time":
		s.unit.flag = false
	case "delta", "idelta", "increase":
		if s.unit.epoch {
			s.unit = unit{seconds: 1}
		}
	case "changes", "resets", "count_over_time", "present_over_time", "absent_over_time", "absent", "sgn", "hour", "minute", "month", "year",
		"day_of_month", "day_of_week", "days_in_month":
		s.unit = unit{}
	case "timestamp":
		s.unit = unit{epoch: true}
	case "time":
		s = shape{scalar: true, unit: unit{epoch: true}}
	case "scalar":
		s.scalar, s.labels = true, nil
	case "vector":
		s.scalar = false
	case "histogram_quantile":
		s = f.shape(c.Args[1])
		s.labels = s.labels.minus(setOf([]string{"le"}))
		s.unit = unit{}
		for _, sel := range promql.Selectors(c.Args[1]) {
			s.unit = unitOf(strings.TrimSuffix(sel.Name, "_bucket"), "")
		}
	case "label_replace", "label_join":
		if l, ok := c.Args[1].(*promql.String); ok {
			s.labels.add(l.Value)
		}
	}
	return s
}

func (f *facts) combined(b *promql.Binary) shape {
	l, r := f.shape(b.Left), f.shape(b.Right)
	s := l
	switch b.Op {
	case "and", "unless":
		return l
	case "or":
		s.labels = l.labels.or(r.labels)
		if l.unit.literal != "" || (l.labels != nil && len(l.labels) == 0 && l.unit.plain()) {
			s.unit = r.unit
		} else if r.unit != l.unit && r.unit.literal == "" && !r.unit.plain() {
			s.unit = unit{unknown: true}
		}
		return s
	case "+", "-":
		s.unit = sum(b.Op, l.unit, r.unit)
	case "*":
		s.unit = product(l.unit, r.unit)
	case "/":
		s.unit = over(l.unit, r.unit)
	case "%", "^", "atan2":
		s.unit = unit{unknown: true}
	default: // a comparison
		if b.Bool {
			s.unit = unit{}
		} else if l.scalar {
			s.unit = r.unit
		}
	}
	switch {
	case l.scalar && r.scalar:
		return s
	case l.scalar:
		s.labels, s.scalar = r.labels, false
	case r.scalar:
	case b.Group == "group_left":
		s.labels = l.labels.or(setOf(b.Include))
	case b.Group == "group_right":
		s.labels = r.labels.or(setOf(b.Include))
	case b.Matching == "on":
		s.labels = l.labels.and(setOf(b.Labels))
	case b.Matching == "ignoring":
		s.labels = l.labels.minus(setOf(b.Labels))
	}
	return s
}

func mean(u unit) unit {
	if u.flag {
		return unit{ratio: true}
	}
	return u
}

// sum is the unit of a sum or difference.
func sum(op string, a, b unit) unit {
	a.flag, b.flag = false, false
	switch {
	case a.unknown || b.unknown:
		return unit{unknown: true}
	case b.literal != "":
		return a
	case a.literal != "":
		return b
	case op == "-" && a.epoch && b.epoch && a.ms == b.ms:
		return unit{seconds: 1, ms: a.ms}
	case a.epoch && b == unit{seconds: 1}:
		return a
	case op == "+" && b.epoch && a == unit{seconds: 1}:
		return b
	case a.plain() && b.plain():
		return unit{}
	case a == b:
		return a
	}
	return unit{unknown: true}
}

// product multiplies. A thousand makes milliseconds of seconds.
func product(a, b unit) unit {
	if a.literal != "" {
		a, b = b, a
	}
	a.flag, b.flag = a.flag && b.literal == "", false
	switch {
	case a.unknown || b.unknown:
		return unit{unknown: true}
	case a.literal != "": // both
		return unit{literal: a.literal}
	case b.literal == "1000" && (a.epoch || a == unit{seconds: 1}):
		a.ms = true
		return a
	case b.literal != "" && (a.seconds != 0 || a.bytes != 0 || a.epoch || a.ratio):
		return unit{unknown: true}
	case b.literal != "":
		return a
	case a.epoch && b.plain(), b.epoch && a.plain(): // times 0 or 1
		return unit{epoch: true, ms: a.ms || b.ms}
	case a.epoch || b.epoch:
		return unit{unknown: true}
	}
	return unit{seconds: a.seconds + b.seconds, bytes: a.bytes + b.bytes, ratio: a.ratio || b.ratio}
}

// over divides.
func over(a, b unit) unit {
	switch {
	case a.unknown || b.unknown || a.epoch || b.epoch || a.ms || b.ms:
		return unit{unknown: true}
	case b.literal != "" && (a.seconds != 0 || a.bytes != 0 || a.ratio):
		return unit{unknown: true}
	case b.literal != "":
		return a
	case b == unit{ratio: true}:
		return a
	}
	u := unit{seconds: a.seconds - b.seconds, bytes: a.bytes - b.bytes}
	u.ratio = u == unit{} && a.literal == ""
	return u
}

func TestShape(t *testing.T) {
	f, err := known()
	if err != nil {
		t.Fatal(err)
	}
	const target = "instance, job, site, system"
	for _, tt := range []struct{ query, unit, labels string }{
		{`vnx_cava_queue_files`, "number", "instance, job, mover, site, system"},
		{`vnx_cava_checker_last_check_timestamp_seconds * 1000`, "moment in ms", "checker, instance, job, mover, site, system"},
		{`1000 * max by (mover) (vnx_cava_checker_last_check_timestamp_seconds)`, "moment in ms", "mover"},
		{`time() - csmars_archive_scan_timestamp_seconds`, "s", target},
		{`(time() - csmars_archive_scan_timestamp_seconds) / 86400`, "unknown", target},
		{`rate(vnx_cava_requests_total[5m])`, "per s", "instance, job, mover, site, system"},
		{`sum(increase(vnx_cava_requests_total[5m]))`, "number", ""},
		{`rate(process_cpu_seconds_total[5m])`, "number", "instance, job"},
		{`sum without (mover) (vnx_cava_queue_files) / sum without (mover) (vnx_cava_high_water_mark_files)`, "ratio", target},
		{`ntfrs_staging_used_bytes / (ntfrs_staging_used_bytes + ntfrs_staging_free_bytes)`, "ratio", "instance, job, member, replica_set, site, system"},
		{`deriv(csmars_archive_filesystem_avail_bytes[1h])`, "bytes per s", target},
		{`predict_linear(csmars_archive_filesystem_avail_bytes[1h], 3600)`, "bytes", target},
		{`up * on (instance) group_left (release) onefs_cluster_info`, "number", "instance, job, release, site, system"},
		{`up == on (instance) dataprotection_probe_success`, "number", "instance"},
		{`count by (alertname) (ALERTS{alertstate="firing"})`, "number", "alertname"},
		{`mover:vnx_cava_checkers_online:last`, "number", "instance, job, mover, site, system"},
		{`checker:vnx_cava_checker_diagnosis:last`, "number", "cause, checker, code, instance, job, mover, nt_status, site, state, system"},
		{
			`histogram_quantile(0.9, sum by (le) (rate(dataprotection_collection_duration_seconds_bucket[5m])))`, "s", "",
		},
		{
			`rate(dataprotection_collection_duration_seconds_sum[5m]) / rate(dataprotection_collection_duration_seconds_count[5m])`,
			"s", "instance, job, system",
		},
		{`label_replace(up, "target", "$1", "instance", "(.*)")`, "number", "instance, job, site, system, target"},
		{`max by (instance) (up) or vector(0)`, "number", "instance"},
		{`avamar_node_used_ratio * 100`, "unknown", "instance, job, node, site, system"},
		{`avg by (system) (dataprotection_probe_shared)`, "ratio", "system"},
		{`sum(up)`, "number", ""},
		{`up * 3`, "number", target},
		{`target:dataprotection_worst_alert:max`, "number", "alertname, instance, job, severity, site, system"},
		{`csmars_archive_projected_bytes or up`, "bytes", target},
	} {
		e, err := promql.Parse(tt.query)
		if err != nil {
			t.Error(err)
			continue
		}
		if s := f.shape(e); s.unit.String() != tt.unit || s.labels.String() != tt.labels {
			t.Errorf("%s: %s with %s, want %s with %s", tt.query, s.unit, s.labels, tt.unit, tt.labels)
		}
	}
}
