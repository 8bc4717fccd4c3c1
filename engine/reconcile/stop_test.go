package reconcile_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// stopped runs letters of which each takes so long, is told to stop in the middle, and says how long it took to.
func stopped(t *testing.T, s *stage, takes time.Duration) (sum reconcile.Summary, after time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	st, err := store.Open(ctx, s.options())
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan time.Time, 1)
	s.west.takes = func(engine.Change) time.Duration { return takes }
	time.AfterFunc(takes+takes/2, func() { told <- time.Now(); cancel() })
	sum, err = reconcile.Run(ctx, s.job("letters", st), map[string]engine.Writer{"west": s.west})
	after = time.Since(<-told)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return sum, after, err
}

// Writes that are under way when a run is told to stop are finished: what was sent is known to be sent.
func TestStopWaitsForWritesUnderWay(t *testing.T) {
	path := t.TempDir() + "/test.db"
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, newCabinet(100, wantsLetter), newCabinet(0, plainCase))
		s.path = path
		sum, after, err := stopped(t, s, 20*time.Second)
		if !errors.Is(err, context.Canceled) || sum.Parked != 0 || sum.Sent != 25 || len(s.west.letters) != 25 || after > 11*time.Second {
			t.Errorf("%v: %d sent, %d arrived, %d parked, %v after the order", err, sum.Sent, len(s.west.letters), sum.Parked, after)
		}
		s.west.takes = nil
		if sum, err := s.run("letters"); err != nil || sum.Sent != 75 || sum.Recovered != (store.Recovered{}) {
			t.Errorf("%v: %+v", err, sum)
		}
	})
}

// One that takes for ever is cut off, and left to a person.
func TestStopWaitsOnlySoLong(t *testing.T) {
	path := t.TempDir() + "/test.db"
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, newCabinet(100, wantsLetter), newCabinet(0, plainCase))
		s.path = path
		sum, after, err := stopped(t, s, time.Hour)
		if !errors.Is(err, context.Canceled) || sum.Parked != 24 || sum.Sent != 1 || after != time.Minute {
			t.Errorf("%v: %d sent, %d parked, %v after the order", err, sum.Sent, sum.Parked, after)
		}
	})
}
