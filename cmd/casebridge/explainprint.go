package main

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/inspect"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// explainView writes explanations for people who do not know Go.
type explainView struct {
	out    io.Writer
	c      *compiled
	values screen // masks
	name   string // the record asked for
	asked  string // the field asked for; "" for the whole record
}

func (v *explainView) line(label, format string, args ...any) {
	fmt.Fprintf(v.out, "  %-11s %s\n", label, fmt.Sprintf(format, args...))
}

func (v *explainView) text(all []explained) {
	found := slices.ContainsFunc(all, func(e explained) bool { return len(e.stories) > 0 })
	for _, e := range all {
		fmt.Fprintf(v.out, "%s: %s\n", e.flow.Name(), e.flow.Title())
		if len(e.stories) == 0 {
			v.missing(e, found)
		}
		for i := range e.stories {
			if v.asked != "" {
				v.fields(&e.stories[i])
				continue
			}
			v.story(&e.stories[i])
		}
		fmt.Fprintln(v.out)
	}
}

// missing says that the source has no such record.
func (v *explainView) missing(e explained, elsewhere bool) {
	source := e.flow.Spec().Source.Read.Text
	_, noun, _ := engine.SplitObject(source)
	text := fmt.Sprintf("%s has no %s with the id %s", source, noun, v.name)
	if elsewhere {
		text += ", nor with an id that ties it to what was found"
	}
	fmt.Fprintf(v.out, "  %s: this flow has nothing to read\n", text)
}

func (v *explainView) story(t *told) {
	told := map[int64]bool{}
	for _, p := range t.Parts() {
		v.part(t, p, told)
	}
	if len(t.Parts()) == 0 {
		fmt.Fprintf(v.out, "%s: nothing comes of it in this flow\n", t.Decision.Record)
	}
	for _, e := range t.held {
		if !told[e.ID] {
			fmt.Fprintf(v.out, "%s: it is no longer decided so\n", part(t.Decision.Record+" · "+e.Route, e.Item))
			v.held(e)
		}
	}
	v.next(t)
}

// subjectOf names a part: the record, what of it, and where it goes.
func subjectOf(t *told, p inspect.Part) string {
	text := t.Decision.Record
	if p.Change == nil {
		text += " · " + p.Route
	}
	if p.Item != "" {
		text += " · " + p.Item
	}
	if p.Change != nil && p.Change.Object != "" {
		text += " → " + p.Change.Object
		if p.Change.Target != "" && p.Change.Verdict == engine.Update {
			text += " " + p.Change.Target
		}
	}
	return text
}

func (v *explainView) part(t *told, p inspect.Part, shown map[int64]bool) {
	fmt.Fprintf(v.out, "%s: %s\n", subjectOf(t, p), fate(p))
	switch {
	case p.Stop != nil:
		v.stop(p.Stop)
	case p.Change != nil && !p.Change.Verdict.Writes() && p.Change.Reason.Place != "":
		v.line("decided at", "%s  %s", p.Route, v.place(p.Change.Reason.Place))
		v.line("because", "%s", reasonOf(p.Change.Reason))
	default:
		v.line("route", "%s", p.Route)
	}
	for _, left := range p.Left {
		v.line("because", "%s", left)
	}
	if p.Change == nil {
		v.leftOut(t, p)
		return
	}
	if p.Change.Verdict.Writes() {
		v.line("sets", "%s", strings.Join(pathsOf(p.Change.Fields), ", "))
	}
	for _, n := range p.Change.Notes {
		v.line("warning", "%s", reasonOf(n))
	}
	for _, k := range p.Change.Kept {
		v.line("", "%s", reasonOf(k))
	}
	for _, e := range t.held {
		if e.Route == p.Route && e.Item == p.Item {
			shown[e.ID] = true
			v.held(e)
		}
	}
	for _, e := range t.sends {
		if e.Route == p.Route && e.Item == p.Item {
			v.send(e)
		}
	}
	v.lastWrite(t, p.Route, p.Item, p.Change.Object)
}

// fate says in a few words what became of a part.
func fate(p inspect.Part) string {
	switch {
	case p.Change == nil:
		return "nothing to do"
	case p.Change.Verdict == engine.Create:
		return "the next run creates it"
	case p.Change.Verdict == engine.Update:
		return "the next run updates it"
	case p.Change.Verdict == engine.Send:
		return "the next run sends it"
	case p.Change.Verdict == engine.NoChange:
		return "as it should be (" + p.Change.Reason.Text + ")"
	case p.Change.Verdict == engine.Quarantined:
		return "not carried (quarantined)"
	case p.Change.Verdict == engine.Unclear:
		return "cannot be decided"
	}
	return "not carried (" + past(p.Change.Verdict) + ")"
}

func pathsOf(fields []engine.FieldChange) []string {
	var paths []string
	for _, f := range fields {
		paths = append(paths, f.Path)
	}
	return paths
}

// stop shows the step that ended a part, what it says, and what it looked at.
func (v *explainView) stop(st *mapping.TracedStep) {
	name := st.Step.Name.Text
	if name == "" {
		name = string(st.Step.Kind)
	}
	v.line("stopped at", "%s / %s  %s", st.Route, name, v.place(st.Step.At.String()))
	v.excerpt(st.Step.At)
	if st.Reason.Text != "" {
		v.line("because", "%s", reasonOf(st.Reason))
	}
	v.inputs("looked at", st.Inputs, name)
	if st.Step.Kind == spec.PickStep || st.Step.Kind == spec.EachStep {
		v.line("found", "%d of %s", st.Found, plural(st.Rows, "1 row", "%d rows"))
	}
	v.lookups(st.Lookups)
}

