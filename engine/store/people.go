package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Adoption is a person's word that sends happened before this store kept a ledger.
type Adoption struct {
	Flow   string
	Before string // date: older sends count as done
	Who    string
	Why    string
	Sends  []engine.Change
}

var (
	errNotDate  = errors.New("the date must be written like 2026-01-31")
	errNoOnce   = errors.New("a send to adopt has no key (once)")
	errNoReason = errors.New("who decides and why must be said")
)

// Adopt records sends as sent without sending them, and notes it in the audit
// trail. What the ledger knows already stays as it is.
func (s *Store) Adopt(ctx context.Context, a Adoption) error {
	if err := a.check(); err != nil {
		return err
	}
	return s.change(ctx, "adopt", a.Flow, func(tx *transaction) error {
		if err := refuseHeld(ctx, tx, a.Flow); err != nil {
			return err
		}
		fresh, err := a.enter(ctx, tx)
		if err != nil {
			return err
		}
		was, err := cursorOf(ctx, tx, a.Flow)
		if err != nil {
			return err
		}
		next := was
		next.AdoptedBefore = a.Before
		line := AuditLine{Who: a.Who, What: "adopt", Flow: a.Flow, Was: was.String(),
			Became: next.String() + ", " + strconv.Itoa(fresh) + " sends", Why: a.Why}
		return moveCursor(ctx, tx, line, next)
	})
}

func (a Adoption) check() error {
	refuse := func(err error) error {
		return &engine.Fault{Kind: engine.Environment, Op: "adopt", Ref: a.Flow, Err: err, Next: "Nothing was recorded; say it again."}
	}
	if _, err := time.Parse(time.DateOnly, a.Before); err != nil {
		return refuse(errNotDate)
	}
	if a.Who == "" || a.Why == "" {
		return refuse(errNoReason)
	}
	for _, c := range a.Sends {
		if c.Once == "" {
			return misuse("adopt", c.Record, errNoOnce)
		}
	}
	return nil
}

// enter adds the sends to the ledger and says how many are new.
func (a Adoption) enter(ctx context.Context, tx *transaction) (int, error) {
	n := 0
	for _, c := range a.Sends {
		c.Flow = a.Flow
		fresh, err := enterSend(ctx, tx, c, sendSent, 0, 0)
		if err != nil {
			return n, err
		}
		n += number(fresh)
	}
	return n, nil
}

// Resolution is a person's word about a parked send.
type Resolution struct {
	ID      int64 // of the LedgerEntry
	Arrived bool  // true: it counts as sent; false: it may be sent again
	Who     string
	Why     string
}

// Resolve closes a parked send by a person's word, and notes it in the audit trail.
func (s *Store) Resolve(ctx context.Context, r Resolution) error {
	ref := strconv.FormatInt(r.ID, 10)
	refuse := func(err error) error {
		return &engine.Fault{Kind: engine.Environment, Op: "resolve send", Ref: ref, Err: err, Next: "Look at the list of parked sends."}
	}
	if r.Who == "" || r.Why == "" {
		return refuse(errNoReason)
	}
	return s.change(ctx, "resolve send", ref, func(tx *transaction) error {
		var state, flow, object, once string
		err := tx.row(ctx, `SELECT state, flow, object, once FROM sends WHERE id = $1`, []any{r.ID}, &state, &flow, &object, &once)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return refuse(errors.New("there is no such send"))
		case err != nil:
			return err
		case state != sendParked:
			return refuse(fmt.Errorf("it is %s, not parked", state))
		}
		next, query := sendClosed, `UPDATE sends SET state = 'closed' WHERE id = $1`
		if !r.Arrived {
			next, query = "never", `DELETE FROM sends WHERE id = $1`
		}
		if _, err := tx.exec(ctx, query, r.ID); err != nil {
			return err
		}
		return note(ctx, tx, AuditLine{Who: r.Who, What: "resolve " + object + " " + once, Flow: flow, Was: state, Became: next, Why: r.Why})
	})
}

// AuditLine is one move of a cursor or one decision of a person. Lines are never changed nor deleted.
type AuditLine struct {
	ID     int64
	At     time.Time // set by the store
	Who    string
	What   string // "cursor", "adopt" or "resolve …"
	Flow   string
	Run    int64
	Was    string
	Became string
	Why    string
}

var errNoNote = errors.New("an audit line needs who and what")

// Note adds a line to the audit trail; it is on disk when Note returns. Who and What must be there, At and ID are
// set by the store. Write it before the deed that it tells of.
func (s *Store) Note(ctx context.Context, l AuditLine) error {
	if l.Who == "" || l.What == "" {
		return misuse("write audit line", l.Flow, errNoNote)
	}
	return s.change(ctx, "write audit line", l.Flow, func(tx *transaction) error { return note(ctx, tx, l) })
}

// note adds a line to the audit trail.
func note(ctx context.Context, tx *transaction, l AuditLine) error {
	_, err := tx.exec(ctx, `INSERT INTO audit (at, who, what, flow, run, was, became, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		tx.now, l.Who, l.What, l.Flow, l.Run, l.Was, l.Became, l.Why)
	return err
}

// Audit returns the last lines of the audit trail, the newest first; flow "" means all flows.
func (s *Store) Audit(ctx context.Context, flow string, last int) ([]AuditLine, error) {
	var out []AuditLine
	query := `SELECT id, at, who, what, flow, run, was, became, why FROM audit WHERE ($1 = '' OR flow = $1) ORDER BY id DESC LIMIT $2`
	err := each(ctx, s.read, query, []any{flow, last}, func(rows *sql.Rows) error {
		var l AuditLine
		var at int64
		err := rows.Scan(&l.ID, &at, &l.Who, &l.What, &l.Flow, &l.Run, &l.Was, &l.Became, &l.Why)
		l.At = instant(at)
		out = append(out, l)
		return err
	})
	return out, broken("read audit trail", flow, err)
}
