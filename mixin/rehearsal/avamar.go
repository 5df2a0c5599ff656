package main

import (
	"math"

	"dataprotection_exporter/collectors/avamar"
)

// serialStep changes the serials of a system for good.
type serialStep struct {
	at minute
	// mcs and gsan are added to the serial of MCS and to the minimum of GSAN.
	mcs, gsan float64
	// level is the repair: both become one number above all before; first the minimum,
	// then, some minutes later, the file of MCS.
	level minute
}

// serials is the course of the two serials of a system.
type serials struct {
	// follows: the minimum moves after the serial every night. Whether it does is not
	// published, so there are systems of both kinds.
	follows bool
	steps   []serialStep
}

// issued are the tickets since the beginning: a few by day, more while backups run.
func issued(now minute) float64 {
	n := float64(now/day) * 100
	for h := minute(0); h < now%day/hour; h++ {
		n += perHour(h)
	}
	return math.Floor(n + perHour(now%day/hour)*float64(now%hour)/60)
}

func perHour(h minute) float64 {
	if h >= 20 || h < 6 {
		return 8.6
	}
	return 1
}

// at gives both serials of a minute.
func (s serials) at(now minute) (mcs, gsan float64) {
	mcs, gsan = 29500, 28500
	if s.follows {
		gsan = 29000
	}
	high := mcs
	begin := minute(0)
	advance := func(to minute) {
		if midnight := to / day * day; s.follows && midnight > begin {
			gsan = math.Max(gsan, mcs+issued(midnight)-issued(begin)-500)
		}
		mcs += issued(to) - issued(begin)
		begin = to
		high = math.Max(high, math.Max(mcs, gsan))
	}
	for _, step := range s.steps {
		if step.at > now {
			break
		}
		advance(step.at)
		mcs += step.mcs
		gsan += step.gsan
		high = math.Max(high, mcs)
		if step.level > 0 {
			gsan = math.Ceil(high/1000)*1000 + 1000
			if now >= step.at+step.level {
				mcs = gsan
			}
		}
	}
	advance(now)
	return mcs, gsan
}

// grid is an Avamar system with two nodes, when nothing is wrong.
func grid(s serials) change {
	return all(
		use("avamar/sessionticket/k1"),
		use("avamar/keytable/children"),
		use("avamar/gsan_log/used_already"),
		use("avamar/client_log/login_ok"),
		use("avamar/dpnctl/up_19"),
		use("avamar/status_dpn/k2_19_12"),
		live("avamar_session_ticket_mcs_serial", nil, func(_ string, now minute) float64 { mcs, _ := s.at(now); return mcs }),
		live("avamar_session_ticket_gsan_min_serial", nil, func(_ string, now minute) float64 { _, gsan := s.at(now); return gsan }),
		live("avamar_session_ticket_log_last_event_timestamp_seconds", nil, func(string, minute) float64 { return -9 * 86400 }),
		live("avamar_checkpoint_last_timestamp_seconds", nil, func(_ string, now minute) float64 { return daily(now, at(1, "08:10")).seconds() }),
		live("avamar_hfscheck_last_timestamp_seconds", nil, func(_ string, now minute) float64 { return daily(now, at(1, "09:40")).seconds() }),
		live("avamar_gc_last_timestamp_seconds", nil, func(_ string, now minute) float64 { return daily(now, at(1, "08:05")).seconds() }),
		// Backups fill it by night, the garbage collection makes room in the morning.
		live("avamar_node_used_ratio", nil, func(_ string, now minute) float64 {
			since := float64((now+day-8*hour)%day) / float64(day)
			return math.Round(1000*(0.34+0.001*float64(now)/float64(day)+0.01*since)) / 1000
		}),
		grow("avamar_client_logins_total", nil, func(_ string, now minute) float64 { return perHour(now%day/hour) / 60 }),
		grow("avamar_client_login_failures_total", labels{"reason": "other"}, seldom(1.0/600)),
	)
}

// gap is the difference of the serials, where both were read.
func gap(r *reading, _ minute) {
	mcs, gsan := r.series["avamar_session_ticket_mcs_serial{}"], r.series["avamar_session_ticket_gsan_min_serial{}"]
	if mcs == nil || gsan == nil {
		return
	}
	r.put(&series{name: "avamar_session_ticket_serial_gap", labels: labels{}, move: func(now minute) float64 { return mcs.move(now) - gsan.move(now) }})
}

