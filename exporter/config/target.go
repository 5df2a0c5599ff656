package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"dataprotection_exporter/collectors/system"
)

// The values of a target's transport.
const (
	TransportSSH   = "ssh"
	TransportLocal = "local"
	TransportFiles = "files"
	// TransportHTTPS is never written: a system that is asked over HTTPS knows
	// no other.
	TransportHTTPS = "https"
)

var transports = []string{TransportSSH, TransportLocal, TransportFiles}

// Target is one system to ask.
type Target struct {
	Name, System string
	// Addresses are tried in order.
	Addresses []string
	// Transport is ssh, local, files or https.
	Transport string
	FilesPath string
	// Credential is nil when nothing has to be logged in to.
	Credential *Credential
	Labels     map[string]string
	// MinInterval and Timeout are the global ones unless the target has its own.
	MinInterval, Timeout time.Duration
	SSH                  SSH
	TLS                  TLS
	Options              system.Options
	// Position is where the target begins.
	Position Position
	// Hash differs when anything about the target differs, the contents of its
	// secrets included. It can be compared within one process only.
	Hash string `json:"-" yaml:"-"`

	places map[string]Position
}

// Problem is a problem of this target, placed at a key (path is
// "csmars.archive_path", say), or at the target when the key is not written.
func (t *Target) Problem(path, text string) Problem {
	d := &decoder{places: t.places}
	pos := d.at(path, t.Position).pos
	return Problem{File: pos.File, Line: pos.Line, Column: pos.Column, Text: fmt.Sprintf("target %s: %s: %s", quote(t.Name), path, text)}
}

// targetKeys is a target as it is written, but for the system's own section.
type targetKeys struct {
	Name        string            `yaml:"name"`
	System      string            `yaml:"system"`
	Address     []string          `yaml:"address" single:"true"`
	Credential  string            `yaml:"credential"`
	Transport   string            `yaml:"transport"`
	FilesPath   string            `yaml:"files_path" path:"true"`
	Labels      map[string]string `yaml:"labels"`
	MinInterval time.Duration     `yaml:"min_interval"`
	Timeout     time.Duration     `yaml:"timeout"`
	SSH         SSH               `yaml:"ssh"`
	TLS         TLS               `yaml:"tls"`
}

var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

const nameText = "is not a usable name: use at most 128 letters, digits, dots, dashes and underscores, a letter or digit first"

// target decodes one item of the list of targets. All credentials and the
// global section have been read before.
func (l *loader) target(file *decoder, n *yaml.Node, number int, pos Position) {
	d := file.about(fmt.Sprintf("target %d", number+1))
	if name := peek(n, "name"); name != "" {
		d.what = "target " + quote(name)
	}
	b := &targetBuilder{loader: l, d: d, here: place{pos: pos}}
	b.keys = targetKeys{
		Transport: TransportSSH, MinInterval: l.cfg.Global.MinInterval, Timeout: l.cfg.Global.Timeout,
		SSH: SSH{MaxSessions: DefaultMaxSessions},
	}
	sections := map[string]entry{}
	var names []string
	for _, s := range l.systems {
		names = append(names, s.Name)
	}
	own := func(e entry) bool {
		known := slices.Contains(names, e.key)
		if known {
			sections[e.key] = e
		}
		return known
	}
	d.structure(n, b.here, reflect.ValueOf(&b.keys).Elem(), []string{b.systemOf(n)}, own)
	if d.failed[""] {
		return // not a mapping: every key is missing, and that has been said
	}
	b.out = &Target{
		Name: b.keys.Name, System: b.keys.System, Addresses: b.keys.Address, Transport: b.keys.Transport,
		FilesPath: b.keys.FilesPath, Labels: b.keys.Labels, MinInterval: b.keys.MinInterval, Timeout: b.keys.Timeout,
		SSH: b.keys.SSH, TLS: b.keys.TLS, Position: pos, places: d.places,
	}
	b.name()
	b.system(names)
	b.transport()
	b.address()
	b.login()
	b.times()
	b.labels()
	b.options(sections)
	hostKeys := b.ssh()
	authorities := b.tls()
	b.out.Hash = b.out.hash(authorities, hostKeys)
	l.cfg.Targets = append(l.cfg.Targets, b.out)
}

