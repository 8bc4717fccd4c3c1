package reconcile_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// strictProject sends no letter to the office that its must refuses.
func strictProject(must string) map[string]string {
	files := maps.Clone(copyProject)
	files["letters.yaml"] = strings.Replace(files["letters.yaml"], "  write:\n  - send", "  - {must: '"+must+"', else: block, say: this office takes no letters}\n  write:\n  - send", 1)
	return files
}

func (s *stage) open() []store.QuarantineEntry {
	s.t.Helper()
	st, err := store.Open(context.Background(), s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	entries, err := st.Quarantine(context.Background(), store.QuarantineFilter{Open: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return entries
}

// What was held under other specs comes back by itself when they are mended, though its source never changed.
func TestMendedSpecsBringHeldRecordsBack(t *testing.T) {
	s := newStageOf(t, strictProject(`case.to != "office-1"`), newCabinet(3, wantsLetter), newCabinet(0, plainCase))
	for range 3 { // the cursor passes; the entry stays one
		if _, err := s.run("letters"); err != nil {
			t.Fatal(err)
		}
	}
	if held := s.open(); len(held) != 1 || held[0].Verdict != "blocked" || len(s.west.letters) != 2 || s.cursor("letters").Mark.IsZero() {
		t.Fatalf("held %+v, %d letters", held, len(s.west.letters))
	}
	s.east.cases["0001"]["stamp"] = epoch.AddDate(-1, 0, 0).Format(time.RFC3339) // long out of every window
	mended := newStageOf(t, strictProject("given(case.to)"), s.east, s.west)
	mended.path = s.path
	mended.clock.Store(s.clock.Load())
	sum, err := mended.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 3 || len(mended.open()) != 0 {
		t.Errorf("%d letters, open %+v", len(s.west.letters), mended.open())
	}
}

// Without a change of the specs a held record rests for a day.
func TestHeldRecordsAreLookedAtOnceADay(t *testing.T) {
	s := newStageOf(t, strictProject(`case.remark == "please"`), newCabinet(1, wantsLetter), newCabinet(0, plainCase))
	if _, err := s.run("letters"); err != nil {
		t.Fatal(err)
	}
	s.east.cases["0000"]["remark"] = "please"
	s.east.cases["0000"]["stamp"] = epoch.AddDate(-1, 0, 0).Format(time.RFC3339)
	if _, err := s.run("letters"); err != nil || len(s.west.letters) != 0 {
		t.Fatalf("%v: %d letters before the day was over", err, len(s.west.letters))
	}
	s.clock.Add(24 * 3600)
	sum, err := s.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 1 {
		t.Errorf("%d letters", len(s.west.letters))
	}
}

// A record that fails again and again holds the cursor for a few runs, then waits in quarantine alone.
func TestPoisonDoesNotHoldTheCursorForEver(t *testing.T) {
	s := newStage(t, newCabinet(20, plainCase), newCabinet(0, plainCase))
	s.west.findFault = func(v string) *engine.Fault {
		if v == "N0011" {
			return &engine.Fault{Kind: engine.Transient, Op: "look up", Status: 500}
		}
		return nil
	}
	for i := range 3 {
		if !s.cursor("copy").Mark.IsZero() {
			t.Fatalf("the cursor passed it after %d runs", i)
		}
		if sum, err := s.run("copy"); err != nil || sum.Undelivered != 1 {
			t.Fatalf("%v: %d undelivered", err, sum.Undelivered)
		}
	}
	if held := s.open(); s.cursor("copy").Mark.IsZero() || len(held) != 1 || held[0].Times != 3 {
		t.Fatalf("cursor %v, held %+v", s.cursor("copy").Mark, held)
	}
	s.west.findFault = nil
	s.clock.Add(24 * 3600)
	sum, err := s.run("copy")
	mustDone(t, sum, err)
	if len(s.west.cases) != 20 || len(s.open()) != 0 {
		t.Errorf("%d cases arrived, open %+v", len(s.west.cases), s.open())
	}
}

// What was held is over when nothing of the record is to be written any more.
func TestHeldEntriesCloseWhenTheirReasonIsGone(t *testing.T) {
	s := newStageOf(t, strictProject(`case.to != "office-1"`), newCabinet(2, wantsLetter), newCabinet(0, plainCase))
	if _, err := s.run("letters"); err != nil || len(s.open()) != 1 {
		t.Fatalf("%v: open %+v", err, s.open())
	}
	delete(s.east.cases["0001"], "to") // nobody asks for the letter any more
	if _, err := s.run("letters"); err != nil || len(s.open()) != 0 {
		t.Errorf("%v: open %+v", err, s.open())
	}
}

// A clock that was ahead and has been put right does not make a flow blind until the time has come.
func TestMarkOfAClockThatWasAhead(t *testing.T) {
	s := newStage(t, newCabinet(1, plainCase), newCabinet(0, plainCase))
	s.east.cases["0000"]["stamp"] = epoch.AddDate(1, 0, 0).Format(time.RFC3339)
	sum, err := s.run("copy")
	mustDone(t, sum, err)
	s.east.cases["0000"]["stamp"] = s.now().Format(time.RFC3339)
	s.east.cases["0000"]["name"] = "Changed"
	sum, err = s.run("copy")
	mustDone(t, sum, err)
	if sum.Updated != 1 {
		t.Errorf("updated %d; the window was %q", sum.Updated, sum.Window)
	}
}

// A held record that changed after the window was read does not take the cursor past what changed before it.
func TestLookedUpRecordsDoNotMoveTheCursor(t *testing.T) {
	s := newStageOf(t, strictProject(`case.to != "office-1"`), newCabinet(2, wantsLetter), newCabinet(0, plainCase))
	stamp := func(minutes int) string {
		return s.now().Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339)
	}
	s.east.cases["0000"]["stamp"] = stamp(0) // the case that is held is out of the next window
	if _, err := s.run("letters"); err != nil || len(s.open()) != 1 {
		t.Fatalf("%v: open %+v", err, s.open())
	}
	s.clock.Add(25 * 3600)
	s.east.onFind = func(engine.Lookup) { // the window has been read; work goes on
		s.east.onFind = nil
		s.east.mu.Lock()
		defer s.east.mu.Unlock()
		s.east.cases["0001"]["stamp"] = stamp(40)
		s.east.cases["0007"] = map[string]any{"id": "0007", "number": "N0007", "name": "Person", "to": "office-7", "stamp": stamp(20)}
		s.east.order = append(s.east.order, "0007")
	}
	for range 2 {
		if _, err := s.run("letters"); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.west.letters) != 2 || s.east.onFind != nil {
		t.Errorf("%d letters for 2 cases", len(s.west.letters))
	}
}
