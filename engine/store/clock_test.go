package store

import (
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// A lease that was taken while the clock was ahead keeps nobody out until that time has come.
func TestLeaseOfAClockThatWasAhead(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"hours": 5 * time.Hour, "a year": 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			s := mustOpen(t, c.options(temp(t)))
			c.pass(ahead)
			dead := mustBegin(t, s, "up")
			_, err := dead.Intend(t.Context(), []Intent{{Change: sendOf("a")}})
			check(t, err)
			c.pass(-ahead)
			next := mustBegin(t, s, "up")
			if next.Recovered.Parked != 1 {
				t.Errorf("recovered %+v", next.Recovered)
			}
			wantFault(t, dead.Renew(t.Context()), engine.Environment, "took over")
		})
	}
}

// A clock that is set back a little makes no live runner look dead.
func TestLeaseOfAClockThatIsSetBack(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	live := mustBegin(t, s, "up")
	c.pass(-time.Minute)
	_, err := s.Begin(t.Context(), Begin{Flow: "up", Who: "second"})
	wantFault(t, err, engine.Environment, "tester")
	check(t, live.End(t.Context(), End{State: "done"}))
}

// A cursor that lies ahead of the clock is put right by the next run that reads.
func TestCursorOfAClockThatWasAhead(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	ahead := c.at.Add(3 * time.Hour)
	for _, mark := range []time.Time{ahead, {}, c.at.Add(-time.Hour)} {
		r := mustBegin(t, s, "up")
		check(t, r.End(t.Context(), End{State: "done", Mark: mark}))
	}
	cur, err := s.Cursor(t.Context(), "up")
	check(t, err)
	if want := c.at.Add(-time.Hour); !cur.Mark.Equal(want) {
		t.Errorf("mark %v, want %v", cur.Mark, want)
	}
}
