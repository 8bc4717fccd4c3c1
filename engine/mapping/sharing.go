package mapping

import (
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
	c.checkName(f.Source.As)
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
			s.c.checkName(line.Name)
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
	fields := o.spec.Fields
	for {
		name, rest, deep := strings.Cut(path, ".")
		f := engine.FieldNamed(fields, name)
		if f == nil || !deep {
			return f
		}
		fields, path = f.Fields, rest
	}
}
