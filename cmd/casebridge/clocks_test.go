package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	"github.com/casebridge/casebridge/engine/reconcile"
)

// TestEveryClockJump: whenever casebridge's own clock jumps in the middle of a run, and back some
// requests later, afterwards both systems are as if it had not.
func TestEveryClockJump(t *testing.T) {
	calm := calmHandful(t)
	var all []misfortune
	for k, jump := range []time.Duration{-45 * time.Minute, -3 * time.Hour, 5 * time.Hour, 400 * 24 * time.Hour} {
		for i := k; i < calm.requests; i += 4 {
			all = append(all, misfortune{fmt.Sprintf("%v at request %d", jump, i+1), func(s *storm) {
				s.jumps = true
				s.gremlins.play(func(n int, _ string, _ *http.Request) mishap {
					switch n {
					case i + 1:
						s.skew.Store(int64(jump))
					case i + 41:
						s.skew.Store(0)
					}
					return noMishap
				})
			}})
		}
	}
	calm.survives(t, fewOf(all, 4))
}

// A run that was killed while the clock was ahead locks nobody out once the clock is right, and its
// cursors are not believed.
func TestKilledWhileTheClockWasAhead(t *testing.T) {
	for _, ahead := range []time.Duration{8 * time.Hour, 400 * 24 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			inBubble(t, func(p *performance) {
				p.newcomers(3)
				p.run(exitDone)
				p.nextHour(false)
				p.newcomers(6)
				p.skew.Store(int64(ahead))
				p.fate = nth(reconcile.AfterSend, 4)
				p.casebridge(context.Background(), "", reconcile.Window{})
				p.fate = nil
				p.skew.Store(0)
				p.pass(5 * time.Minute)
				p.newcomers(2)
				p.run(exitDone, exitPartial) // not refused
				p.nextHour(false)
				p.recover(false)
				p.wantArrived(p.children, 1)
			})
		})
	}
}

// A clock that is behind reads late, and skips nothing.
func TestClockSetBack(t *testing.T) {
	inBubble(t, func(p *performance) {
		p.newcomers(3)
		p.run(exitDone)
		p.skew.Store(int64(-50 * time.Minute))
		for range 4 {
			p.pass(13 * time.Minute)
			p.newcomers(2)
			p.run(exitDone)
		}
		p.skew.Store(0)
		p.nextHour(false)
		p.recover(false)
		p.wantArrived(p.children, 1)
	})
}

// Both clocks were ahead for a while, as those of two machines with one host are: what was changed
// then lies in the future, and what is changed afterwards lies before it.
func TestBothClocksWereAhead(t *testing.T) {
	inBubble(t, func(p *performance) {
		p.newcomers(2)
		p.shift.Add(int64(5 * time.Hour))
		p.newcomers(2)
		p.run(exitDone)
		p.shift.Add(-int64(5 * time.Hour))
		for range 7 {
			p.pass(30 * time.Minute)
			p.newcomers(1)
			p.pass(30 * time.Minute)
			p.run(exitDone)
		}
		p.recover(false)
		p.wantArrived(p.children, 1)
	})
}

// The clock jumps over the lease of a run at work, so that a second one takes over: nothing is sent twice.
func TestLeaseThatEndsByAJump(t *testing.T) {
	for _, at := range []int{1, 3, 8} {
		t.Run(fmt.Sprint("at send ", at), func(t *testing.T) {
			inBubble(t, func(p *performance) {
				p.newcomers(12)
				sends := 0
				second := func() {
					p.skew.Store(int64(2 * time.Hour))
					if code, text := p.casebridge(context.Background(), "", reconcile.Window{}); code == exitUsage || code == exitUnknown {
						t.Errorf("the second run: exit %d\n%s", code, text)
					}
				}
				p.gremlins.showTo(func(_ string, r *http.Request) func() {
					if !oscarsim.Upserts(r) {
						return nil
					}
					if sends++; sends != at {
						return nil
					}
					return second
				})
				p.run(exitDone, exitPartial, exitEnvironment)
				p.skew.Store(0)
				p.checkOnce()
				parked, _ := p.waiting()
				t.Logf("%d parked", len(parked))
				p.nextHour(false)
				p.recover(false)
				p.wantArrived(p.children, 1)
			})
		})
	}
}
