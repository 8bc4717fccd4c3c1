package mapping

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// A gate is a must step that says what it is there for. That its formula does
// hold back what it should is proved, not believed: for each field that the
// sharing needs, the gate must not open when that field is absent, or says no,
// whatever all other fields say. The proof looks at the formula with the field
// supposed to be so and everything else unknown.

// guard is a gate above a write.
type guard struct {
	step *spec.Step
	view *view
}

// otherCode stands for a code that no formula names.
const otherCode = "\x00"

// supposed is a world in which some fields are known.
type supposed struct {
	need   string           // the field that must say yes
	fields map[string]value // by "connection.object.field"
	source *objectType
	gone   *objectType // no record of it was found; nil: all are there
}

// knows gives the value of a field in this world. Of the flow's source only the
// record under way counts, not others of its kind.
func (w *supposed) knows(rec reached, field string) (value, bool) {
	if rec.object == w.gone {
		return value{}, true
	}
	v, ok := w.fields[rec.object.full+"."+within(rec.path, field)]
	return v, ok && (rec.object != w.source || rec.root == 0)
}

// guess is what is known of a value in a supposed world.
type guess struct {
	known bool // it is v
	never bool // it is not exactly true
	v     value
}

func certain(v value) guess { return guess{known: true, never: !v.yes(), v: v} }

// shut says whether the gate stays shut in a world.
func (g guard) shut(c *compiler, w *supposed) bool {
	r, tree := c.reader(g.step.Expr, g.view)
	return tree != nil && (&judge{r, w, g.asked(c, w.need)}).of(tree).never
}

// asked lists the roots of the records of which the gate reads a field.
func (g guard) asked(c *compiler, path string) []int {
	var roots []int
	for _, l := range c.reachOf(g.step.Expr, g.view).leaves {
		if l.name() == path {
			roots = append(roots, l.root)
		}
	}
	return roots
}

// judge works out an expression in a supposed world.
type judge struct {
	*reader
	world *supposed
	asked []int // of the needed field
}

func (j *judge) of(n ast.Node) guess {
	switch n := n.(type) {
	case *ast.NilNode:
		return certain(value{})
	case *ast.BoolNode:
		return certain(truthValue(n.Value))
	case *ast.StringNode:
		return certain(textValue(n.Value))
	case *ast.IntegerNode:
		return certain(numberValue(fmt.Sprint(n.Value)))
	case *ast.IdentifierNode:
		return j.nameIn(n)
	case *ast.ChainNode:
		return j.of(n.Node)
	case *ast.MemberNode:
		return j.fieldIn(n)
	case *ast.UnaryNode:
		return j.unaryIn(n)
	case *ast.BinaryNode:
		return j.binaryIn(n)
	case *ast.ConditionalNode:
		return j.choice(n)
	case *ast.CallNode, *ast.BuiltinNode:
		word, args := called(n)
		return j.callIn(word, args)
	}
	return guess{}
}

// nameIn looks through a name into the formula of its step.
func (j *judge) nameIn(n *ast.IdentifierNode) guess {
	found := j.view.find(n.Value)
	if found == nil || found.tree == nil {
		return guess{}
	}
	inner := *j.reader
	inner.view, inner.loops = found.from, nil
	return (&judge{&inner, j.world, j.asked}).of(found.tree)
}

// fieldIn is known when it is in every record that may be meant.
func (j *judge) fieldIn(n *ast.MemberNode) guess {
	word, named := n.Property.(*ast.StringNode)
	records := j.reader.of(n.Node).records
	if !named || len(records) == 0 {
		return guess{}
	}
	var got guess
	for _, rec := range records {
		v, ok := j.world.knows(rec, word.Value)
		if !ok {
			return guess{}
		}
		got = certain(v)
	}
	return got
}

func (j *judge) unaryIn(n *ast.UnaryNode) guess {
	of := j.of(n.Node)
	if n.Operator != "not" && n.Operator != "!" || !of.known {
		return guess{}
	}
	if of.v.kind != truth {
		return certain(value{})
	}
	return certain(truthValue(!of.v.yes()))
}

func (j *judge) binaryIn(n *ast.BinaryNode) guess {
	a, b := j.of(n.Left), j.of(n.Right)
	switch n.Operator {
	case "and", "&&":
		return guess{never: a.never || b.never}
	case "or", "||":
		if a.known && a.v.yes() || b.known && b.v.yes() {
			return certain(truthValue(true))
		}
		return guess{never: a.never && b.never}
	case "==", "!=":
		return equalIn(n, a, b)
	case "<", "<=", ">", ">=":
		return guess{never: absent(a) || absent(b)}
	case "in":
		return j.amongIn(n, a)
	case "??":
		if a.known && a.v.given() {
			return a
		}
		if absent(a) {
			return b
		}
	case "contains", "startsWith", "endsWith", "matches":
		return guess{never: absent(a)}
	}
	return guess{}
}

