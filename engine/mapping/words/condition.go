package words

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// isTest says whether a node gives true or false by its form.
func isTest(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return n.Operator == "not" || n.Operator == "!"
	case *ast.BinaryNode:
		_, ok := comparisons()[n.Operator]
		return ok || isJunction(n.Operator)
	}
	c, ok := callOf(n)
	return ok && slices.Contains([]string{"given", "blank", "has", "all", "any", "none", "one"}, c.name)
}

func isJunction(op string) bool {
	switch op {
	case "and", "&&", "or", "||":
		return true
	}
	return false
}

// comparison is how an operator is said, and how its opposite is.
type comparison struct{ yes, no, yesDay, noDay string }

func comparisons() map[string]comparison {
	return map[string]comparison{
		"==": {yes: "is", no: "is not"}, "!=": {yes: "is not", no: "is"},
		">": {"is more than", "is at most", "is after", "is not after"}, ">=": {"is at least", "is less than", "is on or after", "is before"},
		"<": {"is less than", "is at least", "is before", "is on or after"}, "<=": {"is at most", "is more than", "is not after", "is after"},
		"in": {yes: "is one of", no: "is none of"}, "contains": {yes: "contains", no: "does not contain"},
		"startsWith": {yes: "begins with", no: "does not begin with"}, "endsWith": {yes: "ends with", no: "does not end with"},
		"matches": {yes: "has the form", no: "does not have the form"},
	}
}

// when says when a condition holds.
func (w *wording) when(n ast.Node) string { return w.condition(n, false) }

// condition says when a condition holds, or with not when it does not. An absent
// value is neither, so the opposite of "x is true" is "x is not true".
func (w *wording) condition(n ast.Node, not bool) string {
	switch n := n.(type) {
	case *ast.BoolNode:
		return map[bool]string{true: "always", false: "never"}[n.Value != not]
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return w.condition(n.Node, !not)
		}
	case *ast.BinaryNode:
		if isJunction(n.Operator) {
			return w.junction(n, not)
		}
		if c, ok := comparisons()[n.Operator]; ok {
			return w.compared(n, c, not)
		}
	case *ast.ConditionalNode:
		return fmt.Sprintf("%s if %s, otherwise %s", w.condition(n.Exp1, not), w.when(n.Cond), w.condition(n.Exp2, not))
	}
	if c, ok := callOf(n); ok {
		if words, ok := w.asked(c, not); ok {
			return words
		}
	}
	return w.value(n).within() + map[bool]string{false: " is true", true: " is not true"}[not]
}

// junction words and/or. Denied, each part is denied and the word changes.
func (w *wording) junction(n *ast.BinaryNode, not bool) string {
	both := n.Operator == "and" || n.Operator == "&&"
	word := "or"
	if both != not {
		word = "and"
	}
	var parts []string
	for _, p := range operands(n, n.Operator) {
		words := w.condition(p, not)
		if mixed(p, n.Operator) {
			words = "(" + words + ")"
		}
		parts = append(parts, words)
	}
	return joined(parts, word)
}

// operands are the parts of a chain of one junction.
func operands(n ast.Node, op string) []ast.Node {
	b, ok := n.(*ast.BinaryNode)
	if !ok || b.Operator != op {
		return []ast.Node{n}
	}
	return append(operands(b.Left, op), operands(b.Right, op)...)
}

// mixed says whether a part is a junction of the other kind, which needs brackets.
func mixed(n ast.Node, op string) bool {
	if u, ok := n.(*ast.UnaryNode); ok {
		return mixed(u.Node, op)
	}
	b, ok := n.(*ast.BinaryNode)
	return ok && isJunction(b.Operator) && b.Operator != op
}

func (w *wording) compared(n *ast.BinaryNode, c comparison, not bool) string {
	verb := c.yes
	switch {
	case isDay(n.Left) || isDay(n.Right):
		if verb = c.yesDay; not {
			verb = c.noDay
		}
		if verb == "" {
			verb = map[bool]string{false: c.yes, true: c.no}[not]
		}
	case not:
		verb = c.no
	}
	right := w.value(n.Right).within()
	if _, ok := n.Right.(*ast.NilNode); ok {
		right = "there"
		verb = map[string]string{"is": "is not", "is not": "is"}[verb]
	}
	if list, ok := n.Right.(*ast.ArrayNode); ok {
		right = joined(w.values(list.Nodes), "or")
	}
	return w.value(n.Left).within() + " " + verb + " " + right
}

// isDay says whether a value is a date by its form.
func isDay(n ast.Node) bool {
	if path, ok := pathOf(n); ok {
		return path == "run.today" || path == "run.start"
	}
	c, ok := callOf(n)
	return ok && c.name == "local_date"
}

// asked words the functions that give true or false.
func (w *wording) asked(c call, not bool) (string, bool) {
	if len(c.args) == 0 {
		return "", false
	}
	of := w.value(c.args[0]).within()
	verb := func(yes, no string) string {
		if not {
			return no
		}
		return yes
	}
	switch c.name {
	case "given":
		return of + " " + verb("is there", "is not there"), true
	case "blank":
		return of + " " + verb("is blank", "is not blank"), true
	case "has":
		return fmt.Sprintf("%s %s the field `%s`", of, verb("has", "does not have"), c.bare(1)), true
	}
	body, ok := c.predicate()
	if !ok {
		return "", false
	}
	test := w.when(body)
	switch c.name {
	case "any":
		return fmt.Sprintf("%s %s where %s", of, verb("has an entry", "has no entry"), test), true
	case "none":
		return fmt.Sprintf("%s %s where %s", of, verb("has no entry", "has an entry"), test), true
	case "one":
		return fmt.Sprintf("%s %s where %s", of, verb("has exactly one entry", "does not have exactly one entry"), test), true
	case "all":
		return fmt.Sprintf("%s every entry of %s %s", verb("in", "not in"), of, test), true
	}
	return "", false
}
