package reconcile

import (
	"errors"

	"github.com/casebridge/casebridge/engine"
)

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
