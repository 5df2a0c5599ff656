package dashboard

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
)

// gone as a value takes something away.
type gone struct{}

// again as a value puts a copy of the first element at the end of a list.
type again struct{}

// sabotage is everything that can be done to the good dashboard that a rule must
// notice. At is the way to a place in the JSON; a value that is a function makes
// the new one from the old.
var sabotage = []struct {
	rule, at string
	value    any
}{
	{"uid", "uid", "another"},
	{"uid", "id", 7},

	{"schema", "schemaVersion", 16},
	{"schema", "editable", true},
	{"schema", "editable", gone{}},

	{"page", "title", ""},
	{"page", "description", "No sentence"},
	{"page", "tags", []any{}},
	{"page", "timezone", "utc"},
	{"page", "refresh", "1s"},
	{"page", "refresh", "often"},
	{"page", "time/to", "now-1h"},

	{"alerts are marked", "annotations/list", []any{}},
	{"alerts are marked", "annotations/list/0/datasource/uid", "P1809F7CD0C75ACF3"},
	{"alerts are marked", "annotations/list/0/titleFormat", ""},
	{"alerts are marked", "annotations/list/0/expr", "ALERTS{"},

	{"links", "links/0/url", "/d/no-such-dashboard"},
	{"links", "links/0/url", "https://example.com/"},
	{"links", "links/0/url", "/d/dataprotection-overview?var-node=1"},
	{"links", "links/0/title", ""},
	{"links", "links/1/tags", []any{"nobody-has-this"}},
	{"links", "links/2/url", within("targets", "no-such-page")},
	{"links", "panels/4/panels/1/fieldConfig/overrides/1/properties/0/value/0/url", within("CavaCheckerOffline", "NoSuchAlert")},

	{"datasource variable", "templating/list/0/name", "prometheus"},
	{"datasource variable", "templating/list/0/query", "loki"},
	{"datasource variable", "templating/list/0/multi", true},

	{"variables", "templating/list/2/name", "host"},
	{"variables", "templating/list/1/label", ""},
	{"variables", "templating/list/1/refresh", 1},
	{"variables", "templating/list/1/sort", 0},
	{"variables", "templating/list/1/multi", false},
	{"variables", "templating/list/1/includeAll", false},
	{"variables", "templating/list/1/allValue", gone{}},
	{"variables", "templating/list/1/datasource/uid", "default"},
	{"variables", "templating/list/1/type", "textbox"},
	{"variables", "templating/list/1/query/query", "label_values(site)"},
	{"variables", "templating/list/1/definition", "label_values(site)"},

	{"variables are used and defined", "templating/list/2/name", "host"},
	{"variables are used and defined", "panels/0/targets/0/expr", "max(vnx_cava_queue_files{mover=~\"$mover\"})"},
	{"variables are used and defined", "panels/0/description", "About ${mover:csv}."},

	{"targets of the chosen sites", "templating/list/2/query/query", "label_values(up, instance)"},

	{"ids of panels", "panels/0/id", 2},
	{"ids of panels", "panels/4/panels/0/id", 1},
	{"ids of panels", "panels/0/id", gone{}},

	{"kinds of panels", "panels/2/type", "graph"},
	{"kinds of panels", "panels/4/panels/1/type", "table-old"},

	{"titles and descriptions", "panels/0/title", ""},
	{"titles and descriptions", "panels/0/title", "Ends with a stop."},
	{"titles and descriptions", "panels/0/title", "Last check"},
	{"titles and descriptions", "panels/4/panels/0/description", gone{}},
	{"titles and descriptions", "panels/0/description", "It has no full stop at its end"},
	{"titles and descriptions", "panels/0/description", "Short."},
	{"titles and descriptions", "panels/4/title", "in small letters"},

	{"datasource", "panels/0/datasource/uid", "P1809F7CD0C75ACF3"},
	{"datasource", "panels/0/datasource", gone{}},
	{"datasource", "panels/4/panels/1/targets/1/datasource/uid", "default"},
	{"datasource", "panels/0/datasource/type", "loki"},

	{"targets of panels", "panels/0/targets", []any{}},
	{"targets of panels", "panels/0/targets/0/expr", " "},
	{"targets of panels", "panels/0/targets/0/hide", true},
	{"targets of panels", "panels/2/targets/1/refId", "A"},
	{"targets of panels", "panels/2/targets", again{}},
	{"targets of panels", "panels/0/type", "text"},

	{"moments and ranges", "panels/0/targets/0/instant", false},
	{"moments and ranges", "panels/0/targets/0/range", true},
	{"moments and ranges", "panels/2/targets/0/instant", true},
	{"moments and ranges", "panels/4/panels/1/targets/0/format", "time_series"},

	{"grid", "panels/0/gridPos/w", 9},
	{"grid", "panels/0/gridPos/w", 7},
	{"grid", "panels/0/gridPos/x", -1},
	{"grid", "panels/1/gridPos/w", 17},
	{"grid", "panels/2/gridPos/h", 30},
	{"grid", "panels/2/gridPos/y", 5},
	{"grid", "panels/4/collapsed", false},
	{"grid", "panels/4/panels", []any{}},
	{"grid", "panels/4/gridPos/h", 2},
	{"grid", "panels/4/panels/1/gridPos/x", 9},
	{"grid", "panels/4/panels/0/gridPos/y", 1},
	{"grid", "panels/0/gridPos", map[string]any{"h": 2, "w": 2, "x": 0, "y": 0}},

	{"series exist", "panels/0/targets/0/expr", "max(vnx_cava_queue_length)"},
	{"series exist", "panels/0/targets/0/expr", "max(vnx_cava_queue_files"},
	{"series exist", "panels/0/targets/0/expr", "1 + 1"},
	{"series exist", "annotations/list/0/expr", "ALARMS"},
	{"series exist", "templating/list/1/query/query", "label_values(down, site)"},

	{"labels exist", "panels/0/targets/0/expr", within("{", `{node="1",`)},
	{"labels exist", "panels/2/targets/0/expr", within("by (instance, mover)", "by (instance, moover)")},
	{"labels exist", "panels/2/targets/0/expr", within("by (instance, mover)", "without (checker)")},
	{"labels exist", "panels/3/targets/0/expr", within("on (job, instance, mover)", "on (job, instance, checker)")},
	{"labels exist", "panels/3/targets/0/expr", within("group_left (share)", "group_left (node)")},
	{"labels exist", "templating/list/1/query/query", "label_values(up, town)"},

	{"label values are declared", "panels/2/targets/1/expr", within("timeout", "timed_out")},
	{"label values are declared", "panels/0/targets/0/expr", within("vnx_cava\"", "vnx\"")},
	{"label values are declared", "panels/0/targets/0/expr", `mover_policy:vnx_cava_offline_policy:last{policy="smb",instance=~"$target",site=~"$site"}`},
	{"label values are declared", "annotations/list/0/expr", within("firing", "burning")},

	{"chosen targets only", "panels/0/targets/0/expr", within(`,instance=~"$target"`, "")},
	{"chosen targets only", "panels/0/targets/0/expr", within(`instance=~`, "instance=")},
	{"chosen targets only", "panels/0/targets/0/expr", within(`,site=~"$site"`, "")},
	{"chosen targets only", "annotations/list/0/expr", within(`,instance=~"$target"`, "")},
	{"chosen targets only", "panels/0/targets/0/expr", "max(dataprotection_ssh_connections_open)"},

	{"chosen targets only", "panels/4/panels/2/targets/0/expr", within(`instance=~"$exporter",`, "")},
	{"chosen targets only", "panels/4/panels/2/targets/0/expr", within(`,target=~"$target"`, "")},

	{"counters", "panels/2/targets/0/expr", within("rate(", "avg_over_time(")},
	{"counters", "panels/0/targets/0/expr", within("vnx_cava_queue_files", "vnx_cava_requests_total")},
	{"counters", "panels/2/targets/0/expr", within("vnx_cava_requests_total", "vnx_cava_queue_files")},

	{"rate intervals", "panels/2/targets/0/expr", within("$__rate_interval", "1m")},
	{"rate intervals", "panels/2/targets/0/expr", within("$__rate_interval", "$__interval")},

	{"topk", "panels/4/panels/1/targets/0/instant", false},

	{"legends", "panels/2/targets/0/legendFormat", "__auto"},
	{"legends", "panels/1/targets/0/legendFormat", "__auto"},
	{"legends", "panels/2/targets/0/legendFormat", "vnx_cava_requests_total {{mover}}"},
	{"legends", "panels/2/targets/0/legendFormat", "{{moover}}"},
	{"legends", "panels/2/targets/0/legendFormat", "requests"},

	{"columns", "panels/4/panels/1/transformations/2/options/renameByName", map[string]any{"Value #C": "Asked"}},
	{"columns", "panels/4/panels/1/transformations/2/options/indexByName", map[string]any{"chequer": 1}},
	{"columns", "panels/4/panels/1/transformations/1/options/include/names", []any{"chequer"}},
	{"columns", "panels/4/panels/1/transformations/0/id", "limit"},
	{"columns", "panels/4/panels/1/fieldConfig/overrides/3/matcher/options", "On line"},
	{"columns", "panels/4/panels/1/options/sortBy/0/displayName", "Since"},

	{"units", "panels/0/fieldConfig/defaults/unit", gone{}},
	{"units", "panels/0/fieldConfig/defaults/unit", "bytes"},
	{"units", "panels/1/targets/0/expr", within(" * 1000", "")},
	{"units", "panels/1/fieldConfig/defaults/unit", "s"},
	{"units", "panels/2/fieldConfig/defaults/unit", "short"},
	{"units", "panels/2/targets/0/expr", within("rate(", "increase(")},
	{"units", "panels/3/fieldConfig/defaults/unit", "percent"},
	{"units", "panels/4/panels/1/fieldConfig/overrides/4/properties/0/value", "ms"},
	{"units", "panels/4/panels/1/fieldConfig/overrides/4/matcher/options", "Online"},

	{"shares", "panels/3/fieldConfig/defaults/min", gone{}},
	{"shares", "panels/3/fieldConfig/defaults/max", 100},
	{"shares", "panels/3/fieldConfig/defaults/thresholds/steps", []any{}},

	{"colours", "panels/3/fieldConfig/defaults/thresholds/steps/1/color", "red"},
	{"colours", "panels/2/fieldConfig/defaults/color/mode", "continuous-GrYlRd"},
	{"colours", "panels/2/fieldConfig/defaults/color/mode", "palette-classic-by-name"},
	{"colours", "panels/2/fieldConfig/defaults/color/fixedColor", "#FF0000"},
	{"colours", "panels/4/panels/0/fieldConfig/defaults/mappings/0/options/0/color", "dark-red"},
	{"colours", "annotations/list/0/iconColor", "red"},

	{"words beside colours", "panels/4/panels/0/fieldConfig/defaults/mappings/0/options/0/text", " "},
	{"words beside colours", "panels/4/panels/0/fieldConfig/defaults/mappings/0/options/0/text", "runs"},
	{"words beside colours", "panels/4/panels/0/fieldConfig/defaults/mappings", []any{}},
	{"words beside colours", "panels/4/panels/1/fieldConfig/overrides/3/properties/0/value/0/options/0/text", gone{}},
	{"every value has its word", "panels/4/panels/0/fieldConfig/defaults/mappings/0/options/1", gone{}},
	{"every value has its word", "panels/4/panels/1/fieldConfig/overrides/2/properties/0/value/0/options/cifs", gone{}},

	{"words beside colours", "panels/0/options/textMode", "none"},
	{"words beside colours", "panels/4/panels/0/options/showValue", "never"},
}

