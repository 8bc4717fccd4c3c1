package spectest

import (
	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// stateOf reads the state of a sent entry as the store would tell it. Specs
// speak of outcomes (done, answered), the store of what it knows (sent, shown).
func stateOf(s spec.SentEntry) mapping.SendState {
	switch s.State.Text {
	case "parked":
		return mapping.Parked
	case "lost":
		return mapping.Lost
	case "awaiting":
		return mapping.Awaiting
	case "answered", "shown":
		return mapping.Shown
	}
	return mapping.Sent
}

// onceKey is the key of a once_per as a case writes it.
func onceKey(once []spec.Named) string {
	pairs := make([]engine.Pair, len(once))
	for i, n := range once {
		pairs[i] = engine.Pair{Name: n.Name.Text, Value: n.Value.Text}
	}
	return mapping.OnceKey(pairs)
}
