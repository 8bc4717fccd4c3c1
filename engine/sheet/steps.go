package sheet

import (
	"fmt"

	"github.com/casebridge/casebridge/engine/spec"
)

// stepOf words one step of a route.
func stepOf(s spec.Step) Step {
	out := Step{Name: s.Name.Text, Text: stepWords(s), Place: place(s.At)}
	switch s.Kind {
	case spec.ExprStep, spec.MustStep, spec.WarnStep:
		out.Exact = s.Expr.Text
	case spec.EachStep, spec.PickStep:
		out.Exact = s.Where.Text
	case spec.RuleStep, spec.MapStep, spec.TableStep:
		out.Lookup = Link{s.Lookup.Text, anchor(string(s.Kind), s.Lookup.Text)}
	}
	return out
}

func stepWords(s spec.Step) string {
	switch s.Kind {
	case spec.ReadStep:
		return readWords(s)
	case spec.RecallStep:
		return fmt.Sprintf("Take what %s last listed where %s.", code(s.Object.Text), bound(s.By, "or"))
	case spec.LedgerStep:
		what := "what was sent"
		if s.All {
			what = "everything that was sent"
		}
		text := fmt.Sprintf("Look up %s as %s where %s", what, code(s.Object.Text), bound(s.By, "and"))
		if s.Only.Text != "" {
			text += ", and has not been answered"
		}
		return text + "."
	case spec.EachStep:
		return eachWords(s)
	case spec.PickStep:
		return pickWords(s)
	case spec.FirstStep:
		if len(s.Names) == 1 {
			return fmt.Sprintf("Here %s is %s.", code(s.Name.Text), code(s.Names[0].Text))
		}
		return fmt.Sprintf("The first of %s that is there.", joined(codes(spec.Texts(s.Names)), "and"))
	case spec.RuleStep:
		return fmt.Sprintf("Write %s, which is in the form %s, in the form %s of the naming rule %s.", said(s.From.Text), code(s.Key.Text), code(s.Give.Text), code(s.Lookup.Text))
	case spec.MapStep:
		return fmt.Sprintf("Look %s up in the column %s of the map %s and take the column %s.", said(s.From.Text), code(s.Key.Text), code(s.Lookup.Text), code(s.Give.Text))
	case spec.TableStep:
		return fmt.Sprintf("Ask the decision table %s, where %s.", code(s.Lookup.Text), bound(s.Inputs, "and"))
	case spec.ExprStep:
		return capital(said(s.Expr.Text)) + "."
	case spec.MustStep:
		return fmt.Sprintf("Go on only if %s.", saidWhen(s.Expr.Text, false))
	case spec.WarnStep:
		return fmt.Sprintf("Warn if %s: %s.", saidWhen(s.Expr.Text, false), s.Say.Text)
	case spec.ProvesStep:
		return fmt.Sprintf("The record shows that a %s has arrived, where %s.", code(s.Object.Text), bound(append(append([]spec.Binding{}, s.Known...), s.Once...), "and"))
	}
	return ""
}

func readWords(s spec.Step) string {
	text := fmt.Sprintf("Look up the %s where %s", code(s.Object.Text), bound(s.By, "and"))
	if s.Of.Text != "" {
		text = fmt.Sprintf("Look up every %s of %s", code(s.Object.Text), code(s.Of.Text))
	}
	if s.OnlyIf.Text != "" {
		text += ", but only if " + saidWhen(s.OnlyIf.Text, false)
	}
	return text + "."
}

func eachWords(s spec.Step) string {
	text := "Go on once for every entry of " + said(s.List.Text)
	if s.Where.Text != "" {
		text += " where " + saidWhen(s.Where.Text, false)
	}
	if len(s.Distinct) > 0 {
		var of []string
		for _, d := range s.Distinct {
			of = append(of, said(d.Text))
		}
		text += "; entries with the same " + joined(of, "and") + " count once"
	}
	return text + "."
}

func pickWords(s spec.Step) string {
	text := "Choose the entry of " + said(s.List.Text)
	if when := saidWhen(s.Where.Text, false); when != "always" {
		text += " where " + when
	}
	for i, t := range s.Try {
		word := "; first try: "
		if i > 0 {
			word = "; else: "
		}
		text += word + saidWhen(t.Text, false)
	}
	return text + "."
}

// stops are the reasons that a step has for ending an item.
func stops(s spec.Step) []Stop {
	var out []Stop
	add := func(o spec.Otherwise, when, exact string) {
		if o == "" || o == spec.Nothing && s.Kind != spec.MustStep {
			return
		}
		word, means := outcome(o)
		out = append(out, Stop{When: when, Say: s.Say.Text, Outcome: word, Means: means, Exact: exact, Gate: s.Gate.Text, Place: place(s.At)})
	}
	switch s.Kind {
	case spec.MustStep:
		add(s.Else, saidWhen(s.Expr.Text, true), s.Expr.Text)
	case spec.WarnStep:
		add(spec.WarnOnly, saidWhen(s.Expr.Text, false), s.Expr.Text)
	case spec.ReadStep:
		what := fmt.Sprintf("%s where %s", code(s.Object.Text), bound(s.By, "and"))
		if s.Of.Text != "" {
			what = fmt.Sprintf("%s of %s", code(s.Object.Text), code(s.Of.Text))
		}
		add(s.None, "there is no "+what, "")
		add(s.Several, "there is more than one "+what, "")
	case spec.RecallStep:
		add(s.Unswept, code(s.Object.Text)+" was never read whole", "")
	case spec.EachStep:
		add(s.None, "no entry of "+said(s.List.Text)+" is left", s.Where.Text)
	case spec.PickStep:
		add(s.None, "no entry of "+said(s.List.Text)+" fits", s.Where.Text)
		add(s.Several, "more than one entry of "+said(s.List.Text)+" fits", s.Where.Text)
	case spec.RuleStep:
		add(s.Missing, fmt.Sprintf("%s is blank, or not in the form %s of the naming rule %s", said(s.From.Text), code(s.Key.Text), code(s.Lookup.Text)), "")
		add(s.Unconfirmed, fmt.Sprintf("the name is not on the confirmed list of the naming rule %s", code(s.Lookup.Text)), "")
	case spec.MapStep:
		add(s.Missing, fmt.Sprintf("the map %s has no row for %s", code(s.Lookup.Text), said(s.From.Text)), "")
	case spec.TableStep:
		add(s.None, fmt.Sprintf("no line of the decision table %s fits", code(s.Lookup.Text)), "")
	}
	return out
}
