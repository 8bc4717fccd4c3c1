package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// sharer checks one flow against the project's files of kind Sharing: that
// every write stands below the gates that its direction needs, that it writes
// only listed fields, and that only listed fields about a person go into it.
type sharer struct {
	c      *compiler
	source *objectType
	roots  int
}

// shareUse notes what of the sharings some flow uses, by *spec.Sharing.
type shareUse map[*spec.Sharing]map[string]bool

func (u shareUse) note(s *spec.Sharing, word string) {
	if u[s] == nil {
		u[s] = map[string]bool{}
	}
	u[s][word] = true
}

// checkSharing walks a flow's routes once more, after they were compiled.
func (c *compiler) checkSharing(f *spec.Flow, source *objectType) {
	s := &sharer{c: c, source: source}
	top := (*view)(nil).child()
	top.names["run"] = &seen{}
	top.names[f.Source.As.Text] = &seen{reach: reach{records: []reached{s.record(source, 0, true)}}}
	guards := s.steps(f.Gate, top.child(), nil)
	for _, r := range f.Routes {
		s.route(r, top, guards)
	}
}

func (s *sharer) record(o *objectType, root int, single bool) reached {
	return reached{object: o, fields: o.spec.Fields, root: root, single: single}
}

func (s *sharer) route(r *spec.Route, outer *view, guards []guard) {
	in := outer.child()
	guards = s.steps(r.Steps, in, guards)
	for i := range r.Writes {
		s.write(&r.Writes[i], in, guards)
	}
	for _, inner := range r.Routes {
		s.route(inner, in, guards)
	}
}

// steps notes what each name may be made of, and returns the guards with those of these lines.
func (s *sharer) steps(lines []spec.Step, in *view, guards []guard) []guard {
	guards = slices.Clip(guards)
	for i := range lines {
		line := &lines[i]
		if line.Kind == spec.MustStep {
			if line.Gate.Text != "" {
				s.checkRead(line, in)
				guards = append(guards, guard{line, in.child()})
			}
			continue
		}
		if line.Name.Text != "" {
			in.names[line.Name.Text] = s.named(line, in)
		}
	}
	return guards
}

// checkRead: a gate that looks at no field holds nothing back.
func (s *sharer) checkRead(line *spec.Step, in *view) {
	if len(s.c.reachOf(line.Expr, in).leaves) == 0 {
		s.c.errorAt(line.Expr.At, textWidth(line.Expr), "empty-gate", "this gate reads no field of a record, so it holds nothing back",
			"ask a field, or take gate: "+line.Gate.Text+" away")
	}
}

func (s *sharer) named(line *spec.Step, in *view) *seen {
	switch line.Kind {
	case spec.ReadStep, spec.RecallStep:
		o := s.c.objects[line.Object.Text]
		if o == nil {
			return &seen{}
		}
		s.roots++
		return &seen{reach: reach{records: []reached{s.record(o, s.roots, line.Kind == spec.ReadStep && line.Of.Text == "")}}}
	case spec.EachStep, spec.PickStep:
		return &seen{reach: s.c.reachOf(line.List, in)}
	case spec.FirstStep:
		return firstSeen(line, in)
	case spec.RuleStep, spec.MapStep:
		return &seen{reach: s.c.reachOf(line.From, in).values()}
	case spec.TableStep:
		var all reach
		for _, b := range line.Inputs {
			all = all.and(s.c.reachOf(b.Expr, in).values())
		}
		return &seen{reach: all}
	case spec.ExprStep:
		r, tree := s.c.reader(line.Expr, in)
		return &seen{reach: r.of(tree), tree: tree, from: in}
	default:
		return &seen{} // the ledger holds codes only
	}
}

// firstSeen: one name alone is another word for it.
func firstSeen(line *spec.Step, in *view) *seen {
	all := &seen{}
	for _, word := range line.Names {
		found := in.find(word.Text)
		switch {
		case found == nil:
		case len(line.Names) == 1:
			return found
		default:
			all.reach = all.and(found.reach)
		}
	}
	return all
}

