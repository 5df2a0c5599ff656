package main

import (
	"math"

	"dataprotection_exporter/collectors/onefs"
)

// cluster is a OneFS cluster of two nodes with two CAVA servers, when nothing is wrong.
func cluster() change {
	nightly := func(_ string, now minute) float64 { return daily(now, at(1, "01:00")).seconds() }
	return all(
		use("onefs/nodes/all_running"),
		use("onefs/cluster/healthy"),
		use("onefs/servers/four"),
		use("onefs/settings/enabled"),
		use("onefs/filters/one"),
		use("onefs/jobs/two"),
		use("onefs/events/none"),
		use("onefs/reports/one_finished"),
		only("node", "1", "2"),
		only("server", "av1", "av2"),
		withoutUnits("3", "4"),
		set("onefs_cava_servers_enabled", nil, 2),
		live("onefs_cava_signature_timestamp_seconds", nil, func(_ string, now minute) float64 { return daily(now, at(1, "04:20")).seconds() }),
		live("onefs_cava_job_last_run_timestamp_seconds", labels{"job": "nightly home directories"}, nightly),
		live("onefs_cava_job_last_run_timestamp_seconds", labels{"job": "weekly everything"}, func(_ string, now minute) float64 {
			return (((now+3*day)/(7*day))*(7*day) - 3*day + 2*hour).seconds()
		}),
		live("onefs_avscan_report_end_timestamp_seconds", nil, func(_ string, now minute) float64 { return daily(now, at(1, "01:47")).seconds() }),
		live("onefs_cava_queue_files", nil, func(key string, now minute) float64 {
			waiting := 60 * load(now) * noise(key, now)
			if now%day >= hour && now%day < 2*hour { // the nightly scan
				waiting += 250 + 50*noise(key+"nightly", now)
			}
			return math.Floor(waiting)
		}),
		live("onefs_cava_server_connections", nil, func(key string, now minute) float64 { return math.Floor(1 + 7*load(now)*noise(key, now)) }),
		grow("onefs_cava_server_heartbeats_total", nil, perMinute(6)),
		grow("onefs_cava_server_scan_requests_total", nil, scans),
		grow("onefs_cava_scan_requests_total", labels{"source": "on_access"}, scans),
		grow("onefs_cava_scan_results_total", labels{"result": "success"}, scans),
		grow("onefs_cava_scan_failures_total", nil, seldom(1.0/90)),
		grow("onefs_cava_scan_results_total", labels{"result": "failure"}, seldom(1.0/90)),
		grow("onefs_cava_scan_timeouts_total", nil, seldom(1.0/200)),
	)
}

// scans are the files scanned in a minute.
func scans(key string, now minute) float64 {
	return math.Floor(300 * load(now) * (0.5 + noise(key, now)))
}

// withoutUnits takes nodes out of the questions.
func withoutUnits(units ...string) change {
	return func(r *reading, _ minute) {
		for q := range r.questions {
			for _, u := range units {
				if q.unit == u {
					delete(r.questions, q)
				}
			}
		}
	}
}

