// Package collectors is the table of systems: one package each, which says
// what the system is asked and what its answers mean. The words they share are
// in package system.
package collectors

import (
	"dataprotection_exporter/collectors/avamar"
	"dataprotection_exporter/collectors/csmars"
	"dataprotection_exporter/collectors/ntfrs"
	"dataprotection_exporter/collectors/onefs"
	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/collectors/vnxcava"
)

// Systems is the table. A new system is one line here, one package, one folder
// of fixtures and one file of alerts; a test walks the table and says what is
// missing.
var Systems = []system.Definition{
	vnxcava.System,
	onefs.System,
	avamar.System,
	csmars.System,
	ntfrs.System,
}
