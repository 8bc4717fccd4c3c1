package engine

import "strings"

// Verdict is what was decided about one write to one target.
type Verdict string

// The verdicts, as plan prints them.
const (
	Create      Verdict = "create"
	Update      Verdict = "update"
	Send        Verdict = "send"
	NoChange    Verdict = "no change"
	Skip        Verdict = "skip"
	Blocked     Verdict = "blocked"     // must not go, and a person should know
	Quarantined Verdict = "quarantine"  // cannot be decided: kept with its reason
	Unclear     Verdict = "cannot tell" // something needed could not be read
)

// Writes says whether the verdict sends something.
func (v Verdict) Writes() bool { return v == Create || v == Update || v == Send }

// Reason says why, in the words of the spec, and where those stand. It holds no values of a record.
type Reason struct {
	Code  string // stable, for counting: the route and step, e.g. "referrals/ngo"
	Text  string // the step's `say`, or a sentence of the engine's
	Place string // file:line:column of the rule
	Value string // the code that had no entry in a map or rule; only of Class code or public
}

// Pair is a named value; lists of pairs keep their order.
type Pair struct{ Name, Value string }

// Change is one write that was decided, or the decision not to write.
type Change struct {
	Flow    string
	Route   string
	Record  string // source record, e.g. "case 5f61…": object and the value of its Named field or ID
	Item    string // which part of the source, e.g. "referral 8165…"; "" for the whole
	Verdict Verdict
	Reason  Reason   // for every verdict that does not write
	Notes   []Reason // warnings and unmapped values; they do not stop the write

	Object   string        // target, e.g. "west.referral"
	Target   string        // ID of the record to update; the ID to create with, or ""
	Fields   []FieldChange // what differs, in order of the mapping
	Document Body          // what the Writer sends: for an update only what differs, for a create or send everything
	Current  Body          // the target as it was read; empty for create and send

	Chain    string // changes with the same Chain go in order; the first that is not done stops the rest
	Once     string // send at most once under this key; "" if repeating is harmless
	Known    []Pair // codes under which the other system will later show what was sent
	Verify   []string
	Awaiting bool // after a "done" answer it is still to be seen in the other system's list

	Kept  []Reason // fields that keep what people made of them in the target
	Links []Link   // what both sides have in common when this change is done, or at once if it writes nothing
}

// Link is the value of one field that both sides have in common. It is told once: when it is new.
type Link struct {
	Row   string // the row that the field is in, "visits[020d…]"; "" for a field of the record itself
	Field string
	Value Body // the same value has the same bytes, however a system writes it
}

// FieldChange is one field that a Change sets.
type FieldChange struct {
	Path  string // "name_first" or "services_section[020d…].service_type"
	Old   Body   // empty: was absent
	New   Body   // empty: cleared
	Class Class
	Rule  string // file:line:column of the rule that set it
}

// State is what became of a write.
type State string

// The states of an outcome.
const (
	Done    State = "done"    // the target took it
	Refused State = "refused" // the target said no: nothing was changed there
	Unknown State = "unknown" // the target may have taken it
	Unsent  State = "unsent"  // it never left; the target cannot have it
)

// Outcome is what became of one Change.
type Outcome struct {
	State   State
	ID      string   // of the record that was created, where the system says it
	Ignored []string // fields of Verify or of the document that the target did not take
	Fault   *Fault   // for every state but Done; for Done with Ignored fields it says so
}

// Sighting is proof, in the source, that something sent earlier has arrived.
type Sighting struct {
	Object string // what was sent, e.g. "west.referral"
	Known  []Pair // as in Change.Known
	Answer string // how the other system names it; one answer proves one send
	Once   string // if the send can be named exactly
}

// JoinPairs writes pairs as "a=1 b=2", for logs and reasons.
func JoinPairs(pairs []Pair) string {
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = p.Name + "=" + p.Value
	}
	return strings.Join(parts, " ")
}
