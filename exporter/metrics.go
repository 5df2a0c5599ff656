package exporter

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/exporter/collect"
)

// ownMetrics is what the exporter says of itself on its telemetry path.
type ownMetrics struct {
	reloadSuccess prometheus.Gauge
	reloadTime    prometheus.Gauge
	inFlight      *prometheus.GaugeVec
	collections   *prometheus.CounterVec
	duration      *prometheus.HistogramVec
	refused       *prometheus.CounterVec
}

func newOwnMetrics(reg prometheus.Registerer, systems []system.Definition) *ownMetrics {
	m := &ownMetrics{
		reloadSuccess: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dataprotection_config_last_reload_successful",
			Help: "Whether the last attempt to load the configuration succeeded.",
		}),
		reloadTime: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dataprotection_config_last_reload_success_timestamp_seconds",
			Help: "When the running configuration was loaded.",
		}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dataprotection_collections_in_flight",
			Help: "Collections that go on at this moment.",
		}, []string{"system"}),
		collections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dataprotection_collections_total",
			Help: "Collections that ended, by whether every part was answered.",
		}, []string{"system", "result"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "dataprotection_collection_duration_seconds",
			Help:                            "How long collections took.",
			Buckets:                         []float64{.1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"system"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dataprotection_probe_requests_refused_total",
			Help: "Requests to /probe that were answered with status 400, by what was wrong.",
		}, []string{"cause"}),
	}
	reg.MustRegister(m.reloadSuccess, m.reloadTime, m.inFlight, m.collections, m.duration, m.refused)
	for _, s := range systems {
		m.inFlight.WithLabelValues(s.Name)
		m.duration.WithLabelValues(s.Name)
		for _, r := range []string{resultSuccess, resultFailure} {
			m.collections.WithLabelValues(s.Name, r)
		}
	}
	for _, c := range []string{refusedTarget, refusedParameter, refusedTimeout} {
		m.refused.WithLabelValues(c)
	}
	return m
}

const (
	resultSuccess = "success"
	resultFailure = "failure"
)

func (m *ownMetrics) reloaded(ok bool, now time.Time) {
	if !ok {
		m.reloadSuccess.Set(0)
		return
	}
	m.reloadSuccess.Set(1)
	m.reloadTime.Set(float64(now.UnixNano()) / 1e9)
}

// Begin implements collect.Observer.
func (m *ownMetrics) Begin(system string) { m.inFlight.WithLabelValues(system).Inc() }

// End implements collect.Observer.
func (m *ownMetrics) End(system string, r collect.Result) {
	m.inFlight.WithLabelValues(system).Dec()
	result := resultFailure
	if r.Success() {
		result = resultSuccess
	}
	m.collections.WithLabelValues(system, result).Inc()
	m.duration.WithLabelValues(system).Observe(r.Duration.Seconds())
}

func (m *ownMetrics) handler(reg *prometheus.Registry) http.Handler {
	return promhttp.InstrumentMetricHandler(reg, promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}))
}
