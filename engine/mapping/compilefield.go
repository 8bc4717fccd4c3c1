package mapping

import (
	"fmt"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// target is what field rules write into.
type target struct {
	connection string
	label      string // "east.case" or "east.case.rows"
	part       string // of reason codes
	fields     []engine.Field
	filler     *spec.Filler
	fresh      bool // it may be made anew
}

// fieldRule compiles one rule; nil when there is no such field.
func (c *compiler) fieldRule(r *spec.FieldRule, to target, in *scope) *fieldRule {
	field := engine.FieldNamed(to.fields, r.Name.Text)
	if field == nil {
		c.unknown(r.Name, "unknown-field", to.label+" has no field", fieldNames(to.fields))
		return nil
	}
	if field.ReadOnly {
		c.errorAt(r.Name.At, textWidth(r.Name), "read-only", fmt.Sprintf("%s never takes the field %q", to.label, field.Name), "")
	}
	return c.ruleFor(field, r, to, in)
}

func (c *compiler) ruleFor(field *engine.Field, r *spec.FieldRule, to target, in *scope) *fieldRule {
	fr := &fieldRule{name: field.Name, field: field, missing: r.Missing, policy: r.Policy, clear: r.Clear, required: r.Required,
		warn: r.Warn.Text, code: to.part + "/" + field.Name, place: r.At.String()}
	var given *shape
	fr.spec, fr.inputs = r, c.collect(func() { given = c.source(fr, r, to, in) })
	if r.Map.Text != "" {
		fr.visible, fr.keyed = shown(given.class), given.class
		fits := c.checkKeyCodes(r.Map, r.Key, given)
		asked := given
		if fr.in, given = c.mapLookup(r.Map, r.Key, r.Give); fits {
			c.checkKeyList(r.Key.At, textWidth(r.Key), fr.in, asked)
		}
		if fr.in == nil {
			fr.in = &lookup{find: func(string) (string, engine.Pos, bool) { return "", engine.Pos{}, false }}
		}
		c.checkMapCodes(r, field, to.connection)
	}
	if r.Conflict.Text != string(spec.SourceWins) {
		fr.conflict = spec.Conflict(r.Conflict.Text)
	}
	c.checkFits(r, field, given, to.connection)
	c.fillers(fr, r, to)
	return fr
}

// source compiles where the value comes from.
func (c *compiler) source(fr *fieldRule, r *spec.FieldRule, to target, in *scope) *shape {
	switch {
	case r.One != nil:
		return c.one(fr, r, to, in)
	case r.List != nil:
		return c.single(fr, r, to, in)
	case len(r.From) > 0:
		t := c.firstPath(r.From, in)
		fr.value = t.code
		return t.shape
	case r.Literal != nil:
		return c.fixed(fr, *r.Literal)
	case r.Constant.Text != "":
		v, ok := c.constant(r.Constant)
		if !ok {
			fr.value = nullCode
			return anyShape
		}
		return c.fixed(fr, v)
	default:
		t := c.expression(r.Expr, in)
		fr.value = t.code
		return t.shape
	}
}

func (c *compiler) fixed(fr *fieldRule, v spec.Value) *shape {
	literal := literalValue(v.Any)
	fr.value = func(*frame) value { return literal }
	return literalShape(literal, v.At)
}

func literalShape(v value, at engine.Pos) *shape {
	switch v.kind {
	case text:
		return &shape{form: textForm, words: []spec.Scalar{{Text: v.text, At: at}}}
	case number:
		return numberShape
	case truth:
		return truthShape
	case list:
		return listOf(anyShape)
	default:
		return anyShape
	}
}

func (c *compiler) constant(word spec.Scalar) (spec.Value, bool) {
	k := c.project.Constant(word.Text)
	if k == nil {
		c.unknown(word, "unknown-constant", "there is no constant",
			spec.Names(c.project.Constants, func(k spec.Constant) spec.Scalar { return k.Name }))
		return spec.Value{}, false
	}
	return k.Value, true
}

// one compiles a list of exactly one object.
func (c *compiler) one(fr *fieldRule, r *spec.FieldRule, to target, in *scope) *shape {
	inner := to
	inner.fields, inner.label = fr.field.Fields, to.label+"."+fr.field.Name
	fr.one = []*fieldRule{}
	if fr.field.Type != engine.Rows {
		c.errorAt(r.Name.At, textWidth(r.Name), "mismatched", fmt.Sprintf("the field %q of %s holds no rows", fr.field.Name, to.label), "")
		return anyShape
	}
	for _, rule := range r.One {
		if compiled := c.fieldRule(rule, inner, in); compiled != nil {
			fr.one = append(fr.one, compiled)
		}
	}
	return anyShape
}

// single compiles a list of exactly one value.
func (c *compiler) single(fr *fieldRule, r *spec.FieldRule, to target, in *scope) *shape {
	elem := &engine.Field{Name: fr.field.Name, Type: engine.Text, Class: fr.field.Class, Codes: fr.field.Codes}
	if formOf(fr.field.Type) != listForm && fr.field.Type != engine.Any {
		c.errorAt(r.Name.At, textWidth(r.Name), "mismatched", fmt.Sprintf("the field %q of %s holds no list", fr.field.Name, to.label), "")
	}
	inner := to
	inner.filler = nil
	fr.list = c.ruleFor(elem, r.List, inner, in)
	return anyShape
}

// firstPath is the first of some paths that is not blank.
func (c *compiler) firstPath(paths []spec.Scalar, in *scope) typed {
	codes := make([]code, len(paths))
	s := nilShape
	for i, path := range paths {
		e := &exprCompiler{c: c, src: path, scope: in}
		tree, ok := e.parse()
		if !ok {
			return broken()
		}
		if !isPath(tree) {
			return e.refuse(tree, "not-a-path", "`from` takes a path such as case.name", "use `expr` for anything else")
		}
		t := e.node(tree)
		codes[i], s = t.code, e.either(tree, s, t.shape)
	}
	if len(codes) == 1 {
		return typed{codes[0], s}
	}
	return typed{firstFilled(codes), s}
}

func firstFilled(codes []code) code {
	return func(f *frame) value {
		for _, c := range codes {
			if v := c(f); !v.blank() {
				return v
			}
		}
		return value{}
	}
}

func isPath(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return true
	case *ast.MemberNode:
		_, named := n.Property.(*ast.StringNode)
		return named && isPath(n.Node)
	default:
		return false
	}
}

