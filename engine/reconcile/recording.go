package reconcile

import (
	"context"
	"errors"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// intend records the intents of several workers in one transaction.
func (s *sending) intend(groups [][]*item) []error {
	var open []*item
	for _, g := range groups {
		open = append(open, g...)
	}
	err := s.intendAll(open)
	errs := make([]error, len(groups))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// intendAll leaves out sends that the ledger knows already, e.g. one that stands twice in a source.
func (s *sending) intendAll(open []*item) error {
	if len(open) == 0 {
		return nil
	}
	intents := make([]store.Intent, len(open))
	for i, it := range open {
		intents[i] = store.Intent{Change: it.change, Repeatable: it.repeatable}
	}
	// Not cancelled with the run: an intent that was recorded but not heard of would park what never left.
	ids, err := s.loop.run_.Intend(context.Background(), intents)
	var again *store.AlreadySent
	if errors.As(err, &again) {
		for _, i := range again.Items {
			open[i].known = true
		}
		return s.intendAll(slices.DeleteFunc(open, func(it *item) bool { return it.known }))
	}
	if err != nil {
		return err
	}
	for i, it := range open {
		it.intent = ids[i]
	}
	return nil
}

// settle records the outcomes of several workers in one transaction.
func (s *sending) settle(groups [][]*item) []error {
	var out store.Settlement
	for _, g := range groups {
		for _, it := range g {
			if !it.known {
				s.addOutcome(&out, it)
			}
			if it.known || it.outcome.State == engine.Done && heldFor(it) == nil {
				if it.of.left--; it.of.left == 0 {
					out.Through = append(out.Through, it.of.record)
				}
			}
		}
	}
	learned, err := s.loop.run_.Settle(context.Background(), out) // what was sent must be recorded, even when told to stop
	s.loop.tally(func(sum *Summary) {
		sum.Seen += learned.Seen
		sum.Released += learned.Released
	})
	errs := make([]error, len(groups))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

func (s *sending) addOutcome(out *store.Settlement, it *item) {
	out.Linked = append(out.Linked, written(it)...)
	out.Outcomes = append(out.Outcomes, store.Settled{Intent: it.intent, Change: it.change, Outcome: it.outcome, Repeatable: it.repeatable})
	switch held := heldFor(it); {
	case s.covered(it):
	case held != nil:
		out.Held = append(out.Held, s.loop.held(it.source, it.change, held))
	case it.outcome.State == engine.Done:
		if key := keyOf(it.change); !slices.Contains(it.of.held, key) {
			out.Cleared = append(out.Cleared, key)
		}
	case s.needsTry(it):
		out.Held = append(out.Held, s.loop.held(it.source, it.change, it.outcome.Fault))
	}
}