// peek is the text of a key before anything is checked, for naming the target
// in what is said about it.
func peek(n *yaml.Node, key string) string {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k, v := resolve(n.Content[i]), resolve(n.Content[i+1]); k.Value == key && v.Kind == yaml.ScalarNode {
			return v.Value
		}
	}
	return ""
}

// targetBuilder checks one target, subject by subject.
type targetBuilder struct {
	*loader
	d    *decoder
	here place
	keys targetKeys
	def  *system.Definition
	out  *Target
}

// systemOf is the name of the section a target of this system may have.
func (b *targetBuilder) systemOf(n *yaml.Node) string {
	if name := peek(n, "system"); b.definition(name) != nil {
		return name
	}
	return "the section of its system"
}

// at is the place of a key.
func (b *targetBuilder) at(path string) place { return b.d.at(path, b.here.pos) }

// missing reports a key that has to be there.
func (b *targetBuilder) missing(key, text string) {
	if !b.d.has(key) {
		b.d.say(b.here, false, "%s is missing: %s", key, text)
	}
}

func (b *targetBuilder) name() {
	b.missing("name", "every target needs a name of its own")
	name := b.out.Name
	if name == "" {
		return
	}
	at := place{pos: b.at("name").pos}
	if !nameRule.MatchString(name) {
		b.d.say(at, false, "%s", nameText)
	}
	if first, ok := b.targetAt[name]; ok {
		b.d.say(at, false, "is already defined at %s: give one of the two another name", first)
		return
	}
	b.targetAt[name] = at.pos
}

func (b *targetBuilder) system(names []string) {
	b.missing("system", "name one of "+strings.Join(names, ", "))
	name := b.out.System
	if name == "" {
		return
	}
	if b.def = b.definition(name); b.def == nil {
		hint := ""
		if near := nearest(name, names); near != "" {
			hint = "did you mean " + near + "? "
		}
		b.d.fail(b.at("system"), "%s is not a known system: %sthe systems are %s", quote(name), hint, strings.Join(names, ", "))
	}
}

func (b *targetBuilder) transport() {
	t := b.out
	if b.def != nil && b.def.HTTPS {
		t.Transport = TransportHTTPS
		for _, key := range []string{"transport", "files_path"} {
			if b.d.has(key) {
				b.d.fail(b.at(key), "has no use here: %s is always asked over HTTPS, remove this line", b.def.Name)
			}
		}
		return
	}
	if t.Transport != "" && !slices.Contains(transports, t.Transport) {
		b.d.fail(b.at("transport"), "%s is not a transport: use ssh, local or files", quote(t.Transport))
		return
	}
	switch written := b.d.has("files_path"); {
	case t.Transport == TransportFiles && !written:
		b.d.fail(b.at("transport"), "files needs files_path: name the directory the answers are dropped in")
	case t.Transport != TransportFiles && written:
		b.d.fail(b.at("files_path"), "is used by transport: files only: set that, or remove this line")
	}
}

func (b *targetBuilder) address() {
	t := b.out
	if b.d.has("address") {
		if len(t.Addresses) == 0 && !b.d.hasFailed("address") {
			b.d.fail(b.at("address"), "is an empty list: give an address, or remove the line")
		}
	} else if b.def != nil && b.def.NeedsAddress && (t.Transport == TransportSSH || t.Transport == TransportHTTPS) {
		b.missing("address", "name the host to ask")
	}
	https := 0
	for i, a := range t.Addresses {
		at := b.at(b.itemPath("address", i))
		switch problem := checkAddress(a); {
		case a == "": // refused while decoding
		case problem != "":
			b.d.fail(at, "%s", problem)
		case b.def != nil && b.def.HTTPS && !isHTTPS(a):
			b.d.fail(at, "%s is no URL, and %s is asked over HTTPS: write %s", quote(a), b.def.Name, asURL(a))
		case b.def != nil && !b.def.HTTPS && isHTTPS(a):
			b.d.fail(at, "%s is a URL, and %s is not asked over HTTPS: write host or host:port", quote(a), b.def.Name)
		case slices.Index(t.Addresses, a) < i:
			b.d.fail(at, "%s is listed twice: remove one of the two", quote(a))
		}
		if isHTTPS(a) {
			https++
		}
	}
	if https > 0 && https < len(t.Addresses) && !b.d.hasFailed("address") {
		b.d.fail(b.at("address"), "mixes https:// addresses with others: they must be of one kind")
	}
}

