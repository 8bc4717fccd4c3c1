package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// The verdict of a change that was decided but that its target refused.
const refusedVerdict = "refused"

// The statuses of a quarantine entry.
const (
	EntryOpen      = "open"      // it waits
	EntryClosed    = "closed"    // its record went through, or there is nothing to carry any more
	EntryDiscarded = "discarded" // a person decided that it never goes
)

// QuarantineEntry is one part of a record that does not go through, and why. What
// is kept of its document is asked for apart; see [Store.Payload].
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
	Lookup      string // the map or rule that Value was looked up in
	By          string // its column or form
	Object      string // what was to be written, "connection.object"; "" when that was not reached
	Fields      []string
	SpecVersion string
	Status      string // open, closed, discarded
	Why         string // the reason of the person who discarded it
	First       time.Time
	Last        time.Time
	Closed      time.Time // when it closed or was discarded; zero while it is open
	Times       int
	Run         int64  // the last one that held it
	Mark        Mark   // of the source record as it was then
	Payload     string // what became of its document: one of the PayloadStates
	Sought      string // the specs under which its record was looked for wherever it can be, and not found; "" when it was found since
}

// Refused says whether the target refused what was decided.
func (e QuarantineEntry) Refused() bool { return e.Verdict == refusedVerdict }

// Key names the entry as a settlement does.
func (e QuarantineEntry) Key() RecordKey { return RecordKey{e.Flow, e.Record, e.Route, e.Item} }

// QuarantineFilter chooses entries; its zero value chooses all.
type QuarantineFilter struct {
	Flow   string
	Open   bool   // only open ones
	Status string // only of this status; "" any
	ID     int64
	Code   string
	Kind   string
	Since  time.Time // only those first held then or later
}

const quarantineColumns = `id, flow, record, route, item, verdict, kind, code, reason, place, value, lookup, lookup_by, object, fields,
	spec_version, status, why, first_at, last_at, closed_at, times, run, stamp, digest, payload, sought`

// Quarantine returns entries, the newest first.
func (s *Store) Quarantine(ctx context.Context, f QuarantineFilter) ([]QuarantineEntry, error) {
	if f.Open {
		f.Status = EntryOpen
	}
	var out []QuarantineEntry
	query := `SELECT ` + quarantineColumns + ` FROM quarantine
		WHERE ($1 = '' OR flow = $1) AND ($2 = '' OR status = $2) AND ($3 = 0 OR id = $3) AND ($4 = '' OR code = $4)
			AND ($5 = '' OR kind = $5) AND first_at >= $6
		ORDER BY last_at DESC, id DESC`
	err := each(ctx, s.read, query, []any{f.Flow, f.Status, f.ID, f.Code, f.Kind, millis(f.Since)}, func(rows *sql.Rows) error {
		e, err := scanQuarantine(rows)
		out = append(out, e)
		return err
	})
	return out, broken("read quarantine", f.Flow, err)
}

func scanQuarantine(rows *sql.Rows) (QuarantineEntry, error) {
	var e QuarantineEntry
	var fields string
	var first, last, closed, stamp int64
	err := rows.Scan(&e.ID, &e.Flow, &e.Record, &e.Route, &e.Item, &e.Verdict, &e.Kind, &e.Code, &e.Reason, &e.Place, &e.Value, &e.Lookup,
		&e.By, &e.Object, &fields, &e.SpecVersion, &e.Status, &e.Why, &first, &last, &closed, &e.Times, &e.Run, &stamp, &e.Mark.Digest, &e.Payload, &e.Sought)
	if err == nil {
		err = json.Unmarshal([]byte(fields), &e.Fields)
	}
	e.First, e.Last, e.Closed, e.Mark.Stamp = instant(first), instant(last), instant(closed), instant(stamp)
	return e, err
}

// quarantine opens what is held, then closes what went through and is not held again.
func (r *Run) quarantine(ctx context.Context, tx *transaction, st Settlement) error {
	again := map[string][]int64{} // record -> its entries that are held now
	for _, h := range st.Held {
		id, err := r.hold(ctx, tx, h)
		if err != nil {
			return err
		}
		again[h.Change.Record] = append(again[h.Change.Record], id)
	}
	for _, k := range st.Cleared {
		if k.Flow == "" {
			k.Flow = r.Flow
		}
		if err := r.clearEntries(ctx, tx, k, again[k.Record]); err != nil {
			return err
		}
	}
	for _, record := range st.Through {
		if err := r.clearEarlier(ctx, tx, record); err != nil {
			return err
		}
	}
	return nil
}

// clearEarlier closes what earlier runs held of a record: it joined a write of another part, or is not there any more.
func (r *Run) clearEarlier(ctx context.Context, tx *transaction, record string) error {
	ids, err := entriesIn(ctx, tx, `SELECT id FROM quarantine WHERE flow = $1 AND record = $2 AND status = 'open' AND run <> $3
		AND NOT (code = $4 AND first_at >= $5)`, r.Flow, record, r.ID, CodeLetGo, millis(r.Started))
	for _, id := range ids {
		if err == nil {
			err = closeEntry(ctx, tx, id, EntryClosed, "")
		}
	}
	return err
}

