package mapping

import (
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// permits are the fields that a flow may write, by object: the sharing's list.
// Compile has proved that no mapping writes others; permit looks at each
// document once more before it goes, in case that proof has a hole.
type permits map[string][]string

func (c *compiler) permits(source *objectType) permits {
	allowed := permits{}
	for _, s := range c.project.Sharings {
		if s.From.Text != source.connection {
			continue
		}
		for _, shared := range s.Writes {
			allowed[shared.Object.Text] = append(allowed[shared.Object.Text], spec.Texts(shared.Fields)...)
		}
	}
	return allowed
}

// permit keeps a change aside whose document holds a field that may not be written.
func (f *Flow) permit(c engine.Change) engine.Change {
	if !c.Verdict.Writes() {
		return c
	}
	field := f.allowed.stray(c.Object, rawValue(string(c.Document.Raw())))
	if field == "" {
		return c
	}
	return engine.Change{Flow: c.Flow, Route: c.Route, Record: c.Record, Item: c.Item, Object: c.Object, Notes: c.Notes,
		Verdict: engine.Quarantined, Reason: engine.Reason{Code: c.Route + "/may_write", Place: f.spec.At.String(),
			Text: "the field " + field + " may not be written: this is a fault of the program, report it"}}
}

// stray finds the first field of a document that is not allowed; "" when there is none.
func (p permits) stray(name string, document value) string {
	for _, field := range memberNames(document) {
		if slices.Contains(p[name], field) {
			continue
		}
		rows := document.member(field).elements()
		if len(rows) == 0 || !slices.ContainsFunc(p[name], func(f string) bool { return strings.HasPrefix(f, field+".") }) {
			return field
		}
		for _, row := range rows {
			for _, column := range memberNames(row) {
				if !slices.Contains(p[name], field+"."+column) {
					return field + "." + column
				}
			}
		}
	}
	return ""
}

func memberNames(v value) []string {
	if v.kind != object {
		return nil
	}
	v.node.open()
	return v.node.keys
}
