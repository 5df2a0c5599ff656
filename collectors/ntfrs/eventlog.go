package ntfrs

import (
	"context"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// recheck is how often a member that has moved to DFSR is asked whether it has
// come back.
const recheck = 6 * time.Hour

// events reads the log of one member.
func (c *collector) events(ctx context.Context, p *system.Part, m *member, unit string) error {
	m.mu.Lock()
	since := m.history.since(c.env.Now())
	m.mu.Unlock()
	a, err := c.run(ctx, p, partEvents, unit, eventsCommand(m.name, since), hideEventData)
	if err != nil {
		return err
	}
	events, unrecognized, err := ParseEvents(a.out)
	if err != nil {
		return failure(a, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.history.take(events, c.env.Now())
	c.keepHistory(m)
	if at, moved := m.history.moved(); moved {
		return hasMoved(m.name, at)
	}
	emitEvents(p, m.name, m.history)
	p.Unrecognized(unrecognized...)
	return nil
}

// unlessMoved fails for a member that has moved to DFSR, but for the question
// that shows whether it has come back.
func (c *collector) unlessMoved(m *member, part string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.loadHistory(m)
	at, moved := m.history.moved()
	if !moved || part == partEvents && c.env.Now().Sub(m.history.Asked) >= recheck {
		return nil
	}
	return hasMoved(m.name, at)
}

func hasMoved(member string, at time.Time) error {
	return remote.Errorf(remote.NotSupported, "take the member out of members; the backlog of its DFS Replication is asked for under dfsr",
		"%s has moved to DFS Replication (event %d of %s), which ends FRS there: it is asked nothing more", member, eventMovedToDFSR, at.UTC().Format(time.RFC3339))
}

// loadHistory and keepHistory are called with the member's lock held.
func (c *collector) loadHistory(m *member) {
	if m.loaded || c.env.Store == nil {
		return
	}
	m.loaded = true
	kept := newHistory()
	found, err := c.env.Store.Load(partEvents+"/"+m.name, kept)
	switch {
	case err != nil:
		c.env.Logger.Warn("what was known of older events is lost", "part", partEvents, "member", m.name, "err", err)
	case found && kept.Last != nil && kept.Begun != nil && kept.Ended != nil:
		m.history = kept
	}
}

func (c *collector) keepHistory(m *member) {
	if c.env.Store == nil {
		return
	}
	if err := c.env.Store.Save(map[string]any{partEvents + "/" + m.name: m.history}); err != nil {
		c.env.Logger.Warn("what is known of events cannot be kept", "part", partEvents, "member", m.name, "err", err)
	}
}
