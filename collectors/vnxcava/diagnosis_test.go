package vnxcava

import (
	"slices"
	"strings"
	"testing"
)

// Every row of the field diagnosis is in the table, with its cause, and the
// official name stands beside it.
func TestDiagnosisTable(t *testing.T) {
	for code, want := range map[int][2]string{
		5: {"privilege_missing", "ERROR_ACCESS_DENIED"}, 64: {"clock_skew", "ERROR_NETNAME_DELETED"}, 86: {"password_changed", "ERROR_INVALID_PASSWORD"},
		1265: {"account_expired", "ERROR_DOWNGRADE_DETECTED"}, 1326: {"password_expired", "ERROR_LOGON_FAILURE"},
		1331: {"account_disabled", "ERROR_ACCOUNT_DISABLED"}, 1909: {"account_locked", "ERROR_ACCOUNT_LOCKED_OUT"},
	} {
		e, ok := errorCode(&code)
		if !ok || e.Cause != want[0] || e.Official != want[1] || e.Source != "seed" {
			t.Errorf("code %d: %+v, want %v from the seed", code, e, want)
		}
	}
	seen := map[int]bool{}
	for _, e := range diagnoses.ErrorAuth {
		if seen[e.Code] {
			t.Errorf("code %d stands twice", e.Code)
		}
		seen[e.Code] = true
		if !slices.Contains(Causes, e.Cause) || e.Official == "" || e.OfficialMeaning == "" {
			t.Errorf("row %+v is incomplete", e)
		}
	}
	for _, c := range Causes {
		if diagnoses.Causes[c].Meaning == "" || diagnoses.Causes[c].Remedy == "" {
			t.Errorf("cause %s has no words", c)
		}
	}
	if len(diagnoses.Causes) != len(Causes) {
		t.Errorf("%d causes in the table, %d in the contract", len(diagnoses.Causes), len(Causes))
	}
}

func TestExplainShowsBothReadings(t *testing.T) {
	code := 1265
	cause, remedy := Checker{State: "ERROR_AUTH", Code: &code, NTStatus: "SUCCESS"}.Explain()
	for _, part := range []string{"account has expired", "1265 ERROR_DOWNGRADE_DETECTED"} {
		if !strings.Contains(cause, part) {
			t.Errorf("cause %q lacks %q", cause, part)
		}
	}
	if !strings.Contains(remedy, "domain controllers") {
		t.Errorf("remedy %q does not say to check the domain controllers", remedy)
	}
}

func TestDiagnoseKeepsLabelsBounded(t *testing.T) {
	for in, want := range map[string]string{"SUCCESS": "SUCCESS", "": "", "200": "200", "Something the device said to 10.0.0.1": "other"} {
		if got := (Checker{State: "OFFLINE", NTStatus: in}).Diagnose().NTStatus; got != want {
			t.Errorf("ntStatus %q becomes %q, want %q", in, got, want)
		}
	}
	if got := (Checker{State: "HALF_ASLEEP"}).Diagnose(); got.State != StateOther || got.Cause != causeUnknown {
		t.Errorf("an unknown state becomes %+v", got)
	}
}