// write checks one write against the sharing of its direction, and of every
// other direction from which something goes into it.
func (s *sharer) write(w *spec.Write, in *view, guards []guard) {
	o := s.c.objects[w.Object.Text]
	if o == nil {
		return
	}
	rules := w.Fields
	if m := s.c.project.Mapping(w.Mapping.Text); m != nil {
		rules, in = m.Fields, s.mappingView(m, in)
	}
	ways := []string{s.source.connection}
	leaves := s.leaves(rules, in)
	for _, l := range leaves {
		if from := l.object.connection; from != o.connection && !slices.Contains(ways, from) {
			ways = append(ways, from)
		}
	}
	for _, from := range ways {
		s.way(from, w, o, leaves, guards)
	}
	if sharing := s.c.project.Sharing(s.source.connection, o.connection); sharing != nil {
		at := ""
		if w.Row.Text != "" {
			at = w.Row.Text
		}
		s.checkWritten(sharing, o, at, rules)
	}
}

// way checks one direction of a write.
func (s *sharer) way(from string, w *spec.Write, o *objectType, leaves []leaf, guards []guard) {
	sharing := s.c.project.Sharing(from, o.connection)
	if sharing == nil {
		s.c.errorAt(w.Object.At, textWidth(w.Object), "no-sharing", fmt.Sprintf("nothing says what may go from %s to %s, so nothing may", from, o.connection),
			fmt.Sprintf("add a file that begins with kind: Sharing, from: %s, to: %s", from, o.connection))
		return
	}
	s.c.shared.note(sharing, "")
	s.checkGate(spec.ScopeGate, sharing, w, guards)
	s.checkGate(spec.ConsentGate, sharing, w, guards)
	for _, l := range leaves {
		if l.object.connection == from && from != o.connection {
			s.checkLeaf(sharing, l)
		}
	}
}

// checkGate looks for the gates of one kind above a write.
func (s *sharer) checkGate(kind string, sharing *spec.Sharing, w *spec.Write, guards []guard) {
	needed := sharing.Needed(kind)
	if len(needed.Needs) == 0 {
		return
	}
	guards = slices.DeleteFunc(slices.Clone(guards), func(g guard) bool { return g.step.Gate.Text != kind })
	if len(guards) == 0 {
		s.c.errorAt(w.Object.At, textWidth(w.Object), "no-gate", fmt.Sprintf("this is written without asking for %s: no line above it has gate: %s", kind, kind),
			fmt.Sprintf("add a line with must:, else: block, say: and gate: %s that asks %s", kind, joinedPaths(needed.Needs)))
		return
	}
	for _, need := range needed.Needs {
		s.checkShut(kind, sharing, need, needed.Or, guards)
	}
}

// checkShut wants one of the guards to stay shut in every world in which the needed field does not say yes.
func (s *sharer) checkShut(kind string, sharing *spec.Sharing, need spec.Scalar, or []spec.Scalar, guards []guard) {
	for _, world := range s.worlds(kind, []spec.Scalar{need}, or) {
		if slices.ContainsFunc(guards, func(g guard) bool { return g.shut(s.c, world) }) {
			continue
		}
		last := guards[len(guards)-1].step
		s.c.errorAt(last.Expr.At, textWidth(last.Expr), "open-gate", fmt.Sprintf("this gate: %s can open although %s", kind, world.tell(need)),
			fmt.Sprintf("%s:%d says that this field is needed: ask for it with == and join it with and", sharing.At.File, need.At.Line))
		return
	}
}

// tell words what a world supposes of the needed field.
func (w *supposed) tell(need spec.Scalar) string {
	v := w.fields[need.Text]
	switch {
	case w.gone != nil:
		return "there is no " + w.gone.full
	case !v.given():
		return need.Text + " is not filled in"
	case v.kind == truth:
		return need.Text + " is false"
	default:
		return need.Text + " has a value that it does not name"
	}
}

func joinedPaths(list []spec.Scalar) string {
	return strings.Join(spec.Texts(list), " and ")
}

// checkLeaf: a field about a person leaves only when it is listed, and only of the record that was asked.
func (s *sharer) checkLeaf(sharing *spec.Sharing, l leaf) {
	if listed(sharing.Leaves, l.object, l.path) {
		s.c.shared.note(sharing, "leave "+l.name())
	} else if !shown(l.class) {
		s.c.errorAt(l.at, l.width, "may-not-leave", fmt.Sprintf("%s is about a person and may not go from %s to %s", l.name(), sharing.From.Text, sharing.To.Text),
			"list it under may_leave in "+sharing.At.File+" when it may")
	}
	asks := func(need spec.Scalar) bool { return s.objectOf(need) == l.object }
	if !shown(l.class) && l.object == s.source && l.root != 0 && slices.ContainsFunc(sharing.Consent.Needs, asks) {
		s.c.errorAt(l.at, l.width, "unconsented", fmt.Sprintf("this is of another %s than the one that was asked for consent", l.object.full),
			"take it from the record that the flow reads")
	}
}

