package store

import (
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// How often a send was looked for counts readings that began after it left, got through, and would have shown it.
func TestLookedFor(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	during := mustBegin(t, s, "down") // began before the sends left
	r := mustBegin(t, s, "up")
	c.pass(time.Second)
	sent(t, r, engine.Unknown, "parked")
	sent(t, r, engine.Done, "sent")
	check(t, during.End(t.Context(), End{State: "done", Listed: []string{"west.referral"}}))
	read := func(e End) {
		c.pass(time.Minute)
		next := mustBegin(t, s, "down")
		check(t, next.End(t.Context(), e))
	}
	read(End{State: "stopped", Listed: []string{"west.referral"}})
	read(End{State: "done", Listed: []string{"west.other"}})
	read(End{State: "done"})
	looked := func(id int64, times int, at time.Time) {
		t.Helper()
		got, err := s.Send(t.Context(), id)
		check(t, err)
		if got.Looked != times || !got.LookedAt.Equal(at) {
			t.Errorf("send %d: looked for %d times, last %v", id, got.Looked, got.LookedAt)
		}
	}
	looked(1, 0, time.Time{})
	read(End{State: "done", Listed: []string{"west.referral"}})
	read(End{State: "partial", Listed: []string{"west.other", "west.referral"}})
	looked(1, 2, c.at)
	looked(2, 0, time.Time{}) // nobody waits for it
}

// Of several words about parked sends, all count or none.
func TestResolveAllOrNone(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	sent(t, mustBegin(t, s, "up"), engine.Unknown, "a", "b")
	word := func(id int64) Resolution { return Resolution{ID: id, Arrived: true, Who: "tester", Why: "seen"} }
	wantFault(t, s.Resolve(t.Context(), word(1), word(2), word(77)), engine.Environment, "no such send", "77")
	wantStates(t, s, map[string]string{"a": "parked", "b": "parked"})
	lines, err := s.Audit(t.Context(), "", 0)
	if err != nil || len(lines) != 0 {
		t.Errorf("%v %v", lines, err)
	}
	check(t, s.Resolve(t.Context(), word(1), Resolution{ID: 2, Who: "tester", Why: "not there"}))
	wantStates(t, s, map[string]string{"a": "closed"})
	lines, err = s.Audit(t.Context(), "up", 0)
	check(t, err)
	if len(lines) != 2 || lines[1].What != "close 1: west.referral a" || lines[0].What != "resend 2: west.referral b" || lines[0].Became != "never" {
		t.Errorf("%+v", lines)
	}
}

func TestSend(t *testing.T) {
	w := newWorld(t, sendParked, false, false)
	got, err := w.store.Send(t.Context(), 1)
	check(t, err)
	if got.State != sendParked || got.Once != "k1" || got.Fault != "the run ended without an answer" || got.Run != 1 {
		t.Errorf("%+v", got)
	}
	_, err = w.store.Send(t.Context(), 77)
	wantFault(t, err, engine.Environment, "no such send")
	_, err = newWorld(t, "never", false, false).store.Send(t.Context(), 1)
	wantFault(t, err, engine.Environment)
}

func TestNote(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	check(t, s.Note(t.Context(), AuditLine{Who: "tester", What: "release", Flow: "up", Became: "plan 123"}))
	for _, bad := range []AuditLine{{Who: "tester"}, {What: "release"}} {
		wantFault(t, s.Note(t.Context(), bad), engine.Environment)
	}
	lines, err := s.Audit(t.Context(), "up", 0)
	want := AuditLine{ID: 1, At: newClock().at, Who: "tester", What: "release", Flow: "up", Became: "plan 123"}
	if err != nil || len(lines) != 1 || lines[0] != want {
		t.Errorf("%+v %v", lines, err)
	}
}

// A send whose run was overtaken and that never left is brought back: the run that took over went on without it.
func TestUnsentAfterATakeoverIsBroughtBack(t *testing.T) {
	w := newWorld(t, sendIntended, false, false)
	w.die()
	w.settle(engine.Unsent)
	if w.state() != "never" {
		t.Fatalf("it is %s", w.state())
	}
	held, err := w.store.Quarantine(t.Context(), QuarantineFilter{Open: true})
	if err != nil || len(held) != 1 || held[0].Code != CodeLetGo || held[0].SpecVersion != "" || held[0].Object != "west.referral" {
		t.Errorf("%v %+v", err, held)
	}
}

// A run that decided about a record before a person let its send go again does not forget that word.
func TestLetGoDuringARun(t *testing.T) {
	w := newWorld(t, sendParked, false, false)
	during := mustBegin(t, w.store, "up")
	w.clock.pass(time.Second)
	w.resolve(false)
	for _, st := range []Settlement{{Cleared: []RecordKey{{Record: "case 1"}}}, {Through: []string{"case 1"}}} {
		mustSettle(t, during, st)
		if held, err := w.store.Quarantine(t.Context(), QuarantineFilter{Open: true}); err != nil || len(held) != 1 {
			t.Errorf("%v %+v", err, held)
		}
	}
	mustSettle(t, during, Settlement{Cleared: []RecordKey{{Record: "case 1", Route: "referrals", Item: "referral k1"}}}) // it went
	if held, err := w.store.Quarantine(t.Context(), QuarantineFilter{Open: true}); err != nil || len(held) != 0 {
		t.Errorf("%v %+v", err, held)
	}
}

// What was known of a part when it was held before says nothing about the send that a person lets go again.
func TestLetGoKeepsNothingOfAnEarlierEntry(t *testing.T) {
	w := newWorld(t, sendParked, false, false)
	before := mustBegin(t, w.store, "up")
	key := RecordKey{Record: "case 1", Route: "referrals", Item: "referral k1"}
	h := wantsAgency("x")
	h.Change.Record, h.Change.Route, h.Change.Item, h.Source.Stamp = key.Record, key.Route, key.Item, w.clock.at
	mustSettle(t, before, Settlement{Held: []Held{h}})
	mustSettle(t, before, Settlement{Cleared: []RecordKey{key}})
	check(t, before.End(t.Context(), End{State: "done"}))
	w.resolve(false)
	held, err := w.store.Quarantine(t.Context(), QuarantineFilter{Open: true})
	if err != nil || len(held) != 1 || held[0].Mark.Tells() || held[0].Payload != PayloadNone {
		t.Errorf("%v %+v", err, held)
	}
}