// itemPath is the path of a list item, or of the list when it is written as one
// value.
func (b *targetBuilder) itemPath(list string, i int) string {
	if item := fmt.Sprintf("%s[%d]", list, i); b.d.has(item) {
		return item
	}
	return list
}

// https says whether the target is asked over HTTPS.
func (t *Target) https() bool {
	return t.Transport == TransportHTTPS || t.Transport == TransportSSH && len(t.Addresses) > 0 && isHTTPS(t.Addresses[0])
}

// overSSH says whether the target is logged in to by SSH.
func (t *Target) overSSH() bool {
	return t.Transport == TransportSSH && len(t.Addresses) > 0 && !isHTTPS(t.Addresses[0])
}

func (b *targetBuilder) login() {
	name, t := b.keys.Credential, b.out
	needed := t.https() || t.overSSH()
	if name == "" {
		if needed {
			b.missing("credential", "name the credential to log in with")
		}
		return
	}
	c := b.cfg.Credentials[name]
	if c == nil {
		known := b.credentialNames()
		hint := "define it under credentials"
		if near := nearest(name, known); near != "" {
			hint = "did you mean " + near + "?"
		}
		b.d.fail(b.at("credential"), "there is no credential %s: %s", quote(name), hint)
		return
	}
	if !needed {
		return
	}
	t.Credential = c
	if t.https() && c.PrivateKey != "" && c.Password == "" {
		b.d.fail(b.at("credential"), "%s has a private key only, but an https address needs a password: add password_file or password_env to it", quote(name))
	}
}

func (b *targetBuilder) times() {
	b.d.checkTimes("", b.here.pos, b.out.Timeout, b.out.MinInterval)
}

// checkTimes checks what a target and the global section have in common.
func (d *decoder) checkTimes(prefix string, otherwise Position, timeout, interval time.Duration) {
	if path := prefix + "timeout"; d.has(path) && !d.hasFailed(path) {
		switch at := d.at(path, otherwise); {
		case timeout <= 0:
			d.fail(at, "must be more than 0: a collection needs time, 20s is usual")
		case timeout > maxTimeout:
			d.fail(at, "must be at most 5m: a scraper does not wait longer")
		}
	}
	if path := prefix + "min_interval"; d.has(path) && !d.hasFailed(path) && interval > maxInterval {
		d.fail(d.at(path, otherwise), "must be at most 1h: older answers would be shown as news")
	}
}

func (b *targetBuilder) labels() {
	for name, value := range b.out.Labels {
		at := b.at("labels." + name)
		if problem := checkLabel(name, b.def); problem != "" {
			b.d.say(place{pos: at.pos}, false, "the label %s %s", quote(name), problem)
		} else if value == "" && !b.d.hasFailed(at.path) {
			b.d.fail(at, "is empty: give it a value, or remove the line")
		}
	}
}

func (b *targetBuilder) options(sections map[string]entry) {
	if b.def == nil {
		return
	}
	for name, e := range sections {
		if name != b.def.Name {
			b.d.say(place{pos: e.at.pos}, false, "%s is the section of another system, this target's system is %s: remove it, or correct system", name, b.def.Name)
		}
	}
	options := b.def.NewOptions()
	if e, ok := sections[b.def.Name]; ok {
		b.d.allowEmpty = true
		b.d.value(e.value, e.at, reflect.ValueOf(options).Elem(), field{})
		b.d.allowEmpty = false
	}
	options.Check(func(path, problem string) {
		full := b.def.Name
		if path != "" {
			full += "." + path
		}
		if !b.d.hasFailed(full) {
			b.d.say(b.at(full), false, "%s", problem)
		}
	})
	b.out.Options = options
}
