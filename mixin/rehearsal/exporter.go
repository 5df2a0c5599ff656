package main

import "dataprotection_exporter/collectors/vnxcava"

// exporterFleet rehearses what can happen between the exporter and any target.
func exporterFleet() *fleet {
	const one, two = "celerra-1", "celerra-2"
	f := &fleet{
		name: "exporter", rules: []string{"exporter", "vnx_cava"}, system: "vnx_cava", metrics: vnxcava.System.Metrics,
		targets: []target{{name: one, life: checkers("")}, {name: two, life: checkers("")}, ownPage()},
	}
	on := []string{one}
	unreachable := incident{
		name: "the device cannot be reached", source: device, targets: on, at: at(2, "03:12"), lasts: 45, change: failAll("connect"),
		wants: []want{{alert: "DataProtectionTargetDown", severity: "critical", within: 11, says: "nothing answers at the address of the device"}},
	}
	refused := incident{
		name: "the login is refused", source: device, targets: on, at: at(5, "08:00"), lasts: 120, change: failAll("auth"),
		wants: []want{
			{alert: "DataProtectionLoginRefused", severity: "warning", within: 6, says: "the device refused the login"},
			{alert: "DataProtectionTargetDown", severity: "critical", within: 11, says: "several logins"},
		},
	}
	f.incidents = append(common(20), restarts(unreachable, 28, 33)...)
	f.incidents = append(f.incidents,
		unreachable,
		during(unreachable, 5, 1),
		during(unreachable, 20, 2),
		incident{
			name: "the device hangs and answers nothing in time", source: device, targets: on, at: at(3, "10:00"), lasts: 40, change: failAll("timeout"),
			wants: []want{{alert: "DataProtectionTargetDown", severity: "critical", within: 11, says: "no complete answer came within the deadline"}},
		},
		incident{
			name: "the name of the device does not resolve", source: device, targets: on, at: at(3, "15:00"), lasts: 40, change: failAll("dns"),
			wants: []want{{alert: "DataProtectionTargetDown", severity: "critical", within: 11, says: "does not resolve"}},
		},
		incident{
			name: "scrapes of one target end after scrape_timeout", source: operation, targets: on, at: at(4, "09:30"), lasts: 40, change: missed,
			wants: []want{{alert: "DataProtectionTargetDown", severity: "critical", within: 11, says: "scrape_timeout"}},
		},
		refused,
		incident{name: "the exporter leaves the account alone after three refusals: another reason", source: operation, targets: on, at: refused.at + 7, lasts: 90, every: 15, forEach: 14, change: failAll("auth_backoff")},
		incident{
			name: "the device shows another host key", source: device, targets: on, at: at(6, "13:45"), lasts: 30, tail: 15,
			change: failAll("host_key_changed"),
			wants:  []want{{alert: "DataProtectionHostKeyChanged", severity: "critical", within: 1, says: "another host key than the trusted one"}},
			allows: []string{"DataProtectionTargetDown"},
		},
		incident{
			name: "one command ends with a failure", source: device, targets: on, at: at(7, "11:00"), lasts: 60, change: fail("audit", "", "exit_status"),
			wants: []want{{alert: "DataProtectionPartFailing", severity: "warning", within: 21, says: "the command ran on the device and reported a failure"}},
		},
		incident{
			name: "one command may not be run any more", source: device, targets: on, at: at(7, "15:00"), lasts: 60, change: fail("log", "", "permission"),
			wants: []want{{alert: "DataProtectionPartFailing", severity: "warning", within: 21, says: "may not ask this"}},
		},
		incident{
			name: "answers are cut short", source: device, targets: on, at: at(8, "11:00"), lasts: 60, change: fail("status", "", "parse"),
			wants: []want{{alert: "DataProtectionPartFailing", severity: "warning", within: 21, says: "cut short"}},
		},
		incident{
			name: "new firmware prints lines without a meaning", source: device, targets: on, at: at(9, "06:00"), lasts: 180, tail: 5, change: strange("status", 3),
			wants: []want{{alert: "DataProtectionOutputUnrecognized", severity: "info", within: 62, says: "a firmware with a new output format"}},
		},
		incident{
			name: "a bad configuration is loaded", source: operation, targets: []string{exporterName}, at: at(10, "16:00"), lasts: 90, tail: 5,
			change: set("dataprotection_config_last_reload_successful", nil, 0),
			wants:  []want{{alert: "DataProtectionConfigReloadFailed", severity: "warning", within: 6, says: "an unknown key, a bad value or a missing file"}},
		},
		incident{
			name: "the exporter is down", source: operation, at: at(11, "02:30"), lasts: 50, tail: 2, change: missed,
			wants:  []want{{alert: "DataProtectionExporterDown", severity: "critical", within: 6, says: "the exporter does not run"}},
			allows: []string{"DataProtectionTargetDown"},
		},
		incident{name: "a login is refused once", source: device, targets: on, at: at(21, "10:00"), lasts: 1, change: failAll("auth")},
		incident{name: "logins are refused for four minutes: a domain controller restarts", source: device, targets: on, at: at(21, "12:00"), lasts: 4, change: failAll("auth")},
		incident{name: "a login is refused once every seven minutes, for an hour", source: device, targets: on, at: at(21, "14:00"), lasts: 60, every: 7, forEach: 1, change: failAll("auth")},
		incident{name: "the management station restarts: 9 minutes", source: device, targets: on, at: at(22, "10:00"), lasts: 9, change: failAll("connect")},
		incident{name: "the way to the device fails for a minute out of three, for an hour", source: device, targets: on, at: at(22, "13:00"), lasts: 60, every: 3, forEach: 1, change: failAll("disconnected")},
		incident{name: "one command fails for 12 minutes", source: device, targets: on, at: at(23, "10:00"), lasts: 12, change: fail("audit", "", "timeout")},
		incident{name: "one command fails every other time, for an hour", source: device, targets: on, at: at(23, "12:00"), lasts: 60, every: 2, forEach: 1, change: fail("audit", "", "timeout")},
		incident{name: "a banner is printed for half an hour", source: device, targets: on, at: at(23, "15:00"), lasts: 30, change: strange("status", 2)},
		incident{name: "four minutes between a bad and a good edit of the configuration", source: operation, targets: []string{exporterName}, at: at(24, "10:00"), lasts: 4, change: set("dataprotection_config_last_reload_successful", nil, 0)},
		incident{name: "the exporter is updated: four minutes", source: operation, at: at(24, "13:00"), lasts: 4, tail: 5, change: all(fromZero, missed)},
		incident{name: "the exporter's own page is missed", source: operation, targets: []string{exporterName}, at: at(24, "16:00"), lasts: 20, change: missed},
	)
	return f
}
