package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"dataprotection_exporter/collectors/system"
)

// Load reads the files as one configuration. Later files add credentials and
// targets; global may stand in one of them only. When anything is wrong the
// error is Problems, all of them, warnings included, in the order of the files;
// with warnings only there is a Config and no error.
func Load(files []string, systems []system.Definition, checks ...Check) (*Config, error) {
	return newLoader(systems, DefaultKnownHostsFile).load(files, checks)
}

// loader is the state of one Load.
type loader struct {
	systems  []system.Definition
	cfg      *Config
	problems Problems

	globalAt         *Position
	globalKnownHosts bool // known_hosts_file is written, not the default
	credentialAt     map[string]Position
	targetAt         map[string]Position
	trusted          map[string]*trust // by known_hosts file; nil when it is damaged
	// targets wait until every file has been read: a credential may stand in a
	// later file.
	targets []func()
}

func newLoader(systems []system.Definition, defaultKnownHosts string) *loader {
	return &loader{
		systems: systems,
		cfg: &Config{
			Global:      Global{Timeout: DefaultTimeout, MinInterval: DefaultMinInterval, KnownHostsFile: defaultKnownHosts},
			Credentials: map[string]*Credential{},
		},
		credentialAt: map[string]Position{},
		targetAt:     map[string]Position{},
		trusted:      map[string]*trust{},
	}
}

func (l *loader) report(p Problem) { l.problems = append(l.problems, p) }

func (l *loader) definition(name string) *system.Definition {
	for i := range l.systems {
		if l.systems[i].Name == name {
			return &l.systems[i]
		}
	}
	return nil
}

func (l *loader) credentialNames() []string { return slices.Sorted(maps.Keys(l.cfg.Credentials)) }

func (l *loader) load(files []string, checks []Check) (*Config, error) {
	if len(files) == 0 {
		return nil, Problems{{File: "configuration", Text: "no file was named: give at least one"}}
	}
	read := map[string]bool{}
	for _, name := range files {
		if read[filepath.Clean(name)] {
			l.report(Problem{File: name, Text: "is named twice: name every configuration file once"})
			continue
		}
		read[filepath.Clean(name)] = true
		l.file(name)
	}
	for _, decode := range l.targets {
		decode()
	}
	if len(l.cfg.Targets) == 0 && len(l.problems.Errors()) == 0 {
		l.report(Problem{File: files[0], Line: 1, Column: 1, Warning: true, Text: "there are no targets: nothing is watched until one is added under targets"})
	}
	if len(l.problems.Errors()) == 0 {
		l.problems = append(l.problems, exclusive(l.cfg)...)
		for _, check := range checks {
			l.problems = append(l.problems, check(l.cfg)...)
		}
	}
	l.problems = l.problems.sorted(files)
	if len(l.problems.Errors()) > 0 {
		return nil, l.problems
	}
	l.cfg.Warnings = l.problems
	return l.cfg, nil
}

// file reads one file: global and credentials at once, targets later.
func (l *loader) file(name string) {
	root, problem := readYAML(name)
	if problem != nil {
		l.report(*problem)
		return
	}
	dir := filepath.Dir(name)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	d := (&decoder{file: name, dir: dir, report: l.report}).about("")
	here := place{pos: d.position(root)}
	for _, e := range d.entries(root, here) {
		switch e.key {
		case "global":
			l.global(d, e)
		case "credentials":
			for _, c := range d.entries(e.value, e.at) {
				l.credential(d, c)
			}
		case "targets":
			list := resolve(e.value)
			if !d.is(list, yaml.SequenceNode, e.at) {
				continue
			}
			for i, n := range list.Content {
				l.targets = append(l.targets, func() { l.target(d, n, i, d.position(n)) })
			}
		default:
			d.unknown(e, here, []string{"global", "credentials", "targets"})
		}
	}
}

func (l *loader) global(d *decoder, e entry) {
	if l.globalAt != nil {
		d.say(place{pos: e.at.pos}, false, "global is already set at %s: keep it in one file", l.globalAt)
		return
	}
	l.globalAt = &e.at.pos
	g := &l.cfg.Global
	d.structure(e.value, e.at, reflect.ValueOf(g).Elem(), nil, nil)
	d.checkTimes("global.", e.at.pos, g.Timeout, g.MinInterval)
	if path := fmt.Sprintf("%s.known_hosts_file", e.key); d.has(path) && !d.failed[path] {
		l.globalKnownHosts = true
		d.smallFile(d.at(path, e.at.pos), g.KnownHostsFile, maxKnownHosts)
	}
}
