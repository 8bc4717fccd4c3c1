package engine

import "strings"

// Class says who may see a field's value.
type Class string

// The classes, from open to closed. A field without a class is Personal.
const (
	Public   Class = "public"   // anybody may see it
	Code     Class = "code"     // an identifier or an option code: shown to operators, kept in the store
	Personal Class = "personal" // about a person: masked everywhere unless asked for
	Confined Class = "secret"   // never shown, not even on request
)

// Hidden says whether a value of this class must be masked by default.
func (c Class) Hidden() bool { return c != Public && c != Code }

// Type is the kind of value that a field holds.
type Type string

// The types a field can have. Text-like values (Text, Date, Instant, CodeOne) are JSON strings.
const (
	Text     Type = "text"
	Integer  Type = "integer"
	Number   Type = "number"
	Boolean  Type = "boolean"
	Date     Type = "date"     // "2026-11-22"
	Instant  Type = "instant"  // "2026-11-22T08:00:00.000Z"
	CodeOne  Type = "code"     // one entry of a code list
	CodeMany Type = "codes"    // array of entries of a code list
	Texts    Type = "texts"    // array of strings
	Rows     Type = "rows"     // array of objects, described by Fields
	Any      Type = "anything" // not described; expressions may look inside unchecked
)

// Field describes one field of an object, or one column of its rows.
type Field struct {
	Name     string
	Type     Type
	Class    Class             // empty means Personal
	Codes    string            // code list of a CodeOne or CodeMany field; empty: any code
	Fields   []Field           // columns of Rows
	RowKey   string            // the column that tells rows of Rows apart, e.g. "unique_id"
	ReadOnly bool              // the system never takes it on a write
	Required bool              // a write without it is refused by the system
	Unused   bool              // the system takes it on a write and does nothing with it today
	Labels   map[string]string // by language, for people
	Note     string            // what an author should know
}

// Verb is what a write does to its target.
type Verb string

// The verbs of a write.
const (
	CreateVerb Verb = "create" // a new record
	UpdateVerb Verb = "update" // changed fields of a record that can be found
	SendVerb   Verb = "send"   // hand over a document that cannot be read back
)

// Grain is how finely an object answers "changed since".
type Grain string

// The grains.
const (
	Second Grain = "second"
	Day    Grain = "day" // windows are widened to whole UTC days
)

// Mark says where the next window of an object starts from.
type Mark string

// The marks.
const (
	MarkStamp Mark = "stamp" // the newest stamp the server gave in this reading
	MarkStart Mark = "start" // the moment this reading was asked for
)

// Object states the facts of one kind of record in one system. The engine
// decides from these facts alone what it may repeat, batch, look up and trust.
type Object struct {
	Name   string  // "case"; in specs "east.case"
	Note   string  // one line for authors
	Fields []Field // fixed by the system's API
	Open   bool    // a catalogue may add fields (configurable forms)

	ID string   // the field that addresses one record in writes; "" if none
	By []string // fields it can be looked up by, many values in one request where the API allows
	Of string   // the object whose records own these; looked up by the owner's ID

	Listed bool   // can be read by window of change
	Window bool   // knows an upper bound of a window
	Grain  Grain  // how fine its windows are
	Mark   Mark   // what the next window starts from
	Named  string // the field that `--case` names when this object is read, e.g. "case_id"

	Reference bool // small and steady: looked up once per run, then remembered

	Verbs      []Verb
	Repeatable bool // writing the same twice does no harm
	Batch      int  // largest group in one request; 0 and 1 mean one
}

// Can says whether the object takes the verb.
func (o *Object) Can(v Verb) bool {
	for _, has := range o.Verbs {
		if has == v {
			return true
		}
	}
	return false
}

// Field returns the field of that name, or nil.
func (o *Object) Field(name string) *Field { return FieldNamed(o.Fields, name) }

// FieldNamed returns the field of that name, or nil.
func FieldNamed(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// SplitObject cuts "connection.object" at the dot. ok is false when there is not exactly one.
func SplitObject(full string) (connection, object string, ok bool) {
	connection, object, ok = strings.Cut(full, ".")
	return connection, object, ok && connection != "" && object != "" && !strings.Contains(object, ".")
}
