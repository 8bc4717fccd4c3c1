package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// handful are a few children of the kinds that make every flow write, all at work from the first hour on.
func handful(s *storm) *people {
	p := newPeople(s, 5, 0, 0)
	for i, script := range []func(*child, int){p.referred, p.referred, p.fromNGO, p.enrolled} {
		c := &child{name: fmt.Sprintf("C%02d", i), begin: p.now()}
		script(c, i)
		p.children = append(p.children, c)
	}
	return p
}

// tried plays the handful's world to its end and returns what both systems then hold. prepare orders the misfortune.
func tried(t *testing.T, prepare func(*storm)) string {
	t.Helper()
	project, dir := cambodia(t), ramDir(t)
	var portrait string
	synctest.Test(t, func(t *testing.T) {
		s, stop := newStorm(t, project, dir, time.Millisecond)
		defer stop()
		prepare(s)
		play := &performance{people: handful(s)}
		play.recover(false)
		portrait = play.everybody()
	})
	return portrait
}

// everybody is what both systems hold about all children.
func (p *performance) everybody() string {
	var b strings.Builder
	for _, c := range p.children {
		fmt.Fprintf(&b, "%s\n%s\n\n", c.name, p.portrait(c))
	}
	return b.String()
}

// recover runs hour by hour until all scripts are through and nothing is left to write; then a person
// looks after what is parked or held, and it runs on until nothing is left again. At night flows read
// further back: what OSCaR shows without saying that it changed is only seen then.
func (p *performance) recover(night bool) {
	p.mustAct()
	p.untilCalm()
	if p.skew.Swap(0) != 0 || p.jumps {
		p.untilCalm() // with a clock that is right again
	}
	if night {
		p.pass(25 * time.Hour)
		p.untilCalm()
	}
	p.accountFor()
	if p.waitsForSomebody() {
		p.decideParked()
		p.pass(25 * time.Hour)
		p.untilCalm()
	}
	p.fate = nil
	p.gremlins.play(nil)
	p.checkLeft()
	p.checkScripts()
	p.checkCursors()
}

// checkCursors: each flow has read all there is, and its cursor says so.
func (p *performance) checkCursors() {
	st := p.open(context.Background())
	defer func() { _ = st.Close() }()
	newest := p.newestCase()
	for flow, want := range map[string]time.Time{"oscar-ids": p.now().Add(-2 * time.Hour), "oscar-to-primero": p.now().Add(-2 * time.Hour), "primero-to-oscar": newest} {
		cur, err := st.Cursor(context.Background(), flow)
		if err != nil {
			p.t.Fatal(err)
		}
		if cur.Mark.Before(want) || cur.Mark.After(p.now()) {
			p.fail("the cursor of %s is %v, want at least %v", flow, cur.Mark, want)
		}
	}
}

// newestCase is the stamp of the case that was changed last.
func (p *performance) newestCase() (newest time.Time) {
	for _, raw := range p.primero.Cases() {
		var doc struct {
			Stamp time.Time `json:"last_updated_at"`
		}
		p.decode(raw, &doc)
		if doc.Stamp.After(newest) {
			newest = doc.Stamp
		}
	}
	return newest
}

// untilCalm runs hour by hour until two runs write nothing and nobody has anything to do.
func (p *performance) untilCalm() {
	for calm, hours := 0, 0; calm < 2; hours++ {
		if hours == quietHours {
			p.fail("after %d hours there are still writes", hours)
			return
		}
		before := p.writes()
		code := p.hour(true)
		p.nextHour(false)
		if calm++; p.writes() != before || p.scripted() || strings.Contains(p.told[len(p.told)-1], "Ended early") || code != exitDone && (code != exitPartial || !p.waitsForSomebody()) {
			calm = 0
		}
	}
}

// scripted says whether a script only waits for its time.
func (p *performance) scripted() bool {
	return slices.ContainsFunc(p.children, func(c *child) bool { return !c.done() && p.now().Before(c.begin.Add(2*time.Hour)) })
}

// accountFor: what did not arrive is parked or held, and a person can see it.
func (p *performance) accountFor() {
	p.checkOnce()
	st := p.open(context.Background())
	defer func() { _ = st.Close() }()
	waiting := p.waitingRecords(st)
	for _, c := range p.children {
		for _, reason := range c.reasons {
			if len(p.arrived(reason)) == 0 && !waiting[p.caseNumber(c)] {
				p.fail("%q did not arrive, and nobody is told", reason)
			}
		}
	}
}

