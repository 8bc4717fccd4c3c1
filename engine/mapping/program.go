package mapping

import (
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// Program is a compiled project.
type Program struct {
	Flows   []*Flow // in the project's order
	Version string  // the project's
}

// Flow returns the flow of that name, or nil.
func (p *Program) Flow(name string) *Flow {
	for _, f := range p.Flows {
		if f.spec.Name.Text == name {
			return f
		}
	}
	return nil
}

// Flow is one compiled flow. It is safe for concurrent use.
type Flow struct {
	spec   *spec.Flow
	source *objectType
	zone   *time.Location
	slots  int // names of all expressions together
	alone  []code
	gate   *route // its steps only
	routes []*route
	uses   []Use

	allowed permits
}

// The slots that every flow has.
const (
	runSlot = iota
	sourceSlot
	firstSlot
)

// Name is the flow's name.
func (f *Flow) Name() string { return f.spec.Name.Text }

// Title says in words what the flow does.
func (f *Flow) Title() string { return f.spec.Title }

// Spec is the flow as it was written.
func (f *Flow) Spec() *spec.Flow { return f.spec }

// Reads lists the source and every object that is looked up in a system, each
// with the top-level fields that are used. It is sorted.
func (f *Flow) Reads() []Use { return f.uses }

// Use is one object that a flow reads.
type Use struct {
	Object string   // "connection.object"
	Fields []string // sorted, each once; never empty
}

// Alone gives the values of one_at_a_time for a record: records that share one
// are handled one after another. Blank values are left out, and so is all of a
// record that cannot be read, which Decide quarantines.
func (f *Flow) Alone(record engine.Record) []string {
	source, ok := recordValue(&record)
	if !ok {
		return nil
	}
	fr := f.frame(source, value{})
	var values []string
	for _, expr := range f.alone {
		v := expr(&fr)
		if s, ok := v.plain(); ok && !v.blank() {
			values = append(values, s)
		}
	}
	return values
}

func (f *Flow) frame(source, run value) frame {
	fr := frame{slots: make([]value, f.slots), zone: f.zone}
	fr.slots[sourceSlot], fr.slots[runSlot] = source, run
	return fr
}

// runValue is what specs call run.
func (f *Flow) runValue(in Input) value {
	return objectValue([]string{"now", "today", "start"}, []value{
		textValue(in.Now.UTC().Format("2006-01-02T15:04:05.000Z")),
		textValue(in.Now.In(f.zone).Format(dayForm)),
		textValue(in.Start),
	})
}

func runShape() *shape {
	return &shape{form: recordForm, label: "run", fields: []engine.Field{
		{Name: "now", Type: engine.Instant, Class: engine.Public},
		{Name: "today", Type: engine.Date, Class: engine.Public},
		{Name: "start", Type: engine.Date, Class: engine.Public},
	}}
}

// route is a compiled route.
type route struct {
	name   string
	steps  []step
	writes []*write
	routes []*route

	settled int // so many steps before it is asked whether the send went already; 0: at the write
}

// binding is a named expression.
type binding struct {
	name string
	code code
	at   engine.Pos
}

// about says which step something is, for names and reasons.
type about struct {
	name  string // "" for steps without one
	slot  int
	code  string // "route/step"
	say   string
	place string
	at    engine.Pos

	origin *origin
}

// reason gives the step's own words, or otherwise.
func (a about) reason(otherwise string) engine.Reason {
	r := engine.Reason{Code: a.code, Text: a.say, Place: a.place}
	if r.Text == "" {
		r.Text = otherwise
	}
	return r
}
