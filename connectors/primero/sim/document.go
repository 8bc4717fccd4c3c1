package sim

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// stampLayout is how the server writes an instant (§9).
const (
	stampLayout = "2006-01-02T15:04:05.000Z"
	dayLayout   = "2006-01-02"
)

// entry is one key of a case, its value as JSON text.
type entry struct{ name, json string }

// document is the stored data of a case, sorted by name. One that is stored is
// never changed: a change works on a clone. Values are split once, so that a
// page of an index is a concatenation.
type document []entry

func (d document) find(name string) (int, bool) {
	return slices.BinarySearchFunc(d, name, func(e entry, n string) int { return strings.Compare(e.name, n) })
}

// raw returns the JSON of a key, "" when the key was never set.
func (d document) raw(name string) string {
	if i, ok := d.find(name); ok {
		return d[i].json
	}
	return ""
}

// text returns a string value, "" when it is none.
func (d document) text(name string) string {
	raw := d.raw(name)
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	return gjson.Parse(raw).Str
}

func (d document) isTrue(name string) bool { return d.raw(name) == "true" }

// filled says whether a key has a value other than null, "" and [].
func (d document) filled(name string) bool { return filledJSON(d.raw(name)) }

func filledJSON(raw string) bool {
	return raw != "" && raw != "null" && raw != `""` && raw != "[]"
}

func (d document) texts(name string) []string {
	var all []string
	for _, v := range gjson.Parse(d.raw(name)).Array() {
		if v.Type == gjson.String {
			all = append(all, v.Str)
		}
	}
	return all
}

// rows decodes an array of objects; members of another kind are left out.
func (d document) rows(name string) []map[string]any {
	members, _ := decode(d.raw(name)).([]any)
	rows := make([]map[string]any, 0, len(members))
	for _, m := range members {
		if row, ok := m.(map[string]any); ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// set stores a value under a key; the document must be a clone.
func (d *document) set(name string, value any) {
	i, ok := d.find(name)
	if ok {
		(*d)[i].json = encode(value)
		return
	}
	*d = slices.Insert(*d, i, entry{name, encode(value)})
}

// setDefault stores a value unless the key already has one.
func (d *document) setDefault(name string, value any) {
	if !d.filled(name) {
		d.set(name, value)
	}
}

// clone returns a copy with room for the keys that a save adds.
func (d document) clone() document { return append(make(document, 0, len(d)+8), d...) }

func newDocument(fields map[string]any) document {
	d := make(document, 0, len(fields)+40)
	for name, value := range fields {
		d = append(d, entry{name, encode(value)})
	}
	slices.SortFunc(d, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return d
}

// changed lists the keys whose value differs between two documents.
func changed(old, new document) []string {
	var names []string
	for _, e := range new {
		if old.raw(e.name) != e.json {
			names = append(names, e.name)
		}
	}
	return names
}

// encode writes a value as JSON, the keys of objects sorted. A value that is
// not JSON is a mistake of the program that uses the simulator.
func encode(v any) string { return string(appendJSON(nil, v)) }

func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case json.Number:
		return append(b, v...)
	case string:
		return appendText(b, v)
	case day:
		return appendText(b, string(v))
	case instant:
		return appendText(b, string(v))
	case []string:
		return appendList(b, v)
	case []any:
		return appendList(b, v)
	case []map[string]any:
		return appendList(b, v)
	case map[string]any:
		return appendObject(b, v)
	}
	return appendOther(b, v)
}

func appendText(b []byte, text string) []byte {
	if !isPlain(text) {
		return appendOther(b, text)
	}
	return append(append(append(b, '"'), text...), '"')
}

func appendList[T any](b []byte, list []T) []byte {
	b = append(b, '[')
	for i, member := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, member)
	}
	return append(b, ']')
}

func appendObject(b []byte, object map[string]any) []byte {
	b = append(b, '{')
	for i, name := range sortedKeys(object) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = appendJSON(b, object[name])
	}
	return append(b, '}')
}

func appendOther(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("sim: a value that JSON cannot hold: " + err.Error())
	}
	return append(b, text...)
}

// isPlain says whether a text stands in JSON as it is.
func isPlain(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// decode reads stored JSON with its numbers as they are written; nil for "".
func decode(raw string) any {
	if raw == "" {
		return nil
	}
	return decoded(gjson.Parse(raw))
}

func decoded(v gjson.Result) any {
	switch {
	case v.Type == gjson.String:
		return v.Str
	case v.Type == gjson.Number:
		return json.Number(v.Raw)
	case v.IsBool():
		return v.Type == gjson.True
	case v.IsArray():
		list := []any{}
		v.ForEach(func(_, member gjson.Result) bool { list = append(list, decoded(member)); return true })
		return list
	case v.IsObject():
		object := make(map[string]any, 16)
		v.ForEach(func(name, member gjson.Result) bool { object[name.Str] = decoded(member); return true })
		return object
	}
	return nil
}

// decodeBody reads the one JSON value of a request body.
func decodeBody(body []byte) (any, bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || dec.More() {
		return nil, false
	}
	return v, true
}

// day and instant are texts that the server took for a date or a date-time (§3.2 rule 1).
type (
	day     string
	instant string
)

var (
	dayForm     = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	instantForm = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})[T \t](\d{1,2}):(\d{2}):(\d{2})(?:\.(\d*))?(Z|[-+]\d{2}(?::\d{2})?)?$`)
)

// coerce turns every text in v that looks like a date or a date-time into a
// day or an instant; impossible ones stay text.
func coerce(v any) any {
	switch v := v.(type) {
	case string:
		return coerceText(v)
	case []any:
		for i := range v {
			v[i] = coerce(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = coerce(v[k])
		}
	}
	return v
}

func coerceText(text string) any {
	if len(text) < 10 || text[0] < '0' || text[0] > '9' {
		return text
	}
	if isDay(text) {
		return day(text)
	}
	if at, ok := parseInstant(text); ok {
		return instant(at.Format(stampLayout))
	}
	return text
}

func isDay(text string) bool {
	if !dayForm.MatchString(text) {
		return false
	}
	_, err := time.Parse(dayLayout, text)
	return err == nil
}

// parseInstant reads the one form of date-time that the server knows; without
// a zone it is UTC (§2.4).
func parseInstant(text string) (time.Time, bool) {
	if len(text) == len(stampLayout) {
		if at, err := time.Parse(stampLayout, text); err == nil {
			return at, true
		}
	}
	m := instantForm.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	zone := m[8]
	switch {
	case zone == "":
		zone = "Z"
	case len(zone) == 3:
		zone += ":00"
	}
	written := m[1] + "-" + pad(m[2]) + "-" + pad(m[3]) + "T" + pad(m[4]) + ":" + m[5] + ":" + m[6]
	if m[7] != "" {
		written += "." + m[7]
	}
	at, err := time.Parse(time.RFC3339Nano, written+zone)
	return at.UTC(), err == nil
}

func pad(number string) string {
	if len(number) == 1 {
		return "0" + number
	}
	return number
}
