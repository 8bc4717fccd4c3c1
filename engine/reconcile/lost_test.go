package reconcile_test

import (
	"context"
	"maps"
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

// A record in quarantine that cannot be looked up, whatever it is, keeps no other from going and the cursor from moving.
func TestOneHeldRecordThatCannotBeReadStopsNothing(t *testing.T) {
	s := newStageOf(t, strictProject(`case.to == "office"`), newCabinet(3, wantsLetter), newCabinet(0, plainCase))
	if _, err := s.run("letters"); err != nil || len(s.open()) != 3 {
		t.Fatalf("%v: %+v", err, s.open())
	}
	for id := range s.east.cases {
		s.stamp(id, longAgo)
	}
	s.east.findFault = func(v string) *engine.Fault {
		if v == "N0001" {
			return &engine.Fault{Kind: engine.Transient, Op: "look up", Status: 500}
		}
		return nil
	}
	mended := s.under(strictProject("given(case.to)"))
	before := mended.cursor("letters").Mark
	s.east.cases["0007"] = map[string]any{"id": "0007", "number": "N0007", "name": "Person", "to": "office-7", "stamp": mended.now().Format(time.RFC3339)}
	s.east.order = append(s.east.order, "0007")
	if _, err := mended.run("letters"); err != nil {
		t.Error(err)
	}
	if now := mended.cursor("letters").Mark; len(s.west.letters) != 3 || len(mended.open()) != 1 || !now.After(before) {
		t.Errorf("%d letters of 3 that can be read, open %+v, cursor %v", len(s.west.letters), mended.open(), now)
	}
	s.east.findFault = nil
	sum, err := mended.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 4 || len(mended.open()) != 0 {
		t.Errorf("%d letters, open %+v", len(s.west.letters), mended.open())
	}
}

// sweeping reads back a few days once a day, from a source that cannot be asked for single records.
func sweeping(must string) map[string]string {
	files := maps.Clone(strictProject(must))
	files["letters.yaml"] = strings.Replace(files["letters.yaml"], "overlap: 10m", `overlap: 10m, sweep: {at: "02:00", back: 5d}`, 1)
	return files
}

// oneHeldInAList has read three cases of a source that can only be listed, and holds the second of them.
func oneHeldInAList(t *testing.T) *stage {
	t.Helper()
	east := newCabinet(3, wantsLetter)
	east.onlyLists = true
	s := newStageOf(t, sweeping(`case.to != "office-1"`), east, newCabinet(0, plainCase))
	s.stamp("0000", epoch)
	if _, err := s.run("letters"); err != nil || len(s.open()) != 1 {
		t.Fatalf("%v: %+v", err, s.open())
	}
	return s
}

// Specs that are mended reach what is held, also when it has not changed for longer than a sweep reads back.
func TestMendedSpecsReachBehindTheSweep(t *testing.T) {
	s := oneHeldInAList(t)
	s.stamp("0001", longAgo) // the first run read it all the same
	for range 8 {            // sweeps leave the case behind
		s.clock.Add(24 * 3600)
		if _, err := s.run("letters"); err != nil {
			t.Fatal(err)
		}
	}
	mended := s.under(sweeping("given(case.to)"))
	sum, err := mended.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 3 || len(mended.open()) != 0 {
		t.Errorf("%d letters for 3 cases, open %+v (%s)", len(s.west.letters), mended.open(), sum.Window)
	}
}

// What is not listed any more is looked for once under new specs, not by every run.
func TestWhatIsGoneIsLookedForOnce(t *testing.T) {
	s := oneHeldInAList(t)
	s.clock.Add(8 * 24 * 3600)
	s.east.order = []string{"0000", "0002"}
	reads := 0
	s.east.onRead = func(engine.Query) { reads++ }
	mended := s.under(sweeping("given(case.to)"))
	for range 3 {
		sum, err := mended.run("letters")
		mustDone(t, sum, err)
	}
	if held := mended.open(); reads != 4 || len(held) != 1 || held[0].Sought != mended.project.Version {
		t.Errorf("read %d times, open %+v", reads, held)
	}
	mended.clock.Add(25 * 3600)
	if sum, err := mended.run("letters"); err != nil || reads != 5 || !strings.Contains(sum.Window, "(sweep)") {
		t.Errorf("%v: read %d times, %s", err, reads, sum.Window)
	}
	s.east.order = []string{"0000", "0001", "0002"} // it was hidden; a person finds it
	sum, err := mended.run("letters", retryOf(mended.open()))
	mustDone(t, sum, err)
	if len(s.west.letters) != 3 || len(mended.open()) != 0 {
		t.Errorf("%d letters for 3 cases, open %+v", len(s.west.letters), mended.open())
	}
}

// What was held for a reason outside it is looked at once a day, also when it has not changed for longer than a sweep reads back.
func TestOldHeldRecordsAreLookedAtOnceADay(t *testing.T) {
	east := newCabinet(3, wantsLetter)
	east.onlyLists = true
	s := newStageOf(t, sweeping("given(case.to)"), east, newCabinet(0, plainCase))
	s.stamp("0000", epoch)
	s.west.writeFault = func(c engine.Change) *engine.Outcome {
		if strings.Contains(c.Record, "N0001") {
			return &engine.Outcome{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Rejected, Op: "send", Status: 422}}
		}
		return nil
	}
	if _, err := s.run("letters"); err != nil || len(s.open()) != 1 {
		t.Fatalf("%v: %+v", err, s.open())
	}
	s.stamp("0001", longAgo)
	for day := range 3 {
		s.clock.Add(23 * 3600)
		if _, err := s.run("letters"); err != nil || len(s.open()) != 1 || s.open()[0].Times != day+2 {
			t.Fatalf("%v: day %d, open %+v", err, day, s.open())
		}
	}
	s.west.writeFault = nil
	s.clock.Add(23 * 3600)
	sum, err := s.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 3 || len(s.open()) != 0 {
		t.Errorf("%d letters for 3 cases, open %+v", len(s.west.letters), s.open())
	}
}
