package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine/store"
)

// monday is when every rig's clock starts: 08:00 in Phnom Penh.
var monday = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

// clock runs from monday on, and can be put forward. It is slower than the real one: tests say at which minute
// something happens, however long the machine takes.
type clock struct {
	start   time.Time
	began   time.Time
	skipped atomic.Int64
	slower  atomic.Int64 // so many times
}

func newClock() *clock {
	c := &clock{start: monday, began: time.Now()}
	c.slower.Store(20)
	return c
}

func (c *clock) now() time.Time {
	return c.start.Add(time.Since(c.began)/time.Duration(c.slower.Load()) + time.Duration(c.skipped.Load()))
}

func (c *clock) later(d time.Duration) { c.skipped.Add(int64(d)) }

// real gives the time of the machine, which another process has too. The servers read the clock already.
func (c *clock) real() {
	c.slower.Store(1)
	c.skipped.Store(int64(c.began.Sub(c.start)))
}

// rig is both simulated systems, served on this machine, and what casebridge
// needs to reach them. Every call of casebridge is a whole life of the program:
// it opens, works and closes, so that what lives from one run to the next is in the store.
type rig struct {
	*world
	clock                    *clock
	primeroServer, oscServer served
	env                      map[string]string
}

// newRig starts both systems, empty, with the people and NGOs that the project speaks of.
func newRig(tb testing.TB, dir string) *rig {
	tb.Helper()
	r, stop, err := startRig(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(stop)
	return r
}

// startRig starts it where its store goes to dir, with the embedded project or the one in specs.
func startRig(dir string, specs ...string) (*rig, func(), error) {
	r := &rig{clock: newClock()}
	c, err := (&app{environ: func() []string { return nil }, stderr: os.Stderr, flags: flags{project: strings.Join(specs, "")}}).ready()
	if err != nil {
		return nil, nil, err
	}
	r.world = newWorld(c.project, r.clock.now, 0)
	if r.primeroServer, err = serve(context.Background(), "127.0.0.1:0", r.primero); err != nil {
		return nil, nil, err
	}
	if r.oscServer, err = serve(context.Background(), "127.0.0.1:0", r.oscar); err != nil {
		r.primeroServer.stop()
		return nil, nil, err
	}
	key, err := store.NewKey()
	r.env = map[string]string{
		"PRIMERO_URL": r.primeroServer.url, "PRIMERO_USER": primerosim.DefaultUser, "PRIMERO_PASSWORD": primerosim.DefaultPassword,
		"OSCAR_URL": r.oscServer.url, "OSCAR_EMAIL": oscarEmail, "OSCAR_PASSWORD": oscarPassword,
		"CASEBRIDGE_KEY": key, "CASEBRIDGE_STORE": filepath.Join(dir, "store.db"),
		"PRIMERO_RATE": "0", // a limit for other people's servers, not for these
	}
	return r, func() { r.primeroServer.stop(); r.oscServer.stop() }, err
}

// outcome is what a call of casebridge left behind.
type outcome struct {
	code     int
	out, err string
}

// all is everything that a person or a log file gets to see.
func (o outcome) all() string { return o.out + o.err }

// casebridge runs the program once and checks that no secret stands in what it says.
func (r *rig) casebridge(tb testing.TB, args ...string) outcome {
	tb.Helper()
	var out, errs lockedBuffer // a sign-in that nobody waits for any more may still write its log
	a := app{environ: r.environ, stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: r.clock.now}
	o := outcome{code: a.run(tb.Context(), args)}
	o.out, o.err = out.String(), errs.String()
	for name, value := range r.env {
		if isSecret(name) && strings.Contains(o.all(), value) {
			tb.Errorf("casebridge %s shows %s", strings.Join(args, " "), name)
		}
	}
	return o
}

// run runs casebridge and insists on an exit code.
func (r *rig) run(tb testing.TB, code int, args ...string) outcome {
	tb.Helper()
	o := r.casebridge(tb, args...)
	if o.code != code {
		tb.Fatalf("casebridge %s: exit code %d, want %d\n%s", strings.Join(args, " "), o.code, code, o.all())
	}
	return o
}

func (r *rig) environ() []string {
	var all []string
	for name, value := range r.env {
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	return all
}

// isSecret says whether a variable holds what must never be shown.
func isSecret(name string) bool {
	return strings.HasSuffix(name, "_PASSWORD") || name == "CASEBRIDGE_KEY"
}

// writes are how many writes each system took since the counters were last reset.
func (r *rig) writes() (primero, oscar int) { return r.primero.Writes().Total, r.oscar.Writes() }

func (r *rig) forget() {
	r.primero.ResetCounters()
	r.oscar.ResetCounters()
}

// referred makes a case with a service that is referred to an NGO, and returns the case.
func (r *rig) referred(tb testing.TB, i int, subtype, ngo string) playedCase {
	tb.Helper()
	id := r.primero.AddCase(childCase(i))
	r.referAgain(tb, id, subtype, ngo)
	return r.playedCase(tb, id)
}

// referAgain adds a service to a case and refers it to an NGO.
func (r *rig) referAgain(tb testing.TB, id, subtype, ngo string) (row string) {
	tb.Helper()
	row, err := r.refer(id, subtypeType(subtype), subtype, ngo, "Invented reason")
	if err != nil {
		tb.Fatal(err)
	}
	return row
}

// subtypeType is the type that a subtype stands under; most subtypes begin with it.
func subtypeType(subtype string) string {
	for _, t := range []string{"counselling", "training_education", "family_based_care", "disability_support", "family_support"} {
		if strings.HasPrefix(subtype, t) {
			return t
		}
	}
	return "other"
}

func (r *rig) playedCase(tb testing.TB, id string) playedCase {
	tb.Helper()
	all, err := r.cases()
	if err != nil {
		tb.Fatal(err)
	}
	for _, c := range all {
		if c.ID == id {
			return c
		}
	}
	tb.Fatalf("Primero has no case %s", id)
	return playedCase{}
}

// received are the referrals that an NGO got from Primero.
func (r *rig) received(ngo string) []oscarsim.Referral {
	return slices.DeleteFunc(r.oscar.Referrals(ngo), func(x oscarsim.Referral) bool { return x.Direction != "received" })
}

// allReceived are the referrals that all NGOs got.
func (r *rig) allReceived() []oscarsim.Referral {
	return slices.DeleteFunc(r.oscar.AllReferrals(), func(x oscarsim.Referral) bool { return x.Direction != "received" })
}
