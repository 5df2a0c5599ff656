package exporter

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/exporter/collect"
	"dataprotection_exporter/exporter/config"
	"dataprotection_exporter/exporter/storage"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/files"
	"dataprotection_exporter/remote/local"
	"dataprotection_exporter/remote/papi"
	"dataprotection_exporter/remote/ssh"
)

// fleet is the targets of one configuration at work. It never changes: a reload
// makes another one, which takes over the targets whose configuration stayed
// the same, with their connections, counters and places in logs.
type fleet struct {
	config  *config.Config
	members map[string]*member
}

type member struct {
	config *config.Target
	system system.Definition
	target *collect.Target
	runner remote.Runner
}

func (m *member) close() error {
	return errors.Join(m.target.Close(), closeRunner(m.runner))
}

// closeRunner closes a way to a device, if there is one.
func closeRunner(r remote.Runner) error {
	if r == nil {
		return nil
	}
	return r.Close()
}

// workshop is what a target is built with.
type workshop struct {
	systems []system.Definition
	ssh     *ssh.Metrics
	papi    *papi.Metrics
	observe collect.Observer
	storage *storage.DB
	log     *slog.Logger
	now     func() time.Time
}

// build makes a fleet. Nothing is taken from old, and nothing of old is closed,
// before every target is built: an error leaves old at work.
func (w *workshop) build(cfg *config.Config, old *fleet) (*fleet, error) {
	f := &fleet{config: cfg, members: map[string]*member{}}
	var fresh []*member
	var errs []error
	for _, t := range cfg.Targets {
		if old != nil {
			if m := old.members[t.Name]; m != nil && m.config.Hash == t.Hash {
				// The labels of /sd and the position in the file may differ.
				f.members[t.Name] = &member{config: t, system: m.system, target: m.target, runner: m.runner}
				continue
			}
		}
		m, err := w.member(t)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: target %s: %w", t.Position, t.Name, err))
			continue
		}
		f.members[t.Name] = m
		fresh = append(fresh, m)
	}
	if len(errs) > 0 {
		for _, m := range fresh {
			errs = append(errs, m.close())
		}
		return nil, errors.Join(errs...)
	}
	return f, nil
}

// member builds one target. No device is contacted.
func (w *workshop) member(t *config.Target) (*member, error) {
	def, ok := w.definition(t.System)
	if !ok {
		return nil, fmt.Errorf("unknown system %q", t.System)
	}
	log := w.log.With("target", t.Name, "system", t.System)
	runner, err := w.runner(t)
	if err != nil {
		return nil, err
	}
	c, err := def.New(system.Env{Target: t.Name, Runner: runner, HTTPS: w.https(t), Logger: log, Now: w.now, Store: w.storage.Target(t.Name)}, t.Options)
	if err != nil {
		return nil, errors.Join(err, closeRunner(runner))
	}
	return &member{
		config: t, system: def, runner: runner,
		target: collect.NewTarget(collect.Options{
			Name: t.Name, System: t.System, Parts: def.Parts, Timeout: t.Timeout, MinInterval: t.MinInterval,
			Logger: log, Now: w.now, Observe: w.observe,
		}, c),
	}, nil
}

func (w *workshop) definition(name string) (system.Definition, bool) {
	for _, d := range w.systems {
		if d.Name == name {
			return d, true
		}
	}
	return system.Definition{}, false
}

// runner is how a target is reached; nil when it is asked over HTTPS, and when it
// has no address and its system can do without.
func (w *workshop) runner(t *config.Target) (remote.Runner, error) {
	switch t.Transport {
	case config.TransportLocal:
		return local.New(), nil
	case config.TransportFiles:
		return files.New(t.FilesPath), nil
	case config.TransportHTTPS:
		return nil, nil
	}
	if len(t.Addresses) == 0 {
		return nil, nil
	}
	c := ssh.Config{
		Target: t.Name, Addresses: t.Addresses,
		KnownHostsFile: t.SSH.KnownHostsFile, Fingerprints: t.SSH.Fingerprints,
		InsecureIgnoreHostKey: t.SSH.InsecureIgnoreHostKey,
		LegacyAlgorithms:      t.SSH.LegacyAlgorithms, MaxSessions: t.SSH.MaxSessions,
		Now: w.now,
	}
	if cred := t.Credential; cred != nil {
		c.Username, c.Password, c.PrivateKey, c.Passphrase = cred.Username, cred.Password, cred.PrivateKey, cred.Passphrase
	}
	return ssh.New(c, w.ssh, w.log)
}

// https is how a target is reached that is asked over HTTPS, nil for the others.
func (w *workshop) https(t *config.Target) *system.HTTPS {
	if t.Transport != config.TransportHTTPS {
		return nil
	}
	h := &system.HTTPS{
		Addresses: t.Addresses, CAFile: t.TLS.CAFile, ServerName: t.TLS.ServerName, InsecureSkipVerify: t.TLS.InsecureSkipVerify,
		Metrics: w.papi,
	}
	if cred := t.Credential; cred != nil {
		h.Username, h.Password = cred.Username, cred.Password
	}
	return h
}

// retire closes what next did not take over.
func (f *fleet) retire(next *fleet, log *slog.Logger) {
	if f == nil {
		return
	}
	for name, m := range f.members {
		if next != nil && next.members[name] != nil && next.members[name].target == m.target {
			continue
		}
		if err := m.close(); err != nil {
			log.Warn("closing a target", "target", name, "err", err)
		}
	}
}
