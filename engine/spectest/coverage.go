package spectest

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// The kinds of thing that cases can exercise.
const (
	routesKind   = "routes"   // a route's write that had something to do
	stepsKind    = "steps"    // a step that let something pass
	stopsKind    = "stops"    // a step that ended something: skip, block, quarantine, or in silence
	fieldsKind   = "fields"   // a field that was set
	policiesKind = "policies" // a field that its policy left as it was
	rowsKind     = "map rows"
	linesKind    = "table lines"
)

// kinds are all of them, in the order of a report.
func kinds() []string {
	return []string{routesKind, stepsKind, stopsKind, fieldsKind, policiesKind, rowsKind, linesKind}
}

// Coverage says what of the project's own rules the cases exercised.
type Coverage struct{ Things []Thing }

// Thing is one rule, row or line, and whether some case exercised it.
type Thing struct {
	Kind    string // "steps", "map rows", ...
	At      engine.Pos
	What    string
	Reached bool
}

// Count is how many things of a kind there are, and how many were reached.
func (c Coverage) Count(kind string) (reached, all int) {
	for _, t := range c.Things {
		if t.Kind == kind {
			all++
			if t.Reached {
				reached++
			}
		}
	}
	return reached, all
}

// Print writes a line for each kind and one for each thing that no case reached.
func (c Coverage) Print(w io.Writer) error {
	var b strings.Builder
	for _, kind := range kinds() {
		if reached, all := c.Count(kind); all > 0 {
			fmt.Fprintf(&b, "%-12s %4d of %4d  %3d %%\n", kind, reached, all, 100*reached/all)
		}
	}
	rows := map[string][]int{}
	for _, t := range c.Things {
		switch {
		case t.Reached:
		case t.Kind == rowsKind:
			rows[t.At.File] = append(rows[t.At.File], t.At.Line)
		default:
			fmt.Fprintf(&b, "%s: no case exercises %s\n", t.At, t.What)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(&b, "%s: no case exercises the rows in lines %s\n", file, ranges(rows[file]))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ranges writes ascending numbers as "3, 5-7".
func ranges(lines []int) string {
	var parts []string
	for i := 0; i < len(lines); {
		j := i
		for j+1 < len(lines) && lines[j+1] == lines[j]+1 {
			j++
		}
		part := strconv.Itoa(lines[i])
		if j > i {
			part += "-" + strconv.Itoa(lines[j])
		}
		parts, i = append(parts, part), j+1
	}
	return strings.Join(parts, ", ")
}

// exercised is what the traces of all cases showed: a kind and a place each.
type exercised map[string]bool

func (e exercised) add(kind, place string) { e[kind+" "+place] = true }

func (e exercised) trace(t *mapping.Trace) {
	for _, s := range t.Steps {
		kind := stopsKind
		if s.Result == mapping.StepPassed {
			kind = stepsKind
		}
		e.add(kind, s.Step.At.String())
		e.lookups(s.Lookups)
	}
	for _, w := range t.Writes {
		if w.Left == "" {
			e.add(routesKind, w.Write.At.String())
		}
		for _, f := range w.Fields {
			e.field(f)
		}
	}
}

func (e exercised) field(f mapping.TracedField) {
	e.lookups(f.Lookups)
	at := f.Rule.At.String()
	switch f.Result {
	case mapping.FieldSet:
		e.add(fieldsKind, at)
	case mapping.FieldOnCreate, mapping.FieldIfEmpty:
		e.add(policiesKind, at)
	}
}

func (e exercised) lookups(list []mapping.TracedLookup) {
	for _, l := range list {
		e.add(rowsKind, l.Place)
		e.add(linesKind, l.Place)
	}
}

// kept notes the fields that keep what people made of them.
func (e exercised) kept(c engine.Change) {
	for _, k := range c.Kept {
		e.add(policiesKind, k.Place)
	}
}

// coverage lists what the project itself says, in order of place, and what of it was exercised.
func (e exercised) coverage(p *spec.Project) Coverage {
	inv := &inventory{project: p, exercised: e, listed: map[string]bool{}}
	for _, f := range p.Flows {
		inv.steps(f.Gate, "the gate of "+f.Name.Text)
		for _, r := range f.Routes {
			inv.route(r, f.Name.Text)
		}
	}
	for _, m := range p.Maps {
		for _, r := range m.Rows {
			inv.list(rowsKind, r.At, fmt.Sprintf("the row %s of the map %s", rowText(r), m.Name.Text))
		}
	}
	for _, t := range p.Tables {
		for i, l := range t.Lines {
			inv.list(linesKind, l.At, fmt.Sprintf("line %d of the table %s", i+1, t.Name.Text))
		}
	}
	slices.SortStableFunc(inv.things, func(x, y Thing) int {
		return cmp.Or(cmp.Compare(x.At.File, y.At.File), cmp.Compare(x.At.Line, y.At.Line), cmp.Compare(x.At.Column, y.At.Column))
	})
	return Coverage{Things: inv.things}
}

func rowText(r spec.MapRow) string {
	for _, c := range r.Cells {
		if c.Text != "" {
			return fmt.Sprintf("%q", c.Text)
		}
	}
	return "without a code"
}

// inventory goes over all that a project says; shared steps and mappings are listed once.
type inventory struct {
	project   *spec.Project
	exercised exercised
	listed    map[string]bool
	things    []Thing
}

func (v *inventory) list(kind string, at engine.Pos, what string) {
	key := kind + " " + at.String()
	if v.listed[key] || v.project.Below(at) {
		return
	}
	v.listed[key] = true
	v.things = append(v.things, Thing{Kind: kind, At: at, What: what, Reached: v.exercised[key]})
}

func (v *inventory) route(r *spec.Route, in string) {
	in += "/" + r.Name.Text
	v.steps(r.Steps, in)
	for i := range r.Writes {
		w := &r.Writes[i]
		v.list(routesKind, w.At, fmt.Sprintf("the write of %s in %s", w.Object.Text, in))
		v.fields(w.Fields, w.Row.Text != "", in)
		for _, m := range v.project.Mappings {
			if m.Name.Text == w.Mapping.Text {
				v.fields(m.Fields, w.Row.Text != "", "the mapping "+m.Name.Text)
			}
		}
	}
	for _, inner := range r.Routes {
		v.route(inner, in)
	}
}

func (v *inventory) steps(steps []spec.Step, in string) {
	for i := range steps {
		s := &steps[i]
		name := "this condition"
		if s.Name.Text != "" {
			name = "the step " + s.Name.Text
		}
		v.list(stepsKind, s.At, name+" of "+in+" letting something pass")
		if ends(s) {
			v.list(stopsKind, s.At, name+" of "+in+" ending something")
		}
	}
}

// ends says whether a step can end an item, with or without a word.
func ends(s *spec.Step) bool {
	for _, o := range []spec.Otherwise{s.Else, s.None, s.Several, s.Missing, s.Unconfirmed, s.Unswept} {
		if o == spec.SkipIt || o == spec.BlockIt || o == spec.Quarantine || o == spec.Nothing && s.Name.Text == "" {
			return true
		}
	}
	return false
}

// fields lists each field as one to be set, and as one to be left alone where a policy can. The
// key of a row is not written again with a row that is there, so keys have no policy.
func (v *inventory) fields(fields []*spec.FieldRule, ofRow bool, in string) {
	for i, f := range fields {
		if key := ofRow && i == 0; !key && f.One == nil {
			v.list(fieldsKind, f.At, "the field "+f.Name.Text+" of "+in)
		}
		if f.Policy == spec.OnCreate || f.Policy == spec.IfEmpty || f.Conflict.Text != "" && f.Conflict.Text != "source" {
			v.list(policiesKind, f.At, "the policy of the field "+f.Name.Text+" of "+in)
		}
		v.fields(f.One, false, in)
	}
}
