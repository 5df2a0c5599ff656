package exporter

import (
	"encoding/json"
	"net/http"
)

// targetGroup is one entry of Prometheus' HTTP service discovery.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// sd serves GET /sd: every target as its own group, ready to be scraped without
// relabelling. The address scraped is the one this request came to.
func (e *Exporter) sd(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	f := e.fleet.Load()
	groups := make([]targetGroup, 0, len(f.config.Targets))
	for _, t := range f.config.Targets {
		labels := map[string]string{}
		for k, v := range t.Labels {
			labels[k] = v
		}
		labels["__scheme__"] = scheme
		labels["__metrics_path__"] = "/probe"
		labels["__param_target"] = t.Name
		labels["instance"] = t.Name
		labels["system"] = t.System
		groups = append(groups, targetGroup{Targets: []string{r.Host}, Labels: labels})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(groups)
}
