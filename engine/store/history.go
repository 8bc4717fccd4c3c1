package store

import (
	"context"
	"database/sql"
	"time"
)

// PastWrite is one write of a record, as its run recorded it. What was in it is not kept.
type PastWrite struct {
	Run         int64
	SpecVersion string
	Who         string
	Flow        string
	Route       string
	Item        string
	Verdict     string
	Object      string
	Target      string // of a new record the id that the system answered with
	State       string // intended, done, refused, unknown, unsent
	Fault       string
	At          time.Time
}

// Writes returns the last writes that came of a source record, the newest first. Old runs may have been pruned.
func (s *Store) Writes(ctx context.Context, record string, last int) ([]PastWrite, error) {
	var out []PastWrite
	query := `SELECT i.run, r.spec_version, r.who, i.flow, i.route, i.item, i.verdict, i.object,
			CASE WHEN i.target = '' THEN i.answer ELSE i.target END, i.state, i.fault, CASE WHEN i.settled_at = 0 THEN i.made_at ELSE i.settled_at END
		FROM intents AS i JOIN runs AS r ON r.id = i.run WHERE i.record = $1 ORDER BY i.id DESC LIMIT $2`
	err := each(ctx, s.read, query, []any{record, last}, func(rows *sql.Rows) error {
		var w PastWrite
		var at int64
		err := rows.Scan(&w.Run, &w.SpecVersion, &w.Who, &w.Flow, &w.Route, &w.Item, &w.Verdict, &w.Object, &w.Target, &w.State, &w.Fault, &at)
		w.At = instant(at)
		out = append(out, w)
		return err
	})
	return out, broken("read the writes of a record", "", err)
}

// SendsOf returns the sends of a source record that the ledger holds, oldest first.
func (s *Store) SendsOf(ctx context.Context, record string) ([]LedgerEntry, error) {
	found, err := s.entries(ctx, `s.record = $1`, record)
	return found, broken("read ledger", "", err)
}
