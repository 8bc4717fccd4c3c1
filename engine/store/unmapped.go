package store

import (
	"context"
	"database/sql"
	"time"
)

// UnmappedValue is a code that no entry of a map (or no name of a rule) is for. Values about persons never get here.
type UnmappedValue struct {
	Flow    string
	Lookup  string // the map or rule
	By      string // its column or form
	Value   string
	Carried string // what the target got instead, in words; "" for what is held
	Record  string // one record that has it
	First   time.Time
	Last    time.Time
	Times   int // how often it was met
	Held    int // open quarantine entries that wait for it; 0: it stopped nothing
}

// Unmapped returns every value that was met and not known, those that stop records first, then by map and value;
// flow "" means all flows. What a map knows by now is still listed: only its reader has the specs.
func (s *Store) Unmapped(ctx context.Context, flow string) ([]UnmappedValue, error) {
	var out []UnmappedValue
	query := `SELECT * FROM (
		SELECT flow, lookup, lookup_by, value, '' AS carried, max(record), min(first_at), max(last_at), sum(times), count(*) AS held
		FROM quarantine WHERE status = 'open' AND lookup <> '' AND value <> '' AND ($1 = '' OR flow = $1)
		GROUP BY flow, lookup, lookup_by, value
		UNION ALL
		SELECT flow, lookup, lookup_by, value, carried, record, first_at, last_at, times, 0 FROM unmapped WHERE $1 = '' OR flow = $1)
		ORDER BY held = 0, lookup, lookup_by, value, flow`
	err := each(ctx, s.read, query, []any{flow}, func(rows *sql.Rows) error {
		var u UnmappedValue
		var first, last int64
		err := rows.Scan(&u.Flow, &u.Lookup, &u.By, &u.Value, &u.Carried, &u.Record, &first, &last, &u.Times, &u.Held)
		u.First, u.Last = instant(first), instant(last)
		out = append(out, u)
		return err
	})
	return out, broken("read unmapped values", flow, err)
}

// meet counts values that were carried as something else.
func (r *Run) meet(ctx context.Context, tx *transaction, values []UnmappedValue) error {
	for _, u := range values {
		_, err := tx.exec(ctx, `INSERT INTO unmapped (flow, lookup, lookup_by, value, carried, record, first_at, last_at, times)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1)
			ON CONFLICT (flow, lookup, lookup_by, value) DO UPDATE SET carried = excluded.carried, record = excluded.record,
				last_at = excluded.last_at, times = unmapped.times + 1`,
			r.Flow, u.Lookup, u.By, u.Value, u.Carried, u.Record, tx.now)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `INSERT INTO carriers (flow, lookup, lookup_by, value, record, carried, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (flow, lookup, lookup_by, value, record) DO UPDATE SET carried = excluded.carried, at = excluded.at`,
			r.Flow, u.Lookup, u.By, u.Value, u.Record, u.Carried, tx.now)
		if err != nil {
			return err
		}
	}
	return nil
}

// Carrier is a record that was written with something else in place of a value that no map knew then.
type Carrier struct {
	Flow    string
	Lookup  string // the map or rule
	By      string // its column or form
	Value   string
	Record  string
	Carried string    // what the target got instead, in words
	At      time.Time // when it was last written so
}

// Carriers returns every record that was written so, those of one value together; flow "" means all flows. What
// people have corrected in the target since, the store cannot know.
func (s *Store) Carriers(ctx context.Context, flow string) ([]Carrier, error) {
	var out []Carrier
	query := `SELECT flow, lookup, lookup_by, value, record, carried, at FROM carriers WHERE $1 = '' OR flow = $1
		ORDER BY lookup, lookup_by, value, flow, record`
	err := each(ctx, s.read, query, []any{flow}, func(rows *sql.Rows) error {
		var c Carrier
		var at int64
		err := rows.Scan(&c.Flow, &c.Lookup, &c.By, &c.Value, &c.Record, &c.Carried, &at)
		c.At = instant(at)
		out = append(out, c)
		return err
	})
	return out, broken("read unmapped values", flow, err)
}

// pruneMet forgets values that were not met, and records that were not written with something else in their place, since then.
func pruneMet(ctx context.Context, tx *transaction, then int64) error {
	_, err := tx.exec(ctx, `DELETE FROM unmapped WHERE last_at < $1`, then)
	if err == nil {
		_, err = tx.exec(ctx, `DELETE FROM carriers WHERE at < $1`, then)
	}
	return err
}
