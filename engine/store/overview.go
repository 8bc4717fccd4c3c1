package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// PastRun is one run as people look back at it.
type PastRun struct {
	ID          int64
	Flow        string
	SpecVersion string
	Who         string
	Ordinary    bool
	Window      string
	State       string // running, done, partial, held, refused, stopped, died
	Counts      map[string]int
	Mark        time.Time // where it moved the cursor to; zero: it did not
	Started     time.Time
	Ended       time.Time // zero while it runs
}

// Runs returns the last runs, the newest first; flow "" means all flows, last 0 all runs.
func (s *Store) Runs(ctx context.Context, flow string, last int) ([]PastRun, error) {
	var out []PastRun
	query := `SELECT id, flow, spec_version, who, ordinary, span, state, counts, mark, started_at, ended_at
		FROM runs WHERE ($1 = '' OR flow = $1) ORDER BY id DESC LIMIT $2`
	err := each(ctx, s.read, query, []any{flow, cmp.Or(last, everything)}, func(rows *sql.Rows) error {
		var r PastRun
		var counts string
		var mark, started, ended int64
		err := rows.Scan(&r.ID, &r.Flow, &r.SpecVersion, &r.Who, &r.Ordinary, &r.Window, &r.State, &counts, &mark, &started, &ended)
		if err == nil {
			err = json.Unmarshal([]byte(counts), &r.Counts)
		}
		r.Mark, r.Started, r.Ended = instant(mark), instant(started), instant(ended)
		out = append(out, r)
		return err
	})
	return out, broken("read runs", flow, err)
}

// LastOrdinary is the last ordinary run of a flow that came to an end; zero when there is none. One that died says nothing.
func (s *Store) LastOrdinary(ctx context.Context, flow string) (r PastRun, err error) {
	var counts string
	err = s.read.QueryRowContext(ctx, `SELECT id, state, counts FROM runs
		WHERE flow = $1 AND ordinary = 1 AND state NOT IN ('running', 'died') ORDER BY id DESC LIMIT 1`, flow).Scan(&r.ID, &r.State, &counts)
	if errors.Is(err, sql.ErrNoRows) {
		return PastRun{}, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(counts), &r.Counts)
	}
	return r, broken("read runs", flow, err)
}

// Overview is the whole store at a glance.
type Overview struct {
	Path       string
	Size       int64 // of the file and its log, bytes
	Project    string
	Schema     int64
	Hosts      []engine.Pair // connection, and the system it is stamped for
	Cursors    []FlowCursor
	Sends      []SendCount
	Recall     []RecallCount
	Quarantine []QuarantineCount
	Parked     int
	Key        KeyState
	Pause      Pause     // of automatic re-tries
	Backup     time.Time // see Store.BackupAt
}

// FlowCursor is the cursor of a flow, who runs it now, and its last run.
type FlowCursor struct {
	Flow    string
	Cursor  Cursor
	Holder  string // "" when nobody runs it
	Since   time.Time
	Expires time.Time // when the hold ends by itself; past: that run has died, and the next one settles what it left
	Last    LastRun
}

// LastRun is how the last run of a flow went; zero when it never ran.
type LastRun struct {
	ID      int64
	State   string
	Started time.Time
	Ended   time.Time // zero while it runs
}

// SendCount counts the sends of an object in a state.
type SendCount struct {
	Object string
	State  string // as in the table of the package: intended and closed too
	Count  int
}

// RecallCount counts what is remembered of an object.
type RecallCount struct {
	Object  string
	Count   int
	Sealed  int       // of these, records with sealed fields
	WholeAt time.Time // when it was last read whole; zero: never
	Gaps    int       // records with a gap; see Recalled.Unknown
}

// QuarantineCount counts the entries of a flow.
type QuarantineCount struct {
	Flow                    string
	Open, Closed, Discarded int
}

// KeyState says whether recall's personal fields can be read.
type KeyState struct {
	Given      bool
	Unreadable int // records that were sealed under another key, or with no key given now
}

// Mismatch says that there is a key, but not the one that some records were sealed under.
func (k KeyState) Mismatch() bool { return k.Given && k.Unreadable > 0 }

// Overview looks at the whole store; every list is in order of its names.
func (s *Store) Overview(ctx context.Context) (Overview, error) {
	o := Overview{Path: s.path, Project: s.project, Schema: s.schema}
	var err error
	for _, part := range []func(context.Context, *Overview) error{s.stamps, s.cursors, s.sendCounts, s.recallCounts, s.quarantineCounts, s.size, s.pauseState} {
		if err = part(ctx, &o); err != nil {
			return o, broken("look at the store", s.path, err)
		}
	}
	if o.Backup, err = s.BackupAt(ctx); err != nil {
		return o, err
	}
	o.Key, err = s.KeyState(ctx)
	return o, err
}

