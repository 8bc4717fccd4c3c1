package reconcile

import (
	"errors"

	"github.com/casebridge/casebridge/engine"
)

// heldError says that a limit stopped a flow. Whoever asks gets its Fault; people are told in other
// words than those of a Fault, because nothing was rejected.
type heldError struct{ fault *engine.Fault }

func (e heldError) Error() string {
	return e.fault.Ref + " is held: " + e.fault.Err.Error() + ". " + e.fault.Next
}

func (e heldError) Unwrap() error { return e.fault }

// stops says whether a fault lies outside all records, so that going on makes no sense.
func stops(k engine.FaultKind) bool {
	return k == engine.Auth || k == engine.Rate || k == engine.Environment || k == engine.Cancelled
}

// stopError is the fault if it stops everything, else nil.
func stopError(f *engine.Fault) error {
	if stops(f.Kind) {
		return f
	}
	return nil
}

// asFault is err as a Fault; errors without a kind count as environment: nothing is known about them.
func asFault(err error, op string) *engine.Fault {
	var f *engine.Fault
	if errors.As(err, &f) {
		return f
	}
	return &engine.Fault{Kind: engine.Environment, Op: op, Err: err}
}
