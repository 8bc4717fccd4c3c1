package store

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
)

func TestQuarantine(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	r := mustBegin(t, s, "up")
	unmapped := engine.Change{Route: "referrals", Record: "case 1", Item: "referral 5", Verdict: engine.Quarantined,
		Reason: engine.Reason{Code: "referrals/ngo", Text: "no such agency", Place: "flows/up.yaml:3:5", Value: "ngo-x"}}
	refused := engine.Change{Route: "cases", Record: "case 1", Verdict: engine.Update, Object: "east.case"}
	fault := &engine.Fault{Kind: engine.Rejected, Op: "update case", Ref: "1", Status: 422, Fields: []string{"sex", "age"}}
	hold := func(st Settlement) {
		t.Helper()
		_, err := r.Settle(t.Context(), st)
		check(t, err)
		c.pass(10 * time.Second)
	}
	hold(Settlement{Held: []Held{{Change: unmapped}, {Change: refused, Fault: fault}}})
	hold(Settlement{Held: []Held{{Change: unmapped}}})
	start := newClock().at
	first := QuarantineEntry{ID: 1, Flow: "up", Record: "case 1", Route: "referrals", Item: "referral 5", Verdict: "quarantine", Kind: "mapping",
		Code: "referrals/ngo", Reason: "no such agency", Place: "flows/up.yaml:3:5", Value: "ngo-x", Fields: []string{}, SpecVersion: "v1",
		Status: "open", First: start, Last: start.Add(10 * time.Second), Times: 2, Run: 1}
	second := QuarantineEntry{ID: 2, Flow: "up", Record: "case 1", Route: "cases", Verdict: "refused", Kind: "rejected", Code: "east.case rejected", Object: "east.case",
		Reason: fault.Error(), Fields: []string{"sex", "age"}, SpecVersion: "v1", Status: "open", First: start, Last: start, Times: 1, Run: 1}
	wantHeld(t, s, QuarantineFilter{}, first, second)
	wantHeld(t, s, QuarantineFilter{ID: 2}, second)
	wantHeld(t, s, QuarantineFilter{Flow: "down"})

	hold(Settlement{Cleared: []RecordKey{{Flow: "up", Record: "case 1", Route: "referrals", Item: "referral 6"}, {Flow: "down", Record: "case 1"}, {Record: "case 2"}}})
	wantHeld(t, s, QuarantineFilter{Open: true}, first, second)
	hold(Settlement{Cleared: []RecordKey{{Flow: "up", Record: "case 1", Route: "referrals", Item: "referral 5"}}})
	wantHeld(t, s, QuarantineFilter{Open: true}, second)
	hold(Settlement{Cleared: []RecordKey{{Record: "case 1"}}, Held: []Held{{Change: unmapped}}})
	first.Times, first.First, first.Last = 1, start.Add(40*time.Second), start.Add(40*time.Second) // it waits anew
	wantHeld(t, s, QuarantineFilter{Open: true}, first)
}

func wantHeld(t *testing.T, s *Store, f QuarantineFilter, want ...QuarantineEntry) {
	t.Helper()
	got, err := s.Quarantine(t.Context(), f)
	check(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%+v (-want +got):\n%s", f, diff)
	}
}

func TestAdopt(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	sent(t, r, engine.Unknown, "a")
	a := Adoption{Flow: "up", Before: "2026-11-01", Who: "tester", Why: "first day", Sends: []engine.Change{sendOf("a"), sendOf("b")}}
	wantFault(t, s.Adopt(t.Context(), a), engine.Environment, "tester runs it")
	check(t, r.End(t.Context(), End{State: "done"}))
	check(t, s.Adopt(t.Context(), a))
	wantStates(t, s, map[string]string{"a": "parked", "b": "sent"})
	cur, err := s.Cursor(t.Context(), "up")
	check(t, err)
	if cur != (Cursor{AdoptedBefore: "2026-11-01"}) {
		t.Errorf("%+v", cur)
	}
	lines, err := s.Audit(t.Context(), "up", 5)
	check(t, err)
	want := []AuditLine{{ID: 1, At: newClock().at, Who: "tester", What: "adopt", Flow: "up", Was: "mark never, swept never",
		Became: "mark never, swept never, adopted before 2026-11-01, 1 send", Why: "first day"}}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r = mustBegin(t, s, "up")
	check(t, r.End(t.Context(), End{State: "done", Mark: newClock().at}))
	if cur, err = s.Cursor(t.Context(), "up"); err != nil || cur.AdoptedBefore == "" {
		t.Errorf("a later run forgot the adoption: %+v %v", cur, err)
	}
}

