package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Consulted is one place of the specs that looks a value up.
type Consulted struct {
	Name    string // the map or rule
	By      string // its column or form
	Carried string // what a value without an entry becomes, in words; "" when it stops there or goes on as a name that is not given
}

// Consults are the places that look values up in maps and rules, by the text of the place as it stands in reasons.
func (p *Project) Consults() map[string]Consulted {
	out := map[string]Consulted{}
	for _, f := range p.Flows {
		consultRoutes(out, f.Routes)
	}
	for _, m := range p.Mappings {
		consultFields(out, m.Fields, "")
	}
	return out
}

func consultRoutes(out map[string]Consulted, routes []*Route) {
	for _, r := range routes {
		for _, s := range r.Steps {
			if s.Kind == MapStep || s.Kind == RuleStep {
				out[s.At.String()] = Consulted{Name: s.Lookup.Text, By: s.Key.Text, Carried: carriedByStep(s)}
			}
		}
		for _, w := range r.Writes {
			consultFields(out, w.Fields, "")
		}
		consultRoutes(out, r.Routes)
	}
}

func carriedByStep(s Step) string {
	if s.Kind == RuleStep && s.Unconfirmed == WarnOnly {
		return "it is, though nobody has confirmed it"
	}
	return ""
}

// consultFields walks field rules; outer is the field that they stand in.
func consultFields(out map[string]Consulted, fields []*FieldRule, outer string) {
	for _, f := range fields {
		name := f.Name.Text
		if outer != "" {
			name = outer + "." + name
		}
		consultField(out, f, name)
		if f.List != nil {
			consultField(out, f.List, name)
		}
		consultFields(out, f.One, name)
	}
}

func consultField(out map[string]Consulted, f *FieldRule, name string) {
	if f.Map.Text != "" {
		out[f.At.String()] = Consulted{Name: f.Map.Text, By: f.Key.Text, Carried: carriedByField(f, name)}
	}
}

func carriedByField(f *FieldRule, name string) string {
	switch {
	case f.Missing == OmitIt:
		return "no " + name
	case f.Missing == UseDefault && f.Default != nil:
		return name + " " + literalText(f.Default.Any)
	}
	return ""
}

func literalText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if raw, err := json.Marshal(v); err == nil {
		return string(raw)
	}
	return fmt.Sprint(v)
}

// Knows are the values that a map has in a column, or that a rule confirms in a form, each once, in order of the file.
func (p *Project) Knows(name, by string) []string {
	var out []string
	add := func(text string) {
		if text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if m := p.Map(name); m != nil {
		if column := m.Column(by); column >= 0 {
			for _, row := range m.Rows {
				if column < len(row.Cells) {
					add(row.Cells[column].Text)
				}
			}
		}
	} else if r := p.Rule(name); r != nil {
		if form := r.Form(by); form != nil {
			for _, c := range r.Confirmed {
				add(strings.Replace(form.Pattern.Text, "{name}", c.Text, 1))
			}
		}
	}
	return out
}
