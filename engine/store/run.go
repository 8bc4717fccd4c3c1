package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// usualLease is the lease of a Begin that names none.
const usualLease = 10 * time.Minute

// Begin says who wants to run which flow.
type Begin struct {
	Flow        string
	SpecVersion string
	Who         string
	Ordinary    bool          // only ordinary runs may move the cursor
	Window      string        // for people
	Lease       time.Duration // how long a runner that went silent keeps others out; 0 means ten minutes

	Specs func() ([]byte, error) // packs the files of SpecVersion; called when this version is new here; nil: they are not kept
}

// Run is one run of a flow. It is safe for concurrent use.
type Run struct {
	ID        int64
	Flow      string
	Started   time.Time
	Recovered Recovered // what was found of runs that died

	version string
	lease   time.Duration
	store   *Store
}

// Recovered says what dead runs of the flow had left open.
type Recovered struct {
	Runs      int // runs that never ended
	Parked    int // sends that may have arrived: a person or a sighting closes them
	Forgotten int // changes that are simply decided again
}

// Begin starts a run and takes the flow's lease. A live holder is an
// environment Fault that says who holds it since when. An expired lease is
// taken over, and what its run left open is recovered first.
func (s *Store) Begin(ctx context.Context, b Begin) (*Run, error) {
	if b.Lease <= 0 {
		b.Lease = usualLease
	}
	r := &Run{Flow: b.Flow, version: b.SpecVersion, lease: b.Lease, store: s}
	err := s.change(ctx, "begin run", b.Flow, func(tx *transaction) error {
		if err := refuseHeld(ctx, tx, "begin run", b.Flow); err != nil {
			return err
		}
		var err error
		if r.Recovered, err = recoverDead(ctx, tx, b.Flow); err != nil {
			return err
		}
		if err := keepSpecs(ctx, tx, b.SpecVersion, b.Specs); err != nil {
			return err
		}
		r.Started = instant(tx.now)
		return r.enter(ctx, tx, b)
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// enter writes the run and its lease.
func (r *Run) enter(ctx context.Context, tx *transaction, b Begin) error {
	err := tx.row(ctx, `INSERT INTO runs (flow, spec_version, who, ordinary, span, state, started_at)
		VALUES ($1, $2, $3, $4, $5, 'running', $6) RETURNING id`,
		[]any{b.Flow, b.SpecVersion, b.Who, number(b.Ordinary), b.Window, tx.now}, &r.ID)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO leases (flow, run, who, since, expires) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (flow) DO UPDATE SET run = excluded.run, who = excluded.who, since = excluded.since, expires = excluded.expires`,
		b.Flow, r.ID, b.Who, tx.now, tx.now+b.Lease.Milliseconds())
	return err
}

// bogusLease is longer than any lease has still to run, unless the clock was set back since it was taken: for
// that nobody waits. A holder that lives all the same notices at its next step, like one that was silent.
const bogusLease = 2 * usualLease

// refuseHeld refuses op while somebody runs the flow, or any flow when it is "".
func refuseHeld(ctx context.Context, tx *transaction, op, flow string) error {
	var held, who string
	var since, expires int64
	err := tx.row(ctx, `SELECT flow, who, since, expires FROM leases WHERE ($1 = '' OR flow = $1) AND expires > $2 AND expires <= $3 ORDER BY flow LIMIT 1`,
		[]any{flow, tx.now, tx.now + bogusLease.Milliseconds()}, &held, &who, &since, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	until := instant(expires).Format(time.RFC3339)
	return &engine.Fault{Kind: engine.Environment, Op: op, Ref: held,
		Err:  fmt.Errorf("%s runs it since %s", who, instant(since).Format(time.RFC3339)),
		Next: "Wait until it ends. If that program is gone, its hold ends by itself at " + until + "."}
}

// recoverDead settles what runs of the flow left open that never ended.
// Nobody holds the flow: whoever is still marked as running is dead.
func recoverDead(ctx context.Context, tx *transaction, flow string) (Recovered, error) {
	var dead []int64
	err := each(ctx, tx, `SELECT id FROM runs WHERE flow = $1 AND state = 'running' ORDER BY id`, []any{flow}, func(rows *sql.Rows) error {
		dead = append(dead, 0)
		return rows.Scan(&dead[len(dead)-1])
	})
	rec := Recovered{Runs: len(dead)}
	for i := 0; err == nil && i < len(dead); i++ {
		err = rec.abandon(ctx, tx, dead[i])
		if err == nil {
			_, err = tx.exec(ctx, `UPDATE runs SET state = 'died', ended_at = $2 WHERE id = $1`, dead[i], tx.now)
		}
	}
	return rec, err
}

// abandon gives every open intent of a run the outcome that nobody will tell any more.
func (rec *Recovered) abandon(ctx context.Context, tx *transaction, run int64) error {
	n, err := tx.exec(ctx, `UPDATE intents SET state = 'unknown', settled_at = $2, fault = 'the run ended without an answer',
		fault_kind = 'transient' WHERE run = $1 AND state = 'intended'`, run, tx.now)
	if err != nil {
		return err
	}
	parked, err := tx.exec(ctx, `UPDATE sends SET state = 'parked' WHERE state = 'intended' AND run = $1
		AND intent IN (SELECT id FROM intents WHERE run = $1 AND repeatable = 0)`, run)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE sends SET state = 'lost' WHERE state = 'intended' AND run = $1`, run)
	rec.Parked += int(parked)
	rec.Forgotten += int(n - parked)
	return err
}

// Renew extends the lease. Intend and Settle do so too; Renew is for long
// stretches without either. A lease that was taken over is an environment Fault.
func (r *Run) Renew(ctx context.Context) error {
	return r.store.change(ctx, "renew lease", r.Flow, func(tx *transaction) error {
		held, err := r.extend(ctx, tx)
		if err == nil && !held {
			err = r.lost("renew lease")
		}
		return err
	})
}

// extend extends the lease and says whether it is still ours.
func (r *Run) extend(ctx context.Context, tx *transaction) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE leases SET expires = $3 WHERE flow = $1 AND run = $2`, r.Flow, r.ID, tx.now+r.lease.Milliseconds())
	return n == 1, err
}

var errLeaseLost = errors.New("this run was silent for too long and another one took over")

func (r *Run) lost(op string) error {
	return &engine.Fault{Kind: engine.Environment, Op: op, Ref: r.Flow, Err: errLeaseLost,
		Next: "Nothing is lost: the other run decides again. See that the two do not start at the same time."}
}

// End says how a run ended.
type End struct {
	State  string // done, partial, held, refused, stopped
	Counts map[string]int
	Mark   time.Time // zero: the cursor stays
	Swept  bool      // the reading was a sweep
	Whole  string    // object that was read whole; "" for none
	Listed []string  // objects of sends that the reading would have shown, had they arrived
	Sought []int64   // quarantine entries whose records were looked for wherever they can be, and not found
}

// Skew is by how much a cursor may lie ahead of the clock and still be believed.
const Skew = time.Minute

// End closes the run and releases the lease. The cursor moves only for an ordinary
// run that ended done or partial, only forward (unless it lay ahead of the clock), and only if no intent was left
// open; intents that were left open are recovered as after a crash.
func (r *Run) End(ctx context.Context, e End) error {
	return r.store.change(ctx, "end run", r.Flow, func(tx *transaction) error {
		var ordinary bool
		var who string
		err := tx.row(ctx, `SELECT ordinary, who FROM runs WHERE id = $1 AND state = 'running'`, []any{r.ID}, &ordinary, &who)
		if errors.Is(err, sql.ErrNoRows) {
			return r.lost("end run")
		}
		if err != nil {
			return err
		}
		var left Recovered
		if err := left.abandon(ctx, tx, r.ID); err != nil {
			return err
		}
		through := e.State == "done" || e.State == "partial"
		if ordinary && through && left == (Recovered{}) {
			if err := r.advance(ctx, tx, e, who); err != nil {
				return err
			}
		}
		if through && e.Whole != "" {
			if err := readWhole(ctx, tx, e.Whole, millis(r.Started)); err != nil {
				return err
			}
		}
		if through {
			if err := looked(ctx, tx, e.Listed, millis(r.Started)); err != nil {
				return err
			}
		}
		if err := r.gone(ctx, tx, e.Sought); err != nil {
			return err
		}
		return r.leave(ctx, tx, e)
	})
}

// leave writes the end of the run and gives the lease back.
func (r *Run) leave(ctx context.Context, tx *transaction, e End) error {
	counts, err := json.Marshal(e.Counts)
	if err != nil {
		return err
	}
	if e.Counts == nil {
		counts = []byte("{}")
	}
	if _, err = tx.exec(ctx, `UPDATE runs SET state = $2, counts = $3, ended_at = $4 WHERE id = $1`, r.ID, e.State, string(counts), tx.now); err != nil {
		return err
	}
	_, err = tx.exec(ctx, `DELETE FROM leases WHERE flow = $1 AND run = $2`, r.Flow, r.ID)
	return err
}

// advance moves the flow's cursor and writes the move down.
func (r *Run) advance(ctx context.Context, tx *transaction, e End, who string) error {
	was, err := cursorOf(ctx, tx, r.Flow)
	if err != nil {
		return err
	}
	next := was
	// A mark that lies ahead of the clock was never true: the clock was ahead and has been put right.
	if e.Mark.After(was.Mark) || !e.Mark.IsZero() && was.Mark.After(r.Started.Add(Skew)) {
		next.Mark = instant(millis(e.Mark))
	}
	if e.Swept || e.Whole != "" {
		next.SweptAt = r.Started
	}
	next.Whole = was.Whole || e.Whole != ""
	if next == was {
		return nil
	}
	if _, err := tx.exec(ctx, `UPDATE runs SET mark = $2 WHERE id = $1`, r.ID, millis(next.Mark)); err != nil {
		return err
	}
	return moveCursor(ctx, tx, AuditLine{Who: who, What: "cursor", Flow: r.Flow, Run: r.ID, Was: was.String(), Became: next.String()}, next)
}

// moveCursor writes a cursor and the line of the audit trail that says so.
func moveCursor(ctx context.Context, tx *transaction, line AuditLine, c Cursor) error {
	_, err := tx.exec(ctx, `INSERT INTO cursors (flow, mark, swept_at, adopted_before, whole) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (flow) DO UPDATE SET mark = excluded.mark, swept_at = excluded.swept_at,
		adopted_before = excluded.adopted_before, whole = excluded.whole`,
		line.Flow, millis(c.Mark), millis(c.SweptAt), c.AdoptedBefore, number(c.Whole))
	if err != nil {
		return err
	}
	return note(ctx, tx, line)
}

// String writes a cursor for the audit trail.
func (c Cursor) String() string {
	text := "mark " + moment(c.Mark) + ", swept " + moment(c.SweptAt)
	if c.AdoptedBefore != "" {
		text += ", adopted before " + c.AdoptedBefore
	}
	if c.Whole {
		text += ", read whole"
	}
	return text
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// number stores a truth value.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