func entriesIn(ctx context.Context, tx *transaction, query string, args ...any) (ids []int64, err error) {
	err = each(ctx, tx, query, args, func(rows *sql.Rows) error {
		ids = append(ids, 0)
		return rows.Scan(&ids[len(ids)-1])
	})
	return ids, err
}

// clearEntries closes the entries that a key names, but not those in again. A whole record
// closes only what is open: what a person discarded is closed when that very part goes through, and so is what was
// let go again since the run began, which may have decided about it before.
func (r *Run) clearEntries(ctx context.Context, tx *transaction, k RecordKey, again []int64) error {
	ids, err := entriesIn(ctx, tx, `SELECT id FROM quarantine WHERE flow = $1 AND record = $2
		AND (status IN ('open', 'discarded') AND route = $3 AND item = $4 OR status = 'open' AND $3 = '' AND $4 = ''
			AND NOT (code = $5 AND first_at >= $6))`,
		k.Flow, k.Record, k.Route, k.Item, CodeLetGo, millis(r.Started))
	for _, id := range ids {
		if err == nil && !slices.Contains(again, id) {
			err = closeEntry(ctx, tx, id, EntryClosed, "")
		}
	}
	return err
}

// gone remembers of entries that have not closed that their records were not found under the specs of this run.
func (r *Run) gone(ctx context.Context, tx *transaction, entries []int64) error {
	for _, id := range entries {
		_, err := tx.exec(ctx, `UPDATE quarantine SET sought = $2 WHERE id = $1 AND status <> 'closed' AND run <> $3`, id, r.version, r.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// closeEntry ends an entry; its document goes with it.
func closeEntry(ctx context.Context, tx *transaction, id int64, status, why string) error {
	_, err := tx.exec(ctx, `UPDATE quarantine SET status = $2, why = $3, closed_at = $4 WHERE id = $1`, id, status, why, tx.now)
	if err == nil {
		err = dropPayload(ctx, tx, id, PayloadOver)
	}
	return err
}

// entryOf is what is kept of a held change.
func entryOf(h Held) QuarantineEntry {
	c := h.Change
	e := QuarantineEntry{Record: c.Record, Route: c.Route, Item: c.Item, Verdict: string(engine.Quarantined), Object: c.Object,
		Kind: string(engine.Unmapped), Code: c.Reason.Code, Reason: c.Reason.Text, Place: c.Reason.Place, Value: c.Reason.Value,
		Lookup: h.Lookup, By: h.By}
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

// hold opens an entry, opens it again, or counts it once more; its id is 0 when a person
// has discarded it, its source has not changed since, and the cause is the same.
func (r *Run) hold(ctx context.Context, tx *transaction, h Held) (int64, error) {
	e := entryOf(h)
	e.Mark = r.store.Mark(h.Source)
	over, err := r.discarded(ctx, tx, e)
	if over || err != nil {
		return 0, err
	}
	err = tx.row(ctx, `INSERT INTO quarantine (flow, record, route, item, verdict, kind, code, reason, place, value, lookup, lookup_by, object,
			fields, spec_version, status, first_at, last_at, times, run, stamp, digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'open', $16, $16, 1, $17, $18, $19)
		ON CONFLICT (flow, record, route, item) DO UPDATE SET verdict = excluded.verdict, kind = excluded.kind, code = excluded.code,
			reason = excluded.reason, place = excluded.place, value = excluded.value, lookup = excluded.lookup, lookup_by = excluded.lookup_by,
			object = excluded.object, fields = excluded.fields, spec_version = excluded.spec_version,
			first_at = CASE WHEN quarantine.status = 'open' THEN quarantine.first_at ELSE excluded.first_at END,
			times = CASE WHEN quarantine.status = 'open' THEN quarantine.times + 1 ELSE 1 END,
			status = 'open', why = '', closed_at = 0, last_at = excluded.last_at, run = excluded.run, sought = '',
			stamp = excluded.stamp, digest = excluded.digest
		RETURNING id`,
		[]any{r.Flow, e.Record, e.Route, e.Item, e.Verdict, e.Kind, e.Code, e.Reason, e.Place, e.Value, e.Lookup, e.By, e.Object,
			fieldNames(e.Fields), r.version, tx.now, r.ID, millis(e.Mark.Stamp), e.Mark.Digest}, &e.ID)
	if err != nil {
		return 0, err
	}
	e.Flow = r.Flow
	return e.ID, r.store.keepPayload(ctx, tx, e, h)
}

// discarded says whether a person's word about the entry still holds.
func (r *Run) discarded(ctx context.Context, tx *transaction, e QuarantineEntry) (bool, error) {
	var status, code string
	var was Mark
	var stamp int64
	err := tx.row(ctx, `SELECT status, code, stamp, digest FROM quarantine WHERE flow = $1 AND record = $2 AND route = $3 AND item = $4`,
		[]any{r.Flow, e.Record, e.Route, e.Item}, &status, &code, &stamp, &was.Digest)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	was.Stamp = instant(stamp)
	return status == EntryDiscarded && code == e.Code && was.Same(e.Mark), err
}

// Expired says whether an entry has waited so long that nobody tries it again by itself; after 0 that never happens.
func (e QuarantineEntry) Expired(now time.Time, after time.Duration) bool {
	return after > 0 && e.Status == EntryOpen && now.Sub(e.First) >= after
}