// within replaces a part of a text.
func within(old, replacement string) func(string) string {
	return func(text string) string { return strings.Replace(text, old, replacement, 1) }
}

func goodDashboard(t *testing.T) []byte {
	t.Helper()
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.FileImporter{JPaths: []string{".."}})
	text, err := vm.EvaluateFile(filepath.Join("testdata", "good.jsonnet"))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}

// alone is the facts of a world with one dashboard and a second one it links to.
func alone(t *testing.T, d *Dashboard) *facts {
	t.Helper()
	f, err := known()
	if err != nil {
		t.Fatal(err)
	}
	world := *f
	overview := &Dashboard{Name: "overview", UID: f.ids["overview"], Tags: []string{"dataprotection"}}
	world.dashboards = []*Dashboard{d, overview}
	return &world
}

func TestGoodDashboardIsGood(t *testing.T) {
	d, err := Parse("vnx_cava", goodDashboard(t))
	if err != nil {
		t.Fatal(err)
	}
	f := alone(t, d)
	for _, c := range checks {
		for _, finding := range c.find(f, d) {
			t.Errorf("%s: %s", c.name, finding)
		}
	}
}

// Each rule notices what it is for: a rule that finds nothing in a broken
// dashboard would find nothing in ours either.
func TestSabotage(t *testing.T) {
	good := goodDashboard(t)
	tried := map[string]bool{"keys are sorted": true} // by its own test
	for _, s := range sabotage {
		t.Run(fmt.Sprintf("%s at %s", s.rule, s.at), func(t *testing.T) {
			i := slices.IndexFunc(checks, func(c check) bool { return c.name == s.rule })
			if i < 0 {
				t.Fatal("there is no such rule")
			}
			tried[s.rule] = true
			var tree any
			if err := json.Unmarshal(good, &tree); err != nil {
				t.Fatal(err)
			}
			tree = broken(t, tree, strings.Split(s.at, "/"), s.value)
			text, err := json.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			if reparsed := canonical(t, good); string(text) == reparsed {
				t.Fatal("this changes nothing")
			}
			d, err := Parse("vnx_cava", text)
			if err != nil {
				t.Fatal(err)
			}
			if found := checks[i].find(alone(t, d), d); len(found) == 0 {
				t.Errorf("nobody noticed %v", s.value)
			}
		})
	}
	for _, c := range checks {
		if !tried[c.name] {
			t.Errorf("nothing shows that the rule %q can be broken", c.name)
		}
	}
}

