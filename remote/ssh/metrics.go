package ssh

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dataprotection_exporter/remote"
)

// Metrics are what all SSH clients of this process report about themselves.
// Every series carries the target's name, so they are all removed with the last
// client of a target. A nil *Metrics records nothing.
type Metrics struct {
	dials        *prometheus.CounterVec
	dialDuration prometheus.Histogram
	open         *prometheus.GaugeVec
	sessions     *prometheus.CounterVec
	reused       *prometheus.CounterVec
	inFlight     *prometheus.GaugeVec
	backoff      *prometheus.GaugeVec
	verified     *prometheus.GaugeVec

	mu sync.Mutex
	// clients counts the clients of a target: while a reload replaces one,
	// there are two, and the first to go must not take the series along.
	clients map[string]int
	// pausing is the client that set the back-off series of a target.
	pausing map[string]*Client
}

// dialReasons are the outcomes a dial can have. Their series exist from the
// start, so that a rate sees the first failure.
var dialReasons = []remote.Reason{
	remote.None, remote.DNS, remote.Connect, remote.HostKeyUnknown, remote.HostKeyChanged, remote.Auth,
	remote.Timeout, remote.Disconnected, remote.Other,
}

// NewMetrics makes the metrics and registers them. It panics when they are
// registered already, like prometheus.MustRegister.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	target := []string{"target"}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append(target, labels...))
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, target)
	}
	m := &Metrics{
		dials: counter("dataprotection_ssh_dials_total",
			"Attempts to open an SSH connection to an address of the target, by outcome (reason none: connected and logged in).", "reason"),
		dialDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                            "dataprotection_ssh_dial_duration_seconds",
			Help:                            "Time from dialing an address until logged in or given up.",
			Buckets:                         []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}),
		open: gauge("dataprotection_ssh_connections_open",
			"SSH connections to the target that are logged in now. Two for a moment while one replaces another."),
		sessions: counter("dataprotection_ssh_sessions_total",
			"Commands started on the target over SSH."),
		reused: counter("dataprotection_ssh_sessions_reused_total",
			"Commands started on a connection that was open already, without another login."),
		inFlight: gauge("dataprotection_ssh_sessions_in_flight",
			"Commands running on the target over SSH now, including those being ended after their deadline."),
		backoff: gauge("dataprotection_ssh_auth_backoff_until_timestamp_seconds",
			"Until when no login is attempted because the last ones were refused. Present only during such a pause."),
		verified: gauge("dataprotection_ssh_host_key_verified",
			"Whether the host key of the target is verified: 0 when the configuration says insecure_ignore_host_key, 1 otherwise."),
		clients: map[string]int{},
		pausing: map[string]*Client{},
	}
	if reg != nil {
		reg.MustRegister(m.dials, m.dialDuration, m.open, m.sessions, m.reused, m.inFlight, m.backoff, m.verified)
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
	for _, reason := range dialReasons {
		m.dials.WithLabelValues(target, string(reason))
	}
	for _, v := range []*prometheus.CounterVec{m.sessions, m.reused} {
		v.WithLabelValues(target)
	}
	for _, v := range []*prometheus.GaugeVec{m.open, m.inFlight} {
		v.WithLabelValues(target)
	}
	verified := 1.0
	if c.cfg.InsecureIgnoreHostKey {
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
	m.dials.DeletePartialMatch(prometheus.Labels{"target": target})
	for _, v := range []*prometheus.CounterVec{m.sessions, m.reused} {
		v.DeleteLabelValues(target)
	}
	for _, v := range []*prometheus.GaugeVec{m.open, m.inFlight, m.verified} {
		v.DeleteLabelValues(target)
	}
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

func (m *Metrics) dialed(target string, reason remote.Reason, took time.Duration) {
	if m == nil {
		return
	}
	m.dials.WithLabelValues(target, string(reason)).Inc()
	m.dialDuration.Observe(took.Seconds())
}

func (m *Metrics) connected(target string, change float64) {
	if m != nil {
		m.open.WithLabelValues(target).Add(change)
	}
}

func (m *Metrics) started(target string, reused bool) {
	if m == nil {
		return
	}
	m.sessions.WithLabelValues(target).Inc()
	m.inFlight.WithLabelValues(target).Inc()
	if reused {
		m.reused.WithLabelValues(target).Inc()
	}
}

func (m *Metrics) ended(target string) {
	if m != nil {
		m.inFlight.WithLabelValues(target).Dec()
	}
}