// KeyState looks through recall for records that the key does not open.
func (s *Store) KeyState(ctx context.Context) (KeyState, error) {
	k := KeyState{Given: s.seal != nil}
	id := []byte{}
	if s.seal != nil {
		id = s.seal.id
	}
	err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM recall WHERE sealed IS NOT NULL AND substr(sealed, 1, 8) <> $1`, id).Scan(&k.Unreadable)
	return k, broken("check store key", "", err)
}

func (s *Store) stamps(ctx context.Context, o *Overview) error {
	return each(ctx, s.read, `SELECT name, value FROM stamps ORDER BY name`, nil, func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		if connection, ok := strings.CutPrefix(name, urlStamp); ok {
			o.Hosts = append(o.Hosts, engine.Pair{Name: connection, Value: value})
		} else if name == "project" {
			o.Project = value
		}
		return err
	})
}

func (s *Store) cursors(ctx context.Context, o *Overview) error {
	query := `SELECT f.flow, coalesce(c.mark, 0), coalesce(c.swept_at, 0), coalesce(c.adopted_before, ''), coalesce(c.whole, 0),
			coalesce(l.who, ''), coalesce(l.since, 0), coalesce(l.expires, 0),
			coalesce(r.id, 0), coalesce(r.state, ''), coalesce(r.started_at, 0), coalesce(r.ended_at, 0)
		FROM (SELECT flow FROM cursors UNION SELECT flow FROM runs) AS f
		LEFT JOIN cursors AS c ON c.flow = f.flow
		LEFT JOIN leases AS l ON l.flow = f.flow
		LEFT JOIN runs AS r ON r.id = (SELECT max(id) FROM runs WHERE flow = f.flow)
		ORDER BY f.flow`
	return each(ctx, s.read, query, nil, func(rows *sql.Rows) error {
		var f FlowCursor
		var mark, swept, since, expires, started, ended int64
		err := rows.Scan(&f.Flow, &mark, &swept, &f.Cursor.AdoptedBefore, &f.Cursor.Whole, &f.Holder, &since, &expires,
			&f.Last.ID, &f.Last.State, &started, &ended)
		f.Cursor.Mark, f.Cursor.SweptAt = instant(mark), instant(swept)
		f.Since, f.Expires = instant(since), instant(expires)
		f.Last.Started, f.Last.Ended = instant(started), instant(ended)
		o.Cursors = append(o.Cursors, f)
		return err
	})
}

// size is that of the file and of the log that is not yet part of it.
func (s *Store) size(_ context.Context, o *Overview) error {
	st, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	o.Size = st.Size()
	if log, err := os.Stat(s.path + "-wal"); err == nil {
		o.Size += log.Size()
	}
	return nil
}

func (s *Store) pauseState(ctx context.Context, o *Overview) (err error) {
	o.Pause, err = s.Paused(ctx)
	return err
}

func (s *Store) sendCounts(ctx context.Context, o *Overview) error {
	query := `SELECT object, state, count(*) FROM sends GROUP BY object, state ORDER BY object, state`
	return each(ctx, s.read, query, nil, func(rows *sql.Rows) error {
		var c SendCount
		err := rows.Scan(&c.Object, &c.State, &c.Count)
		o.Sends = append(o.Sends, c)
		if c.State == sendParked {
			o.Parked += c.Count
		}
		return err
	})
}

func (s *Store) recallCounts(ctx context.Context, o *Overview) error {
	query := `SELECT o.object, o.whole_at, count(r.id), count(r.sealed), (SELECT count(*) FROM recall_values AS v WHERE v.object = o.id AND v.field = $1)
		FROM recall_objects AS o LEFT JOIN recall AS r ON r.object = o.id GROUP BY o.object, o.whole_at ORDER BY o.object`
	return each(ctx, s.read, query, []any{gap}, func(rows *sql.Rows) error {
		var c RecallCount
		var whole int64
		err := rows.Scan(&c.Object, &whole, &c.Count, &c.Sealed, &c.Gaps)
		c.WholeAt = instant(whole)
		o.Recall = append(o.Recall, c)
		return err
	})
}

func (s *Store) quarantineCounts(ctx context.Context, o *Overview) error {
	query := `SELECT flow, sum(status = 'open'), sum(status = 'closed'), sum(status = 'discarded') FROM quarantine GROUP BY flow ORDER BY flow`
	return each(ctx, s.read, query, nil, func(rows *sql.Rows) error {
		var c QuarantineCount
		err := rows.Scan(&c.Flow, &c.Open, &c.Closed, &c.Discarded)
		o.Quarantine = append(o.Quarantine, c)
		return err
	})
}
