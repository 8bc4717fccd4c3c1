package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/casebridge/casebridge/engine"
)

// Settled is what became of one intent.
type Settled struct {
	Intent     int64 // from Intend; 0 for a write that was never intended
	Change     engine.Change
	Outcome    engine.Outcome
	Repeatable bool
}

// Held is a change that is put aside: it could not be decided, or its target refused it.
type Held struct {
	Change engine.Change
	Fault  *engine.Fault // nil when the change itself says why (its Reason)
	Source engine.Record // the record it comes from, as far as the flow reads it; Object is its full name
	Lookup string        // the map or rule that the Reason's Value has no entry in
	By     string        // its column or form
}

// RecordKey names a quarantine entry. With Route and Item both empty it names all of the record's.
type RecordKey struct{ Flow, Record, Route, Item string }

// Settlement is all that a group of records taught.
type Settlement struct {
	Outcomes  []Settled
	Held      []Held
	Cleared   []RecordKey // what went through; an entry that is also in Held stays as it is
	Through   []string    // records all of whose writes are done: what an earlier run held of them is over
	Sightings []engine.Sighting
	Linked    []engine.Change // what both sides have in common by their Links; Target is filled in also for what was created
	Recalled  []Recalled
	Unmapped  []UnmappedValue // values that were carried as something else: Lookup, By, Value, Carried and Record
}

// Learned says what a settlement changed beyond what it says itself.
type Learned struct {
	Seen     int // sends that the source now shows
	Released int // of these, sends that were parked
	Parked   int // sends that may have arrived and now wait
}

// Settle records a settlement in one transaction. Sightings count before
// outcomes: what the source showed cannot prove what was sent after it.
// Outcomes are recorded even when the lease was lost: they are true all the same.
// Call it with a context that outlives an order to stop.
func (r *Run) Settle(ctx context.Context, st Settlement) (Learned, error) {
	var learned Learned
	err := r.store.change(ctx, "record outcomes", r.Flow, func(tx *transaction) error {
		learned = Learned{}
		if _, err := r.extend(ctx, tx); err != nil {
			return err
		}
		if err := sight(ctx, tx, st.Sightings, &learned); err != nil {
			return err
		}
		for _, o := range st.Outcomes {
			if err := r.settle(ctx, tx, o, &learned); err != nil {
				return err
			}
		}
		if err := r.quarantine(ctx, tx, st); err != nil {
			return err
		}
		if err := r.meet(ctx, tx, st.Unmapped); err != nil {
			return err
		}
		if err := r.link(ctx, tx, st.Linked); err != nil {
			return err
		}
		return r.store.recall(ctx, tx, st.Recalled)
	})
	if err != nil {
		return Learned{}, err
	}
	return learned, nil
}

var (
	errNoIntent = errors.New("this run has no such intent")
	errNoState  = errors.New("an outcome without a state")
)

// settle records one outcome and moves its send.
func (r *Run) settle(ctx context.Context, tx *transaction, o Settled, learned *Learned) error {
	o.Change.Flow = r.Flow
	if o.Intent == 0 {
		id, err := r.record(ctx, tx, o.Change, o.Repeatable, string(o.Outcome.State))
		if err != nil {
			return err
		}
		o.Intent = id
	}
	fault, kind := faultText(o.Outcome.Fault)
	n, err := tx.exec(ctx, `UPDATE intents SET state = $3, answer = $4, fault = $5, fault_kind = $6, settled_at = $7 WHERE id = $1 AND run = $2`,
		o.Intent, r.ID, string(o.Outcome.State), o.Outcome.ID, fault, kind, tx.now)
	if err != nil {
		return err
	}
	if n == 0 {
		return misuse("record outcomes", o.Change.Record, errNoIntent)
	}
	if o.Change.Once == "" {
		return nil
	}
	return r.settleSend(ctx, tx, o, learned)
}

// settleSend moves the send of an outcome. A send that a later intent owns is left alone.
func (r *Run) settleSend(ctx context.Context, tx *transaction, o Settled, learned *Learned) error {
	var id, intent int64
	var state string
	var lost bool
	err := tx.row(ctx, `SELECT id, intent, state, lost FROM sends WHERE object = $1 AND once = $2`,
		[]any{o.Change.Object, o.Change.Once}, &id, &intent, &state, &lost)
	none := errors.Is(err, sql.ErrNoRows)
	if err != nil && !none {
		return err
	}
	if !none && intent != o.Intent {
		return nil
	}
	next, err := after(state, lost, o)
	if err != nil || next == state {
		return err
	}
	if next == sendParked {
		learned.Parked++
	}
	switch {
	case none:
		_, err = enterSend(ctx, tx, o.Change, next, o.Intent, r.ID)
	case next == "":
		_, err = tx.exec(ctx, `DELETE FROM sends WHERE id = $1`, id)
		if err == nil && state == sendParked && o.Outcome.State == engine.Unsent {
			// The run that took over found it parked and went on without it.
			c := o.Change
			err = bringBack(ctx, tx, QuarantineEntry{Flow: c.Flow, Record: c.Record, Route: c.Route, Item: c.Item, Object: c.Object,
				Code: CodeLetGo, Reason: "it never left, and another run had taken over meanwhile: the next run sends it"})
		}
	default:
		_, err = tx.exec(ctx, `UPDATE sends SET state = $2, sent_at = $3 WHERE id = $1`, id, next, tx.now)
	}
	return err
}

