package reconcile_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// knownBy is the project whose letters are known by other names.
func knownBy(once string) map[string]string {
	files := maps.Clone(copyProject)
	files["letters.yaml"] = strings.Replace(files["letters.yaml"], "once_per: {number: case.number}", "once_per: "+once, 1)
	return files
}

// Letters that were sent are not sent again because their key has other names now; a person must say what was sent.
func TestChangedKeyDoesNotSendEverythingAgain(t *testing.T) {
	s := newStage(t, newCabinet(3, wantsLetter), newCabinet(0, plainCase))
	sum, err := s.run("letters")
	mustDone(t, sum, err)
	changed := s.under(knownBy("{number: case.number, to: case.to}"))
	for _, change := range []func(*reconcile.Job){
		func(*reconcile.Job) {}, func(j *reconcile.Job) { j.Released = true }, func(j *reconcile.Job) { j.Window.Named = "N0001" },
	} {
		_, err := changed.run("letters", change)
		var f *engine.Fault
		if !errors.As(err, &f) || f.Kind != engine.Environment || !strings.Contains(f.Next, "state adopt --before") || len(s.west.letters) != 3 {
			t.Errorf("%v: %d letters", err, len(s.west.letters))
		}
	}
	back := changed.under(knownBy("{number: case.number}"))
	sum, err = back.run("letters")
	mustDone(t, sum, err)
	changed.clock.Store(back.clock.Load() + 1)
	st, job := changed.adopting("letters")
	defer func() { _ = st.Close() }()
	if _, err := reconcile.Adopt(context.Background(), []reconcile.Job{job}, "2026-11-22", "the key has other names"); err != nil {
		t.Fatal(err)
	}
	s.east.cases["0007"] = map[string]any{"id": "0007", "number": "N0007", "name": "Person", "to": "office-7", "stamp": "2026-11-22T04:00:00Z"}
	s.east.order = append(s.east.order, "0007")
	if _, err := changed.run("letters"); err != nil {
		t.Error(err)
	}
}

// adopting is a job on the store itself, as Adopt takes it.
func (s *stage) adopting(flow string) (*store.Store, reconcile.Job) {
	s.t.Helper()
	st, err := store.Open(context.Background(), s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	return st, s.job(flow, st)
}
