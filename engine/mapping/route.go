package mapping

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// routeCompiler compiles the lines of one route, downwards.
type routeCompiler struct {
	c     *compiler
	name  string
	scope *scope

	mute map[spec.StepKind]int // steps so far that have neither name nor words
}

func (rc *routeCompiler) steps(lines []spec.Step) []step {
	var steps []step
	for i := range lines {
		var s step
		inputs := rc.c.collect(func() { s = rc.step(&lines[i]) })
		if s != nil {
			s.self().origin.inputs = inputs
			steps = append(steps, s)
		}
	}
	return steps
}

func (rc *routeCompiler) step(s *spec.Step) step {
	switch s.Kind {
	case spec.ReadStep:
		return rc.read(s)
	case spec.RecallStep:
		return rc.recall(s)
	case spec.LedgerStep:
		return rc.ledger(s)
	case spec.EachStep:
		return rc.each(s)
	case spec.PickStep:
		return rc.pick(s)
	case spec.FirstStep:
		return rc.first(s)
	case spec.RuleStep, spec.MapStep:
		return rc.lookup(s)
	case spec.TableStep:
		return rc.table(s)
	case spec.ExprStep:
		t := rc.c.expression(s.Expr, rc.scope)
		return &exprStep{rc.bind(s, t.shape), t.code}
	case spec.MustStep:
		return &mustStep{rc.about(s), rc.c.condition(s.Expr, rc.scope), s.Else}
	case spec.WarnStep:
		return &warnStep{rc.about(s), rc.c.condition(s.Expr, rc.scope)}
	case spec.ProvesStep:
		return rc.proves(s)
	default:
		rc.c.errorAt(s.At, 1, "unknown-step", fmt.Sprintf("there is no step %q", s.Kind), "")
		return nil
	}
}

// about names a step in reasons.
func (rc *routeCompiler) about(s *spec.Step) about {
	return about{name: s.Name.Text, code: rc.name + "/" + rc.mark(s), say: s.Say.Text, place: s.At.String(), at: s.At, origin: &origin{step: s}}
}

// bind gives the step's name a place and a shape.
func (rc *routeCompiler) bind(s *spec.Step, of *shape) about {
	a := rc.about(s)
	a.slot, a.origin.class = rc.c.newSlot(), of.class
	rc.scope.names[s.Name.Text] = name{a.slot, of}
	return a
}

func (rc *routeCompiler) optional(expr spec.Scalar) code {
	if expr.Text == "" {
		return nil
	}
	return rc.c.condition(expr, rc.scope)
}

func (rc *routeCompiler) bindings(of []spec.Binding) []binding {
	var out []binding
	for _, b := range of {
		out = append(out, binding{b.Name.Text, rc.plain(b.Expr), b.Expr.At})
	}
	return out
}

// plain compiles an expression that must be written as one text.
func (rc *routeCompiler) plain(expr spec.Scalar) code { return rc.one(expr).code }

// one is plain, with what is known of the value.
func (rc *routeCompiler) one(expr spec.Scalar) typed {
	t := rc.c.expression(expr, rc.scope)
	if t.shape.form == listForm || t.shape.form == recordForm {
		rc.c.errorAt(expr.At, textWidth(expr), "mismatched", "this must be one value, not "+t.shape.form.String(), "")
	}
	return t
}

func (rc *routeCompiler) read(s *spec.Step) step {
	o := rc.c.object(s.Object)
	if o == nil {
		rc.bind(s, anyShape)
		return nil
	}
	rc.c.lookUpIn(o)
	r := &readStep{object: o, onlyIf: rc.optional(s.OnlyIf), none: s.None, several: s.Several}
	of := recordOf(o)
	if s.Of.Text != "" {
		of, r.none = listOf(of), cmp.Or(s.None, spec.Nothing)
		r.owner = rc.owner(s, o)
	} else {
		rc.readBy(s, o, r)
	}
	r.about = rc.bind(s, of)
	return r
}

// readBy: a record is looked up by exactly one field.
func (rc *routeCompiler) readBy(s *spec.Step, o *objectType, r *readStep) {
	r.value = nullCode
	if len(s.By) == 0 {
		return
	}
	by := s.By[0]
	r.by, r.value = by.Name.Text, rc.plain(by.Expr)
	rc.c.use(o.full, r.by)
}

