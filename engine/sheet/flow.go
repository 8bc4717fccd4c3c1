package sheet

import (
	"fmt"
	"strings"

	"github.com/casebridge/casebridge/engine/spec"
)

func (m *maker) flow(f *spec.Flow) Flow {
	out := Flow{Name: f.Name.Text, Title: f.Title, Note: f.Note, Place: place(f.Name.At), Facts: m.flowFacts(f)}
	if out.Title == "" {
		out.Title = out.Name
	}
	m.use("object", f.Source.Read.Text, out.Name)
	names := scope{}.with(f.Source.As.Text, m.recordOf(f.Source.Read.Text))
	for _, s := range f.Gate {
		out.Gates = append(out.Gates, stops(s)...)
	}
	b := flowMaker{maker: m, flow: f, out: &out}
	b.routes(f.Routes, names, "")
	out.Diagram = overview(f, &out)
	return out
}

// flowFacts says how a flow reads and when it stops.
func (m *maker) flowFacts(f *spec.Flow) []Fact {
	facts := []Fact{{"Reads", sourceWords(f.Source)}}
	if f.Source.SweepAt.Text != "" {
		facts = append(facts, Fact{"Sweep", fmt.Sprintf("every day at %s (%s) it reads %s back, to catch what was not reported as changed", f.Source.SweepAt.Text, m.sheet.Zone, span(f.Source.SweepBack))})
	}
	if len(f.Alone) > 0 {
		var values []string
		for _, a := range f.Alone {
			values = append(values, said(a.Text))
		}
		facts = append(facts, Fact{"One at a time", "records that share " + joined(values, "or") + " are handled one after another"})
	}
	return append(facts, Fact{"Limits", limitWords(f.Limits)})
}

func sourceWords(s spec.Source) string {
	text := fmt.Sprintf("%s records that have changed, each called %s below", code(s.Read.Text), code(s.As.Text))
	switch {
	case s.Start.Text != "":
		text += "; nothing from before " + s.Start.Text
	case s.Everything:
		text += "; the first time all of them"
	}
	if s.Overlap > 0 {
		text += "; each reading goes back " + span(s.Overlap) + " behind the one before it"
	}
	return text
}

func limitWords(l spec.Limits) string {
	var parts []string
	add := func(n int, word string) {
		if n >= 0 {
			parts = append(parts, fmt.Sprintf(word, n))
		}
	}
	add(l.Creates, "%d new records")
	add(l.Sends, "%d sends")
	add(l.UpdatedPercent, "%d%% of the records read updated")
	if len(parts) == 0 {
		return "none: the flow never stops by itself"
	}
	return "above " + joined(parts, "or") + " in one run it stops and waits until a person releases its plan"
}

// flowMaker makes the routes and targets of one flow.
type flowMaker struct {
	*maker
	flow *spec.Flow
	out  *Flow
}

func (b *flowMaker) routes(routes []*spec.Route, names scope, parent string) {
	for _, r := range routes {
		inner := names
		out := Route{Name: r.Name.Text, Note: r.Note, Continues: parent, Anchor: anchor("route", b.out.Name, r.Name.Text)}
		line := []station{start(b.flow, parent)}
		for _, s := range r.Steps {
			inner = b.after(inner, s)
			b.noteUse(s)
			if st, ok := stationOf(s, inner); ok {
				line = append(line, st)
			}
			out.Steps = append(out.Steps, stepOf(s))
			out.Stops = append(out.Stops, stops(s)...)
		}
		for i := range r.Writes {
			w := &r.Writes[i]
			b.use("object", w.Object.Text, b.out.Name)
			out.Writes = append(out.Writes, b.writing(w))
			out.Stops = append(out.Stops, b.writeStops(w)...)
			b.fields(r.Name.Text, w, inner)
		}
		out.Diagram = routeDiagram(b.flow, &out, append(line, ends(r, out.Writes)...))
		b.out.Routes = append(b.out.Routes, out)
		b.routes(r.Routes, inner, r.Name.Text)
	}
}

