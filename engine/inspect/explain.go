package inspect

import (
	"context"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// Story is what one flow makes of one record, and how it comes to that.
type Story struct {
	Flow     *mapping.Flow
	Source   engine.Record
	Decision mapping.Decision
	Trace    mapping.Trace
}

// Explain decides one record as a run would, and keeps how.
func Explain(ctx context.Context, flow *mapping.Flow, record engine.Record, known Knowledge, now time.Time, start string) (*Story, error) {
	s := &Story{Flow: flow, Source: record}
	one := []deciding{{flow: flow, in: mapping.Input{Record: record, Now: now, Start: start, Trace: &s.Trace}}}
	defer known.Forget()
	err := decideAll(ctx, known, one)
	s.Decision = one[0].out
	return s, err
}

// Part is what became of one part of a record: of one route, and of one row of it.
type Part struct {
	Route  string
	Item   string
	Change *engine.Change      // nil: this route ends in silence; there is nothing for it to do
	Stop   *mapping.TracedStep // where it ended, if a step ended it
	Left   []string            // why writes of it have nothing to do
}

// Parts lists what became of every part, in order of the routes. Routes that end in
// silence come once, unless a part of theirs did not.
func (s *Story) Parts() []Part {
	var parts []Part
	told := map[string]bool{}
	for i := range s.Decision.Changes {
		c := &s.Decision.Changes[i]
		parts = append(parts, Part{Route: c.Route, Item: c.Item, Change: c, Stop: s.stopOf(c)})
		told[c.Route] = true
	}
	for i := range s.Trace.Steps {
		st := &s.Trace.Steps[i]
		if st.Result == mapping.StepSilent && !told[st.Route] {
			told[st.Route] = true
			parts = append(parts, Part{Route: st.Route, Item: st.Item, Stop: st})
		}
	}
	for _, w := range s.Trace.Writes {
		if w.Left != "" && !told[w.Route] {
			told[w.Route] = true
			parts = append(parts, Part{Route: w.Route, Item: w.Item, Left: []string{w.Object + ": " + w.Left}})
		}
	}
	return parts
}

// stopOf is the step that ended a part; nil when it was a write, or nothing.
func (s *Story) stopOf(c *engine.Change) *mapping.TracedStep {
	for i := range s.Trace.Steps {
		st := &s.Trace.Steps[i]
		if st.Result == mapping.StepStopped && st.Route == c.Route && st.Item == c.Item && st.Reason == c.Reason {
			return st
		}
	}
	return nil
}

// LeftOut lists the rows that an each of a route did not go on with.
func (s *Story) LeftOut(route string) []mapping.TracedStep {
	var out []mapping.TracedStep
	for _, st := range s.Trace.Steps {
		if st.Result == mapping.StepLeftOut && st.Route == route {
			out = append(out, st)
		}
	}
	return out
}

// Set is one field that a write of the story is about.
type Set struct {
	Write *mapping.TracedWrite
	Field *mapping.TracedField
	Part  *engine.Change // what became of that part; nil when it joined another's write
}

// Sets lists the fields of the story's writes that a name asks for; see Asked.
func (s *Story) Sets(asked string) []Set {
	var sets []Set
	for i := range s.Trace.Writes {
		w := &s.Trace.Writes[i]
		for j := range w.Fields {
			if Asked(asked, w.Fields[j].Path) {
				sets = append(sets, Set{w, &w.Fields[j], s.partOf(w)})
			}
		}
	}
	return sets
}

// partOf finds the change of a write's part that did not go; else one that did.
func (s *Story) partOf(w *mapping.TracedWrite) *engine.Change {
	var went *engine.Change
	for i := range s.Decision.Changes {
		c := &s.Decision.Changes[i]
		if c.Route != w.Route || c.Item != w.Item {
			continue
		}
		if !c.Verdict.Writes() && c.Verdict != engine.NoChange {
			return c
		}
		if c.Object == w.Object {
			went = c
		}
	}
	return went
}

// Origin is the step that gave an input's name, as it was taken for this part or for
// the record before it was parted; nil when the name is the source's or the run's.
func (s *Story) Origin(route, item, path string) *mapping.TracedStep {
	name, _, _ := strings.Cut(path, ".")
	var found *mapping.TracedStep
	for i := range s.Trace.Steps {
		st := &s.Trace.Steps[i]
		if st.Step.Name.Text == name && st.Result == mapping.StepPassed && (st.Item == item || strings.HasPrefix(item, st.Item)) && s.inside(st.Route, route) {
			found = st
		}
	}
	return found
}

// inside says whether a route sees the names of another: its own, and those of the routes that hold it.
func (s *Story) inside(outer, inner string) bool {
	var holds func(list []*spec.Route, under bool) bool
	holds = func(list []*spec.Route, under bool) bool {
		for _, r := range list {
			now := under || r.Name.Text == outer
			if now && r.Name.Text == inner || holds(r.Routes, now) {
				return true
			}
		}
		return false
	}
	return outer == inner || holds(s.Flow.Spec().Routes, false)
}
