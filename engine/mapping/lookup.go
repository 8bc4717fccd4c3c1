package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// lookup turns one text into another, and says where the entry stands; ok is false when there is none.
type lookup struct {
	what string // "map services"
	find func(key string) (found string, at engine.Pos, ok bool)
	keys []string // of a map: all that it finds, sorted; of a rule: the confirmed names
	none string   // what is said of a key that has no entry, behind the key
}

func lookupFunctions() []*function {
	return []*function{
		{FunctionDoc: FunctionDoc{"lookup", `lookup("map", "by", value, "give")`, "What the map gives in the column `give` for the row that has the value in the column `by`; nothing when there is no such row."},
			takes: []form{textForm, textForm, scalar, textForm}, least: 4, compile: compileLookup},
		{FunctionDoc: FunctionDoc{"rule", `rule("rule", "by", value, "give")`, "The name in the form `give`, when the value is one in the form `by`; nothing when it is not, or is a name that the rule never takes."},
			takes: []form{textForm, textForm, scalar, textForm}, least: 4, compile: compileRule},
	}
}

func compileLookup(e *exprCompiler, n ast.Node, args []ast.Node) typed {
	words, ok := e.literals(args)
	if !ok {
		return broken()
	}
	in, s := e.c.mapLookup(words[0], words[1], words[3])
	key := e.lookupKey("lookup", args[2])
	if in == nil {
		return broken()
	}
	if e.c.checkKeyCodes(words[0], words[1], key.shape) {
		e.checkKey(args[2], in, key.shape)
	}
	return lookedUp(key, in, s)
}

func compileRule(e *exprCompiler, n ast.Node, args []ast.Node) typed {
	words, ok := e.literals(args)
	if !ok {
		return broken()
	}
	in, _ := e.c.ruleLookup(words[0], words[1], words[3])
	key := e.lookupKey("rule", args[2])
	if in == nil {
		return broken()
	}
	e.checkKey(args[2], in, key.shape)
	return lookedUp(key, in, textShape)
}

// lookupKey compiles what a lookup is asked with.
func (e *exprCompiler) lookupKey(function string, key ast.Node) typed {
	of := e.node(key)
	e.checkArgument(key, e.c.functions[function], scalar, of.shape)
	return of
}

func lookedUp(key typed, in *lookup, s *shape) typed {
	class := key.shape.class
	return typed{func(f *frame) value { return f.lookUp(in, key.code(f), class) }, s.in(class)}
}

// literals takes the names of a lookup, which must be written out, as scalars with their places.
func (e *exprCompiler) literals(args []ast.Node) (words [4]spec.Scalar, ok bool) {
	for i, arg := range args {
		if i == 2 {
			continue
		}
		literal, ok := arg.(*ast.StringNode)
		if !ok {
			e.refuse(arg, "bad-expression", "this name must be written out, in quotes", "")
			return words, false
		}
		words[i] = spec.Scalar{Text: literal.Value, At: e.c.offset(e.src, literal.Location().From+1)}
	}
	return words, true
}

// mapLookup finds the map and its columns and makes an index; nil after a finding.
func (c *compiler) mapLookup(word, by, give spec.Scalar) (*lookup, *shape) {
	m := c.project.Map(word.Text)
	if m == nil {
		c.unknown(word, "unknown-map", "there is no map", spec.Names(c.project.Maps, func(m *spec.Map) spec.Scalar { return m.Name }))
		return nil, anyShape
	}
	from, to := c.column(m, by), c.column(m, give)
	if from < 0 || to < 0 {
		return nil, anyShape
	}
	index := m.Index(from, to)
	s := &shape{form: textForm, codes: c.project.CodeList(m.Columns[to].Codes.Text), only: &answersOnly{of: "the map " + m.Name.Text}}
	keys := slices.Sorted(maps.Keys(index))
	for _, key := range keys {
		s.only.texts = append(s.only.texts, index[key].Cells[to].Text)
	}
	find := func(key string) (string, engine.Pos, bool) {
		row, ok := index[key]
		if !ok {
			return "", engine.Pos{}, false
		}
		return row.Cells[to].Text, row.At, true
	}
	return &lookup{"map " + m.Name.Text, find, keys, "has no row in the map " + m.Name.Text + " under " + by.Text}, s
}

// column is the position of a column; -1 after a finding.
func (c *compiler) column(m *spec.Map, word spec.Scalar) int {
	i := m.Column(word.Text)
	if i < 0 {
		c.unknown(word, "unknown-column", "the map "+m.Name.Text+" has no column",
			spec.Names(m.Columns, func(col spec.Column) spec.Scalar { return col.Name }))
	}
	return i
}

