package spec

import "github.com/casebridge/casebridge/engine"

// Object returns the object of that full name ("connection.object"), as its
// driver and the catalogues describe it together, or nil. Its Name and the
// Codes of its fields are full names; Of, ID and By are as the driver gives them.
func (p *Project) Object(full string) *engine.Object {
	for i := range p.Objects {
		if p.Objects[i].Name == full {
			return &p.Objects[i]
		}
	}
	return nil
}

// CodeList returns the code list of that full name ("connection.list"), or nil.
func (p *Project) CodeList(full string) *CodeList {
	for i := range p.Codes {
		if p.Codes[i].Name == full {
			return &p.Codes[i]
		}
	}
	return nil
}

// Flow returns the flow of that name, or nil.
func (p *Project) Flow(name string) *Flow {
	return find(p.Flows, name, func(x *Flow) Scalar { return x.Name })
}

// Mapping returns the mapping of that name, or nil.
func (p *Project) Mapping(name string) *Mapping {
	return find(p.Mappings, name, func(x *Mapping) Scalar { return x.Name })
}

// Map returns the map of that name, or nil.
func (p *Project) Map(name string) *Map {
	return find(p.Maps, name, func(x *Map) Scalar { return x.Name })
}

// Rule returns the naming rule of that name, or nil.
func (p *Project) Rule(name string) *Rule {
	return find(p.Rules, name, func(x *Rule) Scalar { return x.Name })
}

// Table returns the decision table of that name, or nil.
func (p *Project) Table(name string) *Table {
	return find(p.Tables, name, func(x *Table) Scalar { return x.Name })
}

// Snippet returns the steps of that name, or nil.
func (p *Project) Snippet(name string) *Snippet {
	return find(p.Snippets, name, func(x *Snippet) Scalar { return x.Name })
}

// Constant returns the constant of that name, or nil.
func (p *Project) Constant(name string) *Constant {
	for i := range p.Constants {
		if p.Constants[i].Name.Text == name {
			return &p.Constants[i]
		}
	}
	return nil
}

func find[T any](list []*T, name string, of func(*T) Scalar) *T {
	for _, x := range list {
		if of(x).Text == name {
			return x
		}
	}
	return nil
}

// Names lists what each of a list is called, by its scalar: candidates for a suggestion.
func Names[T any](list []T, of func(T) Scalar) []string { return Texts(scalarsOf(list, of)) }

// Texts lists the texts of scalars.
func Texts(list []Scalar) []string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.Text
	}
	return texts
}

// Has says whether the code is in the list.
func (l *CodeList) Has(code string) bool {
	for _, c := range l.Codes {
		if c.Code.Text == code {
			return true
		}
	}
	return false
}

// Texts lists the codes alone.
func (l *CodeList) Texts() []string {
	return Names(l.Codes, func(c CodeEntry) Scalar { return c.Code })
}

// Column returns the position of a column among the cells of a row, or -1.
func (m *Map) Column(name string) int {
	for i, c := range m.Columns {
		if c.Name.Text == name {
			return i
		}
	}
	return -1
}

// Form returns the form of that name, or nil.
func (r *Rule) Form(name string) *Form {
	for i := range r.Forms {
		if r.Forms[i].Name.Text == name {
			return &r.Forms[i]
		}
	}
	return nil
}
