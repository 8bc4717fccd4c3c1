package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"modernc.org/sqlite"

	"github.com/casebridge/casebridge/engine"
)

// copyFiles copies the store as a power cut would leave it: main file and log, nothing closed.
func copyFiles(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "after.db")
	for _, end := range []string{"", "-wal"} {
		raw, err := os.ReadFile(path + end)
		check(t, err)
		check(t, os.WriteFile(to+end, raw, 0o600))
	}
	return to
}

func TestCrashRecovery(t *testing.T) {
	c, path := newClock(), temp(t)
	s := mustOpen(t, c.options(path))
	r := mustBegin(t, s, "up")
	update := engine.Change{Record: "case 2", Verdict: engine.Update, Object: "east.case"}
	_, err := r.Intend(t.Context(), []Intent{{Change: sendOf("once")}, {Change: sendOf("harmless"), Repeatable: true}, {Change: update, Repeatable: true}})
	check(t, err)
	after := mustOpen(t, c.options(copyFiles(t, path)))
	_, err = after.Begin(t.Context(), Begin{Flow: "up", Who: "second"})
	wantFault(t, err, engine.Environment, "tester", "2026-11-22T08:00:00Z")
	c.pass(time.Minute)
	next := mustBegin(t, after, "up")
	if want := (Recovered{Runs: 1, Parked: 1, Forgotten: 2}); next.Recovered != want {
		t.Errorf("recovered %+v, want %+v", next.Recovered, want)
	}
	wantStates(t, after, map[string]string{"once": "parked", "harmless": "lost"})
	for id := range int64(3) {
		if got := intentState(t, after, id+1); got != "unknown" {
			t.Errorf("intent %d is %s", id+1, got)
		}
	}
	_, err = next.Intend(t.Context(), []Intent{{Change: sendOf("harmless"), Repeatable: true}})
	check(t, err)
	runs, err := after.Runs(t.Context(), "up", 10)
	check(t, err)
	if len(runs) != 2 || runs[0].State != "running" || runs[1].State != "died" || !runs[1].Ended.Equal(c.at) {
		t.Errorf("%+v", runs)
	}
	cur, err := after.Cursor(t.Context(), "up")
	check(t, err)
	if cur != (Cursor{}) {
		t.Errorf("a dead run moved the cursor: %+v", cur)
	}
}

func TestOutcomesSurviveACrash(t *testing.T) {
	c, path := newClock(), temp(t)
	s := mustOpen(t, c.options(path))
	sent(t, mustBegin(t, s, "up"), engine.Done, "a")
	c.pass(time.Hour)
	after := mustOpen(t, c.options(copyFiles(t, path)))
	mustBegin(t, after, "up")
	wantStates(t, after, map[string]string{"a": "sent"})
}

func TestTwoHolders(t *testing.T) {
	c, path := newClock(), temp(t)
	one, two := mustOpen(t, c.options(path)), mustOpen(t, c.options(path))
	r := mustBegin(t, one, "up")
	mustBegin(t, two, "down") // another flow is free
	c.pass(50 * time.Second)
	check(t, r.Renew(t.Context()))
	c.pass(50 * time.Second)
	_, err := two.Begin(t.Context(), Begin{Flow: "up", Who: "second"})
	f := wantFault(t, err, engine.Environment, "tester runs it since 2026-11-22T08:00:00Z", "2026-11-22T08:01:50Z")
	if f.Ref != "up" {
		t.Errorf("ref %q", f.Ref)
	}
	check(t, r.End(t.Context(), End{State: "done"}))
	mustBegin(t, two, "up")
}

func TestWritingExtendsTheLease(t *testing.T) {
	c, path := newClock(), temp(t)
	s := mustOpen(t, c.options(path))
	r := mustBegin(t, s, "up")
	for range 3 {
		c.pass(50 * time.Second)
		_, err := r.Intend(t.Context(), nil)
		check(t, err)
		c.pass(50 * time.Second)
		_, err = r.Settle(t.Context(), Settlement{})
		check(t, err)
	}
	_, err := s.Begin(t.Context(), Begin{Flow: "up", Who: "second"})
	wantFault(t, err, engine.Environment)
}

func TestSlowRunLosesItsLease(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	slow := mustBegin(t, s, "up")
	c.pass(time.Minute)
	check(t, slow.Renew(t.Context())) // late, but nobody came
	c.pass(time.Minute)
	quick := mustBegin(t, s, "up")
	_, err := slow.Intend(t.Context(), []Intent{{Change: sendOf("a")}})
	wantFault(t, err, engine.Environment, "took over")
	wantFault(t, slow.Renew(t.Context()), engine.Environment, "took over")
	wantFault(t, slow.End(t.Context(), End{State: "done", Mark: c.at}), engine.Environment, "took over")
	cur, err := s.Cursor(t.Context(), "up")
	check(t, err)
	if !cur.Mark.IsZero() {
		t.Error("a run that lost its lease moved the cursor")
	}
	check(t, quick.End(t.Context(), End{State: "done"}))
	wantFault(t, quick.End(t.Context(), End{State: "done"}), engine.Environment)
}