func TestAdoptNeedsADateAPersonAndKeys(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	good := Adoption{Flow: "up", Before: "2026-11-01", Who: "tester", Why: "first day"}
	for _, spoil := range []func(*Adoption){
		func(a *Adoption) { a.Before = "1.11.2026" },
		func(a *Adoption) { a.Who = "" },
		func(a *Adoption) { a.Why = "" },
		func(a *Adoption) { a.Sends = []engine.Change{{Object: "west.referral"}} },
	} {
		a := good
		spoil(&a)
		wantFault(t, s.Adopt(t.Context(), a), engine.Environment)
	}
	if cur, err := s.Cursor(t.Context(), "up"); err != nil || cur != (Cursor{}) {
		t.Errorf("%+v %v", cur, err)
	}
}

func TestAuditIsNeverChanged(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	check(t, s.Adopt(t.Context(), Adoption{Flow: "up", Before: "2026-11-01", Who: "tester", Why: "agreed"}))
	for _, query := range []string{`UPDATE audit SET who = 'nobody'`, `DELETE FROM audit`} {
		if _, err := s.write.ExecContext(t.Context(), query); err == nil {
			t.Errorf("%s was allowed", query)
		}
	}
	lines, err := s.Audit(t.Context(), "", 5)
	check(t, err)
	if len(lines) != 1 || lines[0].Who != "tester" || lines[0].What != "adopt" {
		t.Errorf("%+v", lines)
	}
}

func TestOverview(t *testing.T) {
	c, path := newClock(), temp(t)
	o := c.options(path)
	o.URLs = map[string]string{"west": "https://west.example.org", "east": "https://east.example.org/"}
	s := mustOpen(t, o)
	r := mustBegin(t, s, "up")
	sent(t, r, engine.Done, "a", "b")
	sent(t, r, engine.Unknown, "c")
	_, err := r.Settle(t.Context(), Settlement{Recalled: []Recalled{clientOf(1)}, Held: []Held{{Change: sendOf("x")}}})
	check(t, err)
	check(t, r.End(t.Context(), End{State: "partial", Mark: c.at, Whole: "west.client"}))
	mustBegin(t, s, "down")
	got, err := s.Overview(t.Context())
	check(t, err)
	st, err := os.Stat(path)
	check(t, err)
	if log, err := os.Stat(path + "-wal"); err != nil || got.Size != st.Size()+log.Size() {
		t.Errorf("size %d, %v", got.Size, err)
	}
	got.Size = 0
	want := Overview{Path: path, Project: "valley", Schema: s.schema, Parked: 1,
		Hosts: []engine.Pair{{Name: "east", Value: "east.example.org"}, {Name: "west", Value: "west.example.org"}},
		Cursors: []FlowCursor{
			{Flow: "down", Holder: "tester", Since: c.at, Expires: c.at.Add(time.Minute), Last: LastRun{ID: 2, State: "running", Started: c.at}},
			{Flow: "up", Cursor: Cursor{Mark: c.at, SweptAt: c.at, Whole: true}, Last: LastRun{ID: 1, State: "partial", Started: c.at, Ended: c.at}},
		},
		Sends:      []SendCount{{"west.referral", "parked", 1}, {"west.referral", "sent", 2}},
		Recall:     []RecallCount{{Object: "west.client", Count: 1, WholeAt: c.at}},
		Quarantine: []QuarantineCount{{Flow: "up", Open: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A reason that says nothing is none.
func TestBlankReasonsAreRefused(t *testing.T) {
	w := newWorld(t, sendParked, false, false)
	for name, err := range map[string]error{
		"adopt":   w.store.Adopt(t.Context(), Adoption{Flow: "up", Before: "2026-01-01", Who: "tester", Why: " "}),
		"resolve": w.store.Resolve(t.Context(), Resolution{ID: 1, Who: "tester", Why: "\t"}),
		"discard": w.store.Discard(t.Context(), Discarding{Who: "tester", Why: " "}),
	} {
		if engine.KindOf(err) != engine.Environment {
			t.Errorf("%s: %v", name, err)
		}
	}
	if changed, err := w.store.PauseRetries(t.Context(), "tester", " "); changed || engine.KindOf(err) != engine.Environment {
		t.Errorf("pause: %v", err)
	}
	lines, err := w.store.Audit(t.Context(), "", 0)
	if err != nil || len(lines) != 0 || w.state() != sendParked {
		t.Errorf("%v: %+v, the send is %s", err, lines, w.state())
	}
}
