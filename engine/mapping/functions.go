package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/casebridge/casebridge/engine"
)

// FunctionDoc describes one function of the language of specs.
type FunctionDoc struct {
	Name      string
	Signature string
	Doc       string // one or two sentences
}

// Functions lists every function that expressions may use, by name. There are no others.
func Functions() []FunctionDoc {
	var docs []FunctionDoc
	for _, f := range allFunctions() {
		docs = append(docs, f.FunctionDoc)
	}
	slices.SortFunc(docs, func(a, b FunctionDoc) int { return strings.Compare(a.Name, b.Name) })
	return docs
}

func allFunctions() []*function {
	return slices.Concat(valueFunctions(), textFunctions(), dateFunctions(), listFunctions(), lookupFunctions())
}

func functionsByName() map[string]*function {
	byName := map[string]*function{}
	for _, f := range allFunctions() {
		byName[f.Name] = f
	}
	return byName
}

// function is one function of the language. Unless it has its own compile, its
// arguments are checked against takes and run gets their values.
type function struct {
	FunctionDoc
	takes   []form         // of the arguments; the last one stands for the rest
	checks  []literalCheck // of arguments that are written out, by position; nil: anything goes
	least   int            // arguments that must be there
	many    bool           // more arguments than takes names are allowed
	gives   *shape
	giving  func(args []typed) *shape                                // instead of gives
	run     func(f *frame, at site, args []value) value              // must not keep args
	compile func(e *exprCompiler, n ast.Node, args []ast.Node) typed // instead of run
}

func (e *exprCompiler) call(n *ast.CallNode) typed {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return e.refuse(n, "bad-expression", "nothing is called behind a dot", methodHelp(n.Callee))
	}
	return e.named(n, callee.Value, n.Arguments)
}

func (e *exprCompiler) named(n ast.Node, word string, args []ast.Node) typed {
	fn, ok := e.c.functions[word]
	if !ok {
		return e.refuse(n, "unknown-function", fmt.Sprintf("there is no function %q", word), functionHelp(word))
	}
	if len(args) < fn.least || !fn.many && len(args) > max(len(fn.takes), fn.least) {
		return e.refuse(n, "arguments", fmt.Sprintf("%s is called with %d arguments", word, len(args)), "it is "+fn.Signature)
	}
	if fn.compile != nil {
		return fn.compile(e, n, args)
	}
	return e.plainCall(n, fn, args)
}

func functionNames() []string {
	var names []string
	for _, d := range Functions() {
		names = append(names, d.Name)
	}
	return names
}

func (e *exprCompiler) plainCall(n ast.Node, fn *function, args []ast.Node) typed {
	ts := make([]typed, len(args))
	codes := make([]code, len(args))
	var class engine.Class
	for i, arg := range args {
		ts[i] = e.node(arg)
		codes[i] = ts[i].code
		class = closest(class, ts[i].shape.class)
		if e.checkArgument(arg, fn, fn.takes[min(i, len(fn.takes)-1)], ts[i].shape) {
			e.checkLiteral(arg, fn, i)
		}
	}
	gives := fn.gives
	if fn.giving != nil {
		gives = fn.giving(ts)
	}
	return typed{invoke(fn, e.site(n, args...), codes), gives.in(class)}
}

// What a function may take beside one form.
const (
	scalar    form = 100 + iota // a text, a number, or true and false
	numeral                     // a text or a number
	counted                     // a text or a list
	plainList                   // a list of such as are no lists or records themselves
)

// alternatives are the forms that each of them stands for, and their name.
func alternatives(want form) (forms []form, name string) {
	switch want {
	case scalar:
		return []form{textForm, numberForm, truthForm}, "a text or a number"
	case numeral:
		return []form{textForm, numberForm}, "a text or a number"
	case counted:
		return []form{textForm, listForm}, "a text or a list"
	case plainList:
		return []form{listForm}, "a list of texts or numbers"
	default:
		return []form{want}, want.String()
	}
}

// checkArgument says whether what is given is of a form that the function takes.
func (e *exprCompiler) checkArgument(n ast.Node, fn *function, want form, s *shape) bool {
	if want == anything || s.loose() {
		return true
	}
	forms, name := alternatives(want)
	inside, given := s.element().form, s.form.String()
	if listed := inside == listForm || inside == recordForm; want == plainList && listed {
		given = "a list of lists or records"
	} else if slices.Contains(forms, s.form) {
		return true
	}
	e.refuse(n, "mismatched", fmt.Sprintf("%s takes %s here, not %s", fn.Name, name, given), "it is "+fn.Signature)
	return false
}