// leftOut shows the rows that a route did not take up, when it took up none.
func (v *explainView) leftOut(t *told, p inspect.Part) {
	for i, st := range t.LeftOut(p.Route) {
		if i == 5 {
			v.line("", "and %d more", len(t.LeftOut(p.Route))-i)
			return
		}
		v.line("left out", "%s", st.Item)
		v.inputs("", slices.DeleteFunc(slices.Clone(st.Inputs), func(in mapping.TracedInput) bool {
			return !strings.HasPrefix(in.Path, st.Step.Name.Text+".") || in.Path == st.Step.Item.Text
		}), "")
	}
}

// inputs shows what an expression named; a step's own name stands for nothing once it stopped.
func (v *explainView) inputs(label string, inputs []mapping.TracedInput, own string) {
	for _, in := range inputs {
		if root, _, _ := strings.Cut(in.Path, "."); own != "" && root == own {
			continue
		}
		v.line(label, "%s = %s", in.Path, v.input(in))
		label = ""
	}
}

func (v *explainView) input(in mapping.TracedInput) string {
	switch {
	case in.Rows >= 0:
		return plural(in.Rows, "1 row", "%d rows")
	case !in.Given:
		return "(nothing)"
	case in.Value.Empty():
		return "(a record)"
	}
	return v.value(in.Value, in.Class)
}

// value is a value as the screen may show it; no class means that no field went into it.
func (v *explainView) value(b engine.Body, class engine.Class) string {
	if class == "" {
		class = engine.Public
	}
	return v.values.value(b, class)
}

func (v *explainView) lookups(lookups []mapping.TracedLookup) {
	for _, l := range lookups {
		kind, name, _ := strings.Cut(l.In, " ")
		switch {
		case l.Key.Empty():
			v.line(kind, "%s  %s", name, v.place(l.Place))
		case l.Place == "":
			v.line(kind, "%s has no entry for %s", name, v.value(l.Key, l.Class))
			continue
		default:
			v.line(kind, "%s: %s → %s  %s", name, v.value(l.Key, l.Class), v.value(l.Found, l.Class), v.place(l.Place))
		}
		v.excerpt(position(l.Place))
	}
}

func (v *explainView) place(at string) string { return path.Join(v.c.root, at) }

// position reads file:line:column.
func position(at string) engine.Pos {
	parts := strings.Split(at, ":")
	if len(parts) < 3 {
		return engine.Pos{File: at}
	}
	n := len(parts)
	line, _ := strconv.Atoi(parts[n-2]) // places are written by Pos.String
	column, _ := strconv.Atoi(parts[n-1])
	return engine.Pos{File: strings.Join(parts[:n-2], ":"), Line: line, Column: column}
}

func (v *explainView) excerpt(at engine.Pos) {
	if text := strings.TrimSpace(v.c.project.Excerpt(at)); text != "" {
		v.line("", "| %s", text)
	}
}

func (v *explainView) held(e store.QuarantineEntry) {
	v.line("quarantine", "entry %d since %s, %s: %s", e.ID, minute(e.First, v.c.project.Zone), plural(e.Times, "once", "%d times"), reasonOf(engine.Reason{Text: e.Reason, Value: e.Value}))
}

func (v *explainView) send(e store.LedgerEntry) {
	text := fmt.Sprintf("number %d, %s since %s", e.ID, e.State, minute(e.SentAt, v.c.project.Zone))
	switch e.State {
	case "parked":
		text += ": it may have arrived, so it is never sent again by itself (see `casebridge state show`)"
	case "lost":
		text += ": no answer came, and as it may be repeated it goes again while it is wanted"
	case "awaiting":
		text += ": taken, and not yet seen in the other system's list"
	}
	if e.Answer != "" {
		text += ", there it is " + e.Answer
	}
	v.line("ledger", "%s", text)
}

// lastWrite shows the last write of a part that the store remembers.
func (v *explainView) lastWrite(t *told, route, item, object string) {
	for _, w := range t.writes {
		if w.Route != route || item != "" && w.Item != "" && w.Item != item || object != "" && w.Object != object {
			continue
		}
		text := fmt.Sprintf("%s %s by run %d on %s, specs %.12s", w.Verdict, w.State, w.Run, minute(w.At, v.c.project.Zone), w.SpecVersion)
		if w.Fault != "" {
			text += ": " + w.Fault
		}
		v.line("last write", "%s", text)
		return
	}
}

// next says whether the next run reads the record by itself.
func (v *explainView) next(t *told) {
	if t.next == nil {
		return
	}
	zone := v.c.project.Zone
	since := minute(t.next.since, zone)
	again := fmt.Sprintf("`casebridge run %s --case %s` takes it now", t.Flow.Name(), v.name)
	switch {
	case t.next.since.IsZero():
		v.line("next run", "reads everything, this record too")
	case t.next.stamp.IsZero():
		v.line("next run", "reads what changed since %s; when this record changed its system does not say; %s", since, again)
	case !t.next.stamp.Before(t.next.since):
		v.line("next run", "reads it: it changed on %s, and the window begins on %s", minute(t.next.stamp, zone), since)
	case t.next.cursor.Mark.IsZero():
		v.line("next run", "does not read it: it changed on %s, before the flow's first day (%s); %s", minute(t.next.stamp, zone), since, again)
	default:
		v.line("next run", "does not read it: it changed on %s and an earlier run has passed it (the window begins on %s); %s", minute(t.next.stamp, zone), since, again)
	}
}
