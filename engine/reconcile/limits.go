package reconcile

import (
	"fmt"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// limits stop a flow that would do far more than it ever should by itself.
type limits struct {
	spec    spec.Limits
	created int
	sent    int
	updated int
}

// shareFrom is how many records must have been read before a share of them says anything.
const shareFrom = 50

// admit counts a wave in and says why it must not be written, or "".
func (m *limits) admit(read int, wave [][]*item) string {
	for _, it := range slices.Concat(wave...) {
		switch it.change.Verdict {
		case engine.Create:
			m.created++
		case engine.Send:
			if !it.repeatable {
				m.sent++
			}
		case engine.Update:
			m.updated++
		}
	}
	switch {
	case m.spec.Creates >= 0 && m.created > m.spec.Creates:
		return fmt.Sprintf("it would create more than %d records, the limit of one run", m.spec.Creates)
	case m.spec.Sends >= 0 && m.sent > m.spec.Sends:
		return fmt.Sprintf("it would send more than %d documents, the limit of one run", m.spec.Sends)
	case m.spec.UpdatedPercent >= 0 && read >= shareFrom && m.updated*100 > read*m.spec.UpdatedPercent:
		return fmt.Sprintf("it would update more than %d %% of the records read, the limit of one run", m.spec.UpdatedPercent)
	}
	return ""
}
