package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// The verdict of a change that was decided but that its target refused.
const refusedVerdict = "refused"

// QuarantineEntry is one part of a record that does not go through, and why. It holds no payload.
type QuarantineEntry struct {
	ID          int64
	Flow        string
	Record      string
	Route       string
	Item        string
	Verdict     string // quarantine, blocked, or refused
	Kind        string // of the fault; "mapping" when the specs could not decide
	Code        string // stable, for counting
	Reason      string
	Place       string // file:line:column of the rule
	Value       string // the code that had no entry
	Fields      []string
	SpecVersion string
	Status      string // open, closed
	First       time.Time
	Last        time.Time
	Times       int
	Run         int64 // the last one that held it
}

// QuarantineFilter chooses entries; its zero value chooses all.
type QuarantineFilter struct {
	Flow string
	Open bool // only open ones
	ID   int64
}

// Quarantine returns entries, the newest first.
func (s *Store) Quarantine(ctx context.Context, f QuarantineFilter) ([]QuarantineEntry, error) {
	var out []QuarantineEntry
	query := `SELECT id, flow, record, route, item, verdict, kind, code, reason, place, value, fields, spec_version, status,
			first_at, last_at, times, run
		FROM quarantine
		WHERE ($1 = '' OR flow = $1) AND ($2 = 0 OR status = 'open') AND ($3 = 0 OR id = $3)
		ORDER BY last_at DESC, id DESC`
	err := each(ctx, s.read, query, []any{f.Flow, number(f.Open), f.ID}, func(rows *sql.Rows) error {
		var e QuarantineEntry
		var fields string
		var first, last int64
		err := rows.Scan(&e.ID, &e.Flow, &e.Record, &e.Route, &e.Item, &e.Verdict, &e.Kind, &e.Code, &e.Reason, &e.Place, &e.Value, &fields,
			&e.SpecVersion, &e.Status, &first, &last, &e.Times, &e.Run)
		if err == nil {
			err = json.Unmarshal([]byte(fields), &e.Fields)
		}
		e.First, e.Last = instant(first), instant(last)
		out = append(out, e)
		return err
	})
	return out, broken("read quarantine", f.Flow, err)
}

// quarantine closes what went through, then opens what is held.
func (r *Run) quarantine(ctx context.Context, tx *transaction, st Settlement) error {
	for _, k := range st.Cleared {
		_, err := tx.exec(ctx, `UPDATE quarantine SET status = 'closed' WHERE flow = $1 AND record = $2 AND status = 'open'
			AND (route = $3 AND item = $4 OR $3 = '' AND $4 = '')`, cmp.Or(k.Flow, r.Flow), k.Record, k.Route, k.Item)
		if err != nil {
			return err
		}
	}
	for _, h := range st.Held {
		if err := r.hold(ctx, tx, entryOf(h)); err != nil {
			return err
		}
	}
	return nil
}

// entryOf is what is kept of a held change.
func entryOf(h Held) QuarantineEntry {
	c := h.Change
	e := QuarantineEntry{Record: c.Record, Route: c.Route, Item: c.Item, Verdict: string(engine.Quarantined),
		Kind: string(engine.Unmapped), Code: c.Reason.Code, Reason: c.Reason.Text, Place: c.Reason.Place, Value: c.Reason.Value}
	switch {
	case c.Verdict == engine.Blocked:
		e.Verdict = string(engine.Blocked)
	case c.Verdict.Writes():
		e.Verdict = refusedVerdict
	}
	if f := h.Fault; f != nil {
		e.Kind, e.Reason, e.Fields = string(f.Kind), f.Error(), f.Fields
		e.Code = cmp.Or(e.Code, c.Object+" "+string(f.Kind))
	}
	return e
}

func (r *Run) hold(ctx context.Context, tx *transaction, e QuarantineEntry) error {
	_, err := tx.exec(ctx, `INSERT INTO quarantine (flow, record, route, item, verdict, kind, code, reason, place, value, fields,
			spec_version, status, first_at, last_at, times, run)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', $13, $13, 1, $14)
		ON CONFLICT (flow, record, route, item) DO UPDATE SET verdict = excluded.verdict, kind = excluded.kind, code = excluded.code,
			reason = excluded.reason, place = excluded.place, value = excluded.value, fields = excluded.fields,
			spec_version = excluded.spec_version, status = 'open', last_at = excluded.last_at, times = quarantine.times + 1, run = excluded.run`,
		r.Flow, e.Record, e.Route, e.Item, e.Verdict, e.Kind, e.Code, e.Reason, e.Place, e.Value, fieldNames(e.Fields),
		r.version, tx.now, r.ID)
	return err
}
