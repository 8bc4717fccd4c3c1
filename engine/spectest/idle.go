package spectest

import (
	"cmp"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// places are the rules that have spoken in some case, as "file:line:column".
type places map[string]bool

func (s places) add(c engine.Change) {
	s[c.Reason.Place] = true
	for _, n := range c.Notes {
		s[n.Place] = true
	}
	for _, f := range c.Fields {
		s[f.Rule] = true
	}
}

// idle lists the rules of all flows that have not spoken, sorted by place.
func (s places) idle(p *spec.Project) []Idle {
	a := audit{project: p, seen: s, listed: places{}}
	for _, f := range p.Flows {
		a.steps(f.Gate, "the gate of "+f.Name.Text)
		for _, r := range f.Routes {
			a.route(r, f.Name.Text)
		}
	}
	slices.SortFunc(a.found, func(x, y Idle) int {
		return cmp.Or(cmp.Compare(x.At.File, y.At.File), cmp.Compare(x.At.Line, y.At.Line), cmp.Compare(x.At.Column, y.At.Column))
	})
	return a.found
}

// audit goes over the rules of a project.
type audit struct {
	project *spec.Project
	seen    places
	listed  places // shared steps and mappings are listed once
	found   []Idle
}

func (a *audit) route(r *spec.Route, in string) {
	in += "/" + r.Name.Text
	a.steps(r.Steps, in)
	for i := range r.Writes {
		w := &r.Writes[i]
		a.fields(w.Fields, w.Row.Text != "", in)
		for _, m := range a.project.Mappings {
			if m.Name.Text == w.Mapping.Text {
				a.fields(m.Fields, w.Row.Text != "", "the mapping "+m.Name.Text)
			}
		}
	}
	for _, inner := range r.Routes {
		a.route(inner, in)
	}
}

func (a *audit) steps(steps []spec.Step, in string) {
	for i := range steps {
		s := &steps[i]
		if s.Name.Text == "" {
			a.check(s.At, speaks(s), "this condition of "+in)
			continue
		}
		a.check(s.At, speaks(s), "what "+s.Name.Text+" of "+in+" says when it finds nothing")
	}
}

// speaks says whether a step can end an item with a reason, or warn.
func speaks(s *spec.Step) bool {
	if s.Kind == spec.WarnStep {
		return true
	}
	for _, o := range []spec.Otherwise{s.Else, s.None, s.Several, s.Missing, s.Unconfirmed, s.Unswept} {
		if o != "" && o != spec.Nothing {
			return true
		}
	}
	return false
}

// fields checks that each was written once. The key of a row is not written
// again with a row that is there, so keys do not count.
func (a *audit) fields(fields []*spec.FieldRule, ofRow bool, in string) {
	for i, f := range fields {
		key := ofRow && i == 0
		a.check(f.At, !key && f.One == nil, "the field "+f.Name.Text+" of "+in)
		a.fields(f.One, false, in)
	}
}

func (a *audit) check(at engine.Pos, matters bool, what string) {
	place := at.String()
	if !matters || a.seen[place] || a.listed[place] || a.project.Below(at) {
		return // what this project takes over is tested where it stands
	}
	a.listed[place] = true
	a.found = append(a.found, Idle{At: at, What: what})
}
