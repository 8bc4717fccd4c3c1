package main

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// jsonField is a field of an object as encoding/json writes it.
type jsonField struct {
	name     string
	value    string // the kind of value, in words; "" when there are none for it
	about    string
	optional bool         // left out when empty
	object   reflect.Type // that it holds, or a list of; else nil
}

// jsonFields are the fields of a struct in the order in which they are written; those of an embedded one as its own.
func jsonFields(t reflect.Type) []jsonField {
	var fields []jsonField
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		if f.Anonymous && !tagged {
			fields = append(fields, jsonFields(f.Type)...)
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		one := jsonField{name: cmp.Or(name, f.Name), about: f.Tag.Get("about"), optional: options == "omitempty" || options == "omitzero"}
		one.value, one.object = valueWords(f.Type, false)
		fields = append(fields, one)
	}
	return fields
}

// valueWords name the kind of a value, one or many of it, and the object that is in it.
func valueWords(t reflect.Type, many bool) (words string, object reflect.Type) {
	s := map[bool]string{true: "s"}[many]
	switch t {
	case reflect.TypeFor[time.Time]():
		return "moment" + s, nil
	case reflect.TypeFor[json.RawMessage]():
		return "any JSON", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return valueWords(t.Elem(), many)
	case reflect.String:
		return "text" + s, nil
	case reflect.Bool:
		return "true or false", nil
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "number" + s, nil
	case reflect.Interface:
		return "any JSON", nil
	case reflect.Struct:
		return "object" + s + ` "` + objectName(t) + `"`, t
	case reflect.Slice:
		words, object = valueWords(t.Elem(), true)
		return "list of " + words, object
	case reflect.Map:
		words, object = valueWords(t.Elem(), true)
		return words + " by name", object
	}
	return "", nil
}

// objectName is the name of an object in the help: the words of its struct's name without what says that it is JSON.
func objectName(t reflect.Type) string {
	name := strings.TrimSuffix(strings.TrimSuffix(t.Name(), "Line"), "JSON")
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteRune(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
