package sim

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// node is one query parameter: a text, or keys in brackets below it.
type node struct {
	text   string
	kids   map[string]*node
	keys   []string // of kids, in order of arrival
	array  []string // of f[]=a, which is not permitted where a scalar is (§2.4)
	isText bool
}

// parseParams reads a query string with its brackets: f=a, f[0]=a, f[from]=a,
// not[f]=a, f[]=a. What cannot be unescaped is left out.
func parseParams(raw string) *node {
	root := &node{kids: map[string]*node{}}
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if name != "" && err1 == nil && err2 == nil {
			root.put(segments(name), value)
		}
	}
	return root
}

// segments cuts a[b][c] into a, b, c.
func segments(name string) []string {
	open := strings.IndexByte(name, '[')
	if open <= 0 {
		return []string{name}
	}
	all := []string{name[:open]}
	for rest := name[open:]; strings.HasPrefix(rest, "["); {
		inner, after, ok := strings.Cut(rest[1:], "]")
		if !ok {
			break
		}
		all, rest = append(all, inner), after
	}
	return all
}

func (n *node) put(path []string, value string) {
	if len(path) == 0 {
		n.text, n.isText = value, true
		return
	}
	if path[0] == "" {
		n.array = append(n.array, value)
		return
	}
	if n.kids == nil {
		n.kids = map[string]*node{}
	}
	kid := n.kids[path[0]]
	if kid == nil {
		kid = &node{}
		n.kids[path[0]] = kid
		n.keys = append(n.keys, path[0])
	}
	kid.put(path[1:], value)
}

// kid returns the text of a parameter, "" without it.
func (n *node) kid(name string) string {
	if k := n.kids[name]; k != nil {
		return k.text
	}
	return ""
}

func (n *node) has(name string) bool { return n.kids[name] != nil && n.kids[name].isText }

// texts returns the members of f[0]=a&f[1]=b or f[]=a; used by the reference data.
func (n *node) texts(name string) []string {
	k := n.kids[name]
	if k == nil {
		return nil
	}
	if k.isText {
		return []string{k.text}
	}
	all := slices.Clone(k.array)
	for _, key := range k.keys {
		all = append(all, k.kids[key].text)
	}
	return all
}

// whole reads a number as Ruby's to_i does: what is none is 0.
func (n *node) whole(name string, otherwise int) int {
	if !n.has(name) {
		return otherwise
	}
	text := n.kid(name)
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && text[end] == '-') {
		end++
	}
	i, _ := strconv.Atoi(text[:end])
	return i
}

// plain turns a form parameter into what its JSON would be.
func (n *node) plain() any {
	if n.isText {
		return n.text
	}
	all := map[string]any{}
	for name, k := range n.kids {
		all[name] = k.plain()
	}
	return all
}