// owner is the name whose records are read.
func (rc *routeCompiler) owner(s *spec.Step, o *objectType) code {
	found, ok := rc.scope.find(s.Of.Text)
	if !ok {
		rc.c.unknown(s.Of, "unknown-name", "there is no name", rc.scope.words())
		return nullCode
	}
	if found.shape.object == nil || found.shape.object.connection != o.connection || o.spec.Of != found.shape.object.spec.Name && o.spec.Of != found.shape.object.full {
		rc.c.errorAt(s.Of.At, textWidth(s.Of), "not-the-owner", fmt.Sprintf("%s belongs to no record of %q", o.full, s.Of.Text), "")
	}
	return slot(found).code
}

func (rc *routeCompiler) recall(s *spec.Step) step {
	o := rc.c.object(s.Object)
	if o == nil {
		rc.bind(s, anyShape)
		return nil
	}
	r := &recallStep{object: o, unswept: s.Unswept, any: rc.bindings(s.By)}
	of := recordOf(o)
	of.kept = []string{}
	for _, kept := range rc.c.project.Recall {
		if kept.Object.Text == o.full {
			of.kept = spec.Texts(slices.Concat(kept.Key, kept.Keep, kept.Sealed))
		}
	}
	of.label = "what is recalled of " + o.full
	r.about = rc.bind(s, listOf(of))
	return r
}

// checkNames reports bindings that are none of the names.
func (rc *routeCompiler) checkNames(of []spec.Binding, names []string, what string) {
	for _, b := range of {
		if !slices.Contains(names, b.Name.Text) {
			rc.c.unknown(b.Name, "unknown-field", "the "+what+" has no", names)
		}
	}
}

func (rc *routeCompiler) ledger(s *spec.Step) step {
	o := rc.c.object(s.Object)
	if o == nil {
		rc.bind(s, anyShape)
		return nil
	}
	names := rc.c.knownAs(o.full)
	by, answer := rc.answered(s.By)
	rc.checkNames(by, names, "ledger of "+o.full)
	of := &shape{form: recordForm, label: "the ledger of " + o.full}
	for _, word := range append(names, "state", "answer") {
		of.fields = append(of.fields, engine.Field{Name: word, Type: engine.Text, Class: engine.Code})
	}
	if s.All {
		of = listOf(of)
	}
	l := &ledgerStep{object: o, by: rc.bindings(by), answer: answer, unanswered: s.Only.Text == "unanswered", list: s.All}
	l.about = rc.bind(s, of)
	return l
}

// answered takes the binding of `answer` out: it is the other system's name for a send, not ours.
func (rc *routeCompiler) answered(by []spec.Binding) (rest []spec.Binding, answer code) {
	for _, b := range by {
		if b.Name.Text == "answer" {
			answer = rc.plain(b.Expr)
			continue
		}
		rest = append(rest, b)
	}
	return rest, answer
}

// knownAs lists the names under which the project's sends of an object are known.
func (c *compiler) knownAs(object string) []string {
	var names []string
	var visit func(r *spec.Route)
	visit = func(r *spec.Route) {
		for _, w := range r.Writes {
			for _, k := range w.Known {
				if w.Object.Text == object && !slices.Contains(names, k.Name.Text) {
					names = append(names, k.Name.Text)
				}
			}
		}
		for _, inner := range r.Routes {
			visit(inner)
		}
	}
	for _, f := range c.project.Flows {
		for _, r := range f.Routes {
			visit(r)
		}
	}
	return names
}

// list compiles the list that each and pick go over.
func (rc *routeCompiler) list(s *spec.Step) typed {
	t := rc.c.expression(s.List, rc.scope)
	if !t.shape.loose() && t.shape.form != listForm {
		rc.c.errorAt(s.List.At, textWidth(s.List), "not-a-list", "this must be a list, not "+t.shape.form.String(), "")
	}
	return t
}

// listSite names the list of a step by its path, where it is one.
func listSite(s *spec.Step) site {
	what := s.List.Text
	if strings.ContainsAny(what, " ([") {
		what = "the list of " + s.Name.Text
	}
	return site{s.List.At, []string{what}}
}

