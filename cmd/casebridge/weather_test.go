package main

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
)

// weather makes requests fail, at random but by seed.
type weather struct {
	*storm
	rng    *rand.Rand
	timers []*time.Timer

	mu    sync.Mutex
	queue []*gust
}

// gust is one fault of Primero: some requests pass, then so many fail.
type gust struct {
	match func(*http.Request) bool
	fault primerosim.Fault
	times int
}

func newWeather(s *storm, seed uint64) *weather {
	return &weather{storm: s, rng: rand.New(rand.NewPCG(seed, 2))}
}

// fault is asked about every request to Primero.
func (w *weather) fault(r *http.Request) primerosim.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.queue {
		if g.times > 0 && g.match(r) {
			g.times--
			return g.fault
		}
	}
	return primerosim.Fault{}
}

var primeroFaults = []primerosim.Fault{
	{Kind: primerosim.Status500}, {Kind: primerosim.Status502}, {Kind: primerosim.Status504}, {Kind: primerosim.After504}, {Kind: primerosim.HTML200},
	{Kind: primerosim.Empty200}, {Kind: primerosim.Reset}, {Kind: primerosim.ResetAfter}, {Kind: primerosim.Cut}, {Kind: primerosim.Timeout},
	{Kind: primerosim.TimeoutAfter}, {Kind: primerosim.SlowBefore, Wait: 30 * time.Second}, {Kind: primerosim.SlowAfter, Wait: 90 * time.Second},
}

var oscarFaults = []oscarsim.Failure{
	oscarsim.HTML500, oscarsim.HTML502, oscarsim.HTML200, oscarsim.Empty200, oscarsim.Reset, oscarsim.ResetAfter, oscarsim.HTML502After,
	oscarsim.Unauthorized, oscarsim.SlowBefore(30 * time.Second), oscarsim.SlowAfter(90 * time.Second), oscarsim.CutAfter(0), oscarsim.CutAfter(20), oscarsim.CutAfter(300),
}

// brew orders the faults of one run.
func (w *weather) brew() {
	for range 2 + w.rng.IntN(7) {
		times := 1
		if w.rng.IntN(4) == 0 {
			times = 2 + w.rng.IntN(12) // longer than the retries
		}
		if w.rng.IntN(2) == 0 {
			w.queue = append(w.queue, &gust{w.from(w.primeroPart()), primeroFaults[w.rng.IntN(len(primeroFaults))], times})
		} else {
			w.oscar.FailNext(w.from(w.oscarPart()), oscarFaults[w.rng.IntN(len(oscarFaults))], times)
		}
	}
	switch w.rng.IntN(12) {
	case 0:
		w.queue = append(w.queue, &gust{w.from(nil), primerosim.Fault{Kind: primerosim.Status401}, 1})
	case 1: // the server is locked for a while
		after, long := time.Duration(w.rng.IntN(600))*time.Millisecond, time.Duration(w.rng.IntN(400))*time.Second
		w.later(after, func() { w.lock(true) })
		w.later(after+long, func() { w.lock(false) })
	case 2:
		w.later(time.Duration(w.rng.IntN(600))*time.Millisecond, w.oscar.ExpireTokens)
	}
	w.primero.Switch(func(s *primerosim.Switches) { s.Fault = w.fault })
	if w.rng.IntN(2) == 0 { // an operator without patience: each fault counts
		w.set = []string{"connections.primero.retries=0", "connections.oscar.retries=0"}
	}
}

func (w *weather) lock(on bool) {
	w.primero.Switch(func(s *primerosim.Switches) { s.ConfigLock = on })
}

func (w *weather) later(d time.Duration, do func()) {
	w.timers = append(w.timers, time.AfterFunc(d, do))
}

// clear ends all faults.
func (w *weather) clear() {
	for _, t := range w.timers {
		t.Stop()
	}
	synctest.Wait() // until those that went off are through
	w.timers, w.queue, w.set = nil, nil, nil
	w.oscar.Heal()
	w.primero.Switch(func(s *primerosim.Switches) { s.ConfigLock, s.Fault = false, nil })
}

// from lets some requests of a part of the API pass before the first that fails.
func (w *weather) from(part func(*http.Request) bool) func(*http.Request) bool {
	skip := w.rng.IntN(12)
	if w.rng.IntN(2) == 0 {
		skip = w.rng.IntN(3)
	}
	return func(r *http.Request) bool {
		if part != nil && !part(r) {
			return false
		}
		skip--
		return skip < 0
	}
}

func (w *weather) primeroPart() func(*http.Request) bool {
	return []func(*http.Request) bool{
		nil,
		func(r *http.Request) bool { return r.Method == http.MethodPatch },
		func(r *http.Request) bool { return r.Method == http.MethodPost },
		func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/referrals") },
		func(r *http.Request) bool {
			return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/cases")
		},
	}[w.rng.IntN(5)]
}

func (w *weather) oscarPart() func(*http.Request) bool {
	return []func(*http.Request) bool{
		nil, oscarsim.Upserts, oscarsim.Upserts, oscarsim.Links, oscarsim.Statuses,
		func(r *http.Request) bool {
			return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/clients")
		},
	}[w.rng.IntN(6)]
}