func listed(all []spec.SharedFields, o *objectType, path string) bool {
	field, _, deep := strings.Cut(path, ".")
	for _, shared := range all {
		if shared.Object.Text != o.full {
			continue
		}
		for _, f := range shared.Fields {
			if f.Text == path || deep && f.Text == field {
				return true
			}
		}
	}
	return false
}

// checkWritten: only listed fields are written. at is the field whose rows these are; "" for the record itself.
func (s *sharer) checkWritten(sharing *spec.Sharing, o *objectType, at string, rules []*spec.FieldRule) {
	for _, r := range rules {
		path := within(at, r.Name.Text)
		if r.One != nil {
			s.checkWritten(sharing, o, path, r.One)
			continue
		}
		if listed(sharing.Writes, o, path) {
			s.c.shared.note(sharing, "write "+o.full+"."+path)
			continue
		}
		if s.fieldAt(o, path) == nil {
			continue // there is no such field: that has been said
		}
		s.c.errorAt(r.Name.At, textWidth(r.Name), "may-not-write", fmt.Sprintf("%s.%s may not be written from %s", o.full, path, sharing.From.Text),
			"list it under may_write in "+sharing.At.File+" when it may")
	}
}

func (s *sharer) mappingView(m *spec.Mapping, outer *view) *view {
	in := (*view)(nil).child()
	in.names["run"] = &seen{}
	for _, word := range m.Uses {
		if found := outer.find(word.Text); found != nil {
			in.names[word.Text] = found
		}
	}
	return in
}

// leaves lists the fields that go into a document.
func (s *sharer) leaves(rules []*spec.FieldRule, in *view) []leaf {
	var all []leaf
	for _, r := range rules {
		for _, src := range append(slices.Clone(r.From), r.Expr) {
			all = append(all, s.c.reachOf(src, in).spread(src.At, textWidth(src))...)
		}
		all = append(all, s.leaves(r.One, in)...)
		if r.List != nil {
			all = append(all, s.leaves([]*spec.FieldRule{r.List}, in)...)
		}
	}
	return all
}

// objectOf is the object of "connection.object.field"; nil when there is none, which Load has reported.
func (s *sharer) objectOf(path spec.Scalar) *objectType {
	parts := strings.SplitN(path.Text, ".", 3)
	if len(parts) < 3 {
		return nil
	}
	return s.c.objects[parts[0]+"."+parts[1]]
}

func (s *sharer) fieldOf(path spec.Scalar) *engine.Field {
	o := s.objectOf(path)
	if o == nil {
		return nil
	}
	return s.fieldAt(o, strings.SplitN(path.Text, ".", 3)[2])
}

// fieldAt finds "field" or "field.column".
func (s *sharer) fieldAt(o *objectType, path string) *engine.Field {
	name, column, deep := strings.Cut(path, ".")
	f := engine.FieldNamed(o.spec.Fields, name)
	if f == nil || !deep {
		return f
	}
	return engine.FieldNamed(f.Fields, column)
}

// unusedShares warns of what is allowed and nobody does: a list that says more than is true is no safeguard.
func (c *compiler) unusedShares() {
	for _, s := range c.project.Sharings {
		used, ok := c.shared[s]
		if !ok {
			c.warnAt(s.From.At, textWidth(s.From), "unused-sharing", fmt.Sprintf("no flow writes from %s to %s", s.From.Text, s.To.Text), "delete this file")
			continue
		}
		c.unusedFields(s.Leaves, used, "leave", "nothing takes %s along")
		c.unusedFields(s.Writes, used, "write", "nothing writes %s")
	}
}

func (c *compiler) unusedFields(all []spec.SharedFields, used map[string]bool, way, message string) {
	for _, shared := range all {
		for _, f := range shared.Fields {
			name := shared.Object.Text + "." + f.Text
			inside := func(word string) bool { return strings.HasPrefix(word, way+" "+name+".") }
			if !used[way+" "+name] && !slices.ContainsFunc(slices.Sorted(maps.Keys(used)), inside) {
				c.warnAt(f.At, textWidth(f), "unused-sharing", fmt.Sprintf(message, name), "remove it from the list")
			}
		}
	}
}