// waitingRecords are those with something parked or in quarantine.
func (p *performance) waitingRecords(st *store.Store) map[string]bool {
	waiting := map[string]bool{}
	parked, err := st.Parked(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	held, err := st.Quarantine(context.Background(), store.QuarantineFilter{Open: true})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range parked {
		waiting[lastWord(e.Record)] = true
	}
	for _, e := range held {
		waiting[lastWord(e.Record)] = true
	}
	return waiting
}

func (p *performance) waitsForSomebody() bool {
	st := p.open(context.Background())
	defer func() { _ = st.Close() }()
	return len(p.waitingRecords(st)) > 0
}

// checkLeft: nothing was sent twice, and the cursor has passed nothing that is still to be written.
func (p *performance) checkLeft() {
	p.checkOnce()
	st := p.open(context.Background())
	defer func() { _ = st.Close() }()
	p.checkNothingLeft(st)
}

// tally is the handful's world without a misfortune.
type tally struct {
	mu         sync.Mutex
	boundaries map[reconcile.Boundary]int
	requests   int
	send       int // the first request that makes a referral
	portrait   string
}

func calmHandful(t *testing.T) *tally {
	t.Helper()
	n := &tally{boundaries: map[reconcile.Boundary]int{}}
	n.portrait = tried(t, func(s *storm) {
		s.fate = func(b reconcile.Boundary) bool {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.boundaries[b]++
			return false
		}
		s.gremlins.play(func(i int, _ string, r *http.Request) mishap {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.requests = max(n.requests, i)
			if n.send == 0 && oscarsim.Upserts(r) {
				n.send = i
			}
			return noMishap
		})
	})
	return n
}

// misfortune is one thing that goes wrong in the handful's world.
type misfortune struct {
	name  string
	order func(*storm)
}

// TestEveryDeath: wherever a run dies, afterwards both systems are as without the death.
func TestEveryDeath(t *testing.T) {
	calm := calmHandful(t)
	var always, all []misfortune
	for _, b := range reconcile.Boundaries() {
		for n := range calm.boundaries[b] {
			m := misfortune{fmt.Sprintf("%s %d", b, n+1), func(s *storm) { s.fate = nth(b, n+1) }}
			if n < 2 {
				always = append(always, m)
			} else {
				all = append(all, m)
			}
		}
	}
	calm.survives(t, slices.Concat(always, fewOf(all, 10)))
}

// TestEveryMishap: whichever request goes wrong in whichever way, afterwards both systems are as if none
// had. Nothing is retried, so that each counts.
func TestEveryMishap(t *testing.T) {
	calm := calmHandful(t)
	var always, all []misfortune
	for _, m := range mishaps {
		for i := range calm.requests {
			harsh := misfortune{fmt.Sprintf("%s of request %d", m, i+1), func(s *storm) {
				s.set = []string{"connections.primero.retries=0", "connections.oscar.retries=0"}
				s.gremlins.once(i+1, m)
			}}
			if i+1 == calm.send { // the one that must not be repeated
				always = append(always, harsh)
			} else {
				all = append(all, harsh)
			}
			if i%4 == 0 { // retries make most of them good
				all = append(all, misfortune{fmt.Sprintf("%s of request %d with retries", m, i+1), func(s *storm) { s.gremlins.once(i+1, m) }})
			}
		}
	}
	calm.survives(t, slices.Concat(always, fewOf(all, 24)))
}

// survives plays the handful's world with each misfortune.
func (n *tally) survives(t *testing.T, all []misfortune) {
	t.Helper()
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if t.Failed() {
					test, name, _ := strings.Cut(t.Name(), "/")
					t.Logf("again: CASEBRIDGE_LONG=1 go test ./cmd/casebridge -run '^%s$/^%s$'", test, regexp.QuoteMeta(name))
				}
			}()
			if got := tried(t, m.order); got != n.portrait {
				t.Errorf("it ended otherwise than without:\n--- without\n%s\n--- with\n%s", n.portrait, got)
			}
		})
	}
}

// longSet says whether all there is shall be tried, as CI does.
func longSet() bool { return os.Getenv("CASEBRIDGE_LONG") != "" }

// fewOf picks a few, other ones for another -seed; in the long set it picks all.
func fewOf[T any](all []T, few int) []T {
	if longSet() {
		return all
	}
	rng := rand.New(rand.NewPCG(*seedFlag, 5))
	some := slices.Clone(all)
	rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return some[:min(few, len(some))]
}

// ramDir is a directory in memory where there is one: these tests cut no power.
func ramDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "casebridge-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

var cambodiaCompiled = sync.OnceValues(func() (*compiled, error) {
	return (&app{environ: func() []string { return nil }}).ready()
})