// after is the state of a send after an outcome; "" is never. lost says that an earlier attempt at it had no answer.
// It is the Settle part of the table in doc.go.
func after(state string, lost bool, o Settled) (string, error) {
	if state != "" && state != sendIntended && state != sendParked && state != sendLost {
		return state, nil
	}
	switch o.Outcome.State {
	case engine.Done:
		if o.Change.Awaiting {
			return sendAwaiting, nil
		}
		return sendSent, nil
	case engine.Refused, engine.Unsent:
		if lost {
			return sendLost, nil
		}
		return "", nil
	case engine.Unknown:
		if o.Repeatable {
			return sendLost, nil
		}
		return sendParked, nil
	}
	return state, misuse("record outcomes", o.Change.Record, errNoState)
}

func faultText(f *engine.Fault) (text, kind string) {
	if f == nil {
		return "", ""
	}
	return f.Error(), string(f.Kind)
}

// sight moves the sends that the source now shows.
func sight(ctx context.Context, tx *transaction, sightings []engine.Sighting, learned *Learned) error {
	byKnown := map[string][]engine.Sighting{}
	var objects []string
	for _, s := range sightings {
		if s.Once != "" {
			if err := sightOne(ctx, tx, s, learned); err != nil {
				return err
			}
			continue
		}
		if byKnown[s.Object] == nil {
			objects = append(objects, s.Object)
		}
		byKnown[s.Object] = append(byKnown[s.Object], s)
	}
	for _, object := range objects {
		if err := sightMany(ctx, tx, object, byKnown[object], learned); err != nil {
			return err
		}
	}
	return nil
}

// sightOne takes a sighting that names its send exactly.
func sightOne(ctx context.Context, tx *transaction, s engine.Sighting, learned *Learned) error {
	var e LedgerEntry
	err := tx.row(ctx, `SELECT id, state, answer FROM sends WHERE object = $1 AND once = $2`, []any{s.Object, s.Once}, &e.ID, &e.State, &e.Answer)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil || e.State == sendIntended || e.State == sendShown {
		return err
	}
	return show(ctx, tx, &e, s.Answer, learned)
}

// sightMany takes sightings by known pairs: one answer proves one send, one send takes one answer.
func sightMany(ctx context.Context, tx *transaction, object string, sightings []engine.Sighting, learned *Learned) error {
	asks := make([][]engine.Pair, len(sightings))
	for i, s := range sightings {
		asks[i] = s.Known
	}
	found, err := ledger(ctx, tx, object, asks)
	if err != nil {
		return err
	}
	for i, s := range sightings {
		if e := proven(found[i], s.Answer); e != nil {
			if err := show(ctx, tx, e, s.Answer, learned); err != nil {
				return err
			}
		}
	}
	return nil
}

// proven is the oldest unanswered entry, or nil if one of them has the answer already.
// A blank answer proves nothing: every reading would prove another send with it.
func proven(entries []*LedgerEntry, answer string) *LedgerEntry {
	var oldest *LedgerEntry
	for _, e := range entries {
		if e.Answer == answer {
			return nil
		}
		if oldest == nil && e.Answer == "" && e.State != sendIntended && e.State != sendShown {
			oldest = e
		}
	}
	return oldest
}

// show marks an entry as shown, in the store and in e, so that the next sighting finds it answered.
func show(ctx context.Context, tx *transaction, e *LedgerEntry, answer string, learned *Learned) error {
	_, err := tx.exec(ctx, `UPDATE sends SET state = 'shown', answer = $2 WHERE id = $1`, e.ID, answer)
	if err != nil {
		return err
	}
	learned.Seen++
	if e.State == sendParked {
		learned.Released++
	}
	e.State, e.Answer = sendShown, answer
	return nil
}

// fieldNames are stored as a JSON list.
func fieldNames(names []string) string {
	if len(names) == 0 {
		return "[]"
	}
	raw, _ := json.Marshal(names) // strings always marshal
	return string(raw)
}
