package sheet

import (
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping/words"
	"github.com/casebridge/casebridge/engine/spec"
)

// thing is what a name in a route stands for, as far as the catalogue knows it.
type thing struct {
	fields []engine.Field // of a record or row
	object string         // "connection.object" when it is a whole record
	list   string         // path of the list that it is a row of
}

// scope is the names of a route, those of the routes around it included.
type scope struct {
	names  []string
	things []thing
}

func (s scope) with(name string, t thing) scope {
	if name == "" {
		return s
	}
	return scope{append(slices.Clip(s.names), name), append(slices.Clip(s.things), t)}
}

func (s scope) find(name string) (thing, bool) {
	i := slices.Index(s.names, name)
	if i < 0 {
		return thing{}, false
	}
	return s.things[i], true
}

// field finds the catalogue's field behind a path such as case.sex, or nil.
func (s scope) field(path string) *engine.Field {
	parts := strings.Split(path, ".")
	t, ok := s.find(parts[0])
	if !ok || len(parts) < 2 {
		return nil
	}
	fields := t.fields
	var f *engine.Field
	for _, p := range parts[1:] {
		if f = engine.FieldNamed(fields, p); f == nil {
			return nil
		}
		fields = f.Fields
	}
	return f
}

// labelled writes a text for pictures: a path whose field has an English label
// is called by it, and the backticks go.
func (s scope) labelled(text string) string {
	parts := strings.Split(text, "`")
	for i := 1; i < len(parts); i += 2 {
		if f := s.field(parts[i]); f != nil && f.Labels["en"] != "" {
			parts[i] = "“" + f.Labels["en"] + "”"
		}
	}
	return strings.Join(parts, "")
}

// after is the scope below a step.
func (m *maker) after(s scope, step spec.Step) scope {
	name := step.Name.Text
	switch step.Kind {
	case spec.ReadStep, spec.RecallStep:
		return s.with(name, m.recordOf(step.Object.Text))
	case spec.EachStep, spec.PickStep:
		return s.with(name, s.rowOf(step.List.Text))
	case spec.FirstStep:
		for _, n := range step.Names {
			if t, ok := s.find(n.Text); ok {
				return s.with(name, t)
			}
		}
	}
	return s.with(name, thing{})
}

func (m *maker) recordOf(object string) thing {
	if o := m.project.Object(object); o != nil {
		return thing{fields: o.Fields, object: object}
	}
	return thing{}
}

// rowOf is an entry of a list: a path to a field of rows, or a name that stands for several records.
func (s scope) rowOf(list string) thing {
	if f := s.field(list); f != nil {
		return thing{fields: f.Fields, list: list}
	}
	if t, ok := s.find(list); ok {
		return t
	}
	return thing{}
}

// sources words the paths of a rule, with their labels.
func (m *maker) sources(s scope, paths []string) []Source {
	var list []Source
	for _, p := range paths {
		list = append(list, Source{p, m.labels(s.field(p))})
	}
	return list
}

// pathsOf lists what a rule reads.
func pathsOf(f *spec.FieldRule) []string {
	if f.Expr.Text != "" {
		return words.Paths(f.Expr.Text)
	}
	return spec.Texts(f.From)
}
