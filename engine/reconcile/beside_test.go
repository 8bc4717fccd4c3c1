package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// However many old records are held, and at whatever hours they were, a source that only lists is read whole once a day for all of them.
func TestOldHeldRecordsShareOneReadingADay(t *testing.T) {
	east := newCabinet(5, wantsLetter)
	east.onlyLists = true
	s := newStageOf(t, sweeping("given(case.to)"), east, newCabinet(0, plainCase))
	s.stamp("0000", epoch)
	refused := map[string]bool{}
	s.west.writeFault = func(c engine.Change) *engine.Outcome {
		if refused[c.Record] {
			return &engine.Outcome{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Rejected, Op: "send", Status: 422}}
		}
		return nil
	}
	later := east.order[1:]
	east.order = east.order[:1]
	for _, id := range later { // one is held each fifth hour, and then left behind by all windows
		refused["case N"+id] = true
		east.order = append(east.order, id)
		s.stamp(id, s.now().Add(time.Hour))
		s.clock.Add(4 * 3600)
		if _, err := s.run("letters"); err != nil {
			t.Fatal(err)
		}
		s.stamp(id, longAgo)
	}
	if len(s.open()) != 4 {
		t.Fatalf("open %+v", s.open())
	}
	whole, days := 0, 4
	east.onRead = func(q engine.Query) {
		if q.Since.IsZero() {
			whole++
		}
	}
	for range 24 * days {
		if _, err := s.run("letters"); err != nil {
			t.Fatal(err)
		}
	}
	if whole > days+1 || whole < days-1 {
		t.Errorf("read whole %d times in %d days", whole, days)
	}
	refused = map[string]bool{}
	again, windows := "", ""
	for range 25 {
		sum, err := s.run("letters")
		mustDone(t, sum, err)
		windows += sum.Window
		for _, a := range sum.Again {
			again += a.Why + "; "
		}
	}
	if len(s.open()) != 0 || len(s.west.letters) != 5 || !strings.Contains(again, "a day has passed") || !strings.Contains(windows, ", then all there is for 4 records in quarantine") {
		t.Errorf("open %+v, %d letters, %s, %s", s.open(), len(s.west.letters), again, windows)
	}
}
