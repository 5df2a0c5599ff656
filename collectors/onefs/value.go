package onefs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// A field of an answer is there, or absent (missing or null), or odd: of a type
// or value that the schema does not allow. An odd field is reported as a sign
// that the API changed, and costs nothing but itself.

// number is a number of 0 or more; the schema knows no others.
type number struct {
	value *float64
	odd   string
}

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (n *number) UnmarshalJSON(b []byte) error {
	*n = number{}
	var v *float64
	if err := json.Unmarshal(b, &v); err != nil || v != nil && *v < 0 {
		n.odd = brief(b)
		return nil //nolint:nilerr // odd, and said so
	}
	n.value = v
	return nil
}

// truth is a truth value.
type truth struct {
	value *bool
	odd   string
}

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (f *truth) UnmarshalJSON(b []byte) error {
	*f = truth{}
	if err := json.Unmarshal(b, &f.value); err != nil {
		*f = truth{odd: brief(b)}
	}
	return nil
}

// is says whether the flag is there and set.
func (f truth) is() bool { return f.value != nil && *f.value }

// text is a string; an empty one counts as absent. A number is taken as it is
// written: ids are numbers in some resources and strings in others.
type text struct {
	value string
	odd   string
}

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = text{}
	var v *string
	var n json.Number
	switch {
	case json.Unmarshal(b, &v) == nil:
		if v != nil {
			t.value = strings.TrimSpace(*v)
		}
	case json.Unmarshal(b, &n) == nil:
		t.value = n.String()
	default:
		t.odd = brief(b)
	}
	return nil
}

// list is a list whose items are decoded one by one, so that an odd one costs
// only itself.
type list[T any] struct {
	// there is false for a list that is missing or null: nothing is known of
	// its length.
	there bool
	items []T
	odd   string
	// odds are items of another type.
	odds []string
}

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (l *list[T]) UnmarshalJSON(b []byte) error {
	*l = list[T]{}
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		l.odd = brief(b)
		return nil //nolint:nilerr // odd, and said so
	}
	l.there = raw != nil
	for _, r := range raw {
		var item *T
		if err := json.Unmarshal(r, &item); err != nil || item == nil {
			l.odds = append(l.odds, brief(r))
			continue
		}
		l.items = append(l.items, *item)
	}
	return nil
}

// object is a nested record.
type object[T any] struct {
	value *T
	odd   string
}

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (o *object[T]) UnmarshalJSON(b []byte) error {
	*o = object[T]{}
	if err := json.Unmarshal(b, &o.value); err != nil {
		*o = object[T]{odd: brief(b)}
	}
	return nil
}

// brief shows what an odd field holds: enough to report it, and no path.
func brief(b []byte) string {
	const most = 40
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(hidePaths(b)), "�")), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return s
}

// oddities are the odd fields in an answer, as "nodes.status.connections: "7"".
func oddities(answer any) []string {
	var found []string
	walk(reflect.ValueOf(answer), "", &found)
	return found
}

// walk looks at the exported fields, which are those that JSON fills, and at
// what the types of this file hold.
func walk(v reflect.Value, path string, found *[]string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), path, found)
		}
		return
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			walk(v.Index(i), path, found)
		}
		return
	case reflect.Struct:
	default:
		return
	}
	note := func(odd string) { *found = append(*found, fmt.Sprintf("%s: %s", path, odd)) }
	if odd := v.FieldByName("odd"); odd.IsValid() && odd.String() != "" {
		note(odd.String())
	}
	if odds := v.FieldByName("odds"); odds.IsValid() {
		for i := range odds.Len() {
			note(odds.Index(i).String())
		}
	}
	for _, inner := range []string{"items", "value"} {
		if f := v.FieldByName(inner); f.IsValid() {
			walk(f, path, found)
		}
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if key != "" {
			walk(v.Field(i), strings.TrimPrefix(path+"."+key, "."), found)
		}
	}
}
