package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// A value that is written out in an expression is known before any record is read: where it can only ever be
// wrong, that is said here, with its place, and not of every record in turn.

// written is a text or number that an expression may give and that is written out in it.
type written struct {
	text string
	node ast.Node
}

// writtenOut lists what an expression gives that is written out: itself, or either side of a choice.
func writtenOut(n ast.Node) []written {
	switch n := n.(type) {
	case *ast.StringNode:
		return []written{{n.Value, n}}
	case *ast.IntegerNode:
		return []written{{strconv.Itoa(n.Value), n}}
	case *ast.FloatNode:
		digits, _ := formatFloat(n.Value)
		return []written{{digits, n}}
	case *ast.UnaryNode:
		if of := writtenOut(n.Node); n.Operator == "-" && len(of) == 1 {
			return []written{{"-" + of[0].text, n}}
		}
	case *ast.ConditionalNode:
		return slices.Concat(writtenOut(n.Exp1), writtenOut(n.Exp2))
	case *ast.BinaryNode:
		if n.Operator == "??" {
			return slices.Concat(writtenOut(n.Left), writtenOut(n.Right))
		}
	}
	return nil
}

// literalCheck says what is wrong with a value that is written out, or "".
type literalCheck func(w written) string

// checkLiteral refuses an argument that is written out and can only ever be wrong.
func (e *exprCompiler) checkLiteral(arg ast.Node, fn *function, i int) {
	if i >= len(fn.checks) || fn.checks[i] == nil {
		return
	}
	for _, w := range writtenOut(arg) {
		if wrong := fn.checks[i](w); wrong != "" {
			e.refuse(w.node, "wrong-value", wrong, "it is "+fn.Signature)
		}
	}
}

func mustBeDate(w written) string {
	if _, err := time.Parse(dayForm, w.text); err != nil {
		return fmt.Sprintf("%q is no date: a date is written as in 2026-01-31", w.text)
	}
	return ""
}

func mustBeMoment(w written) string {
	if _, ok := parseInstant(w.text); ok || mustBeDate(w) == "" {
		return ""
	}
	return fmt.Sprintf("%q is no date and no moment: write it as in 2026-01-31 or 2026-01-31T08:00:00+07:00", w.text)
}

// mustBeInt: a number with a fraction is rounded, and a text with one is refused.
func mustBeInt(w written) string {
	_, isText := w.node.(*ast.StringNode)
	trimmed := strings.TrimSpace(w.text)
	if _, ok := wholeNumber(trimmed); ok || !isText || trimmed == "" {
		return ""
	}
	return fmt.Sprintf("%q is no whole number", w.text)
}

func mustBeCount(w written) string {
	if n, err := strconv.Atoi(w.text); err != nil || n < 1 {
		return w.text + " is no number of characters: that is a whole number from 1 on"
	}
	return ""
}

func mustBeFilled(w written) string {
	if w.text == "" {
		return "an empty text is found nowhere, so nothing would be replaced"
	}
	return ""
}

func mustBeOne(w written) string {
	if utf8.RuneCountInString(w.text) != 1 {
		return fmt.Sprintf("%q cannot make an odd number of digits even: one character does", w.text)
	}
	return ""
}

// checkDivisor refuses a division by nought.
func (e *exprCompiler) checkDivisor(n *ast.BinaryNode) {
	if n.Operator != "/" && n.Operator != "%" {
		return
	}
	for _, w := range writtenOut(n.Right) {
		if compareNumbers(w.text, "0") == 0 {
			e.refuse(n.Right, "wrong-value", "nothing can be divided by 0", "")
		}
	}
}

// checkDate refuses a text that is compared with a date or a moment and is none: they would never be equal, and
// what comes first would be decided by their first characters.
func (e *exprCompiler) checkDate(n ast.Node, of *shape) {
	var check literalCheck
	switch of.typ {
	case engine.Date:
		check = mustBeDate
	case engine.Instant:
		check = mustBeMoment
	}
	if literal, ok := n.(*ast.StringNode); ok && check != nil && literal.Value != "" {
		if wrong := check(written{literal.Value, n}); wrong != "" {
			e.refuse(n, "wrong-value", wrong, "")
		}
	}
}

// checkKey refuses a key of a lookup that is written out and has no entry, and one whose every code has none.
func (e *exprCompiler) checkKey(key ast.Node, in *lookup, asked *shape) {
	for _, w := range writtenOut(key) {
		if _, _, ok := in.find(w.text); !ok {
			e.refuse(w.node, "unknown-code", fmt.Sprintf("%q %s, so this gives nothing", w.text, in.none), suggest(w.text, in.keys))
		}
	}
	e.c.checkKeyList(e.place(key), width(key), in, asked)
}

// checkKeyList refuses a lookup that is asked with the codes of a list of which it has none.
func (c *compiler) checkKeyList(at engine.Pos, width int, in *lookup, asked *shape) {
	if in == nil || asked == nil || asked.codes == nil {
		return
	}
	known := func(code spec.CodeEntry) bool {
		_, _, ok := in.find(code.Code.Text)
		return ok
	}
	if !slices.ContainsFunc(asked.codes.Codes, known) {
		c.errorAt(at, width, "unknown-code", fmt.Sprintf("this never finds anything: each code of the list %s %s", asked.codes.Name, in.none), "is it another column or another field that is meant?")
	}
}

// answersOnly are the only texts that a lookup or a table can give.
type answersOnly struct {
	of    string // "the map kinds"
	texts []string
}

// checkAnswer refuses a literal that is compared with an answer and can never be it.
func (e *exprCompiler) checkAnswer(literal *ast.StringNode, of *shape) {
	if of.only == nil || literal.Value == "" || slices.Contains(of.only.texts, literal.Value) {
		return
	}
	e.refuse(literal, "unknown-code", fmt.Sprintf("%s never gives %q", of.only.of, literal.Value), suggest(literal.Value, of.only.texts))
}

// checkPart refuses a test of a part of a code that no code of the list passes.
func (e *exprCompiler) checkPart(n ast.Node, of *shape, passes func(code string) bool) {
	if of.codes == nil || slices.ContainsFunc(of.codes.Texts(), passes) {
		return
	}
	e.refuse(n, "unknown-code", fmt.Sprintf("no code of the list %s is like this", of.codes.Name), suggest("", of.codes.Texts()))
}
