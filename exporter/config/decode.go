package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// decoder turns YAML nodes into Go values. It differs from the library's own in
// three ways an operator notices: it goes on after a problem, so that one run
// shows all of them; it knows the line of every value, so that a check made
// later can still point at it; and it accepts nothing it does not know.
//
// A struct field is described by its tags: yaml:"key", path:"true" for a path
// relative to the file it stands in, and single:"true" for a list that may be
// written as one value.
type decoder struct {
	file string
	// dir is where relative paths start.
	dir string
	// what is named first in every text: `target "vnx-1"`.
	what string
	// allowEmpty accepts "" for text. A system's section may use it for "off";
	// elsewhere it is a forgotten value.
	allowEmpty bool
	report     func(Problem)

	places map[string]Position // of every key and list item, by path
	failed map[string]bool     // the paths that already have a problem
}

// place is where a value stands in the file and in the structure.
type place struct {
	path string
	pos  Position
}

func (p place) key(name string, pos Position) place {
	if p.path != "" {
		name = p.path + "." + name
	}
	return place{name, pos}
}

func (p place) item(i int, pos Position) place {
	return place{fmt.Sprintf("%s[%d]", p.path, i), pos}
}

// about is a decoder for one named thing in the same file.
func (d *decoder) about(what string) *decoder {
	return &decoder{
		file: d.file, dir: d.dir, what: what, report: d.report,
		places: map[string]Position{}, failed: map[string]bool{},
	}
}

func (d *decoder) position(n *yaml.Node) Position {
	return Position{File: d.file, Line: max(n.Line, 1), Column: n.Column}
}

// fail reports a value that cannot be used.
func (d *decoder) fail(at place, format string, args ...any) {
	d.failed[at.path] = true
	d.say(at, false, format, args...)
}

func (d *decoder) warn(at place, format string, args ...any) { d.say(at, true, format, args...) }

func (d *decoder) say(at place, warning bool, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if at.path != "" {
		text = at.path + ": " + text
	}
	if d.what != "" {
		text = d.what + ": " + text
	}
	d.report(Problem{File: at.pos.File, Line: at.pos.Line, Column: at.pos.Column, Text: text, Warning: warning})
}

// at is the place of a path; of what contains it when the path itself is not
// written in the file.
func (d *decoder) at(path string, otherwise Position) place {
	for p := path; p != ""; p = p[:max(strings.LastIndexAny(p, ".["), 0)] {
		if pos, ok := d.places[p]; ok {
			return place{path, pos}
		}
	}
	return place{path, otherwise}
}

// has says whether a key is written in the file.
func (d *decoder) has(path string) bool {
	_, ok := d.places[path]
	return ok
}

// hasFailed says whether a value, what contains it or what it contains was
// refused already. What is checked later must not complain about the default
// that stands in for it.
func (d *decoder) hasFailed(path string) bool {
	within := func(inner, outer string) bool {
		rest, ok := strings.CutPrefix(inner, outer)
		return ok && (rest == "" || outer == "" || rest[0] == '.' || rest[0] == '[')
	}
	for f := range d.failed {
		if within(path, f) || within(f, path) {
			return true
		}
	}
	return false
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	at    place
	value *yaml.Node
}

// entries lists a mapping, without the keys that are not usable.
func (d *decoder) entries(n *yaml.Node, at place) []entry {
	n = resolve(n)
	if !d.is(n, yaml.MappingNode, at) {
		return nil
	}
	var out []entry
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), n.Content[i+1]
		pos := d.position(n.Content[i])
		inside := place{at.path, pos}
		switch {
		case key.Kind != yaml.ScalarNode:
			d.say(inside, false, "a key must be a plain word, not %s", kindName(key))
		case key.ShortTag() == "!!merge":
			d.say(inside, false, "merge keys (<<) are not supported: write the keys out, or give the whole section by an alias")
		case lines[key.Value] > 0:
			d.say(inside, false, "the key %s is already set in line %d: remove one of the two", quote(key.Value), lines[key.Value])
		default:
			lines[key.Value] = pos.Line
			e := at.key(key.Value, pos)
			d.places[e.path] = pos
			out = append(out, entry{key.Value, e, value})
		}
	}
	return out
}