// invoke runs a function. Arguments of the wrong kind, which only a record that
// differs from its catalogue brings, break the expression down.
func invoke(fn *function, at site, codes []code) code {
	run, takes := fn.run, fn.takes
	return func(f *frame) value {
		base := len(f.stack)
		for i, c := range codes {
			v := c(f)
			if want := takes[min(i, len(takes)-1)]; !fits(want, v.kind) {
				f.stack = f.stack[:base]
				return f.misfit(at, i, v, fn.Name, want)
			}
			f.stack = append(f.stack, v)
		}
		out := run(f, at, f.stack[base:])
		f.stack = f.stack[:base]
		return out
	}
}

// kindForms are the forms of the kinds that values have at run time.
var kindForms = [...]form{null: nothing, truth: truthForm, number: numberForm, text: textForm, list: listForm, object: recordForm}

// fits says whether a function takes a value of this kind. Nothing at all can always come.
func fits(want form, k kind) bool {
	is := kindForms[k]
	switch {
	case want == anything || k == null:
		return true
	case want == scalar:
		return is != listForm && is != recordForm
	case want == numeral:
		return is == textForm || is == numberForm
	case want == counted:
		return is == textForm || is == listForm
	case want == plainList:
		return is == listForm
	default:
		return is == want
	}
}

func valueFunctions() []*function {
	return []*function{
		{FunctionDoc: FunctionDoc{"given", "given(x)", "True when x is there: not absent and not null. An empty text is there. Of a step's name: something was found."},
			takes: []form{anything}, least: 1, gives: truthShape,
			run: func(_ *frame, _ site, a []value) value { return truthValue(a[0].given()) }},
		{FunctionDoc: FunctionDoc{"blank", "blank(x)", "True when x is absent, null, an empty text, only white space, or an empty list."},
			takes: []form{anything}, least: 1, gives: truthShape,
			run: func(_ *frame, _ site, a []value) value { return truthValue(a[0].blank()) }},
		{FunctionDoc: FunctionDoc{"has", `has(record, "field")`, "True when the record has the field, even when it is null there."},
			takes: []form{recordForm, textForm}, least: 2, compile: compileHas},
		{FunctionDoc: FunctionDoc{"or_else", "or_else(a, b, ...)", "The first that is not blank; nothing when all are."},
			takes: []form{anything}, least: 2, many: true, compile: compileOrElse},
		{FunctionDoc: FunctionDoc{"text", "text(x)", "x as a text. Numbers keep their digits and have no exponent; nothing stays nothing."},
			takes: []form{scalar}, least: 1, gives: textShape, run: runText},
		{FunctionDoc: FunctionDoc{"int", "int(x)", "x as a whole number; a text must be one."},
			takes: []form{numeral}, checks: []literalCheck{mustBeInt}, least: 1, gives: numberShape, run: runInt},
	}
}

func compileHas(e *exprCompiler, n ast.Node, args []ast.Node) typed {
	of := e.node(args[0])
	word, ok := args[1].(*ast.StringNode)
	if !ok {
		return e.refuse(args[1], "bad-expression", "has needs the field's name written out", "")
	}
	if _, ok := e.c.memberShape(of.shape, word.Value, e.wordPlace(word)); !ok {
		return broken()
	}
	return typed{func(f *frame) value {
		_, found := of.code(f).find(word.Value)
		return truthValue(found)
	}, truthShape}
}

func compileOrElse(e *exprCompiler, n ast.Node, args []ast.Node) typed {
	codes := make([]code, len(args))
	s := nilShape
	for i, arg := range args {
		t := e.node(arg)
		codes[i], s = t.code, e.either(arg, s, t.shape)
	}
	return typed{func(f *frame) value {
		for _, c := range codes {
			if v := c(f); !v.blank() {
				return v
			}
		}
		return value{}
	}, s}
}

func runText(f *frame, at site, a []value) value {
	if a[0].kind == null {
		return value{}
	}
	s, ok := a[0].plain()
	if !ok {
		return f.tooLong(at, 0)
	}
	return textValue(s)
}

func runInt(f *frame, at site, a []value) value {
	v := a[0]
	if v.blank() {
		return value{}
	}
	if v.kind == number {
		plain, ok := plainNumber(v.text)
		if !ok {
			return f.tooLong(at, 0)
		}
		whole, _, _ := strings.Cut(plain, ".")
		return numberValue(strings.Replace(whole, "-0", "0", 1))
	}
	whole, ok := wholeNumber(strings.TrimSpace(v.text))
	if !ok {
		return f.fail(at.pos, at.of(0)+" is no whole number: correct it in the system that it comes from")
	}
	return numberValue(whole)
}

// wholeNumber reads digits, with a sign or not, and writes them as JSON does.
func wholeNumber(s string) (string, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if digits == "" || len(digits) > longestNumber || !allDigits(digits) {
		return "", false
	}
	digits = strings.TrimLeft(digits, "0")
	switch {
	case digits == "":
		return "0", true
	case negative:
		return "-" + digits, true
	default:
		return digits, true
	}
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
