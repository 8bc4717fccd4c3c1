package spec

import (
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
)

// checkReferences looks up every name that one file uses of another. It runs
// before snippets are expanded, so that each line is looked at once.
func (b *builder) checkReferences() {
	for _, run := range b.project.Schedule.Run {
		b.refer(run, "flow", b.names("flow"))
	}
	for _, r := range b.project.Recall {
		b.checkRecall(r)
	}
	for _, f := range b.project.Flows {
		b.checkFlow(f)
	}
	for _, s := range b.project.Snippets {
		b.checkSnippet(s)
	}
	for _, m := range b.project.Mappings {
		b.checkMapping(m)
	}
	b.checkSharings()
	for _, s := range b.project.Suites {
		b.checkSuite(s)
	}
}

// names lists what of one kind there is.
func (b *builder) names(kind string) []string {
	var names []string
	for _, t := range b.things() {
		if t.kind == kind {
			names = append(names, t.name.Text)
		}
	}
	return names
}

// refer checks that s is one of the candidates and says whether it is.
func (b *builder) refer(s Scalar, kind string, candidates []string) bool {
	if s.Text == "" || slices.Contains(candidates, s.Text) {
		return s.Text != ""
	}
	if b.whole {
		b.meant[kind+" "+engine.Nearest(s.Text, candidates)] = true
		code := "unknown-" + strings.ReplaceAll(strings.TrimPrefix(kind, "list of "), " ", "-")
		b.faultAt(s, code, didYouMean(s.Text, candidates), "there is no %s %q", kind, s.Text)
	}
	return false
}

// object returns the object that s names, or nil after saying what is wrong.
func (b *builder) object(s Scalar) *engine.Object {
	if o := b.project.Object(s.Text); o != nil || s.Text == "" {
		return o
	}
	connection, _, ok := engine.SplitObject(s.Text)
	if !ok || b.at.Line == 0 || b.unreliable[connection] || !b.whole {
		return nil // the schema, the missing project or the unknown driver has been reported
	}
	connections := Names(b.project.Drivers, func(c ConnectionSpec) Scalar { return c.Name })
	if !slices.Contains(connections, connection) {
		s.Text = connection
		b.refer(s, "connection", connections)
		return nil
	}
	b.unknownObject(s, connection)
	return nil
}

// unknownObject compares what follows the connection alone: with it, any two objects would look alike.
func (b *builder) unknownObject(s Scalar, connection string) {
	var all, shorts []string
	for _, o := range b.project.Objects {
		if short, ok := strings.CutPrefix(o.Name, connection+"."); ok {
			all, shorts = append(all, o.Name), append(shorts, short)
		}
	}
	help := "there " + oneOf(all)
	if near := engine.Nearest(strings.TrimPrefix(s.Text, connection+"."), shorts); near != "" {
		help = didYouMean(connection+"."+near, all)
	}
	b.faultAt(s, "unknown-object", help, "there is no object %q", s.Text)
}

func (b *builder) checkRecall(r Recall) {
	o := b.object(r.Object)
	if o == nil {
		return
	}
	for _, f := range slices.Concat(r.Key, r.Keep, r.Sealed) {
		b.checkField(f, o.Name, o.Fields)
	}
	b.checkClear(r.Key, o, "tell records apart by a field of class code")
	b.checkClear(r.Keep, o, "write it under sealed, which is encrypted")
	kept := append(Texts(r.Keep), Texts(r.Sealed)...)
	for _, k := range r.Key {
		if !slices.Contains(kept, k.Text) {
			b.faultAt(k, "unknown-field", "add it to keep", "the key field %q is not kept", k.Text)
		}
	}
}

// checkClear: what the store does not encrypt must not be about a person.
func (b *builder) checkClear(fields []Scalar, o *engine.Object, instead string) {
	for _, k := range fields {
		if f := engine.FieldNamed(o.Fields, k.Text); f != nil && f.Class.Hidden() {
			b.faultAt(k, "personal-recall", instead+", or give the field class: code in the catalogue when it is about nobody", "%q is about a person and must not be kept in the clear", k.Text)
		}
	}
}

func (b *builder) checkField(s Scalar, where string, fields []engine.Field) *engine.Field {
	f := engine.FieldNamed(fields, s.Text)
	if f == nil && s.Text != "" {
		b.faultAt(s, "unknown-field", didYouMean(s.Text, fieldNames(fields)), "%s has no field %q", where, s.Text)
	}
	return f
}

func (b *builder) checkFlow(f *Flow) {
	if o := b.object(f.Source.Read); o != nil && !o.Listed {
		b.faultAt(f.Source.Read, "not-listed", "read it in a step, by a field or of its owner", "%s cannot be read by when it changed, so no flow can begin with it", o.Name)
	}
	b.checkSteps(f.Gate)
	b.checkRoutes(f.Routes, map[string]Scalar{})
}

