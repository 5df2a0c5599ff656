package csmars

import (
	"fmt"
	"time"

	"dataprotection_exporter/collectors/csmars/archive"
	"dataprotection_exporter/collectors/system"
)

// When something is a problem. The alerts have thresholds of their own.
const (
	staleAfter  = 2 * time.Hour  // data is archived every hour
	configAfter = 26 * time.Hour // the configuration every morning at two
	purgeSlack  = 2              // days
	almostFull  = 0.05
)

// archiveProblems is what is wrong with the archive, in words.
func (c *collector) archiveProblems(snap *archive.Snapshot) []system.Problem {
	var problems []system.Problem
	add := func(severity, summary, cause, remedy string) {
		problems = append(problems, system.Problem{Severity: severity, Summary: summary, Cause: cause, Remedy: remedy})
	}
	now := c.env.Now()
	if since, ok := c.scans.hanging(); ok {
		add("warning", "the archive has not answered since "+since.In(c.zone).Format("2006-01-02 15:04:05 MST")+"; what is shown is older",
			"the mount hangs: the archive server is down, or the network to it", "look at the archive server and at the kernel's log on this host")
	}
	if len(snap.Days) == 0 {
		add("critical", "the archive holds no dated folder",
			"the share is not mounted, archive_path is another folder, or archiving was never started",
			"compare archive_path with what the appliance writes to: Admin > System Maintenance > Data Archiving")
		return problems
	}
	totals := snap.Totals()
	if newest := newestEvents(snap, c.zone); !newest.IsZero() && now.Sub(newest) > staleAfter {
		add("critical", "nothing was archived since "+newest.Format("2006-01-02 15:04 MST"),
			"archiving stopped, the share cannot be written to or is full, or timezone names another zone than the appliance's",
			"on the appliance, Admin > System Maintenance > Data Archiving: check path and status; \"Invalid remote IP or path\" means the export or the path")
	}
	if config, ok := totals[archive.Series{Type: "CF"}]; ok {
		if newest := config.Newest(c.zone); !newest.IsZero() && now.Sub(newest) > configAfter {
			add("warning", "the newest configuration backup is of "+newest.In(c.zone).Format("2006-01-02 15:04 MST"),
				"the backup of two in the morning did not run or did not arrive", "see whether other data is archived; if so, look at the appliance's own log")
		}
	}
	if n := snap.Missing(c.opts.RetentionDays, c.zone); n > 0 {
		add("warning", fmt.Sprintf("%d days are missing in the archive", n),
			"archiving was off or the share away; nothing is archived afterwards", "what the appliance still holds of those days can be exported from it")
	}
	if limit := archive.WallOf(now, c.zone).Midnight().AddDays(-c.opts.RetentionDays - purgeSlack); snap.Days[0].Date() < limit {
		add("warning", "the oldest day, "+snap.Days[0].Name+", is older than the retention",
			"old days are not purged: archiving stopped, or retention_days is not what the appliance is told", "compare retention_days with the remote storage capacity on the appliance")
	}
	if snap.BackupsErr != nil {
		add("warning", "the operating system backups (pnos) cannot be read", snap.BackupsErr.Error(), "let the exporter's user list that folder")
	}
	return problems
}

// spaceProblems is what is wrong with the filesystem, in words. snap may be
// nil.
func (c *collector) spaceProblems(space archive.Space, snap *archive.Snapshot) []system.Problem {
	var problems []system.Problem
	if space.Size > 0 && float64(space.Available) < almostFull*float64(space.Size) {
		problems = append(problems, system.Problem{
			Severity: "critical", Summary: fmt.Sprintf("%.1f%% of the filesystem is left", 100*float64(space.Available)/float64(space.Size)),
			Cause:  "the limit on the appliance is in days, not in bytes: nothing is purged because the disk is full",
			Remedy: "make room, or lower the remote storage capacity on the appliance",
		})
	}
	if snap == nil {
		return problems
	}
	if mean, ok := snap.BytesPerDay(c.zone); ok && archive.Projected(mean, c.opts.RetentionDays) > float64(space.Size) {
		problems = append(problems, system.Problem{
			Severity: "warning",
			Summary: fmt.Sprintf("%d days of %.1f GB are more than the filesystem of %.1f GB",
				c.opts.RetentionDays, mean/1e9, float64(space.Size)/1e9),
			Cause:  "the archive fills the disk before the oldest day is old enough to be purged",
			Remedy: "enlarge the filesystem, or lower the remote storage capacity on the appliance and retention_days here",
		})
	}
	return problems
}
