package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// checkDelivered: nothing was sent twice, nothing is left to do, and what is not there has its reason.
func (p *performance) checkDelivered() {
	p.checkOnce()
	st := p.open(context.Background())
	defer func() { _ = st.Close() }()
	p.checkNothingLeft(st)
	reasons := p.accounted(st)
	for _, c := range slices.Concat(p.children, p.wildOnes) {
		for _, reason := range c.reasons {
			if len(p.arrived(reason)) == 0 && !reasons[p.caseNumber(c)] && !slices.Contains(c.never, reason) && p.mayLeave(c) {
				p.fail("%q did not arrive, and there is no reason for it", reason)
			}
		}
	}
}

// checkNothingLeft: a plan of all there is shows no write but those that their target refused, which are held with its answer.
func (p *performance) checkNothingLeft(st *store.Store) {
	entries, err := st.Quarantine(context.Background(), store.QuarantineFilter{Open: true})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range p.everything(context.Background()) {
		if !c.Verdict.Writes() && c.Verdict != engine.Unclear {
			continue
		}
		if !slices.ContainsFunc(entries, func(e store.QuarantineEntry) bool {
			return e.Flow == c.flow && e.Record == c.Record && e.Route == c.Route && e.Item == c.Item && e.Kind != string(engine.Transient)
		}) {
			p.fail("the cursor of %s passed this: %s of %s, %s %s: %s (%s)", c.flow, c.Verdict, c.Object, c.Record, c.Item, c.Route, c.Reason.Text)
		}
	}
}

// mayLeave says whether the family agrees and the case is open.
func (p *performance) mayLeave(c *child) bool {
	var doc struct {
		Status  string `json:"status"`
		Service bool   `json:"consent_for_services"`
		Share   bool   `json:"disclosure_other_orgs"`
	}
	p.decode(p.primero.Case(c.caseID), &doc)
	return doc.Status == "open" && doc.Service && doc.Share
}

// checkOnce: one referral in Primero is at most one in OSCaR, one child is one case and one client.
func (p *performance) checkOnce() {
	for _, c := range slices.Concat(p.children, p.wildOnes, p.twins) {
		for _, reason := range c.reasons {
			if n := len(p.arrived(reason)); n > 1 {
				p.fail("%q was sent %d times", reason, n)
			} else if n == 1 && slices.Contains(c.never, reason) {
				p.fail("%q must never arrive, and it did", reason)
			}
		}
		if n := strings.Count(string(p.primero.Snapshot()), fmt.Sprintf(`"name_first":%q`, c.name)); n > 1 {
			p.fail("child %s has %d cases", c.name, n)
		}
	}
}

// accounted are the records that a person can see waiting: in quarantine with a reason, parked, or blocked.
func (p *performance) accounted(st *store.Store) map[string]bool {
	out := map[string]bool{}
	entries, err := st.Quarantine(context.Background(), store.QuarantineFilter{Open: true})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Reason == "" {
			p.fail("quarantined without a reason: %s", e.Record)
		}
		out[lastWord(e.Record)] = true
	}
	parked, err := st.Parked(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range parked {
		out[lastWord(e.Record)] = true
	}
	for _, c := range p.everything(context.Background()) {
		if c.Verdict == engine.Blocked {
			out[lastWord(c.Record)] = true
		}
	}
	return out
}

func lastWord(text string) string { return text[strings.LastIndexByte(text, ' ')+1:] }

func (p *performance) caseNumber(c *child) string {
	if pc := p.played(c); pc != nil {
		return pc.CaseID
	}
	return ""
}
