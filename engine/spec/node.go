package spec

import (
	"encoding/json"

	"github.com/casebridge/casebridge/engine"
)

// shape says what a node is.
type shape int

const (
	nullShape shape = iota
	textShape
	numberShape
	boolShape
	listShape
	mapShape
)

// node is one value of a spec file with its place. A nil node stands for a
// value that is not there; every method accepts it.
type node struct {
	shape shape
	style style
	at    engine.Pos // where its first character stands
	file  *File
	text  string // of scalars
	wrong bool   // something was already said about it
	keys  []*node
	items []*node // values of keys, or the items of a list
}

// get returns the value under key, or nil.
func (n *node) get(key string) *node {
	_, v := n.entry(key)
	return v
}

// entry returns key and value, or nil and nil.
func (n *node) entry(key string) (k, v *node) {
	if n == nil || n.shape != mapShape {
		return nil, nil
	}
	for i, k := range n.keys {
		if k.text == key {
			return k, n.items[i]
		}
	}
	return nil, nil
}

// names lists the keys as they stand.
func (n *node) names() []string {
	if n == nil {
		return nil
	}
	names := make([]string, len(n.keys))
	for i, k := range n.keys {
		names[i] = k.text
	}
	return names
}

// each calls f for every entry of a mapping, in the order of the file.
func (n *node) each(f func(key, value *node)) {
	if n == nil || n.shape != mapShape {
		return
	}
	for i, k := range n.keys {
		f(k, n.items[i])
	}
}

// list returns the items of a list; a value that is no list has none.
func (n *node) list() []*node {
	if n == nil || n.shape != listShape {
		return nil
	}
	return n.items
}

// scalar returns the text with its place; empty for what is no scalar.
func (n *node) scalar() Scalar {
	if n == nil {
		return Scalar{}
	}
	s := Scalar{At: n.at, file: n.file, style: n.style}
	if n.isScalar() {
		s.Text = n.text
	}
	return s
}

// scalars returns the items of a list; a single scalar counts as a list of one.
func (n *node) scalars() []Scalar {
	if n == nil {
		return nil
	}
	if n.isScalar() {
		return []Scalar{n.scalar()}
	}
	all := make([]Scalar, 0, len(n.list()))
	for _, item := range n.list() {
		all = append(all, item.scalar())
	}
	return all
}

// string returns the text alone.
func (n *node) string() string {
	if n == nil {
		return ""
	}
	return n.text
}

// isTrue says whether it is the boolean true.
func (n *node) isTrue() bool { return n != nil && n.shape == boolShape && n.text == "true" }

// place returns where it stands, or fallback.
func (n *node) place(fallback engine.Pos) engine.Pos {
	if n == nil {
		return fallback
	}
	return n.at
}

func (n *node) isScalar() bool {
	return n.shape == textShape || n.shape == numberShape || n.shape == boolShape
}

// value returns what JSON would make of it, numbers as json.Number.
func (n *node) value() any {
	if n == nil {
		return nil
	}
	switch n.shape {
	case textShape:
		return n.text
	case numberShape:
		return json.Number(n.text)
	case boolShape:
		return n.text == "true"
	case listShape:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	case mapShape:
		m := make(map[string]any, len(n.keys))
		for i, k := range n.keys {
			m[k.text] = n.items[i].value()
		}
		return m
	}
	return nil
}

// literal returns the value with its place.
func (n *node) literal() Value {
	if n == nil {
		return Value{}
	}
	return Value{Any: n.value(), At: n.at}
}

// what names its shape in plain words.
func (n *node) what() string {
	switch n.shape {
	case textShape:
		return "a text"
	case numberShape:
		return "a number"
	case boolShape:
		return "true or false"
	case listShape:
		return "a list"
	case mapShape:
		return "a group of keys"
	}
	return "nothing"
}
