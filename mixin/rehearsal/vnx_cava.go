package main

import (
	"math"

	"dataprotection_exporter/collectors/vnxcava"
)

// checkers is a mover of a VNX with two checkers, when nothing is wrong. renames give
// the mover and its checkers other names than the golden expositions.
func checkers(mover string, rename ...string) change {
	here := labels{}
	golden := all(
		use("vnxcava/status/two_checkers", rename...),
		use("vnxcava/audit/idle", rename...),
		use("vnxcava/server_log/file_errors", rename...),
	)
	if mover != "" {
		golden = unit(mover, golden)
		here["mover"] = mover
	}
	return all(
		golden,
		live("vnx_cava_checker_last_check_timestamp_seconds", here, func(_ string, now minute) float64 { return now.seconds() - 6 }),
		live("vnx_cava_checker_signature_timestamp_seconds", here, func(_ string, now minute) float64 { return daily(now, at(1, "05:55")).seconds() }),
		// By day a few files wait, while the backup runs many more, below the low mark.
		live("vnx_cava_queue_files", here, func(key string, now minute) float64 {
			waiting := 8 * load(now) * noise(key, now)
			if now%day >= 22*hour && now%day < 23*hour {
				waiting += 20 + 12*noise(key+"backup", now)
			}
			return math.Floor(waiting)
		}),
		live("vnx_cava_scanning_files", here, func(key string, now minute) float64 { return math.Floor(7 * load(now) * noise(key, now)) }),
		grow("vnx_cava_requests_total", here, func(key string, now minute) float64 { return 200 * load(now) * (0.5 + noise(key, now)) }),
		// A few files are gone before their turn, and a scan takes too long now and then.
		grow("vnx_cava_log_file_errors_total", join(here, labels{"error": "FILE_NOT_FOUND"}), seldom(1.0/120)),
		grow("vnx_cava_request_failures_total", join(here, labels{"reason": "timeout"}), seldom(1.0/240)),
	)
}

// seldom is a growth by one, with a chance per minute.
func seldom(chance float64) func(string, minute) float64 {
	return func(key string, now minute) float64 {
		if noise(key, now) < chance {
			return 1
		}
		return 0
	}
}

func join(a, b labels) labels {
	all := labels{}
	for name, value := range a {
		all[name] = value
	}
	for name, value := range b {
		all[name] = value
	}
	return all
}

