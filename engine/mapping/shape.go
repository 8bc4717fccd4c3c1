package mapping

import (
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// form is what the compiler knows about the kind of a value.
type form uint8

const (
	anything form = iota // not described: unchecked
	nothing              // nil
	truthForm
	numberForm
	textForm
	listForm
	recordForm // a record, a row, an entry of the ledger, the answer of a table
)

var formNames = [...]string{"anything", "nil", "true or false", "a number", "a text", "a list", "a record"}

func (f form) String() string { return formNames[f] }

// shape is the static type of an expression: what the catalogue says about its value.
type shape struct {
	form   form
	typ    engine.Type    // of a field; "" for what was computed
	codes  *spec.CodeList // its values are entries of this list
	class  engine.Class   // of the most confined field that went into it; "" means public
	elem   *shape         // of a list
	fields []engine.Field // of a record
	object *objectType    // when it is a record of a system, not a row
	words  []spec.Scalar  // the literals it may be, with their places
	label  string         // of a record, for messages: "east.case"
	kept   []string       // of a recalled record: the fields that the store keeps; nil means all
	from   string         // of a row: the connection of its record

	said map[string][]spec.Scalar // of a table's answer: the texts that each of its parts may be
	only *answersOnly             // of what was looked up: nothing else can come; nil means anything
}

// objectType is one object of the catalogue.
type objectType struct {
	full       string // "east.case"
	connection string
	spec       *engine.Object
}

var (
	anyShape    = &shape{}
	nilShape    = &shape{form: nothing}
	truthShape  = &shape{form: truthForm}
	numberShape = &shape{form: numberForm}
	textShape   = &shape{form: textForm}
)

func listOf(elem *shape) *shape { return &shape{form: listForm, elem: elem, class: elem.class} }

// in returns s with the class of what went into it.
func (s *shape) in(class engine.Class) *shape {
	c := *s
	c.class = closest(class, s.class)
	return &c
}

// loose says that nothing about the form can be checked.
func (s *shape) loose() bool { return s.form == anything || s.form == nothing }

// element is the shape of what a list holds.
func (s *shape) element() *shape {
	if s.form == listForm && s.elem != nil {
		return s.elem
	}
	return anyShape
}

// fieldNames lists what a record can be asked for, for suggestions.
func (s *shape) fieldNames() []string {
	var names []string
	for _, f := range s.fields {
		if s.keeps(f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

func (s *shape) keeps(name string) bool { return s.kept == nil || slices.Contains(s.kept, name) }

// rank orders classes from open to closed. A field without a class is personal.
func rank(c engine.Class) int {
	switch c {
	case engine.Public:
		return 0
	case engine.Code:
		return 1
	case engine.Confined:
		return 3
	default:
		return 2
	}
}

// closest returns the more confined of two classes of computed values, "" meaning public.
func closest(a, b engine.Class) engine.Class {
	if a == "" {
		return b
	}
	if b == "" || rank(a) >= rank(b) {
		return a
	}
	return b
}

// shown says whether operators may see a value of the class; "" is what no field went into.
func shown(c engine.Class) bool { return c == "" || !c.Hidden() }

// fieldClass is the class of a catalogue field.
func fieldClass(f *engine.Field) engine.Class {
	if f.Class == "" {
		return engine.Personal
	}
	return f.Class
}

// formOf is the form of the values of a catalogue type.
func formOf(t engine.Type) form {
	switch t {
	case engine.Text, engine.Date, engine.Instant, engine.CodeOne:
		return textForm
	case engine.Integer, engine.Number:
		return numberForm
	case engine.Boolean:
		return truthForm
	case engine.CodeMany, engine.Texts, engine.Rows:
		return listForm
	default:
		return anything
	}
}
