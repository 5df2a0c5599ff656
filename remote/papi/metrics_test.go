package papi

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestMetrics(t *testing.T) {
	f := newCluster(t, nil)
	reg := prometheus.NewPedanticRegistry()
	m := NewMetrics(reg)
	make1 := func(insecure bool) *Client {
		c, err := New(Config{
			Target: "isilon", Addresses: []string{f.URL}, CAFile: authority(t, f.Server), Username: testUser, Password: testPassword, InsecureSkipVerify: insecure,
		}, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := make1(false)
	for range 3 {
		works(t, first)
	}
	expect := func(what string, got, want float64) {
		t.Helper()
		if got != want {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	expect("requests", testutil.ToFloat64(m.requests.WithLabelValues("isilon", "none")), 3)
	expect("logins", testutil.ToFloat64(m.logins.WithLabelValues("isilon", "none")), 1)
	expect("verified", testutil.ToFloat64(m.verified), 1)
	expect("series of requests", float64(testutil.CollectAndCount(m.requests)), float64(len(requestReasons)))

	// A reload: the successor comes first, the predecessor goes last.
	second := make1(true)
	works(t, second)
	_ = first.Close()
	expect("requests", testutil.ToFloat64(m.requests.WithLabelValues("isilon", "none")), 4)
	expect("verified", testutil.ToFloat64(m.verified), 0)
	_ = second.Close()
	families, err := reg.Gather()
	if err != nil || len(families) != 1 {
		t.Errorf("%d families outlive their target, %v", len(families), err)
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}
