package main

import (
	"testing"
)

// departure is a way in which a referral stops being one that may go to an NGO.
type departure struct {
	name   string
	leave  func(*people, *child) error
	back   func(*people, *child) error // nil: there is none
	proven bool                        // OSCaR's list still proves that it arrived
}

var departures = []departure{
	{"consent is withdrawn", func(p *people, c *child) error { return p.primero.WithdrawConsent(c.caseID) },
		func(p *people, c *child) error { return p.primero.GiveConsent(c.caseID) }, true},
	{"the case is closed", func(p *people, c *child) error { return p.primero.Close(c.caseID) },
		func(p *people, c *child) error { return p.primero.Reopen(c.caseID) }, true},
	{"the case is disabled", func(p *people, c *child) error { return p.primero.Disable(c.caseID) },
		func(p *people, c *child) error { return p.edit(c, "record_state", true) }, true},
	{"the module changes", func(p *people, c *child) error { return p.edit(c, "module_id", "primeromodule-gbv") },
		func(p *people, c *child) error { return p.edit(c, "module_id", "primeromodule-cp") }, false},
	{"the service row is removed", func(p *people, c *child) error {
		return p.edit(c, "services_section", []any{map[string]any{"unique_id": p.played(c).Services[0].ID, "_destroy": true}})
	}, nil, false},
	{"the service becomes an internal one", func(p *people, c *child) error {
		return p.primero.EditService(c.caseID, p.played(c).Services[0].ID, map[string]any{"service_response_type": "care_plan"})
	}, nil, false},
	{"the referral is revoked", func(p *people, c *child) error { return p.primero.Revoke(p.referralOf(c), playWorker) }, nil, true},
}

func (p *people) edit(c *child, field string, value any) error {
	return p.primero.EditCase(c.caseID, map[string]any{field: value})
}

// referralOf is the id of the child's first referral.
func (p *people) referralOf(c *child) string {
	for id, reason := range p.reason {
		if reason == c.reasons[0] {
			return id
		}
	}
	return ""
}

// hours runs so many hours.
func (p *performance) hours(n int) {
	for range n {
		p.nextHour(false)
		p.hour(true)
	}
}

// onDepartures plays a scene for each way in which a child leaves the scope.
func onDepartures(t *testing.T, play func(*testing.T, *performance, departure)) {
	for _, d := range departures {
		t.Run(d.name, func(t *testing.T) {
			inBubble(t, func(p *performance) { play(t, p, d) })
		})
	}
}

// What left the scope before it was sent is not sent; when it comes back, it is sent once.
func TestLeavesTheScopeBeforeItIsSent(t *testing.T) {
	onDepartures(t, func(t *testing.T, p *performance, d departure) {
		c := p.newcomers(1)[0]
		p.spoilAll(refusedOnce, writesToOscar) // OSCaR lets nobody write
		p.hour(true)
		p.gremlins.play(nil)
		p.do(d.leave(p.people, c))
		p.hours(3)
		if parked, _ := p.waiting(); len(parked) > 0 {
			t.Errorf("%d parked", len(parked))
		}
		p.arrivesOnlyWhenBack(d, c)
	})
}

// arrivesOnlyWhenBack insists that a child that left the scope has not arrived, and does when it comes back.
func (p *performance) arrivesOnlyWhenBack(d departure, c *child) {
	p.t.Helper()
	p.wantArrived([]*child{c}, 0)
	if d.back == nil {
		return
	}
	p.do(d.back(p.people, c))
	p.hours(3)
	p.wantArrived([]*child{c}, 1)
}

func (p *performance) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// What left the scope while it was parked, after it had arrived: it is not sent again, not even when it
// comes back, and stays listed until OSCaR's list proves it or a person says so.
func TestLeavesTheScopeWhileParked(t *testing.T) {
	onDepartures(t, func(t *testing.T, p *performance, d departure) {
		c := p.parkedOne(timeoutAfter)
		p.do(d.leave(p.people, c))
		p.hours(3)
		p.wantState("parked")
		_, err := p.oscar.TakeUp(p.arrived(c.reasons[0])[0].Organization, p.arrived(c.reasons[0])[0].ID)
		p.do(err)
		p.hours(3)
		if d.proven {
			p.wantState("shown")
		} else {
			p.wantState("parked")
		}
		if d.back != nil {
			p.do(d.back(p.people, c))
			p.hours(3)
		}
		p.wantArrived([]*child{c}, 1)
	})
}

// The same when it had not arrived, and a person finds that out while it is out of scope: it is not sent
// then. When it comes back, it is.
func TestReleasedWhileOutOfScope(t *testing.T) {
	onDepartures(t, func(t *testing.T, p *performance, d departure) {
		c := p.parkedOne(timeoutBefore)
		p.do(d.leave(p.people, c))
		p.hours(2)
		p.wantState("parked")
		p.decideParked()
		p.hours(3)
		p.arrivesOnlyWhenBack(d, c)
	})
}

// parkedOne is a child whose referral got no answer.
func (p *performance) parkedOne(m mishap) *child {
	p.t.Helper()
	c := p.newcomers(1)[0]
	p.spoilAll(m, writesToOscar)
	p.hour(true)
	p.gremlins.play(nil)
	p.wantState("parked")
	return c
}

// wantState insists on the state of the one referral that the ledger knows.
func (p *performance) wantState(want string) {
	p.t.Helper()
	if got := p.sends(); len(got) != 1 || got[want] != 1 {
		p.t.Errorf("the ledger has %v, want one that is %s", got, want)
	}
}
