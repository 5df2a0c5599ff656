package vnxcava

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	fixtures "dataprotection_exporter/fixtures/vnxcava"
)

// brief is a checker in one line: address, state, code, ntStatus, cause.
func brief(c Checker) string {
	d := c.Diagnose()
	return strings.Join([]string{c.Address, d.State, d.Code, d.NTStatus, d.Cause}, " ")
}

func TestParseStatusCheckers(t *testing.T) {
	for _, tt := range []struct {
		fixture string
		want    []string // mover: checker, in order
	}{
		{"s1_healthy", []string{"server_2: 192.168.1.101 ONLINE  SUCCESS none"}},
		{"s1_as_published", []string{"server_2: 192.168.1.101 ONLINE  SUCCESS none"}},
		{"s1_with_prompt", []string{"server_2: 192.168.1.101 ONLINE  SUCCESS none"}},
		{"crlf", nil},
		{"s2_object_name_not_found", []string{"server_2: 192.168.1.101 OFFLINE  OBJECT_NAME_NOT_FOUND service_not_running"}},
		{"s2_invalid_parameter", []string{"server_2: 192.168.1.101 OFFLINE  INVALID_PARAMETER not_joined_to_domain"}},
		{"s2_av_not_found", []string{"server_2: 192.168.1.101 AV_NOT_FOUND  SUCCESS antivirus_not_running"}},
		{"s2_error_auth_5", []string{"server_2: 192.168.1.101 ERROR_AUTH 5 SUCCESS privilege_missing"}},
		{"s2_error_auth_64", []string{"server_2: 192.168.1.101 ERROR_AUTH 64 SUCCESS clock_skew"}},
		{"s2_error_auth_86", []string{"server_2: 192.168.1.101 ERROR_AUTH 86 SUCCESS password_changed"}},
		{"s2_error_auth_1265", []string{"server_2: 192.168.1.101 ERROR_AUTH 1265 SUCCESS account_expired"}},
		{"s2_error_auth_1326", []string{"server_2: 192.168.1.101 ERROR_AUTH 1326 SUCCESS password_expired"}},
		{"s2_error_auth_1331", []string{"server_2: 192.168.1.101 ERROR_AUTH 1331 SUCCESS account_disabled"}},
		{"s2_error_auth_1909", []string{"server_2: 192.168.1.101 ERROR_AUTH 1909 SUCCESS account_locked"}},
		{"error_auth_without_number", []string{"server_2: 192.168.1.101 ERROR_AUTH  SUCCESS unknown"}},
		{"unknown_win32_code", []string{"server_2: 192.168.1.101 ERROR_AUTH 9999 SUCCESS unknown", "server_2: 192.168.1.102 ERROR_AUTH -1 SUCCESS unknown"}},
		{"three_checkers_mixed_states", []string{
			"server_2: 192.168.1.101 ONLINE  SUCCESS none",
			"server_2: 192.168.1.102 ERROR_AUTH 1326 SUCCESS password_expired",
			"server_2: 192.168.1.103 OFFLINE  OBJECT_NAME_NOT_FOUND service_not_running",
		}},
		{"tabs_and_odd_spacing", []string{
			"server_2: 192.168.1.101 ONLINE  SUCCESS none",
			"server_2: 192.168.1.102 ERROR_AUTH 1326 SUCCESS password_expired",
			"server_2: 192.168.1.103 OFFLINE  OBJECT_NAME_NOT_FOUND service_not_running",
		}},
		{"onc_rpc", []string{"server_2: 172.24.101.217 ONLINE   none"}},
		{"stripped_digits", nil},
	} {
		t.Run(tt.fixture, func(t *testing.T) {
			s, err := ParseStatus(fixtures.Status(tt.fixture))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range s.Movers {
				if m.Cut != nil {
					t.Errorf("%s is cut: %v", m.Name, m.Cut)
				}
				if !m.Running {
					t.Errorf("%s does not run", m.Name)
				}
				for _, c := range m.Checkers {
					got = append(got, m.Name+": "+brief(c))
				}
			}
			if len(got) == 0 {
				t.Error("no checker at all")
			}
			if tt.want != nil {
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func float(v float64) *float64 { return &v }

func TestParseStatusEveryField(t *testing.T) {
	s, err := ParseStatus(fixtures.Status("s1_healthy"))
	if err != nil {
		t.Fatal(err)
	}
	off := false
	want := Mover{
		Name: "server_2", Running: true, Threads: float(10), CheckersConfigured: float(1),
		Checkers: []Checker{{
			Address: "192.168.1.101", State: "ONLINE", LastCheck: time.Date(2011, 5, 26, 19, 41, 13, 0, time.UTC),
			Transport: "MS-RPC over SMB", Version: "4.8.5.0", NTStatus: "SUCCESS", Engine: "Symantec AV", Server: "cava.thulin.local",
			Signature: time.Date(2011, 5, 17, 5, 55, 23, 0, time.UTC), signatureSaid: true,
		}},
		FileMasks: float(1), ExcludedMasks: float(5), Share: `\\UBERCIFS\CHECK$`,
		RPCRequestTimeout: float(25), RPCRetryTimeout: float(5), SurveyInterval: float(10), HighWaterMark: float(200), LowWaterMark: float(50),
		Policy: PolicyViruschecking, PolicyText: "Shutdown Virus Checking", ScanOnRead: &off,
		MSRPCUser: "UBERCIFS$", MSRPCClientName: "ubercifs.THULIN.LOCAL",
	}
	if d := cmp.Diff([]Mover{want}, s.Movers, cmp.AllowUnexported(Checker{}), cmp.Comparer(time.Time.Equal)); d != "" {
		t.Error(d)
	}
}

// The older release prints the same facts in other words.
func TestParseStatusONCRPC(t *testing.T) {
	s, err := ParseStatus(fixtures.Status("onc_rpc"))
	if err != nil {
		t.Fatal(err)
	}
	m := s.Movers[0]
	c := m.Checkers[0]
	if c.Transport != "ONC-RPC" || c.Version != "3.3.5" || c.Engine != "Network Associates" || c.Server != "" {
		t.Errorf("checker %+v", c)
	}
	if m.Policy != PolicyNone || m.ScanOnRead == nil || !*m.ScanOnRead || *m.ExcludedMasks != 0 || *m.SurveyInterval != 60 || *m.HighWaterMark != 200 {
		t.Errorf("mover %+v", m)
	}
	if m.MSRPCUser != "" || len(m.Unrecognized) > 0 {
		t.Errorf("invented or unrecognized: %+v", m)
	}
}

func TestParseStatusPolicies(t *testing.T) {
	for fixture, want := range map[string]string{
		"s1_healthy": PolicyViruschecking, "policy_no": PolicyNone, "policy_cifs": PolicyCIFS, "unknown_policy": PolicyUnknown,
		"policy_same_line": PolicyViruschecking, "onc_rpc": PolicyNone, "s2_error_auth_5": "", "shuffled_footer": PolicyViruschecking,
	} {
		s, err := ParseStatus(fixtures.Status(fixture))
		if err != nil {
			t.Errorf("%s: %v", fixture, err)
			continue
		}
		if got := s.Movers[0].Policy; got != want {
			t.Errorf("%s: policy %q, want %q", fixture, got, want)
		}
	}
}

func TestParseStatusNotRunning(t *testing.T) {
	for fixture, text := range map[string]string{"not_started": "Virus checker is not started.", "not_configured": "No virus checker is configured.", "zero_threads": ""} {
		s, err := ParseStatus(fixtures.Status(fixture))
		if err != nil {
			t.Errorf("%s: %v", fixture, err)
			continue
		}
		m := s.Movers[0]
		if m.Cut != nil || m.Running || m.NotRunningText != text {
			t.Errorf("%s: running %v, text %q, cut %v", fixture, m.Running, m.NotRunningText, m.Cut)
		}
	}
}

func TestParseTime(t *testing.T) {
	for in, want := range map[string]string{
		"Thu May 26 19:41:13 2011 (GMT-00:00)":    "2011-05-26T19:41:13Z",
		"Thu May 26 19:41:13 2011 (GMT-05:00)":    "2011-05-27T00:41:13Z",
		"Thu May 26 19:41:13 2011 (GMT+01:00)":    "2011-05-26T18:41:13Z",
		"Thu May 26 19:41:13 2011 (GMT+05:30)":    "2011-05-26T14:11:13Z",
		"Mon Oct  9 01:02:03 2017 (GMT)":          "2017-10-09T01:02:03Z",
		"Mon   Oct 9  01:02:03 2017 (GMT-00:00).": "2017-10-09T01:02:03Z",
		"Thu May 26 19:41:13 2011":                "",
		"Thu Feb 31 19:41:13 2011 (GMT-00:00)":    "",
		"Thu May 26 25:41:13 2011 (GMT-00:00)":    "",
		"Thu May 26 19:41:13 2011 (GMT-99:00)":    "",
		"yesterday":                               "",
	} {
		got, ok := parseTime(in)
		if !ok {
			if want != "" {
				t.Errorf("%q is refused", in)
			}
			continue
		}
		if g := got.UTC().Format(time.RFC3339); g != want {
			t.Errorf("%q is %s, want %s", in, g, want)
		}
	}
}

// Cut anywhere, an answer gives all of its checkers or an error; what was set on
// the whole answer has the same value or is missing.
func TestParseStatusCutAnywhere(t *testing.T) {
	for _, fixture := range []string{"s1_healthy", "three_checkers_mixed_states", "onc_rpc", "all_two_movers", "four_checkers_first_on_header"} {
		whole := fixtures.Status(fixture)
		full, err := ParseStatus(whole)
		if err != nil {
			t.Fatal(err)
		}
		for n := range whole {
			s, err := ParseStatus(whole[:n])
			if err != nil {
				continue
			}
			for i, m := range s.Movers {
				if m.Cut != nil {
					continue
				}
				f := full.Movers[i]
				if m.Name != f.Name || !m.Running || !cmp.Equal(m.Checkers, f.Checkers, cmp.AllowUnexported(Checker{}), cmp.Comparer(time.Time.Equal)) {
					t.Errorf("%s cut at %d: mover %s gives %d checkers of %d and no error", fixture, n, m.Name, len(m.Checkers), len(f.Checkers))
				}
				for name, pair := range map[string][2]*float64{
					"high water mark": {m.HighWaterMark, f.HighWaterMark}, "low water mark": {m.LowWaterMark, f.LowWaterMark},
					"request timeout": {m.RPCRequestTimeout, f.RPCRequestTimeout}, "survey": {m.SurveyInterval, f.SurveyInterval},
				} {
					if pair[0] != nil && *pair[0] != *pair[1] {
						t.Errorf("%s cut at %d: %s is %v, was %v", fixture, n, name, *pair[0], *pair[1])
					}
				}
			}
		}
	}
}

func FuzzParseStatus(f *testing.F) {
	for _, name := range fixtures.Names("status") {
		f.Add(fixtures.Status(name))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := ParseStatus(in)
		if err != nil {
			return
		}
		for _, m := range s.Movers {
			if m.Cut != nil || m.Error != "" {
				continue
			}
			if m.CheckersConfigured != nil && *m.CheckersConfigured != float64(len(m.Checkers)) {
				t.Errorf("%v checkers announced, %d listed, no error", *m.CheckersConfigured, len(m.Checkers))
			}
			if m.Running && m.Threads == nil {
				t.Error("runs without threads")
			}
			for _, c := range m.Checkers {
				if !bytes.Contains(bytes.ToUpper(in), []byte(strings.Split(c.State, "_")[0])) {
					t.Errorf("state %q does not stand in the answer", c.State)
				}
				c.Explain()
			}
		}
	})
}
