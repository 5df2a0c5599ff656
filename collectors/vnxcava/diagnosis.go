package vnxcava

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// diagnosisJSON is the table code -> cause -> remedy. The alert rules are
// rendered from the same file.
//
//go:embed diagnosis.json
var diagnosisJSON []byte

// Cause is what stands behind a cause's name, in words for a person.
type Cause struct {
	Meaning string `json:"meaning"`
	Remedy  string `json:"remedy"`
}

// ErrorCode is one number behind ERROR_AUTH: a Win32 error code.
type ErrorCode struct {
	Code int `json:"code"`
	// Official is the name in winerror.h, OfficialMeaning what Windows means
	// by it. Differs says that the cause seen in the field with CAVA is
	// another one.
	Official        string `json:"official"`
	OfficialMeaning string `json:"official_meaning"`
	Differs         bool   `json:"differs"`
	Cause           string `json:"cause"`
	// Source is "seed" (seen in the field with CAVA) or "winerror".
	Source string `json:"source"`
}

type diagnosisTable struct {
	Causes map[string]Cause `json:"causes"`
	States []struct {
		State string `json:"state"`
		Cause string `json:"cause"`
	} `json:"states"`
	NTStatus []struct {
		Name   string `json:"name"`
		Cause  string `json:"cause"`
		Source string `json:"source"`
	} `json:"nt_status"`
	ErrorAuth []ErrorCode `json:"error_auth"`
}

var diagnoses = mustDiagnoses(diagnosisJSON)

func mustDiagnoses(data []byte) diagnosisTable {
	var t diagnosisTable
	if err := json.Unmarshal(data, &t); err != nil {
		panic("vnxcava: diagnosis.json: " + err.Error())
	}
	return t
}

// Causes is every value of the label `cause`, in the order of the contract.
var Causes = []string{
	"none", "service_not_running", "not_joined_to_domain", "privilege_missing", "antivirus_not_running", "clock_skew",
	"password_changed", "account_expired", "password_expired", "account_disabled", "account_locked", causeUnknown,
}

const causeUnknown = "unknown"

var reNTStatus = regexp.MustCompile(`^[A-Z0-9_]{1,64}$`)

// Diagnosis is why a checker is in its state.
type Diagnosis struct {
	State    string // one of States
	Code     string // the number behind ERROR_AUTH, "" without one
	NTStatus string // the mover's own view of its call to the checker
	Cause    string // one of Causes
}

// Diagnose reads the two directions the device reports: the state is the
// checker's way to the mover (share, account, antivirus), ntStatus the mover's
// way to the checker (service, network, domain).
func (c Checker) Diagnose() Diagnosis {
	d := Diagnosis{State: c.KnownState(), NTStatus: c.NTStatus, Cause: causeUnknown}
	if c.NTStatus != "" && !reNTStatus.MatchString(c.NTStatus) {
		d.NTStatus = "other"
	}
	if c.Code != nil {
		d.Code = strconv.Itoa(*c.Code)
	}
	for _, s := range diagnoses.States {
		if s.State == d.State {
			d.Cause = s.Cause
			return d
		}
	}
	if d.State == StateErrorAuth {
		if e, ok := errorCode(c.Code); ok {
			d.Cause = e.Cause
		}
		return d
	}
	for _, n := range diagnoses.NTStatus {
		if n.Name == c.NTStatus {
			d.Cause = n.Cause
		}
	}
	return d
}

func errorCode(code *int) (ErrorCode, bool) {
	if code == nil {
		return ErrorCode{}, false
	}
	for _, e := range diagnoses.ErrorAuth {
		if e.Code == *code {
			return e, true
		}
	}
	return ErrorCode{}, false
}

// Explain is the diagnosis in words: the cause, with the official Windows name
// where there is one, and the remedy.
func (c Checker) Explain() (cause, remedy string) {
	d := c.Diagnose()
	known := diagnoses.Causes[d.Cause]
	cause, remedy = known.Meaning, known.Remedy
	if e, ok := errorCode(c.Code); ok && d.State == StateErrorAuth {
		cause = fmt.Sprintf("%s (Windows: %d %s, %s)", cause, e.Code, e.Official, e.OfficialMeaning)
	}
	if d.Cause == causeUnknown && d.NTStatus != "" {
		cause += fmt.Sprintf(" (ntStatus: %s)", d.NTStatus)
	}
	return cause, remedy
}
