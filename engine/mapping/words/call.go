package words

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// callValue words a function that gives a value. A function without words here
// is named with its arguments, which the corpus of words_test.go finds.
func (w *wording) callValue(n ast.Node, c call) phrase {
	if isTest(n) {
		if words, ok := w.asked(c, false); ok { // not when it is called with too little
			return plainPhrase("whether %s", words)
		}
	}
	if body, ok := c.predicate(); ok {
		return w.loopValue(n, c, body)
	}
	if p, ok := w.changed(c); ok {
		return p
	}
	return w.made(n, c)
}

// call is a function and what it is given.
type call struct {
	name string
	args []ast.Node
}

// callOf reads a call. The parser has a node of its own for functions that go over a list.
func callOf(n ast.Node) (call, bool) {
	switch n := n.(type) {
	case *ast.BuiltinNode:
		return call{n.Name, n.Arguments}, true
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			return call{callee.Value, n.Arguments}, true
		}
	}
	return call{}, false
}

// predicate is what a function asks of every entry of a list.
func (c call) predicate() (ast.Node, bool) {
	if len(c.args) != 2 {
		return nil, false
	}
	p, ok := c.args[1].(*ast.PredicateNode)
	if !ok {
		return nil, false
	}
	return p.Node, true
}

// changed words the functions that change their first argument a little.
func (w *wording) changed(c call) (phrase, bool) {
	word, args := c.name, c.args
	notes := map[string]string{
		"trim": "without white space at its ends", "upper": "in capitals", "lower": "in small letters",
		"strip_zeros": "leading zeros removed", "text": "as text", "int": "as a whole number",
		"repair_year": "a year typed with five digits loses the first of them",
		"undated":     "a full stop is added where it could be taken for a date",
	}
	if note, ok := notes[word]; ok && len(args) == 1 {
		return w.value(args[0]).then(note), true
	}
	switch {
	case word == "replace" && len(args) == 3:
		return w.value(args[0]).then(fmt.Sprintf("every %s becomes %s", w.value(args[1]).within(), w.value(args[2]).within())), true
	case word == "pad_to_even" && len(args) == 2:
		return w.value(args[0]).then(fmt.Sprintf("%s is put before an odd number of digits", w.value(args[1]).within())), true
	}
	return phrase{}, false
}

// made words the functions that make something new.
func (w *wording) made(n ast.Node, c call) phrase {
	arg := func(i int) string {
		if i < len(c.args) {
			return w.value(c.args[i]).within()
		}
		return "nothing"
	}
	switch c.name {
	case "or_else":
		return plainPhrase("the first of %s that is not blank", joined(w.values(c.args), "and"))
	case "first":
		return plainPhrase("the first entry of %s", arg(0))
	case "last":
		return plainPhrase("the last entry of %s", arg(0))
	case "min":
		return plainPhrase("the smallest of %s", arg(0))
	case "max":
		return plainPhrase("the largest of %s", arg(0))
	case "len":
		return plainPhrase("the number of entries of %s", arg(0))
	case "split":
		return plainPhrase("the parts of %s between %s", arg(0), arg(1))
	case "join":
		return plainPhrase("%s, joined with %s between them", listed(arg(0)), spaceWords(arg(1)))
	case "join_names":
		return plainPhrase("%s with %s in brackets; the one that is there; once when both are equal", arg(1), arg(0))
	case "uuid5":
		return plainPhrase("an id that is always the same for the same %s", joined(w.values(c.args), "and"))
	case "local_date":
		return plainPhrase("the calendar date of %s", arg(0))
	case "age":
		return plainPhrase("whole years from %s to %s", arg(0), arg(1))
	case "code_prefix":
		p := plainPhrase("the first %s characters of %s", arg(1), arg(0))
		if len(c.args) > 2 {
			p = p.then(fmt.Sprintf("a leading %s is skipped", arg(2)))
		}
		return p
	case "lookup":
		return plainPhrase("what the map `%s` gives as `%s` for the `%s` %s", c.bare(0), c.bare(3), c.bare(1), arg(2))
	case "rule":
		return plainPhrase("%s in the form `%s` of the naming rule `%s`", arg(2), c.bare(3), c.bare(0))
	}
	return w.unsaid(n)
}

// bare is a name that was written as a text.
func (c call) bare(i int) string {
	if i >= len(c.args) {
		return ""
	}
	if s, ok := c.args[i].(*ast.StringNode); ok {
		return s.Value
	}
	return c.args[i].String()
}

func listed(words string) string { return strings.TrimPrefix(words, "the list of ") }

func spaceWords(words string) string {
	if words == `" "` {
		return "a space"
	}
	return words
}

// loopValue words the functions that go over a list and give something of it.
func (w *wording) loopValue(n ast.Node, c call, body ast.Node) phrase {
	list := w.value(c.args[0]).within()
	switch c.name {
	case "find":
		return plainPhrase("the first entry of %s where %s", list, w.when(body))
	case "filter":
		return plainPhrase("the entries of %s where %s", list, w.when(body))
	case "count":
		return plainPhrase("the number of entries of %s where %s", list, w.when(body))
	case "map":
		what := strings.TrimPrefix(w.value(body).within(), "its ")
		if what == "the entry" {
			return plainPhrase("%s", list)
		}
		return plainPhrase("%s of each of %s", what, list)
	}
	return w.unsaid(n)
}
