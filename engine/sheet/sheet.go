// Package sheet makes the mapping sheet of a project: one page and one workbook
// that say in words what goes where, for the people who are responsible for the
// data and do not read specs. Everything in them comes from the project itself.
//
// The package decides nothing and opens nothing: it takes a sound project and
// gives bytes. The same project gives the same bytes. Values in examples come
// from the project's own test cases, never from a record of a person.
package sheet

import (
	"maps"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// Sheet is a project as people read it. In its texts, what stands between
// backticks is a path, a name or a code of the specs.
type Sheet struct {
	Title     string
	Name      string
	Stamp     string // shown at the foot; "" leaves it out
	Schedule  string
	Zone      string
	Languages []string // of labels, in the order in which they are shown
	Systems   []System
	Flows     []Flow
	Sharings  []Sharing
	Constants []Constant
	Kept      []Kept
	Maps      []Map
	Rules     []Rule
	Tables    []Table
	Lists     []List
}

// System is one connected system and the objects of it that the flows touch.
type System struct {
	Name, Driver string
	Objects      []Object
}

// Object is one kind of record.
type Object struct{ Name, Note string }

// Flow is one flow.
type Flow struct {
	Name, Title, Note string
	Place             string
	Facts             []Fact // how it reads and when it stops
	Gates             []Stop
	Routes            []Route // nested ones follow the one they continue
	Targets           []Target
	Diagram           Diagram
}

// Fact is a line of a list: a word and a sentence.
type Fact struct{ Word, Text string }

// Route is one route of a flow.
type Route struct {
	Name, Note string
	Anchor     string
	Continues  string // the route whose names it goes on with
	Steps      []Step
	Stops      []Stop
	Writes     []Writing
	Diagram    Diagram
}

// Step is one step in words.
type Step struct {
	Name, Text, Exact, Place string
	Lookup                   Link
}

// Link leads to a map, rule or table on the same page.
type Link struct{ Text, Anchor string }

// Stop is one reason why something is not sent.
type Stop struct {
	When    string // in words
	Say     string // what people read
	Outcome string
	Means   string // what the outcome means
	Exact   string // expression
	Gate    string // consent, scope or ""
	Place   string
}

// Writing is one write of a route in words.
type Writing struct{ Text, Place, Anchor string }

// Target is an object that a flow writes, with every field that it sets.
type Target struct {
	Object string
	Note   string
	Anchor string
	Rows   []Row
}

// Row is one field that is written, by one route.
type Row struct {
	Route   string
	Verb    string
	Field   string // "services_section[].name" for a column of rows
	Labels  []Label
	From    []Source
	Rule    string // in words
	Exact   string // the expression, or ""
	Lookup  Link
	Policy  []string
	Class   string
	Note    string // what the catalogue says about the field
	Unused  bool   // the other system does nothing with it
	Example string
	Case    string // the test case that the example is from
	Place   string
}

// Label is what people see as a field's name in one language.
type Label struct{ Language, Text string }

// Source is a path that a rule reads.
type Source struct {
	Path   string
	Labels []Label
}

// Constant is a value that stands in no record.
type Constant struct {
	Name, Value, Why string
	Used             []string // fields
}

// Kept is what the store keeps of an object.
type Kept struct {
	Object            string
	Key, Keep, Sealed []string
}

// Sharing is what may go from one system to another.
type Sharing struct {
	Title, Note, From, To, Place string
	Conditions                   []Fact
	Leaves, Writes               []SharedFields
}

// SharedFields are fields of one object.
type SharedFields struct{ Object, Fields string }

// Map is a map with all its rows.
type Map struct {
	Name, Title, Note, Anchor, Place string
	Columns                          []Column
	Rows                             []MapRow
	Lossy                            bool // some row has a reason
	Except                           []Exception
	Used                             []string
}

// Column is the head of a column. Means says in words what its values stand for.
type Column struct{ Name, Title, Means string }

// MapRow is one row of a map.
type MapRow struct {
	Cells       []Cell
	Lossy, Note string
}

// Cell is a code, and its label where the code list has one.
type Cell struct{ Code, Label string }

// Exception is a code that has no row on purpose.
type Exception struct{ Column, Code, Why string }

// Rule is a naming rule.
type Rule struct {
	Name, Title, Note, Anchor, Place string
	Forms                            []Form
	Never, Confirmed                 []string
	Used                             []string
}

// Form is one way in which a naming rule writes a name.
type Form struct{ Name, Pattern, Means string }

// Table is a decision table.
type Table struct {
	Name, Title, Note, Anchor, Place string
	In, Out                          []string
	Lines                            []TableLine
	Used                             []string
}

// TableLine is one line of a decision table.
type TableLine struct {
	When, Then []string
	Note       string
}

// List is a code list.
type List struct {
	Name  string
	Codes []Cell
}

// Of makes the sheet of a project that loads without an error. root is the
// project's directory as places show it; "" leaves it out.
func Of(p *spec.Project) *Sheet {
	s := &Sheet{Title: p.Title, Name: p.Name.Text, Zone: p.Zone.String(), Schedule: scheduleWords(p), Languages: languages(p.Objects)}
	if s.Title == "" {
		s.Title = s.Name
	}
	m := maker{project: p, sheet: s, uses: map[string][]string{}}
	for _, f := range p.Flows {
		s.Flows = append(s.Flows, m.flow(f))
	}
	m.systems()
	m.register()
	for _, x := range p.Sharings {
		s.Sharings = append(s.Sharings, sharing(x))
	}
	return s
}

// Unused lists every field that is sent although its system does nothing with it.
func (s *Sheet) Unused() []Row {
	var rows []Row
	for _, f := range s.Flows {
		for _, t := range f.Targets {
			for _, r := range t.Rows {
				if r.Unused {
					r.Field = t.Object + "." + r.Field
					rows = append(rows, r)
				}
			}
		}
	}
	return rows
}

// maker carries what the parts of a sheet share.
type maker struct {
	project *spec.Project
	sheet   *Sheet
	uses    map[string][]string // where a map, rule, table or constant is used, by "kind name"
}

// use notes that a place uses a map, rule, table or constant.
func (m *maker) use(kind, name, place string) {
	key := kind + " " + name
	if name != "" && !slices.Contains(m.uses[key], place) {
		m.uses[key] = append(m.uses[key], place)
	}
}

func anchor(parts ...string) string { return strings.Join(parts, "-") }

// place writes a place as people look it up; the column is of no use to them.
func place(at engine.Pos) string {
	at.Column = 0
	return strings.TrimSuffix(at.String(), ":0")
}

// languages lists those that some label is in, English first.
func languages(objects []engine.Object) []string {
	seen := map[string]bool{}
	for _, o := range objects {
		noteLanguages(seen, o.Fields)
	}
	all := slices.Sorted(maps.Keys(seen))
	if i := slices.Index(all, "en"); i > 0 {
		all = append([]string{"en"}, slices.Delete(all, i, i+1)...)
	}
	return all
}

func noteLanguages(seen map[string]bool, fields []engine.Field) {
	for _, f := range fields {
		for l := range f.Labels {
			seen[l] = true
		}
		noteLanguages(seen, f.Fields)
	}
}

// labels are a field's, in the order of the sheet's languages.
func (m *maker) labels(f *engine.Field) []Label {
	if f == nil {
		return nil
	}
	var labels []Label
	for _, l := range m.sheet.Languages {
		if text := f.Labels[l]; text != "" {
			labels = append(labels, Label{l, text})
		}
	}
	return labels
}

// systems lists the connections with the objects that some flow reads or writes.
func (m *maker) systems() {
	for _, c := range m.project.Drivers {
		sys := System{Name: c.Name.Text, Driver: c.Driver.Text}
		for i := range m.project.Objects {
			o := &m.project.Objects[i]
			of, _, _ := engine.SplitObject(o.Name)
			if of == sys.Name && len(m.uses["object "+o.Name]) > 0 {
				sys.Objects = append(sys.Objects, Object{o.Name, o.Note})
			}
		}
		m.sheet.Systems = append(m.sheet.Systems, sys)
	}
}
