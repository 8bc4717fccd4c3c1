package mapping

import (
	"fmt"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// write compiles one write; nil after a finding that leaves nothing to compile.
func (rc *routeCompiler) write(w *spec.Write) *write {
	o := rc.c.object(w.Object)
	if o == nil {
		return nil
	}
	compiled := &write{verb: w.Verb, object: o, spec: w, await: w.Await, verify: spec.Texts(w.Verify),
		known: rc.kept(w.Known), code: rc.name, place: w.At.String()}
	compiled.keyed = rc.c.collect(func() { compiled.once = rc.kept(w.Once) })
	compiled.inputs = rc.c.collect(func() { compiled.onlyIf = rc.optional(w.OnlyIf) })
	rc.target(w, o, compiled)
	to := target{connection: o.connection, label: o.full, fields: o.spec.Fields, fresh: compiled.may(), part: rc.name}
	if w.Row.Text != "" && !rc.row(w, compiled, &to) {
		return nil
	}
	rc.fields(w, compiled, to)
	for _, word := range w.Verify {
		rc.c.use(o.full, word.Text)
	}
	return compiled
}

// target finds the record that an update or an upsert is about.
func (rc *routeCompiler) target(w *spec.Write, o *objectType, compiled *write) {
	if w.Target.Text == "" {
		if w.Verb.Text == string(engine.UpdateVerb) || w.Verb.Text == "upsert" {
			rc.c.errorAt(w.Verb.At, textWidth(w.Verb), "no-target", fmt.Sprintf("%s needs a target", w.Verb.Text), "name the record with `target`")
		}
		return
	}
	found, ok := rc.scope.find(w.Target.Text)
	switch {
	case !ok:
		rc.c.unknown(w.Target, "unknown-name", "there is no name", rc.scope.words())
		return
	case found.shape.object != o || found.shape.form != recordForm:
		rc.c.errorAt(w.Target.At, textWidth(w.Target), "wrong-target", fmt.Sprintf("%q is no record of %s", w.Target.Text, o.full), "")
	}
	compiled.target, compiled.named = slot(found).code, w.Target.Text
}

// row prepares the write of one row of a field.
func (rc *routeCompiler) row(w *spec.Write, compiled *write, to *target) bool {
	field := engine.FieldNamed(to.fields, w.Row.Text)
	switch {
	case field == nil:
		rc.c.unknown(w.Row, "unknown-field", to.label+" has no field", fieldNames(to.fields))
		return false
	case field.Type != engine.Rows || field.RowKey == "":
		rc.c.errorAt(w.Row.At, textWidth(w.Row), "no-rows", fmt.Sprintf("the field %q of %s has no rows that can be told apart", field.Name, to.label), "")
		return false
	case field.ReadOnly:
		rc.c.errorAt(w.Row.At, textWidth(w.Row), "read-only", fmt.Sprintf("%s never takes the field %q", to.label, field.Name), "")
	}
	if w.Target.Text == "" {
		rc.c.errorAt(w.Row.At, textWidth(w.Row), "no-target", "a row needs the record that it is in", "name the record with `target`")
	}
	rc.c.use(compiled.object.full, field.Name)
	compiled.row, to.fields, to.label = field, field.Fields, to.label+"."+field.Name
	if w.Current.Text == "" {
		return true
	}
	found, ok := rc.scope.find(w.Current.Text)
	if !ok {
		rc.c.unknown(w.Current, "unknown-name", "there is no name", rc.scope.words())
		return false
	}
	compiled.current = slot(found).code
	return true
}

// fields compiles the rules of the write, from its mapping or in place.
func (rc *routeCompiler) fields(w *spec.Write, compiled *write, to target) {
	rules, in := w.Fields, rc.scope
	to.filler = w.WhenBlank
	if w.Mapping.Text != "" {
		m := rc.c.project.Mapping(w.Mapping.Text)
		if m == nil {
			rc.c.unknown(w.Mapping, "unknown-mapping", "there is no mapping",
				spec.Names(rc.c.project.Mappings, func(m *spec.Mapping) spec.Scalar { return m.Name }))
			return
		}
		rules, in, to.filler = m.Fields, rc.mappingScope(m, w), m.WhenBlank
	}
	for _, r := range rules {
		if fr := rc.c.fieldRule(r, to, in); fr != nil {
			compiled.fields = append(compiled.fields, fr)
			rc.useCompared(compiled, fr)
			rc.contend(compiled, fr, r)
		}
	}
	rc.checkRequired(w, compiled, to)
}

// useCompared: what is compared must be read.
func (rc *routeCompiler) useCompared(w *write, r *fieldRule) {
	switch {
	case w.row != nil && r.name == w.row.RowKey:
		w.key = r
	case w.row == nil && w.target != nil && r.policy != spec.OnCreate:
		rc.c.use(w.object.full, r.name)
	}
}

// mappingScope lets a mapping see the names it uses, and run.
func (rc *routeCompiler) mappingScope(m *spec.Mapping, w *spec.Write) *scope {
	in := &scope{names: map[string]name{}}
	in.names["run"], _ = rc.scope.find("run")
	for _, word := range m.Uses {
		found, ok := rc.scope.find(word.Text)
		if !ok {
			rc.c.errorAt(w.Mapping.At, textWidth(w.Mapping), "unknown-name",
				fmt.Sprintf("the mapping %s uses %q, which has no meaning here", m.Name.Text, word.Text), suggest(word.Text, rc.scope.words()))
			found = name{slot: rc.c.newSlot(), shape: anyShape}
		}
		in.names[word.Text] = found
	}
	return in
}

// checkRequired finds the fields that the system wants and no rule gives.
func (rc *routeCompiler) checkRequired(w *spec.Write, compiled *write, to target) {
	if compiled.row != nil && compiled.key == nil {
		rc.c.errorAt(w.Row.At, textWidth(w.Row), "no-key", fmt.Sprintf("no rule gives the row's %q", compiled.row.RowKey), "")
		compiled.key = &fieldRule{name: compiled.row.RowKey, field: &engine.Field{}, value: nullCode}
	}
	if !to.fresh {
		return
	}
	for i := range to.fields {
		f := &to.fields[i]
		if f.Required && !slices.ContainsFunc(compiled.fields, func(r *fieldRule) bool { return r.name == f.Name }) {
			rc.c.errorAt(w.At, 1, "missing-field", fmt.Sprintf("%s needs the field %q, and no rule gives it", to.label, f.Name), "")
		}
	}
}

func fieldNames(fields []engine.Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// kept compiles the keys of a send, or of the proof that it arrived. They are stored in the clear and shown to operators, so none may be about a person.
func (rc *routeCompiler) kept(of []spec.Binding) []binding {
	for _, b := range of {
		if t := rc.c.expression(b.Expr, rc.scope); !shown(t.shape.class) {
			rc.c.errorAt(b.Expr.At, textWidth(b.Expr), "personal-key", "the ledger keeps this in the clear, and it is about a person", "take a field of class code or public")
		}
	}
	return rc.bindings(of)
}
