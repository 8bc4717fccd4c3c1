package spectest

import (
	"encoding/json"

	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// stateOf reads the state of a sent entry as the store would tell it. Specs
// speak of outcomes (done, answered), the store of what it knows (sent, shown).
func stateOf(s spec.SentEntry) mapping.SendState {
	switch s.State.Text {
	case "parked":
		return mapping.Parked
	case "awaiting":
		return mapping.Awaiting
	case "answered", "shown":
		return mapping.Shown
	}
	return mapping.Sent
}

// onceKey writes the values of once_per as Change.Once is written: a JSON list
// of names and values, so that no two keys look alike.
func onceKey(once []spec.Named) string {
	var flat []string
	for _, n := range once {
		flat = append(flat, n.Name.Text, n.Value.Text)
	}
	raw, err := json.Marshal(flat)
	if err != nil {
		return ""
	}
	return string(raw)
}
