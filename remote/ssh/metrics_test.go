package ssh

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
)

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m := NewMetrics(reg)
	f := newFake(t, nil)
	make1 := func(change func(*Config)) *Client {
		cfg := Config{Target: "vnx", Addresses: []string{f.address}, Username: testUser, Password: testPassword, Fingerprints: []string{ssh.FingerprintSHA256(ed25519Key().PublicKey())}}
		if change != nil {
			change(&cfg)
		}
		c, err := New(cfg, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	value := func(name string, labels ...string) float64 {
		t.Helper()
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			if family.GetName() != "dataprotection_ssh_"+name {
				continue
			}
		metric:
			for _, metric := range family.GetMetric() {
				for _, l := range metric.GetLabel() {
					if l.GetName() == "reason" && l.GetValue() != labels[0] || l.GetName() == "target" && l.GetValue() != "vnx" {
						continue metric
					}
				}
				if metric.GetGauge() != nil {
					return metric.GetGauge().GetValue()
				}
				return metric.GetCounter().GetValue()
			}
		}
		return -1
	}
	expect := func(name string, want float64, labels ...string) {
		t.Helper()
		if got := value(name, labels...); got != want {
			t.Errorf("%s%v is %v, want %v", name, labels, got, want)
		}
	}

	first := make1(nil)
	for _, reason := range dialReasons {
		expect("dials_total", 0, string(reason))
	}
	for range 3 {
		ask(t, first, command("x"))
	}
	expect("dials_total", 1, "none")
	expect("connections_open", 1)
	expect("sessions_total", 3)
	expect("sessions_reused_total", 2)
	expect("sessions_in_flight", 0)
	expect("host_key_verified", 1)
	expect("auth_backoff_until_timestamp_seconds", -1)
	if n := testutil.CollectAndCount(m.dialDuration); n != 1 {
		t.Error("no histogram of the dials")
	}

	// A reload: the successor comes first, the predecessor goes last.
	second := make1(func(cfg *Config) { cfg.InsecureIgnoreHostKey = true })
	ask(t, second, command("x"))
	expect("connections_open", 2)
	_ = first.Close()
	expect("connections_open", 1)
	expect("sessions_total", 4)
	expect("host_key_verified", 0)

	// A reload that fails halfway: the successor goes again.
	third := make1(func(cfg *Config) { cfg.BackoffAfter, cfg.Password = 1, "wrong" })
	fails(t, third, outerDeadline(t), command("x"), remote.Auth)
	expect("dials_total", 1, "auth")
	if value("auth_backoff_until_timestamp_seconds") <= 0 {
		t.Error("the pause does not show")
	}
	_ = third.Close()
	expect("auth_backoff_until_timestamp_seconds", -1)
	expect("connections_open", 1)
	ask(t, second, command("x"))
	expect("sessions_total", 5)

	_ = second.Close()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "dataprotection_ssh_dial_duration_seconds" {
			t.Errorf("%s outlives its target", family.GetName())
		}
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	if n := len(families); n != 1 {
		t.Errorf("%d families: %s", n, strings.Join(names(families), " "))
	}
}

func names[T interface{ GetName() string }](families []T) []string {
	var out []string
	for _, f := range families {
		out = append(out, f.GetName())
	}
	return out
}
