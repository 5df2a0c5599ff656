package papi

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dataprotection_exporter/remote"
)

// Metrics are what all clients of this process report about themselves. Every
// series but the histogram carries the target's name and goes with its last
// client. A nil *Metrics records nothing.
type Metrics struct {
	requests *prometheus.CounterVec
	duration prometheus.Histogram
	logins   *prometheus.CounterVec
	backoff  *prometheus.GaugeVec
	verified *prometheus.GaugeVec

	mu sync.Mutex
	// clients counts the clients of a target: while a reload replaces one,
	// there are two, and the first to go must not take the series along.
	clients map[string]int
	// pausing is the client that set the back-off series of a target.
	pausing map[string]*Client
}

// The outcomes there can be. Their series exist from the start, so that a rate
// sees the first failure.
var (
	loginReasons = []remote.Reason{
		remote.None, remote.DNS, remote.Connect, remote.TLS, remote.Auth, remote.Timeout, remote.Disconnected,
		remote.TooLarge, remote.Parse, remote.Other,
	}
	requestReasons = append([]remote.Reason{remote.AuthBackoff, remote.Permission, remote.NotSupported}, loginReasons...)
)

// NewMetrics makes the metrics and registers them. It panics when they are
// registered already, like prometheus.MustRegister.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	target := []string{"target"}
	outcome := []string{"target", "reason"}
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dataprotection_papi_requests_total",
			Help: "Requests for the platform API of the target, each page by itself, by outcome (reason none: answered).",
		}, outcome),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                            "dataprotection_papi_request_duration_seconds",
			Help:                            "Time from asking the platform API until answered or given up, a login on the way included.",
			Buckets:                         []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dataprotection_papi_logins_total",
			Help: "Attempts to open a session of the platform API, by outcome (reason none: logged in). With basic authentication, first requests and refused ones.",
		}, outcome),
		backoff: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dataprotection_papi_auth_backoff_until_timestamp_seconds",
			Help: "Until when no login is attempted because the last ones were refused. Present only during such a pause.",
		}, target),
		verified: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dataprotection_papi_certificate_verified",
			Help: "Whether the certificate of the target is verified: 0 when the configuration says insecure_skip_verify, 1 otherwise.",
		}, target),
		clients: map[string]int{},
		pausing: map[string]*Client{},
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.duration, m.logins, m.backoff, m.verified)
	}
	return m
}

// add makes the series of a client's target.
func (m *Metrics) add(c *Client) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	target := c.cfg.Target
	m.clients[target]++
	for _, r := range requestReasons {
		m.requests.WithLabelValues(target, string(r))
	}
	for _, r := range loginReasons {
		m.logins.WithLabelValues(target, string(r))
	}
	verified := 1.0
	if c.cfg.InsecureSkipVerify {
		verified = 0
	}
	m.verified.WithLabelValues(target).Set(verified)
}

// remove takes the series of a target away with its last client.
func (m *Metrics) remove(c *Client) {
	if m == nil {
		return
	}
	m.pause(c, time.Time{})
	m.mu.Lock()
	defer m.mu.Unlock()
	target := c.cfg.Target
	if m.clients[target]--; m.clients[target] > 0 {
		return
	}
	delete(m.clients, target)
	m.requests.DeletePartialMatch(prometheus.Labels{"target": target})
	m.logins.DeletePartialMatch(prometheus.Labels{"target": target})
	m.verified.DeleteLabelValues(target)
}

// pause shows until when a client does not log in; the zero time ends it.
func (m *Metrics) pause(c *Client, until time.Time) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	target := c.cfg.Target
	switch {
	case !until.IsZero():
		m.pausing[target] = c
		m.backoff.WithLabelValues(target).Set(float64(until.UnixMilli()) / 1000)
	case m.pausing[target] == c:
		delete(m.pausing, target)
		m.backoff.DeleteLabelValues(target)
	}
}

func (m *Metrics) requested(target string, err error, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(target, string(remote.ReasonOf(err))).Inc()
	m.duration.Observe(took.Seconds())
}

func (m *Metrics) loggedIn(target string, err error) {
	if m != nil {
		m.logins.WithLabelValues(target, string(remote.ReasonOf(err))).Inc()
	}
}