func (rc *routeCompiler) each(s *spec.Step) step {
	over := rc.list(s)
	e := &eachStep{list: over.code, over: listSite(s), none: s.None}
	e.about = rc.bind(s, over.shape.element())
	e.where = rc.optional(s.Where)
	for _, expr := range s.Distinct {
		e.distinct = append(e.distinct, rc.c.expression(expr, rc.scope).code)
	}
	if s.Item.Text != "" {
		e.item = rc.itemName(s.Item)
	}
	return e
}

// itemName must be a code: it stands in reports and logs.
func (rc *routeCompiler) itemName(expr spec.Scalar) code {
	t := rc.c.expression(expr, rc.scope)
	if !shown(t.shape.class) {
		rc.c.errorAt(expr.At, textWidth(expr), "personal-item", "an item is named for everybody to see, and this is about a person", "take a field of class code or public")
	}
	return t.code
}

func (rc *routeCompiler) pick(s *spec.Step) step {
	over := rc.list(s)
	p := &pickStep{list: over.code, over: listSite(s), none: cmp.Or(s.None, spec.Nothing), several: s.Several}
	p.about = rc.bind(s, over.shape.element())
	p.where = rc.optional(s.Where)
	for _, line := range s.Try {
		p.try = append(p.try, rc.c.condition(line, rc.scope))
	}
	return p
}

func (rc *routeCompiler) first(s *spec.Step) step {
	f := &firstStep{}
	var of *shape
	for _, word := range s.Names {
		found, ok := rc.scope.find(word.Text)
		switch {
		case !ok:
			rc.c.unknown(word, "unknown-name", "there is no name", rc.scope.words())
			continue
		case of == nil:
			of = found.shape
		case of.object != found.shape.object || of.form != found.shape.form:
			rc.c.errorAt(word.At, textWidth(word), "mixed", fmt.Sprintf("%q is another kind of record than the names before it", word.Text), "")
		}
		f.slots = append(f.slots, found.slot)
	}
	if of == nil {
		of = anyShape
	}
	f.about = rc.bind(s, of)
	return f
}

func (rc *routeCompiler) lookup(s *spec.Step) step {
	from := rc.c.expression(s.From, rc.scope)
	l := &lookupStep{from: from.code, class: from.shape.class, visible: shown(from.shape.class), missing: s.Missing, unconfirmed: s.Unconfirmed}
	of := textShape
	if s.Kind == spec.RuleStep {
		l.in, l.confirmed = rc.c.ruleLookup(s.Lookup, s.Key, s.Give)
	} else {
		fits := rc.c.checkKeyCodes(s.Lookup, s.Key, from.shape)
		if l.in, of = rc.c.mapLookup(s.Lookup, s.Key, s.Give); fits {
			rc.c.checkKeyList(s.Key.At, textWidth(s.Key), l.in, from.shape)
		}
	}
	l.about = rc.bind(s, of.in(from.shape.class))
	return l
}

func (rc *routeCompiler) table(s *spec.Step) step {
	t := rc.c.project.Table(s.Lookup.Text)
	if t == nil {
		rc.c.unknown(s.Lookup, "unknown-table", "there is no table",
			spec.Names(rc.c.project.Tables, func(t *spec.Table) spec.Scalar { return t.Name }))
		rc.bind(s, anyShape)
		return nil
	}
	compiled := &tableStep{table: compileTable(t), none: s.None}
	for i, in := range t.In {
		given := rc.input(s, in)
		compiled.in = append(compiled.in, given.code)
		rc.c.checkCells(t, i, given.shape)
	}
	compiled.about = rc.bind(s, outShape(t))
	return compiled
}

func (rc *routeCompiler) input(s *spec.Step, in spec.Scalar) typed {
	for _, b := range s.Inputs {
		if b.Name.Text == in.Text {
			return rc.one(b.Expr)
		}
	}
	return broken()
}

func (rc *routeCompiler) proves(s *spec.Step) step {
	o := rc.c.object(s.Object)
	if o == nil {
		return nil
	}
	if len(s.Known) > 0 {
		rc.checkNames(s.Known, rc.c.knownAs(o.full), "ledger of "+o.full)
	}
	p := &provesStep{about: rc.about(s), object: o, known: rc.kept(s.Known), once: rc.kept(s.Once), answer: nullCode}
	if s.Answer.Text != "" {
		p.answer = rc.kept([]spec.Binding{{Expr: s.Answer}})[0].code
	}
	return p
}
