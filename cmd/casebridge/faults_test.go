package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

var seedFlag = flag.Uint64("seed", 0, "run only this seed of TestFaults, or of TestKill")

// seeds are those to try: one named, or a few, or as many as CASEBRIDGE_LONG says.
func seeds(t *testing.T, few, many uint64) []uint64 {
	t.Helper()
	if *seedFlag != 0 {
		return []uint64{*seedFlag}
	}
	n := few
	if text := os.Getenv("CASEBRIDGE_LONG"); text != "" {
		n = many
		if given, err := strconv.ParseUint(text, 10, 64); err == nil && given > 1 {
			n = min(given, many)
		}
	}
	all := make([]uint64, n)
	for i := range all {
		all[i] = uint64(i) + 1
	}
	return all
}

// TestFaults is the promise: whatever happens, afterwards every record is delivered, quarantined
// with a reason, or parked; what cannot be sent twice is never sent twice; and the
// cursor never passes what is none of these.
func TestFaults(t *testing.T) {
	project := cambodia(t)
	for _, seed := range seeds(t, 3, 100) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("again: go test ./cmd/casebridge -run TestFaults -seed=%d", seed)
				}
			}()
			calm := playedOut(t, project, seed, false)
			rough := playedOut(t, project, seed, true)
			for name, want := range calm {
				if got := rough[name]; got != want {
					t.Errorf("child %s ended otherwise than without faults:\n--- without\n%s\n--- with\n%s", name, want, got)
				}
			}
		})
	}
}