// noteUse notes which maps, rules, tables and objects a step uses.
func (b *flowMaker) noteUse(s spec.Step) {
	switch s.Kind {
	case spec.RuleStep, spec.MapStep, spec.TableStep:
		b.use(string(s.Kind), s.Lookup.Text, b.out.Name)
	case spec.ReadStep, spec.RecallStep, spec.LedgerStep, spec.ProvesStep:
		b.use("object", s.Object.Text, b.out.Name)
	}
	for _, e := range expressions(s) {
		b.noteCalls(e, b.out.Name)
	}
}

// noteCalls notes the maps and rules that an expression calls by name. The words
// of the call carry the name between backticks.
func (m *maker) noteCalls(expression, where string) {
	if !strings.Contains(expression, "lookup(") && !strings.Contains(expression, "rule(") {
		return
	}
	text := said(expression)
	for _, x := range m.project.Maps {
		if strings.Contains(text, "the map "+code(x.Name.Text)) {
			m.use("map", x.Name.Text, where)
		}
	}
	for _, x := range m.project.Rules {
		if strings.Contains(text, "the naming rule "+code(x.Name.Text)) {
			m.use("rule", x.Name.Text, where)
		}
	}
}

func expressions(s spec.Step) []string {
	all := []string{s.Expr.Text, s.Where.Text, s.OnlyIf.Text, s.From.Text, s.List.Text}
	all = append(all, spec.Texts(s.Try)...)
	for _, by := range s.By {
		all = append(all, by.Expr.Text)
	}
	return all
}

// writing says what a write does.
func (b *flowMaker) writing(w *spec.Write) Writing {
	object := code(w.Object.Text)
	var text string
	switch w.Verb.Text {
	case "create":
		text = "makes a new " + object
	case "update":
		text = "updates the " + object + " called " + code(w.Target.Text)
	case "upsert":
		text = "updates the " + object + " called " + code(w.Target.Text) + " if it is there, else makes it"
	case "send":
		text = "sends " + object + ", at most once for each " + joined(names(w.Once), "and")
	}
	if w.Row.Text != "" {
		text += ", and of it one row of " + code(w.Row.Text) + " only"
	}
	if w.OnlyIf.Text != "" {
		text += "; only if " + saidWhen(w.OnlyIf.Text, false)
	}
	if len(w.Verify) > 0 {
		text += "; " + joined(codes(spec.Texts(w.Verify)), "and") + " read back to see whether it took"
	}
	if w.Await {
		text += "; sent is not arrived: it counts when the other system's list shows it"
	}
	return Writing{Text: capital(text), Place: place(w.At), Anchor: b.targetAnchor(w.Object.Text)}
}

func (b *flowMaker) targetAnchor(object string) string {
	return anchor("fields", b.out.Name, strings.ReplaceAll(object, ".", "-"))
}

func names(list []spec.Binding) []string {
	var out []string
	for _, x := range list {
		out = append(out, x.Name.Text+" ("+said(x.Expr.Text)+")")
	}
	return out
}

// writeStops are the reasons that a write itself has for not going.
func (b *flowMaker) writeStops(w *spec.Write) []Stop {
	var out []Stop
	if w.Verb.Text == "send" {
		out = append(out, Stop{
			When: "it was sent before, with the same " + joined(names(w.Once), "and"), Outcome: "not sent again",
			Means: "it is done; or its answer was lost, and it waits until the other system shows it or a person decides", Place: place(w.At),
		})
	}
	var needed []string
	for _, f := range b.rules(w) {
		if f.Required {
			needed = append(needed, code(f.Name.Text))
		}
	}
	if len(needed) > 0 {
		word, means := outcome(spec.Quarantine)
		out = append(out, Stop{When: "there is no value for " + joined(needed, "or"), Outcome: word, Means: means, Place: place(w.At)})
	}
	for _, f := range b.rules(w) {
		if f.Map.Text != "" && f.Missing == spec.Quarantine {
			word, means := outcome(spec.Quarantine)
			out = append(out, Stop{When: "the map " + code(f.Map.Text) + " has no row for the value of " + code(f.Name.Text), Outcome: word, Means: means, Place: place(f.At)})
		}
	}
	return out
}

// rules are the field rules of a write, wherever they stand.
func (m *maker) rules(w *spec.Write) []*spec.FieldRule {
	if mp := m.project.Mapping(w.Mapping.Text); mp != nil {
		return mp.Fields
	}
	return w.Fields
}
