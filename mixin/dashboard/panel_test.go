package dashboard

import (
	"regexp"
	"slices"
	"strings"
)

func panelIDs(_ *facts, d *Dashboard) (found findings) {
	seen := map[int]string{}
	var visit func([]*Panel)
	visit = func(panels []*Panel) {
		for _, p := range panels {
			if other, ok := seen[p.ID]; ok || p.ID == 0 {
				found.add("panel %q has the id %d, as %q", p.Title, p.ID, other)
			}
			seen[p.ID] = p.Title
			visit(p.Panels)
		}
	}
	visit(d.Panels)
	return found
}

// kinds are the panels that may be used, and whether they show a moment, as
// numbers or as a table, or a time range. Grafana has dropped graph, singlestat
// and table-old.
var kinds = map[string]string{
	"timeseries": "range", "state-timeline": "range", "status-history": "range", "histogram": "range", "heatmap": "range",
	"stat": "moment", "gauge": "moment", "bargauge": "moment", "piechart": "moment", "table": "table",
	"text": "", "row": "", "alertlist": "",
}

func panelKinds(_ *facts, d *Dashboard) (found findings) {
	for _, p := range append(d.All(), d.Panels...) {
		if _, ok := kinds[p.Type]; !ok {
			found.add("panel %q is of the kind %q", p.Title, p.Type)
		}
	}
	return found
}

var reTitle = regexp.MustCompile(`^[A-Z0-9].*[^.\s]$`)

// Every panel says what it shows, the description in sentences.
func words(_ *facts, d *Dashboard) (found findings) {
	seen := map[string]bool{}
	for _, p := range d.All() {
		if !reTitle.MatchString(p.Title) {
			found.add("panel %d has the title %q", p.ID, p.Title)
		}
		if seen[p.Title] {
			found.add("two panels have the title %q", p.Title)
		}
		seen[p.Title] = true
		if !strings.HasSuffix(p.Description, ".") || len(p.Description) < 20 || p.Description == p.Title+"." {
			found.add("panel %q has the description %q", p.Title, p.Description)
		}
	}
	for _, p := range d.Panels {
		if p.Type == "row" && !reTitle.MatchString(p.Title) {
			found.add("a row has the title %q", p.Title)
		}
	}
	return found
}

// Whose Prometheus is asked, is the reader's choice everywhere.
func datasource(_ *facts, d *Dashboard) (found findings) {
	for _, p := range d.All() {
		if kinds[p.Type] == "" {
			continue
		}
		if !isVariable(p.Datasource) {
			found.add("panel %q has the datasource %v", p.Title, p.Datasource)
		}
		for _, t := range p.Targets {
			if !isVariable(t.Datasource) {
				found.add("panel %q, query %s has the datasource %v", p.Title, t.RefID, t.Datasource)
			}
		}
	}
	return found
}

// Every panel asks something, and nothing twice.
func panelTargets(_ *facts, d *Dashboard) (found findings) {
	for _, p := range d.All() {
		if kinds[p.Type] != "" && len(p.Targets) == 0 {
			found.add("panel %q asks nothing", p.Title)
		}
		if kinds[p.Type] == "" && len(p.Targets) > 0 {
			found.add("panel %q asks and shows no answer", p.Title)
		}
		seen := map[string]bool{}
		for _, t := range p.Targets {
			if t.RefID == "" || strings.TrimSpace(t.Expr) == "" || t.Hide || seen[t.RefID] || seen[t.Expr] {
				found.add("panel %q, query %q: %q is empty, hidden or there twice", p.Title, t.RefID, t.Expr)
			}
			seen[t.RefID], seen[t.Expr] = true, true
		}
	}
	return found
}

// Panels of one moment ask for one moment only, tables in the form of tables; the
// others ask for the time range. A stat may have a range when it draws a line.
func moments(_ *facts, d *Dashboard) (found findings) {
	for _, p := range d.All() {
		for _, t := range p.Targets {
			drawn := p.Type == "stat" && p.Options["graphMode"] == "area"
			want := kinds[p.Type] != "range" && !drawn
			if t.Instant != want || t.Range == want {
				found.add("panel %q, query %s: instant %v, range %v", p.Title, t.RefID, t.Instant, t.Range)
			}
			if (t.Format == "table") != (p.Type == "table") {
				found.add("panel %q, query %s has the format %q", p.Title, t.RefID, t.Format)
			}
		}
	}
	return found
}

// The grid of Grafana, and how small and large a panel may be.
const (
	gridColumns         = 24
	minWidth, minHeight = 3, 3
	maxHeight           = 16
)

// Panels do not overlap and leave no holes; rows are folded.
func grid(_ *facts, d *Dashboard) (found findings) {
	gridOf(&found, d.Panels)
	for _, p := range d.Panels {
		if p.Type != "row" {
			continue
		}
		if !p.Collapsed || len(p.Panels) == 0 {
			found.add("row %q: folded %v, panels %d; a row is folded and holds its panels", p.Title, p.Collapsed, len(p.Panels))
		}
		gridOf(&found, p.Panels)
		if slices.ContainsFunc(p.Panels, func(in *Panel) bool { return in.GridPos.Y <= p.GridPos.Y }) {
			found.add("row %q has a panel above it", p.Title)
		}
	}
	return found
}

func gridOf(found *findings, panels []*Panel) {
	taken := map[[2]int]string{}
	top, bottom := 1<<20, 0
	for _, p := range panels {
		g := p.GridPos
		if p.Type == "row" {
			if g.H != 1 || g.W != gridColumns {
				found.add("row %q is %d by %d", p.Title, g.W, g.H)
			}
		} else if g.W < minWidth || g.H < minHeight || g.H > maxHeight {
			found.add("panel %q is %d by %d", p.Title, g.W, g.H)
		}
		if g.X < 0 || g.Y < 0 || g.X+g.W > gridColumns {
			found.add("panel %q is beyond the edge: %+v", p.Title, g)
		}
		top, bottom = min(top, g.Y), max(bottom, g.Y+g.H)
		overlaps := ""
		for y := g.Y; y < g.Y+g.H; y++ {
			for x := g.X; x < g.X+g.W; x++ {
				if other, ok := taken[[2]int{x, y}]; ok {
					overlaps = other
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if overlaps != "" {
			found.add("panel %q lies over %q", p.Title, overlaps)
		}
	}
	for y := top; y < bottom; y++ {
		for x := range gridColumns {
			if _, ok := taken[[2]int{x, y}]; !ok {
				found.add("there is a hole in line %d, column %d", y, x)
				return
			}
		}
	}
}
