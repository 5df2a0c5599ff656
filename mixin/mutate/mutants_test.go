package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata again")

// Every mutant of one alert, to be read before it is kept.
func TestMutantsOfAnAlert(t *testing.T) {
	r := &rule{
		Alert: "QueueHigh", For: "10m", Labels: map[string]string{"severity": "warning", "system": "vnx_cava"},
		Expr: `# The last reading: a missed scrape > no scrape.
max by (job, instance) (last_over_time(queue{system="vnx_cava",kind=~"fast|slow"}[5m]))
  > on (job, instance) group_left () 0.25 * limit
and on (job, instance) up{system="vnx_cava"}
unless (paused == 1 or label_replace(off offset 1d, "a", "$1", "b", "(.+)") and on () 1000 <= bool 2)`,
	}
	r.key = keyOf(r)
	mutants, err := breed(r)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, m := range mutants {
		fmt.Fprintf(&got, "== %s\nfor: %s\n%s\n", m.id, m.hold, m.expr)
	}
	file := filepath.Join("testdata", "mutants.txt")
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("go test ./mixin/mutate -update writes it again (-want +got):\n%s", diff)
	}
}

func TestAnAlertWithoutDelayIsGivenOne(t *testing.T) {
	mutants, err := breed(&rule{Alert: "A", Expr: "up", key: "A/critical"})
	if err != nil {
		t.Fatal(err)
	}
	if len(mutants) != 1 || mutants[0].id != "A/critical: for: none -> 1m" || mutants[0].hold != "1m" {
		t.Errorf("got %+v", mutants)
	}
	if mutants, err := breed(&rule{Record: "a:b:c", Expr: "up", key: "a:b:c"}); err != nil || len(mutants) > 0 {
		t.Errorf("a record has no delay: %+v (%v)", mutants, err)
	}
}

func TestNeighbours(t *testing.T) {
	for literal, want := range map[string]string{
		"0": "-1 1", "5": "4 6", "20": "19 21", "100": "95 105", "86400": "82080 90720", "0.25": "0.2375 0.2625", "0.001": "0.00095 0.00105", "Inf": "0",
	} {
		if got := strings.Join(neighbours(literal), " "); got != want {
			t.Errorf("%s: %s, want %s", literal, got, want)
		}
	}
}