func (b *builder) checkRoutes(routes []*Route, seen map[string]Scalar) {
	for _, r := range routes {
		if first, ok := seen[r.Name.Text]; ok && r.Name.Text != "" {
			b.faultAt(r.Name, "duplicate-name", "give one of them another name", "the route %q already stands in line %d", r.Name.Text, first.At.Line)
		}
		seen[r.Name.Text] = r.Name
		b.checkSteps(r.Steps)
		for i := range r.Writes {
			b.checkWrite(&r.Writes[i])
		}
		b.checkRoutes(r.Routes, seen)
	}
}

func (b *builder) checkSnippet(s *Snippet) {
	in := scope{}.with(s.Uses...)
	for _, step := range s.Steps {
		if step.Kind == UseStep {
			b.faultAt(step.Lookup, "nested-use", "write the steps out, or use both in the route", "steps that are written down once cannot use others")
			continue
		}
		in = b.declare(in, step.Name, step)
	}
	b.checkSteps(s.Steps)
}

func (b *builder) checkMapping(m *Mapping) {
	b.once(m.Uses, "name")
	b.rowsOf(m.To)
	b.checkFiller(m.WhenBlank)
	b.checkFieldRules(m.Fields)
}

// rowsOf checks "connection.object" or "connection.object.rows".
func (b *builder) rowsOf(to Scalar) {
	full, row := to.Text, ""
	if i := strings.LastIndexByte(full, '.'); strings.Count(full, ".") == 2 {
		full, row = full[:i], full[i+1:]
	}
	whole := to
	whole.Text = full
	o := b.object(whole)
	if o == nil || row == "" {
		return
	}
	at := to
	at.At, at.Text = to.Offset(len([]rune(full))+1), row
	b.checkRow(at, o)
}

// isMade says whether something stands for "connection.object" or "connection.object.rows".
func (b *builder) isMade(to string) bool {
	parts := strings.Split(to, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return false
	}
	o := b.project.Object(parts[0] + "." + parts[1])
	return o != nil && (len(parts) == 2 || o.Field(parts[2]) != nil)
}

// checkRow checks that a field of an object holds rows.
func (b *builder) checkRow(row Scalar, o *engine.Object) {
	f := b.checkField(row, o.Name, o.Fields)
	if f != nil && f.Type != engine.Rows {
		b.faultAt(row, "not-rows", "", "the field %q of %s holds no rows", row.Text, o.Name)
	}
}

func (b *builder) checkFieldRules(fields []*FieldRule) {
	for _, f := range fields {
		b.checkLookup(f.Map, f.Key, f.Give, "map")
		b.refer(f.Constant, "constant", b.constants())
		b.checkFiller(f.WhenBlank)
		b.checkSources(f)
		b.checkConflict(f)
		b.checkFieldRules(f.One)
		b.noConflict(f.One)
		if f.List != nil {
			b.checkFieldRules([]*FieldRule{f.List})
			b.noConflict([]*FieldRule{f.List})
		}
	}
}

// checkSources reports a field that says twice where its value comes from.
func (b *builder) checkSources(f *FieldRule) {
	var has []string
	for _, s := range []struct {
		key string
		set bool
	}{
		{"from", len(f.From) > 0}, {"expr", f.Expr.Text != ""}, {"value", f.Literal != nil || f.Constant.At.Line > 0},
		{"one", len(f.One) > 0}, {"list", f.List != nil},
	} {
		if s.set {
			has = append(has, s.key)
		}
	}
	if len(has) > 1 {
		b.faultAt(f.Name, "two-sources", "keep one of them", "the value of %q comes from %s at once", f.Name.Text, joined(has, "and"))
	}
}

// checkConflict reports a field that can never be in conflict.
func (b *builder) checkConflict(f *FieldRule) {
	if f.Conflict.Text != "" && f.Policy != OnChange && f.Policy != "" {
		b.faultAt(f.Conflict, "idle-conflict", "keep one of them", "the policy %s never replaces a value of %q in the target, so nothing can be in conflict", f.Policy, f.Name.Text)
	}
}

// noConflict reports parts of a field that want a conflict policy of their own: a field is written whole.
func (b *builder) noConflict(parts []*FieldRule) {
	for _, p := range parts {
		if p.Conflict.Text != "" {
			b.faultAt(p.Conflict, "inner-conflict", "write it at the field itself", "a field is written whole: a part of it cannot have a conflict policy of its own")
		}
	}
}

func (b *builder) constants() []string {
	return Names(b.project.Constants, func(c Constant) Scalar { return c.Name })
}

func (b *builder) checkFiller(f *Filler) {
	if f != nil {
		b.refer(f.Constant, "constant", b.constants())
	}
}

func (b *builder) checkSuite(s *Suite) {
	b.refer(s.Flow, "flow", b.names("flow"))
	b.checkRecords(s.Given)
	for _, c := range s.Cases {
		b.checkRecords(c.Given)
		b.checkRecords(c.Recalled)
		b.checkRecords(c.Linked)
		for _, e := range c.Sent {
			b.object(e.Object)
		}
		for _, e := range c.Expect {
			b.object(e.Object)
		}
	}
}

func (b *builder) checkRecords(given []GivenRecords) {
	for _, g := range given {
		b.object(g.Object)
	}
}
