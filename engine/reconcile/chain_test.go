package reconcile_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// chained writes the west's case and then a remark into the east's: two writes of one item, in order.
func chained() map[string]string {
	files := maps.Clone(copyProject)
	files["inside.yaml"] = `kind: Sharing
from: east
to: east
consent: {not_needed: a remark stays in its cabinet}
scope: {not_needed: there is one kind of record}
may_write: {east.case: [remark]}
`
	files["copy.yaml"] = strings.Replace(files["copy.yaml"], "routes:\n- name: cases\n  steps:\n",
		"routes:\n- name: cases\n  steps:\n  - {name: here, read: east.case, by: {number: case.number}, none: nothing, several: quarantine, say: the east has this number twice}\n", 1) +
		"  - {update: east.case, target: here, fields: {remark: {value: copied}}}\n"
	return files
}

// What stands behind a refused write is held with it, under the refusal, and does not hold up the cursor.
func TestRefusedHeadOfAChainIsTheCause(t *testing.T) {
	s := newStageOf(t, chained(), newCabinet(3, plainCase), newCabinet(0, plainCase))
	s.west.writeFault = func(c engine.Change) *engine.Outcome {
		if strings.Contains(c.Record, "N0001") {
			return &engine.Outcome{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Rejected, Op: "create", Status: 422, Fields: []string{"/name"}}}
		}
		return nil
	}
	sum, err := s.run("copy")
	if err != nil || sum.Undelivered != 0 || sum.Quarantined.Total() != 1 || s.cursor("copy").Mark.IsZero() {
		t.Fatalf("%v: %d undelivered, quarantined %v, cursor %v", err, sum.Undelivered, sum.Quarantined.Count, s.cursor("copy").Mark)
	}
	if held := s.open(); len(held) != 1 || held[0].Kind != string(engine.Rejected) || held[0].Times != 1 {
		t.Errorf("held %+v", held)
	}
	if s.east.cases["0001"]["remark"] != nil || s.east.cases["0002"]["remark"] != "copied" {
		t.Errorf("the east has %v and %v", s.east.cases["0001"], s.east.cases["0002"])
	}
}

// A head without an answer is tried again, and what is behind it with it: one entry, one part that waits.
func TestChainWaitsBehindAHeadWithoutAnswer(t *testing.T) {
	s := newStageOf(t, chained(), newCabinet(3, plainCase), newCabinet(0, plainCase))
	s.west.writeFault = func(c engine.Change) *engine.Outcome {
		if strings.Contains(c.Record, "N0001") {
			return &engine.Outcome{State: engine.Unknown, Fault: &engine.Fault{Kind: engine.Transient, Op: "create", Status: 502}}
		}
		return nil
	}
	sum, err := s.run("copy")
	if err != nil || sum.Undelivered != 1 || !s.cursor("copy").Mark.IsZero() {
		t.Fatalf("%v: %d undelivered, cursor %v", err, sum.Undelivered, s.cursor("copy").Mark)
	}
	if held := s.open(); len(held) != 1 || !strings.Contains(held[0].Reason, "502") || held[0].Times != 1 {
		t.Errorf("held %+v", held)
	}
	s.west.writeFault = nil
	sum, err = s.run("copy")
	mustDone(t, sum, err)
	if s.east.cases["0001"]["remark"] != "copied" || len(s.open()) != 0 {
		t.Errorf("the east has %v, open %+v", s.east.cases["0001"], s.open())
	}
}
