// Package exporter serves targets over HTTP: it holds the running
// configuration, runs a collection per scrape and turns it into an exposition.
package exporter

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/exporter/config"
	"dataprotection_exporter/exporter/storage"
	"dataprotection_exporter/remote/papi"
	"dataprotection_exporter/remote/ssh"
)

// Options says what an exporter is made of.
type Options struct {
	// ConfigFiles are read at New and at every reload.
	ConfigFiles []string
	Systems     []system.Definition
	// Registry takes the exporter's own metrics and serves them.
	Registry *prometheus.Registry
	// TelemetryPath is where the exporter's own metrics are served.
	TelemetryPath string
	// Storage keeps places in logs; nil keeps them in memory. It is not closed
	// with the Exporter.
	Storage *storage.DB
	Logger  *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Exporter is the targets of a configuration, served. It is safe for concurrent
// use.
type Exporter struct {
	opts     Options
	workshop workshop
	own      *ownMetrics

	// reload keeps reloads apart; fleet is the running one.
	reload sync.Mutex
	fleet  atomic.Pointer[fleet]
}

// New reads the configuration and prepares every target; no device is
// contacted.
func New(opts Options) (*Exporter, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.TelemetryPath == "" {
		opts.TelemetryPath = "/metrics"
	}
	if opts.Storage == nil {
		opts.Storage = storage.Memory()
	}
	e := &Exporter{opts: opts, own: newOwnMetrics(opts.Registry, opts.Systems)}
	e.workshop = workshop{
		systems: opts.Systems, ssh: ssh.NewMetrics(opts.Registry), papi: papi.NewMetrics(opts.Registry), observe: e.own, storage: opts.Storage,
		log: opts.Logger, now: opts.Now,
	}
	if err := e.Reload(); err != nil {
		return nil, err
	}
	return e, nil
}

// Reload reads the configuration again. A configuration with a mistake changes
// nothing; targets that stay the same go on undisturbed.
func (e *Exporter) Reload() error {
	e.reload.Lock()
	defer e.reload.Unlock()
	old := e.fleet.Load()
	next, err := e.load(old)
	if err != nil {
		e.own.reloaded(false, e.opts.Now())
		return err
	}
	e.fleet.Store(next)
	old.retire(next, e.opts.Logger)
	e.own.reloaded(true, e.opts.Now())
	for _, w := range next.config.Warnings {
		e.opts.Logger.Warn("configuration", "problem", w.String())
	}
	e.logChange(old, next)
	return nil
}

func (e *Exporter) load(old *fleet) (*fleet, error) {
	cfg, err := config.Load(e.opts.ConfigFiles, e.opts.Systems)
	if err != nil {
		return nil, err
	}
	next, err := e.workshop.build(cfg, old)
	if err != nil {
		return nil, fmt.Errorf("the configuration is well-formed, but a target cannot be prepared: %w", err)
	}
	return next, nil
}

// logChange says in one line what a reload changed.
func (e *Exporter) logChange(old, next *fleet) {
	added, changed, removed := 0, 0, 0
	for name, m := range next.members {
		switch {
		case old == nil || old.members[name] == nil:
			added++
		case old.members[name].target != m.target:
			changed++
		}
	}
	if old != nil {
		for name := range old.members {
			if next.members[name] == nil {
				removed++
			}
		}
	}
	e.opts.Logger.Info("configuration loaded", "targets", len(next.members), "added", added, "changed", changed, "removed", removed)
}

// Close ends every collection and connection.
func (e *Exporter) Close() {
	e.reload.Lock()
	defer e.reload.Unlock()
	e.fleet.Load().retire(nil, e.opts.Logger)
}

// Handler serves everything of the exporter.
func (e *Exporter) Handler() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /probe", e.probe)
	mux.Handle("GET "+e.opts.TelemetryPath, e.own.handler(e.opts.Registry))
	mux.HandleFunc("GET /sd", e.sd)
	mux.HandleFunc("GET /-/healthy", healthy)
	mux.HandleFunc("GET /-/ready", healthy)
	mux.HandleFunc("POST /-/reload", e.reloadNow)
	if err := e.pages(mux); err != nil {
		return nil, err
	}
	return mux, nil
}

// healthy answers as soon as there is something to answer with: New returns
// with a configuration loaded or not at all.
func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintln(w, "OK")
}

// reloadNow serves POST /-/reload. What is wrong with the configuration is the
// answer's body.
func (e *Exporter) reloadNow(w http.ResponseWriter, _ *http.Request) {
	if err := e.Reload(); err != nil {
		e.opts.Logger.Error("the new configuration is not used, the running one stays", "err", err)
		http.Error(w, "The new configuration is not used, the running one stays:\n"+err.Error(), http.StatusInternalServerError)
		return
	}
	healthy(w, nil)
}
