package store

import (
	"context"
	"time"
)

// A pruning deletes so much at a time, so that a run that begins meanwhile hardly waits, and at
// most so many times: what is left over goes next time.
const (
	pruneRows  = 1000
	pruneTimes = 20
)

// Pruned says what a pruning deleted.
type Pruned struct {
	Runs    int
	Intents int
}

// Prune deletes runs that ended before then, and their intents; it forgets unmapped values that were last met
// before then. Ledger, audit
// trail, quarantine, cursors and recall are never pruned. It also keeps the
// intents and runs of sends that still wait to be seen, the runs that open
// quarantine entries speak of, and the last ordinary run of every flow, because a
// flow that a limit stopped stays stopped.
func (s *Store) Prune(ctx context.Context, then time.Time) (Pruned, error) {
	var p Pruned
	if err := s.change(ctx, "prune unmapped values", "", func(tx *transaction) error { return pruneMet(ctx, tx, millis(then)) }); err != nil {
		return p, err
	}
	for range pruneTimes {
		before := p
		if err := s.change(ctx, "prune runs", "", func(tx *transaction) error { return p.portion(ctx, tx, millis(then)) }); err != nil {
			return before, err
		}
		if p == before {
			break
		}
	}
	return p, nil
}

func (p *Pruned) portion(ctx context.Context, tx *transaction, then int64) error {
	n, err := tx.exec(ctx, `DELETE FROM intents WHERE id IN (
		SELECT i.id FROM runs AS r JOIN intents AS i ON i.run = r.id
		WHERE r.ended_at > 0 AND r.ended_at < $1 AND i.state <> 'intended'
			AND i.id NOT IN (SELECT intent FROM sends WHERE state IN ('intended', 'parked', 'awaiting'))
		LIMIT $2)`, then, pruneRows)
	if err != nil {
		return err
	}
	p.Intents += int(n)
	n, err = tx.exec(ctx, `DELETE FROM runs WHERE id IN (
		SELECT r.id FROM runs AS r
		WHERE r.ended_at > 0 AND r.ended_at < $1
			AND NOT EXISTS (SELECT 1 FROM intents WHERE run = r.id)
			AND r.id NOT IN (SELECT run FROM leases)
			AND r.id NOT IN (SELECT run FROM sends WHERE state IN ('intended', 'parked', 'awaiting'))
			AND r.id NOT IN (SELECT run FROM quarantine WHERE status = 'open')
			AND r.id NOT IN (SELECT max(id) FROM runs WHERE ordinary = 1 GROUP BY flow)
			AND r.id NOT IN (SELECT max(id) FROM runs WHERE ordinary = 1 AND state NOT IN ('running', 'died') GROUP BY flow)
		LIMIT $2)`, then, pruneRows)
	p.Runs += int(n)
	return err
}
