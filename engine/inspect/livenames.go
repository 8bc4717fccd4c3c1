package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// looking compares one system with the specs.
type looking struct {
	project *spec.Project
	setup   *Setup
	tally   map[string]int
	found   []LiveFinding
}

// say adds a finding at a place; width counts characters.
func (l *looking) say(severity engine.Severity, code string, at engine.Pos, width int, help, format string, args ...any) {
	d := engine.Diag{Severity: severity, Code: code, At: at, Width: max(width, 1), Message: fmt.Sprintf(format, args...), Help: help, Excerpt: l.line(at)}
	l.found = append(l.found, LiveFinding{Diag: d, System: l.setup.Connection})
}

func (l *looking) sayAt(severity engine.Severity, code string, s spec.Scalar, help, format string, args ...any) {
	l.say(severity, code, s.At, utf8.RuneCountInString(s.Text), help, format, args...)
}

func (l *looking) line(at engine.Pos) string {
	for _, f := range l.project.Files {
		if f.Path == at.File && at.Line > 0 && at.Line <= len(f.Lines) {
			return f.Lines[at.Line-1]
		}
	}
	return ""
}

// naming is one place in the specs that names a record of a system.
type naming struct {
	list  string // "object.field" of its connection
	value string
	at    spec.Scalar // what is written there
}

// named are the names of a connection's records in the specs, in the order of the specs.
func named(p *spec.Project, connection string) []naming {
	var all []naming
	for _, m := range p.Maps {
		for i, c := range m.Columns {
			list, ok := strings.CutPrefix(c.Names.Text, connection+".")
			for _, row := range m.Rows {
				if cell := row.Cells[i]; ok && cell.Text != "" {
					all = append(all, naming{list, cell.Text, cell})
				}
			}
		}
	}
	for _, r := range p.Rules {
		for _, f := range r.Forms {
			list, ok := strings.CutPrefix(f.Names.Text, connection+".")
			for _, name := range r.Confirmed {
				if ok {
					all = append(all, naming{list, strings.Replace(f.Pattern.Text, "{name}", name.Text, 1), name})
				}
			}
		}
	}
	return all
}

// lists are the lists that namings need, each once.
func lists(asked []naming) []string {
	var names []string
	for _, n := range asked {
		if !slices.Contains(names, n.list) {
			names = append(names, n.list)
		}
	}
	return names
}

// cut splits "object.field".
func cut(list string) (object, field string) {
	object, field, _ = strings.Cut(list, ".")
	return object, field
}

// unread reports what the account may not see.
func (l *looking) unread() {
	for _, u := range l.setup.Unread {
		next, why := "let the role of this connection's user read this, or check it by hand", ": not permitted"
		if u.Fault != nil && u.Fault.Status == 0 { // not refused: the system does not tell it
			next, why = cmp.Or(u.Fault.Next, next), ""
		}
		l.say(engine.Warning, "not-checked", engine.Pos{}, 0, next, "could not check %s of %s%s", u.What, l.setup.Connection, why)
	}
}

// untold notes that a system says nothing of its fields and options, though the specs describe some.
func (l *looking) untold() {
	has := slices.ContainsFunc(l.project.Codes, func(c spec.CodeList) bool { return strings.HasPrefix(c.Name, l.setup.Connection+".") })
	if has && len(l.setup.Fields)+len(l.setup.Lists) == 0 {
		l.say(Note, "not-checked", engine.Pos{}, 0, "what is new there shows in a run, as a value that no map has", "could not check the fields and options of %s: it does not tell them", l.setup.Connection)
	}
}

// names compares the records that the specs name with those that there are.
func (l *looking) names() {
	asked := named(l.project, l.setup.Connection)
	for _, list := range lists(asked) {
		have := l.setup.names(list)
		if have == nil {
			if !l.setup.unread(list) {
				l.say(engine.Warning, "not-checked", engine.Pos{}, 0, "check them by hand", "could not check %s: %s can neither list nor look them up", list, l.setup.Connection)
			}
			continue
		}
		is := byCode(have.Codes)
		seen := map[string]bool{}
		for _, n := range asked {
			if n.list == list {
				l.name(have.Object, n, is)
				seen[n.value] = true
			}
		}
		l.tally[have.Object] += len(seen)
		l.unnamed(have, seen)
	}
}

func (l *looking) name(noun string, n naming, is map[string]engine.SetCode) {
	what := fmt.Sprintf("the %s %q", noun, n.value)
	switch have, ok := is[n.value]; {
	case !ok:
		help := fmt.Sprintf("add it in %s, let the role of this connection's user see it, or change this line", l.setup.Connection)
		if near := engine.Nearest(n.value, codesIn(is)); near != "" {
			help = fmt.Sprintf("did you mean %q? Else %s", near, help)
		}
		l.sayAt(engine.Error, "name-gone", n.at, help, "%s does not have %s", l.setup.Connection, what)
	case have.Disabled:
		l.sayAt(engine.Warning, "name-disabled", n.at, fmt.Sprintf("switch it on in %s, or change this line", l.setup.Connection), "%s is switched off in %s", what, l.setup.Connection)
	}
}

// unnamed notes what there is and no line names.
func (l *looking) unnamed(have *engine.SetNames, seen map[string]bool) {
	for _, c := range have.Codes {
		if !seen[c.Code] && !c.Disabled {
			l.say(Note, "name-unmapped", engine.Pos{}, 0, "nothing to do, unless the specs should speak of it", "no line of the specs names the %s %q of %s", have.Object, c.Code, l.setup.Connection)
		}
	}
}

func byCode(codes []engine.SetCode) map[string]engine.SetCode {
	m := make(map[string]engine.SetCode, len(codes))
	for _, c := range codes {
		if old, ok := m[c.Code]; !ok || old.Disabled { // listed twice: one that works counts
			m[c.Code] = c
		}
	}
	return m
}

func codesIn(m map[string]engine.SetCode) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
