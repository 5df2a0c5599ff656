package exporter

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"dataprotection_exporter/exporter/collect"
	"dataprotection_exporter/remote"
)

// debug answers /probe?debug=true: a collection of its own, every step timed,
// the device's answers with file names hidden, and the metrics they became.
func (e *Exporter) debug(ctx context.Context, w http.ResponseWriter, req request) {
	trace := &remote.Trace{}
	result := req.member.target.Fresh(remote.WithTrace(ctx, trace), req.parts)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")

	var b strings.Builder
	c := req.member.config
	fmt.Fprintf(&b, "target %s, system %s, transport %s, time allowed %s\n", c.Name, c.System, c.Transport, req.timeout)
	writeSteps(&b, trace.Steps(), result.Started)
	writeQuestions(&b, result)
	writeMetrics(&b, result, req.member)
	_, _ = io.WriteString(w, withoutSecrets(b.String(), req.member))
}

func writeSteps(b *strings.Builder, steps []remote.Step, start time.Time) {
	b.WriteString("\n== Steps\n")
	if len(steps) == 0 {
		b.WriteString("none was taken\n")
	}
	for _, s := range steps {
		fmt.Fprintf(b, "%9s  +%-9s %s\n", milliseconds(s.Start.Sub(start)), milliseconds(s.Duration), s.Name)
		if s.Err != nil {
			fmt.Fprintf(b, "           failed: %v\n", s.Err)
		}
		for line := range strings.Lines(s.Detail) {
			fmt.Fprintf(b, "           | %s\n", strings.TrimRight(line, "\r\n"))
		}
	}
}

func writeQuestions(b *strings.Builder, r collect.Result) {
	b.WriteString("\n== Parts\n")
	for _, q := range r.Questions {
		fmt.Fprintf(b, "%-12s %-16s %-16s %9s", q.Part, q.Unit, q.Reason(), milliseconds(q.Duration))
		if q.Unrecognized > 0 {
			fmt.Fprintf(b, "  %d unrecognized lines, as in: %s", q.Unrecognized, strings.Join(q.Examples, " | "))
		}
		if q.Err != nil {
			fmt.Fprintf(b, "  %v", q.Err)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n== Problems\n")
	problems := r.Problems()
	if len(problems) == 0 {
		b.WriteString("none\n")
	}
	for _, p := range problems {
		fmt.Fprintf(b, "%s: %s\n  cause:  %s\n  remedy: %s\n", p.Severity, p.Summary, p.Cause, p.Remedy)
	}
}

func writeMetrics(b *strings.Builder, r collect.Result, m *member) {
	b.WriteString("\n== Metrics\n")
	reg := prometheus.NewRegistry()
	reg.MustRegister(collect.Exposition{Result: r, Descs: m.system.Metrics})
	families, err := reg.Gather()
	if err != nil {
		fmt.Fprintf(b, "# %v\n", err)
	}
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(b, f); err != nil {
			fmt.Fprintf(b, "# %v\n", err)
		}
	}
}

// withoutSecrets is the last line of defence: no step should hold a secret, and
// if one does it is not shown.
func withoutSecrets(text string, m *member) string {
	cred := m.config.Credential
	if cred == nil {
		return text
	}
	for _, s := range []remote.Secret{cred.Password, cred.PrivateKey, cred.Passphrase} {
		if len(s.Reveal()) >= 4 {
			text = strings.ReplaceAll(text, s.Reveal(), s.String())
		}
	}
	return text
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
}
