package reconcile_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// A record that cannot be used is there all the same: what can be told of it counts wherever it is asked whether there is one.
func TestUnusableRecordIsRecalledByWhatIsKnownOfIt(t *testing.T) {
	s := newStageOf(t, recallProject, newCabinet(3, plainCase), newCabinet(3, plainCase))
	s.west.unusable = map[string]string{"0001": `{"id":"0001","number":"N0001"}`}
	sum, err := s.run("look")
	if err != nil || sum.Quarantined.Total() != 1 {
		t.Fatalf("%v: quarantined %v", err, sum.Quarantined.Count)
	}
	sum, err = s.run("letters")
	mustDone(t, sum, err)
	if sum.Sent != 3 {
		t.Errorf("%d letters, skipped %v: the west has three cases, one in a form that cannot be used", sum.Sent, sum.Skipped.Count)
	}
}

// A first reading in which one record does not even say which it is was not whole: nobody can be said not to be there.
func TestNothingIsAbsentBesideANamelessRecord(t *testing.T) {
	s := newStageOf(t, recallProject, newCabinet(3, plainCase), newCabinet(3, plainCase))
	s.west.unusable = map[string]string{"0001": ""}
	if _, err := s.run("look"); err != nil {
		t.Fatal(err)
	}
	sum, err := s.run("letters")
	if err != nil || sum.Blocked.Total() != 3 {
		t.Fatalf("%v: blocked %v, skipped %v", err, sum.Blocked.Count, sum.Skipped.Count)
	}
	s.west.unusable = nil
	if _, err := s.run("look", func(j *reconcile.Job) { j.Window.Everything = true }); err != nil {
		t.Fatal(err)
	}
	sum, err = s.run("letters")
	mustDone(t, sum, err)
	if sum.Sent != 3 {
		t.Errorf("%d letters once it can be used", sum.Sent)
	}
}

// The gap that a record leaves which is first listed later holds up no other record, and closes by itself when that
// record can be used.
func TestGapOfALaterRecordHeals(t *testing.T) {
	s := newStageOf(t, recallProject, newCabinet(3, plainCase), newCabinet(2, plainCase))
	sum, err := s.run("look")
	mustDone(t, sum, err)
	s.west.cases["0002"] = map[string]any{"id": "0002", "number": "N0002", "name": "Person", "stamp": s.now().Format("2006-01-02T15:04:05Z")}
	s.west.order = append(s.west.order, "0002")
	s.west.unusable = map[string]string{"0002": `{"id":"0002"}`}
	for _, healed := range []bool{false, true} {
		if healed {
			s.west.unusable = nil
		}
		if _, err := s.run("look"); err != nil {
			t.Fatal(err)
		}
		sum, err := s.run("letters")
		if want := map[bool]int{false: 2, true: 1}[healed]; err != nil || sum.Sent != want {
			t.Errorf("healed %v: %v, sent %d, want %d; blocked %v, skipped %v", healed, err, sum.Sent, want, sum.Blocked.Count, sum.Skipped.Count)
		}
		if gaps := s.gaps(); healed != (gaps == 0) {
			t.Errorf("healed %v: %d gaps", healed, gaps)
		}
	}
}

// gaps counts the records of which the store does not know all that it keeps.
func (s *stage) gaps() (n int) {
	s.t.Helper()
	st, err := store.Open(context.Background(), s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	o, err := st.Overview(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range o.Recall {
		n += r.Gaps
	}
	return n
}

// What was known of a record before stays known when the record comes in a form that cannot be used.
func TestRecalledStaysWhenARecordSpoils(t *testing.T) {
	s := newStageOf(t, recallProject, newCabinet(3, plainCase), newCabinet(3, plainCase))
	sum, err := s.run("look")
	mustDone(t, sum, err)
	s.west.unusable = map[string]string{"0001": `{"id":"0001"}`}
	if _, err := s.run("look", func(j *reconcile.Job) { j.Window.Everything = true }); err != nil {
		t.Fatal(err)
	}
	sum, err = s.run("letters")
	mustDone(t, sum, err)
	if sum.Sent != 3 {
		t.Errorf("%d letters, skipped %v, blocked %v", sum.Sent, sum.Skipped.Count, sum.Blocked.Count)
	}
}

// A record that cannot be used says nothing about its parts: what is held of them waits on beside it, and all is over when it goes.
func TestUnusableRecordClosesNothing(t *testing.T) {
	s := newStage(t, newCabinet(3, plainCase), newCabinet(0, plainCase))
	s.west.writeFault = func(c engine.Change) *engine.Outcome {
		if strings.Contains(c.Record, "N0001") {
			return &engine.Outcome{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Rejected, Op: "create", Status: 422}}
		}
		return nil
	}
	everything := func(j *reconcile.Job) { j.Window.Everything = true }
	open := func(when string, want ...string) {
		t.Helper()
		st, err := store.Open(context.Background(), s.options())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = st.Close() }()
		entries, err := st.Quarantine(context.Background(), store.QuarantineFilter{Flow: "copy", Open: true})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, e := range entries {
			got[e.Route] = true
		}
		wanted := map[string]bool{}
		for _, route := range want {
			wanted[route] = true
		}
		if !maps.Equal(got, wanted) {
			t.Errorf("%s, entries of the routes %v are open, want %v", when, got, wanted)
		}
	}
	if _, err := s.run("copy"); err != nil {
		t.Fatal(err)
	}
	open("refused", "cases")
	s.east.unusable = map[string]string{"0001": ""}
	if _, err := s.run("copy", everything); err != nil {
		t.Fatal(err)
	}
	open("it cannot be used", "cases", "")
	s.east.unusable, s.west.writeFault = nil, nil
	if _, err := s.run("copy", everything); err != nil {
		t.Fatal(err)
	}
	open("it went")
}