// ruleLookup finds the rule and its forms; confirmed says whether what a key names is on the confirmed list.
func (c *compiler) ruleLookup(word, by, give spec.Scalar) (in *lookup, confirmed func(key string) bool) {
	r := c.project.Rule(word.Text)
	if r == nil {
		c.unknown(word, "unknown-rule", "there is no rule", spec.Names(c.project.Rules, func(r *spec.Rule) spec.Scalar { return r.Name }))
		return nil, nil
	}
	from, ok1 := c.pattern(r, by)
	to, ok2 := c.pattern(r, give)
	if !ok1 || !ok2 {
		return nil, nil
	}
	never, sure := spec.Texts(r.Never), spec.Texts(r.Confirmed)
	bare := func(key string) (string, bool) {
		bare, ok := from.bare(key)
		return bare, ok && !slices.Contains(never, bare)
	}
	find := func(key string) (string, engine.Pos, bool) {
		bare, ok := bare(key)
		return to.head + bare + to.tail, to.at, ok
	}
	in = &lookup{"rule " + r.Name.Text, find, from.full(sure), "is no name that the rule " + r.Name.Text + " takes under " + by.Text}
	confirmed = func(key string) bool {
		bare, ok := bare(key)
		return ok && slices.Contains(sure, bare)
	}
	return in, confirmed
}

// pattern is a form such as agency-{name}, cut at its name.
type pattern struct {
	head, tail string
	at         engine.Pos
}

func (p pattern) bare(s string) (string, bool) {
	if len(s) <= len(p.head)+len(p.tail) || !strings.HasPrefix(s, p.head) || !strings.HasSuffix(s, p.tail) {
		return "", false
	}
	return s[len(p.head) : len(s)-len(p.tail)], true
}

// full writes bare names in this form.
func (p pattern) full(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, p.head+name+p.tail)
	}
	return all
}

// pattern cuts the form that word names; false after a finding.
func (c *compiler) pattern(r *spec.Rule, word spec.Scalar) (pattern, bool) {
	f := r.Form(word.Text)
	if f == nil {
		c.unknown(word, "unknown-form", "the rule "+r.Name.Text+" has no form",
			spec.Names(r.Forms, func(f spec.Form) spec.Scalar { return f.Name }))
		return pattern{}, false
	}
	head, tail, ok := strings.Cut(f.Pattern.Text, "{name}")
	if !ok {
		c.errorAt(f.Pattern.At, textWidth(f.Pattern), "bad-pattern", "a form needs {name} in it", "")
	}
	return pattern{head, tail, f.Pattern.At}, ok
}

// unknown reports a name that nothing has; what says of what, up to the name.
func (c *compiler) unknown(word spec.Scalar, code, what string, candidates []string) {
	c.errorAt(word.At, textWidth(word), code, fmt.Sprintf("%s %q", what, word.Text), suggest(word.Text, candidates))
}

// table is a compiled decision table.
type table struct {
	name  string
	lines []tableLine
	out   []string
}

type tableLine struct {
	when [][]value // per input: the values that fit; nil means anything
	then []value
	at   engine.Pos
}

// answer gives the outputs of the first line that fits and the line's place, or nothing.
func (t *table) answer(in []value) (value, engine.Pos) {
	for _, line := range t.lines {
		if line.fits(in) {
			return objectValue(t.out, line.then), line.at
		}
	}
	return value{}, engine.Pos{}
}

func (l tableLine) fits(in []value) bool {
	for i, wanted := range l.when {
		if wanted != nil && !slices.ContainsFunc(wanted, func(w value) bool { return fitsCell(w, in[i]) }) {
			return false
		}
	}
	return true
}

// fitsCell: a condition of "" fits whatever is blank.
func fitsCell(wanted, v value) bool {
	if wanted.blank() {
		return v.blank()
	}
	return equal(wanted, v)
}

func compileTable(t *spec.Table) *table {
	compiled := &table{name: t.Name.Text, out: spec.Texts(t.Out)}
	for _, line := range t.Lines {
		l := tableLine{at: line.At}
		for _, w := range line.When {
			l.when = append(l.when, conditions(w))
		}
		for _, then := range line.Then {
			l.then = append(l.then, literalValue(then.Any))
		}
		compiled.lines = append(compiled.lines, l)
	}
	return compiled
}

func conditions(v spec.Value) []value {
	switch w := v.Any.(type) {
	case string:
		if w == "*" {
			return nil
		}
	case []any:
		all := make([]value, len(w))
		for i, one := range w {
			all[i] = literalValue(one)
		}
		return all
	}
	return []value{literalValue(v.Any)}
}

// outShape is what a table's answer has: a column of texts only is a text, any other is unchecked.
func outShape(t *spec.Table) *shape {
	s := &shape{form: recordForm, label: "the table " + t.Name.Text, said: answers(t)}
	for i, out := range t.Out {
		s.fields = append(s.fields, engine.Field{Name: out.Text, Type: columnType(t, i), Class: engine.Code})
	}
	return s
}

func columnType(t *spec.Table, column int) engine.Type {
	for _, line := range t.Lines {
		if column >= len(line.Then) {
			return engine.Any
		}
		if _, ok := line.Then[column].Any.(string); !ok && line.Then[column].Any != nil {
			return engine.Any
		}
	}
	return engine.Text
}
