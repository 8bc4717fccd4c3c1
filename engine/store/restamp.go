package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/casebridge/casebridge/engine"
)

// Restamp is a person's word that a system has moved: the same records, now at another URL.
type Restamp struct {
	Connection string
	URL        string
	Who        string
	Why        string
}

var errNoStamp = errors.New("this store was never used with such a connection")

// Restamp writes down where a system is now, and notes it in the audit trail. What
// was sent there stays in the ledger: it is the same system. A store in which any
// flow is being run is left as it is: an environment Fault says who holds it.
func (s *Store) Restamp(ctx context.Context, r Restamp) error {
	refuse := func(err error) error {
		return &engine.Fault{Kind: engine.Environment, Op: "restamp", Ref: r.Connection, Err: err, Next: "Nothing was changed; look at `casebridge state show`."}
	}
	if unsaid(r.Who, r.Why) {
		return refuse(errNoReason)
	}
	return s.change(ctx, "restamp", r.Connection, func(tx *transaction) error {
		if err := refuseHeld(ctx, tx, "restamp", ""); err != nil {
			return err
		}
		var was string
		err := tx.row(ctx, `SELECT value FROM stamps WHERE name = $1`, []any{urlStamp + r.Connection}, &was)
		if errors.Is(err, sql.ErrNoRows) {
			return refuse(errNoStamp)
		}
		if err != nil {
			return err
		}
		now := Whereabouts(r.URL)
		if _, err := tx.exec(ctx, `UPDATE stamps SET value = $2 WHERE name = $1`, urlStamp+r.Connection, now); err != nil {
			return err
		}
		return note(ctx, tx, AuditLine{Who: r.Who, What: "restamp " + r.Connection, Was: was, Became: now, Why: r.Why})
	})
}
