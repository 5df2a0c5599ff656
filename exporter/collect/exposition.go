package collect

import (
	"github.com/prometheus/client_golang/prometheus"

	"dataprotection_exporter/collectors/metric"
	"dataprotection_exporter/remote"
)

func reasons() []string {
	var rs []string
	for _, r := range remote.Reasons {
		rs = append(rs, string(r))
	}
	return rs
}

// The metrics every probe carries beside the device's own.
var (
	metricProbeSuccess = metric.New(metric.Desc{
		Name: "dataprotection_probe_success", Kind: metric.Gauge,
		Help:   "Whether every part was answered. A part that the device does not offer does not count.",
		Source: "the collection",
	})
	metricProbeDuration = metric.New(metric.Desc{
		Name: "dataprotection_probe_duration_seconds", Kind: metric.Gauge, Unit: "seconds",
		Help:   "How long the collection took.",
		Source: "the collection",
	})
	metricProbeCollected = metric.New(metric.Desc{
		Name: "dataprotection_probe_collected_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds",
		Help:   "When the device gave the oldest of the answers. Absent when it gave none.",
		Source: "the collection; the modification time of the file with transport files",
	})
	metricProbeShared = metric.New(metric.Desc{
		Name: "dataprotection_probe_shared", Kind: metric.Gauge,
		Help:   "Whether this answer was collected for another scrape, a moment ago or at the same time.",
		Source: "the collection",
	})
	metricPartSuccess = metric.New(metric.Desc{
		Name: "dataprotection_part_success", Kind: metric.Gauge, Labels: []string{"part", "unit"},
		Help:   "Whether this part was answered.",
		Source: "the collection",
	})
	metricPartFailure = metric.New(metric.Desc{
		Name: "dataprotection_part_failure", Kind: metric.Gauge, Labels: []string{"part", "unit", "reason"},
		Values: map[string][]string{"reason": reasons()},
		Help:   "1 with the reason why this part was not answered, 0 with reason none when it was.",
		Source: "the collection",
	})
	metricPartDuration = metric.New(metric.Desc{
		Name: "dataprotection_part_duration_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: []string{"part"},
		Help:   "How long this part took; with several units, the slowest one.",
		Source: "the collection",
	})
	metricUnrecognized = metric.New(metric.Desc{
		Name: "dataprotection_unrecognized_lines", Kind: metric.Gauge, Unit: "lines", Labels: []string{"part", "unit"},
		Help:   "Lines of the answer that have no known meaning: more than usual means that the device changed its output.",
		Source: "the collection",
	})
)

// Metrics is every metric that a probe carries beside the device's own.
var Metrics = []*metric.Desc{
	metricProbeSuccess, metricProbeDuration, metricProbeCollected, metricProbeShared,
	metricPartSuccess, metricPartFailure, metricPartDuration, metricUnrecognized,
}

// Exposition is a result as a Prometheus collector.
type Exposition struct {
	Result Result
	// Descs declares what the target's system may emit.
	Descs []*metric.Desc
}

// Describe implements prometheus.Collector.
func (e Exposition) Describe(ch chan<- *prometheus.Desc) {
	for _, list := range [][]*metric.Desc{Metrics, e.Descs} {
		for _, d := range list {
			ch <- d.Prometheus()
		}
	}
}

// Collect implements prometheus.Collector.
func (e Exposition) Collect(ch chan<- prometheus.Metric) {
	r := e.Result
	emit := func(d *metric.Desc, v float64, labels ...string) { ch <- d.Sample(v, labels...) }
	emit(metricProbeSuccess, number(r.Success()))
	emit(metricProbeDuration, r.Duration.Seconds())
	emit(metricProbeShared, number(r.Shared))
	if t := r.Collected(); !t.IsZero() {
		emit(metricProbeCollected, float64(t.UnixNano())/1e9)
	}
	slowest := map[string]float64{}
	for _, q := range r.Questions {
		reason := q.Reason()
		ok := reason == remote.None
		emit(metricPartSuccess, number(ok), q.Part, q.Unit)
		emit(metricPartFailure, number(!ok), q.Part, q.Unit, string(reason))
		if ok {
			emit(metricUnrecognized, float64(q.Unrecognized), q.Part, q.Unit)
		}
		slowest[q.Part] = max(slowest[q.Part], q.Duration.Seconds())
		for _, s := range q.Samples {
			ch <- s
		}
	}
	for part, seconds := range slowest {
		emit(metricPartDuration, seconds, part)
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
