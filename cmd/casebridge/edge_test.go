package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine/reconcile"
)

// Fifty cases were changed in the very same moment, which is more than a page, and a run dies among
// them: each referral arrives once, and the cursor stands at that moment.
func TestManyCasesOfOneMoment(t *testing.T) {
	type death struct {
		name  string
		order func(*performance)
	}
	deaths := []death{{"none", func(*performance) {}}}
	for _, n := range []int{1, 25, 49} {
		deaths = append(deaths, death{fmt.Sprint("after send ", n), func(p *performance) { p.fate = nth(reconcile.AfterSend, n) }})
	}
	for _, n := range []int{12, 20, 40} { // while it reads
		deaths = append(deaths, death{fmt.Sprint("at request ", n), func(p *performance) { p.gremlins.once(n, diesAfter) }})
	}
	for _, d := range fewOf(deaths, 4) {
		t.Run(d.name, func(t *testing.T) {
			inBubble(t, func(p *performance) {
				p.primero.Switch(func(s *primerosim.Switches) { s.UnstableTies = true })
				p.newcomers(50)
				moment := p.newestCase()
				p.late(5*time.Minute, func() { p.newcomers(10) }) // of the same moment too, but seen later
				p.pass(time.Minute)
				d.order(p)
				p.hour(true)
				p.fate = nil
				p.gremlins.play(nil)
				p.nextHour(false)
				p.recover(false)
				p.wantArrived(p.children, 1)
				if newest := p.newestCase(); !newest.Equal(moment) {
					t.Errorf("the last change was at %v, not at %v: these cases have no common moment", newest, moment)
				}
			})
		})
	}
}

// late lets people do something that others see only so much later, as from a slow server.
func (p *performance) late(d time.Duration, do func()) {
	p.primero.Switch(func(s *primerosim.Switches) { s.CommitLate = d })
	do()
	p.primero.Switch(func(s *primerosim.Switches) { s.CommitLate = 0 })
}

// listsCases says whether a request asks for a page of the cases that changed.
func listsCases(system string, r *http.Request) bool {
	return system == "primero" && strings.HasSuffix(r.URL.Path, "/cases") && strings.Contains(r.URL.RawQuery, "order_by=last_updated_at")
}

// Cases are changed while the list of changed cases is read page by page, so that it moves under the
// reader: none of them is lost.
func TestCasesChangedBetweenPages(t *testing.T) {
	type moment struct {
		who  string
		page int
	}
	var all []moment
	for _, who := range []string{"first", "middle", "last", "all"} {
		for page := range 6 {
			all = append(all, moment{who, page + 1})
		}
	}
	for _, m := range fewOf(all, 8) {
		t.Run(fmt.Sprintf("%s before page %d", m.who, m.page), func(t *testing.T) {
			inBubble(t, func(p *performance) {
				for range 12 {
					p.newcomers(1)
					p.pass(5 * time.Minute) // the overlap of two windows holds only the last two of them
				}
				p.pass(time.Minute)
				changed := map[string][]*child{"first": p.children[:2], "middle": p.children[5:7], "last": p.children[10:], "all": p.children}
				seen := 0
				p.gremlins.showTo(func(system string, r *http.Request) func() {
					if !listsCases(system, r) {
						return nil
					}
					if seen++; seen != m.page {
						return nil
					}
					return func() { p.touch(changed[m.who]) }
				})
				p.run(exitDone)
				if seen < m.page {
					t.Errorf("only %d pages were read", seen)
				}
				p.nextHour(false)
				p.recover(false)
				p.wantArrived(p.children, 1)
			})
		})
	}
}

// touch changes cases as their workers do.
func (p *people) touch(some []*child) {
	for _, c := range some {
		if err := p.primero.EditCase(c.caseID, map[string]any{"risk_level": "high"}); err != nil {
			p.t.Errorf("%v", err)
		}
	}
}