// What is parked was not looked for by a run that could not read every record: the one may have shown it.
func TestParkedIsNotLookedForAmongUnusableRecords(t *testing.T) {
	s := newStage(t, newCabinet(3, wantsLetter), newCabinet(0, plainCase))
	s.west.afterWrite = func(c engine.Change) *engine.Outcome {
		return &engine.Outcome{State: engine.Unknown, Fault: &engine.Fault{Kind: engine.Transient, Op: "send"}}
	}
	if _, err := s.run("letters"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		unusable map[string]string
		want     int
	}{{map[string]string{"0001": `{"id":"0001"}`}, 0}, {nil, 0}, {nil, 1}} { // the second still found it held when it began
		s.east.unusable = c.unusable
		for id := range s.east.cases {
			s.east.cases[id]["stamp"] = s.now().Format("2006-01-02T15:04:05Z")
		}
		if _, err := s.run("letters"); err != nil {
			t.Fatal(err)
		}
		st, err := store.Open(context.Background(), s.options())
		if err != nil {
			t.Fatal(err)
		}
		parked, err := st.Parked(context.Background())
		_ = st.Close()
		if err != nil || len(parked) != 3 {
			t.Fatalf("%d parked, %v", len(parked), err)
		}
		for _, p := range parked {
			if p.Looked != c.want {
				t.Errorf("unusable %v: looked for %d times, want %d", c.unusable, p.Looked, c.want)
			}
		}
	}
}

// What the other system lists in a form that cannot be used may be what was sent: nothing is adopted before it is known.
func TestAdoptRefusesWhatItCannotRead(t *testing.T) {
	s := newStage(t, newCabinet(3, wantsLetter), newCabinet(0, plainCase))
	s.east.unusable = map[string]string{"0001": `{"id":"0001"}`}
	adopt := func() error {
		st, err := store.Open(context.Background(), s.options())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = st.Close() }()
		_, err = reconcile.Adopt(context.Background(), []reconcile.Job{s.job("letters", st)}, "", "cut-over")
		return err
	}
	if err := adopt(); engine.KindOf(err) != engine.Environment || !strings.Contains(err.Error(), "N0001") {
		t.Errorf("adopting gave %v", err)
	}
	if cur := s.cursor("letters"); cur.AdoptedBefore != "" {
		t.Errorf("adopted before %q", cur.AdoptedBefore)
	}
	s.east.unusable = nil
	if err := adopt(); err != nil {
		t.Error(err)
	}
}

// Adopting is whole or nothing: half of it would let what was sent before go once more.
func TestAdoptingThatEndsEarlyAdoptsNothing(t *testing.T) {
	for name, spoil := range map[string]func(s *stage){
		"its source cannot be read":                  func(s *stage) { s.east.breakRead = 2 },
		"a record of its source cannot be used":      func(s *stage) { s.east.unusable = map[string]string{"0001": `{"id":"0001"}`} },
		"what the other system lists cannot be used": func(s *stage) { s.west.unusable = map[string]string{"0000": ""} },
	} {
		t.Run(name, func(t *testing.T) {
			west := newCabinet(1, plainCase)
			files := maps.Clone(copyProject)
			files["seen.yaml"] = strings.NewReplacer("name: letters", "name: shown", "east.case", "west.case").Replace(copyProject["letters.yaml"])
			files["seen.yaml"] = files["seen.yaml"][:strings.Index(files["seen.yaml"], "- name: shown\n  steps")] + files["seen.yaml"][strings.Index(files["seen.yaml"], "- name: seen"):]
			files["letters.yaml"] = files["letters.yaml"][:strings.Index(files["letters.yaml"], "- name: seen")]
			s := newStageOf(t, files, newCabinet(3, wantsLetter), west)
			adopt := func() ([]reconcile.Adopted, error) {
				st, err := store.Open(context.Background(), s.options())
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = st.Close() }()
				return reconcile.Adopt(context.Background(), []reconcile.Job{s.job("shown", st), s.job("letters", st)}, "2026-11-02", "cut-over")
			}
			spoil(s)
			if _, err := adopt(); err == nil {
				t.Error("it ended well")
			}
			if cur := s.cursor("letters"); cur.AdoptedBefore != "" {
				t.Errorf("adopted before %q", cur.AdoptedBefore)
			}
			s.east.breakRead, s.east.unusable, s.west.unusable = 0, nil, nil
			done, err := adopt()
			if err != nil || len(done) != 1 || done[0].Open != 3 || s.cursor("letters").AdoptedBefore != "2026-11-02" {
				t.Errorf("%+v, %v", done, err)
			}
		})
	}
}