func canonical(t *testing.T, text []byte) string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// broken puts a value at a place.
func broken(t *testing.T, node any, way []string, value any) any {
	t.Helper()
	if len(way) == 0 {
		if change, ok := value.(func(string) string); ok {
			text, ok := node.(string)
			if !ok {
				t.Fatalf("there is no text but %v", node)
			}
			return change(text)
		}
		if list, ok := node.([]any); ok && value == (again{}) {
			return append(list, list[0])
		}
		return value
	}
	switch n := node.(type) {
	case map[string]any:
		if _, ok := n[way[0]]; !ok && len(way) > 1 {
			t.Fatalf("%s is not there", way[0])
		}
		if value == any(gone{}) && len(way) == 1 {
			delete(n, way[0])
			return n
		}
		n[way[0]] = broken(t, n[way[0]], way[1:], value)
	case []any:
		i, err := strconv.Atoi(way[0])
		if err != nil || i >= len(n) {
			t.Fatalf("%s is not there", way[0])
		}
		n[i] = broken(t, n[i], way[1:], value)
	default:
		t.Fatalf("%s is not there", way[0])
	}
	return node
}

func TestUnsortedKeysAreNoticed(t *testing.T) {
	for text, want := range map[string]int{
		`{"a": "z", "b": {"c": 1, "d": ["y", "x"]}, "e": {"a": 1}}`: 0,
		`{"b": 1, "a": 2}`:                      1,
		`{"a": [{"c": "a", "b": "a"}], "d": 1}`: 1,
		`{"a": 1, "a": 2}`:                      1,
	} {
		if found := keysSorted(nil, &Dashboard{Text: []byte(text)}); len(found) != want {
			t.Errorf("%s: %v", text, found)
		}
	}
}

// Every finding of a query says where it is.
func TestFindingsSayWhere(t *testing.T) {
	text := regexp.MustCompile(`vnx_cava_queue_files`).ReplaceAll(goodDashboard(t), []byte("no_such_metric"))
	d, err := Parse("vnx_cava", text)
	if err != nil {
		t.Fatal(err)
	}
	found := seriesExist(alone(t, d), d)
	if len(found) != 2 || !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, `panel "Worst queue", query A`) }) {
		t.Error(found)
	}
}