func vnxFleet() *fleet {
	const shuts, goesOn, closes, neighbour = "vnx-ams", "vnx-ber", "vnx-cph", "vnx-dub"
	const joins, leaves = "vnx-ein", "vnx-fra"
	const first, second = "192.168.1.101", "192.168.1.102"
	f := &fleet{
		name: "vnx_cava", rules: []string{"exporter", "vnx_cava"}, system: "vnx_cava", metrics: vnxcava.System.Metrics,
		targets: []target{
			// A second mover, to which nothing happens.
			{name: shuts, life: all(checkers("server_2"), checkers("server_3", "server_2", "server_3", first, "192.168.1.103", second, "192.168.1.104"))},
			{name: goesOn, life: all(checkers(""), adopt("vnxcava/status/policy_no", "vnx_cava_offline_policy"))},
			{name: closes, life: all(checkers(""), adopt("vnxcava/status/policy_cifs", "vnx_cava_offline_policy"))},
			{name: neighbour, life: checkers("")},
			{name: joins, from: at(24, "11:00"), to: at(24, "15:00"), life: checkers("")},
			{name: leaves, from: at(24, "08:00"), to: at(24, "13:00"), life: checkers("")},
			ownPage(),
		},
	}
	mover := labels{"mover": "server_2"}
	// Both checkers as one golden exposition has its only one.
	both := func(file string) change {
		return all(
			graft(file, labels{"checker": first}),
			graft(file, labels{"checker": first}, first, second),
		)
	}
	one := func(file string) change { return graft(file, labels{"checker": first}) }
	offline := func(name string, day int, clock string, file, cause string) incident {
		return incident{
			name: name, source: cava2, targets: []string{shuts}, scope: mover, at: at(day, clock), lasts: 40, change: one(file),
			wants: []want{{alert: "CavaCheckerOffline", severity: "warning", labels: labels{"checker": first}, within: 11, says: cause}},
		}
	}
	refused := func(code, clock, cause string) incident {
		return incident{
			name: "ERROR_AUTH " + code + ": " + cause, source: cava2, targets: []string{shuts}, scope: mover, at: at(2, clock), lasts: 40,
			change: one("vnxcava/status/s2_error_auth_" + code),
			wants:  []want{{alert: "CavaCheckerAuthError", severity: "warning", labels: labels{"checker": first, "code": code}, within: 6, says: cause}},
			allows: []string{"CavaCheckerOffline/warning"},
		}
	}
	allOffline := func(name, target string, day int, clock string, c change, wants ...want) incident {
		return incident{
			name: name, source: cava1, targets: []string{target}, scope: mover, at: at(day, clock), lasts: 45, tail: 1, change: c, wants: wants,
			allows: []string{"CavaCheckerOffline"},
		}
	}
	down := both("vnxcava/status/s2_object_name_not_found")
	paged := func(within minute, says string) want {
		return want{alert: "CavaAllCheckersOffline", severity: "critical", within: within, says: says}
	}
	shutsDown := allOffline("all checkers offline; the policy shuts down virus checking", shuts, 4, "10:03", down,
		paged(3, "The Data Mover shuts down virus checking"))
	waits := allOffline("all checkers offline; the policy is to go on", goesOn, 6, "02:10", all(down, set("vnx_cava_queue_files", nil, 3), set("vnx_cava_scanning_files", nil, 0)),
		want{alert: "CavaAllCheckersOffline", severity: "warning", within: 3, says: "The Data Mover goes on serving files"},
		paged(18, "The Data Mover goes on serving files"))
	shutsDown.lasts = 52
	refusedAll := allOffline("all checkers refuse (ERROR_AUTH 5) at once", closes, 9, "03:00", both("vnxcava/status/s2_error_auth_5"),
		paged(3, "privilege"))
	refusedAll.source = cava2
	refusedAll.allows = append(refusedAll.allows, "CavaCheckerAuthError")
	fills := allOffline("all checkers offline while many files arrive; the policy is to go on", goesOn, 8, "10:10",
		all(down, follow("vnx_cava_queue_files", nil, func(since minute) float64 { return math.Min(20*float64(since), 180) }), set("vnx_cava_scanning_files", nil, 0)),
		paged(6, "The Data Mover goes on serving files"))
	// A warning until more files wait than the low water mark.
	fills.allows = append(fills.allows, "CavaAllCheckersOffline/warning", "CavaQueueFillingUp", "CavaQueueAboveLowWaterMark")
	queue := func(since minute) float64 { return math.Min(40+5*float64(since), 190) }

	f.incidents = append(common(25), restarts(shutsDown, 18, 21)...)
	f.incidents = append(f.incidents,
		offline("the EMC CAVA service of a checker is stopped", 1, "09:20", "vnxcava/status/s2_object_name_not_found", "the EMC CAVA service does not run"),
		offline("the CIFS server is not joined to the domain (INVALID_PARAMETER)", 1, "14:00", "vnxcava/status/s2_invalid_parameter", "is not joined to Active Directory"),
		incident{
			name: "AV_NOT_FOUND: no antivirus software runs on a checker", source: cava2, targets: []string{shuts}, scope: mover, at: at(1, "17:00"), lasts: 40,
			change: one("vnxcava/status/s2_av_not_found"),
			wants:  []want{{alert: "CavaAntivirusNotRunning", severity: "warning", labels: labels{"checker": first}, within: 6, says: "finds no running antivirus process"}},
			allows: []string{"CavaCheckerOffline"},
		},
		refused("5", "08:00", "lacks the EMC Virus Checking privilege"),
		refused("64", "10:00", "clock"),
		refused("86", "12:00", "password"),
		refused("1265", "14:00", "expired"),
		refused("1326", "16:00", "password"),
		refused("1331", "18:00", "disabled"),
		refused("1909", "20:00", "locked"),
		incident{
			name: "a checker in a state that no document names", source: cava1, targets: []string{shuts}, scope: mover, at: at(3, "08:00"), lasts: 40,
			change: one("vnxcava/status/unknown_state"),
			wants:  []want{{alert: "CavaCheckerOffline", severity: "warning", labels: labels{"checker": first}, within: 11}},
		},
		shutsDown,
		during(shutsDown, 1, 1),
		during(shutsDown, 10, 2),
		incident{
			name: "the mover shuts down virus checking when no checker came back", source: device, targets: []string{shuts}, scope: mover, at: at(4, "10:30"), lasts: 25, tail: 3,
			change: graft("vnxcava/status/not_started", mover),
			wants:  []want{{alert: "CavaNotRunning", severity: "critical", within: 3}},
			allows: []string{"CavaAllCheckersOffline/critical", "CavaCheckerOffline"},
		},
		waits,
		during(waits, 14, 1),
		fills,
		allOffline("all checkers offline; the policy shuts down CIFS", closes, 8, "15:00", down,
			paged(3, "The Data Mover shuts down CIFS")),
		refusedAll,
		incident{
			name: "virus checking is stopped on a mover", source: device, targets: []string{shuts}, scope: mover, at: at(10, "08:00"), lasts: 30, tail: 3,
			change: graft("vnxcava/status/not_started", mover),
			wants:  []want{{alert: "CavaNotRunning", severity: "critical", within: 3}},
		},
		incident{
			name: "only one checker is configured", source: cava1, targets: []string{goesOn}, at: at(10, "11:00"), lasts: 150, tail: 5,
			change: all(only("checker", first), set("vnx_cava_checkers_configured", nil, 1)),
			wants:  []want{{alert: "CavaSingleChecker", severity: "warning", within: 61, says: "fewer than 2 hosts"}},
		},
		incident{
			name: "more files wait than the low water mark", source: cava1, targets: []string{goesOn}, at: at(11, "09:00"), lasts: 60, tail: 5,
			change: set("vnx_cava_queue_files", nil, 70),
			wants:  []want{{alert: "CavaQueueAboveLowWaterMark", severity: "info", within: 16, says: "more files arrive than the checkers scan"}},
		},
		incident{
			name: "the queue grows towards the high water mark", source: cava1, targets: []string{goesOn}, at: at(11, "13:00"), lasts: 40, tail: 5,
			change: follow("vnx_cava_queue_files", nil, queue),
			wants:  []want{{alert: "CavaQueueFillingUp", severity: "warning", within: 15, says: "more files arrive than the checkers scan"}},
			allows: []string{"CavaQueueAboveLowWaterMark"},
		},
		incident{
			name: "more files wait than the high water mark", source: cava1, targets: []string{goesOn}, at: at(11, "16:00"), lasts: 40, tail: 5,
			change: set("vnx_cava_queue_files", nil, 260),
			wants:  []want{{alert: "CavaQueueAboveHighWaterMark", severity: "warning", within: 6, says: "too few, too slow or partly offline"}},
			allows: []string{"CavaQueueAboveLowWaterMark"},
		},
		incident{
			name: "every scan thread is busy", source: cava1, targets: []string{goesOn}, at: at(12, "10:00"), lasts: 45, tail: 5,
			change: set("vnx_cava_scanning_files", nil, 10),
			wants:  []want{{alert: "CavaScanThreadsSaturated", severity: "warning", within: 16, says: "scans take long"}},
		},
		incident{
			name: "scans are not answered in time", source: cava1, targets: []string{goesOn}, at: at(12, "14:00"), lasts: 30, tail: 16,
			change: grow("vnx_cava_request_failures_total", labels{"reason": "timeout"}, perMinute(2)),
			wants:  []want{{alert: "CavaScanTimeouts", severity: "warning", within: 6, says: "overloaded or hangs"}},
		},
		incident{
			name: "FILE_NOT_FOUND: the directory cache of SMB2", source: cavaSMB2, targets: []string{goesOn}, at: at(13, "09:00"), lasts: 60, tail: 61,
			change: grow("vnx_cava_log_file_errors_total", labels{"error": "FILE_NOT_FOUND", "checker": "192.168.1.156"}, perMinute(1)),
			wants:  []want{{alert: "CavaFileNotFoundErrors", severity: "info", within: 15, says: "trusts its directory cache"}},
		},
		incident{
			name: "infected files are found", source: device, targets: []string{goesOn}, at: at(13, "14:00"), lasts: 5, tail: 62,
			change: all(once("vnx_cava_infected_files_total", nil, 2, 3), once("vnx_cava_infected_file_actions_total", labels{"action": "deleted"}, 2, 3)),
			wants:  []want{{alert: "CavaInfectedFiles", severity: "info", within: 3, says: "3 infected files"}},
		},
		incident{
			name: "an outbreak: many infected files", source: device, targets: []string{goesOn}, at: at(14, "09:00"), lasts: 30, tail: 62,
			change: grow("vnx_cava_infected_files_total", nil, perMinute(3)),
			wants:  []want{{alert: "CavaInfectedFiles", severity: "warning", within: 12, says: "an infected client"}},
			allows: []string{"CavaInfectedFiles/info"},
		},
		incident{
			name: "the survey of the checkers hangs", source: device, targets: []string{closes}, at: at(14, "14:00"), lasts: 60, tail: 5,
			change: freeze("vnx_cava_checker_last_check_timestamp_seconds", nil),
			wants:  []want{{alert: "CavaCheckStale", severity: "warning", within: 22, says: "hangs on the Data Mover"}},
		},
		incident{
			name: "a checker gets no virus signatures", source: cava1, targets: []string{closes}, at: at(16, "06:30"), lasts: 4 * day, tail: 5, lead: 2 * hour, slow: true,
			change: freeze("vnx_cava_checker_signature_timestamp_seconds", labels{"checker": first}),
			wants:  []want{{alert: "CavaSignaturesStale", severity: "warning", labels: labels{"checker": first}, within: 3*day + hour, says: "gets no updates"}},
		},

		incident{name: "a checker is rebooted after a patch: 8 minutes", source: operation, targets: []string{shuts}, at: at(21, "09:00"), lasts: 8, change: one("vnxcava/status/s2_object_name_not_found")},
		incident{name: "the other checker is rebooted, too: 8 minutes", source: operation, targets: []string{shuts}, at: at(21, "09:30"), lasts: 8, change: graft("vnxcava/status/s2_object_name_not_found", labels{"checker": first}, first, second)},
		incident{name: "a checker is offline one minute out of four, for an hour", source: operation, targets: []string{shuts}, at: at(21, "11:00"), lasts: 60, every: 4, forEach: 1, change: one("vnxcava/status/s2_object_name_not_found")},
		incident{name: "all checkers are offline for two readings", source: operation, targets: []string{shuts}, at: at(21, "14:00"), lasts: 2, change: down},
		incident{name: "all checkers are offline for one reading out of ten, for an hour", source: operation, targets: []string{closes}, at: at(21, "16:00"), lasts: 60, every: 10, forEach: 1, change: down},
		incident{name: "ERROR_AUTH for two readings while a domain controller restarts", source: operation, targets: []string{shuts}, at: at(22, "09:00"), lasts: 2, change: one("vnxcava/status/s2_error_auth_1326")},
		incident{name: "the clock of the device is an hour ahead", source: operation, targets: []string{shuts}, at: at(22, "11:00"), lasts: 90, change: shift("vnx_cava_checker_last_check_timestamp_seconds", nil, hour)},
		incident{name: "the clock of the device is an hour behind", source: operation, targets: []string{shuts}, at: at(22, "14:00"), lasts: 90, change: shift("vnx_cava_checker_last_check_timestamp_seconds", nil, -hour)},
		incident{name: "daylight saving begins: the device prints an hour more", source: operation, targets: []string{closes}, at: at(22, "02:00"), lasts: 60, change: all(shift("vnx_cava_checker_last_check_timestamp_seconds", nil, hour), shift("vnx_cava_checker_signature_timestamp_seconds", nil, hour))},
		incident{name: "virus checking is restarted: a minute", source: operation, targets: []string{shuts}, at: at(23, "09:00"), lasts: 1, change: graft("vnxcava/status/not_started", mover)},
		incident{name: "the log of the mover is rotated away while it is read", source: operation, targets: []string{shuts}, at: at(23, "11:00"), lasts: 2, change: fail("log", "server_2", "exit_status")},
		incident{name: "the mover fails over: counters from zero", source: operation, targets: []string{shuts}, at: at(23, "13:00"), lasts: 1, tail: 62, change: fromZero},
		incident{name: "a bulk copy: 120 files wait for 12 minutes", source: operation, targets: []string{shuts}, at: at(23, "16:00"), lasts: 12, tail: 20, change: set("vnx_cava_queue_files", mover, 120)},
		incident{name: "a few files are gone before their turn", source: operation, targets: []string{goesOn}, at: at(23, "19:00"), lasts: 60, tail: 62, change: grow("vnx_cava_log_file_errors_total", labels{"error": "FILE_NOT_FOUND", "checker": "192.168.1.156"}, seldom(0.1))},
		incident{name: "a target is added", source: operation, targets: []string{joins}, at: at(24, "11:00"), lasts: 60, change: all()},
		incident{name: "a target is removed", source: operation, targets: []string{leaves}, at: at(24, "12:00"), lasts: 60, tail: 90, change: all()},
		incident{
			name: "a target is removed while a checker of it is offline", source: operation, targets: []string{leaves}, at: at(24, "12:40"), lasts: 20, tail: 1,
			change: one("vnxcava/status/s2_object_name_not_found"),
			wants:  []want{{alert: "CavaCheckerOffline", severity: "warning", within: 11}},
		},
	)
	return f
}
