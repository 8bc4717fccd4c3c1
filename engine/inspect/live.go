package inspect

import (
	"cmp"
	"context"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// Side is one connection of a project as it is opened.
type Side struct {
	Name       string
	Connection engine.Connection
	Own        []engine.Object // what its driver fixes; their names are without the connection
}

// Setup is what one system says about itself, and what was found in it by name.
type Setup struct {
	Connection string
	Own        []engine.Object
	Told       bool // the system can say something about itself
	engine.Description
}

// LiveFinding is one difference between the specs and a system.
type LiveFinding struct {
	engine.Diag
	System string // name of the connection
}

// Note is what a system has and the specs do not speak of, where they need not.
const Note engine.Severity = "note"

// LiveReport says how the specs and the systems stand to each other.
type LiveReport struct {
	Findings []LiveFinding // by system in the project's order, then by place
	Silent   []string      // connections that cannot say what they are set up with
	Counts   []LiveCount   // what was looked at
}

// LiveCount is how many things of one kind were looked at.
type LiveCount struct {
	Noun  string // "user", "code", "field"
	Count int
}

// Setups asks every system what it is set up with, for Live. Names that a system cannot list but that can be
// looked up one by one are looked up. It reads only; an error is a *engine.Fault.
func Setups(ctx context.Context, p *spec.Project, sides []Side) ([]Setup, error) {
	var setups []Setup
	for _, side := range sides {
		s := Setup{Connection: side.Name, Own: side.Own}
		asked := named(p, side.Name)
		if d, ok := side.Connection.(engine.Describer); ok {
			var err error
			if s.Description, err = d.Describe(ctx, lists(asked)); err != nil {
				return nil, err
			}
			s.Told = true
		}
		if err := s.lookUp(ctx, side, asked); err != nil {
			return nil, err
		}
		setups = append(setups, s)
	}
	return setups, nil
}

// lookUp finds names of objects that are looked up by that very field and that the system did not list.
func (s *Setup) lookUp(ctx context.Context, side Side, asked []naming) error {
	for _, list := range lists(asked) {
		object, field := cut(list)
		o := ownObject(s.Own, object)
		if o == nil || !slices.Contains(o.By, field) || s.names(list) != nil || s.unread(list) {
			continue
		}
		var values []string
		for _, n := range asked {
			if n.list == list {
				values = append(values, n.value)
			}
		}
		slices.Sort(values)
		records, err := side.Connection.Reader().Find(ctx, engine.Lookup{Object: object, By: field, Values: slices.Compact(values), Fields: []string{field}})
		if err != nil {
			return err
		}
		s.Told = true
		s.Names = append(s.Names, foundNames(object, field, records))
	}
	return nil
}

func foundNames(object, field string, records []engine.Record) engine.SetNames {
	list := engine.SetNames{Object: object, Field: field}
	for _, r := range records {
		list.Codes = append(list.Codes, engine.SetCode{Code: r.Found})
	}
	return list
}

// names returns the list of names "object.field", or nil.
func (s *Setup) names(list string) *engine.SetNames {
	for i := range s.Names {
		if n := &s.Names[i]; n.Object+"."+n.Field == list {
			return n
		}
	}
	return nil
}

func (s *Setup) unread(list string) bool {
	return slices.ContainsFunc(s.Unread, func(u engine.Unread) bool { return u.Names == list })
}

func ownObject(own []engine.Object, name string) *engine.Object {
	for i := range own {
		if own[i].Name == name {
			return &own[i]
		}
	}
	return nil
}

// Live compares a project with what its systems say about themselves. It is pure: the same setups give the
// same report.
func Live(p *spec.Project, setups []Setup) LiveReport {
	var report LiveReport
	tally := map[string]int{}
	for i := range setups {
		s := &setups[i]
		if !s.Told {
			report.Silent = append(report.Silent, s.Connection)
			continue
		}
		l := looking{project: p, setup: s, tally: tally}
		l.unread()
		l.untold()
		l.names()
		l.fields()
		l.rights()
		slices.SortStableFunc(l.found, func(a, b LiveFinding) int {
			return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column),
				cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
		})
		report.Findings = append(report.Findings, slices.Compact(l.found)...)
	}
	report.Counts = counts(setups, tally)
	return report
}

// counts puts what is looked up by name first, in the systems' order, then codes and fields.
func counts(setups []Setup, tally map[string]int) []LiveCount {
	var nouns []string
	for _, s := range setups {
		for _, n := range s.Names {
			nouns = append(nouns, n.Object)
		}
	}
	var out []LiveCount
	for i, noun := range append(nouns, "code", "field") {
		if tally[noun] > 0 && !slices.Contains(nouns[:min(i, len(nouns))], noun) {
			out = append(out, LiveCount{noun, tally[noun]})
		}
	}
	return out
}

// Differs says whether a finding is an error: the specs and a system cannot both be right.
func (r LiveReport) Differs() bool {
	return slices.ContainsFunc(r.Findings, func(f LiveFinding) bool { return f.Severity == engine.Error })
}
