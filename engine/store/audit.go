package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// AuditLine is one move of a cursor or one decision of a person. Lines are never changed nor deleted.
type AuditLine struct {
	ID     int64
	At     time.Time // set by the store
	Who    string
	What   string // "cursor", "adopt", "close …", "resend …", "set", "restamp …", or the word of whoever called Note
	Flow   string
	Run    int64
	Was    string
	Became string
	Why    string
}

var errNoNote = errors.New("an audit line needs who and what")

// unsaid says whether it is missing who decides or why; a blank reason is none.
func unsaid(who, why string) bool {
	return strings.TrimSpace(who) == "" || strings.TrimSpace(why) == ""
}

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

// everything is a limit that leaves nothing out.
const everything = -1

// Audit returns the last lines of the audit trail, the newest first; flow "" means all flows, last 0 all lines.
func (s *Store) Audit(ctx context.Context, flow string, last int) ([]AuditLine, error) {
	var out []AuditLine
	query := `SELECT id, at, who, what, flow, run, was, became, why FROM audit WHERE ($1 = '' OR flow = $1) ORDER BY id DESC LIMIT $2`
	err := each(ctx, s.read, query, []any{flow, cmp.Or(last, everything)}, func(rows *sql.Rows) error {
		var l AuditLine
		var at int64
		err := rows.Scan(&l.ID, &at, &l.Who, &l.What, &l.Flow, &l.Run, &l.Was, &l.Became, &l.Why)
		l.At = instant(at)
		out = append(out, l)
		return err
	})
	return out, broken("read audit trail", flow, err)
}