func onefsFleet() *fleet {
	const broken, neighbour = "isilon-1", "isilon-2"
	on := []string{broken}
	f := &fleet{
		name: "onefs_cava", rules: []string{"exporter", "onefs_cava"}, system: "onefs_cava", metrics: onefs.System.Metrics,
		targets: []target{{name: broken, life: cluster()}, {name: neighbour, life: cluster()}, ownPage()},
	}
	silent := func(where labels) change {
		return all(freeze("onefs_cava_server_heartbeats_total", where), freeze("onefs_cava_server_scan_requests_total", where))
	}
	gone := func(server string) change {
		return all(graft("onefs/nodes/one_server_offline", labels{"server": "av2", "node": "1"}, "av2", server),
			graft("onefs/nodes/one_server_offline", labels{"server": "av2", "node": "2"}, "av2", server), silent(labels{"server": server}))
	}
	allGone := all(instead("onefs/nodes/all_servers_offline"), silent(nil))
	one := incident{
		name: "a CAVA server is offline", source: onefsPage, targets: on, at: at(1, "10:00"), lasts: 45, tail: 1, change: gone("av2"),
		wants: []want{{alert: "OnefsCavaServerOffline", severity: "warning", labels: labels{"server": "av2"}, within: 9, says: "av2"}},
	}
	every := incident{
		name: "no CAVA server answers", source: onefsPage, targets: on, at: at(2, "02:30"), lasts: 45, tail: 16, change: allGone,
		wants: []want{{
			alert: "OnefsCavaAllServersOffline", severity: "critical", labels: labels{"scope": "cluster"}, within: 4,
			says: "files are stored and opened unscanned (Open on fail is on)",
		}},
		allows: []string{"OnefsCavaServerOffline", "OnefsCavaFaulted", "OnefsCavaQueueNearLimit", "OnefsCavaScanFailures", "OnefsCavaScanTimeouts"},
	}
	f.incidents = append(common(22), restarts(every, 22, 32)...)
	f.incidents = append(f.incidents,
		one,
		during(one, 3, 1),
		during(one, 20, 2),
		incident{
			name: "a CAVA server hangs while its state still reads ONLINE", source: device, targets: on, at: at(1, "14:00"), lasts: 45, tail: 1,
			change: silent(labels{"server": "av2"}),
			wants:  []want{{alert: "OnefsCavaServerOffline", severity: "warning", labels: labels{"server": "av2"}, within: 16, says: "av2"}},
		},
		every,
		during(every, 2, 1),
		during(every, 15, 2),
		incident{
			name: "a node loses its network to the CAVA servers (NANON)", source: onefsPage, targets: on, scope: labels{"node": "2"}, at: at(3, "10:00"), lasts: 45, tail: 1,
			change: all(graft("onefs/nodes/all_servers_offline", labels{"node": "2", "server": "av1"}), graft("onefs/nodes/all_servers_offline", labels{"node": "2", "server": "av2"}), silent(labels{"node": "2"})),
			wants:  []want{{alert: "OnefsCavaAllServersOffline", severity: "critical", labels: labels{"scope": "node", "node": "2"}, within: 4}},
			allows: []string{"OnefsCavaServerOffline"},
		},
		incident{
			name: "event SW_AVSCAN_CAVA_SERVER_OFFLINE", source: onefsPage, targets: on, at: at(3, "14:00"), lasts: 45, tail: 1, change: instead("onefs/events/server_offline"),
			wants: []want{{alert: "OnefsCavaServerOfflineEvent", severity: "warning", within: 6, says: "SW_AVSCAN_CAVA_SERVER_OFFLINE"}},
		},
		incident{
			name: "CAVA is FAULTED on a node", source: device, targets: on, scope: labels{"node": "2"}, at: at(4, "10:00"), lasts: 30, tail: 1,
			change: state("onefs_cava_system_status", labels{"node": "2"}, "status", "FAULTED"),
			wants:  []want{{alert: "OnefsCavaFaulted", severity: "critical", labels: labels{"node": "2"}, within: 3}},
		},
		incident{
			name: "CAVA is DISABLED on a node while it is switched on for the cluster", source: device, targets: on, scope: labels{"node": "2"}, at: at(4, "13:00"), lasts: 30, tail: 1,
			change: all(graft("onefs/nodes/disabled", labels{"node": "2"})),
			wants:  []want{{alert: "OnefsCavaDisabled", severity: "critical", labels: labels{"node": "2"}, within: 6}},
		},
		incident{
			name: "the CAVA service is switched off", source: device, targets: on, at: at(4, "16:00"), lasts: 60, tail: 5,
			change: all(instead("onefs/settings/disabled"), graft("onefs/nodes/disabled", labels{"node": "1"}), graft("onefs/nodes/disabled", labels{"node": "2"})),
			wants:  []want{{alert: "OnefsCavaDisabled", severity: "warning", within: 6}},
		},
		incident{
			name: "a scan queue is nearly full", source: device, targets: on, scope: labels{"node": "1"}, at: at(5, "10:00"), lasts: 30, tail: 5,
			change: set("onefs_cava_queue_files", labels{"node": "1", "queue": "fast"}, 953),
			wants:  []want{{alert: "OnefsCavaQueueNearLimit", severity: "warning", labels: labels{"node": "1", "queue": "fast"}, within: 4}},
		},
		incident{
			name: "a server has as many connections as it takes: 20", source: onefsPage, targets: on, at: at(5, "13:00"), lasts: 45, tail: 5,
			change: set("onefs_cava_server_connections", labels{"server": "av1"}, 10),
			wants:  []want{{alert: "OnefsCavaConnectionsSaturated", severity: "warning", labels: labels{"server": "av1"}, within: 16}},
		},
		incident{
			name: "fewer servers than recommended are enabled", source: onefsPage, targets: on, at: at(6, "10:00"), lasts: 120, tail: 5,
			change: all(instead("onefs/servers/one_disabled"), only("server", "av1", "av2"), set("onefs_cava_servers_enabled", nil, 1)),
			wants:  []want{{alert: "OnefsCavaTooFewServers", severity: "warning", within: 61}},
		},
		incident{
			name: "no server is enabled at all", source: onefsPage, targets: on, at: at(6, "15:00"), lasts: 30, tail: 5,
			change: all(drop("onefs_cava_server_online", nil), drop("onefs_cava_server_heartbeats_total", nil), drop("onefs_cava_server_enabled", nil), set("onefs_cava_servers_enabled", nil, 0)),
			wants:  []want{{alert: "OnefsCavaAllServersOffline", severity: "critical", labels: labels{"scope": "cluster"}, within: 4, says: "none is configured and enabled"}},
		},
		incident{
			name: "scans fail", source: onefsPage, targets: on, scope: labels{"node": "1"}, at: at(7, "10:00"), lasts: 30, tail: 16,
			change: grow("onefs_cava_scan_failures_total", labels{"node": "1"}, perMinute(20)),
			wants:  []want{{alert: "OnefsCavaScanFailures", severity: "warning", labels: labels{"node": "1"}, within: 8}},
		},
		incident{
			name: "scans time out", source: onefsPage, targets: on, scope: labels{"node": "1"}, at: at(7, "13:00"), lasts: 30, tail: 16,
			change: grow("onefs_cava_scan_timeouts_total", labels{"node": "1"}, perMinute(6)),
			wants:  []want{{alert: "OnefsCavaScanTimeouts", severity: "warning", labels: labels{"node": "1"}, within: 8}},
		},
		incident{
			name: "infected files are found", source: onefsPage, targets: on, at: at(8, "10:00"), lasts: 5, tail: 62,
			change: once("onefs_cava_scan_results_total", labels{"node": "1", "result": "infected"}, 2, 3),
			wants:  []want{{alert: "OnefsCavaInfectedFiles", severity: "info", within: 3, says: "3 infected files"}},
		},
		incident{
			name: "an outbreak: many infected files", source: onefsPage, targets: on, at: at(8, "14:00"), lasts: 30, tail: 62,
			change: grow("onefs_cava_scan_results_total", labels{"node": "1", "result": "infected"}, perMinute(3)),
			wants:  []want{{alert: "OnefsCavaInfectedFiles", severity: "warning", within: 12}},
			allows: []string{"OnefsCavaInfectedFiles/info"},
		},
		incident{
			name: "no new virus signatures", source: onefsPage, targets: on, at: at(14, "04:30"), lasts: 4 * day, tail: 5, lead: 2 * hour, slow: true,
			change: freeze("onefs_cava_signature_timestamp_seconds", nil),
			wants:  []want{{alert: "OnefsCavaSignaturesStale", severity: "warning", within: 3*day + hour}},
		},
		incident{
			name: "a scan policy does not run any more", source: onefsPage, targets: on, at: at(15, "00:30"), lasts: 5 * day, tail: 5, lead: 5 * day, slow: true,
			change: freeze("onefs_cava_job_last_run_timestamp_seconds", labels{"job": "nightly home directories"}),
			wants:  []want{{alert: "OnefsCavaPolicyScanOverdue", severity: "warning", labels: labels{"policy": "nightly home directories"}, within: 3*day + 3*hour}},
		},

		incident{name: "a CAVA server restarts: 5 minutes", source: operation, targets: on, at: at(23, "09:00"), lasts: 5, change: gone("av2")},
		incident{name: "both CAVA servers restart, one after the other: the second", source: operation, targets: on, at: at(23, "09:06"), lasts: 5, change: gone("av1")},
		incident{name: "a CAVA server is offline one minute out of four, for an hour", source: operation, targets: on, at: at(23, "11:00"), lasts: 60, every: 4, forEach: 1, change: gone("av2")},
		incident{name: "no server answers for two readings", source: operation, targets: on, at: at(23, "14:00"), lasts: 2, change: all(gone("av1"), gone("av2"))},
		incident{
			name: "a node is rebooted: 12 minutes", source: operation, targets: on, at: at(24, "09:00"), lasts: 12, tail: 16,
			change: all(fail("nodes", "2", "not_supported"), set("onefs_nodes_up", nil, 1)),
		},
		incident{name: "the scan daemon of a node restarts: its counters from zero", source: operation, targets: on, at: at(24, "11:00"), lasts: 1, tail: 16, change: fromZero},
		incident{name: "CAVA is switched on: DISABLED for 3 minutes", source: operation, targets: on, at: at(24, "13:00"), lasts: 3, change: graft("onefs/nodes/disabled", labels{"node": "1"})},
		incident{name: "CAVA is FAULTED for a minute", source: operation, targets: on, at: at(24, "14:00"), lasts: 1, change: state("onefs_cava_system_status", labels{"node": "2"}, "status", "FAULTED")},
		incident{name: "an event that is resolved after 3 minutes", source: operation, targets: on, at: at(24, "15:00"), lasts: 3, change: instead("onefs/events/server_offline")},
		incident{
			name: "a new release calls the state of servers something else; heartbeats go on", source: device, targets: on, at: at(25, "09:00"), lasts: 90,
			change: set("onefs_cava_server_online", nil, 0),
		},
		incident{
			name: "the clock of the cluster is an hour ahead", source: operation, targets: on, at: at(25, "13:00"), lasts: 90,
			change: shift("onefs_cava_signature_timestamp_seconds", nil, hour),
		},
		incident{
			name: "the clock of the cluster is an hour behind", source: operation, targets: on, at: at(25, "16:00"), lasts: 90,
			change: shift("onefs_cava_signature_timestamp_seconds", nil, -hour),
		},
		incident{name: "the session of the API has ended: one part refused once", source: operation, targets: on, at: at(26, "09:00"), lasts: 1, change: fail("servers", "", "auth")},
		incident{name: "the answer about nodes is cut short for 4 minutes", source: operation, targets: on, at: at(26, "11:00"), lasts: 4, change: fail("nodes", "", "parse")},
		incident{name: "a few scans fail", source: operation, targets: on, at: at(26, "13:00"), lasts: 60, tail: 16, change: grow("onefs_cava_scan_failures_total", nil, seldom(0.3))},
	)
	return f
}