func avamarFleet() *fleet {
	const restored, rolledBack, sick, neighbour = "avamar-1", "avamar-2", "avamar-3", "avamar-4"
	mcsBack, gsanBack, jump := at(3, "01:00"), at(5, "02:00"), at(8, "10:00")
	lives := map[string]serials{
		restored: {steps: []serialStep{
			{at: mcsBack, mcs: -6000},
			{at: mcsBack + 3*hour - 4, level: 4},
			{at: jump, mcs: 8000},
			{at: jump + 3*hour, level: 4},
		}},
		rolledBack: {follows: true, steps: []serialStep{
			{at: gsanBack, gsan: -300},
			{at: gsanBack + 2*hour, level: 3},
			{at: at(24, "10:00"), level: 4},
		}},
		sick:      {},
		neighbour: {follows: true},
	}
	system := func(name string) target { return target{name: name, life: grid(lives[name]), derive: gap} }
	f := &fleet{
		name: "avamar", rules: []string{"exporter", "avamar"}, system: "avamar", metrics: avamar.System.Metrics,
		targets: []target{system(restored), system(rolledBack), system(sick), system(neighbour), ownPage()},
	}
	rejected := func(kind string) change {
		return grow("avamar_session_ticket_log_events_total", labels{"kind": kind}, func(_ string, now minute) float64 {
			if now%10 == 0 {
				return 1
			}
			return 0
		})
	}
	logins := grow("avamar_client_login_failures_total", labels{"reason": "session_ticket"}, func(_ string, now minute) float64 {
		if now%10 == 5 {
			return 1
		}
		return 0
	})
	refused := want{alert: "AvamarSessionTicketRejected", severity: "critical", within: 11}
	noLogin := want{alert: "AvamarSessionTicketLoginFailures", severity: "critical", within: 11}
	// What was refused stays an alert for two hours.
	const after = 2*hour + 5
	ticket := func(name string, day int, clock string, c change, wants ...want) incident {
		return incident{name: name, source: tickets, targets: []string{sick}, at: at(day, clock), lasts: 30, tail: after, change: c, wants: wants}
	}
	service := func(name string, on int, clock, file, service, severity string, within minute) incident {
		return incident{
			name: name, source: device, targets: []string{sick}, at: at(on, clock), lasts: within + 20, tail: 1, change: instead("avamar/dpnctl/" + file),
			wants: []want{{alert: "AvamarServiceDown", severity: severity, labels: labels{"service": service}, within: within, says: service}},
		}
	}
	mcsDown := service("MCS is down", 9, "09:00", "mcs_down", "mcs", "critical", 11)
	mcsDown.wants = append(mcsDown.wants, want{alert: "AvamarServiceDown", severity: "warning", labels: labels{"service": "backup_scheduler"}, within: 11})
	gsanDown := service("GSAN is down", 9, "12:00", "gsan_down", "gsan", "critical", 11)
	gsanDown.change = all(gsanDown.change, fail("gsan_serial", "", "exit_status"), fail("status", "", "exit_status"))
	gsanDown.allows = []string{"AvamarServiceDown", "AvamarSessionTicketUnreadable", "DataProtectionPartFailing"}
	backwards := incident{
		name: "MCS was restored from an older flush: its serial is below the minimum", source: tickets, targets: []string{restored}, at: mcsBack, lasts: 3 * hour, tail: after,
		change: all(rejected("below_minimum"), logins),
		wants: []want{
			{alert: "AvamarSessionTicketBehind", severity: "critical", within: 6, says: "MCS"},
			{alert: "AvamarSessionTicketSerialWentBackwards", severity: "critical", labels: labels{"side": "mcs"}, within: 3, says: "restore"},
			refused, noLogin,
		},
	}
	f.incidents = append(common(25), restarts(backwards, 75, 100)...)
	f.incidents = append(f.incidents,
		backwards,
		during(backwards, 2, 1),
		during(backwards, 60, 2),
		incident{
			name: "GSAN was rolled back: its minimum fell, and tickets were used already", source: tickets, targets: []string{rolledBack}, at: gsanBack, lasts: 2 * hour, tail: after,
			change: all(rejected("already_used"), rejected("bad_signature"), logins),
			wants: []want{
				{alert: "AvamarSessionTicketSerialWentBackwards", severity: "critical", labels: labels{"side": "gsan"}, within: 3, says: "rolled back"},
				refused, noLogin,
			},
		},
		ticket("tickets are below the minimum (<1479>) though no serial fell", 6, "20:00", rejected("below_minimum"), refused),
		ticket("tickets were used already (<1418>)", 7, "02:00", rejected("already_used"), refused),
		ticket("tickets with a bad signature (<1426>)", 7, "08:00", rejected("bad_signature"), refused),
		ticket("clients cannot log in with their tickets (MSG_ERR_AUTH_FAIL)", 7, "20:00", logins, noLogin),
		incident{
			name: "the gap jumps: GSAN works with old tickets", source: tickets, targets: []string{restored}, at: jump, lasts: 3 * hour, tail: 10, change: all(),
			wants:  []want{{alert: "AvamarSessionTicketGapWidening", severity: "warning", within: 17, says: "GSAN"}},
			allows: []string{"AvamarSessionTicketGapWidening/critical"},
		},
		incident{
			name: "... and an hour later tickets are refused", source: tickets, targets: []string{restored}, at: jump + hour, lasts: 2 * hour, tail: after,
			change: all(rejected("already_used"), logins),
			wants:  []want{{alert: "AvamarSessionTicketGapWidening", severity: "critical", within: 11}, refused, noLogin},
		},
		incident{
			name: "the gap widens while the minimum of GSAN, which used to follow, stands still", source: tickets, targets: []string{rolledBack}, at: at(18, "00:00"), lasts: 4 * day, tail: 5, lead: 9*day + hour, slow: true,
			change: freeze("avamar_session_ticket_gsan_min_serial", nil),
			wants:  []want{{alert: "AvamarSessionTicketGapWidening", severity: "warning", within: 2*day + 3*hour}},
		},
		incident{
			name: "the serial of MCS may not be read", source: device, targets: []string{sick}, at: at(8, "20:00"), lasts: 60, tail: 1, change: fail("mcs_serial", "", "permission"),
			wants:  []want{{alert: "AvamarSessionTicketUnreadable", severity: "warning", within: 21}},
			allows: []string{"DataProtectionPartFailing"},
		},
		mcsDown, gsanDown,
		service("GSAN is degraded", 9, "15:00", "gsan_degraded", "gsan", "critical", 11),
		service("the backup scheduler is down", 10, "12:00", "scheduler_down", "backup_scheduler", "warning", 11),
		service("the unattended start is switched off", 10, "14:00", "unattended_disabled", "unattended_startup", "info", 61),
		service("maintenance windows are suspended", 10, "18:00", "maintenance_suspended", "maintenance_windows_scheduler", "info", 61),
		incident{
			name: "the grid stays in admin mode", source: device, targets: []string{sick}, at: at(11, "11:00"), lasts: 9 * hour, tail: 1, lead: hour,
			change: state("avamar_access_status", nil, "status", "admin"),
			wants:  []want{{alert: "AvamarAccessRestricted", severity: "warning", within: 8*hour + 1}},
		},
		incident{
			name: "one of two nodes is offline", source: device, targets: []string{sick}, at: at(12, "10:00"), lasts: 40, tail: 1,
			change: all(set("avamar_node_online", labels{"node": "0.1"}, 0), drop("avamar_node_used_ratio", labels{"node": "0.1"}), set("avamar_system_ok", nil, 0)),
			wants:  []want{{alert: "AvamarNodeOffline", severity: "warning", labels: labels{"node": "0.1"}, within: 11, says: "0.1"}},
		},
		incident{
			name: "all nodes are offline", source: device, targets: []string{sick}, at: at(12, "13:00"), lasts: 40, tail: 1,
			change: instead("avamar/status_dpn/all_nodes_offline"),
			wants:  []want{{alert: "AvamarNodeOffline", severity: "critical", within: 11}},
			allows: []string{"AvamarNodeOffline/warning"},
		},
		incident{
			name: "the last checkpoint failed", source: device, targets: []string{sick}, at: at(13, "08:10"), lasts: 4 * hour, tail: 5, change: set("avamar_checkpoint_last_ok", nil, 0),
			wants: []want{{alert: "AvamarCheckpointStale", severity: "warning", within: 2*hour + 1}},
		},
		incident{
			name: "no checkpoint is made", source: device, targets: []string{sick}, at: at(14, "08:05"), lasts: 6 * hour, tail: 5, change: freeze("avamar_checkpoint_last_timestamp_seconds", nil),
			wants: []want{{alert: "AvamarCheckpointStale", severity: "warning", within: 2*hour + 10}},
		},
		incident{
			name: "the last hfscheck failed", source: device, targets: []string{sick}, at: at(15, "09:40"), lasts: 4 * hour, tail: 5, change: set("avamar_hfscheck_last_ok", nil, 0),
			wants: []want{{alert: "AvamarHfscheckStale", severity: "warning", within: 2*hour + 1}},
		},
		incident{
			name: "no hfscheck is made", source: device, targets: []string{sick}, at: at(16, "09:35"), lasts: 18 * hour, tail: 5, change: freeze("avamar_hfscheck_last_timestamp_seconds", nil),
			wants: []want{{alert: "AvamarHfscheckStale", severity: "warning", within: 14*hour + 10}},
		},
		incident{
			name: "a node is 85 % full", source: device, targets: []string{sick}, at: at(13, "14:00"), lasts: 90, tail: 5, change: set("avamar_node_used_ratio", labels{"node": "0.0"}, 0.85*0.65),
			wants: []want{{alert: "AvamarCapacityHigh", severity: "warning", labels: labels{"node": "0.0"}, within: 61}},
		},
		incident{
			name: "a node is 97 % full: soon it is read-only", source: device, targets: []string{sick}, at: at(13, "18:00"), lasts: 90, tail: 5, change: set("avamar_node_used_ratio", labels{"node": "0.0"}, 0.97*0.65),
			wants:  []want{{alert: "AvamarCapacityHigh", severity: "critical", labels: labels{"node": "0.0"}, within: 61}},
			allows: []string{"AvamarCapacityHigh/warning"},
		},

		incident{name: "MCS restarts: 5 minutes", source: operation, targets: []string{sick}, at: at(23, "10:00"), lasts: 5, change: instead("avamar/dpnctl/mcs_down")},
		incident{name: "a node is rebooted: 9 minutes", source: operation, targets: []string{sick}, at: at(23, "12:00"), lasts: 9, change: all(set("avamar_node_online", labels{"node": "0.1"}, 0), set("avamar_system_ok", nil, 0))},
		incident{name: "an hfscheck of 7 hours: access is restricted meanwhile", source: device, targets: []string{sick}, at: at(23, "14:00"), lasts: 7 * hour, change: state("avamar_access_status", nil, "status", "admin")},
		incident{name: "the repair of the vendor's article: the minimum first, the file of MCS 4 minutes later", source: tickets, targets: []string{rolledBack}, at: at(24, "10:00"), lasts: 30, tail: after, change: all()},
		incident{name: "the file of the serial is empty while MCS writes it", source: operation, targets: []string{sick}, at: at(24, "14:00"), lasts: 1, change: fail("mcs_serial", "", "parse")},
		incident{name: "the serials cannot be read one time out of three, for an hour", source: operation, targets: []string{sick}, at: at(24, "16:00"), lasts: 60, every: 3, forEach: 1, change: all(fail("mcs_serial", "", "timeout"), fail("gsan_serial", "", "timeout"))},
		incident{name: "gsan.log is rotated: the log cannot be read for two scrapes", source: operation, targets: []string{sick}, at: at(26, "09:00"), lasts: 2, tail: 60, change: fail("gsan_log", "", "exit_status")},
		incident{name: "the exporter forgets where it was in the logs: counters from zero", source: operation, targets: []string{restored}, at: at(26, "12:00"), lasts: 1, tail: after, change: fromZero},
		incident{
			name: "the clock of the grid is an hour ahead", source: operation, targets: []string{sick}, at: at(26, "16:00"), lasts: 90,
			change: all(shift("avamar_checkpoint_last_timestamp_seconds", nil, hour), shift("avamar_hfscheck_last_timestamp_seconds", nil, hour), shift("avamar_gc_last_timestamp_seconds", nil, hour)),
		},
		incident{
			name: "the clock of the grid is an hour behind, in the hour before the next checkpoint", source: operation, targets: []string{sick}, at: at(27, "07:00"), lasts: 90,
			change: all(shift("avamar_checkpoint_last_timestamp_seconds", nil, -hour), shift("avamar_hfscheck_last_timestamp_seconds", nil, -hour), shift("avamar_gc_last_timestamp_seconds", nil, -hour)),
		},
		incident{name: "logins fail for another reason", source: operation, targets: []string{sick}, at: at(27, "12:00"), lasts: 60, tail: after, change: grow("avamar_client_login_failures_total", labels{"reason": "other"}, perMinute(1))},
	)
	return f
}
