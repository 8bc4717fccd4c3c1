package spec

import (
	"slices"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Project is a whole project of specs, checked for form and references, with
// the place of every value. Expressions in it are still text.
type Project struct {
	Name      Scalar
	Title     string
	Zone      *time.Location // calendar dates of records are of this zone
	Schedule  Schedule
	Drivers   []ConnectionSpec // in order of the file
	Constants []Constant
	Recall    []Recall

	Flows    []*Flow // in the order of Schedule.Run, the others after it by name
	Mappings []*Mapping
	Maps     []*Map
	Rules    []*Rule
	Tables   []*Table
	Snippets []*Snippet
	Sharings []*Sharing
	Objects  []engine.Object // every object of every connection, "connection.object", driver and catalogue merged
	Codes    []CodeList
	Suites   []*Suite // test files
	Files    []File   // what was read, for excerpts and for the version

	FieldsAt map[string]engine.Pos // where a catalogue speaks of a field, by "connection.object.field" or "….rows.column"

	Version string // hex; hash of all files but the tests: changes when behaviour may change
}

// File is one spec file as read.
type File struct {
	Path  string
	Lines []string
	Below bool // it belongs to a project that this one extends
}

// Below says whether a place is in a project that this one extends.
func (p *Project) Below(at engine.Pos) bool {
	return slices.ContainsFunc(p.Files, func(f File) bool { return f.Below && f.Path == at.File })
}

// Scalar is a text in a spec file and its place. For a quoted or block scalar
// Offset(i) still finds the place of the i-th character.
type Scalar struct {
	Text string
	At   engine.Pos // of the first character, inside the quotes

	file  *File // for Offset; nil for texts that stand in no file
	style style
}

// Value is a literal of a spec: nil, bool, json.Number, string, []any or map[string]any.
type Value struct {
	Any any
	At  engine.Pos
}

// Schedule says when the flows run, one after another.
type Schedule struct {
	Cron Scalar
	Run  []Scalar
}

// ConnectionSpec names a connection and its driver. Settings never stand in specs.
type ConnectionSpec struct {
	Name   Scalar
	Driver Scalar
}

// Constant is a value that stands in no record, with the reason why it may be written.
type Constant struct {
	Name  Scalar
	Value Value
	Why   string
}

// Recall says what the store keeps of an object that cannot be fetched by key.
type Recall struct {
	Object Scalar
	Key    []Scalar // fields that tell its records apart
	Keep   []Scalar // fields kept in the clear; those that `by_any` may ask for
	Sealed []Scalar // fields kept encrypted under the store key
}

// Flow carries the records of one source object through its routes.
type Flow struct {
	Name   Scalar
	Title  string
	Note   string
	Source Source
	Alone  []Scalar // expressions; records that share a value are handled one after another
	Limits Limits
	Gate   []Step // only Must steps
	Routes []*Route
	At     engine.Pos
}

// Source says what a flow reads and from when on.
type Source struct {
	Read       Scalar // "connection.object"
	As         Scalar
	Everything bool   // start: everything
	Start      Scalar // "2026-01-01"; empty Text when Everything or not given
	Overlap    time.Duration
	SweepAt    Scalar // "02:00" in the project's zone; empty Text: no sweep
	SweepBack  time.Duration
}

// Limits stop a flow until a person releases its plan. Counts are per run; -1 means not given (no limit).
type Limits struct {
	Creates        int
	Sends          int
	UpdatedPercent int // of the records read, once at least 50 were read
	At             engine.Pos
}

// Route is a chain of named steps and the writes at its end. Nested routes
// continue with the names of the one that holds them, also when it writes nothing.
type Route struct {
	Name   Scalar
	Note   string
	Steps  []Step
	Writes []Write
	Routes []*Route
}

// StepKind tells what a step does; it is the key that only this kind of step has.
type StepKind string

// The kinds of step.
const (
	ReadStep   StepKind = "read"     // look a record up in a system
	RecallStep StepKind = "recall"   // what a system last listed, from the store
	LedgerStep StepKind = "ledger"   // what was sent, from the store
	EachStep   StepKind = "each"     // go on once for every row of a list
	PickStep   StepKind = "pick"     // choose one row of a list
	FirstStep  StepKind = "first_of" // the first of these names that is given
	RuleStep   StepKind = "rule"     // a naming rule
	MapStep    StepKind = "map"      // a map
	TableStep  StepKind = "table"    // a decision table
	ExprStep   StepKind = "expr"     // an expression
	MustStep   StepKind = "must"     // go on only if this is exactly true
	WarnStep   StepKind = "warn"     // go on, but say this if it is exactly true
	ProvesStep StepKind = "proves"   // the record proves that something sent has arrived
	UseStep    StepKind = "use"      // steps written down once; replaced by Load, never seen by Compile
)

// Otherwise says what happens when a step has no answer, or several.
type Otherwise string

// What can happen.
const (
	Nothing    Otherwise = "nothing"    // none: the name stays empty (not given); must: this item ends in silence
	SkipIt     Otherwise = "skip"       // this item ends, counted under its reason
	BlockIt    Otherwise = "block"      // this item ends, and a person should know
	Quarantine Otherwise = "quarantine" // this item is kept aside with its reason
	WarnOnly   Otherwise = "warn"       // go on with the answer, but say so
)

// Step is one line of a route. Which fields are filled depends on Kind.
type Step struct {
	Kind StepKind
	Name Scalar // the name that later lines can use; empty for Must, Warn, Proves
	At   engine.Pos
	Say  Scalar // the reason in words

	Object      Scalar    // read, recall, ledger, proves: "connection.object"
	By          []Binding // read (exactly one), ledger (all must fit), recall (any may fit)
	Of          Scalar    // read: the name of the owner
	OnlyIf      Scalar    // read: expression; when not exactly true nothing is read and the name is empty
	Only        Scalar    // ledger: "unanswered" or "" (all)
	All         bool      // ledger: the list of all that fit, not the first
	List        Scalar    // each, pick: expression of a list
	Where       Scalar    // each, pick: expression, may use the step's own name
	Try         []Scalar  // pick: expressions; the first one with a hit decides
	Distinct    []Scalar  // each: expressions; later rows with equal values are left out
	Item        Scalar    // each: expression of a code that names the row for people
	Names       []Scalar  // first_of
	Lookup      Scalar    // rule, map, table: its name
	From        Scalar    // rule, map: expression
	Key         Scalar    // rule, map: `by`, the form or column that From is in
	Give        Scalar    // rule, map: the form or column wanted
	Inputs      []Binding // table: by the table's input names
	Expr        Scalar    // expr, must, warn
	Known       []Binding // proves: known_as
	Once        []Binding // proves: once_per
	Answer      Scalar    // proves: expression
	Else        Otherwise // must
	Gate        Scalar    // must: "consent", "scope" or ""
	None        Otherwise // read, pick, each, table: no answer
	Several     Otherwise // read, pick: more than one
	Missing     Otherwise // rule, map: no such entry, or nothing to look up
	Unconfirmed Otherwise // rule: the name is not on the confirmed list
	Unswept     Otherwise // recall: never read whole
}

// Binding is a named expression.
type Binding struct {
	Name Scalar
	Expr Scalar
}

// Write is one write of a route.
type Write struct {
	Verb      Scalar // create, update, upsert, send
	Object    Scalar
	Target    Scalar // name of the record to update; for upsert the record that may be missing
	Row       Scalar // a field of type rows: one of its rows is written, not the record itself
	Current   Scalar // with Row: name of the row as it is now; may be empty
	OnlyIf    Scalar
	Mapping   Scalar       // name of a mapping, or
	Fields    []*FieldRule // fields in place
	WhenBlank *Filler      // for fields in place
	Once      []Binding
	Known     []Binding
	Await     bool
	Verify    []Scalar
	At        engine.Pos
}

// Mapping makes a document from named records.
type Mapping struct {
	Name      Scalar
	Title     string
	Note      string
	Uses      []Scalar
	To        Scalar // "connection.object" or "connection.object.rows"
	WhenBlank *Filler
	Fields    []*FieldRule
	At        engine.Pos
}

// Filler is what stands in for a blank value: a literal, a constant, or nothing at all.
type Filler struct {
	Omit     bool
	Value    Value
	Constant Scalar // name after "const."; empty Text when Value counts
}

// Policy says when a field is written.
type Policy string

// The policies. Absent, null and empty never change a target, unless Clear.
const (
	OnChange Policy = "on_change"
	OnCreate Policy = "on_create" // only with a new record (or row)
	IfEmpty  Policy = "if_empty"  // only where the target has nothing
)

// Conflict says whose value stays when people may change a field on both sides.
type Conflict string

// The conflict policies. Without one it is SourceWins.
const (
	SourceWins Conflict = "source" // the source's value goes whenever it differs
	TargetWins Conflict = "target" // what people made of it in the target stays
	Review     Conflict = "review" // what people made of it in the target stays; changed on both sides, a person decides
)

// FieldRule says where the value of one target field comes from. Exactly one
// of From, Expr, Literal, Constant, One, List is filled.
type FieldRule struct {
	Name     Scalar
	From     []Scalar // paths such as case.name_first; the first that is not blank
	Expr     Scalar
	Literal  *Value
	Constant Scalar       // value: const.name
	One      []*FieldRule // a list of exactly one object
	List     *FieldRule   // a list of exactly one value; a blank value gives no list at all

	Map     Scalar // map to look the value up in
	Key     Scalar // `by`
	Give    Scalar
	Missing Otherwise // quarantine; "omit"; "default"
	Default *Value    // with missing: default

	WhenBlank *Filler // nil: the mapping's
	Policy    Policy
	Conflict  Scalar // a Conflict; empty Text: source
	Clear     bool   // a blank value clears the target
	Required  bool   // a blank value quarantines the item
	Warn      Scalar // said when Default or WhenBlank stood in
	At        engine.Pos
}

// Missing policies of a mapped field, beside Quarantine.
const (
	OmitIt     Otherwise = "omit"    // leave the field out and report the value
	UseDefault Otherwise = "default" // take Default and report the value
)

// Map is a table of codes that serves every direction.
type Map struct {
	Name    Scalar
	Title   string
	Note    string
	Columns []Column
	Rows    []MapRow
	At      engine.Pos // of `rows`
}

// Column is one column of a Map.
type Column struct {
	Name     Scalar
	Title    string
	Codes    Scalar // code list that its values must be in; empty: free
	Names    Scalar // "connection.object.field": every value names a record there, by this field; empty: none does
	Complete bool   // every code of the list must have a row
	Except   []Exception
	Label    bool // for people: no rule reads it
}

// Exception is a code that has no row on purpose.
type Exception struct {
	Code Scalar
	Why  string
}

// MapRow is one row of a Map: a cell per column, in the columns' order.
type MapRow struct {
	Cells []Scalar
	Lossy string // why the way back gives another row; such a row is never used for an ambiguous lookup
	Note  string
	At    engine.Pos
}

// Rule is a naming rule: one name in several forms.
type Rule struct {
	Name      Scalar
	Title     string
	Note      string
	Forms     []Form
	Never     []Scalar
	Confirmed []Scalar
	At        engine.Pos
}

// Form is how a Rule's name looks in one place, e.g. "agency-{name}".
type Form struct {
	Name    Scalar
	Pattern Scalar
	Names   Scalar // "connection.object.field": every confirmed name, so written, names a record there; empty: none does
}

// Table is a decision table: the first line that fits gives the answer.
type Table struct {
	Name  Scalar
	Title string
	Note  string
	In    []Scalar
	Out   []Scalar
	Lines []TableLine
}

// TableLine is one line of a Table. A condition is "*", a value, or a list of values.
type TableLine struct {
	When []Value
	Then []Value
	Note string
	At   engine.Pos
}

// Snippet is a list of steps written down once (kind Steps).
type Snippet struct {
	Name  Scalar
	Note  string
	Uses  []Scalar
	Steps []Step
}

// CodeList is a closed list of codes of one system, "connection.list".
type CodeList struct {
	Name  string
	Codes []CodeEntry
	At    engine.Pos
}

// CodeEntry is one code and its label.
type CodeEntry struct {
	Code  Scalar
	Label string
}
