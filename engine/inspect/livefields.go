package inspect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// fields compares the fields of every object that the system tells about, and the lists they choose from.
func (l *looking) fields() {
	is := map[string]engine.SetField{}
	told := map[string]bool{}
	for _, f := range l.setup.Fields {
		is[f.Object+"."+f.Name] = f
		told[f.Object] = true
	}
	compared := map[string]bool{}
	for i := range l.project.Objects {
		o := &l.project.Objects[i]
		connection, object, _ := engine.SplitObject(o.Name)
		if connection != l.setup.Connection || !told[object] {
			continue
		}
		var fixed []engine.Field
		if own := ownObject(l.setup.Own, object); own != nil {
			fixed = own.Fields
		}
		(&fielding{looking: l, fixed: fixed, is: is, compared: compared}).compare(o.Name, object, "", o.Fields)
	}
}

// fielding compares the fields of one object.
type fielding struct {
	*looking
	fixed    []engine.Field // what the driver knows without asking
	is       map[string]engine.SetField
	compared map[string]bool // pairs of lists
}

// compare compares fields, or the columns of rows. full and prefix name where they are, in the specs and in is;
// key is the column that tells rows apart.
func (l *fielding) compare(full, prefix, key string, fields []engine.Field) {
	for _, f := range fields {
		have, ok := l.is[prefix+"."+f.Name]
		own := engine.FieldNamed(l.fixed, f.Name)
		if !ok && (own != nil || f.Name == key) {
			continue // the system itself has it; it stands on no form
		}
		at := l.project.FieldsAt[full+"."+f.Name]
		l.tally["field"]++
		if !ok {
			l.say(engine.Error, "field-gone", at, len(f.Name), "put it on a form there again, or take it out of the catalogue and of the rules that use it",
				"%s has no field %s.%s", l.setup.Connection, prefix, f.Name)
			continue
		}
		l.field(have, f, own != nil, at)
		l.list(have, f, at, l.compared)
		if f.Type == engine.Rows && have.Type == engine.Rows {
			columns := fielding{looking: l.looking, is: l.is, compared: l.compared}
			if own != nil {
				columns.fixed = own.Fields
			}
			columns.compare(full+"."+f.Name, prefix+"."+f.Name, f.RowKey, f.Fields)
		}
	}
}

func (l *looking) field(have engine.SetField, f engine.Field, fixed bool, at engine.Pos) {
	name := have.Object + "." + have.Name
	if !alike(f.Type, have.Type) {
		l.say(engine.Error, "field-type", at, len(f.Name), fmt.Sprintf("write type: %s, and look at the rules that use it", have.Type),
			"the field %s is of type %s in %s, and %s in the specs", name, have.Type, l.setup.Connection, f.Type)
	}
	switch {
	case have.Barred && !fixed:
		l.say(engine.Error, "not-permitted", at, len(f.Name), "give the role of this connection's user the form that the field stands on",
			"the connection's user may not see the field %s of %s", name, l.setup.Connection)
	case have.Hidden && !fixed:
		l.say(engine.Warning, "field-hidden", at, len(f.Name), "nobody can fill it in or see it: show it there again, or take it out of the specs",
			"the field %s is switched off in %s", name, l.setup.Connection)
	}
}

// alike says whether a value of one type is one of the other: a catalogue may leave an option list out.
func alike(said, have engine.Type) bool {
	if said == have || said == engine.Any || have == engine.Any {
		return true
	}
	return said == engine.Text && have == engine.CodeOne || said == engine.Texts && have == engine.CodeMany ||
		said == engine.Number && have == engine.Integer
}

// list compares the options of one field with its code list, each pair once.
func (l *looking) list(have engine.SetField, f engine.Field, at engine.Pos, compared map[string]bool) {
	said := l.project.CodeList(f.Codes)
	pair := f.Codes + " " + have.List
	if said == nil || compared[pair] {
		return
	}
	compared[pair] = true
	i := slices.IndexFunc(l.setup.Lists, func(s engine.SetList) bool { return s.Name == have.List })
	if i < 0 {
		if alike(f.Type, have.Type) {
			l.say(engine.Warning, "not-checked", at, len(f.Name), "check by hand that both have the same options",
				"could not check the options of %s.%s: %s does not list them", have.Object, have.Name, l.setup.Connection)
		}
		return
	}
	l.options(said, l.setup.Lists[i])
}

func (l *looking) options(said *spec.CodeList, have engine.SetList) {
	is := byCode(have.Codes)
	for _, c := range said.Codes {
		l.tally["code"]++
		at, also := l.placeOf(said, c.Code)
		switch code, ok := is[c.Code.Text]; {
		case !ok:
			help := fmt.Sprintf("add it there again, or take it out here%s", also)
			if near := engine.Nearest(c.Code.Text, codesIn(is)); near != "" && !said.Has(near) {
				help = fmt.Sprintf("did you mean %q? Else %s", near, help)
			}
			l.sayAt(engine.Error, "code-gone", at, help, "%s does not have the option %q in %s", l.setup.Connection, c.Code.Text, have.Name)
		case code.Disabled:
			l.sayAt(engine.Warning, "code-disabled", at, "switch it on there, or take it out here"+also, "the option %q of %s is switched off in %s", c.Code.Text, have.Name, l.setup.Connection)
		}
	}
	l.unmapped(said, have)
}

