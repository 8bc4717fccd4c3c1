// Package words says in English what the expressions of specs mean, for people
// who do not read expressions. It reads the text of an expression alone: it
// checks nothing (package mapping does) and knows no project.
package words

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
)

// Of says what an expression gives. Paths and names stand between backticks. ok
// is false when it is no expression, or has a part that there are no words for.
func Of(expression string) (words string, ok bool) {
	tree, ok := parse(expression)
	if !ok {
		return "", false
	}
	w := wording{sound: true}
	if isTest(tree) {
		words = "true when " + w.condition(tree, false) + ", otherwise false"
	} else {
		words = w.value(tree).whole()
	}
	return words, w.sound
}

// When says when a condition holds.
func When(expression string) (words string, ok bool) { return condition(expression, false) }

// WhenNot says when a condition does not hold.
func WhenNot(expression string) (words string, ok bool) { return condition(expression, true) }

func condition(expression string, not bool) (words string, ok bool) {
	tree, ok := parse(expression)
	if !ok {
		return "", false
	}
	w := wording{sound: true}
	words = w.condition(tree, not)
	return words, w.sound
}

// parse reads an expression in which every call is a function of specs.
func parse(expression string) (ast.Node, bool) {
	config := conf.CreateNew()
	for word := range config.Builtins {
		config.Disabled[word] = true
	}
	tree, err := parser.ParseWithConfig(expression, config)
	if err != nil || tree.Node == nil {
		return nil, false
	}
	return tree.Node, true
}

// Paths lists the names and paths that an expression reads, in order, each
// once: "case.sex", "run.today", "village". Fields of the entries of a list
// that a loop goes over are not among them.
func Paths(expression string) []string {
	tree, ok := parse(expression)
	if !ok {
		return nil
	}
	v := pathVisitor{within: map[ast.Node]bool{}}
	ast.Walk(&tree, &v)
	var paths []string
	for _, p := range v.found {
		if !v.within[p.node] && !slices.Contains(paths, p.text) && !slices.Contains(v.local, p.text) {
			paths = append(paths, p.text)
		}
	}
	return paths
}

type foundPath struct {
	node ast.Node
	text string
}

// pathVisitor collects paths; the shorter paths inside a longer one do not count.
type pathVisitor struct {
	found  []foundPath
	local  []string // names of let
	within map[ast.Node]bool
}

// Visit takes one node; ast.Walk calls it for the children first.
func (v *pathVisitor) Visit(n *ast.Node) {
	switch x := (*n).(type) {
	case *ast.MemberNode:
		if text, ok := pathOf(x); ok {
			v.within[x.Node] = true
			v.found = append(v.found, foundPath{x, text})
		}
	case *ast.IdentifierNode:
		v.found = append(v.found, foundPath{x, x.Value})
	case *ast.CallNode:
		v.within[x.Callee] = true
	case *ast.VariableDeclaratorNode:
		v.local = append(v.local, x.Name)
	}
}

// pathOf writes a.b.c; false for anything else.
func pathOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value, true
	case *ast.ChainNode:
		return pathOf(n.Node)
	case *ast.MemberNode:
		property, ok := n.Property.(*ast.StringNode)
		if !ok {
			return "", false
		}
		head, ok := pathOf(n.Node)
		return head + "." + property.Value, ok
	}
	return "", false
}

// phrase is a value in words, and what happens to it afterwards.
type phrase struct {
	head  string
	notes []string
}

func plainPhrase(format string, args ...any) phrase {
	return phrase{head: fmt.Sprintf(format, args...)}
}

func (p phrase) then(note string) phrase {
	return phrase{p.head, append(slices.Clone(p.notes), note)}
}

// whole is the phrase by itself, within is the phrase inside another one.
func (p phrase) whole() string { return strings.Join(append([]string{p.head}, p.notes...), "; ") }

func (p phrase) within() string {
	if len(p.notes) == 0 {
		return p.head
	}
	return p.head + " (" + strings.Join(p.notes, ", ") + ")"
}

// wording turns the tree of an expression into words.
type wording struct{ sound bool }

// unsaid is a part that there are no words for.
func (w *wording) unsaid(n ast.Node) phrase {
	w.sound = false
	return plainPhrase("`%s`", n.String())
}

func (w *wording) value(n ast.Node) phrase {
	if text, ok := pathOf(n); ok {
		return plainPhrase("%s", pathWords(text))
	}
	switch n := n.(type) {
	case *ast.NilNode:
		return plainPhrase("nothing")
	case *ast.StringNode:
		return plainPhrase("%s", quoted(n.Value))
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return plainPhrase("%s", n.String())
	case *ast.ChainNode:
		return w.value(n.Node)
	case *ast.PointerNode:
		return plainPhrase("the entry")
	case *ast.MemberNode:
		return w.memberValue(n)
	case *ast.BinaryNode:
		return w.binaryValue(n)
	case *ast.ConditionalNode:
		return plainPhrase("%s if %s, otherwise %s", w.value(n.Exp1).within(), w.when(n.Cond), w.value(n.Exp2).within())
	case *ast.VariableDeclaratorNode:
		return plainPhrase("%s, where `%s` is %s", w.value(n.Expr).whole(), n.Name, w.value(n.Value).within())
	case *ast.ArrayNode:
		return plainPhrase("the list of %s", joined(w.values(n.Nodes), "and"))
	}
	if c, ok := callOf(n); ok {
		return w.callValue(n, c)
	}
	if isTest(n) {
		return plainPhrase("whether %s", w.when(n))
	}
	return w.unsaid(n)
}

func (w *wording) values(list []ast.Node) []string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = w.value(n).within()
	}
	return words
}

// pathWords names what a flow always has by what it is.
func pathWords(path string) string {
	switch path {
	case "run.today":
		return "the day of the run"
	case "run.start":
		return "the flow's start date"
	}
	return "`" + path + "`"
}

func quoted(text string) string {
	if text == "" {
		return "an empty text"
	}
	return `"` + text + `"`
}

func (w *wording) memberValue(n *ast.MemberNode) phrase {
	property, ok := n.Property.(*ast.StringNode)
	if _, entry := n.Node.(*ast.PointerNode); ok && entry {
		return plainPhrase("its `%s`", property.Value)
	}
	if ok {
		return plainPhrase("`%s` of %s", property.Value, w.value(n.Node).within())
	}
	return w.unsaid(n)
}

func (w *wording) binaryValue(n *ast.BinaryNode) phrase {
	verbs := map[string]string{"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
	switch {
	case n.Operator == "??":
		return plainPhrase("%s, or %s when there is none", w.value(n.Left).within(), w.value(n.Right).within())
	case isTest(n):
		return plainPhrase("whether %s", w.when(n))
	case n.Operator == "+" && (isText(n.Left) || isText(n.Right)):
		return plainPhrase("%s followed by %s", w.value(n.Left).within(), w.value(n.Right).within())
	case verbs[n.Operator] != "":
		return plainPhrase("%s %s %s", w.value(n.Left).within(), verbs[n.Operator], w.value(n.Right).within())
	}
	return w.unsaid(n)
}

func isText(n ast.Node) bool {
	_, ok := n.(*ast.StringNode)
	return ok
}

// joined writes "a, b and c".
func joined(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
