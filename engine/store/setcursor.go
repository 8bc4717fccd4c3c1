package store

import (
	"context"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Move is a person's order to put a cursor somewhere else.
type Move struct {
	Flow string
	Mark time.Time // zero: as if the flow had never run, so that it reads from its start date
	Who  string
	Why  string
}

// SetCursor moves a cursor by a person's word, backwards or forwards, and notes it
// in the audit trail. A flow that is being run keeps its cursor: an environment Fault says who holds it.
func (s *Store) SetCursor(ctx context.Context, m Move) (was, became Cursor, err error) {
	if unsaid(m.Who, m.Why) {
		return was, became, &engine.Fault{Kind: engine.Environment, Op: "set cursor", Ref: m.Flow, Err: errNoReason, Next: "Nothing was changed; say it again."}
	}
	err = s.change(ctx, "set cursor", m.Flow, func(tx *transaction) error {
		if err := refuseHeld(ctx, tx, "set cursor", m.Flow); err != nil {
			return err
		}
		if was, err = cursorOf(ctx, tx, m.Flow); err != nil {
			return err
		}
		became = was
		became.Mark = instant(millis(m.Mark))
		line := AuditLine{Who: m.Who, What: "set", Flow: m.Flow, Was: was.String(), Became: became.String(), Why: m.Why}
		return moveCursor(ctx, tx, line, became)
	})
	return was, became, err
}

// Free refuses op, with an environment Fault, while somebody runs the flow, or any flow when it is "".
func (s *Store) Free(ctx context.Context, op, flow string) error {
	return s.change(ctx, op, flow, func(tx *transaction) error { return refuseHeld(ctx, tx, op, flow) })
}
