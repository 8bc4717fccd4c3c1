package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Adoption is a person's word that sends happened, or may have happened, without this store's knowing of it.
type Adoption struct {
	Flow   string
	Before string // date: older sends count as done
	Who    string
	Why    string
	Sends  []engine.Change // they happened
	Maybe  []engine.Change // they may have happened: parked
}

var (
	errNotDate  = errors.New("the date must be written like 2026-01-31")
	errNoOnce   = errors.New("a send to adopt has no key (once)")
	errNoReason = errors.New("who decides and why must be said")
)

// Adopt records sends as sent, or as parked, without sending them, and notes it in the audit
// trail. What the ledger knows already stays as it is.
func (s *Store) Adopt(ctx context.Context, a Adoption) error {
	if err := a.check(); err != nil {
		return err
	}
	return s.change(ctx, "adopt", a.Flow, func(tx *transaction) error {
		if err := refuseHeld(ctx, tx, "adopt", a.Flow); err != nil {
			return err
		}
		sent, err := a.enter(ctx, tx, a.Sends, sendSent)
		if err != nil {
			return err
		}
		parked, err := a.enter(ctx, tx, a.Maybe, sendParked)
		if err != nil {
			return err
		}
		was, err := cursorOf(ctx, tx, a.Flow)
		if err != nil {
			return err
		}
		next := was
		next.AdoptedBefore = a.Before
		sends := ", " + countOf(sent, "send")
		if len(a.Maybe) > 0 {
			sends += ", " + countOf(parked, "parked send")
		}
		line := AuditLine{Who: a.Who, What: "adopt", Flow: a.Flow, Was: was.String(), Became: next.String() + sends, Why: a.Why}
		return moveCursor(ctx, tx, line, next)
	})
}

func (a Adoption) check() error {
	refuse := func(err error) error {
		return &engine.Fault{Kind: engine.Environment, Op: "adopt", Ref: a.Flow, Err: err, Next: "Nothing was recorded; say it again."}
	}
	if _, err := time.Parse(time.DateOnly, a.Before); err != nil {
		return refuse(errNotDate)
	}
	if unsaid(a.Who, a.Why) {
		return refuse(errNoReason)
	}
	for _, c := range slices.Concat(a.Sends, a.Maybe) {
		if c.Once == "" {
			return misuse("adopt", c.Record, errNoOnce)
		}
	}
	return nil
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// enter adds sends to the ledger and says how many are new.
func (a Adoption) enter(ctx context.Context, tx *transaction, sends []engine.Change, state string) (int, error) {
	n := 0
	for _, c := range sends {
		c.Flow = a.Flow
		fresh, err := enterSend(ctx, tx, c, state, 0, 0)
		if err != nil {
			return n, err
		}
		n += number(fresh)
	}
	return n, nil
}
