package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Options say which store to open and for whom.
type Options struct {
	Path    string            // the file; its directories are created (0700), the file is 0600
	Project string            // stamped on first open; a store of another project is refused
	URLs    map[string]string // base URL per connection, stamped on first open; another one later is refused
	Key     []byte            // 32 bytes, or nil: recall's personal fields are then not kept
	Now     func() time.Time

	PayloadFor time.Duration // how long the document of a quarantine entry is kept, sealed; 0: none is
}

// Store is an open store. It is safe for concurrent use.
type Store struct {
	path    string
	project string
	write   *sql.DB // one connection: writers queue here, not in SQLite
	read    *sql.DB
	seal    *sealer // nil without a key
	now     func() time.Time
	schema  int64

	payloadFor time.Duration

	discard string // directory to delete on Close; "" for a store that is kept
}

// Cursor says how far a flow has come. The zero Cursor belongs to a flow that never ended a run.
type Cursor struct {
	Mark          time.Time // where the next window starts from, before its overlap
	SweptAt       time.Time // when the last sweep or full reading started
	AdoptedBefore string    // "2026-01-01": sends older than this were recorded as done; "" never adopted
	Whole         bool      // everything was read once
}

// Cursor returns the cursor of a flow.
func (s *Store) Cursor(ctx context.Context, flow string) (Cursor, error) {
	c, err := cursorOf(ctx, s.read, flow)
	return c, broken("read cursor", flow, err)
}

// cursorOf reads one cursor; none is the zero Cursor.
func cursorOf(ctx context.Context, q querier, flow string) (Cursor, error) {
	var c Cursor
	var mark, swept int64
	err := q.QueryRowContext(ctx, `SELECT mark, swept_at, adopted_before, whole FROM cursors WHERE flow = $1`, flow).
		Scan(&mark, &swept, &c.AdoptedBefore, &c.Whole)
	if err == sql.ErrNoRows {
		return Cursor{}, nil
	}
	c.Mark, c.SweptAt = instant(mark), instant(swept)
	return c, err
}

// querier is what reads: the pool of readers, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// millis is a time as it is stored; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is the time of stored milliseconds.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// transaction is one change of the store: all of it or nothing. Statements are
// prepared once and used again, because most of them come a hundred times.
type transaction struct {
	*sql.Tx
	prepared map[string]*sql.Stmt
	now      int64
}

// change runs do in one transaction, on disk when it returns nil.
func (s *Store) change(ctx context.Context, op, ref string, do func(*transaction) error) error {
	inner, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return broken(op, ref, err)
	}
	tx := &transaction{Tx: inner, prepared: map[string]*sql.Stmt{}, now: millis(s.now())}
	if err := do(tx); err != nil {
		_ = inner.Rollback() // err says what is wrong
		return broken(op, ref, err)
	}
	return broken(op, ref, inner.Commit())
}

func (tx *transaction) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if st := tx.prepared[query]; st != nil {
		return st, nil
	}
	st, err := tx.PrepareContext(ctx, query)
	if err == nil {
		tx.prepared[query] = st
	}
	return st, err
}

// exec changes rows and says how many.
func (tx *transaction) exec(ctx context.Context, query string, args ...any) (int64, error) {
	st, err := tx.statement(ctx, query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row reads one row into dest; sql.ErrNoRows when there is none.
func (tx *transaction) row(ctx context.Context, query string, args []any, dest ...any) error {
	st, err := tx.statement(ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(dest...)
}

// each calls take for every row of a query.
func each(ctx context.Context, q querier, query string, args []any, take func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := take(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// misuse is a defect of the caller, not of the store.
func misuse(op, ref string, err error) error {
	return &engine.Fault{Kind: engine.Environment, Op: op, Ref: ref, Err: err, Next: "This is a defect of casebridge; nothing was changed."}
}
