package reconcile

import (
	"context"

	"github.com/casebridge/casebridge/engine/store"
)

// planning counts what would be written. It has nothing to write with.
type planning struct{}

func (planning) admit(context.Context, *loop, store.Cursor) error { return nil }

func (planning) deliver(ctx context.Context, l *loop, wave []work, recalled []store.Recalled) error {
	for _, w := range wave {
		for _, c := range w.decision.Changes {
			if c.Verdict.Writes() {
				l.sum.wrote(c.Verdict)
				l.sum.mark(c)
			}
		}
	}
	_, err := l.run_.Settle(ctx, store.Settlement{Recalled: recalled}) // into the scratch copy
	return err
}

func (planning) finish(context.Context) error { return nil }

func (planning) settled() bool { return true }
