package reconcile_test

import (
	"context"
	"database/sql"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// twoLetters sends two letters about each case.
func twoLetters() map[string]string {
	files := maps.Clone(copyProject)
	first := files["letters.yaml"]
	first = first[strings.Index(first, "- name: letters"):strings.Index(first, "- name: seen")]
	files["letters.yaml"] += strings.NewReplacer("- name: letters", "- name: again", "number: case.number", "number: 'case.number + \" again\"'",
		"{from: case.number}", "{expr: 'case.number + \" again\"'}").Replace(first)
	return files
}

// spoil does something to the store's file that no casebridge would do.
func (s *stage) spoil(query string) {
	s.t.Helper()
	st, err := store.Open(context.Background(), s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		s.t.Fatal(err)
	}
	db, err := sql.Open("sqlite", s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(query); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) parked() int {
	s.t.Helper()
	st, err := store.Open(context.Background(), s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	parked, err := st.Parked(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return len(parked)
}

// When outcomes cannot be recorded, no more leaves than was under way: that, and no more, waits for a person.
func TestStoreThatLosesOutcomesStopsTheSending(t *testing.T) {
	s := newStageOf(t, twoLetters(), newCabinet(300, wantsLetter), newCabinet(0, plainCase))
	s.west.takes = func(engine.Change) time.Duration { return time.Millisecond }
	s.spoil(`CREATE TRIGGER broken BEFORE UPDATE OF answer ON intents BEGIN SELECT RAISE(ABORT, 'broken'); END`)
	sum, err := s.run("letters")
	left, parked := len(s.west.letters), s.parked()
	if engine.KindOf(err) != engine.Environment || sum.State != reconcile.EndedStopped || left == 0 || left > parked || parked > 24 {
		t.Fatalf("ended %s, %d letters left, %d are parked: %v", sum.State, left, parked, err)
	}
	s.spoil(`DROP TRIGGER broken`)
	sum, err = s.run("letters")
	if err != nil || sum.Sent != 600-parked || len(s.west.letters) != 600-parked+left {
		t.Errorf("%v: %d of %d parked letters had left; sent %d, arrived %d", err, left, parked, sum.Sent, len(s.west.letters))
	}
	seen := map[any]bool{}
	for _, l := range s.west.letters {
		if seen[l["number"]] {
			t.Errorf("%v was sent twice", l["number"])
		}
		seen[l["number"]] = true
	}
}
