package reconcile_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// inStore does something with the stage's store.
func (s *stage) inStore(do func(context.Context, *store.Store) error) {
	s.t.Helper()
	st, err := store.Open(context.Background(), s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	if err := do(context.Background(), st); err != nil {
		s.t.Fatal(err)
	}
}

// discardAll has a person discard everything that is open.
func (s *stage) discardAll() {
	s.t.Helper()
	d := store.Discarding{Who: "test", Why: "never"}
	for _, e := range s.open() {
		d.IDs = append(d.IDs, e.ID)
	}
	s.inStore(func(ctx context.Context, st *store.Store) error { return st.Discard(ctx, d) })
}

// entries are all entries, whatever their status.
func (s *stage) entries() (out []store.QuarantineEntry) {
	s.t.Helper()
	s.inStore(func(ctx context.Context, st *store.Store) (err error) {
		out, err = st.Quarantine(ctx, store.QuarantineFilter{})
		return err
	})
	return out
}

// under lets s go on under other specs, with its systems, its store and its clock.
func (s *stage) under(texts map[string]string) *stage {
	s.t.Helper()
	next := newStageOf(s.t, texts, s.east, s.west)
	next.path = s.path
	next.clock.Store(s.clock.Load())
	return next
}

func (s *stage) stamp(id string, at time.Time) {
	s.east.cases[id]["stamp"] = at.Format(time.RFC3339)
}

var longAgo = epoch.AddDate(-1, 0, 0)

func retryOf(entries []store.QuarantineEntry) func(*reconcile.Job) {
	return func(j *reconcile.Job) { j.Retry = entries }
}

// What a person tries again is read anew, decided with the specs of now, and nothing else is read; the cursor stays.
func TestRetryByHand(t *testing.T) {
	s := newStageOf(t, strictProject(`case.to != "office-1"`), newCabinet(3, wantsLetter), newCabinet(0, plainCase))
	if _, err := s.run("letters"); err != nil {
		t.Fatal(err)
	}
	held, cursor := s.open(), s.cursor("letters")
	if len(held) != 1 {
		t.Fatalf("held %+v", held)
	}
	s.stamp("0001", longAgo)
	s.east.onRead = func(engine.Query) { t.Error("the window was read") }
	if sum, err := s.run("letters", retryOf(held)); err != nil || sum.State != reconcile.EndedPartial && sum.Blocked.Total() != 1 || sum.Read != 1 {
		t.Errorf("%v: %+v", err, sum)
	}
	if now := s.open(); len(now) != 1 || now[0].Times != 2 {
		t.Errorf("held %+v", now)
	}
	mended := s.under(strictProject("given(case.to)"))
	sum, err := mended.run("letters", retryOf(held))
	mustDone(t, sum, err)
	if len(s.west.letters) != 3 || len(mended.open()) != 0 || sum.Sent != 1 || sum.Window != "1 record in quarantine" {
		t.Errorf("%d letters, open %+v, %+v", len(s.west.letters), mended.open(), sum)
	}
	var last []store.PastRun
	mended.inStore(func(ctx context.Context, st *store.Store) (err error) {
		last, err = st.Runs(ctx, "letters", 1)
		return err
	})
	if now := mended.cursor("letters"); now != cursor || last[0].Ordinary {
		t.Errorf("the cursor was %v and is %v; an ordinary run: %v", cursor, now, last[0].Ordinary)
	}
}

// A later success closes the entry, however the record came to be read.
func TestLaterSuccessCloses(t *testing.T) {
	for name, change := range map[string]func(*reconcile.Job){
		"an ordinary run": func(*reconcile.Job) {},
		"a named record":  func(j *reconcile.Job) { j.Window.Named = "N0000" },
		"a chosen window": func(j *reconcile.Job) { j.Window.Since = longAgo },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, newCabinet(1, plainCase), newCabinet(0, plainCase))
			s.west.writeFault = func(engine.Change) *engine.Outcome {
				return &engine.Outcome{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Rejected, Op: "create", Status: 422, Fields: []string{"/name"}}}
			}
			if _, err := s.run("copy"); err != nil {
				t.Fatal(err)
			}
			held := s.open()
			if len(held) != 1 || !strings.HasPrefix(held[0].Place, "copy.yaml:") || held[0].Object != "west.case" {
				t.Fatalf("held %+v", held)
			}
			s.west.writeFault = nil
			sum, err := s.run("copy", change)
			mustDone(t, sum, err)
			if len(s.open()) != 0 || len(s.west.cases) != 1 {
				t.Errorf("open %+v", s.open())
			}
		})
	}
}

