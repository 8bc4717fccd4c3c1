package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
)

// old makes a run of a flow that ended with one write done.
func old(t *testing.T, s *Store, flow, record string) *Run {
	t.Helper()
	r := mustBegin(t, s, flow)
	update := engine.Change{Record: record, Verdict: engine.Update, Object: "east.case"}
	ids, err := r.Intend(t.Context(), []Intent{{Change: update, Repeatable: true}})
	check(t, err)
	_, err = r.Settle(t.Context(), Settlement{Outcomes: []Settled{{Intent: ids[0], Change: update, Outcome: engine.Outcome{State: engine.Done}}}})
	check(t, err)
	return r
}

func runIDs(t *testing.T, s *Store) (ids []int64) {
	t.Helper()
	runs, err := s.Runs(t.Context(), "", 0)
	check(t, err)
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestPruneKeepsWhatIsNeeded(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	for i, end := range []func(r *Run){
		func(r *Run) { sent(t, r, engine.Done, "a") },    // 1: goes, its send stays
		func(r *Run) { sent(t, r, engine.Unknown, "b") }, // 2: parked, stays
		func(r *Run) { // 3: a quarantine entry speaks of it
			_, err := r.Settle(t.Context(), Settlement{Held: []Held{{Change: sendOf("x")}}})
			check(t, err)
		},
		func(*Run) {}, // 4: goes
		func(*Run) {}, // 5: the last of its flow
	} {
		r := old(t, s, "up", fmt.Sprint("case ", i))
		end(r)
		check(t, r.End(t.Context(), End{State: "held", Mark: c.at}))
		c.pass(time.Hour)
	}
	long := old(t, s, "down", "case 6") // began long ago and still goes on
	before, err := s.Audit(t.Context(), "", 0)
	check(t, err)
	c.pass(401 * 24 * time.Hour)
	check(t, long.Renew(t.Context()))
	got, err := s.Prune(t.Context(), c.at.Add(-400*24*time.Hour))
	check(t, err)
	if want := (Pruned{Runs: 2, Intents: 6}); got != want { // five writes, and the send of run 1
		t.Errorf("pruned %+v, want %+v", got, want)
	}
	if diff := cmp.Diff([]int64{6, 5, 3, 2}, runIDs(t, s)); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	wantStates(t, s, map[string]string{"a": "sent", "b": "parked"})
	after, err := s.Audit(t.Context(), "", 0)
	check(t, err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("audit trail (-before +after):\n%s", diff)
	}
	open, err := s.Quarantine(t.Context(), QuarantineFilter{Open: true})
	if err != nil || len(open) != 1 {
		t.Errorf("%v %v", open, err)
	}
	if wrong := faulty(Check(t.Context(), c.options(s.path))); len(wrong) > 0 {
		t.Errorf("%+v", wrong)
	}
	again, err := s.Prune(t.Context(), c.at.Add(-400*24*time.Hour))
	if err != nil || again != (Pruned{}) {
		t.Errorf("%+v %v", again, err)
	}
}

// A flow that a limit stopped stays stopped, however long ago that was, and though only runs that died came after it.
func TestPruneKeepsTheRunThatWasStopped(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	check(t, mustBegin(t, s, "up").End(t.Context(), End{State: "held"}))
	for range 2 {
		mustBegin(t, s, "up") // dies
		c.pass(401 * 24 * time.Hour)
	}
	check(t, mustBegin(t, s, "up").Renew(t.Context()))
	if _, err := s.Prune(t.Context(), c.at.Add(-400*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if last, err := s.LastOrdinary(t.Context(), "up"); err != nil || last.State != "held" {
		t.Errorf("the last run that ended is %q (%v), want held", last.State, err)
	}
}

// Young runs stay, also those that ended only just in time.
func TestPruneLeavesYoungRuns(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	for range 2 {
		r := old(t, s, "up", "case 1")
		check(t, r.End(t.Context(), End{State: "done"}))
	}
	got, err := s.Prune(t.Context(), c.at)
	if err != nil || got != (Pruned{}) {
		t.Errorf("%+v %v", got, err)
	}
}

// One pruning is bounded, in all and per transaction.
func TestPruneInPortions(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	first := old(t, s, "up", "case 1")
	check(t, first.End(t.Context(), End{State: "done"}))
	last := old(t, s, "up", "case 1")
	check(t, last.End(t.Context(), End{State: "done"}))
	const many = pruneRows*2 + 1
	_, err := s.write.ExecContext(t.Context(), `INSERT INTO intents (run, flow, route, record, item, verdict, object, target, once, repeatable, state, made_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		SELECT 1, 'up', '', 'case ' || i, '', 'update', 'east.case', '', '', 1, 'done', 0 FROM n`, many)
	check(t, err)
	c.pass(time.Hour)
	commits := countCommits(t, s)
	got, err := s.Prune(t.Context(), c.at)
	check(t, err)
	if want := (Pruned{Runs: 1, Intents: many + 2}); got != want {
		t.Errorf("pruned %+v, want %+v", got, want)
	}
	if *commits < 3 || *commits > pruneTimes {
		t.Errorf("%d transactions", *commits)
	}
}

// Unmapped values go when nobody met them for long, and so do the records that they were written in.
func TestPruneForgetsUnmappedValues(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	r := mustBegin(t, s, "up")
	met := func(value, record string) {
		t.Helper()
		mustSettle(t, r, Settlement{Unmapped: []UnmappedValue{{Lookup: "services", By: "east", Value: value, Carried: "type other", Record: record}}})
	}
	met("old", "case 1")
	met("kept", "case 1")
	c.pass(48 * time.Hour)
	met("kept", "case 2")
	met("kept", "case 2")
	all, err := s.Carriers(t.Context(), "up")
	if err != nil || len(all) != 3 || all[0] != (Carrier{Flow: "up", Lookup: "services", By: "east", Value: "kept", Record: "case 1", Carried: "type other", At: newClock().at}) {
		t.Errorf("%v: %+v", err, all)
	}
	_, err = s.Prune(t.Context(), c.at.Add(-24*time.Hour))
	check(t, err)
	values, err := s.Unmapped(t.Context(), "")
	if err != nil || len(values) != 1 || values[0].Value != "kept" || values[0].Times != 3 {
		t.Errorf("%v: %+v", err, values)
	}
	if all, err = s.Carriers(t.Context(), ""); err != nil || len(all) != 1 || all[0].Record != "case 2" {
		t.Errorf("%v: %+v", err, all)
	}
}
