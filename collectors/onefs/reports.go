package onefs

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote/papi"
)

// noPolicy stands for scans that no policy asked for: the daily report on scans
// on access, and single files.
const noPolicy = "none"

// The documented states of a scan report, by what they say of the scan.
var (
	completed = []string{"finish", "finished", "succeeded", ""}
	broken    = []string{"failed", "cancelled"}
	underway  = []string{"started", "paused", "resumed", "pending"}
)

// readScans reads a page of scan reports. Those of ICAP are not CAVA's.
func readScans(body []byte) (reports []reportRecord, unknown []string, err error) {
	a, err := decode[scansAnswer](body)
	if err != nil {
		return nil, nil, err
	}
	if !a.Reports.there {
		return nil, nil, lacks("list of reports")
	}
	unknown = oddities(a)
	for _, r := range a.Reports.items {
		if strings.Contains(strings.ToUpper(r.Service.value), "ICAP") {
			continue
		}
		if r.Policy.value == "" {
			r.Policy.value = noPolicy
		}
		status := strings.ToLower(r.Status.value)
		if !slices.Contains(slices.Concat(completed, broken, underway), status) {
			unknown = append(unknown, "reports.status: "+r.Status.value)
		}
		if r.End.value != nil && *r.End.value > maxEpoch {
			unknown = append(unknown, fmt.Sprintf("reports.end: %v", *r.End.value))
		}
		reports = append(reports, r)
	}
	return reports, unknown, nil
}

// newest is the last reports of a policy: of all scans that ended, and of those
// that were completed.
type newest struct{ ended, completed *reportRecord }

// reportBook gathers the newest report of each policy.
type reportBook struct {
	policies map[string]*newest
	// ordered is true while the reports came newest first, last is the start of
	// the one before.
	ordered bool
	last    *float64
}

// add takes a page. It says whether the page brought a policy that was not yet
// complete; behind a page that did not, an ordered list has nothing new.
func (b *reportBook) add(reports []reportRecord) (news bool) {
	for _, r := range reports {
		if r.Start.value != nil {
			b.ordered = b.ordered && (b.last == nil || *r.Start.value <= *b.last)
			b.last = r.Start.value
		}
		n := b.policies[r.Policy.value]
		if n == nil {
			n = &newest{}
			b.policies[r.Policy.value] = n
			news = true
		}
		news = news || n.completed == nil
		status := strings.ToLower(r.Status.value)
		if epoch(r.End).IsZero() || slices.Contains(underway, status) {
			continue
		}
		if n.ended == nil || *r.End.value > *n.ended.End.value {
			n.ended = &r
		}
		if slices.Contains(completed, status) && (n.completed == nil || *r.End.value > *n.completed.End.value) {
			n.completed = &r
		}
	}
	return news
}

func (c *collector) reports(ctx context.Context, p *system.Part, _ *facts) error {
	book, unknown, err := c.readBook(ctx)
	if err != nil {
		return err
	}
	body, err := c.api.Get(ctx, askThreats)
	if err != nil {
		return err
	}
	threats, err := decode[threatsAnswer](body)
	if err != nil {
		return err
	}
	if threats.Total.value == nil {
		return lacks("number of threats (total)")
	}
	p.Unrecognized(unknown...)
	set(p, metricThreats, threats.Total)
	for _, policy := range slices.Sorted(maps.Keys(book.policies)) {
		n := book.policies[policy]
		if n.completed != nil {
			emitReport(p, policy, *n.completed)
		}
		if problem := reportProblem(policy, n); problem != nil {
			p.Problem(*problem)
		}
	}
	return nil
}

// readBook reads the reports, newest first where the cluster can sort them.
func (c *collector) readBook(ctx context.Context) (book *reportBook, unknown []string, err error) {
	read := func(r papi.Request) error {
		book, unknown = &reportBook{policies: map[string]*newest{}, ordered: !c.unsorted}, nil
		return c.api.Pages(ctx, r, func(body []byte) error {
			reports, odd, err := readScans(body)
			unknown = append(unknown, odd...)
			if news := book.add(reports); err == nil && !news && book.ordered {
				return papi.Enough
			}
			return err
		})
	}
	if !c.unsorted {
		err = read(askNewestScans)
		if papi.StatusOf(err) != http.StatusBadRequest {
			return book, unknown, err
		}
		c.unsorted = true
	}
	err = read(askScans)
	return book, unknown, err
}

func emitReport(p *system.Part, policy string, r reportRecord) {
	p.SetTime(metricReportEnd, epoch(r.End), policy)
	set(p, metricReportFiles, r.Files, policy)
	set(p, metricReportInfections, r.Infections, policy)
	set(p, metricReportFailures, r.Fails, policy)
	set(p, metricReportDuration, r.Duration, policy)
	set(p, metricReportSize, r.Size, policy)
}

// reportProblem is a policy whose last scan was not completed.
func reportProblem(policy string, n *newest) *system.Problem {
	if n.ended == nil || !slices.Contains(broken, strings.ToLower(n.ended.Status.value)) {
		return nil
	}
	return &system.Problem{
		Summary: fmt.Sprintf("the last scan of policy %s ended as %s", sentence(policy), sentence(n.ended.Status.value)), Severity: "warning",
		Cause:  "the report of the scan says so",
		Remedy: "look at `isi antivirus reports scans list` and at the job engine, then run the policy again",
	}
}
