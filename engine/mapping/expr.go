package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

const (
	maxNodes  = 500 // an expression with more parts than this is no rule that people can read
	maxNested = 2   // loops inside each other
	maxLength = 4000
)

// typed is a compiled expression and what is known of its value.
type typed struct {
	code  code
	shape *shape
}

func broken() typed { return typed{nullCode, anyShape} }

// exprCompiler compiles one expression.
type exprCompiler struct {
	c     *compiler
	src   spec.Scalar
	scope *scope
	loops []name // of predicates, the innermost last
}

// expression compiles src in scope.
func (c *compiler) expression(src spec.Scalar, in *scope) typed {
	e := &exprCompiler{c: c, src: src, scope: in}
	tree, ok := e.parse()
	if !ok {
		return broken()
	}
	return e.node(tree)
}

// condition compiles an expression that is true or false.
func (c *compiler) condition(src spec.Scalar, in *scope) code {
	t := c.expression(src, in)
	if !t.shape.loose() && t.shape.form != truthForm {
		c.errorAt(src.At, textWidth(src), "not-a-condition", "this gives "+t.shape.form.String()+", not true or false", conditionHelp(t.shape.form))
	}
	return t.code
}

// parse reads src. The parser is never given record data, only specs.
func (e *exprCompiler) parse() (tree ast.Node, ok bool) {
	if len(e.src.Text) > maxLength {
		said := (&unread{}).tooLong()
		e.c.errorAt(e.src.At, said.width, "bad-expression", said.message, said.help)
		return nil, false
	}
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	for word := range config.Builtins {
		config.Disabled[word] = true // every call is ours to resolve
	}
	t, err := parser.ParseWithConfig(e.src.Text, config)
	if err == nil && t.Node != nil {
		return t.Node, true
	}
	var fe *file.Error
	errors.As(err, &fe)
	said := newUnread(e.src.Text, fe).remark()
	if e.cutShort() {
		said.help = "behind a space, # begins a remark: put the whole expression between quotes"
	}
	e.c.errorAt(e.c.offset(e.src, said.from), said.width, cmp.Or(said.code, "bad-expression"), said.message, said.help)
	return nil, false
}

// cutShort says whether YAML took the rest of the line for a comment.
func (e *exprCompiler) cutShort() bool {
	end := e.c.offset(e.src, utf8.RuneCountInString(e.src.Text))
	line := []rune(e.c.project.Excerpt(end))
	rest := strings.TrimLeft(string(line[min(max(end.Column-1, 0), len(line)):]), " \t")
	return strings.HasPrefix(rest, "#")
}

func (e *exprCompiler) place(n ast.Node) engine.Pos { return e.c.offset(e.src, n.Location().From) }

// wordPlace is where a field's name begins, inside its quotes if it has some.
func (e *exprCompiler) wordPlace(word *ast.StringNode) engine.Pos {
	from := word.Location().From
	if text := []rune(e.src.Text); from < len(text) && strings.ContainsRune("\"'`", text[from]) {
		from++
	}
	return e.c.offset(e.src, from)
}

// refuse reports a finding at n and gives something to go on with.
func (e *exprCompiler) refuse(n ast.Node, code, message, help string) typed {
	e.c.errorAt(e.place(n), width(n), code, message, help)
	return broken()
}

func (e *exprCompiler) node(n ast.Node) typed {
	switch n := n.(type) {
	case *ast.NilNode:
		return typed{nullCode, nilShape}
	case *ast.BoolNode:
		return constant(truthValue(n.Value), truthShape)
	case *ast.IntegerNode:
		return constant(numberValue(fmt.Sprint(n.Value)), numberShape)
	case *ast.FloatNode:
		digits, _ := formatFloat(n.Value)
		return constant(numberValue(digits), numberShape)
	case *ast.StringNode:
		literal := spec.Scalar{Text: n.Value, At: e.c.offset(e.src, n.Location().From+1)}
		return constant(textValue(n.Value), &shape{form: textForm, words: []spec.Scalar{literal}})
	case *ast.IdentifierNode:
		return e.identifier(n)
	case *ast.PointerNode:
		return e.pointer(n)
	case *ast.ChainNode:
		return e.node(n.Node)
	case *ast.MemberNode:
		return e.member(n)
	case *ast.SliceNode:
		return e.slice(n)
	case *ast.UnaryNode:
		return e.unary(n)
	case *ast.BinaryNode:
		return e.binary(n)
	case *ast.ConditionalNode:
		return e.conditional(n)
	case *ast.VariableDeclaratorNode:
		return e.let(n)
	case *ast.ArrayNode:
		return e.array(n)
	case *ast.CallNode:
		return e.call(n)
	case *ast.BuiltinNode:
		return e.named(n, n.Name, n.Arguments)
	default:
		message, help := noForm(n)
		return e.refuse(n, "bad-expression", message, help)
	}
}

