package main

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/inspect"
)

// impactReport is all that an impact says.
type impactReport struct {
	Old, New versionLabel
	Flows    []flowReport
}

// versionLabel names specs: as the user would open them, or the run that kept them, and by their hash.
type versionLabel struct{ Root, Version string }

// placeUnder is a place in specs. Those that a run kept lie in no directory.
func placeUnder(root, at string) string {
	if strings.HasPrefix(root, lastRun+" ") {
		return root + ": " + at
	}
	return path.Join(root, at)
}

func (v versionLabel) String() string { return fmt.Sprintf("%s (version %.12s)", v.Root, v.Version) }

// flowReport is the impact on one flow and what was read for it.
type flowReport struct {
	inspect.FlowImpact
	Window string // live: the window that was read
}

// impactPrinter is how the report is shown.
func (a *app) impactPrinter(f impactFlags) (func(impactReport) error, error) {
	v := &impactView{out: a.stdout, values: screen{view: viewFlags{reveal: f.reveal}}}
	format, err := a.outputIn("text", "json", "markdown")
	return map[string]func(impactReport) error{"text": v.text, "json": v.json, "markdown": v.markdown}[format], err
}

// impactView writes a report.
type impactView struct {
	out      io.Writer
	values   screen // masks
	old, now string // roots of the specs, for places
}

// counted writes a number and its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %s", n, nouns(noun))
}

// nouns is the plural of a noun.
func nouns(noun string) string {
	if stem, ok := strings.CutSuffix(noun, "y"); ok && !strings.HasSuffix(stem, "e") {
		return stem + "ies"
	}
	return noun + "s"
}

func (v *impactView) value(b engine.Body, class engine.Class) string {
	if b.Empty() {
		return "(not written)"
	}
	return v.values.value(b, class)
}

func (v *impactView) text(r impactReport) error {
	v.old, v.now = r.Old.Root, r.New.Root
	fmt.Fprintf(v.out, "Compared %s with %s.\n", r.Old, r.New)
	if r.Old.Version == r.New.Version {
		_, err := fmt.Fprintln(v.out, "Nothing changes: they are the same.")
		return err
	}
	for _, f := range r.Flows {
		fmt.Fprintf(v.out, "\n%s: %s\n", f.Flow, headline(f))
		for _, line := range held(f) {
			fmt.Fprintf(v.out, "  %s\n", line)
		}
		for _, route := range f.Routes {
			v.route(f, route)
		}
	}
	return nil
}

// held says how much goes nowhere whichever specs count: where that is most, the comparison shows little.
func held(f flowReport) []string {
	var lines []string
	for i, h := range f.Held {
		if i == mostNamed {
			return append(lines, fmt.Sprintf("under both: %s", counted(len(f.Held)-i, "more reason")))
		}
		lines = append(lines, fmt.Sprintf("under both: %s %s: %s", counted(h.Records, f.Noun), past(h.Verdict), h.Reason.Text))
	}
	return lines
}

func (v *impactView) route(f flowReport, r inspect.RouteImpact) {
	name := r.Route
	if name == "" {
		name = "the record as a whole"
	}
	if r.Presence != inspect.InBoth {
		name += " (route " + string(r.Presence) + ")"
	}
	fmt.Fprintf(v.out, "  %s: %s\n", name, counted(r.Changed, f.Noun))
	for _, field := range r.Fields {
		fmt.Fprintf(v.out, "    %s %s: %s\n", field.Object, field.Field, fieldCounts(field))
		for _, e := range field.Examples {
			fmt.Fprintf(v.out, "      %s -> %s  %s\n", v.value(e.Old, e.Class), v.value(e.New, e.Class), part(e.Record, e.Item))
		}
		if rule := v.rule(field); rule != "" {
			fmt.Fprintf(v.out, "      %s\n", rule)
		}
	}
	for _, t := range r.Turns {
		fmt.Fprintf(v.out, "    %d %s\n", t.Records, turnWords(t, true))
		for _, e := range t.Examples {
			fmt.Fprintf(v.out, "      %s\n", turnExample(e))
		}
		if at := v.turnPlace(t); at != "" {
			fmt.Fprintf(v.out, "      %s\n", at)
		}
	}
}

func part(record, item string) string {
	if item == "" {
		return record
	}
	return record + " · " + item
}

func turnExample(e inspect.TurnExample) string {
	text := part(e.Record, e.Item)
	if e.Value != "" {
		text += fmt.Sprintf(": %q", e.Value)
	}
	return text
}

// rule is where the first example's rule stands, in the new specs if it is still there.
func (v *impactView) rule(f inspect.FieldImpact) string {
	for _, e := range f.Examples {
		switch {
		case e.NewRule != "":
			return path.Join(v.now, e.NewRule)
		case e.OldRule != "":
			return placeUnder(v.old, e.OldRule)
		}
	}
	return ""
}

