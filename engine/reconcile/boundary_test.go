package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

var errDied = errors.New("the process died")

// dyingAt makes a job die when it comes to a boundary for the nth time.
func dyingAt(at reconcile.Boundary, nth int) func(*reconcile.Job) {
	var mu sync.Mutex
	dead := false
	return func(job *reconcile.Job) {
		job.At = func(_ context.Context, b reconcile.Boundary) error {
			mu.Lock()
			defer mu.Unlock()
			if b == at {
				nth--
			}
			if dead = dead || nth == 0; dead {
				return errDied
			}
			return nil
		}
	}
}

// everyDeath runs a flow in new stages, each dying one moment later, until it comes through alive.
func everyDeath(t *testing.T, flow string, set func(*testing.T) *stage, check func(*stage)) {
	for _, at := range reconcile.Boundaries() {
		for nth, died := 1, true; died; nth++ {
			t.Run(fmt.Sprintf("%s %s %d", flow, at, nth), func(t *testing.T) {
				died = false // unless it comes that far
				s := set(t)
				_, err := s.run(flow, dyingAt(at, nth))
				if died = errors.Is(err, errDied); !died {
					mustDone(t, reconcile.Summary{State: reconcile.EndedDone}, err)
					return
				}
				if moved := !s.cursor(flow).Mark.IsZero(); moved != (at == reconcile.AfterEnd) {
					t.Errorf("the cursor moved: %t", moved)
				}
				if sum, err := s.run(flow); err != nil || (sum.Recovered.Runs == 1) != (at != reconcile.AfterEnd) {
					t.Errorf("%v: recovered %+v", err, sum.Recovered)
				}
				check(s)
			})
			if nth == 1 && !died {
				t.Errorf("%s is never reached", at)
			}
		}
	}
}

// settleParked has a person say that what is parked and did not arrive did not, and returns how many were parked.
func (s *stage) settleParked() (parked int) {
	s.t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	entries, err := st.Parked(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if err := st.Resolve(ctx, store.Resolution{ID: e.ID, Arrived: s.arrived(e.Known[0].Value) > 0, Who: "test", Why: "looked"}); err != nil {
			s.t.Fatal(err)
		}
	}
	return len(entries)
}

func (s *stage) arrived(number string) int {
	n := 0
	for _, l := range s.west.letters {
		if l["number"] == number {
			n++
		}
	}
	return n
}

// Wherever a run dies: no letter twice, none lost, what may have arrived is parked, and the cursor moves when all is settled.
func TestLettersSurviveEveryDeath(t *testing.T) {
	everyDeath(t, "letters", func(t *testing.T) *stage {
		return newStageOf(t, twoLetters(), newCabinet(4, wantsLetter), newCabinet(0, plainCase))
	}, func(s *stage) {
		before := len(s.west.letters)
		parked := s.settleParked()
		if before+parked < 8 {
			s.t.Errorf("%d letters arrived, %d are parked, of 8", before, parked)
		}
		s.clock.Add(25 * 3600)
		s.eachOnce("letters")
	})
}

// eachOnce runs the flow again, for every record, and wants the letters of all cases once.
func (s *stage) eachOnce(flow string) {
	s.t.Helper()
	sum, err := s.run(flow, func(job *reconcile.Job) { job.Window.Everything = true })
	mustDone(s.t, sum, err)
	for i := range s.east.order {
		for _, number := range []string{fmt.Sprintf("N%04d", i), fmt.Sprintf("N%04d again", i)} {
			if n := s.arrived(number); n != 1 {
				s.t.Errorf("letter %s arrived %d times", number, n)
			}
		}
	}
	if cur := s.cursor(flow); cur.Mark.IsZero() {
		s.t.Error("the cursor never moved")
	}
}

// The same for what may be repeated: every case is there once, as without a death.
func TestCopiesSurviveEveryDeath(t *testing.T) {
	everyDeath(t, "copy", func(t *testing.T) *stage {
		return newStageOf(t, chained(), newCabinet(4, plainCase), newCabinet(0, plainCase))
	}, func(s *stage) {
		sum, err := s.run("copy") // the remarks that the first ones left in the east
		mustDone(s.t, sum, err)
		sum, err = s.run("copy")
		mustDone(s.t, sum, err)
		if sum.Writes() != 0 || len(s.west.order) != 4 || s.parked() != 0 || s.cursor("copy").Mark.IsZero() {
			s.t.Errorf("%d writes after all was done, %d cases, %d parked", sum.Writes(), len(s.west.order), s.parked())
		}
		for id, doc := range s.east.cases {
			if doc["remark"] != "copied" {
				s.t.Errorf("%s has the remark %v", id, doc["remark"])
			}
		}
	})
}

// A run that dies between two groups of records loses none of either.
func TestDeathBetweenGroups(t *testing.T) {
	s := newStage(t, newCabinet(1100, plainCase), newCabinet(0, plainCase))
	if _, err := s.run("copy", dyingAt(reconcile.BeforeGroup, 2)); !errors.Is(err, errDied) || len(s.west.order) > 512 {
		t.Fatalf("%v: %d cases", err, len(s.west.order))
	}
	sum, err := s.run("copy")
	mustDone(t, sum, err)
	if len(s.west.order) != 1100 || len(s.west.cases) != 1100 {
		t.Errorf("%d cases were made, %d are there", len(s.west.order), len(s.west.cases))
	}
}

// After a death nothing leaves any more, whoever was at work.
func TestNothingLeavesAfterDeath(t *testing.T) {
	s := newStage(t, newCabinet(200, wantsLetter), newCabinet(0, plainCase))
	_, err := s.run("letters", dyingAt(reconcile.AfterSend, 1))
	if !errors.Is(err, errDied) || len(s.west.letters) > 24 {
		t.Errorf("%v: %d letters", err, len(s.west.letters))
	}
	left := len(s.west.letters)
	if sum, err := s.run("letters"); err != nil || sum.Recovered.Parked < left || sum.Recovered.Parked > 24 {
		t.Errorf("%v: %d had left; recovered %+v", err, left, sum.Recovered)
	}
}
