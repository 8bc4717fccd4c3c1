package mapping

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// Trace records how one decision came about, for those who must explain it. Give an
// empty one in Input.Trace; without one nothing is recorded and nothing is paid. Decide
// empties it first, so after several calls it tells of the last. Its values are those
// of records: whoever shows them masks them by their Class.
type Trace struct {
	Steps  []TracedStep  // in the order in which they were taken, the gate's first
	Writes []TracedWrite // in the order in which they were decided

	lookups []TracedLookup // of the step or field under way
	rows    int            // that the step under way looked at
}

// StepResult is what a step did with an item.
type StepResult string

// The results of steps.
const (
	StepPassed  StepResult = "passed"   // the item went on
	StepStopped StepResult = "stopped"  // the item ended here, for the Reason
	StepSilent  StepResult = "silent"   // the item ended here without a word: it is none of this route's
	StepLeftOut StepResult = "left out" // a row that an each does not go on with
)

// TracedStep is one step as it was taken for one item.
type TracedStep struct {
	Route   string // "gate" for the gate
	Item    string // as in engine.Change.Item
	Step    *spec.Step
	Result  StepResult
	Verdict engine.Verdict // of a stop
	Reason  engine.Reason  // of a stop
	Rows    int            // each, pick: rows that were looked at
	Found   int            // read, recall, ledger, each, pick: what fits; other steps: 1 when their name is given
	Value   engine.Body    // what the step's name holds, where that is one value
	Class   engine.Class   // of Value
	Inputs  []TracedInput
	Lookups []TracedLookup
}

// TracedInput is a value that an expression named.
type TracedInput struct {
	Path  string       // as the spec writes it: "case.name_first"
	Given bool         // something is there
	Value engine.Body  // where it is one value or a list of such
	Rows  int          // where it is a list of rows: how many; else -1
	Class engine.Class // of Value; "" is what no field went into
}

// TracedLookup is one question to a map, a naming rule or a table.
type TracedLookup struct {
	In    string // "map services", "rule agency", "table verdicts"
	Key   engine.Body
	Class engine.Class // of Key
	Found engine.Body  // empty: there is no entry
	Place string       // of the row, line, or rule's form; "" without an entry
}

// TracedWrite is one write of a route, as it was decided for one item.
type TracedWrite struct {
	Route  string
	Item   string
	Write  *spec.Write
	Object string
	Target string // ID of the record; "" for a new one
	Row    string // label of the row, as in engine.FieldChange.Path; "" for the record itself
	Fresh  bool   // the record or row is made anew
	Left   string // why this write has nothing to do, in words; "" when it has
	Inputs []TracedInput
	Fields []TracedField
}

// FieldResult is what became of one field of a write.
type FieldResult string

// The results of fields.
const (
	FieldSet        FieldResult = "set"          // it is written
	FieldSame       FieldResult = "same"         // the target has this value already
	FieldOnCreate   FieldResult = "on_create"    // the target's stays: the rule counts for new ones only
	FieldIfEmpty    FieldResult = "if_empty"     // the target's stays: the rule fills only what is empty
	FieldFillerOnly FieldResult = "filler"       // the target's stays: a filler never replaces a value
	FieldBlank      FieldResult = "blank"        // the rule gives nothing, which never changes a target
	FieldKept       FieldResult = "kept"         // the target's stays: people changed it there, as the Reason says
	FieldRefused    FieldResult = "not possible" // for the Reason; nothing of the item is written
)

// TracedField is one field rule as it was applied.
type TracedField struct {
	Path    string // as in engine.FieldChange.Path
	Rule    *spec.FieldRule
	Class   engine.Class
	Result  FieldResult
	Wanted  engine.Body // what the rule gives; empty: nothing
	Current engine.Body // what the target has
	Filled  bool        // a filler stood in for a blank value
	Reason  engine.Reason
	Inputs  []TracedInput
	Lookups []TracedLookup
}

// input is a path that an expression names, compiled.
type input struct {
	path  string
	code  code
	class engine.Class
}

// origin is what a trace tells of a step beyond what it did.
type origin struct {
	step   *spec.Step
	class  engine.Class // of what its name holds
	inputs []input
}

// self lets a trace see what every step is.
func (a *about) self() *about { return a }

// collect gives the paths that are named in what compile compiles.
func (c *compiler) collect(compile func()) []input {
	outer := c.inputs
	c.inputs = nil
	compile()
	mine := c.inputs
	c.inputs = outer
	return mine
}

// named notes a path that an expression names; of of.a.b only the longest counts.
func (c *compiler) named(prefix, path string, t typed) {
	if n := len(c.inputs); n > 0 && prefix != "" && c.inputs[n-1].path == prefix {
		c.inputs = c.inputs[:n-1]
	}
	if !slices.ContainsFunc(c.inputs, func(in input) bool { return in.path == path }) {
		c.inputs = append(c.inputs, input{path, t.code, t.shape.class})
	}
}

