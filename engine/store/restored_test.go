package store

import (
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// A backup knows when it was made, also when it is copied again, until a person goes on with it.
func TestBackupKnowsThatItIsOne(t *testing.T) {
	c, path := newClock(), temp(t)
	s := mustOpen(t, c.options(path))
	at := func(s *Store) time.Time {
		t.Helper()
		at, err := s.BackupAt(t.Context())
		check(t, err)
		return at
	}
	made := c.at
	_, err := Backup(t.Context(), c.options(path), path+".1")
	check(t, err)
	c.pass(time.Hour)
	_, err = Backup(t.Context(), c.options(path+".1"), path+".2")
	check(t, err)
	second := mustOpen(t, c.options(path+".2"))
	if !at(s).IsZero() || !at(second).Equal(made) {
		t.Fatalf("the original says %v, the copy of its copy %v, want %v", at(s), at(second), made)
	}
	wantFault(t, s.GoOn(t.Context(), "tester", "why not"), engine.Environment, "no backup")
	wantFault(t, second.GoOn(t.Context(), "tester", ""), engine.Environment, "why must be said")
	run := mustBegin(t, second, "up")
	wantFault(t, second.GoOn(t.Context(), "tester", "moved"), engine.Environment, "tester")
	check(t, run.End(t.Context(), End{State: "done"}))
	check(t, second.GoOn(t.Context(), "tester", "moved"))
	if !at(second).IsZero() {
		t.Errorf("it is still a backup of %v", at(second))
	}
}
