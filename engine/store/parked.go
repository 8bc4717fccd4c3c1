package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/casebridge/casebridge/engine"
)

// Parked returns the sends that may have arrived and wait for a sighting or a person, oldest first.
func (s *Store) Parked(ctx context.Context) ([]LedgerEntry, error) {
	return s.entriesIn(ctx, sendParked)
}

// AwaitingList returns the sends that were taken and must still be seen, oldest first.
func (s *Store) AwaitingList(ctx context.Context) ([]LedgerEntry, error) {
	return s.entriesIn(ctx, sendAwaiting)
}

func (s *Store) entriesIn(ctx context.Context, state string) ([]LedgerEntry, error) {
	out, err := s.entries(ctx, `s.state = $1`, state)
	return out, broken("read ledger", state, err)
}

// entries returns the sends that fit, with their states as stored, oldest first.
func (s *Store) entries(ctx context.Context, where string, args ...any) ([]LedgerEntry, error) {
	var out []LedgerEntry
	err := each(ctx, s.read, `SELECT `+entryColumns+` FROM sends AS s WHERE `+where+` ORDER BY s.id`, args, func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		if err == nil {
			out = append(out, *e)
		}
		return err
	})
	return out, err
}

// Sent is one send, and how its last attempt ended.
type Sent struct {
	LedgerEntry
	Fault string // what went wrong with the attempt; "" when nothing did, or when its run was pruned
}

// ErrNoSend is in the chain of the Fault about a number that no send has.
var ErrNoSend = errors.New("there is no such send")

// Send returns one send of the ledger, in whatever state, by its ID.
func (s *Store) Send(ctx context.Context, id int64) (Sent, error) {
	ref := strconv.FormatInt(id, 10)
	found, err := s.entries(ctx, `s.id = $1`, id)
	if err != nil {
		return Sent{}, broken("read ledger", ref, err)
	}
	if len(found) == 0 {
		return Sent{}, refuseResolution(ref, ErrNoSend)
	}
	out := Sent{LedgerEntry: found[0]}
	err = s.read.QueryRowContext(ctx, `SELECT i.fault FROM sends AS s JOIN intents AS i ON i.id = s.intent WHERE s.id = $1`, id).Scan(&out.Fault)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return out, broken("read ledger", ref, err)
}

// Resolution is a person's word about a parked send.
type Resolution struct {
	ID      int64 // of the LedgerEntry
	Arrived bool  // true: it counts as sent; false: it may be sent again
	Who     string
	Why     string
}

// Resolve ends parked sends by a person's word, all of them or none, and notes each in the audit trail.
func (s *Store) Resolve(ctx context.Context, all ...Resolution) error {
	return s.change(ctx, "resolve sends", "", func(tx *transaction) error {
		for _, r := range all {
			if err := r.apply(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// CodeLetGo is the code of an entry whose send may go although nothing in its source would bring it back.
const CodeLetGo = "let go again"

// bringBack opens an entry for a send that is no longer in the ledger: cursors have passed its record. It is
// of no version of the specs, so that the next run looks at it whatever its specs are, and forgets the record that an
// earlier entry of the part was about: by that, a discarded send would look changed, and go.
func bringBack(ctx context.Context, tx *transaction, e QuarantineEntry) error {
	var id int64
	err := tx.row(ctx, `INSERT INTO quarantine (flow, record, route, item, verdict, kind, code, reason, place, value, object, fields,
			spec_version, status, first_at, last_at, times, run)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', $9, '[]', '', 'open', $10, $10, 1, 0)
		ON CONFLICT (flow, record, route, item) DO UPDATE SET verdict = excluded.verdict, kind = excluded.kind, code = excluded.code,
			reason = excluded.reason, place = '', value = '', lookup = '', lookup_by = '', object = excluded.object, fields = '[]',
			spec_version = '', status = 'open', why = '', closed_at = 0, first_at = excluded.first_at, last_at = excluded.last_at,
			times = 1, run = 0, sought = '', stamp = 0, digest = ''
		RETURNING id`,
		[]any{e.Flow, e.Record, e.Route, e.Item, refusedVerdict, string(engine.Transient), e.Code, e.Reason, e.Object, tx.now}, &id)
	if err == nil {
		err = dropPayload(ctx, tx, id, PayloadNone)
	}
	return err
}

func refuseResolution(ref string, err error) error {
	return &engine.Fault{Kind: engine.Environment, Op: "resolve send", Ref: ref, Err: err, Next: "Nothing was changed; look at the list of parked sends."}
}

func (r Resolution) apply(ctx context.Context, tx *transaction) error {
	ref := strconv.FormatInt(r.ID, 10)
	if unsaid(r.Who, r.Why) {
		return refuseResolution(ref, errNoReason)
	}
	var state, once string
	e := QuarantineEntry{Code: CodeLetGo, Reason: "a person let it go again: the next run sends it"}
	err := tx.row(ctx, `SELECT state, flow, object, once, record, route, item FROM sends WHERE id = $1`, []any{r.ID},
		&state, &e.Flow, &e.Object, &once, &e.Record, &e.Route, &e.Item)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return refuseResolution(ref, ErrNoSend)
	case err != nil:
		return err
	case state != sendParked:
		return refuseResolution(ref, fmt.Errorf("it is %s, not parked", state))
	}
	what, next, query := "close", sendClosed, `UPDATE sends SET state = 'closed' WHERE id = $1`
	if !r.Arrived {
		what, next, query = "resend", "never", `DELETE FROM sends WHERE id = $1`
	}
	if _, err := tx.exec(ctx, query, r.ID); err != nil {
		return err
	}
	if !r.Arrived {
		if err := bringBack(ctx, tx, e); err != nil {
			return err
		}
	}
	return note(ctx, tx, AuditLine{Who: r.Who, What: what + " " + ref + ": " + e.Object + " " + once, Flow: e.Flow, Was: state, Became: next, Why: r.Why})
}

// looked counts a reading that would have shown what waits, had it arrived before the reading began.
func looked(ctx context.Context, tx *transaction, objects []string, began int64) error {
	for _, object := range objects {
		_, err := tx.exec(ctx, `UPDATE sends SET looked = looked + 1, looked_at = $3
			WHERE object = $1 AND state IN ('parked', 'awaiting') AND sent_at < $2`, object, began, tx.now)
		if err != nil {
			return err
		}
	}
	return nil
}
