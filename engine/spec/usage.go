package spec

import (
	"regexp"
	"strings"
)

var (
	mapCall  = regexp.MustCompile(`\blookup\(`)
	ruleCall = regexp.MustCompile(`\brule\(\s*["']([^"']+)["']`)
)

// usage is what a project's flows and mappings use of its other files.
type usage struct {
	mappings, maps, rules, tables, snippets map[string]bool
	ways                                    map[way]bool
}

// way is one way of looking something up in a map.
type way struct{ in, by, give string }

// uses walks every flow, snippet and mapping, used or not.
func (b *builder) uses() usage {
	u := usage{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[way]bool{}}
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
			u.lookup(s.Lookup, s.Key, s.Give)
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
			u.lookup(f.Map, f.Key, f.Give)
		}
		u.expressions(f.Expr)
		u.fields(f.One)
		if f.List != nil {
			u.fields([]*FieldRule{f.List})
		}
	}
}

func (u usage) lookup(name, by, give Scalar) {
	u.maps[name.Text] = true
	u.ways[way{name.Text, by.Text, give.Text}] = true
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
		for _, at := range mapCall.FindAllStringIndex(e.Text, -1) {
			if args := callWords(e.Text[at[1]:]); len(args) == 4 {
				u.maps[args[0]] = true
				u.ways[way{args[0], args[1], args[3]}] = true
			}
		}
		for _, call := range ruleCall.FindAllStringSubmatch(e.Text, -1) {
			u.rules[call[1]] = true
		}
	}
}

// callWords cuts the arguments of a call, given what follows its opening bracket; those
// that are written out come without their quotes. Nil if the call does not end.
func callWords(rest string) []string {
	var words []string
	var quote rune
	depth, from := 0, 0
	for i, r := range rest {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			quote = r
		case strings.ContainsRune("([{", r):
			depth++
		case depth > 0 && strings.ContainsRune(")]}", r):
			depth--
		case depth == 0 && (r == ',' || r == ')'):
			words = append(words, strings.Trim(strings.TrimSpace(rest[from:i]), "\"'`"))
			if from = i + 1; r == ')' {
				return words
			}
		}
	}
	return nil
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