// What a person discarded is neither written nor held again, by plan and run alike, until its record changes.
func TestDiscardedIsLeftAlone(t *testing.T) {
	s := newStage(t, newCabinet(2, plainCase), newCabinet(0, plainCase))
	refuse := func(c engine.Change) *engine.Outcome {
		if strings.Contains(c.Record, "N0001") {
			return &engine.Outcome{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Rejected, Op: "create", Status: 422}}
		}
		return nil
	}
	s.west.writeFault = refuse
	if _, err := s.run("copy"); err != nil {
		t.Fatal(err)
	}
	s.discardAll()
	everything := func(j *reconcile.Job) { j.Window.Everything = true }
	before := s.west.writes
	plan, err := s.plan("copy")
	if err != nil || plan.Created != 0 || plan.Skipped.Total() != 1 {
		t.Errorf("plan: %v %+v", err, plan)
	}
	sum, err := s.run("copy", everything)
	mustDone(t, sum, err)
	if left := s.entries(); s.west.writes != before || left[0].Status != store.EntryDiscarded || sum.Skipped.Total() != 1 {
		t.Errorf("%d writes, %+v, %+v", s.west.writes-before, left, sum)
	}
	// It is what a person said of this record as it was: changed, it is tried again.
	s.stamp("0001", s.now())
	if _, err := s.run("copy", everything); err != nil || len(s.open()) != 1 {
		t.Errorf("%v: open %+v", err, s.open())
	}
	s.discardAll()
	s.west.writeFault = nil
	sum, err = s.run("copy", retryOf(s.entries()))
	mustDone(t, sum, err)
	if len(s.west.cases) != 2 || s.entries()[0].Status != store.EntryClosed {
		t.Errorf("%d cases, %+v", len(s.west.cases), s.entries())
	}
}

// Another cause than the one that a person saw comes through; one that only could not be read does not.
func TestDiscardedForOneCause(t *testing.T) {
	s := newStageOf(t, strictProject(`case.to != "office-0"`), newCabinet(1, wantsLetter), newCabinet(0, plainCase))
	if _, err := s.run("letters"); err != nil {
		t.Fatal(err)
	}
	s.discardAll()
	other := maps.Clone(strictProject(`case.to != "office-0"`))
	other["letters.yaml"] = strings.Replace(other["letters.yaml"], "  - {must: 'case.to !=",
		"  - {name: there, read: west.case, by: {number: case.number}, none: quarantine, several: quarantine, say: the west does not know it}\n  - {must: 'case.to !=", 1)
	changed := s.under(other)
	if _, err := changed.run("letters"); err != nil || len(changed.open()) != 1 || changed.open()[0].Code != "letters/there" {
		t.Fatalf("%v: %+v", err, changed.entries())
	}
	changed.discardAll()
	s.west.findFault = func(string) *engine.Fault { return &engine.Fault{Kind: engine.Transient, Op: "look up"} }
	sum, err := changed.run("letters")
	mustDone(t, sum, err)
	if len(changed.open()) != 0 || sum.Unclear.Total() != 0 {
		t.Errorf("%+v, open %+v", sum, changed.open())
	}
}

// While re-tries are paused nothing is looked at again by itself, ordinary reading goes on, and the run says so.
func TestPausedRetries(t *testing.T) {
	s := newStageOf(t, strictProject(`case.to != "office-1"`), newCabinet(2, wantsLetter), newCabinet(0, plainCase))
	s.stamp("0000", epoch.Add(-time.Hour)) // so that the window leaves the other one behind
	if _, err := s.run("letters"); err != nil {
		t.Fatal(err)
	}
	s.inStore(func(ctx context.Context, st *store.Store) error {
		_, err := st.PauseRetries(ctx, "test", "the west is being repaired")
		return err
	})
	held := s.open()
	s.stamp("0001", longAgo)
	mended := s.under(strictProject("given(case.to)"))
	s.east.cases["0005"] = map[string]any{"id": "0005", "number": "N0005", "name": "Person", "to": "office-5", "stamp": mended.now().Format(time.RFC3339)}
	s.east.order = append(s.east.order, "0005")
	sum, err := mended.run("letters")
	mustDone(t, sum, err)
	if sum.Sent != 1 || len(sum.Again) != 0 || sum.Paused.Why != "the west is being repaired" || len(mended.open()) != 1 {
		t.Errorf("%+v, open %+v", sum, mended.open())
	}
	sum, err = mended.run("letters", retryOf(held)) // by hand it goes all the same
	mustDone(t, sum, err)
	if sum.Sent != 1 {
		t.Errorf("%+v", sum)
	}
}

