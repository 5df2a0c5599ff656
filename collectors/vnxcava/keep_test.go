package vnxcava

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// shelf is a system.Store in memory.
type shelf struct {
	values map[string][]byte
	saves  int
	broken error
}

func (s *shelf) Load(name string, v any) (bool, error) {
	value, ok := s.values[name]
	if !ok {
		return false, nil
	}
	return true, json.Unmarshal(value, v)
}

func (s *shelf) Save(values map[string]any) error {
	if s.broken != nil {
		return s.broken
	}
	s.saves++
	for name, v := range values {
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		s.values[name] = value
	}
	return nil
}

// logCollector asks a mover whose log is text for nothing but that.
func logCollector(t *testing.T, store system.Store, text *string, log *strings.Builder) *collector {
	t.Helper()
	d := &device{answer: func([]string) (remote.Answer, error) { return remote.Answer{Stdout: []byte(*text)}, nil }}
	c, err := newCollector(system.Env{
		Runner: d, Logger: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now, Store: store,
	}, &Options{Movers: []string{"server_2"}, ServerLog: true})
	if err != nil {
		t.Fatal(err)
	}
	return c.(*collector)
}

// counted is every counter above zero, as "labels=value".
func counted(t *testing.T, c *collector) []string {
	t.Helper()
	q := collectOnce(t, c, partLog)["log"]
	if q.Err != nil {
		t.Fatal(q.Err)
	}
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(samples(q.Samples))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			if v := m.GetCounter().GetValue(); v > 0 {
				out = append(out, fmt.Sprintf("%s=%v", strings.Join(labels, ","), v))
			}
		}
	}
	slices.Sort(out)
	return out
}

// samples is a collector of them.
type samples []prometheus.Metric

func (s samples) Describe(chan<- *prometheus.Desc) {}

func (s samples) Collect(ch chan<- prometheus.Metric) {
	for _, m := range s {
		ch <- m
	}
}

const (
	logOne   = "2012-04-29 08:49:47: 1: VC: 3: 5: one\n"
	logTwo   = "2012-04-29 08:49:48: 1: VC: 3: 32: Server '10.0.0.1' returned error 'FAIL' when checking file 'x'\n"
	logThree = "2012-04-29 08:49:49: 1: VC: 4: 2: three\n"
)

// A restart counts every event once: those of before and those of meanwhile.
func TestLogSurvivesARestart(t *testing.T) {
	store := &shelf{values: map[string][]byte{}}
	var log strings.Builder
	text := logOne
	c := logCollector(t, store, &text, &log)
	counted(t, c)
	text += logTwo
	before := counted(t, c)
	if want := []string{"10.0.0.1,FAIL,server_2=1", "32,server_2,error=1"}; !slices.Equal(before, want) {
		t.Fatalf("%q, want %q", before, want)
	}
	saves := store.saves
	counted(t, c)
	if store.saves != saves {
		t.Error("saved although nothing changed")
	}

	text += logThree + logTwo
	got := counted(t, logCollector(t, store, &text, &log))
	if want := []string{"10.0.0.1,FAIL,server_2=2", "2,server_2,warning=1", "32,server_2,error=2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if log.Len() > 0 {
		t.Error(log.String())
	}
}

// What cannot be decoded is said once, and following begins anew.
func TestLogStateOfAnotherVersion(t *testing.T) {
	store := &shelf{values: map[string][]byte{"log/server_2": []byte(`{"place": 7}`)}}
	var log strings.Builder
	text := logOne
	c := logCollector(t, store, &text, &log)
	counted(t, c)
	text += logThree
	if got := counted(t, c); !slices.Equal(got, []string{"2,server_2,warning=1"}) {
		t.Errorf("%q", got)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "anew") {
		t.Error(log.String())
	}
	if !strings.Contains(string(store.values["log/server_2"]), `"anchor"`) {
		t.Error("the new place is not kept")
	}
}

func TestLogWithoutAStoreThatWorks(t *testing.T) {
	store := &shelf{values: map[string][]byte{}, broken: errors.New("disk full")}
	var log strings.Builder
	text := logOne
	for _, s := range []system.Store{nil, store} {
		c := logCollector(t, s, &text, &log)
		text = logOne
		counted(t, c)
		text += logThree
		if got := counted(t, c); !slices.Equal(got, []string{"2,server_2,warning=1"}) {
			t.Errorf("%q", got)
		}
	}
	if !strings.Contains(log.String(), "disk full") {
		t.Error(log.String())
	}
}

func TestLogTakesUpWithinBounds(t *testing.T) {
	var kept keptLog
	for i := range 1000 {
		kept.Events = append(kept.Events, keptEvents{fmt.Sprint(i), "error", 1})
		kept.Errors = append(kept.Errors, keptErrors{fmt.Sprint("av", i), "FAIL", -1})
	}
	f := newLogFollower()
	f.takeUp(kept)
	if len(f.events) > maxLogEvents+1 || len(f.checkers) > maxLogCheckers {
		t.Errorf("%d events, %d checkers", len(f.events), len(f.checkers))
	}
	for k, n := range f.errors {
		if n != 0 {
			t.Errorf("%v is %v", k, n)
		}
	}
}
