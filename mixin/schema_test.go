package mixin

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// readStrictly reads a dashboard as Grafana's own types. A field that Grafana does not
// know, or lacks, or a value of another kind is an error. A panel with a misspelt
// option loads in Grafana all the same and silently looks different.
func readStrictly(content []byte) error {
	runtime := cog.NewRuntime()
	for _, p := range []variants.PanelcfgConfig{
		bargauge.VariantConfig(), stat.VariantConfig(), statetimeline.VariantConfig(), table.VariantConfig(),
		timeseries.VariantConfig(),
	} {
		runtime.RegisterPanelcfgVariant(p)
	}
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())
	var d dashboard.Dashboard //nolint:staticcheck // the schema after it is not that of Grafana 9
	err := errors.Join(d.UnmarshalJSONStrict(content), d.Validate())
	if err == nil || strings.TrimSpace(err.Error()) == "" { // an empty list of errors is not nil there
		return nil
	}
	return err
}

func TestGrafanaSchema(t *testing.T) {
	for _, file := range glob(t, "../dashboards/*.json") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := readStrictly(content); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestGrafanaSchemaNotices(t *testing.T) {
	content, err := os.ReadFile("../dashboards/overview.json")
	if err != nil {
		t.Fatal(err)
	}
	for good, bad := range map[string]string{
		`"drawStyle"`:         `"drawstile"`,
		`"type": "stat"`:      `"type": "table"`,
		`"collapsed": true`:   `"collapsed": "yes"`,
		`"mergeValues": true`: `"mergeValues": 1`,
		`"colorMode"`:         `"colourMode"`,
	} {
		sabotaged := strings.Replace(string(content), good, bad, 1)
		if sabotaged == string(content) {
			t.Errorf("there is no %s to break", good)
		}
		if readStrictly([]byte(sabotaged)) == nil {
			t.Errorf("%s instead of %s is not noticed", bad, good)
		}
	}
}