// is checks the kind of a node.
func (d *decoder) is(n *yaml.Node, kind yaml.Kind, at place) bool {
	want := map[yaml.Kind]string{yaml.MappingNode: "a mapping (key: value)", yaml.SequenceNode: "a list, as in [a, b]", yaml.ScalarNode: "a single value"}[kind]
	switch {
	case n.ShortTag() == "!!null":
		d.fail(at, "has no value: give it one, or remove the line")
	case n.Style&yaml.TaggedStyle != 0 && !knownTag[n.ShortTag()]:
		d.fail(at, "the YAML tag %s has no meaning here: remove it", quote(n.Tag))
	case n.Kind != kind:
		d.fail(at, "must be %s, not %s", want, kindName(n))
	default:
		return true
	}
	return false
}

var knownTag = map[string]bool{
	"!!str": true, "!!int": true, "!!float": true, "!!bool": true, "!!map": true, "!!seq": true,
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// field is a key a struct knows.
type field struct {
	key          string
	index        int
	path, single bool
}

func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || key == "-" {
			continue
		}
		if key == "" {
			key = strings.ToLower(f.Name)
		}
		out = append(out, field{key, i, f.Tag.Get("path") == "true", f.Tag.Get("single") == "true"})
	}
	return out
}

// structure decodes a mapping into a struct, over what is in it. own takes the
// keys that are not fields; it returns false for those nobody knows.
func (d *decoder) structure(n *yaml.Node, at place, into reflect.Value, ownKeys []string, own func(entry) bool) {
	fields := fieldsOf(into.Type())
	byKey := map[string]field{}
	var keys []string
	for _, f := range fields {
		byKey[f.key] = f
		keys = append(keys, f.key)
	}
	for _, e := range d.entries(n, at) {
		f, ok := byKey[e.key]
		switch {
		case ok:
			d.value(e.value, e.at, into.Field(f.index), f)
		case own != nil && own(e):
		default:
			d.unknown(e, at, append(keys, ownKeys...))
		}
	}
}

// instead names the key to use where a secret itself was written.
var instead = map[string]string{
	"password":    "password_file or password_env",
	"passphrase":  "passphrase_file",
	"private_key": "private_key_file",
}

// unknown reports a key nobody knows. Its value is never shown: it may be a
// secret in the wrong place.
func (d *decoder) unknown(e entry, in place, keys []string) {
	at := place{in.path, e.at.pos}
	if use, ok := instead[e.key]; ok {
		d.say(at, false, "%s: secrets are not written in this file: use %s", e.key, use)
	} else if near := nearest(e.key, keys); near != "" {
		d.say(at, false, "unknown key %s: did you mean %s?", quote(e.key), near)
	} else {
		d.say(at, false, "unknown key %s: the keys known here are %s", quote(e.key), strings.Join(keys, ", "))
	}
}

var durationType = reflect.TypeFor[time.Duration]()

// value decodes any value. Only plain data is supported; anything else in an
// options struct is a mistake of its author.
func (d *decoder) value(n *yaml.Node, at place, into reflect.Value, f field) {
	n = resolve(n)
	t := into.Type()
	switch {
	case t == durationType:
		d.duration(n, at, into)
	case t.Kind() == reflect.Struct:
		d.structure(n, at, into, nil, nil)
	case t.Kind() == reflect.Pointer:
		v := reflect.New(t.Elem())
		d.value(n, at, v.Elem(), f)
		into.Set(v)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		m := reflect.MakeMap(t)
		for _, e := range d.entries(n, at) {
			v := reflect.New(t.Elem()).Elem()
			d.value(e.value, e.at, v, field{})
			m.SetMapIndex(reflect.ValueOf(e.key).Convert(t.Key()), v)
		}
		into.Set(m)
	case t.Kind() == reflect.Slice:
		d.list(n, at, into, f)
	default:
		d.scalar(n, at, into, f)
	}
}

func (d *decoder) list(n *yaml.Node, at place, into reflect.Value, f field) {
	items := n.Content
	if f.single && n.Kind == yaml.ScalarNode {
		v := reflect.MakeSlice(into.Type(), 1, 1)
		d.value(n, at, v.Index(0), field{path: f.path})
		into.Set(v)
		return
	}
	if !d.is(n, yaml.SequenceNode, at) {
		return
	}
	v := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		e := at.item(i, d.position(item))
		d.places[e.path] = e.pos
		d.value(item, e, v.Index(i), field{path: f.path})
	}
	into.Set(v)
}

// absolute makes a path relative to the configuration file absolute.
func (d *decoder) absolute(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.dir, path)
}

// quote shows a word from the file: short, on one line.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return fmt.Sprintf("%q", s)
}
