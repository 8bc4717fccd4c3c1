package mapping

import (
	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// startWrite notes a write that is decided; its fields follow.
func (d *decision) startWrite(w *write, it *item, target value, left string) {
	if d.trace == nil {
		return
	}
	t := TracedWrite{Route: it.route.name, Item: it.label, Write: w.spec, Object: w.object.full, Fresh: !target.given(), Left: left, Inputs: d.evaluated(w.inputs)}
	if r := target.record(); r != nil {
		t.Target = r.ID
	}
	d.trace.Writes = append(d.trace.Writes, t)
}

// leave says why the write under way has nothing to do.
func (d *decision) leave(why string) {
	if d.trace != nil {
		d.trace.Writes[len(d.trace.Writes)-1].Left = why
	}
}

// inRow says of the write under way which row it is about.
func (d *decision) inRow(w *write, key, current value) {
	if d.trace == nil {
		return
	}
	t := &d.trace.Writes[len(d.trace.Writes)-1]
	t.Row, t.Fresh = w.row.Name+"["+rowDraft{w: w, key: key}.label(0)+"]", !current.given()
	if t.Fresh {
		d.noteField(w.key, t, FieldSet, key, value{})
	}
}

// applied notes what became of one field of the write under way.
func (d *decision) applied(r *fieldRule, old value, fresh bool, s settled) {
	if d.trace == nil {
		return
	}
	t := &d.trace.Writes[len(d.trace.Writes)-1]
	f := d.noteField(r, t, s.result(r, old, fresh), s.v, old)
	f.Filled = s.filled
	switch {
	case s.wrong != nil:
		f.Reason = *s.wrong
	case len(s.kept) > 0:
		f.Result, f.Reason = FieldKept, s.kept[0]
	}
	if r.one != nil {
		d.noteInside(r, t, f.Result)
	}
}

// settled is what a rule came to.
type settled struct {
	v      value
	filled bool
	write  bool
	wrong  *engine.Reason
	kept   []engine.Reason // why the target's value stays
}

func (s settled) result(r *fieldRule, old value, fresh bool) FieldResult {
	switch {
	case s.wrong != nil:
		return FieldRefused
	case s.write:
		return FieldSet
	case s.v.blank() || fresh:
		return FieldBlank
	case s.filled && !old.blank():
		return FieldFillerOnly
	default:
		return FieldSame
	}
}

// keeps notes a field that its policy leaves as it is, and what its rule would have given.
func (d *decision) keeps(r *fieldRule, old value) {
	if d.trace == nil {
		return
	}
	result := FieldOnCreate
	if r.policy == spec.IfEmpty {
		result = FieldIfEmpty
	}
	d.trace.lookups = nil
	v := d.wouldGive(r)
	d.noteField(r, &d.trace.Writes[len(d.trace.Writes)-1], result, v, old)
}

// wouldGive evaluates a rule for the trace alone: nothing that it says or breaks counts.
func (d *decision) wouldGive(r *fieldRule) value {
	broken, visits := d.broken, d.visits
	var notes []engine.Reason
	v, _, _ := r.eval(d, &notes)
	d.broken, d.visits = broken, visits
	return v
}

// noteInside notes the fields of the one object that a rule makes.
func (d *decision) noteInside(r *fieldRule, t *TracedWrite, result FieldResult) {
	for _, inner := range r.one {
		d.trace.lookups = nil
		v := d.wouldGive(inner)
		f := d.noteField(inner, t, result, v, value{})
		f.Path = r.name + "[0]." + inner.name
	}
}

func (d *decision) noteField(r *fieldRule, t *TracedWrite, result FieldResult, v, old value) *TracedField {
	of := r
	if r.list != nil {
		of = r.list
	}
	f := TracedField{Path: r.name, Rule: r.spec, Class: fieldClass(r.field), Result: result, Wanted: bodyOf(v), Current: bodyOf(old),
		Inputs: d.evaluated(of.inputs), Lookups: d.trace.lookups}
	if t.Row != "" {
		f.Path = t.Row + "." + r.name
	}
	d.trace.lookups = nil
	t.Fields = append(t.Fields, f)
	return &t.Fields[len(t.Fields)-1]
}
