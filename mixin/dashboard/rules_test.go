package dashboard

import (
	"fmt"
	"slices"
	"testing"
)

// check is one rule for dashboards. It returns what breaks the rule.
type check struct {
	name string
	find func(*facts, *Dashboard) findings
}

// checks is every rule. TestSabotage proves that each can be broken.
var checks = []check{
	{"uid", uid},
	{"schema", schema},
	{"keys are sorted", keysSorted},
	{"page", page},
	{"alerts are marked", alertsMarked},
	{"links", links},

	{"datasource variable", datasourceVariable},
	{"variables", variables},
	{"variables are used and defined", variablesUsed},
	{"targets of the chosen sites", chained},

	{"ids of panels", panelIDs},
	{"kinds of panels", panelKinds},
	{"titles and descriptions", words},
	{"datasource", datasource},
	{"targets of panels", panelTargets},
	{"moments and ranges", moments},
	{"grid", grid},

	{"series exist", seriesExist},
	{"labels exist", labelsExist},
	{"label values are declared", valuesDeclared},
	{"chosen targets only", chosenOnly},
	{"counters", counters},
	{"rate intervals", rateIntervals},
	{"topk", topk},
	{"legends", legends},
	{"columns", columns},

	{"units", units},
	{"shares", shares},

	{"colours", colours},
	{"words beside colours", wordsBesideColours},
	{"every value has its word", everyValueHasItsWord},
}

// findings is what is wrong, a sentence each.
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

func TestRules(t *testing.T) {
	f := theFacts(t)
	for _, d := range f.dashboards {
		t.Run(d.Name, func(t *testing.T) {
			for _, c := range checks {
				found := c.find(f, d)
				slices.Sort(found)
				for _, finding := range slices.Compact(found) {
					t.Errorf("%s: %s", c.name, finding)
				}
			}
		})
	}
}
