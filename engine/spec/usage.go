package spec

import (
	"regexp"
	"strings"
)

var (
	mapCall  = regexp.MustCompile(`\blookup\(\s*["']([^"']+)["']\s*,\s*["']([^"']+)["']`)
	ruleCall = regexp.MustCompile(`\brule\(\s*["']([^"']+)["']`)
)

// usage is what a project's flows and mappings use of its other files.
type usage struct {
	mappings, maps, rules, tables, snippets map[string]bool
	keys                                    map[string]bool // "map column" by which a map is looked up
}

// uses walks every flow, snippet and mapping, used or not.
func (b *builder) uses() usage {
	u := usage{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, f := range b.project.Flows {
		u.expressions(f.Alone...)
		u.steps(f.Gate)
		u.routes(f.Routes)
	}
	for _, s := range b.project.Snippets {
		u.steps(s.Steps)
	}
	for _, m := range b.project.Mappings {
		u.fields(m.Fields)
	}
	return u
}

// lookupKeys returns "map column" for every column by which a map is looked up.
func (b *builder) lookupKeys() map[string]bool { return b.uses().keys }

func (u usage) routes(routes []*Route) {
	for _, r := range routes {
		u.steps(r.Steps)
		for _, w := range r.Writes {
			u.mappings[w.Mapping.Text] = true
			u.expressions(w.OnlyIf)
			u.bindings(w.Once)
			u.bindings(w.Known)
			u.fields(w.Fields)
		}
		u.routes(r.Routes)
	}
}

func (u usage) steps(steps []Step) {
	for _, s := range steps {
		switch s.Kind {
		case MapStep:
			u.lookup(s.Lookup, s.Key)
		case RuleStep:
			u.rules[s.Lookup.Text] = true
		case TableStep:
			u.tables[s.Lookup.Text] = true
		case UseStep:
			u.snippets[s.Lookup.Text] = true
		}
		u.expressions(s.OnlyIf, s.List, s.Where, s.Item, s.From, s.Expr, s.Answer)
		u.expressions(s.Try...)
		u.expressions(s.Distinct...)
		for _, list := range [][]Binding{s.By, s.Inputs, s.Known, s.Once} {
			u.bindings(list)
		}
	}
}

func (u usage) fields(fields []*FieldRule) {
	for _, f := range fields {
		if f.Map.Text != "" {
			u.lookup(f.Map, f.Key)
		}
		u.expressions(f.Expr)
		u.fields(f.One)
		if f.List != nil {
			u.fields([]*FieldRule{f.List})
		}
	}
}

func (u usage) lookup(name, by Scalar) {
	u.maps[name.Text] = true
	u.keys[name.Text+" "+by.Text] = true
}

func (u usage) bindings(list []Binding) {
	for _, x := range list {
		u.expressions(x.Expr)
	}
}

// expressions looks for lookup("map", "column", ...) and rule("rule", ...) in formulas.
func (u usage) expressions(list ...Scalar) {
	for _, e := range list {
		if !strings.Contains(e.Text, "(") {
			continue
		}
		for _, call := range mapCall.FindAllStringSubmatch(e.Text, -1) {
			u.maps[call[1]] = true
			u.keys[call[1]+" "+call[2]] = true
		}
		for _, call := range ruleCall.FindAllStringSubmatch(e.Text, -1) {
			u.rules[call[1]] = true
		}
	}
}

// checkUse warns about what nothing uses. It runs before snippets are expanded.
func (b *builder) checkUse() {
	if !b.whole {
		return
	}
	u := b.uses()
	used := map[string]map[string]bool{"mapping": u.mappings, "map": u.maps, "rule": u.rules, "table": u.tables, "list of steps": u.snippets}
	for _, t := range b.things() {
		switch {
		case t.name.Text == "", b.meant[t.kind+" "+t.name.Text]:
		case t.kind == "flow":
			b.checkScheduled(t.name)
		case !used[t.kind][t.name.Text]:
			b.warnAt(t.name, "unused", "use it, or delete its file", "nothing uses the %s %q", t.kind, t.name.Text)
		}
	}
}

func (b *builder) checkScheduled(flow Scalar) {
	run := b.project.Schedule.Run
	for _, s := range run {
		if s.Text == flow.Text {
			return
		}
	}
	if len(run) > 0 {
		b.warnAt(flow, "not-scheduled", "add it to schedule.run in the project, unless it is only run on demand", "the schedule does not run the flow %q", flow.Text)
	}
}