func absent(g guess) bool { return g.known && !g.v.given() }

func equalIn(n *ast.BinaryNode, a, b guess) guess {
	wanted := n.Operator == "=="
	switch {
	case isNil(n.Left) && b.known:
		return certain(truthValue(b.v.given() != wanted))
	case isNil(n.Right) && a.known:
		return certain(truthValue(a.v.given() != wanted))
	case isNil(n.Left), isNil(n.Right):
		return guess{}
	case a.known && b.known:
		return certain(truthValue(equal(a.v, b.v) == wanted))
	case absent(a), absent(b):
		return certain(truthValue(!wanted))
	}
	return guess{}
}

// amongIn is "in" with a list that is written out.
func (j *judge) amongIn(n *ast.BinaryNode, what guess) guess {
	items, ok := n.Right.(*ast.ArrayNode)
	if !ok || !what.known {
		return guess{never: absent(what)}
	}
	for _, item := range items.Nodes {
		one := j.of(item)
		if !one.known || equal(one.v, what.v) {
			return guess{}
		}
	}
	return certain(truthValue(false))
}

func (j *judge) choice(n *ast.ConditionalNode) guess {
	test, yes, no := j.of(n.Cond), j.of(n.Exp1), j.of(n.Exp2)
	switch {
	case test.known && test.v.yes():
		return yes
	case test.never:
		return no
	default:
		return guess{never: yes.never && no.never}
	}
}

func (j *judge) callIn(word string, args []ast.Node) guess {
	if len(args) == 0 {
		return guess{}
	}
	switch word {
	case "given":
		return j.givenIn(args[0])
	case "blank":
		if of := j.of(args[0]); of.known {
			return certain(truthValue(of.v.blank()))
		}
	case "any", "one":
		return guess{never: len(args) > 1 && j.testIn(args[0], args[1]).never}
	case "or_else":
		if first := j.of(args[0]); first.known && !first.v.blank() {
			return first
		}
	}
	return guess{}
}

func (j *judge) testIn(list, test ast.Node) guess {
	body, ok := test.(*ast.PredicateNode)
	if !ok {
		return guess{}
	}
	j.loops = append(j.loops, j.reader.of(list))
	got := j.of(body.Node)
	j.loops = j.loops[:len(j.loops)-1]
	return got
}

// givenIn: a record whose needed field is asked for is there, or else there is nothing of it to protect.
func (j *judge) givenIn(n ast.Node) guess {
	of := j.reader.of(n)
	if _, named := n.(*ast.IdentifierNode); !named || len(of.records) == 0 {
		if g := j.of(n); g.known {
			return certain(truthValue(g.v.given()))
		}
		return guess{}
	}
	gone, there := true, true
	for _, rec := range of.records {
		gone = gone && rec.object == j.world.gone
		there = there && rec.object != j.world.gone && rec.single && (rec.root == 0 || slices.Contains(j.asked, rec.root))
	}
	if gone || there {
		return certain(truthValue(there))
	}
	return guess{}
}

// worlds are those in which a gate must stay shut: the needed field and those
// that may stand in for it are absent, or say no. Where a record need not have
// been found, consent must not come from its absence.
func (s *sharer) worlds(gate string, need spec.Scalar, or []spec.Scalar) []*supposed {
	var all []*supposed
	for _, blankNeed := range []bool{true, false} {
		for _, blankOr := range []bool{true, false} {
			w := &supposed{need: need.Text, fields: map[string]value{}, source: s.source}
			s.suppose(w, []spec.Scalar{need}, blankNeed)
			s.suppose(w, or, blankOr)
			all = append(all, w)
		}
	}
	if o := s.objectOf(need); gate == spec.ConsentGate && o != nil && o != s.source {
		w := &supposed{need: need.Text, fields: map[string]value{}, source: s.source, gone: o}
		s.suppose(w, or, true)
		all = append(all, w)
	}
	return all
}

func (s *sharer) suppose(w *supposed, fields []spec.Scalar, blank bool) {
	for _, path := range fields {
		v := value{}
		if f := s.fieldOf(path); f != nil && !blank {
			v = no(f)
		}
		w.fields[path.Text] = v
	}
}

// no is what a field holds that is filled in and does not say yes.
func no(f *engine.Field) value {
	switch f.Type {
	case engine.Boolean:
		return truthValue(false)
	case engine.CodeMany, engine.Texts:
		return listValue([]value{textValue(otherCode)})
	default:
		return textValue(otherCode)
	}
}
