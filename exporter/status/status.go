// Package status is the pages a person reads: every target with what is wrong,
// why, and what to do next; and the runbook of each alert.
package status

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/exporter/collect"
	"dataprotection_exporter/remote"
)

// Health of a target, best first.
const (
	HealthOK       = "ok"
	HealthInfo     = "info"
	HealthWarning  = "warning"
	HealthCritical = "critical"
	// HealthUnknown is a target that was not asked yet.
	HealthUnknown = "unknown"
)

// Target is one target as a person sees it.
type Target struct {
	Name   string            `json:"name"`
	System string            `json:"system"`
	Title  string            `json:"title"`
	Labels map[string]string `json:"labels,omitempty"`
	Health string            `json:"health"`
	// Asked is when the last collection began, nil when there was none;
	// Collected when the oldest of its answers was given.
	Asked     *time.Time       `json:"asked,omitempty"`
	Collected *time.Time       `json:"collected,omitempty"`
	Seconds   float64          `json:"duration_seconds"`
	Problems  []system.Problem `json:"problems"`
	Parts     []Part           `json:"parts"`
}

// Part is how one question ended.
type Part struct {
	Part   string `json:"part"`
	Unit   string `json:"unit,omitempty"`
	Reason string `json:"reason"`
	Error  string `json:"error,omitempty"`
}

// New describes a target by its last collection.
func New(name string, def system.Definition, labels map[string]string, last collect.Result, asked bool) Target {
	t := Target{
		Name: name, System: def.Name, Title: def.Title, Labels: labels,
		Health: HealthUnknown, Problems: []system.Problem{}, Parts: []Part{},
	}
	if !asked {
		return t
	}
	started := last.Started
	t.Asked, t.Seconds = &started, last.Duration.Seconds()
	if c := last.Collected(); !c.IsZero() {
		t.Collected = &c
	}
	t.Problems = append(t.Problems, last.Problems()...)
	t.Health = HealthOK
	if len(t.Problems) > 0 {
		t.Health = t.Problems[0].Severity
	}
	for _, q := range last.Questions {
		p := Part{Part: q.Part, Unit: q.Unit, Reason: string(q.Reason())}
		if q.Err != nil {
			p.Error = q.Err.Error()
		}
		t.Parts = append(t.Parts, p)
	}
	return t
}

// Failed says that the part was not answered though it could have been.
func (p Part) Failed() bool {
	return p.Reason != string(remote.None) && p.Reason != string(remote.NotSupported)
}

//go:embed targets.html
var targetsHTML string

//go:embed style.css
var style string

var targetsPage = template.Must(template.New("targets").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own file
	"ago":   ago,
	"join":  labels,
}).Parse(targetsHTML))

// ServeTargets answers with the list, as a page or as JSON.
func ServeTargets(w http.ResponseWriter, targets []Target, now time.Time, asJSON bool) {
	if asJSON {
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(map[string]any{"targets": targets})
		return
	}
	count := map[string]int{}
	for _, t := range targets {
		count[t.Health]++
	}
	var b bytes.Buffer
	err := targetsPage.Execute(&b, map[string]any{"Targets": worstFirst(targets), "Count": count, "Now": now})
	serveHTML(w, b.Bytes(), err)
}

func worstFirst(targets []Target) []Target {
	order := []string{HealthCritical, HealthWarning, HealthInfo, HealthUnknown, HealthOK}
	sorted := slices.Clone(targets)
	slices.SortStableFunc(sorted, func(a, b Target) int {
		return slices.Index(order, a.Health) - slices.Index(order, b.Health)
	})
	return sorted
}

func serveHTML(w http.ResponseWriter, page []byte, err error) {
	if err != nil {
		http.Error(w, "The page cannot be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(page)
}

// ago is a time for a person: how long it is past.
func ago(now time.Time, t *time.Time) string {
	if t == nil {
		return "never"
	}
	switch d := now.Sub(*t).Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

func labels(m map[string]string) string {
	var s []string
	for k, v := range m {
		s = append(s, k+"="+v)
	}
	slices.Sort(s)
	return strings.Join(s, ", ")
}
