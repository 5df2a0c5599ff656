package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"dataprotection_exporter/exporter/collect"
)

// timeoutMargin is what is left of a scraper's patience for the way back.
const timeoutMargin = 500 * time.Millisecond

const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// Why a request is refused, as values of the label `cause`.
const (
	refusedTarget    = "target"
	refusedParameter = "parameter"
	refusedTimeout   = "timeout_header"
)

// refusal is a request that cannot be served, in one sentence.
type refusal struct{ cause, sentence string }

// request is what a scrape asks for.
type request struct {
	member  *member
	parts   []string
	debug   bool
	timeout time.Duration
}

// probe serves GET /probe: one collection of one target. A device in trouble is
// an answer too; only a request that makes no sense is refused.
func (e *Exporter) probe(w http.ResponseWriter, r *http.Request) {
	req, refused := e.fleet.Load().request(r)
	if refused != nil {
		e.own.refused.WithLabelValues(refused.cause).Inc()
		http.Error(w, refused.sentence, http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), req.timeout)
	defer cancel()
	if req.debug {
		e.debug(ctx, w, req)
		return
	}
	result := req.member.target.Collect(ctx, req.parts)
	if r.Context().Err() != nil {
		return // the scraper hung up
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collect.Exposition{Result: result, Descs: req.member.system.Metrics})
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		ErrorHandling:     promhttp.ContinueOnError,
		ErrorLog:          slog.NewLogLogger(e.opts.Logger.With("target", req.member.config.Name).Handler(), slog.LevelError),
	}).ServeHTTP(w, r)
}

// request reads a request to /probe.
func (f *fleet) request(r *http.Request) (request, *refusal) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return request{}, &refusal{refusedParameter, "The query cannot be read: " + err.Error() + "."}
	}
	for _, name := range sortedKeys(q) {
		if !slices.Contains([]string{"target", "part", "debug"}, name) {
			return request{}, &refusal{refusedParameter, fmt.Sprintf("Unknown parameter %q: there are target, part and debug.", name)}
		}
	}
	var req request
	switch targets := q["target"]; {
	case len(targets) == 0 || targets[0] == "" && len(targets) == 1:
		return request{}, &refusal{refusedTarget, "The parameter target is missing: name a target of the configuration, as in /probe?target=NAME."}
	case len(targets) > 1:
		return request{}, &refusal{refusedTarget, "The parameter target is given more than once: a probe asks one target."}
	default:
		req.member = f.members[targets[0]]
		if req.member == nil {
			return request{}, &refusal{refusedTarget, fmt.Sprintf("There is no target %q in the configuration; /sd lists those there are.", targets[0])}
		}
	}
	for _, p := range q["part"] {
		if !slices.Contains(req.member.system.Parts, p) {
			return request{}, &refusal{refusedParameter, fmt.Sprintf("Unknown part %q: %s has %s.", p, req.member.system.Name, strings.Join(req.member.system.Parts, ", "))}
		}
	}
	req.parts = slices.Compact(slices.Sorted(slices.Values(q["part"])))
	if d, given := q["debug"]; given {
		on, err := strconv.ParseBool(d[0])
		if err != nil || len(d) > 1 {
			return request{}, &refusal{refusedParameter, "The parameter debug is true or false, and given once."}
		}
		req.debug = on
	}
	timeout, err := scrapeTimeout(r.Header.Values(timeoutHeader), req.member.target.Timeout())
	if err != nil {
		return request{}, &refusal{refusedTimeout, err.Error()}
	}
	req.timeout = timeout
	return req, nil
}

// scrapeTimeout is how long a collection may take for a scraper that says how
// long it waits: a margin less, and never longer than the target's own timeout.
// A patience at or under the margin gets 90 % of itself.
func scrapeTimeout(header []string, own time.Duration) (time.Duration, error) {
	if len(header) == 0 {
		return own, nil
	}
	s, err := strconv.ParseFloat(strings.TrimSpace(header[0]), 64)
	if err != nil || len(header) > 1 || math.IsNaN(s) || math.IsInf(s, 0) || s <= 0 {
		return 0, fmt.Errorf("The header %s is %q and should be a number of seconds above 0.", timeoutHeader, strings.Join(header, ", ")) //nolint:revive,staticcheck // the body of an answer, read by a person
	}
	patience := time.Duration(math.Min(s, 3600) * float64(time.Second))
	if patience <= timeoutMargin {
		return min(patience*9/10, own), nil
	}
	return min(patience-timeoutMargin, own), nil
}

func sortedKeys(q url.Values) []string {
	keys := make([]string, 0, len(q))
	for k := range q {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
