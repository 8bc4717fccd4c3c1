package connectortest

import (
	"context"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

func (c try) write(t *testing.T) {
	if len(c.object.Verbs) == 0 {
		t.Skip("the object is not written")
	}
	if c.Changes == nil {
		t.Fatal("the object is written, and no Changes prove it")
	}
	t.Run("taken", c.writeTaken)
	t.Run("cancelled", c.writeCancelled)
	t.Run("twice", c.writeTwice)
	t.Run("plan", c.writePlanned)
	t.Run("nonsense", c.writeNonsense)
}

func (c try) writeTaken(t *testing.T) {
	conn := c.open(t, nil)
	if got := conn.Writer().Write(t.Context(), nil); len(got) != 0 {
		t.Errorf("%d outcomes of nothing", len(got))
	}
	changes := c.Changes(t)
	if len(changes) == 0 || len(changes) > max(1, c.object.Batch) {
		t.Fatalf("Changes gives %d changes for groups of %d", len(changes), c.object.Batch)
	}
	c.allDone(t, conn, changes)
}

func (c try) allDone(t *testing.T, conn engine.Connection, changes []engine.Change) {
	t.Helper()
	outcomes := conn.Writer().Write(t.Context(), changes)
	if len(outcomes) != len(changes) {
		t.Fatalf("%d outcomes of %d changes", len(outcomes), len(changes))
	}
	for i, got := range outcomes {
		if got.State != engine.Done || len(got.Ignored) > 0 {
			t.Errorf("change %d: %s, ignored %v, %v", i, got.State, got.Ignored, got.Fault)
		}
		if changes[i].Verdict == engine.Create && c.object.ID != "" && got.ID == "" {
			t.Errorf("change %d: made a record and does not say which", i)
		}
	}
}

func (c try) writeCancelled(t *testing.T) {
	conn := c.open(t, nil)
	changes := c.Changes(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for i, got := range conn.Writer().Write(ctx, changes) {
		if got.State != engine.Unsent || got.Fault == nil || got.Fault.Kind != engine.Cancelled {
			t.Errorf("change %d, cancelled before it left: %s %v", i, got.State, got.Fault)
		}
	}
}

func (c try) writeTwice(t *testing.T) {
	if !c.object.Repeatable {
		t.Skip("the object says that writing twice does harm")
	}
	conn := c.open(t, nil)
	changes := c.Changes(t)
	c.allDone(t, conn, changes)
	before := 0
	if c.object.Listed {
		before = len(c.all(t, conn, engine.Query{}))
	}
	c.allDone(t, conn, changes)
	if c.object.Listed {
		if after := len(c.all(t, conn, engine.Query{})); after != before {
			t.Errorf("writing twice left %d records instead of %d", after, before)
		}
	}
}

func (c try) writePlanned(t *testing.T) {
	if c.Local {
		t.Skip("the driver uses no HTTP")
	}
	conn := c.planned(t)
	if err := conn.Check(t.Context()); err != nil {
		t.Errorf("a plan must be able to check: %v", err)
	}
	for i, got := range conn.Writer().Write(t.Context(), c.Changes(t)) {
		if got.State != engine.Unsent || got.Fault == nil || got.Fault.Kind != engine.Environment {
			t.Errorf("change %d was written by a plan: %s %v", i, got.State, got.Fault)
		}
	}
}

// writeNonsense sends what is no document.
func (c try) writeNonsense(t *testing.T) {
	conn := c.open(t, nil)
	changes := c.Changes(t)[:1]
	changes[0].Document = engine.NewBody([]byte(`["not a document"`))
	got := conn.Writer().Write(t.Context(), changes)
	if len(got) != 1 || got[0].State != engine.Refused && got[0].State != engine.Unsent || got[0].Fault == nil {
		t.Errorf("what is no JSON was not refused: %+v", got)
	}
}
