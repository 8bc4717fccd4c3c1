package sheet

import (
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// longest is how many characters of an example are shown.
const longest = 60

// example finds a test case of the flow in which this field gets a value. The
// cases are invented by the project's authors; no other values are ever shown.
func (r *rowMaker) example(row Row, f *spec.FieldRule) (text, name string) {
	if f.Literal != nil || f.Constant.Text != "" {
		return "", ""
	}
	shared := r.setters(r.flow.Routes, row.Field) > 1
	for _, suite := range r.project.Suites {
		if suite.Flow.Text != r.out.Name {
			continue
		}
		for i := range suite.Cases {
			c := &suite.Cases[i]
			for _, e := range c.Expect {
				value, ok := r.expected(e, row.Field)
				if !ok || shared && e.Route.Text == "" {
					continue
				}
				if from, ok := r.source(suite, c, row.From); ok && from != value {
					return from + " → " + value, c.Name.Text
				}
				return value, c.Name.Text
			}
		}
	}
	return "", ""
}

// setters counts the writes of the flow that set a field of this object: of
// several, only a case that names its route can be an example.
func (r *rowMaker) setters(routes []*spec.Route, field string) int {
	n := 0
	for _, route := range routes {
		for i := range route.Writes {
			w := &route.Writes[i]
			prefix := ""
			if w.Row.Text != "" {
				prefix = w.Row.Text + "[]."
			}
			if w.Object.Text == r.write.Object.Text && sets(r.rules(w), prefix, field) {
				n++
			}
		}
		n += r.setters(route.Routes, field)
	}
	return n
}

func sets(rules []*spec.FieldRule, prefix, field string) bool {
	for _, f := range rules {
		if prefix+f.Name.Text == field || f.One != nil && sets(f.One, prefix+f.Name.Text+"[].", field) {
			return true
		}
	}
	return false
}

// expected is the value that a test case wants in a field, when it is about this write.
func (r *rowMaker) expected(e spec.Expectation, field string) (string, bool) {
	verb := e.Verdict.Text
	written := verb == string(engine.Create) || verb == string(engine.Update) || verb == string(engine.Send)
	if !written || e.Object.Text != r.write.Object.Text || e.Route.Text != "" && e.Route.Text != r.row.Route {
		return "", false
	}
	for _, part := range []*spec.Value{e.Document, e.Includes} {
		if part != nil {
			if text, ok := shown(inside(part.Any, strings.Split(field, "."))); ok {
				return text, true
			}
		}
	}
	return "", false
}

// inside follows a path; "name[]" goes into the first row that has what is asked for.
func inside(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	name, rows := strings.CutSuffix(path[0], "[]")
	if !rows {
		return inside(m[name], path[1:])
	}
	list, _ := m[name].([]any)
	for _, row := range list {
		if found := inside(row, path[1:]); found != nil {
			return found
		}
	}
	return nil
}

// shown writes a value for people; blank ones are no example.
func shown(v any) (string, bool) {
	text := literal(v)
	if list, ok := v.([]any); ok {
		var parts []string
		for _, x := range list {
			parts = append(parts, literal(x))
		}
		text = strings.Join(parts, ", ")
	}
	if v == nil || v == "" || text == "" {
		return "", false
	}
	if _, ok := v.(map[string]any); ok {
		return "", false
	}
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return text, true
}

// source is the value that the first path has in the only record that a case reads.
func (r *rowMaker) source(suite *spec.Suite, c *spec.TestCase, from []Source) (string, bool) {
	records := c.Read
	if records == nil {
		for _, g := range append(append([]spec.GivenRecords{}, suite.Given...), c.Given...) {
			if g.Object.Text == r.flow.Source.Read.Text {
				records = append(records, g.Records...)
			}
		}
	}
	if len(from) != 1 || len(records) != 1 {
		return "", false
	}
	path := strings.Split(from[0].Path, ".")
	if path[0] != r.flow.Source.As.Text {
		return "", false
	}
	return shown(inside(records[0].Any, path[1:]))
}
