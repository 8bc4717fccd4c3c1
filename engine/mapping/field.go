package mapping

import (
	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// fieldRule is a compiled rule for one target field.
type fieldRule struct {
	name      string
	field     *engine.Field // never nil
	value     code          // nil with one and list
	one       []*fieldRule
	list      *fieldRule
	in        *lookup      // may be nil
	keyed     engine.Class // of what is looked up
	visible   bool         // a value without an entry may stand in a reason
	missing   spec.Otherwise
	byDefault value
	filler    *value // of the rule, or else of its mapping; nil: leave the field out
	own       bool   // filler is the rule's own
	policy    spec.Policy
	conflict  spec.Conflict // "" when the source wins
	clear     bool
	required  bool
	warn      string
	code      string
	place     string
	spec      *spec.FieldRule
	inputs    []input
}

func (r *fieldRule) reason(text string) engine.Reason {
	return engine.Reason{Code: r.code, Text: text, Place: r.place}
}

// setting is one field that will be written.
type setting struct {
	rule  *fieldRule
	value value // null clears
	old   value
}

// fill evaluates a write's fields against what is there now; null is nothing
// there. It gives what must be written, or why the item cannot be.
func (d *decision) fill(w *write, now value, known agreement, notes *[]engine.Reason) (contents, *engine.Reason) {
	c := contents{settings: make([]setting, 0, len(w.fields))}
	for _, rule := range w.fields {
		if rule == w.key {
			continue
		}
		old := now.member(rule.name)
		if now.given() && !rule.wanted(old) {
			d.keeps(rule, old)
			continue
		}
		v, filled, wrong := rule.eval(d, notes)
		if d.broken != nil || wrong != nil {
			d.applied(rule, old, !now.given(), settled{wrong: wrong})
			return c, wrong
		}
		wrong, write := rule.decide(v, old, !now.given(), filled)
		kept := len(c.kept)
		if wrong == nil && rule.conflict != "" {
			wrong, write = known.contend(w, rule, v, old, write, !now.given(), &c)
		}
		d.applied(rule, old, !now.given(), settled{v, filled, write, wrong, c.kept[kept:]})
		if wrong != nil {
			return c, wrong
		}
		if write {
			c.settings = append(c.settings, setting{rule, v, old})
		}
	}
	return c, nil
}

// wanted says whether the rule's policy lets it change what is there.
func (r *fieldRule) wanted(old value) bool {
	switch r.policy {
	case spec.OnCreate:
		return false
	case spec.IfEmpty:
		return old.blank()
	default:
		return true
	}
}

// decide says whether a value is written. What is blank in the source never
// changes what is there, unless the rule clears: a filler fills only what is
// empty. In something new a blank value stands only where the spec put it.
func (r *fieldRule) decide(v, old value, fresh, filled bool) (wrong *engine.Reason, write bool) {
	switch {
	case fresh && v.blank() && !filled && r.field.Required:
		reason := r.reason("the field " + r.name + " is needed and has no value")
		return &reason, false
	case fresh:
		return nil, v.given() && (filled || !v.blank())
	case v.blank():
		return nil, r.clear && !old.blank()
	case filled && !old.blank():
		return nil, false
	default:
		return nil, !r.same(old, v)
	}
}

// same compares as the field's type means it: instants by moment, all else as JSON.
func (r *fieldRule) same(old, v value) bool {
	if same(old, v) {
		return true
	}
	if r.field.Type != engine.Instant || old.kind != text || v.kind != text {
		return false
	}
	a, ok1 := parseInstant(old.text)
	b, ok2 := parseInstant(v.text)
	return ok1 && ok2 && a.Equal(b)
}

// eval gives the rule's value, null to leave the field out; filled says that
// the spec put it there for want of a value.
func (r *fieldRule) eval(d *decision, notes *[]engine.Reason) (v value, filled bool, wrong *engine.Reason) {
	switch {
	case r.one != nil:
		v, wrong = r.evalOne(d, notes)
	case r.list != nil:
		v, wrong = r.evalList(d, notes)
	default:
		v = r.value(&d.frame)
	}
	if wrong != nil || d.broken != nil {
		return value{}, false, wrong
	}
	if r.in != nil && !v.blank() {
		if v, wrong = r.mapped(d, v, notes); wrong != nil || !v.given() && !r.required {
			return value{}, false, wrong
		}
	}
	if !v.blank() {
		return v, false, r.misfit(v)
	}
	return r.filled(notes)
}

// misfit refuses a list or a record where the field takes one value, and one value where it takes a list. Only a record
// that differs from its catalogue brings them, and a target may drop them in silence.
func (r *fieldRule) misfit(v value) *engine.Reason {
	takes := formOf(r.field.Type)
	if takes == anything || v.kind != object && (takes == listForm) == (v.kind == list) {
		return nil
	}
	reason := r.reason("the field " + r.name + " takes " + takes.String() + ", and this is " + v.kind.String() + ": " + offType)
	return &reason
}

// mapped looks the value up.
func (r *fieldRule) mapped(d *decision, v value, notes *[]engine.Reason) (value, *engine.Reason) {
	found := d.lookUp(r.in, v, r.keyed)
	if found.given() {
		return found, nil
	}
	reason := engine.Reason{Code: "unmapped", Place: r.place, Text: r.warn}
	if reason.Text == "" {
		reason.Text = "the field " + r.name + " got a value that has no entry"
	}
	if r.visible {
		reason.Value = plainText(v)
	}
	switch r.missing {
	case spec.OmitIt:
		*notes = append((*notes)[:len(*notes):len(*notes)], reason)
		return value{}, nil
	case spec.UseDefault:
		*notes = append((*notes)[:len(*notes):len(*notes)], reason)
		return r.byDefault, nil
	default:
		reason.Code = r.code
		return value{}, &reason
	}
}

// filled is what stands in for a blank value.
func (r *fieldRule) filled(notes *[]engine.Reason) (value, bool, *engine.Reason) {
	if r.required && !r.own {
		reason := r.reason("the field " + r.name + " is required and has no value")
		return value{}, false, &reason
	}
	if r.filler == nil {
		return value{}, false, nil
	}
	if r.warn != "" {
		*notes = append((*notes)[:len(*notes):len(*notes)], engine.Reason{Code: r.code, Text: r.warn, Place: r.place})
	}
	return *r.filler, true, nil
}

// evalOne gives a list of exactly one object.
func (r *fieldRule) evalOne(d *decision, notes *[]engine.Reason) (value, *engine.Reason) {
	var keys []string
	var items []value
	for _, inner := range r.one {
		v, filled, wrong := inner.eval(d, notes)
		if wrong != nil {
			return value{}, wrong
		}
		if v.given() && (filled || !v.blank()) {
			keys, items = append(keys, inner.name), append(items, v)
		}
	}
	if len(keys) == 0 {
		return value{}, nil
	}
	return listValue([]value{objectValue(keys, items)}), nil
}

// evalList gives a list of exactly one value, or none.
func (r *fieldRule) evalList(d *decision, notes *[]engine.Reason) (value, *engine.Reason) {
	v, _, wrong := r.list.eval(d, notes)
	if wrong != nil || v.blank() {
		return value{}, wrong
	}
	return listValue([]value{v}), nil
}
