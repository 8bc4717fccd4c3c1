package reconcile_test

import (
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
)

// A flow that a limit stopped stays stopped, whatever became of the runs since.
func TestHeldStaysHeld(t *testing.T) {
	for name, between := range map[string]func(*stage){
		"after a run that could not sign in": func(s *stage) {
			s.east.breakRead, s.east.breakWith = 1, engine.Auth
			delete(s.east.cases["0000"], "to")
			if sum, _ := s.run("letters"); sum.State != reconcile.EndedStopped {
				s.t.Errorf("ended %s", sum.State)
			}
		},
		"after a run that read only a part": func(s *stage) {
			s.east.breakRead = 1
			delete(s.east.cases["0000"], "to")
			if sum, _ := s.run("letters"); sum.State != reconcile.EndedPartial {
				s.t.Errorf("ended %s", sum.State)
			}
		},
		"after many runs by hand": func(s *stage) {
			for range 60 {
				if _, err := s.run("letters", func(j *reconcile.Job) { j.Window.Named = "nobody" }); err != nil {
					s.t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, newCabinet(60, wantsLetter), newCabinet(0, plainCase))
			few := func(j *reconcile.Job) { j.Limits.Sends = 10 }
			if sum, _ := s.run("letters", few); sum.State != reconcile.EndedHeld {
				t.Fatalf("ended %s", sum.State)
			}
			between(s)
			s.east.breakRead = 0
			for id := range s.east.cases {
				if id > "0005" {
					delete(s.east.cases[id], "to") // what is left is below the limit
				}
			}
			if sum, err := s.run("letters", few); sum.State != reconcile.EndedHeld || len(s.west.letters) != 0 {
				t.Errorf("ended %s, %v, %d letters", sum.State, err, len(s.west.letters))
			}
		})
	}
}