func TestCursor(t *testing.T) {
	start := newClock().at
	mark := start.Add(-time.Minute)
	moved := Cursor{Mark: mark}
	tests := []struct {
		name     string
		ordinary bool
		open     bool // an intent is left without an outcome
		end      End
		want     Cursor
	}{
		{"done", true, false, End{State: "done", Mark: mark}, moved},
		{"partial", true, false, End{State: "partial", Mark: mark}, moved},
		{"no mark", true, false, End{State: "partial"}, Cursor{}},
		{"sweep", true, false, End{State: "done", Mark: mark, Swept: true}, Cursor{Mark: mark, SweptAt: start}},
		{"whole", true, false, End{State: "done", Mark: mark, Whole: "west.client"}, Cursor{Mark: mark, SweptAt: start, Whole: true}},
		{"held", true, false, End{State: "held", Mark: mark}, Cursor{}},
		{"refused", true, false, End{State: "refused", Mark: mark, Swept: true}, Cursor{}},
		{"stopped", true, false, End{State: "stopped", Mark: mark, Whole: "west.client"}, Cursor{}},
		{"not ordinary", false, false, End{State: "done", Mark: mark, Swept: true, Whole: "west.client"}, Cursor{}},
		{"open intent", true, true, End{State: "done", Mark: mark}, Cursor{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mustOpen(t, newClock().options(temp(t)))
			r, err := s.Begin(t.Context(), Begin{Flow: "up", Ordinary: tt.ordinary, Who: "tester"})
			check(t, err)
			if tt.open {
				_, err := r.Intend(t.Context(), []Intent{{Change: sendOf("a")}})
				check(t, err)
			}
			check(t, r.End(t.Context(), tt.end))
			got, err := s.Cursor(t.Context(), "up")
			check(t, err)
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			lines, err := s.Audit(t.Context(), "up", 10)
			check(t, err)
			if moved := len(lines) == 1; moved != (tt.want != Cursor{}) {
				t.Errorf("audit: %+v", lines)
			}
			if tt.open {
				wantStates(t, s, map[string]string{"a": "parked"})
			}
		})
	}
}

func TestCursorOnlyMovesForwardAndEveryMoveIsKept(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	for _, back := range []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour} {
		r := mustBegin(t, s, "up")
		check(t, r.End(t.Context(), End{State: "done", Mark: newClock().at.Add(-back)}))
		c.pass(time.Minute)
	}
	cur, err := s.Cursor(t.Context(), "up")
	check(t, err)
	if want := newClock().at.Add(-time.Hour); !cur.Mark.Equal(want) {
		t.Errorf("mark %v, want %v", cur.Mark, want)
	}
	lines, err := s.Audit(t.Context(), "", 10)
	check(t, err)
	if len(lines) != 2 || lines[0].Became != "mark 2026-11-22T07:00:00.000Z, swept never" || lines[0].Was != "mark 2026-11-22T05:00:00.000Z, swept never" || lines[0].Run != 2 {
		t.Errorf("%+v", lines)
	}
}

func TestRuns(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	r, err := s.Begin(t.Context(), Begin{Flow: "up", SpecVersion: "v9", Who: "tester", Ordinary: true, Window: "since yesterday"})
	check(t, err)
	c.pass(time.Minute)
	check(t, r.End(t.Context(), End{State: "partial", Counts: map[string]int{"read": 3, "sent": 1}, Mark: c.at}))
	mustBegin(t, s, "down")
	got, err := s.Runs(t.Context(), "up", 5)
	check(t, err)
	want := []PastRun{{ID: 1, Flow: "up", SpecVersion: "v9", Who: "tester", Ordinary: true, Window: "since yesterday", State: "partial",
		Counts: map[string]int{"read": 3, "sent": 1}, Mark: c.at, Started: newClock().at, Ended: c.at}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if all, err := s.Runs(t.Context(), "", 1); err != nil || len(all) != 1 || all[0].Flow != "down" {
		t.Errorf("%v %v", all, err)
	}
}

// A group costs one transaction, and so one fsync, to intend and one to settle.
func TestAGroupIsOneTransaction(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	commits := countCommits(t, s)
	var intents []Intent
	for i := range 100 {
		intents = append(intents, Intent{Change: sendOf(fmt.Sprint(i))})
	}
	ids, err := r.Intend(t.Context(), intents)
	check(t, err)
	if *commits != 1 {
		t.Errorf("Intend: %d commits", *commits)
	}
	st := Settlement{}
	for i, id := range ids {
		c := intents[i].Change
		st.Outcomes = append(st.Outcomes, Settled{Intent: id, Change: c, Outcome: engine.Outcome{State: engine.Done}})
		st.Held = append(st.Held, Held{Change: c})
		st.Recalled = append(st.Recalled, clientOf(i))
		st.Sightings = append(st.Sightings, known("ngo-a"))
	}
	_, err = r.Settle(t.Context(), st)
	check(t, err)
	if *commits != 2 {
		t.Errorf("Settle: %d commits", *commits-1)
	}
}

func countCommits(t *testing.T, s *Store) *int {
	t.Helper()
	n := new(int)
	conn, err := s.write.Conn(t.Context())
	check(t, err)
	defer func() { _ = conn.Close() }()
	check(t, conn.Raw(func(c any) error {
		c.(sqlite.HookRegisterer).RegisterCommitHook(func() int32 { *n++; return 0 })
		return nil
	}))
	return n
}

func TestFailedSettleChangesNothing(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	c := sendOf("a")
	ids, err := r.Intend(t.Context(), []Intent{{Change: c}})
	check(t, err)
	_, err = r.Settle(t.Context(), Settlement{Held: []Held{{Change: c}}, Outcomes: []Settled{
		{Intent: ids[0], Change: c, Outcome: engine.Outcome{State: engine.Done}}, {Intent: 999, Change: c}}})
	wantFault(t, err, engine.Environment)
	wantStates(t, s, map[string]string{"a": "intended"})
	held, err := s.Quarantine(t.Context(), QuarantineFilter{})
	check(t, err)
	if len(held) != 0 {
		t.Error("half of a settlement was recorded")
	}
}
