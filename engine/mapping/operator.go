package mapping

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// truthy compiles an operand that must be true or false.
func (e *exprCompiler) truthy(n ast.Node) code {
	t := e.node(n)
	if !t.shape.loose() && t.shape.form != truthForm {
		e.refuse(n, "not-a-condition", "this gives "+t.shape.form.String()+", not true or false", conditionHelp(t.shape.form))
	}
	return t.code
}

func (e *exprCompiler) unary(n *ast.UnaryNode) typed {
	if n.Operator == "not" || n.Operator == "!" {
		return typed{not(e.truthy(n.Node)), truthShape}
	}
	of := e.node(n.Node)
	if !of.shape.loose() && of.shape.form != numberForm {
		return e.refuse(n, "not-a-number", fmt.Sprintf("%q needs a number", n.Operator), "")
	}
	if n.Operator == "+" {
		return of
	}
	zero := constant(numberValue("0"), numberShape)
	return typed{e.arithmetic(e.site(n, n.Node, n.Node), '-', zero.code, of.code), of.shape}
}

// not of nothing is nothing, so that a must does not pass on what is absent.
func not(of code) code {
	return func(f *frame) value {
		v := of(f)
		if v.kind != truth {
			return value{}
		}
		return truthValue(!v.yes())
	}
}

func (e *exprCompiler) binary(n *ast.BinaryNode) typed {
	switch n.Operator {
	case "and", "&&":
		return typed{and(e.truthy(n.Left), e.truthy(n.Right)), truthShape}
	case "or", "||":
		return typed{or(e.truthy(n.Left), e.truthy(n.Right)), truthShape}
	case "==", "!=":
		return e.equality(n)
	case "<", "<=", ">", ">=":
		return e.ordering(n)
	case "+":
		return e.plus(n)
	case "-", "*", "/", "%":
		left, right := e.operand(n.Left, numberForm), e.operand(n.Right, numberForm)
		e.checkDivisor(n)
		return typed{e.arithmetic(e.site(n, n.Left, n.Right), n.Operator[0], left.code, right.code), numberShape.in(closest(left.shape.class, right.shape.class))}
	case "in":
		return e.within(n)
	case "contains", "startsWith", "endsWith":
		return e.textTest(n)
	case "matches":
		return e.matches(n)
	case "??":
		return e.coalesce(n)
	default:
		return e.refuse(n, "bad-operator", fmt.Sprintf("the language of specs has no sign %q", n.Operator), operatorHelp(n.Operator))
	}
}

// and is false as soon as one side is false, and nothing when one side is not known.
func and(a, b code) code {
	return func(f *frame) value {
		x := a(f)
		if x.kind == truth && !x.yes() {
			return x
		}
		y := b(f)
		if y.kind == truth && (!y.yes() || x.yes()) {
			return y
		}
		return value{}
	}
}

func or(a, b code) code {
	return func(f *frame) value {
		x := a(f)
		if x.yes() {
			return x
		}
		y := b(f)
		if y.kind == truth && (y.yes() || x.kind == truth) {
			return y
		}
		return value{}
	}
}

// equality: nothing equals nothing else, not even another absent value; only == nil asks for it.
func (e *exprCompiler) equality(n *ast.BinaryNode) typed {
	left, right := e.node(n.Left), e.node(n.Right)
	e.checkComparable(n, left.shape, right.shape)
	e.checkLiterals(n.Left, right.shape)
	e.checkLiterals(n.Right, left.shape)
	wanted := n.Operator == "=="
	if isNil(n.Left) || isNil(n.Right) {
		of := left.code
		if isNil(n.Left) {
			of = right.code
		}
		return typed{func(f *frame) value { return truthValue(!of(f).given() == wanted) }, truthShape}
	}
	a, b := left.code, right.code
	return typed{func(f *frame) value { return truthValue(equal(a(f), b(f)) == wanted) }, truthShape}
}

func isNil(n ast.Node) bool {
	_, ok := n.(*ast.NilNode)
	return ok
}

func equal(a, b value) bool { return a.given() && b.given() && same(a, b) }