// placeOf is where a code does its work: the first row of a map that has it, else its line in the catalogue.
func (l *looking) placeOf(list *spec.CodeList, code spec.Scalar) (at spec.Scalar, also string) {
	for _, m := range l.project.Maps {
		for i, c := range m.Columns {
			if c.Codes.Text != list.Name {
				continue
			}
			for _, row := range m.Rows {
				if row.Cells[i].Text == code.Text {
					return row.Cells[i], fmt.Sprintf(" and in %s:%d", code.At.File, code.At.Line)
				}
			}
		}
	}
	return code, ""
}

// unmapped reports options that the catalogue does not have: a warning where a map must have a row for every code
// of the list, else a note, because a catalogue may name only what its rules use.
func (l *looking) unmapped(said *spec.CodeList, have engine.SetList) {
	severity, help, at := Note, "nothing to do, unless the rules should use it", said.At
	for _, m := range l.project.Maps {
		for _, c := range m.Columns {
			if c.Complete && c.Codes.Text == said.Name {
				severity, at = engine.Warning, m.At
				help = fmt.Sprintf("add it to the code list %s, and to map %s a row or an exception", said.Name, m.Name.Text)
			}
		}
	}
	for _, code := range have.Codes {
		if said.Has(code.Code) || code.Disabled {
			continue
		}
		label := ""
		if code.Label != "" && code.Label != code.Code {
			label = " (" + code.Label + ")"
		}
		l.say(severity, "code-unmapped", at, 1, help, "%s has the option %q%s in %s, and the specs do not know it", l.setup.Connection, code.Code, label, have.Name)
	}
}

// rights compares what the flows do with what the account may do.
func (l *looking) rights() {
	for _, f := range l.project.Flows {
		if r := l.rightsOn(f.Source.Read); r != nil && !r.Read {
			l.barred(f.Source.Read, "read")
		}
		l.routes(f.Routes)
	}
}

func (l *looking) routes(routes []*spec.Route) {
	for _, route := range routes {
		for _, w := range route.Writes {
			r := l.rightsOn(w.Object)
			for _, verb := range verbs(w.Verb.Text) {
				if r != nil && !slices.Contains(r.Verbs, verb) {
					l.barred(w.Object, string(verb))
				}
			}
			l.written(w)
		}
		l.routes(route.Routes)
	}
}

// written reports the fields that a write sets and that the account may not change; rows as a whole, where that is
// true of them all.
func (l *looking) written(w spec.Write) {
	object, ok := strings.CutPrefix(w.Object.Text, l.setup.Connection+".")
	if !ok {
		return
	}
	if w.Row.Text != "" && l.isReadOnly(object, w.Row.Text) {
		l.unchangeable(object+"."+w.Row.Text, w.Row)
		return
	}
	rules, prefix := w.Fields, ""
	if m := l.project.Mapping(w.Mapping.Text); m != nil {
		rules = m.Fields
	}
	if w.Row.Text != "" {
		prefix = w.Row.Text + "."
	}
	for _, rule := range rules {
		if name := prefix + rule.Name.Text; l.isReadOnly(object, name) {
			l.unchangeable(object+"."+name, rule.Name)
		}
	}
}

// isReadOnly says whether a field may be read and not changed, or not even be read where the driver has it by itself:
// of other fields that is said where they are described.
func (l *looking) isReadOnly(object, name string) bool {
	i := slices.IndexFunc(l.setup.Fields, func(f engine.SetField) bool { return f.Object == object && f.Name == name })
	if i < 0 || !l.setup.Fields[i].ReadOnly {
		return false
	}
	own := ownObject(l.setup.Own, object)
	return !l.setup.Fields[i].Barred || own != nil && engine.FieldNamed(own.Fields, name) != nil
}

func (l *looking) unchangeable(field string, at spec.Scalar) {
	l.sayAt(engine.Error, "not-permitted", at, "let the role of this connection's user change the form that the field stands on: until then what is written to it is lost",
		"the connection's user may not change the field %s of %s", field, l.setup.Connection)
}

func verbs(word string) []engine.Verb {
	if word == "upsert" {
		return []engine.Verb{engine.CreateVerb, engine.UpdateVerb}
	}
	return []engine.Verb{engine.Verb(word)}
}

// rightsOn returns what the system told about the rights on an object, or nil.
func (l *looking) rightsOn(object spec.Scalar) *engine.SetRights {
	name, ok := strings.CutPrefix(object.Text, l.setup.Connection+".")
	for i := range l.setup.Rights {
		if r := &l.setup.Rights[i]; ok && r.Object == name {
			return r
		}
	}
	return nil
}

func (l *looking) barred(object spec.Scalar, verb string) {
	l.sayAt(engine.Error, "not-permitted", object, "give the role of this connection's user that right", "the connection's user may not %s %s", verb, object.Text)
}
