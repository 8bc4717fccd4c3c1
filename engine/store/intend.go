package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/casebridge/casebridge/engine"
)

// The states of a send; "never" is no row at all. See the table in doc.go.
const (
	sendIntended = "intended"
	sendSent     = "sent"
	sendAwaiting = "awaiting"
	sendShown    = "shown"
	sendParked   = "parked"
	sendClosed   = "closed"
	sendLost     = "lost"
)

// Intent is one write that is about to leave.
type Intent struct {
	Change     engine.Change
	Repeatable bool // writing it twice does no harm
}

// ErrAlreadySent is what an [*AlreadySent] is.
var ErrAlreadySent = errors.New("already sent, or being sent")

// AlreadySent is the error of an Intend of which some sends must not happen
// again. Nothing of the group was recorded: leave these items out and intend the rest.
type AlreadySent struct {
	Items []int // indexes into the group, ascending
}

func (e *AlreadySent) Error() string {
	return fmt.Sprintf("%d of the sends: %v", len(e.Items), ErrAlreadySent)
}

// Is makes errors.Is(err, ErrAlreadySent) true.
func (e *AlreadySent) Is(target error) bool { return target == ErrAlreadySent }

// Intend records, in one transaction, what is about to leave, and returns an id
// per intent, in order. The error is an [*AlreadySent] when a Once key is in use,
// an environment Fault when another run took the lease over; nothing may leave then.
func (r *Run) Intend(ctx context.Context, intents []Intent) ([]int64, error) {
	ids := make([]int64, len(intents))
	var again AlreadySent
	err := r.store.change(ctx, "record intents", r.Flow, func(tx *transaction) error {
		held, err := r.extend(ctx, tx)
		if err != nil {
			return err
		}
		if !held {
			return r.lost("record intents")
		}
		for i, in := range intents {
			if ids[i], err = r.intend(ctx, tx, in); errors.Is(err, ErrAlreadySent) {
				again.Items = append(again.Items, i)
			} else if err != nil {
				return err
			}
		}
		if len(again.Items) > 0 {
			return &again
		}
		return nil
	})
	if len(again.Items) > 0 {
		return nil, &again
	}
	if err != nil {
		return nil, err
	}
	return ids, nil
}

func (r *Run) intend(ctx context.Context, tx *transaction, in Intent) (int64, error) {
	id, err := r.record(ctx, tx, in.Change, in.Repeatable, string(sendIntended))
	if err != nil || in.Change.Once == "" {
		return id, err
	}
	in.Change.Flow = r.Flow
	fresh, err := enterSend(ctx, tx, in.Change, sendIntended, id, r.ID)
	if err == nil && !fresh {
		err = ErrAlreadySent
	}
	return id, err
}

// record writes the row of an intent.
func (r *Run) record(ctx context.Context, tx *transaction, c engine.Change, repeatable bool, state string) (int64, error) {
	var id int64
	err := tx.row(ctx, `INSERT INTO intents (run, flow, route, record, item, verdict, object, target, once, repeatable, state, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
		[]any{r.ID, r.Flow, c.Route, c.Record, c.Item, string(c.Verdict), c.Object, c.Target, c.Once, number(repeatable), state, tx.now}, &id)
	return id, err
}

// enterSend adds a send to the ledger. fresh is false when its key is there already, unless as one whose answer was lost.
func enterSend(ctx context.Context, tx *transaction, c engine.Change, state string, intent, run int64) (fresh bool, err error) {
	known, err := json.Marshal(pairsAsLists(c.Known))
	if err != nil {
		return false, err
	}
	var id int64
	err = tx.row(ctx, `INSERT INTO sends (object, once, flow, route, record, item, known, state, awaiting, intent, run, sent_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (object, once) DO UPDATE SET flow = excluded.flow, route = excluded.route, record = excluded.record, item = excluded.item,
			known = excluded.known, state = excluded.state, awaiting = excluded.awaiting, intent = excluded.intent, run = excluded.run,
			sent_at = excluded.sent_at, lost = 1 WHERE sends.state = 'lost'
		RETURNING id`,
		[]any{c.Object, c.Once, c.Flow, c.Route, c.Record, c.Item, string(known), state, number(c.Awaiting), intent, run, tx.now}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err = tx.exec(ctx, `DELETE FROM send_known WHERE send = $1`, id); err != nil { // of the attempt whose answer was lost
		return false, err
	}
	for _, p := range c.Known {
		if _, err = tx.exec(ctx, `INSERT INTO send_known (object, name, value, send) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			c.Object, p.Name, p.Value, id); err != nil {
			return false, err
		}
	}
	return true, nil
}

// pairsAsLists is how pairs are stored: [["name","value"], …], in order.
func pairsAsLists(pairs []engine.Pair) [][2]string {
	out := make([][2]string, len(pairs))
	for i, p := range pairs {
		out[i] = [2]string{p.Name, p.Value}
	}
	return out
}

func listsAsPairs(text string) ([]engine.Pair, error) {
	var lists [][2]string
	if err := json.Unmarshal([]byte(text), &lists); err != nil {
		return nil, err
	}
	out := make([]engine.Pair, len(lists))
	for i, l := range lists {
		out[i] = engine.Pair{Name: l[0], Value: l[1]}
	}
	return out, nil
}
