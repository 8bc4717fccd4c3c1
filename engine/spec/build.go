package spec

import (
	"cmp"
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// builder makes a Project of parsed files.
type builder struct {
	*findings
	drivers []engine.Driver
	project *Project
	whole   bool // every file could be parsed, so what is not there is missing

	at         engine.Pos // of the Project file
	catalogues []*node
	unreliable map[string]bool // connections whose driver is not known: their objects cannot be checked
	stray      bool            // a catalogue is of no connection: its code lists are under another name
	meant      map[string]bool // "kind name" that a misspelt name was probably meant to be
}

func (b *builder) build(sources []source) {
	for i := range sources {
		b.decode(&sources[i])
	}
	b.project.Version = version(sources)
	b.finish()
}

// decode takes a file into the project. What the schema refused is left empty.
func (b *builder) decode(s *source) {
	p := b.project
	switch s.kind {
	case "Project":
		b.decodeProject(s.root)
	case "Flow":
		p.Flows = append(p.Flows, b.decodeFlow(s.root))
	case "Steps":
		p.Snippets = append(p.Snippets, b.decodeSnippet(s.root))
	case "Mapping":
		p.Mappings = append(p.Mappings, b.decodeMapping(s.root))
	case "Map":
		p.Maps = append(p.Maps, b.decodeMap(s.root))
	case "Rule":
		p.Rules = append(p.Rules, b.decodeRule(s.root))
	case "Table":
		p.Tables = append(p.Tables, b.decodeTable(s.root))
	case "Sharing":
		p.Sharings = append(p.Sharings, decodeSharing(s.root))
	case "Catalogue":
		b.catalogues = append(b.catalogues, s.root)
	case "Test":
		p.Suites = append(p.Suites, b.decodeSuite(s.root))
	}
}

// finish does what needs every file: merging, expanding and checking.
func (b *builder) finish() {
	b.checkProject()
	b.checkNames()
	b.mergeObjects()
	b.checkMaps()
	b.checkRules()
	b.checkTables()
	b.checkReferences()
	b.checkUse()
	b.expandSnippets()
	b.orderFlows()
}

// orderFlows puts the scheduled flows first, in their order, the others by name.
func (b *builder) orderFlows() {
	rank := func(f *Flow) int {
		for i, run := range b.project.Schedule.Run {
			if run.Text == f.Name.Text {
				return i
			}
		}
		return len(b.project.Schedule.Run)
	}
	slices.SortStableFunc(b.project.Flows, func(x, y *Flow) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.Name.Text, y.Name.Text))
	})
}
