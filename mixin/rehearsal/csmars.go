package main

import (
	"math"

	"dataprotection_exporter/collectors/csmars"
)

// appliance is a CS-MARS archive of 14 days and its database, when nothing is wrong.
func appliance() change {
	hourly := func(_ string, now minute) float64 { return ((now-5)/hour*hour + 5).seconds() }
	backup := func(_ string, now minute) float64 { return daily(now, at(1, "02:04")).seconds() }
	newest := "csmars_archive_newest_file_timestamp_seconds"
	return all(
		use("csmars/archive/verified"),
		use("csmars/archive/healthy"),
		use("csmars/pndbusage/form_a"),
		set("csmars_archive_corrupt_files", nil, 0),
		live("csmars_archive_scan_timestamp_seconds", nil, func(_ string, now minute) float64 { return (now / 5 * 5).seconds() }),
		live(newest, nil, hourly),
		live(newest, labels{"type": "CF"}, backup),
		live(newest, labels{"type": "AL"}, backup),
		live(newest, labels{"type": "RR"}, backup),
		live("csmars_archive_newest_day_timestamp_seconds", nil, func(_ string, now minute) float64 { return midnight(now, at(1, "00:05")).seconds() }),
		live("csmars_archive_oldest_day_timestamp_seconds", nil, func(_ string, now minute) float64 { return (midnight(now, at(1, "02:40")) - 14*day).seconds() }),
		// It grows every hour, and the oldest day is purged at night.
		live("csmars_archive_filesystem_avail_bytes", nil, func(_ string, now minute) float64 { return 0.9e9 - 60e6*sincePurge(now) }),
		live("csmars_archive_filesystem_inodes_free", nil, func(_ string, now minute) float64 { return math.Floor(900 - 40*sincePurge(now)) }),
		live("csmars_database_partition_start_timestamp_seconds", nil, func(string, minute) float64 { return -70 * 86400 }),
		live("csmars_database_partition_switch_timestamp_seconds", nil, func(string, minute) float64 { return 157 * 86400 }),
		live("csmars_database_partition_used_ratio", nil, func(_ string, now minute) float64 {
			return math.Round(1000*(0.307+0.0044*float64(now)/float64(day))) / 1000
		}),
		grow("csmars_archive_raw_messages_total", nil, perMinute(5)),
		grow("csmars_archive_verified_files_total", nil, seldom(0.2)),
	)
}

// midnight begins the day whose folder is made at clock.
func midnight(now, clock minute) minute { return daily(now, clock) / day * day }

// sincePurge is the share of a day since the last purge.
func sincePurge(now minute) float64 { return float64(now-daily(now, at(1, "02:40"))) / float64(day) }

