package main

import (
	"math"
	"slices"
	"strconv"

	"dataprotection_exporter/collectors/ntfrs"
)

// logged is an event in the log of a member. It stays there: only later events, or time,
// end what it means.
type logged struct {
	id int
	at minute
	// repeats: it is logged again, so many minutes apart, until then.
	repeats, until minute
	// cleared is when the event that ends it was logged; 0 where there is none.
	cleared minute
}

// last is when it was last logged; not yet: NaN.
func last(events []logged, id int, now minute) float64 {
	when := math.NaN()
	for _, e := range events {
		if e.id != id || e.at > now {
			continue
		}
		t := e.at
		if e.repeats > 0 {
			t += (min(now, e.until) - e.at) / e.repeats * e.repeats
		}
		if math.IsNaN(when) || t.seconds() > when {
			when = t.seconds()
		}
	}
	return when
}

// eventLog is the event log of a member.
func eventLog(member string, events []logged) change {
	return func(r *reading, _ minute) {
		var ids []int
		for _, e := range events {
			if !slices.Contains(ids, e.id) {
				ids = append(ids, e.id)
			}
		}
		active := r.catalogue["ntfrs_event_active"].Values["event_id"]
		for _, id := range ids {
			l := labels{"member": member, "event_id": strconv.Itoa(id)}
			r.put(&series{name: "ntfrs_event_last_timestamp_seconds", labels: l, move: func(now minute) float64 { return last(events, id, now) }})
			if !slices.Contains(active, l["event_id"]) {
				continue
			}
			r.put(&series{name: "ntfrs_event_active", labels: l, move: func(now minute) float64 {
				for _, e := range events {
					if e.id == id && e.at <= now && now < e.cleared {
						return 1
					}
				}
				return 0
			}})
		}
	}
}

const (
	sysvol = "DOMAIN SYSTEM VOLUME (SYSVOL SHARE)"
	// staging is the default limit in bytes.
	staging = 660 * 1024 * 1024
)

// controllers are two domain controllers behind a jump host, when nothing is wrong but
// what is in the event log of the first.
func controllers(events []logged) change {
	return all(
		unit("dc1", controller("dc1", events)),
		unit("dc2", controller("dc2", nil, "dc1", "dc2", "DC2", "DC1")),
		use("ntfrs/dfsr/in_sync"),
		live("dfsr_backlog_files", nil, func(key string, now minute) float64 { return math.Floor(20 * load(now) * noise(key, now)) }),
	)
}

func controller(member string, events []logged, rename ...string) change {
	here := labels{"member": member}
	start := []logged{{id: 13501, at: -20 * day}, {id: 13516, at: -20*day + 3}, {id: 13568, at: -25 * day}}
	return all(
		use("ntfrs/sets/one_partner", rename...),
		use("ntfrs/counters_raw/one_set", rename...),
		use("ntfrs/events/journal_wrap_over", rename...),
		use("ntfrs/debug_log/published", rename...),
		eventLog(member, append(start, events...)),
		live("ntfrs_connection_last_join_timestamp_seconds", here, func(_ string, now minute) float64 { return (now / (6 * hour) * 6 * hour).seconds() }),
		live("ntfrs_outbound_backlog_change_orders", here, func(key string, now minute) float64 {
			waiting := 25 * load(now) * noise(key, now)
			if now%day >= 3*hour && now%day < 3*hour+40 { // a nightly copy
				waiting += 400 * (1 - math.Abs(float64(now%day-3*hour)-20)/20)
			}
			return math.Floor(waiting)
		}),
		live("ntfrs_staging_used_bytes", join(here, labels{"replica_set": sysvol}), func(_ string, now minute) float64 {
			return math.Floor(staging * (0.3 + 0.3*load(now)))
		}),
		live("ntfrs_staging_free_bytes", here, func(_ string, now minute) float64 { return staging - math.Floor(staging*(0.3+0.3*load(now))) }),
		grow("ntfrs_changes_logged_total", here, func(key string, now minute) float64 { return 3 * load(now) * noise(key, now) }),
		// Now and then somebody edits permissions.
		grow("ntfrs_security_only_changes_total", here, seldom(1.0/30)),
	)
}

