package exporter

import (
	"fmt"
	"io/fs"
	"net/http"

	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"dataprotection_exporter/docs"
	"dataprotection_exporter/exporter/status"
)

// pages adds what a person reads.
func (e *Exporter) pages(mux *http.ServeMux) error {
	books, err := fs.Sub(docs.Runbooks, "runbooks")
	if err != nil {
		return fmt.Errorf("runbooks: %w", err)
	}
	runbooks, err := status.NewRunbooks(books)
	if err != nil {
		return err
	}
	landing, err := web.NewLandingPage(web.LandingConfig{
		Name:        "dataprotection_exporter",
		Description: "Prometheus exporter for the places where protection of enterprise data fails silently",
		Version:     version.Info(),
		HeaderColor: "#1f5fa8",
		Profiling:   "false",
		Links: []web.LandingLinks{
			{Address: "/targets", Text: "Targets", Description: "every target, what is wrong, why, and what to do next"},
			{Address: "/runbooks/", Text: "Runbooks", Description: "what each alert means and how to act on it"},
			{Address: "/sd", Text: "Service discovery", Description: "the targets for Prometheus' http_sd_configs"},
			{Address: e.opts.TelemetryPath, Text: "Metrics", Description: "of the exporter itself"},
		},
		Form: web.LandingForm{
			Action: "/probe",
			Inputs: []web.LandingFormInput{
				{Label: "Target", Type: "text", Name: "target", Placeholder: "name in the configuration"},
			},
		},
	})
	if err != nil {
		return fmt.Errorf("landing page: %w", err)
	}
	mux.Handle("GET /{$}", landing)
	mux.HandleFunc("GET /targets", e.targets(false))
	mux.HandleFunc("GET /targets.json", e.targets(true))
	mux.HandleFunc("GET /runbooks/{$}", runbooks.List)
	mux.HandleFunc("GET /runbooks/{alert}", runbooks.Alert)
	return nil
}

func (e *Exporter) targets(asJSON bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		f := e.fleet.Load()
		list := make([]status.Target, 0, len(f.config.Targets))
		for _, t := range f.config.Targets {
			m := f.members[t.Name]
			last, asked := m.target.Last()
			list = append(list, status.New(t.Name, m.system, t.Labels, last, asked))
		}
		status.ServeTargets(w, list, e.opts.Now(), asJSON)
	}
}
