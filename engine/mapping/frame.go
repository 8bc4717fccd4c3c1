package mapping

import (
	"fmt"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/casebridge/casebridge/engine"
)

const (
	// maxRows is the longest list that is looked into. Longer ones quarantine the record:
	// two loops inside each other over more would take seconds.
	maxRows = 2000
	// maxVisits is how many elements one decision may visit in all.
	maxVisits = 5_000_000
	// maxText is the longest text that an expression may put together, in bytes.
	maxText = 1 << 20
)

// code is a compiled expression. It is the seam: everything above it knows only
// that a frame goes in and a value comes out. Code has no state of its own and
// may run in many goroutines, each with its frame.
type code func(f *frame) value

func nullCode(*frame) value { return value{} }

// frame is what compiled expressions of one decision see.
type frame struct {
	slots  []value // by name, as the compiler numbered them
	zone   *time.Location
	stack  []value // arguments of the calls under way
	visits int
	broken *breakdown
	trace  *Trace // nil: nothing is recorded
}

// breakdown is why an expression had no answer. It never holds a value.
type breakdown struct {
	at  engine.Pos
	why string
}

// fail notes the first breakdown; the expression then gives null.
func (f *frame) fail(at engine.Pos, why string) value {
	if f.broken == nil {
		f.broken = &breakdown{at: at, why: why}
	}
	return value{}
}

// offType is what to do about a value that is of another kind than its catalogue says.
const offType = "correct it in the system that it comes from, or its type in the catalogue"

// site is a place in an expression, and how people call the values that come together there: the fields that
// they are read from. It holds no value.
type site struct {
	pos    engine.Pos
	values []string
}

// site makes one for the values of some nodes.
func (e *exprCompiler) site(n ast.Node, values ...ast.Node) site {
	s := site{pos: e.place(n)}
	for _, v := range values {
		s.values = append(s.values, subject(v))
	}
	return s
}

// of is what the i-th value is called.
func (s site) of(i int) string {
	if i < len(s.values) {
		return s.values[i]
	}
	return "a value"
}

// subject calls a value by the field that it is read from, or by the function that makes it.
func subject(n ast.Node) string {
	if isPath(n) {
		return pathText(n)
	}
	switch n := n.(type) {
	case *ast.ChainNode:
		return subject(n.Node)
	case *ast.PointerNode:
		return "an entry of the list"
	case *ast.MemberNode:
		if property, ok := n.Property.(*ast.StringNode); ok {
			return "the field " + property.Value
		}
	case *ast.CallNode:
		return "what " + n.Callee.String() + "(…) gives"
	case *ast.BuiltinNode:
		return "what " + n.Name + "(…) gives"
	}
	return "the other value"
}

// misfit says that a function takes no such value. Only a record that differs from its catalogue brings one.
func (f *frame) misfit(at site, i int, v value, function string, want form) value {
	_, takes := alternatives(want)
	return f.fail(at.pos, fmt.Sprintf("%s is %s, and %s takes %s: %s", at.of(i), v.kind, function, takes, offType))
}

// tooLong says that a number has more digits than can be written out.
func (f *frame) tooLong(at site, i int) value {
	return f.fail(at.pos, fmt.Sprintf("%s is a number of more than %d digits: correct it in the system that it comes from", at.of(i), longestNumber))
}

// joined guards what makes texts longer: a few lets that each double one would fill the memory.
func (f *frame) joined(at engine.Pos, size int, make func() string) value {
	if size > maxText {
		return f.fail(at, "the text that is put together here is longer than a million characters: shorten what it is made of in the system that it comes from")
	}
	return textValue(make())
}

// rows returns the elements of a list that is about to be walked, the i-th value of a site. What is blank has
// none; any other value in a list's place breaks the expression down, or what
// it holds would be passed over in silence.
func (f *frame) rows(at site, i int, v value) []value {
	if v.kind != list && !v.blank() {
		f.fail(at.pos, fmt.Sprintf("%s is %s where a list is needed: %s", at.of(i), v.kind, offType))
		return nil
	}
	items := v.elements()
	if len(items) > maxRows {
		f.fail(at.pos, fmt.Sprintf("%s has more than %d entries: shorten it in the system that it comes from", at.of(i), maxRows))
		return nil
	}
	if f.visits += len(items); f.visits > maxVisits {
		f.fail(at.pos, "the lists of this record are too long to go through them all: shorten them in the system that they come from")
		return nil
	}
	return items
}