func csmarsFleet() *fleet {
	const broken, full, neighbour = "mars-1", "mars-2", "mars-3"
	on := []string{broken}
	newest := "csmars_archive_newest_file_timestamp_seconds"
	f := &fleet{
		name: "csmars", rules: []string{"exporter", "csmars"}, system: "csmars", metrics: csmars.System.Metrics,
		targets: []target{{name: broken, life: appliance()}, {name: full, life: appliance()}, {name: neighbour, life: appliance()}, ownPage()},
	}
	nowhere := all(fail("archive", "", "other"), fail("filesystem", "", "other"), fail("verify", "", "other"))
	stale := incident{
		name: "nothing is archived any more: wrong path, export or permission", source: mars, targets: on, at: at(2, "10:10"), lasts: 5 * hour, tail: 6,
		change: freeze(newest, nil),
		wants:  []want{{alert: "CsmarsArchiveStale", severity: "warning", within: 2*hour + 20}},
	}
	f.incidents = append(common(21), restarts(stale, 180, 200)...)
	f.incidents = append(f.incidents,
		stale,
		during(stale, 2*hour, 1),
		during(stale, 4*hour, 2),
		incident{
			name: "the configuration backup of two in the morning is missing", source: mars, targets: on, at: at(4, "02:00"), lasts: 5 * hour, tail: 6,
			change: freeze(newest, labels{"type": "CF"}),
			wants:  []want{{alert: "CsmarsConfigBackupMissing", severity: "warning", within: 2*hour + 30}},
		},
		incident{
			name: "the share is not mounted", source: mars, targets: on, at: at(5, "10:00"), lasts: 90, tail: 6, change: nowhere,
			wants:  []want{{alert: "CsmarsArchiveUnreadable", severity: "warning", within: 36}},
			allows: []string{"DataProtectionPartFailing"},
		},
		incident{
			name: "the NFS server hangs: no scan ends", source: device, targets: on, at: at(5, "15:02"), lasts: 3 * hour, tail: 6,
			change: all(freeze("csmars_archive_scan_timestamp_seconds", nil), freeze(newest, nil)),
			wants:  []want{{alert: "CsmarsArchiveUnreadable", severity: "warning", within: 67}},
		},
		incident{
			name: "days are missing in the archive", source: mars, targets: on, at: at(6, "09:00"), lasts: 2 * hour, tail: 6,
			change: adopt("csmars/archive/gaps_and_strays", "csmars_archive_missing_day_folders"),
			wants:  []want{{alert: "CsmarsArchiveDaysMissing", severity: "warning", within: 61}},
		},
		incident{
			name: "the days to be kept do not fit the disk", source: mars, targets: on, at: at(6, "14:00"), lasts: 2 * hour, tail: 6,
			change: adopt("csmars/archive/does_not_fit", "csmars_archive_projected_bytes"),
			wants:  []want{{alert: "CsmarsArchiveRetentionDoesNotFit", severity: "warning", within: 61}},
		},
		incident{
			name: "the disk of the archive is nearly full", source: mars, targets: on, at: at(7, "09:00"), lasts: 90, tail: 6,
			change: set("csmars_archive_filesystem_avail_bytes", nil, 90e6),
			wants:  []want{{alert: "CsmarsArchiveFilesystemAlmostFull", severity: "warning", labels: labels{"resource": "bytes"}, within: 31}},
		},
		incident{
			name: "the disk of the archive is full", source: mars, targets: on, at: at(7, "13:00"), lasts: 90, tail: 6,
			change: adopt("csmars/archive/does_not_fit", "csmars_archive_filesystem_avail_bytes"),
			wants:  []want{{alert: "CsmarsArchiveFilesystemAlmostFull", severity: "critical", labels: labels{"resource": "bytes"}, within: 31}},
			allows: []string{"CsmarsArchiveFilesystemAlmostFull/warning"},
		},
		incident{
			name: "few inodes are left: the archive is of many small files", source: device, targets: on, at: at(8, "09:00"), lasts: 90, tail: 6,
			change: set("csmars_archive_filesystem_inodes_free", nil, 40),
			wants:  []want{{alert: "CsmarsArchiveFilesystemAlmostFull", severity: "warning", labels: labels{"resource": "inodes"}, within: 31}},
		},
		incident{
			name: "no inodes are left", source: device, targets: on, at: at(8, "13:00"), lasts: 90, tail: 6,
			change: set("csmars_archive_filesystem_inodes_free", nil, 0),
			wants:  []want{{alert: "CsmarsArchiveFilesystemAlmostFull", severity: "critical", labels: labels{"resource": "inodes"}, within: 31}},
			allows: []string{"CsmarsArchiveFilesystemAlmostFull/warning"},
		},
		incident{
			name: "the database is about to purge its oldest partition; all of it is archived", source: mars, targets: on, at: at(9, "09:00"), lasts: 3 * hour, tail: 6,
			change: instead("csmars/pndbusage/form_b_above_75"),
			wants:  []want{{alert: "CsmarsDatabasePurgeNear", severity: "info", within: 61}},
		},
		incident{
			name: "the database is about to purge what was not archived", source: mars, targets: on, at: at(10, "10:10"), lasts: 6 * hour, tail: 66,
			change: all(instead("csmars/pndbusage/form_b_above_75"), freeze(newest, nil)),
			wants: []want{
				{alert: "CsmarsDatabasePurgeUnarchived", severity: "critical", within: 2*hour + 20},
				{alert: "CsmarsDatabasePurgeNear", severity: "warning", within: 3*hour + 5},
			},
			allows: []string{"CsmarsArchiveStale", "CsmarsDatabasePurgeNear/info"},
		},
		incident{
			name: "the next partition is needed within two days and none is empty", source: mars, targets: on, at: at(11, "10:00"), lasts: 3 * hour, tail: 6,
			change: all(instead("csmars/pndbusage/form_b"), follow("csmars_database_partition_switch_timestamp_seconds", nil, func(minute) float64 { return at(13, "10:00").seconds() })),
			wants:  []want{{alert: "CsmarsDatabasePurgeNear", severity: "info", within: 61}},
		},
		incident{
			name: "files of the archive are damaged (two appliances on one directory)", source: mars, targets: on, at: at(12, "10:00"), lasts: 60, tail: 6,
			change: adopt("csmars/archive/verified", "csmars_archive_corrupt_files"),
			wants:  []want{{alert: "CsmarsArchiveCorruptFiles", severity: "warning", within: 2}},
		},
		incident{
			name: "old days are not purged any more", source: mars, targets: on, at: at(14, "02:30"), lasts: 3*day + 12*hour, tail: 10, lead: 2 * hour, slow: true,
			change: freeze("csmars_archive_oldest_day_timestamp_seconds", nil),
			wants:  []want{{alert: "CsmarsArchivePurgeStalled", severity: "warning", within: 2*day + 3*hour}},
		},
		incident{
			name: "a busy network fills the disk day by day", source: marsUse, targets: []string{full}, at: at(14, "02:40"), lasts: 3*day + 12*hour, tail: 10, lead: 7*day + hour, slow: true,
			change: all(
				follow("csmars_archive_filesystem_avail_bytes", nil, func(since minute) float64 { return 0.9e9 - 200e6*float64(since)/float64(day) }),
				set("csmars_archive_projected_bytes", nil, 1.9e9),
			),
			wants: []want{{alert: "CsmarsArchiveFilesystemFillingUp", severity: "warning", within: 2*day + 16*hour}},
		},

		incident{name: "the archive comes 50 minutes late", source: operation, targets: on, at: at(22, "10:05"), lasts: 50, tail: 20, change: freeze(newest, labels{"type": "ES"})},
		incident{name: "the share is away for 14 minutes: the archive server is rebooted", source: operation, targets: on, at: at(22, "13:00"), lasts: 14, tail: 40, change: nowhere},
		incident{name: "the share is away one minute out of three, for an hour", source: operation, targets: on, at: at(22, "15:00"), lasts: 60, every: 3, forEach: 1, tail: 40, change: nowhere},
		incident{name: "pndbusage is not answered for 10 minutes", source: operation, targets: on, at: at(22, "17:00"), lasts: 10, change: fail("database", "", "timeout")},
		incident{name: "the clock of the appliance is an hour ahead", source: operation, targets: on, at: at(23, "09:00"), lasts: 3 * hour, change: shift(newest, nil, hour)},
		incident{name: "the clock of the appliance is an hour behind", source: operation, targets: on, at: at(23, "13:00"), lasts: 3 * hour, tail: 20, change: shift(newest, nil, -hour)},
		incident{name: "daylight saving ends: a day of 25 hours, at its two in the morning", source: operation, targets: on, at: at(24, "00:30"), lasts: 4 * hour, tail: 20, change: shift(newest, labels{"type": "CF"}, -hour)},
		incident{name: "75 % of the partition are used, and others are empty", source: mars, targets: on, at: at(24, "09:00"), lasts: 2 * hour, change: instead("csmars/pndbusage/form_a_above_75")},
		incident{name: "the exporter starts again: nothing is verified yet", source: operation, targets: on, at: at(24, "13:00"), lasts: 30, change: drop("csmars_archive_corrupt_files", nil)},
		incident{name: "a large scan takes 25 minutes", source: operation, targets: on, at: at(24, "15:02"), lasts: 25, change: freeze("csmars_archive_scan_timestamp_seconds", nil)},
	)
	return f
}
