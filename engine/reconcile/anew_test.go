package reconcile_test

import (
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
)

func overtaken(n int) func(engine.Change) *engine.Outcome {
	return func(engine.Change) *engine.Outcome {
		if n--; n < 0 {
			return nil
		}
		return &engine.Outcome{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Conflict, Op: "create", Status: 409}}
	}
}

// set is the hand of a person who works while a run does.
func (c *cabinet) set(id, field, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cases[id][field] = value
}

// What was overtaken in its target is decided anew by the same run, from the target as it is now.
func TestConflictIsDecidedAnew(t *testing.T) {
	s := newStage(t, newCabinet(1, plainCase), newCabinet(0, plainCase))
	refuse := overtaken(1)
	s.west.writeFault = func(c engine.Change) *engine.Outcome {
		o := refuse(c)
		if o != nil { // somebody else makes it at the same moment
			s.west.store(c)
			s.west.set(c.Target, "remark", "made by hand")
			s.west.set(c.Target, "name", "Another name")
		}
		return o
	}
	sum, err := s.run("copy")
	mustDone(t, sum, err)
	if len(s.open()) != 0 || len(s.west.cases) != 1 || sum.Read != 1 || sum.Updated != 1 || sum.Quarantined.Total() != 0 {
		t.Errorf("open %+v, %d cases, %+v", s.open(), len(s.west.cases), sum)
	}
}

// What is overtaken again waits in quarantine, and counts once.
func TestConflictThatStays(t *testing.T) {
	s := newStage(t, newCabinet(3, plainCase), newCabinet(0, plainCase))
	s.west.writeFault = overtaken(4) // each once, and one of them again
	sum, err := s.run("copy")
	if held := s.open(); err != nil || sum.State != reconcile.EndedPartial || len(held) != 1 || held[0].Kind != "conflict" || sum.Quarantined.Total() != 1 ||
		sum.Created != 2 || sum.Read != 3 {
		t.Errorf("%v: %+v, open %+v", err, sum, held)
	}
	if s.cursor("copy").Mark.IsZero() {
		t.Error("it holds the cursor")
	}
}

// A run that is stopped decides nothing anew; quarantine keeps what was overtaken.
func TestConflictInARunThatIsStopped(t *testing.T) {
	s := newStage(t, newCabinet(2, func(int) map[string]any { return map[string]any{"family": "F1"} }), newCabinet(0, plainCase))
	refuse := overtaken(1)
	s.west.writeFault = func(c engine.Change) *engine.Outcome {
		if o := refuse(c); o != nil {
			return o
		}
		return &engine.Outcome{State: engine.Unsent, Fault: &engine.Fault{Kind: engine.Auth, Op: "create", Status: 401}}
	}
	sum, err := s.run("copy")
	if held := s.open(); engine.KindOf(err) != engine.Auth || sum.Quarantined.Total() != 1 || len(held) != 1 || s.west.writes != 2 {
		t.Errorf("%v: %+v, open %+v, %d writes", err, sum, held, s.west.writes)
	}
}