func (e *exprCompiler) checkComparable(n *ast.BinaryNode, a, b *shape) {
	switch {
	case a.form == recordForm && a.object != nil && b.form != nothing, b.form == recordForm && b.object != nil && a.form != nothing:
		e.refuse(n, "whole-record", "compare fields, not whole records", "")
	case !a.loose() && !b.loose() && a.form != b.form:
		e.refuse(n, "mismatched", fmt.Sprintf("%s is compared with %s", a.form, b.form), e.compareHelp(n, a.form, b.form))
	}
}

// help says how to make what is needed of what there is.
func help(have, need form) string {
	switch {
	case have == numberForm && need == textForm:
		return "text(…) makes a text of a number"
	case have == textForm && need == numberForm:
		return "int(…) makes a number of a text"
	default:
		return ""
	}
}

// checkLiterals refuses a text that can never be the value that it is compared with: the condition would never be
// what it says.
func (e *exprCompiler) checkLiterals(n ast.Node, of *shape) {
	for _, w := range writtenOut(n) {
		literal, ok := w.node.(*ast.StringNode)
		switch {
		case !ok:
		case of.codes != nil && !of.codes.Has(literal.Value):
			e.refuse(literal, "unknown-code", fmt.Sprintf("%q is not in the code list %s", literal.Value, of.codes.Name), suggest(literal.Value, of.codes.Texts()))
		default:
			e.checkAnswer(literal, of)
			e.checkDate(literal, of)
		}
	}
}

// ordering with nothing is false.
func (e *exprCompiler) ordering(n *ast.BinaryNode) typed {
	left, right := e.node(n.Left), e.node(n.Right)
	for _, s := range []*shape{left.shape, right.shape} {
		if !s.loose() && s.form != textForm && s.form != numberForm {
			return e.refuse(n, "no-order", s.form.String()+" has no order", "")
		}
	}
	e.checkComparable(n, left.shape, right.shape)
	e.checkDate(n.Left, right.shape)
	e.checkDate(n.Right, left.shape)
	a, b, op, at := left.code, right.code, n.Operator, e.site(n, n.Left, n.Right)
	return typed{func(f *frame) value {
		x, y := a(f), b(f)
		if !x.given() || !y.given() {
			return truthValue(false)
		}
		order, ok := compareValues(x, y)
		if !ok {
			return f.fail(at.pos, fmt.Sprintf("%s is %s and %s is %s, of which none comes first: %s", at.of(0), x.kind, at.of(1), y.kind, offType))
		}
		return truthValue(holds(op, order))
	}, truthShape}
}

// compareValues orders two numbers or two texts; other pairs have no order.
func compareValues(a, b value) (order int, ok bool) {
	switch {
	case a.kind == number && b.kind == number:
		return compareNumbers(a.text, b.text), true
	case a.kind == text && b.kind == text:
		return strings.Compare(a.text, b.text), true
	default:
		return 0, false
	}
}

func holds(op string, order int) bool {
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}

// operand compiles one side of an operator that takes a single form.
func (e *exprCompiler) operand(n ast.Node, want form) typed {
	t := e.node(n)
	if !t.shape.loose() && t.shape.form != want {
		e.refuse(n, "mismatched", fmt.Sprintf("this is %s, not %s", t.shape.form, want), help(t.shape.form, want))
	}
	return t
}

// plus adds numbers or joins texts; with nothing it gives nothing.
func (e *exprCompiler) plus(n *ast.BinaryNode) typed {
	left := e.node(n.Left)
	if left.shape.form == textForm {
		right := e.operand(n.Right, textForm)
		return typed{e.sum(n, left.code, right.code), textShape.in(closest(left.shape.class, right.shape.class))}
	}
	right := e.node(n.Right)
	want := numberForm
	if left.shape.loose() {
		want = right.shape.form
	}
	s := anyShape
	if want == textForm || want == numberForm {
		s = &shape{form: want}
	}
	for _, side := range []*shape{left.shape, right.shape} {
		if !side.loose() && (side.form != want || s == anyShape) {
			return e.refuse(n, "mismatched", fmt.Sprintf("%s cannot be added to %s", right.shape.form, left.shape.form), help(right.shape.form, left.shape.form))
		}
	}
	return typed{e.sum(n, left.code, right.code), s.in(closest(left.shape.class, right.shape.class))}
}

