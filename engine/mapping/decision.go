package mapping

import (
	"strconv"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Input is all that a decision depends on: same Input, same Decision, to the byte.
type Input struct {
	Record engine.Record // of the flow's source object
	Now    time.Time     // the run's time; run.now and, in the project's zone, run.today
	Start  string        // the flow's start date, run.start: "2026-01-01"; "" when everything counts
	Known  Known         // what has been looked up so far
	Trace  *Trace        // records how it came about, for explaining; nil: nothing is recorded
}

// Known answers what a decision asks. An Ask it cannot answer yet (false) ends up in Decision.Wants.
type Known interface {
	Answer(Ask) (Answer, bool)
}

// AskKind is where the answer to an Ask is found.
type AskKind string

// The kinds of Ask.
const (
	AskRead   AskKind = "read"   // in a system, by one field or by owner
	AskRecall AskKind = "recall" // in the store: what a system last listed
	AskLedger AskKind = "ledger" // in the store: what was sent and may be unanswered
	AskOnce   AskKind = "once"   // in the store: what became of the send with this key
	AskLink   AskKind = "link"   // in the store: what both sides of a record, or of one row of it, last had in common
)

// Ask is one thing that a decision needs to know.
type Ask struct {
	Kind   AskKind
	Object string        // "connection.object"
	By     string        // read: the field; "" asks for the records that Value owns; link: the row, or ""
	Value  string        // read: the value; link: the record's ID
	Pairs  []engine.Pair // recall: any must fit; ledger: all must fit
	Once   string        // once: the key, as in Change.Once
}

// Key tells Asks apart.
func (a Ask) Key() string {
	var b strings.Builder
	for _, part := range []string{string(a.Kind), a.Object, a.By, a.Value, a.Once} {
		b.WriteString(strconv.Quote(part))
	}
	for _, p := range a.Pairs {
		b.WriteString(strconv.Quote(p.Name) + "=" + strconv.Quote(p.Value))
	}
	return b.String()
}

// Answer is what is known about an Ask.
type Answer struct {
	Records []engine.Record // read, recall; for ledger one record per entry, its Known pairs as fields plus "state" and "answer"
	Swept   bool            // recall: the object was read whole at least once
	State   SendState       // once
	Fault   *engine.Fault   // it could not be read: everything that needs it is "cannot tell"

	Agreed []Agreed                                // link
	Digest func(field string, value []byte) string // link: of the Value of an engine.Link; nil when no digests are kept
}

// Agreed is the digest of the value that both sides of a field last had in common.
type Agreed struct{ Field, Digest string }

// SendState is what the ledger knows about a send. The zero value is "never sent".
type SendState string

// The states of a send.
const (
	NeverSent SendState = ""
	Sent      SendState = "sent"     // the target took it
	Awaiting  SendState = "awaiting" // the target took it, and has not shown it yet
	Shown     SendState = "shown"    // the target has shown it: it arrived
	Parked    SendState = "parked"   // it may have arrived; never sent again by itself
	Lost      SendState = "lost"     // it may have arrived, and may be sent again: only a list of what was sent shows it
)

// Decision is what should become of one source record.
type Decision struct {
	Record    string            // as in Change.Record
	Changes   []engine.Change   // in order of the routes
	Sightings []engine.Sighting // what the record proves
	Unusable  bool              // the record came in a form that cannot be used: nothing was decided about its parts
	Wants     []Ask             // not empty: nothing else counts yet; decide again when these are known
}
