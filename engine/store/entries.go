package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// The deeds of a person that concern one entry, as the audit trail names them with the entry's number behind.
const (
	deedDiscard = "quarantine discard "
	DeedRetry   = "quarantine retry "
	DeedReveal  = "quarantine reveal "
)

// Discarding is a person's decision that entries never go.
type Discarding struct {
	IDs []int64
	Who string
	Why string
}

var errNoReasonGiven = errors.New("who discards and why must be said")

// Discard closes open entries by a person's word, all or none, and notes it in the audit trail. Their documents
// are deleted. An entry opens again when its source record changed since or its cause is another one.
func (s *Store) Discard(ctx context.Context, d Discarding) error {
	refuse := func(ref string, err error) error {
		return &engine.Fault{Kind: engine.Environment, Op: "discard entry", Ref: ref, Err: err, Next: "Look at `casebridge quarantine list --closed`."}
	}
	if unsaid(d.Who, d.Why) {
		return refuse("", errNoReasonGiven)
	}
	err := s.change(ctx, "discard entries", "", func(tx *transaction) error {
		for _, id := range d.IDs {
			var status, flow string
			err := tx.row(ctx, `SELECT status, flow FROM quarantine WHERE id = $1`, []any{id}, &status, &flow)
			switch {
			case errors.Is(err, sql.ErrNoRows):
				return refuse(strconv.FormatInt(id, 10), errors.New("there is no such entry"))
			case err != nil:
				return err
			case status != EntryOpen:
				return refuse(strconv.FormatInt(id, 10), fmt.Errorf("it is %s, not open", status))
			}
			if err := closeEntry(ctx, tx, id, EntryDiscarded, d.Why); err != nil {
				return err
			}
			line := AuditLine{Who: d.Who, What: deedDiscard + strconv.FormatInt(id, 10), Flow: flow, Was: status, Became: EntryDiscarded, Why: d.Why}
			if err := note(ctx, tx, line); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.cutLog(ctx)
	}
	return err
}

// NoteDeed writes one audit line per entry about what a person does with it: DeedRetry or DeedReveal.
func (s *Store) NoteDeed(ctx context.Context, deed, who string, entries []QuarantineEntry) error {
	return s.change(ctx, "write audit lines", "", func(tx *transaction) error {
		for _, e := range entries {
			line := AuditLine{Who: who, What: deed + strconv.FormatInt(e.ID, 10), Flow: e.Flow, Was: e.Status, Became: e.Status}
			if err := note(ctx, tx, line); err != nil {
				return err
			}
		}
		return nil
	})
}

// EntryHistory is what persons did with an entry, the oldest first.
func (s *Store) EntryHistory(ctx context.Context, e QuarantineEntry) ([]AuditLine, error) {
	var out []AuditLine
	id := strconv.FormatInt(e.ID, 10)
	query := `SELECT id, at, who, what, flow, run, was, became, why FROM audit WHERE flow = $1 AND what IN ($2, $3, $4) ORDER BY id`
	err := each(ctx, s.read, query, []any{e.Flow, deedDiscard + id, DeedRetry + id, DeedReveal + id}, func(rows *sql.Rows) error {
		var l AuditLine
		var at int64
		err := rows.Scan(&l.ID, &at, &l.Who, &l.What, &l.Flow, &l.Run, &l.Was, &l.Became, &l.Why)
		l.At = instant(at)
		out = append(out, l)
		return err
	})
	return out, broken("read audit trail", id, err)
}

// Pause says that nothing in quarantine is tried again by itself. The zero Pause says that it is.
type Pause struct {
	Since time.Time
	Who   string
	Why   string
}

// On says whether re-tries are paused.
func (p Pause) On() bool { return !p.Since.IsZero() }

// Paused says whether re-tries are paused, since when and why.
func (s *Store) Paused(ctx context.Context) (Pause, error) {
	var p Pause
	var since int64
	err := s.read.QueryRowContext(ctx, `SELECT since, who, why FROM pause`).Scan(&since, &p.Who, &p.Why)
	if errors.Is(err, sql.ErrNoRows) {
		return Pause{}, nil
	}
	p.Since = instant(since)
	return p, broken("read pause", "", err)
}

// PauseRetries stops all automatic re-tries until ResumeRetries. changed is false when they were paused already.
func (s *Store) PauseRetries(ctx context.Context, who, why string) (changed bool, err error) {
	if unsaid(who, why) {
		return false, &engine.Fault{Kind: engine.Environment, Op: "pause re-tries", Err: errNoReason, Next: "Nothing was changed; say it again."}
	}
	return s.switchRetries(ctx, AuditLine{Who: who, What: "quarantine pause", Was: "on", Became: "paused", Why: why},
		`INSERT INTO pause (id, since, who, why) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING`, true)
}

// ResumeRetries lets automatic re-tries go on. changed is false when they were not paused.
func (s *Store) ResumeRetries(ctx context.Context, who, why string) (changed bool, err error) {
	return s.switchRetries(ctx, AuditLine{Who: who, What: "quarantine resume", Was: "paused", Became: "on", Why: why}, `DELETE FROM pause`, false)
}

func (s *Store) switchRetries(ctx context.Context, line AuditLine, query string, with bool) (changed bool, err error) {
	err = s.change(ctx, line.What, "", func(tx *transaction) error {
		var args []any
		if with {
			args = []any{tx.now, line.Who, line.Why}
		}
		n, err := tx.exec(ctx, query, args...)
		changed = n > 0
		if err != nil || !changed {
			return err
		}
		return note(ctx, tx, line)
	})
	return changed, err
}