// pass takes a step and says whether the item goes on.
func (d *decision) pass(s step, it *item) bool {
	if d.trace == nil {
		return s.take(d, it) && !d.broke(it)
	}
	d.trace.lookups, d.trace.rows = nil, 0
	before := len(d.drafts)
	went := s.take(d, it) && !d.broke(it)
	t := d.tracedStep(s.self(), it)
	if !went {
		t.Result = StepSilent
		if len(d.drafts) > before {
			t.stopped(d.drafts[before].change)
		}
	}
	d.trace.Steps = append(d.trace.Steps, t)
	return went
}

func (t *TracedStep) stopped(c engine.Change) {
	t.Result, t.Verdict, t.Reason = StepStopped, c.Verdict, c.Reason
}

func (d *decision) tracedStep(a *about, it *item) TracedStep {
	t := TracedStep{Route: it.route.name, Item: it.label, Step: a.origin.step, Result: StepPassed, Class: a.origin.class,
		Rows: d.trace.rows, Inputs: d.evaluated(a.origin.inputs), Lookups: d.trace.lookups}
	if a.name != "" {
		v := d.slots[a.slot]
		t.Found = amount(v)
		if v.kind != object && v.kind != list {
			t.Value = bodyOf(v)
		}
	}
	return t
}

// amount is how many things a name holds.
func amount(v value) int {
	switch {
	case v.kind == list:
		return len(v.elements())
	case v.given():
		return 1
	}
	return 0
}

// eachTaken begins what a trace tells of an each, whose rows follow it; done ends it.
func (d *decision) eachTaken(s *eachStep, it *item, rows int) (done func(taken int)) {
	if d.trace == nil {
		return func(int) {}
	}
	d.slots[s.slot] = value{}
	t := d.tracedStep(&s.about, it)
	t.Rows = rows
	at, before := len(d.trace.Steps), len(d.drafts)
	d.trace.Steps = append(d.trace.Steps, t)
	return func(taken int) {
		t := &d.trace.Steps[at]
		t.Found = taken
		switch {
		case taken > 0:
		case len(d.drafts) > before:
			t.stopped(d.drafts[before].change)
		default:
			t.Result = StepSilent
		}
	}
}

// leftOut notes a row that an each does not go on with. It stands in its slot.
func (d *decision) leftOut(s *eachStep, it *item, i int) {
	if d.trace == nil {
		return
	}
	broken := d.broken
	one := *it
	one.label = d.label(s, it.label, i)
	t := d.tracedStep(&s.about, &one)
	d.broken = broken // a label that cannot be made must not end what it is not part of
	t.Result = StepLeftOut
	d.trace.Steps = append(d.trace.Steps, t)
}

// evaluated gives what named paths hold now. Paths only look; they have no effects.
func (d *decision) evaluated(inputs []input) []TracedInput {
	var out []TracedInput
	for _, in := range inputs {
		v := in.code(&d.frame)
		t := TracedInput{Path: in.path, Given: v.given(), Class: in.class, Rows: -1}
		switch {
		case v.kind == list && slices.ContainsFunc(v.elements(), func(e value) bool { return e.kind == object }), v.kind == list && len(v.elements()) == 0:
			t.Rows = len(v.elements())
		case v.kind != object:
			t.Value = bodyOf(v)
		}
		out = append(out, t)
	}
	return out
}

// lookUp applies a lookup to a value. Nothing looks up nothing.
func (f *frame) lookUp(in *lookup, v value, class engine.Class) value {
	key, ok := v.plain()
	if !ok || v.blank() {
		return value{}
	}
	text, at, ok := in.find(key)
	if f.trace != nil {
		t := TracedLookup{In: in.what, Key: bodyOf(v), Class: class}
		if ok {
			t.Found, t.Place = bodyOf(textValue(text)), at.String()
		}
		f.trace.lookups = append(f.trace.lookups, t)
	}
	if !ok {
		return value{}
	}
	return textValue(text)
}

// tabled notes which line of a table fitted, if one did. What was asked stands among the step's inputs.
func (d *decision) tabled(t *table, at engine.Pos) {
	if d.trace != nil && at.Line > 0 {
		d.trace.lookups = append(d.trace.lookups, TracedLookup{In: "table " + t.name, Place: at.String()})
	}
}

// pathText writes a path as the spec does.
func pathText(n ast.Node) string {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value
	case *ast.MemberNode:
		if property, ok := n.Property.(*ast.StringNode); ok {
			return pathText(n.Node) + "." + property.Value
		}
	}
	return ""
}
