package spec

import (
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Suite is one file of tests.
type Suite struct {
	File  string
	Flow  Scalar
	Given []GivenRecords // for every case of the file, before its own
	Cases []TestCase
}

// TestCase is one test: records in, verdicts out.
type TestCase struct {
	Name     Scalar
	Now      time.Time
	Replaces []Replaced // what the old jobs did
	Given    []GivenRecords
	Read     []Value // source records; nil: all given records of the source object
	Recalled []GivenRecords
	Swept    bool // recall was read whole (default true)
	Sealed   bool // the store has a key (default true); without one nothing is Linked
	Sent     []SentEntry
	Linked   []GivenRecords // fields as both sides last had them in common
	Expect   []Expectation
	At       engine.Pos
}

// Replaced names something that the old jobs got wrong.
type Replaced struct {
	Number int
	Was    string
	At     engine.Pos
}

// GivenRecords are records of one object that a test's systems hold.
type GivenRecords struct {
	Object  Scalar
	Records []Value // map[string]any each; `of` names the owner's id for owned objects
}

// SentEntry is one line of the ledger that a test starts with.
type SentEntry struct {
	Object Scalar
	Once   []Named
	Known  []Named
	State  Scalar // done, awaiting, parked, lost, answered
	Answer Scalar
}

// Named is a named text.
type Named struct{ Name, Value Scalar }

// Expectation is one verdict that a test expects, in order.
type Expectation struct {
	Verdict  Scalar   // Text is an engine.Verdict ("no change", "cannot tell"), or "proves"; At is its key
	Object   Scalar   // for verdicts that write, no change and proves
	Answer   Scalar   // proves: optional
	Once     []Named  // send, proves: the values of once_per; nil: not looked at
	Known    []Named  // send, proves: the values of known_as; nil: not looked at
	Route    Scalar   // optional
	Item     Scalar   // optional
	Reason   Scalar   // for verdicts that do not write: the text that it must contain
	Target   Scalar   // optional: id of the record
	Document *Value   // the whole document, to the letter, or
	Includes *Value   // a part of it
	Lacks    []Scalar // fields that it must not have
	Notes    []Scalar // texts of warnings, each contained in one
	At       engine.Pos
}