func constant(v value, s *shape) typed { return typed{func(*frame) value { return v }, s} }

func slot(n name) typed {
	at := n.slot
	return typed{func(f *frame) value { return f.slots[at] }, n.shape}
}

func (e *exprCompiler) identifier(n *ast.IdentifierNode) typed {
	if found, ok := e.scope.find(n.Value); ok {
		t := slot(found)
		e.c.named("", n.Value, t)
		return t
	}
	if fn, ok := e.c.functions[n.Value]; ok {
		return e.refuse(n, "unknown-name", fmt.Sprintf("%q is a function and needs its brackets", n.Value), "it is "+fn.Signature)
	}
	return e.refuse(n, "unknown-name", fmt.Sprintf("there is no name %q here", n.Value), nameHelp(n.Value, e.scope.words()))
}

// pointer is the row that a predicate is asked about: # or what stands before a leading dot.
func (e *exprCompiler) pointer(n *ast.PointerNode) typed {
	if n.Name != "" || len(e.loops) == 0 {
		return e.refuse(n, "bad-expression", "the language of specs has no #"+n.Name, "the entry itself is # alone, and its fields begin with a dot, as in .status")
	}
	return slot(e.loops[len(e.loops)-1])
}

func (e *exprCompiler) member(n *ast.MemberNode) typed {
	of := e.node(n.Node)
	switch property := n.Property.(type) {
	case *ast.StringNode:
		return e.field(n, of, property)
	case *ast.IntegerNode:
		return e.index(n, of, property.Value)
	default:
		return e.refuse(n, "bad-expression", "a field must be named, not computed", "write its name, as in case.status, or the number of an entry, as in rows[0]")
	}
}

func (e *exprCompiler) field(n *ast.MemberNode, of typed, property *ast.StringNode) typed {
	s, ok := e.c.memberShape(of.shape, property.Value, e.wordPlace(property))
	if !ok {
		return broken()
	}
	get, word := of.code, property.Value
	t := typed{func(f *frame) value { return get(f).member(word) }, s}
	if isPath(n) {
		e.c.named(pathText(n.Node), pathText(n), t)
	}
	return t
}

// memberShape finds a field in a shape, notes that it is read, and reports what is wrong with it.
func (c *compiler) memberShape(of *shape, word string, at engine.Pos) (*shape, bool) {
	width := utf8.RuneCountInString(word)
	switch {
	case of.form == anything:
		return anyShape.in(of.class), true
	case of.form != recordForm:
		c.errorAt(at, width, "no-fields", fmt.Sprintf("%s has no fields", of.form), fieldHelp(of.form, word))
		return nil, false
	}
	field := engine.FieldNamed(of.fields, word)
	if field == nil {
		c.errorAt(at, width, "unknown-field", fmt.Sprintf("no field %q in %s", word, of.label), suggest(word, of.fieldNames()))
		return nil, false
	}
	if !of.keeps(word) {
		c.errorAt(at, width, "not-kept", fmt.Sprintf("the field %q of %s is not kept", word, of.label), "name it under recall in the project file")
		return nil, false
	}
	if of.object != nil {
		c.use(of.object.full, word)
	}
	s := c.fieldShape(field, of.connection(), of.label)
	if s.words = of.said[word]; s.words != nil && field.Type == engine.Text {
		s.only = &answersOnly{of.label, spec.Texts(s.words)}
	}
	return s, true
}

func (s *shape) connection() string {
	if s.object != nil {
		return s.object.connection
	}
	return s.from
}

// fieldShape is the shape of a catalogue field.
func (c *compiler) fieldShape(f *engine.Field, connection, label string) *shape {
	s := &shape{form: formOf(f.Type), typ: f.Type, class: fieldClass(f), codes: c.codeList(connection, f.Codes)}
	switch f.Type {
	case engine.CodeMany, engine.Texts:
		s.elem = &shape{form: textForm, typ: engine.CodeOne, class: s.class, codes: s.codes}
	case engine.Rows:
		s.elem = &shape{form: recordForm, fields: f.Fields, label: label + "." + f.Name, from: connection, class: s.class}
	}
	return s
}

