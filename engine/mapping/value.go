package mapping

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/engine"
)

// kind is what a value is at run time.
type kind uint8

const (
	null kind = iota
	truth
	number
	text
	list
	object
)

var kindNames = [...]string{"nothing", "true or false", "a number", "a text", "a list", "a record"}

func (k kind) String() string { return kindNames[k] }

// value is what an expression gives. Numbers keep the digits they were written
// with, so that a copy is exact. The zero value is null.
type value struct {
	kind kind
	text string // text; digits of a number; "true" or "" of a truth
	node *node  // of a list or an object
}

// node is the inside of a list or an object. One that came from a record is
// taken apart when somebody first looks inside. Nodes belong to one decision
// and are not shared between goroutines.
type node struct {
	raw    string // JSON; "" for lists that were computed
	opened bool
	keys   []string
	items  []value        // values of keys, or elements
	record *engine.Record // when it is a whole record of a system
}

func textValue(s string) value   { return value{kind: text, text: s} }
func numberValue(s string) value { return value{kind: number, text: s} }

func truthValue(b bool) value {
	if b {
		return value{kind: truth, text: "true"}
	}
	return value{kind: truth}
}

func listValue(items []value) value {
	return value{kind: list, node: &node{opened: true, items: items}}
}

func objectValue(keys []string, items []value) value {
	return value{kind: object, node: &node{opened: true, keys: keys, items: items}}
}

// recordValue is a whole record; ok is false when its body is not one JSON object.
func recordValue(r *engine.Record) (v value, ok bool) {
	raw := r.Body.Raw()
	if !gjson.ValidBytes(raw) {
		return value{}, false
	}
	v = rawValue(strings.TrimSpace(string(raw)))
	if v.kind != object {
		return value{}, false
	}
	v.node.record = r
	return v, true
}

// rawValue is the value of valid JSON.
func rawValue(raw string) value { return resultValue(gjson.Parse(raw)) }

func resultValue(r gjson.Result) value {
	switch r.Type {
	case gjson.String:
		return textValue(r.Str)
	case gjson.Number:
		return numberValue(r.Raw)
	case gjson.True:
		return truthValue(true)
	case gjson.False:
		return truthValue(false)
	case gjson.JSON:
		if r.IsArray() {
			return value{kind: list, node: &node{raw: r.Raw}}
		}
		return value{kind: object, node: &node{raw: r.Raw}}
	default:
		return value{}
	}
}

func (n *node) open() {
	if n.opened {
		return
	}
	n.opened = true
	whole := gjson.Parse(n.raw)
	isObject := whole.IsObject()
	room := max(4, min(64, len(n.raw)/32))
	n.items = make([]value, 0, room)
	if isObject {
		n.keys = make([]string, 0, room)
	}
	whole.ForEach(func(k, v gjson.Result) bool {
		if isObject {
			n.keys = append(n.keys, k.Str)
		}
		n.items = append(n.items, resultValue(v))
		return true
	})
}

// member returns the field of that name; null when there is none, or when v is no object.
func (v value) member(name string) value {
	m, _ := v.find(name)
	return m
}

// find is member, and says whether the field is there at all. Of two fields of one name the first counts.
func (v value) find(name string) (value, bool) {
	if v.kind != object {
		return value{}, false
	}
	v.node.open()
	for i, k := range v.node.keys {
		if k == name {
			return v.node.items[i], true
		}
	}
	return value{}, false
}

// elements returns what a list holds; nothing for every other value.
func (v value) elements() []value {
	if v.kind != list {
		return nil
	}
	v.node.open()
	return v.node.items
}

// given says that there is a value, even an empty one.
func (v value) given() bool { return v.kind != null }

// blank says that there is no value, or an empty one: "", white space, [].
func (v value) blank() bool {
	switch v.kind {
	case null:
		return true
	case text:
		return strings.TrimSpace(v.text) == ""
	case list:
		return len(v.elements()) == 0
	default:
		return false
	}
}

// yes says that v is exactly true.
func (v value) yes() bool { return v.kind == truth && v.text != "" }

// record returns the system's record behind v, or nil.
func (v value) record() *engine.Record {
	if v.node == nil {
		return nil
	}
	return v.node.record
}

// plain returns v as the text that keys and lookups use; ok is false for lists
// and objects. Numbers are written without exponent.
func (v value) plain() (s string, ok bool) {
	switch v.kind {
	case text:
		return v.text, true
	case number:
		return plainNumber(v.text)
	case truth:
		if v.yes() {
			return "true", true
		}
		return "false", true
	default:
		return "", v.kind == null
	}
}

// same says whether a and b mean the same JSON: numbers by amount, objects
// whatever the order of their fields. Unlike ==, null is the same as null here.
func same(a, b value) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case number:
		return compareNumbers(a.text, b.text) == 0
	case list:
		return sameItems(a.elements(), b.elements())
	case object:
		return sameFields(a, b)
	default:
		return a.text == b.text
	}
}

func sameItems(a, b []value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}

func sameFields(a, b value) bool {
	a.node.open()
	b.node.open()
	if len(a.node.keys) != len(b.node.keys) {
		return false
	}
	for i, k := range a.node.keys {
		other, ok := b.find(k)
		if !ok || !same(a.node.items[i], other) {
			return false
		}
	}
	return true
}

// appendJSON writes v as JSON. What came from a record is copied as it stands.
func appendJSON(b []byte, v value) []byte {
	switch v.kind {
	case truth:
		if v.yes() {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case number:
		return append(b, v.text...)
	case text:
		return appendText(b, v.text)
	case list, object:
		return appendNode(b, v)
	default:
		return append(b, "null"...)
	}
}

// appendText writes a JSON string; most texts need nothing but their quotes.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' {
			return gjson.AppendJSONString(b, s)
		}
	}
	if !utf8.ValidString(s) {
		return gjson.AppendJSONString(b, s)
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendNode(b []byte, v value) []byte {
	n := v.node
	if n.raw != "" {
		return append(b, n.raw...)
	}
	open, shut := byte('['), byte(']')
	if v.kind == object {
		open, shut = '{', '}'
	}
	b = append(b, open)
	for i, item := range n.items {
		if i > 0 {
			b = append(b, ',')
		}
		if v.kind == object {
			b = append(appendText(b, n.keys[i]), ':')
		}
		b = appendJSON(b, item)
	}
	return append(b, shut)
}
