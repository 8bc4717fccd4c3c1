package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/inspect"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// fields explains the field that was asked for, wherever the story sets it.
func (v *explainView) fields(t *told) {
	sets := t.Sets(v.asked)
	for _, s := range sets {
		v.field(t, s)
	}
	if len(sets) > 0 {
		return
	}
	fmt.Fprintf(v.out, "%s: no write of it got as far as %s\n", t.Decision.Record, v.asked)
	var routes []string
	for _, r := range inspect.RuledFields(v.c.project, t.Flow.Spec()) {
		if r.AskedOf(v.asked) {
			routes = append(routes, r.Route)
			v.line("rule", "%s %s, route %s  %s", r.Object, r.Path, r.Route, v.place(r.Rule.At.String()))
			v.excerpt(r.Rule.At)
		}
	}
	others := routesBeside(t.Flow.Spec().Routes, routes)
	for _, p := range t.Parts() {
		if p.Change != nil && p.Change.Verdict.Writes() || slices.Contains(others, p.Route) {
			continue
		}
		v.part(t, p, map[int64]bool{})
	}
	v.next(t)
}

// routesBeside are the routes that neither are among those named nor lead to one of them.
func routesBeside(all []*spec.Route, named []string) []string {
	var out []string
	for _, r := range all {
		below := routesBeside(r.Routes, named)
		out = append(out, below...)
		if !slices.Contains(named, r.Name.Text) && len(below) == countRoutes(r.Routes) {
			out = append(out, r.Name.Text)
		}
	}
	return out
}

func countRoutes(routes []*spec.Route) int {
	n := len(routes)
	for _, r := range routes {
		n += countRoutes(r.Routes)
	}
	return n
}

func (v *explainView) field(t *told, s inspect.Set) {
	f := s.Field
	where := s.Write.Object
	switch {
	case s.Write.Target != "":
		where += " " + s.Write.Target
	case s.Write.Fresh:
		where = "a new " + where
	}
	from := t.Decision.Record
	if s.Write.Item != "" {
		from += " · " + s.Write.Item
	}
	fmt.Fprintf(v.out, "%s of %s, from %s\n", f.Path, where, from)
	if !s.Write.Fresh {
		v.line("value now", "%s", v.value(f.Current, f.Class))
	}
	v.line("rule gives", "%s", v.given(f))
	v.line("so", "%s", outcomeOf(f))
	if c := s.Part; c != nil && !c.Verdict.Writes() && c.Verdict != engine.NoChange {
		v.line("but", "%s", fate(inspect.Part{Change: c})+": "+reasonOf(c.Reason))
	}
	v.line("rule", "route %s  %s", s.Write.Route, v.place(f.Rule.At.String()))
	v.excerpt(f.Rule.At)
	v.sources(t, s)
	v.lookups(f.Lookups)
	v.lastWrite(t, s.Write.Route, s.Write.Item, s.Write.Object)
	for _, e := range t.sends {
		if e.Route == s.Write.Route && e.Item == s.Write.Item {
			v.send(e)
		}
	}
}

// given is what the rule gives, and how.
func (v *explainView) given(f *mapping.TracedField) string {
	text := v.value(f.Wanted, f.Class)
	if f.Filled {
		text += " (when_blank: the source has nothing)"
	}
	return text
}

// sources shows where the value comes from: fields of the source, and names that earlier steps gave.
func (v *explainView) sources(t *told, s inspect.Set) {
	label := "from"
	for _, in := range s.Field.Inputs {
		v.line(label, "%s = %s", in.Path, v.input(in))
		label = ""
		st := t.Origin(s.Write.Route, s.Write.Item, in.Path)
		if st == nil {
			continue
		}
		name, _, _ := strings.Cut(in.Path, ".")
		v.line("", "  %s comes from %s / %s  %s", name, st.Route, name, v.place(st.Step.At.String()))
	}
}

// outcomeOf says what becomes of a field, and which policy decided.
func outcomeOf(f *mapping.TracedField) string {
	switch f.Result {
	case mapping.FieldSet:
		return "a run writes it"
	case mapping.FieldSame:
		return "nothing to do: the other system has this value"
	case mapping.FieldOnCreate:
		return "the value there stays: this rule counts for new records only (policy: on_create)"
	case mapping.FieldIfEmpty:
		return "the value there stays: this rule fills only what is empty (policy: if_empty)"
	case mapping.FieldFillerOnly:
		return "the value there stays: what stands in for a blank value never replaces one (when_blank)"
	case mapping.FieldBlank:
		return "nothing is written: the rule gives no value, and that never changes what is there"
	}
	return reasonOf(f.Reason)
}