func (e *exprCompiler) sum(n *ast.BinaryNode, a, b code) code {
	at := e.site(n, n.Left, n.Right)
	return func(f *frame) value {
		x, y := a(f), b(f)
		switch {
		case !x.given() || !y.given():
			return value{}
		case x.kind == text && y.kind == text:
			return f.joined(at.pos, len(x.text)+len(y.text), func() string { return x.text + y.text })
		default:
			return f.calculate(at, '+', x, y)
		}
	}
}

// arithmetic calculates with the values of one or two nodes; of one, it is the second.
func (e *exprCompiler) arithmetic(at site, op byte, a, b code) code {
	return func(f *frame) value {
		x, y := a(f), b(f)
		if !x.given() || !y.given() {
			return value{}
		}
		return f.calculate(at, op, x, y)
	}
}

func (f *frame) calculate(at site, op byte, x, y value) value {
	for i, v := range [...]value{x, y} {
		if v.kind != number {
			return f.fail(at.pos, fmt.Sprintf("%s is %s where a number is needed: %s", at.of(i), v.kind, offType))
		}
	}
	out, ok := calculate(op, x.text, y.text)
	switch {
	case ok:
		return numberValue(out)
	case (op == '/' || op == '%') && compareNumbers(y.text, "0") == 0:
		return f.fail(at.pos, at.of(1)+" is 0, and nothing can be divided by 0: correct it in the system that it comes from")
	default:
		return f.fail(at.pos, fmt.Sprintf("%s or %s is too large a number to calculate with: correct it in the system that it comes from", at.of(0), at.of(1)))
	}
}

// within is "in": whether a list holds the value.
func (e *exprCompiler) within(n *ast.BinaryNode) typed {
	what, where := e.node(n.Left), e.node(n.Right)
	if !where.shape.loose() && where.shape.form != listForm {
		return e.refuse(n, "not-a-list", "\"in\" needs a list on its right", `a list stands between [ and ], as in case.status in ["open", "closed"]; a part of a text is found with contains`)
	}
	e.checkComparable(n, what.shape, where.shape.element())
	e.checkLiterals(n.Left, where.shape.element())
	if items, ok := n.Right.(*ast.ArrayNode); ok {
		for _, item := range items.Nodes {
			e.checkLiterals(item, what.shape)
		}
	}
	a, b, at := what.code, where.code, e.site(n, n.Right)
	return typed{func(f *frame) value {
		x := a(f)
		for _, item := range f.rows(at, 0, b(f)) {
			if equal(x, item) {
				return truthValue(true)
			}
		}
		return truthValue(false)
	}, truthShape}
}

func (e *exprCompiler) textTest(n *ast.BinaryNode) typed {
	test := strings.Contains
	switch n.Operator {
	case "startsWith":
		test = strings.HasPrefix
	case "endsWith":
		test = strings.HasSuffix
	}
	of := e.operand(n.Left, textForm)
	a, b := of.code, e.operand(n.Right, textForm).code
	if part, ok := n.Right.(*ast.StringNode); ok {
		e.checkPart(part, of.shape, func(code string) bool { return test(code, part.Value) })
	}
	return typed{func(f *frame) value {
		x, y := a(f), b(f)
		return truthValue(x.kind == text && y.kind == text && test(x.text, y.text))
	}, truthShape}
}

// matches takes a regular expression written out, so that it is compiled once.
func (e *exprCompiler) matches(n *ast.BinaryNode) typed {
	literal, ok := n.Right.(*ast.StringNode)
	if !ok {
		return e.refuse(n.Right, "bad-pattern", "the pattern behind matches must be written out, in quotes", "compare with a field by ==, contains, startsWith or endsWith")
	}
	pattern, err := regexp.Compile(literal.Value)
	if err != nil {
		return e.refuse(n.Right, "bad-pattern", "this is no pattern", patternHelp(err))
	}
	of := e.operand(n.Left, textForm)
	e.checkPart(n.Right, of.shape, pattern.MatchString)
	return typed{func(f *frame) value {
		v := of.code(f)
		return truthValue(v.kind == text && pattern.MatchString(v.text))
	}, truthShape}
}

func (e *exprCompiler) coalesce(n *ast.BinaryNode) typed {
	left, right := e.node(n.Left), e.node(n.Right)
	return typed{func(f *frame) value {
		if v := left.code(f); v.given() {
			return v
		}
		return right.code(f)
	}, e.either(n, left.shape, right.shape)}
}
