package config

import (
	"errors"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// scalar decodes text, true or false, or a number. Text is taken as it is
// written, so that a label may be 12 or true without quotes; the other kinds
// are strict.
func (d *decoder) scalar(n *yaml.Node, at place, into reflect.Value, f field) {
	if !d.is(n, yaml.ScalarNode, at) {
		return
	}
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
	wrong := func(want string) {
		if quoted {
			d.fail(at, "must be %s, not the text %s: remove the quotes if that is what it is", want, quote(n.Value))
			return
		}
		d.fail(at, "must be %s, not %s", want, quote(n.Value))
	}
	tag := n.ShortTag()
	switch into.Kind() {
	case reflect.String:
		text := n.Value
		if text == "" && !d.allowEmpty {
			d.fail(at, "is empty: give it a value, or remove the line")
			return
		}
		if f.path {
			text = d.absolute(text)
		}
		into.SetString(text)
	case reflect.Bool:
		if tag != "!!bool" {
			wrong("true or false")
			return
		}
		into.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v, err := strconv.ParseInt(n.Value, 10, 64)
		if tag != "!!int" || (err != nil && !errors.Is(err, strconv.ErrRange)) {
			wrong("a whole number")
			return
		}
		if err != nil || into.OverflowInt(v) {
			d.fail(at, "%s is out of range", quote(n.Value))
			return
		}
		into.SetInt(v)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v, err := strconv.ParseUint(n.Value, 10, 64)
		if tag != "!!int" || (err != nil && !errors.Is(err, strconv.ErrRange)) {
			wrong("a whole number that is not negative")
			return
		}
		if err != nil || into.OverflowUint(v) {
			d.fail(at, "%s is out of range", quote(n.Value))
			return
		}
		into.SetUint(v)
	case reflect.Float32, reflect.Float64:
		v, err := strconv.ParseFloat(n.Value, 64)
		if (tag != "!!float" && tag != "!!int") || err != nil || math.IsNaN(v) || math.IsInf(v, 0) || into.OverflowFloat(v) {
			wrong("a number")
			return
		}
		into.SetFloat(v)
	default:
		panic("config: an options struct has a field of unsupported type " + into.Type().String())
	}
}

var bareNumber = regexp.MustCompile(`^\d+(\.\d+)?$`)

// duration decodes what Prometheus calls a duration: 30s, 5m, 1h30m, 1d.
func (d *decoder) duration(n *yaml.Node, at place, into reflect.Value) {
	if !d.is(n, yaml.ScalarNode, at) {
		return
	}
	v, err := model.ParseDuration(n.Value)
	switch {
	case err == nil:
		into.SetInt(int64(time.Duration(v)))
	case strings.HasPrefix(n.Value, "-"):
		d.fail(at, "must not be negative, as %s is", quote(n.Value))
	case bareNumber.MatchString(n.Value):
		d.fail(at, "%s has no unit: write 30s, 5m, 1h or 1d", quote(n.Value))
	default:
		d.fail(at, "must be a duration such as 30s, 5m, 1h or 1d, not %s", quote(n.Value))
	}
}