func ntfrsFleet() *fleet {
	const broken, neighbour = "dc-jump-1", "dc-jump-2"
	on := []string{broken}
	dc1, dc2 := labels{"member": "dc1"}, labels{"member": "dc2"}
	join13508 := at(6, "10:00")
	errorState, corrupt, noSpace := at(6, "14:00"), at(7, "09:00"), at(7, "12:00")
	full, wrap, excess, clock, stopped := at(7, "16:00"), at(8, "09:00"), at(8, "12:00"), at(9, "09:00"), at(9, "13:00")
	restart := func(at minute) logged { return logged{id: 13501, at: at} }
	events := []logged{
		{id: 13508, at: join13508, cleared: join13508 + 90},
		{id: 13509, at: join13508 + 90},
		{id: 13555, at: errorState, cleared: errorState + 60},
		restart(errorState + 60),
		{id: 13516, at: errorState + 60},
		{id: 13513, at: corrupt},
		restart(corrupt + 60),
		{id: 13511, at: noSpace},
		restart(noSpace + 45),
		{id: 13522, at: full, repeats: 10, until: full + 60},
		{id: 13568, at: wrap, cleared: wrap + 60},
		restart(wrap + 55),
		{id: 13516, at: wrap + 60},
		{id: 13567, at: excess, repeats: 2 * hour, until: excess + 4*hour},
		{id: 13548, at: clock, repeats: 30, until: clock + 60},
		{id: 13503, at: stopped, cleared: stopped + 40},
		restart(stopped + 40),
		// Disturbances: a restart, and a partner that is away for a moment.
		{id: 13503, at: at(23, "09:00"), cleared: at(23, "09:06")},
		restart(at(23, "09:06")),
		{id: 13516, at: at(23, "09:09")},
		{id: 13508, at: at(23, "12:00"), cleared: at(23, "12:20")},
		{id: 13509, at: at(23, "12:20")},
	}
	f := &fleet{
		name: "ntfrs", rules: []string{"exporter", "ntfrs"}, system: "ntfrs", metrics: ntfrs.System.Metrics,
		targets: []target{{name: broken, life: controllers(events)}, {name: neighbour, life: controllers(nil)}, ownPage()},
	}
	// By events: what is logged is in the log above.
	event := func(name string, when, lasts, tail minute, alert, severity string, within minute, says string) incident {
		return incident{
			name: name, source: device, targets: on, scope: dc1, at: when, lasts: lasts, tail: tail, change: all(),
			wants: []want{{alert: alert, severity: severity, labels: dc1, within: within, says: says}},
		}
	}
	inState := func(name, clock, state string, lasts minute, wanted want) incident {
		return incident{
			name: name, source: device, targets: []string{broken}, scope: dc1, at: at(5, clock), lasts: lasts, tail: 1,
			change: serviceState("dc1", state), wants: []want{wanted},
		}
	}
	isFull := event("the staging space is full (13522)", full, 60, 11, "NtfrsStagingFull", "critical", 3, "staging")
	isFull.source = frs
	isFull.change = stagingAt("dc1", 0.97)
	isFull.allows = []string{"NtfrsStagingFull/warning"}
	excessive := event("the service suppresses updates without content (13567)", excess, 4*hour, 6*hour+5, "NtfrsExcessiveReplication", "warning", 1, "")
	excessive.source = frs
	backlog := incident{
		name: "a partner has a large backlog", source: frs, targets: on, scope: dc1, at: at(2, "08:00"), lasts: 2 * hour, tail: 5,
		change: set("ntfrs_outbound_backlog_change_orders", dc1, 1800),
		wants:  []want{{alert: "NtfrsBacklogHigh", severity: "warning", labels: labels{"partner": "DC2"}, within: 61}},
		// It may look as if it grew.
		allows: []string{"NtfrsBacklogGrowing"},
	}
	scanner := incident{
		name: "a virus scanner rewrites security descriptors, and every file replicates", source: frs, targets: on, scope: dc1, at: at(4, "01:00"), lasts: 2 * hour, tail: 30,
		change: all(
			grow("ntfrs_security_only_changes_total", dc1, perMinute(30)),
			grow("ntfrs_change_reasons_total", labels{"member": "dc1", "reason": "Security"}, perMinute(30)),
			grow("ntfrs_changes_logged_total", dc1, perMinute(33)),
			follow("ntfrs_outbound_backlog_change_orders", dc1, func(since minute) float64 { return 10 + 5*float64(since) }),
		),
		wants:  []want{{alert: "NtfrsAntivirusRewritesSecurity", severity: "warning", labels: dc1, within: 25, says: "virus scanner"}},
		allows: []string{"NtfrsBacklogGrowing", "NtfrsBacklogHigh"},
	}
	f.incidents = append(common(22), restarts(scanner, 60, 80)...)
	f.incidents = append(f.incidents,
		backlog,
		during(backlog, 30, 2),
		incident{
			name: "the backlog of a partner only grows", source: frs, targets: on, scope: dc1, at: at(2, "13:00"), lasts: 4 * hour, tail: 5,
			change: follow("ntfrs_outbound_backlog_change_orders", dc1, func(since minute) float64 { return 30 + 2*float64(since) }),
			wants:  []want{{alert: "NtfrsBacklogGrowing", severity: "warning", labels: labels{"partner": "DC2"}, within: 2*hour + 5}},
		},
		incident{
			name: "a connection is not joined", source: frs, targets: on, scope: dc1, at: at(3, "08:00"), lasts: 4 * hour, tail: 5,
			change: all(set("ntfrs_connection_joined", dc1, 0), freeze("ntfrs_connection_last_join_timestamp_seconds", dc1)),
			wants:  []want{{alert: "NtfrsConnectionNotJoined", severity: "warning", labels: labels{"partner": "DC2", "direction": "outbound"}, within: 2*hour + 1}},
		},
		scanner,
		during(scanner, 15, 2),
		incident{
			name: "a member is in no replica set", source: device, targets: on, scope: dc1, at: at(4, "10:00"), lasts: 45, tail: 1,
			change: graft("ntfrs/sets/not_a_member", dc1),
			wants:  []want{{alert: "NtfrsReplicaSetNotActive", severity: "critical", labels: dc1, within: 11, says: "Active Directory"}},
		},
		incident{
			name: "a member has no outbound connection: its member object is missing", source: device, targets: on, scope: dc1, at: at(4, "13:00"), lasts: 60, tail: 5,
			change: graft("ntfrs/sets/no_outbound", dc1),
			wants:  []want{{alert: "NtfrsNoOutboundConnections", severity: "warning", labels: dc1, within: 31, says: "connection objects"}},
		},
		inState("the replica set is STOPPED", "09:00", "STOPPED", 40, want{alert: "NtfrsReplicaSetNotActive", severity: "critical", labels: dc1, within: 11, says: "with an error"}),
		inState("the replica set is in ERROR", "11:00", "ERROR", 40, want{alert: "NtfrsReplicaSetNotActive", severity: "critical", labels: dc1, within: 11}),
		inState("the replica set stays INITIALIZING", "13:00", "INITIALIZING", 90, want{alert: "NtfrsReplicaSetNotActive", severity: "warning", labels: dc1, within: 61}),
		inState("the replica set is in JRNL_WRAP_ERROR", "17:00", "JRNL_WRAP_ERROR", 40, want{alert: "NtfrsJournalWrap", severity: "critical", labels: dc1, within: 6, says: "journal"}),
		event("replication with a partner cannot be enabled (13508 without 13509)", join13508, 90, 1, "NtfrsReplicationBlocked", "warning", 31, ""),
		event("the service is in an error state (13555)", errorState, 60, 1, "NtfrsReplicationBlocked", "critical", 16, ""),
		event("the database of the service is corrupt (13513)", corrupt, 60, 1, "NtfrsReplicationBlocked", "critical", 16, ""),
		event("the volume of the database is full (13511)", noSpace, 45, 1, "NtfrsDatabaseVolumeFull", "critical", 3, "space"),
		isFull,
		event("a journal wrap (13568)", wrap, 60, 1, "NtfrsJournalWrap", "critical", 6, "journal"),
		excessive,
		event("the clocks of two partners differ (13548)", clock, 60, 2*hour+5, "NtfrsClockSkew", "warning", 1, ""),
		event("the service stopped and does not come back (13503)", stopped, 40, 1, "NtfrsReplicationBlocked", "critical", 16, ""),
		incident{
			name: "staging stays above its purge level", source: frs, targets: on, scope: dc1, at: at(10, "09:00"), lasts: 60, tail: 1,
			change: stagingAt("dc1", 0.97),
			wants:  []want{{alert: "NtfrsStagingFull", severity: "warning", labels: dc1, within: 31, says: "large backlog"}},
		},
		incident{
			name: "DFS Replication has a large backlog", source: device, targets: on, at: at(10, "13:00"), lasts: 2 * hour, tail: 5,
			change: set("dfsr_backlog_files", nil, 1500),
			wants:  []want{{alert: "DfsrBacklogHigh", severity: "warning", within: 61, says: "staging"}},
		},

		incident{name: "the service is restarted: 13503, then 13501 after 6 minutes; STARTING meanwhile", source: operation, targets: on, at: at(23, "09:00"), lasts: 6, tail: 30, change: serviceState("dc1", "STARTING")},
		incident{name: "a partner is away: 13508, and 13509 after 20 minutes", source: operation, targets: on, at: at(23, "12:00"), lasts: 20, tail: 20, change: set("ntfrs_connection_joined", dc1, 0)},
		incident{name: "a domain controller is rebooted: 9 minutes without an answer", source: operation, targets: on, at: at(23, "15:00"), lasts: 9, change: all(fail("sets", "dc2", "connect"), fail("events", "dc2", "connect"), fail("counters", "dc2", "connect"), fail("debug_log", "dc2", "connect"))},
		incident{name: "its service is STARTING for 20 minutes after the reboot", source: operation, targets: on, at: at(23, "15:09"), lasts: 20, change: all(serviceState("dc2", "STARTING"), set("ntfrs_connection_joined", dc2, 0))},
		incident{name: "a connection is outside of its schedule for 90 minutes", source: frs, targets: on, at: at(24, "09:00"), lasts: 90, change: set("ntfrs_connection_joined", dc1, 0)},
		incident{
			name: "group policy sets permissions: 400 changes of security, and no backlog", source: frs, targets: on, at: at(24, "13:00"), lasts: 20, tail: 62,
			change: all(grow("ntfrs_security_only_changes_total", dc1, perMinute(20)), grow("ntfrs_changes_logged_total", dc1, perMinute(20))),
		},
		incident{
			name: "a large copy: 900 change orders wait for 50 minutes", source: operation, targets: on, at: at(24, "16:00"), lasts: 50, tail: 62,
			change: follow("ntfrs_outbound_backlog_change_orders", dc1, func(since minute) float64 { return math.Max(0, 900-18*float64(since)) }),
		},
		incident{name: "staging is at its purge level", source: device, targets: on, at: at(25, "09:00"), lasts: 2 * hour, change: stagingAt("dc1", 0.9)},
		incident{name: "the debug log is rotated: it cannot be read for two scrapes", source: operation, targets: on, at: at(25, "13:00"), lasts: 2, tail: 60, change: fail("debug_log", "dc1", "exit_status")},
		incident{name: "one member answers every other time, for an hour", source: operation, targets: on, at: at(25, "15:00"), lasts: 60, every: 2, forEach: 1, change: fail("sets", "dc1", "timeout")},
		incident{
			name: "the clock of a domain controller is an hour ahead", source: operation, targets: on, at: at(26, "09:00"), lasts: 90,
			change: all(shift("ntfrs_event_last_timestamp_seconds", dc1, hour), shift("ntfrs_connection_last_join_timestamp_seconds", dc1, hour)),
		},
		incident{
			name: "a member has moved to DFS Replication: it is asked nothing more", source: device, targets: on, at: at(26, "13:00"), lasts: 3 * hour,
			change: all(fail("sets", "dc2", "not_supported"), fail("events", "dc2", "not_supported"), fail("counters", "dc2", "not_supported"), fail("debug_log", "dc2", "not_supported")),
		},
	)
	return f
}

// serviceState is the state of the replica set of a member.
func serviceState(member, word string) change {
	return state("ntfrs_service_state", labels{"member": member}, "state", word)
}

// stagingAt fills the staging space of a member to a share.
func stagingAt(member string, share float64) change {
	return all(
		set("ntfrs_staging_used_bytes", labels{"member": member, "replica_set": sysvol}, math.Floor(staging*share)),
		set("ntfrs_staging_free_bytes", labels{"member": member}, staging-math.Floor(staging*share)),
	)
}
