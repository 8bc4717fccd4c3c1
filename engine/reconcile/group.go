package reconcile

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
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

// ledgerRecords shows ledger entries to expressions as records.
func ledgerRecords(entries []store.LedgerEntry) []engine.Record {
	out := make([]engine.Record, len(entries))
	for i, e := range entries {
		fields := map[string]string{"state": e.State, "answer": e.Answer}
		for _, p := range e.Known {
			fields[p.Name] = p.Value
		}
		raw, _ := json.Marshal(fields) // strings always marshal
		out[i] = engine.Record{Object: e.Object, ID: e.Once, Body: engine.NewBody(raw)}
	}
	return out
}

// partial says whether some records did not go through.
func (s Summary) partial() bool {
	return s.Quarantined.Total()+s.Unclear.Total()+s.Parked+s.Undelivered > 0
}

// counts are the numbers that the store keeps of a run.
func (s Summary) counts() map[string]int {
	return map[string]int{
		"read": s.Read, "created": s.Created, "updated": s.Updated, "sent": s.Sent, "unchanged": s.Unchanged,
		"skipped": s.Skipped.Total(), "blocked": s.Blocked.Total(), "quarantined": s.Quarantined.Total(),
		"unclear": s.Unclear.Total(), "parked": s.Parked, "undelivered": s.Undelivered,
	}
}

// windowText names a window for people.
func windowText(r reading, w Window, zone *time.Location) string {
	switch {
	case w.Named != "":
		return "the record " + w.Named
	case r.query.Since.IsZero() && r.query.Until.IsZero():
		return "everything"
	}
	text := "changed since " + r.query.Since.In(zone).Format("2006-01-02 15:04")
	if r.query.Since.IsZero() {
		text = "changed"
	}
	if !r.query.Until.IsZero() {
		text += " until " + r.query.Until.In(zone).Format("2006-01-02 15:04")
	}
	if r.swept {
		text += " (sweep)"
	}
	return text
}