// index is list[0]; beyond the end there is nothing.
func (e *exprCompiler) index(n *ast.MemberNode, of typed, at int) typed {
	if !of.shape.loose() && of.shape.form != listForm {
		return e.refuse(n, "not-a-list", "only lists have numbered entries", "a part of a text is cut out as in code[0:2], the end not included")
	}
	get := of.code
	return typed{func(f *frame) value {
		items := get(f).elements()
		if at < 0 || at >= len(items) {
			return value{}
		}
		return items[at]
	}, of.shape.element()}
}

// slice is text[from:to]; it gives what there is.
func (e *exprCompiler) slice(n *ast.SliceNode) typed {
	of := e.node(n.Node)
	if !of.shape.loose() && of.shape.form != textForm {
		return e.refuse(n, "not-a-text", "only texts can be cut", "take entries of a list with first(…), last(…) or filter(…)")
	}
	from, okFrom := sliceBound(n.From, 0)
	to, okTo := sliceBound(n.To, 1<<31-1)
	if !okFrom || !okTo {
		return e.refuse(n, "bad-expression", "a text is cut at whole numbers, not below 0", "")
	}
	get := of.code
	return typed{func(f *frame) value {
		v := get(f)
		if v.kind != text {
			return value{}
		}
		runes := []rune(v.text)
		end := min(to, len(runes))
		return textValue(string(runes[min(from, end):end]))
	}, textShape.in(of.shape.class)}
}

func sliceBound(n ast.Node, otherwise int) (int, bool) {
	if n == nil {
		return otherwise, true
	}
	i, ok := n.(*ast.IntegerNode)
	if !ok || i.Value < 0 {
		return 0, false
	}
	return i.Value, true
}

func (e *exprCompiler) conditional(n *ast.ConditionalNode) typed {
	test := e.truthy(n.Cond)
	yes, no := e.node(n.Exp1), e.node(n.Exp2)
	return typed{func(f *frame) value {
		if test(f).yes() {
			return yes.code(f)
		}
		return no.code(f)
	}, e.either(n, yes.shape, no.shape)}
}

// either is the shape of a value that is one or the other.
func (e *exprCompiler) either(n ast.Node, a, b *shape) *shape {
	class := closest(a.class, b.class)
	switch {
	case a.form == nothing:
		return b
	case b.form == nothing:
		return a
	case a.form == textForm && b.form == textForm:
		return eitherText(a, b, class)
	case a.object != b.object, a.object == nil && a.form == recordForm && b.form == recordForm && a.label != b.label:
		e.refuse(n, "mixed", "two kinds of record cannot be one or the other", "")
		return anyShape
	case a.form != b.form:
		return anyShape.in(class)
	}
	return a.in(class)
}

// eitherText keeps the code list that both have, and the literals of both.
func eitherText(a, b *shape, class engine.Class) *shape {
	s := &shape{form: textForm, class: class, words: slices.Concat(a.words, b.words)}
	if a.codes == b.codes {
		s.codes = a.codes
	}
	if a.typ == b.typ {
		s.typ = a.typ
	}
	return s
}

func (e *exprCompiler) let(n *ast.VariableDeclaratorNode) typed {
	if _, taken := e.scope.find(n.Name); taken {
		return e.refuse(n, "taken-name", fmt.Sprintf("%q already means something here", n.Name), "")
	}
	what := e.node(n.Value)
	outer := e.scope
	e.scope = outer.child()
	local := name{e.c.newSlot(), what.shape}
	e.scope.names[n.Name] = local
	then := e.node(n.Expr)
	e.scope = outer
	return typed{func(f *frame) value {
		f.slots[local.slot] = what.code(f)
		return then.code(f)
	}, then.shape}
}

func (e *exprCompiler) array(n *ast.ArrayNode) typed {
	codes := make([]code, len(n.Nodes))
	elem := nilShape
	for i, item := range n.Nodes {
		t := e.node(item)
		if t.shape.form == listForm || t.shape.form == recordForm {
			e.refuse(item, "mismatched", "a list that is written out holds texts, numbers, true and false", "")
		}
		codes[i], elem = t.code, e.either(n, elem, t.shape)
	}
	return typed{func(f *frame) value {
		items := make([]value, len(codes))
		for i, c := range codes {
			items[i] = c(f)
		}
		return listValue(items)
	}, listOf(elem)}
}
