package reconcile_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// parkOne makes a run whose only letter gets no answer and never arrives, and leaves its case behind every window.
func parkOne(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, newCabinet(2, func(i int) map[string]any {
		return map[string]any{"to": "office", "stamp": epoch.Add(-time.Duration(i) * 24 * time.Hour).Format(time.RFC3339)}
	}), newCabinet(0, plainCase))
	s.west.writeFault = func(c engine.Change) *engine.Outcome {
		if strings.Contains(c.Record, "N0001") {
			return noAnswer(c)
		}
		return nil
	}
	if sum, err := s.run("letters"); err != nil || sum.Parked != 1 || s.cursor("letters").Mark.IsZero() {
		t.Fatalf("%v: %+v", err, sum)
	}
	s.west.writeFault = nil
	return s
}

// letGo has a person say that what is parked did not arrive.
func (s *stage) letGo() {
	s.t.Helper()
	s.inStore(func(ctx context.Context, st *store.Store) error {
		parked, err := st.Parked(ctx)
		for _, p := range parked {
			if err == nil {
				err = st.Resolve(ctx, store.Resolution{ID: p.ID, Who: "test", Why: "it is not there"})
			}
		}
		return err
	})
}

// What a person lets go again goes, although its case is behind the cursor and never changes.
func TestWhatIsLetGoAgainGoes(t *testing.T) {
	s := parkOne(t)
	s.letGo()
	sum, err := s.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 2 || len(s.open()) != 0 {
		t.Errorf("%d letters for 2 cases, open %+v, %+v", len(s.west.letters), s.open(), sum)
	}
	if len(sum.Again) != 1 || sum.Again[0] != (reconcile.Again{Why: "a person let it go again", Records: 1, Through: 1}) {
		t.Errorf("%+v", sum.Again)
	}
}

// It is not forgotten when the run that tries it is stopped before it left.
func TestWhatIsLetGoAgainIsNotForgotten(t *testing.T) {
	s := parkOne(t)
	s.letGo()
	s.west.writeFault = func(engine.Change) *engine.Outcome {
		return &engine.Outcome{State: engine.Unsent, Fault: &engine.Fault{Kind: engine.Auth, Op: "send", Status: 401}}
	}
	if _, err := s.run("letters", func(j *reconcile.Job) { j.Window.Named = "N0001" }); err == nil {
		t.Fatal("no fault")
	}
	s.west.writeFault = nil
	sum, err := s.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 2 || len(s.open()) != 0 {
		t.Errorf("%d letters for 2 cases, open %+v", len(s.west.letters), s.open())
	}
}
