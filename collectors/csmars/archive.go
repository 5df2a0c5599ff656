package csmars

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"dataprotection_exporter/collectors/csmars/archive"
	"dataprotection_exporter/collectors/system"
)

// kinds is every value of the label `kind`; it is empty outside ES.
var kinds = []string{"", archive.KindRaw, archive.KindEvents, archive.KindOther}

// maxTypes bounds the values of the label `type`; an archive has some six.
const maxTypes = 16

// archive reports the last scan.
func (c *collector) archive(ctx context.Context, p *system.Part) error {
	snap, err := c.scans.wait(ctx)
	if err != nil {
		return err
	}
	p.CollectedAt(snap.Started)
	emitSnapshot(p, snap, c.opts.RetentionDays, c.zone)
	for _, problem := range c.archiveProblems(snap) {
		p.Problem(problem)
	}
	return nil
}

func emitSnapshot(p *system.Part, snap *archive.Snapshot, retention int, zone *time.Location) {
	p.Set(metricDayFolders, float64(len(snap.Days)))
	if n := len(snap.Days); n > 0 {
		p.SetTime(metricOldestDay, snap.Days[0].Date().In(zone))
		p.SetTime(metricNewestDay, snap.Days[n-1].Date().In(zone))
	}
	p.Set(metricMissingDays, float64(snap.Missing(retention, zone)))
	p.Set(metricRetention, float64(retention)*24*60*60)
	totals := seriesOf(snap)
	for _, s := range slices.SortedFunc(maps.Keys(totals), func(a, b archive.Series) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Kind, b.Kind))
	}) {
		t := totals[s]
		p.Set(metricFiles, float64(t.Files), s.Type, s.Kind)
		p.Set(metricBytes, float64(t.Bytes), s.Type, s.Kind)
		p.SetTime(metricNewestFile, t.Newest(zone), s.Type, s.Kind)
	}
	p.Set(metricUnrecognizedFiles, float64(snap.Unrecognized()))
	if mean, ok := snap.BytesPerDay(zone); ok {
		p.Set(metricBytesPerDay, mean)
		p.Set(metricProjected, archive.Projected(mean, retention))
	}
	p.SetTime(metricScanTime, snap.Started)
	p.Set(metricScanDuration, snap.Duration.Seconds())
	if snap.BackupsErr == nil {
		p.Set(metricBackups, float64(snap.Backups))
	}
}

// seriesOf is the totals of a scan, made whole: where there are events and
// sessions, every kind is there, and no more types than a share can have by
// accident.
func seriesOf(snap *archive.Snapshot) map[archive.Series]archive.Tally {
	totals := map[archive.Series]archive.Tally{}
	types := map[string]bool{}
	all := snap.Totals()
	for _, s := range slices.SortedFunc(maps.Keys(all), func(a, b archive.Series) int {
		// What there is most of is kept.
		return cmp.Or(cmp.Compare(all[b].Files, all[a].Files), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Kind, b.Kind))
	}) {
		key := s
		if !types[s.Type] && len(types) >= maxTypes && s.Type != archive.TypeEvents {
			key = archive.Series{Type: archive.TypeOther}
		}
		types[key.Type] = true
		totals[key] = totals[key].Plus(all[s])
	}
	if types[archive.TypeEvents] {
		for _, kind := range kinds[1:] {
			key := archive.Series{Type: archive.TypeEvents, Kind: kind}
			totals[key] = totals[key].Plus(archive.Tally{})
		}
		delete(totals, archive.Series{Type: archive.TypeEvents})
	}
	return totals
}

// newestEvents is the end of the newest file of raw messages.
func newestEvents(snap *archive.Snapshot, zone *time.Location) time.Time {
	return snap.Totals()[archive.Series{Type: archive.TypeEvents, Kind: archive.KindRaw}].Newest(zone)
}