// The summary says how many records were looked at again, why, and what became of them.
func TestAgainIsCounted(t *testing.T) {
	s := newStageOf(t, strictProject(`false`), newCabinet(5, wantsLetter), newCabinet(0, plainCase))
	if _, err := s.run("letters"); err != nil || len(s.open()) != 5 {
		t.Fatalf("%v: %+v", err, s.open())
	}
	for id := range s.east.cases {
		s.stamp(id, longAgo)
	}
	mended := s.under(strictProject(`case.to != "office-1" and case.to != "office-2"`))
	sum, err := mended.run("letters")
	if want := []reconcile.Again{{Why: "the specs changed since", Records: 5, Through: 3}}; err != nil || !slices.Equal(sum.Again, want) {
		t.Errorf("%v: %+v", err, sum.Again)
	}
	if sum, err = mended.run("letters"); err != nil || len(sum.Again) != 0 {
		t.Errorf("%v: %+v", err, sum.Again)
	}
	mended.clock.Add(24 * 3600)
	sum, err = mended.run("letters")
	if want := []reconcile.Again{{Why: "a day has passed", Records: 2}}; err != nil || !slices.Equal(sum.Again, want) {
		t.Errorf("%v: %+v", err, sum.Again)
	}
}

// What has waited for longer than the job allows is not tried again by itself, and stays open.
func TestExpiredIsNotTriedByItself(t *testing.T) {
	s := newStageOf(t, strictProject(`case.to != "office-0"`), newCabinet(1, wantsLetter), newCabinet(0, plainCase))
	if _, err := s.run("letters"); err != nil {
		t.Fatal(err)
	}
	s.stamp("0000", longAgo)
	mended := s.under(strictProject("given(case.to)"))
	mended.clock.Add(50 * 24 * 3600)
	fiftyDays := func(j *reconcile.Job) { j.RetryFor = 50 * 24 * time.Hour }
	sum, err := mended.run("letters", fiftyDays)
	mustDone(t, sum, err)
	if sum.Read != 0 || len(mended.open()) != 1 || !mended.open()[0].Expired(mended.now(), 50*24*time.Hour) {
		t.Errorf("%+v, open %+v", sum, mended.open())
	}
	sum, err = mended.run("letters", fiftyDays, retryOf(mended.open()))
	mustDone(t, sum, err)
	if sum.Sent != 1 {
		t.Errorf("%+v", sum)
	}
}

// mapped looks a code and a name up in a map; neither stops the letter.
func mapped() map[string]string {
	files := maps.Clone(copyProject)
	files["offices.yaml"] = "kind: Map\nname: offices\ncolumns:\n  east: {title: Office}\n  west: {title: Office there}\nrows:\n- {east: office-0, west: head}\n"
	files["letters.yaml"] = strings.Replace(files["letters.yaml"], "      to: {from: case.to}\n      number: {from: case.number}\n      name: {from: case.name}\n",
		"      to: {from: case.to, map: offices, by: east, give: west, missing: default, default: other}\n"+
			"      number: {from: case.to, map: offices, by: east, give: west, missing: omit}\n"+
			"      name: {from: case.name, map: offices, by: east, give: west, missing: omit}\n", 1)
	return files
}

// Values that no map knows are counted once per record; what is about a person never is.
func TestUnmappedValuesAreCounted(t *testing.T) {
	s := newStageOf(t, mapped(), newCabinet(2, wantsLetter), newCabinet(0, plainCase))
	if _, err := s.run("letters"); err != nil {
		t.Fatal(err)
	}
	var got []store.UnmappedValue
	s.inStore(func(ctx context.Context, st *store.Store) (err error) {
		got, err = st.Unmapped(ctx, "")
		return err
	})
	want := []store.UnmappedValue{{Flow: "letters", Lookup: "offices", By: "east", Value: "office-1", Carried: "to other, no number",
		Record: "case N0001", First: s.now(), Last: s.now(), Times: 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What is held because a map has no entry says which map that was.
func TestHeldNamesItsMap(t *testing.T) {
	files := mapped()
	files["letters.yaml"] = strings.Replace(files["letters.yaml"], "missing: default, default: other", "missing: quarantine", 1)
	s := newStageOf(t, files, newCabinet(2, wantsLetter), newCabinet(0, plainCase))
	if _, err := s.run("letters"); err != nil {
		t.Fatal(err)
	}
	if held := s.open(); len(held) != 1 || held[0].Lookup != "offices" || held[0].By != "east" || held[0].Value != "office-1" {
		t.Errorf("%+v", held)
	}
}

// A flow that a limit holds is not told as if its target had rejected something.
func TestHeldFlowIsNotRejected(t *testing.T) {
	s := newStage(t, newCabinet(3, wantsLetter), newCabinet(0, plainCase))
	_, err := s.run("letters", func(j *reconcile.Job) { j.Limits.Sends = 1 })
	if err == nil || strings.Contains(err.Error(), "rejected") || !strings.HasPrefix(err.Error(), "letters is held: ") || engine.KindOf(err) != engine.Rejected {
		t.Errorf("%v (%s)", err, engine.KindOf(err))
	}
}