func cambodia(t *testing.T) *compiled {
	t.Helper()
	c, err := cambodiaCompiled()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// playedOut plays one world to its end and returns every child's portrait.
func playedOut(t *testing.T, c *compiled, seed uint64, rough bool) map[string]string {
	t.Helper()
	dir := t.TempDir()
	portraits := map[string]string{}
	synctest.Test(t, func(t *testing.T) {
		s, stop := newStorm(t, c, dir, 20*time.Millisecond)
		defer stop()
		wild := 0
		if rough {
			wild = 6
		}
		p := newPeople(s, seed, 12, wild)
		play := &performance{people: p, weather: newWeather(s, seed), rough: rough}
		play.whole()
		for _, c := range p.children {
			portraits[c.name] = p.portrait(c)
		}
	})
	return portraits
}

// performance is one world from its first hour to its last.
type performance struct {
	*people
	weather *weather
	rough   bool
	told    []string // what the runs said
	parked  int
}

const (
	roughHours = 6
	quietHours = 40 // far more than any script needs
)

func (p *performance) whole() {
	p.mustAct()
	if p.rough {
		p.inTwoNGOs(3)
		for i := range roughHours {
			p.enrolTwins(fmt.Sprintf("programme %d", i))
			p.weather.brew()
			p.hour(true)
			p.weather.clear()
			p.nextHour(true)
		}
	}
	p.settle()
	p.checkDelivered()
	p.decideParked()
	p.settle()
	p.checkDelivered()
	p.checkScripts()
	if os.Getenv("CASEBRIDGE_TELL") != "" {
		p.t.Log(strings.Join(p.told, "\n"))
	}
	p.t.Logf("%d runs, %d parked at the end of the faults", len(p.told), p.parked)
}

// hour is one run of casebridge, with people at work meanwhile.
func (p *performance) hour(rough bool) (code int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if rough && p.weather != nil {
		for range p.weather.rng.IntN(8) {
			p.weather.later(time.Duration(p.weather.rng.IntN(600))*time.Millisecond, p.disturb)
		}
		if p.weather.rng.IntN(6) == 0 { // told to stop
			p.weather.later(time.Duration(p.weather.rng.IntN(500))*time.Millisecond, cancel)
		}
	}
	code, text := p.casebridge(ctx, "", reconcile.Window{})
	p.told = append(p.told, fmt.Sprintf("%s exit %d\n%s", p.now().Format(time.DateTime), code, text))
	for _, c := range slices.Concat(p.children, p.wildOnes) {
		if strings.Contains(text, c.name) {
			p.t.Errorf("a run shows the name of child %s:\n%s", c.name, text)
		}
	}
	if code != exitDone && code != exitPartial && (!rough || code != exitEnvironment) && !p.life.over() {
		p.t.Errorf("a run ended with exit code %d:\n%s", code, text)
	}
	p.mustAct()
	return code
}

// nextHour lets people work now and then until the hour is over.
func (p *performance) nextHour(rough bool) {
	next := p.now().Truncate(time.Hour).Add(time.Hour)
	for left := next.Sub(p.now()); left > 0; left = next.Sub(p.now()) {
		p.pass(min(left, 13*time.Minute))
		p.mustAct()
		if rough {
			p.disturb()
		}
	}
}

func (p *performance) mustAct() {
	if _, err := p.act(); err != nil {
		p.fail("%v", err)
	}
}

// settle runs quiet hours until nobody has anything left to do, and again a day later: what failed
// often enough rests for a day in quarantine.
func (p *performance) settle() {
	p.quieten()
	p.pass(25 * time.Hour)
	p.quieten()
}

// quieten runs quiet hours until three runs write nothing.
func (p *performance) quieten() {
	calm := 0
	for range quietHours {
		before := p.writes()
		p.hour(false)
		calm++
		if p.writes() != before || p.scripted() {
			calm = 0
		}
		if calm == 3 {
			return
		}
		p.nextHour(false)
	}
	p.fail("after %d hours without faults there are still writes", quietHours)
}

// decideParked is a person who looks into OSCaR, says what became of every parked
// send, mends what lies in quarantine, and has the records carried again.
func (p *performance) decideParked() {
	ctx := context.Background()
	st := p.open(ctx)
	parked, err := st.Parked(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	p.parked = len(parked)
	again := map[string][]string{} // flow -> its records
	for _, e := range parked {
		reason := p.reason[e.Item[strings.LastIndexByte(e.Item, ' ')+1:]]
		if reason == "" {
			p.fail("nobody knows what %s %s is", e.Record, e.Item)
		}
		err := st.Resolve(ctx, store.Resolution{ID: e.ID, Arrived: len(p.arrived(reason)) > 0, Who: "test", Why: "looked into OSCaR"})
		if err != nil {
			p.t.Fatal(err)
		}
		again[e.Flow] = append(again[e.Flow], lastWord(e.Record))
	}
	entries, err := st.Quarantine(ctx, store.QuarantineFilter{Open: true})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range entries {
		again[e.Flow] = append(again[e.Flow], lastWord(e.Record))
	}
	if err := st.Close(); err != nil {
		p.t.Fatal(err)
	}
	for flow, records := range again {
		p.carryAgain(ctx, flow, records)
	}
}

// carryAgain runs a flow for a few records each by itself, for many with a window.
func (p *performance) carryAgain(ctx context.Context, flow string, records []string) {
	windows := []reconcile.Window{{Since: p.now().AddDate(-1, 0, 0)}}
	if len(records) < 6 {
		windows = nil
		for _, r := range records {
			windows = append(windows, reconcile.Window{Named: r})
		}
	}
	for _, w := range windows {
		if code, text := p.casebridge(ctx, flow, w); code != exitDone && code != exitPartial {
			p.fail("run %s again: exit %d\n%s", flow, code, text)
		}
	}
}

// checkScripts: everything that the people wanted has come about.
func (p *performance) checkScripts() {
	for _, c := range p.children {
		if !c.done() {
			p.fail("child %s waits for ever to %s", c.name, c.steps[c.next].what)
		}
	}
	for _, c := range p.twins {
		if pc := p.played(c); pc == nil || len(pc.Services) != 2*roughHours {
			p.fail("child %s of two NGOs has not one case with all the rows of both", c.name)
		}
	}
}

// fail reports with what the runs said.
func (p *performance) fail(format string, args ...any) {
	p.t.Helper()
	p.t.Errorf(format, args...)
	if len(p.told) > 0 && testing.Verbose() {
		p.t.Log(strings.Join(p.told, "\n"))
		p.told = nil
	}
}

// On the first day the clients may not have been read whole: a referral waits for that, however old it is.
func TestReferralWaitsForTheFirstSweep(t *testing.T) {
	project, dir := cambodia(t), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, stop := newStorm(t, project, dir, 0)
		defer stop()
		p := newPeople(s, 1, 0, 0)
		c := &child{name: "C00"}
		if err := cmp.Or(p.openCase(c, 0, nil), p.ask(c, services[0], p.ngos[0])); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		_ = p.openCase(&child{name: "C01"}, 1, nil) // cannot fail; it moves the cursor on
		s.oscar.FailNext(oscarsim.Lists, oscarsim.HTML502, 5)
		s.casebridge(t.Context(), "oscar-ids", reconcile.Window{})
		s.casebridge(t.Context(), "primero-to-oscar", reconcile.Window{})
		time.Sleep(time.Hour)
		if code, text := s.casebridge(t.Context(), "", reconcile.Window{}); code != exitDone || len(p.arrived(c.reasons[0])) != 1 {
			t.Errorf("exit %d, %d referrals arrived\n%s", code, len(p.arrived(c.reasons[0])), text)
		}
	})
}
