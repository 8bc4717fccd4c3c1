package store

import (
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
)

func TestSetCursor(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	r := mustBegin(t, s, "up")
	check(t, r.End(t.Context(), End{State: "done", Mark: c.at, Swept: true}))
	back := Move{Flow: "up", Mark: c.at.Add(-48 * time.Hour), Who: "tester", Why: "a backup was restored there"}
	was, became, err := s.SetCursor(t.Context(), back)
	check(t, err)
	if !was.Mark.Equal(c.at) || !became.Mark.Equal(back.Mark) || became.SweptAt != was.SweptAt {
		t.Errorf("from %v to %v", was, became)
	}
	lines, err := s.Audit(t.Context(), "up", 1)
	check(t, err)
	want := AuditLine{ID: 2, At: c.at, Who: "tester", What: "set", Flow: "up", Why: back.Why,
		Was:    "mark 2026-11-22T08:00:00.000Z, swept 2026-11-22T08:00:00.000Z",
		Became: "mark 2026-11-20T08:00:00.000Z, swept 2026-11-22T08:00:00.000Z"}
	if len(lines) != 1 || lines[0] != want {
		t.Errorf("%+v", lines)
	}
	back.Mark = time.Time{}
	_, became, err = s.SetCursor(t.Context(), back)
	if err != nil || !became.Mark.IsZero() {
		t.Errorf("%v %v", became, err)
	}
}

func TestSetCursorRefusals(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	r := mustBegin(t, s, "up")
	refused := func(m Move, words ...string) {
		t.Helper()
		_, _, err := s.SetCursor(t.Context(), m)
		wantFault(t, err, engine.Environment, words...)
	}
	good := Move{Flow: "up", Mark: c.at, Who: "tester", Why: "needed"}
	refused(good, "tester runs it", "set cursor")
	check(t, r.End(t.Context(), End{State: "done"}))
	refused(Move{Flow: "up", Mark: c.at, Who: "tester"}, "why")
	refused(Move{Flow: "up", Mark: c.at, Why: "needed"}, "who")
	if cur, err := s.Cursor(t.Context(), "up"); err != nil || cur != (Cursor{}) {
		t.Errorf("%v %v", cur, err)
	}
}

// A system that moved keeps its ledger; everything else about the stamp stays refused.
func TestRestamp(t *testing.T) {
	c, path := newClock(), temp(t)
	o := c.options(path)
	o.URLs = map[string]string{"west": "https://west.example.org/api"}
	s := mustOpen(t, o)
	r := mustBegin(t, s, "up")
	sent(t, r, engine.Done, "a")
	moved := Restamp{Connection: "west", URL: "https://user:pw@west.example.net:443/api/", Who: "tester", Why: "new domain"}
	wantFault(t, s.Restamp(t.Context(), moved), engine.Environment, "tester runs it", "restamp")
	check(t, r.End(t.Context(), End{State: "done"}))
	for _, bad := range []Restamp{
		{Connection: "south", URL: moved.URL, Who: "tester", Why: "new domain"},
		{Connection: "west", URL: moved.URL, Who: "tester"},
		{Connection: "west", URL: moved.URL, Why: "new domain"},
	} {
		wantFault(t, s.Restamp(t.Context(), bad), engine.Environment)
	}
	check(t, s.Restamp(t.Context(), moved))
	lines, err := s.Audit(t.Context(), "", 1)
	check(t, err)
	want := AuditLine{ID: 1, At: c.at, Who: "tester", What: "restamp west", Was: "west.example.org/api", Became: "west.example.net/api", Why: "new domain"}
	if len(lines) != 1 || lines[0] != want {
		t.Errorf("%+v", lines)
	}
	check(t, s.Close())
	_, err = Open(t.Context(), o)
	wantFault(t, err, engine.Environment, "west.example.net/api", "state restamp west")
	o.URLs["west"] = "https://west.example.net/api"
	wantStates(t, mustOpen(t, o), map[string]string{"a": "sent"})
}
