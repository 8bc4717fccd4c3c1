package inspect

import (
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// Ruled is a field that a flow has a rule for.
type Ruled struct {
	Object string // "east.case"
	Path   string // "visits.kind"
	Route  string
	Rule   *spec.FieldRule
}

// RuledFields lists every field that a flow can write, in order of its routes.
func RuledFields(p *spec.Project, flow *spec.Flow) []Ruled {
	var all []Ruled
	var walk func([]*spec.Route)
	walk = func(list []*spec.Route) {
		for _, r := range list {
			for _, w := range r.Writes {
				rules := w.Fields
				if m := p.Mapping(w.Mapping.Text); m != nil {
					rules = m.Fields
				}
				prefix := ""
				if w.Row.Text != "" {
					prefix = w.Row.Text + "."
				}
				all = appendRuled(all, Ruled{Object: w.Object.Text, Path: prefix, Route: r.Name.Text}, rules)
			}
			walk(r.Routes)
		}
	}
	walk(flow.Routes)
	return all
}

func appendRuled(all []Ruled, in Ruled, rules []*spec.FieldRule) []Ruled {
	for _, rule := range rules {
		one := in
		one.Path, one.Rule = in.Path+rule.Name.Text, rule
		if rule.One != nil {
			inner := one
			inner.Path += "."
			all = appendRuled(all, inner, rule.One)
			continue
		}
		all = append(all, one)
	}
	return all
}

// Asked says whether a person who writes asked means the field at path. Without keys of
// rows every row is meant; a name alone means the field of that name wherever it stands.
func Asked(asked, path string) bool {
	if strings.Contains(asked, "[") {
		return asked == path
	}
	plain := plainPath(path)
	return asked == plain || !strings.Contains(asked, ".") && asked == plain[strings.LastIndexByte(plain, '.')+1:]
}

// AskedOf says whether asked can mean a field that flows have a rule for.
func (r Ruled) AskedOf(asked string) bool { return Asked(plainPath(asked), r.Path) }

// FieldsNear suggests what was probably meant by a name that no flow has a rule for; ""
// when nothing is near. There says whether an object of the project has such a field
// all the same: then nothing ever writes it.
func FieldsNear(p *spec.Project, asked string) (near string, there []string) {
	var names []string
	for _, f := range p.Flows {
		for _, r := range RuledFields(p, f) {
			names = append(names, r.Path, r.Path[strings.LastIndexByte(r.Path, '.')+1:])
		}
	}
	for _, o := range p.Objects {
		for _, path := range fieldPaths("", o.Fields) {
			if Asked(plainPath(asked), path) && !slices.Contains(there, o.Name) {
				there = append(there, o.Name)
			}
		}
	}
	return engine.Nearest(plainPath(asked), names), there
}

func fieldPaths(prefix string, fields []engine.Field) []string {
	var paths []string
	for _, f := range fields {
		paths = append(paths, prefix+f.Name)
		paths = append(paths, fieldPaths(prefix+f.Name+".", f.Fields)...)
	}
	return paths
}
