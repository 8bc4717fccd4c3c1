package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
)

func noAnswer(c engine.Change) *engine.Outcome {
	if c.Verdict != engine.Send {
		return nil
	}
	return &engine.Outcome{State: engine.Unknown, Fault: &engine.Fault{Kind: engine.Transient, Op: "send", Status: 500}}
}

// A target that takes letters and answers none gets a handful, then one every few hours, until it answers one.
func TestSilentTargetIsLeftAlone(t *testing.T) {
	s := newStage(t, newCabinet(60, wantsLetter), newCabinet(0, plainCase))
	s.west.afterWrite = noAnswer
	for hour, want := range []int{5, 5, 5, 6, 6, 6, 7} {
		sum, err := s.run("letters")
		if err == nil || s.parked() != want || len(s.west.letters) != want || !s.cursor("letters").Mark.IsZero() {
			t.Errorf("hour %d: %d parked, want %d: %v", hour, s.parked(), want, err)
		}
		if resting := strings.Contains(err.Error(), "The next try is after"); resting != (sum.Parked == 0) {
			t.Errorf("hour %d: %d parked, and it says: %v", hour, sum.Parked, err)
		}
	}
	s.west.afterWrite = nil
	if sum, err := s.run("letters", func(job *reconcile.Job) { job.Window.Named = "N0050" }); err != nil || sum.Sent != 1 {
		t.Errorf("%v: a person's own try sent %d", err, sum.Sent)
	}
	if sum, err := s.run("letters"); err != nil || sum.Sent != 60-7-1 {
		t.Errorf("%v: sent %d after one was answered", err, sum.Sent)
	}
}

// It tries again by itself, also when nobody looked after it.
func TestSilentTargetThatAnswersAgain(t *testing.T) {
	s := newStage(t, newCabinet(60, wantsLetter), newCabinet(0, plainCase))
	s.west.afterWrite = noAnswer
	if _, err := s.run("letters"); err == nil {
		t.Fatal("no fault")
	}
	s.west.afterWrite = nil
	s.clock.Add(int64(3 * time.Hour / time.Second))
	if sum, err := s.run("letters"); err != nil || sum.Sent != 55 {
		t.Errorf("%v: sent %d", err, sum.Sent)
	}
}

// One lost answer now and then is chance: nothing rests for it.
func TestOneLostAnswerIsChance(t *testing.T) {
	s := newStage(t, newCabinet(3, wantsLetter), newCabinet(0, plainCase))
	s.west.afterWrite = noAnswer
	if _, err := s.run("letters"); err != nil {
		t.Fatal(err)
	}
	s.west.afterWrite = nil
	s.east.cases["0007"] = map[string]any{"id": "0007", "number": "N0007", "name": "Person", "to": "office-7", "stamp": s.now().Format(time.RFC3339)}
	s.east.order = append(s.east.order, "0007")
	if sum, err := s.run("letters"); err != nil || sum.Sent != 1 {
		t.Errorf("%v: sent %d", err, sum.Sent)
	}
}

// What goes through elsewhere does not hide that one object never does.
func TestFailuresAreCountedByObject(t *testing.T) {
	files := twoLetters()
	files["letters.yaml"] += files["copy.yaml"][strings.Index(files["copy.yaml"], "- name: cases"):]
	s := newStageOf(t, files, newCabinet(60, wantsLetter), newCabinet(0, plainCase))
	s.west.afterWrite = noAnswer
	if _, err := s.run("letters"); err == nil || s.parked() > 6 {
		t.Errorf("%v: %d parked", err, s.parked())
	}
}
