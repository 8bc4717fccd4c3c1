package spectest

import (
	"fmt"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// unnamed tells which names of maps and rules a case looked for and was not given. When a name is
// changed in the specs, the case's `given` still has the old one, and what then fails says nothing of it.
func (w *world) unnamed(p *spec.Project) []Failure {
	var out []Failure
	for i, a := range w.missed {
		at, ok := namedAt(p, a.Object+"."+a.By, a.Value)
		if !ok || sought(w.missed[:i], a) {
			continue
		}
		text := fmt.Sprintf("names %q, and `given` has no %s with this %s: when the name is right, write it there too", a.Value, a.Object, a.By)
		if near := engine.Nearest(a.Value, w.values(a.Object, a.By)); near != "" {
			text += fmt.Sprintf(" (it has %q)", near)
		}
		out = append(out, Failure{At: at, Text: text})
	}
	return out
}

func sought(asks []mapping.Ask, a mapping.Ask) bool {
	for _, b := range asks {
		if b.Key() == a.Key() {
			return true
		}
	}
	return false
}

// namedAt is where a map or the confirmed names of a rule name a record, "connection.object.field".
func namedAt(p *spec.Project, list, value string) (engine.Pos, bool) {
	for _, m := range p.Maps {
		for i, c := range m.Columns {
			for _, row := range m.Rows {
				if c.Names.Text == list && row.Cells[i].Text == value {
					return row.Cells[i].At, true
				}
			}
		}
	}
	for _, r := range p.Rules {
		for _, f := range r.Forms {
			for _, name := range r.Confirmed {
				if f.Names.Text == list && strings.Replace(f.Pattern.Text, "{name}", name.Text, 1) == value {
					return name.At, true
				}
			}
		}
	}
	return engine.Pos{}, false
}

// values are those of one field of the given records of an object.
func (w *world) values(object, field string) []string {
	var out []string
	for _, h := range w.given {
		if v := text(h.fields[field]); h.object == object && v != "" {
			out = append(out, v)
		}
	}
	return out
}
