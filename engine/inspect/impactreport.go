package inspect

import "github.com/casebridge/casebridge/engine"

// Presence says in which of the two versions something stands.
type Presence string

// The presences.
const (
	InBoth  Presence = ""
	Removed Presence = "removed" // in the old specs only
	Added   Presence = "added"   // in the new specs only
)

// FlowImpact is what a change of the specs does to the records of one flow.
type FlowImpact struct {
	Flow     string
	Noun     string // "case"
	Presence Presence
	Read     int
	Changed  int           // records of which something differs
	Fields   []FieldImpact // of all routes together: counts only
	Turns    []Turn        // of all routes together: counts only
	Held     []Held        // what goes nowhere under either version, and about which the change therefore says nothing
	Routes   []RouteImpact
}

// Held is a reason for which both versions keep parts of records from going. Counts are records.
type Held struct {
	Verdict engine.Verdict
	Reason  engine.Reason // without its value; its place is in the new specs
	Records int
}

// Changes says whether anything differs: a record, or the flow's being there at all.
func (f FlowImpact) Changes() bool { return f.Changed > 0 || f.Presence != InBoth }

// RouteImpact is the part of one route.
type RouteImpact struct {
	Route    string // "" for the record as a whole
	Presence Presence
	Changed  int // records
	Fields   []FieldImpact
	Turns    []Turn
}

// FieldImpact is what differs in one field of what is written. Counts are records.
type FieldImpact struct {
	Object   string
	Field    string // without keys of rows: "services_section.service_type"
	Records  int
	Other    int // both versions write it, differently
	Newly    int // only the new specs write it
	NoLonger int // only the old specs write it
	Examples []FieldExample
}

// FieldExample is one field of one record under both versions.
type FieldExample struct {
	Record   string
	Item     string
	Path     string
	Old, New engine.Body // empty: not written
	Class    engine.Class
	OldRule  string // file:line:column, in the old specs
	NewRule  string
}

// What a Turn can be from and to beside verdicts.
const (
	Nothing engine.Verdict = ""        // no such part of the record
	Warned  engine.Verdict = "warning" // a note on what is written
	Proof   engine.Verdict = "proof"   // that something sent has arrived
)

// Turn is another verdict, or another reason for the same one. Counts are records.
type Turn struct {
	From, To engine.Verdict
	Object   string
	Old, New engine.Reason // of verdicts that do not write; Value is left to the examples
	Records  int
	Examples []TurnExample
}

// TurnExample is one part of a record that turned.
type TurnExample struct{ Record, Item, Value string }
