package spectest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// misspelt finds fields of a case's records that their objects do not have: a
// misspelt field would be read as absent, and the case would show something else.
func misspelt(p *spec.Project, suite *spec.Suite, flow *spec.Flow, tc *spec.TestCase) []Failure {
	source := []spec.GivenRecords{{Object: flow.Source.Read, Records: tc.Read}}
	var out []Failure
	for _, g := range slices.Concat(suite.Given, tc.Given, source, tc.Recalled, tc.Linked) {
		o := p.Object(g.Object.Text)
		if o == nil {
			continue // Load has said so
		}
		for _, r := range g.Records {
			out = append(out, misspeltIn(o.Name, o.Fields, r.Any, r.At)...)
		}
	}
	return out
}

func misspeltIn(where string, fields []engine.Field, record any, at engine.Pos) []Failure {
	values, _ := record.(map[string]any)
	var out []Failure
	for _, name := range slices.Sorted(maps.Keys(values)) {
		f := engine.FieldNamed(fields, name)
		switch {
		case f == nil && name != ownerKey:
			out = append(out, Failure{At: at, Text: fmt.Sprintf("%s has no field %q%s", where, name, suggestion(name, fields))})
		case f != nil && f.Type == engine.Rows && len(f.Fields) > 0:
			rows, _ := values[name].([]any)
			for _, row := range rows {
				out = append(out, misspeltIn(where+"."+name, f.Fields, row, at)...)
			}
		}
	}
	return out
}

func suggestion(name string, fields []engine.Field) string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	if near := engine.Nearest(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