func (v *impactView) turnPlace(t inspect.Turn) string {
	switch {
	case t.New.Place != "" && t.To != inspect.Nothing && !t.To.Writes():
		return path.Join(v.now, t.New.Place)
	case t.Old.Place != "":
		return placeUnder(v.old, t.Old.Place)
	}
	return ""
}

// mostNamed is how many fields and turns a headline names.
const mostNamed = 6

// headline says in one line what changes in a flow.
func headline(f flowReport) string {
	var text string
	switch {
	case f.Presence != inspect.InBoth:
		text = "this flow is " + string(f.Presence) + "; it decides about "
	case f.Read == 0:
		return "no " + nouns(f.Noun) + " were read" + window(f)
	case f.Changed == 0:
		return fmt.Sprintf("nothing changes in %s%s", counted(f.Read, f.Noun), window(f))
	}
	text += fmt.Sprintf("%d of %s", f.Changed, counted(f.Read, f.Noun))
	if f.Presence == inspect.InBoth {
		text += map[bool]string{true: " changes", false: " change"}[f.Changed == 1]
	}
	if parts := parts(f); len(parts) > 0 {
		text += ": " + strings.Join(parts, "; ")
	}
	return text + window(f)
}

func window(f flowReport) string {
	if f.Window == "" {
		return ""
	}
	return " (" + f.Window + ")"
}

// parts are the fields, then each turn.
func parts(f flowReport) []string {
	var fields, all []string
	for i, field := range f.Fields {
		if i == mostNamed {
			fields = append(fields, fmt.Sprintf("and %s", counted(len(f.Fields)-i, "more field")))
			break
		}
		fields = append(fields, fmt.Sprintf("%s %d", field.Field, field.Records))
	}
	if len(fields) > 0 {
		all = append(all, strings.Join(fields, ", "))
	}
	for i, t := range f.Turns {
		if i == mostNamed {
			all = append(all, fmt.Sprintf("and %s", counted(len(f.Turns)-i, "more turn")))
			break
		}
		all = append(all, fmt.Sprintf("%d %s", t.Records, turnWords(t, false)))
	}
	return all
}

// fieldCounts says how a field differs: another value, or written by one version only.
func fieldCounts(f inspect.FieldImpact) string {
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{{f.Other, "another value"}, {f.Newly, "newly written"}, {f.NoLonger, "no longer written"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	return strings.Join(parts, ", ")
}

// past says what a verdict did.
func past(v engine.Verdict) string {
	switch v {
	case engine.Create:
		return "created"
	case engine.Update:
		return "updated"
	case engine.Send:
		return "sent"
	case engine.Skip:
		return "skipped"
	case engine.Blocked:
		return "blocked"
	case engine.Quarantined:
		return "quarantined"
	case engine.Unclear:
		return "impossible to decide"
	case inspect.Warned:
		return "warned about"
	case inspect.Proof:
		return "taken as proof of what was sent"
	default:
		return "left as it is"
	}
}

// stops says whether a verdict keeps a record from going anywhere.
func stops(v engine.Verdict) bool {
	return v == engine.Skip || v == engine.Blocked || v == engine.Quarantined || v == engine.Unclear
}

// turnWords says what turned; whole with the reason in full length.
func turnWords(t inspect.Turn, whole bool) string {
	reason := func(r engine.Reason) string {
		switch {
		case r.Text == "":
			return ""
		case whole:
			return ": " + r.Text
		}
		return " (" + short(r.Text) + ")"
	}
	target := ""
	if whole && t.Object != "" && !stops(t.From) && !stops(t.To) {
		target = ", " + t.Object
	}
	switch {
	case t.From == t.To:
		return past(t.To) + " for another reason" + reason(t.New)
	case stops(t.To) && stops(t.From):
		return past(t.To) + " instead of " + past(t.From) + reason(t.New)
	case stops(t.To):
		return "newly " + past(t.To) + reason(t.New)
	case stops(t.From):
		text := "no longer " + past(t.From) + reason(t.Old)
		if t.To.Writes() {
			text += ", now " + past(t.To)
		}
		return text
	case t.To == inspect.Warned, t.To == inspect.Proof, t.To.Writes() && !(t.From.Writes()):
		return "newly " + past(t.To) + target + reason(t.New)
	case t.From.Writes() && t.To.Writes():
		return past(t.To) + " instead of " + past(t.From) + target
	default:
		return "no longer " + past(t.From) + target + reason(t.Old)
	}
}

// short cuts a reason for a headline: before its advice, or after sixty characters.
func short(text string) string {
	text, _, _ = strings.Cut(text, ": ")
	if runes := []rune(text); len(runes) > 60 {
		text = strings.TrimSpace(string(runes[:60])) + "…"
	}
	return text
}
