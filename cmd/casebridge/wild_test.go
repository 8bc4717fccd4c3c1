package main

import (
	"fmt"
	"slices"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
)

// inTwoNGOs enters children that two NGOs have: two records that share one case.
func (p *people) inTwoNGOs(n int) {
	for i := range n {
		c, form := &child{name: fmt.Sprintf("T%02d", i)}, ngoChild(i, "02")
		p.twins = append(p.twins, c)
		form.GivenName = c.name
		for k := range 2 {
			ngo := p.ngos[(i+k)%len(p.ngos)]
			slug, err := p.oscar.AddClient(ngo, form)
			if err != nil {
				p.t.Fatal(err)
			}
			cl, _ := p.oscar.Client(ngo, slug) // it was just added
			form.GlobalID = cl.GlobalID
		}
	}
}

// enrolTwins puts each of them into a programme of both NGOs at the same time.
func (p *people) enrolTwins(program string) {
	for _, c := range p.twins {
		for _, ngo := range p.ngos {
			for _, cl := range p.oscar.Clients(ngo) {
				if cl.GivenName != c.name {
					continue
				}
				if err := p.oscar.Enrol(ngo, cl.Slug, program, []string{"Life skills"}, "2026-10-01"); err != nil {
					p.t.Fatal(err)
				}
			}
		}
	}
}

// disturb lets people do something to one of the children without a script; what cannot be done is not done.
func (p *people) disturb() {
	p.busy.Lock()
	defer p.busy.Unlock()
	if len(p.wildOnes) == 0 {
		return
	}
	i := p.wild.IntN(len(p.wildOnes))
	c := p.wildOnes[i]
	ngo := p.ngos[i%len(p.ngos)]
	if c.caseID == "" {
		_ = p.openCase(c, i, nil) // cannot fail
		_ = p.ask(c, services[p.wild.IntN(len(services))], ngo)
		return
	}
	mine := func() []oscarsim.Client {
		return slices.DeleteFunc(p.oscar.Clients(ngo), func(cl oscarsim.Client) bool { return cl.GivenName != c.name })
	}
	switch p.wild.IntN(12) {
	case 0, 1, 2:
		_ = p.ask(c, services[p.wild.IntN(len(services))], ngo)
	case 3:
		_ = p.ask(c, services[p.wild.IntN(len(services))], p.ngos[(i+1)%len(p.ngos)])
	case 4, 5:
		for _, reason := range c.reasons {
			for _, r := range p.arrived(reason) {
				if _, err := p.oscar.TakeUp(r.Organization, r.ID); err == nil {
					return
				}
			}
		}
	case 6:
		for _, cl := range mine() {
			_ = p.oscar.Accept(ngo, cl.Slug)
		}
	case 7:
		_, _ = p.oscar.LinkPending(ngo)
		for _, reason := range c.reasons {
			for _, r := range p.arrived(reason) {
				_ = p.oscar.EditReferralStatus(r.Organization, r.ID, []string{oscarsim.Accepted, oscarsim.Exited}[p.wild.IntN(2)])
			}
		}
	case 8:
		for _, cl := range mine() {
			_, _ = p.oscar.ReferToGovernment(ngo, cl.Slug, []string{"Legal advocacy"}, c.name+" back")
		}
	case 9:
		_ = p.primero.EditCase(c.caseID, map[string]any{"risk_level": []string{"low", "medium", "high"}[p.wild.IntN(3)]})
	case 10:
		_ = p.primero.WithdrawConsent(c.caseID)
		if p.wild.IntN(2) == 0 {
			_ = p.primero.GiveConsent(c.caseID)
		}
	case 11:
		if row := p.incomingRow(c); row != nil {
			_ = p.primero.DecideRow(c.caseID, row.ID, []string{"accepted_340953", "rejected_936484"}[p.wild.IntN(2)])
		}
	}
}