// fillers compiles what stands in for a value that is blank or has no entry.
func (c *compiler) fillers(fr *fieldRule, r *spec.FieldRule, to target) {
	if r.Missing == spec.UseDefault && r.Default != nil {
		fr.byDefault = literalValue(r.Default.Any)
		c.checkFits(r, fr.field, literalShape(fr.byDefault, r.Default.At), to.connection)
	}
	from := to.filler
	if r.WhenBlank != nil {
		from, fr.own = r.WhenBlank, true
	}
	if from == nil || from.Omit {
		fr.own = fr.own && from != nil && !from.Omit
		return
	}
	v := from.Value
	if from.Constant.Text != "" {
		v, _ = c.constant(from.Constant)
	}
	filler := literalValue(v.Any)
	fr.filler = &filler
	if fr.own {
		c.checkFits(r, fr.field, literalShape(filler, v.At), to.connection)
	}
}

// checkFits compares what a rule gives with what the field takes.
func (c *compiler) checkFits(r *spec.FieldRule, field *engine.Field, s *shape, connection string) {
	takes := formOf(field.Type)
	switch {
	case s.form == recordForm:
		c.errorAt(r.Name.At, textWidth(r.Name), "mismatched", fmt.Sprintf("the field %q cannot hold a whole record", field.Name), "name one of its fields, as in case.name")
	case takes != anything && !s.loose() && takes != s.form:
		c.errorAt(r.Name.At, textWidth(r.Name), "mismatched", fmt.Sprintf("the field %q takes %s, and this gives %s", field.Name, takes, s.form), help(s.form, takes))
	}
	codes := c.codeList(connection, field.Codes)
	if codes == nil {
		return
	}
	for _, word := range s.words {
		if word.Text != "" && !codes.Has(word.Text) {
			c.errorAt(word.At, utf8.RuneCountInString(word.Text), "unknown-code",
				fmt.Sprintf("%q is not in the code list %s", word.Text, codes.Name), suggest(word.Text, codes.Texts()))
		}
	}
}

// checkKeyCodes: where another column of a map has the codes of the value that it is asked with, that one is meant.
// It is false after a finding.
func (c *compiler) checkKeyCodes(word, by spec.Scalar, asked *shape) bool {
	m := c.project.Map(word.Text)
	if m == nil || asked == nil || asked.codes == nil {
		return true
	}
	meant := ""
	for _, col := range m.Columns {
		fits := c.project.CodeList(col.Codes.Text) == asked.codes
		if fits && col.Name.Text == by.Text {
			return true
		}
		if fits && meant == "" {
			meant = col.Name.Text
		}
	}
	if meant == "" || m.Column(by.Text) < 0 {
		return true
	}
	c.errorAt(by.At, textWidth(by), "unknown-code", fmt.Sprintf("the map %s is asked by %s here, with codes of the list %s, which stand in another column",
		m.Name.Text, by.Text, asked.codes.Name), "did you mean \""+meant+"\"?")
	return false
}

// checkMapCodes: what a map gives must be codes of the field, unless its column
// says that it is checked against the same list.
func (c *compiler) checkMapCodes(r *spec.FieldRule, field *engine.Field, connection string) {
	codes, m := c.codeList(connection, field.Codes), c.project.Map(r.Map.Text)
	if codes == nil || m == nil {
		return
	}
	for i, col := range m.Columns {
		if col.Name.Text != r.Give.Text || c.project.CodeList(col.Codes.Text) == codes {
			continue
		}
		for _, row := range m.Rows {
			if i < len(row.Cells) && row.Cells[i].Text != "" && !codes.Has(row.Cells[i].Text) {
				c.errorAt(r.Give.At, textWidth(r.Give), "unknown-code", fmt.Sprintf("the map %s gives %q here, which is not in the code list %s",
					m.Name.Text, row.Cells[i].Text, codes.Name), "is it another column that is meant?")
				return
			}
		}
	}
}
