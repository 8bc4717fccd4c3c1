package main

import (
	"strings"
	"testing"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
)

// takenUp is a child whose referral an NGO has taken up, so that both systems know each other's ids.
func (p *performance) takenUp() (c *child, ngo, slug string) {
	p.t.Helper()
	c = p.newcomers(1)[0]
	p.hour(true)
	r := p.arrived(c.reasons[0])[0]
	slug, err := p.oscar.TakeUp(r.Organization, r.ID)
	p.do(err)
	p.do(p.oscar.Accept(r.Organization, slug))
	p.do(p.oscar.SaveClient(r.Organization, slug))
	p.hours(2)
	if pc := p.played(c); pc.Home != slug || p.number(c) == "" {
		p.t.Fatalf("the case is of %q with number %q, want %q", pc.Home, p.number(c), slug)
	}
	return c, r.Organization, slug
}

// doubled is a client of the NGO that will turn out to be the child that it has already.
func (p *performance) doubled(ngo string) (slug string) {
	p.t.Helper()
	form := ngoChild(0, "02")
	form.GivenName = "Twice"
	slug, err := p.oscar.AddClient(ngo, form)
	p.do(err)
	p.hours(2)
	return slug
}

// number is what Primero keeps as the child's number in OSCaR.
func (p *people) number(c *child) string {
	var doc struct {
		Number string `json:"oscar_number"`
	}
	p.decode(p.primero.Case(c.caseID), &doc)
	return doc.Number
}

// casesOf counts the cases that bear a child's name.
func (p *people) casesOf(c *child) int {
	return strings.Count(string(p.primero.Snapshot()), `"name_first":"`+c.name+`"`)
}

// heldWith says whether something in quarantine has a reason with these words.
func (p *performance) heldWith(words string) bool {
	_, held := p.waiting()
	for _, e := range held {
		if strings.Contains(e.Reason, words) {
			return true
		}
	}
	return false
}

// Two clients of one NGO turn out to be one child. The NGO archives the one that Primero knows and links
// the other to the case. Nothing is guessed: no third case, and the next referral waits for a person.
func TestClientsMergedIntoTheOther(t *testing.T) {
	inBubble(t, func(p *performance) {
		c, ngo, slug := p.takenUp()
		other := p.doubled(ngo)
		pc, number := p.played(c), p.number(c)
		p.do(p.oscar.Archive(ngo, slug))
		p.do(p.oscar.EditClient(ngo, other, func(f *oscarsim.Child) {
			f.GivenName, f.ExternalID, f.ExternalIDDisplay = c.name, pc.CaseID, "merged"
		}))
		p.hours(2)
		if now := p.played(c); now.Home != slug || p.number(c) != number {
			t.Errorf("the case is of %q with number %q now, it was of %q with %q", now.Home, p.number(c), slug, number)
		}
		p.do(p.ask(c, services[1], ngo))
		p.hours(3)
		if n := len(p.arrived(c.reasons[1])); n != 0 || !p.heldWith("OSCaR lists this child twice in that NGO") {
			t.Errorf("the next referral arrived %d times, and nobody is asked", n)
		}
		if n := p.casesOf(c); n != 1 {
			t.Errorf("the child has %d cases", n)
		}
		p.checkOnce()
	})
}

// The client that Primero knows is the one that stays; the other is archived. Its own case stays as it is, and
// the child's next referral goes through.
func TestClientsMergedIntoTheKnownOne(t *testing.T) {
	inBubble(t, func(p *performance) {
		c, ngo, slug := p.takenUp()
		other := p.doubled(ngo)
		p.do(p.oscar.Archive(ngo, other))
		p.do(p.ask(c, services[1], ngo))
		p.hours(3)
		p.wantArrived([]*child{c}, 1)
		if pc := p.played(c); pc.Home != slug || p.casesOf(c) != 1 {
			t.Errorf("the case is of %q, and the child has %d cases", pc.Home, p.casesOf(c))
		}
	})
}

// OSCaR's support gives a client another global id. Its case follows, and no second one is made.
func TestGlobalIDChanges(t *testing.T) {
	inBubble(t, func(p *performance) {
		c, ngo, slug := p.takenUp()
		before := p.number(c)
		p.do(p.oscar.EditClient(ngo, slug, func(f *oscarsim.Child) { f.GlobalID = "01BX5ZZKBKACTAV9WEVGEMMVRZ" }))
		p.hours(3)
		if pc := p.played(c); p.number(c) == before || pc.Home != slug || p.casesOf(c) != 1 {
			t.Errorf("the number is still %q, the home %q, and there are %d cases", p.number(c), pc.Home, p.casesOf(c))
		}
		p.do(p.ask(c, services[1], ngo))
		p.hours(3)
		// OSCaR knows no identity of that number, so it refuses; that is told, once, and costs nobody a second referral.
		parked, held := p.waiting()
		if n := len(p.arrived(c.reasons[1])); n != 0 || len(parked) != 0 || len(held) != 1 {
			t.Errorf("the next referral arrived %d times, %d are parked and %d held", n, len(parked), len(held))
		}
	})
}

// A client is gone for OSCaR, though its list still shows it: OSCaR crashes at the next referral, which
// waits for a person and is not sent again by itself.
func TestClientIsGone(t *testing.T) {
	inBubble(t, func(p *performance) {
		c, ngo, slug := p.takenUp()
		p.do(p.oscar.Archive(ngo, slug))
		p.do(p.ask(c, services[1], ngo))
		p.hours(2)
		before := p.oscar.Writes()
		p.hours(6)
		parked, _ := p.waiting()
		if n := len(p.arrived(c.reasons[1])); n > 1 || len(parked) != 1 || p.oscar.Writes() != before {
			t.Errorf("arrived %d times, %d parked, %d writes more", n, len(parked), p.oscar.Writes()-before)
		}
	})
}

// A client without a global id can be matched with nobody: it waits for a person, and no case is touched.
func TestGlobalIDIsGone(t *testing.T) {
	inBubble(t, func(p *performance) {
		c, ngo, slug := p.takenUp()
		before := p.number(c)
		p.do(p.oscar.EditClient(ngo, slug, func(f *oscarsim.Child) { f.GlobalID = "" }))
		p.hours(3)
		if p.number(c) != before || p.casesOf(c) != 1 || !p.heldWith("without a global id") {
			t.Errorf("the number is %q, it was %q; %d cases; nobody is told", p.number(c), before, p.casesOf(c))
		}
	})
}
