package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/specs"
)

// schedule is what befalls one world, drawn before it begins.
type schedule struct {
	Children []int  // of the roster
	Wild     uint64 // seed of those without a script; 0: there are none
	Mended   int    // the hour from which on all NGOs are confirmed
	Hours    []rough
}

// rough is one run with its misfortunes, and the time until the next.
type rough struct {
	Mishaps []spoiled
	Death   reconcile.Boundary // "": none
	Nth     int
	Stop    time.Duration // told to stop after so long; 0: not
	Skew    time.Duration // of casebridge's own clock
	Harsh   bool          // no retries
	Window  string        // "": an ordinary run of all flows; else a manual one: "since", "named" or "everything"
	Flow    string        // of a manual window
	Acts    int           // of the children without a script, meanwhile
	Next    time.Duration // until the next run
}

// spoiled are requests that go wrong.
type spoiled struct {
	From, Times int
	Writes      bool // counts writes only
	Mishap      mishap
}

var schedules = rapid.Custom(func(t *rapid.T) schedule {
	return schedule{
		Children: rapid.SliceOfNDistinct(rapid.IntRange(0, rosterSize-1), 1, 5, rapid.ID[int]).Draw(t, "children"),
		Wild:     rapid.Uint64Range(0, 5).Draw(t, "wild"),
		Mended:   rapid.IntRange(0, 4).Draw(t, "mended"),
		Hours:    rapid.SliceOfN(roughHour, 1, 6).Draw(t, "hours"),
	}
})

var roughHour = rapid.Custom(func(t *rapid.T) (h rough) {
	h.Mishaps = rapid.SliceOfN(spoiledRequest, 0, 4).Draw(t, "mishaps")
	if oneOf(t, 2, "dies") {
		h.Death = rapid.SampledFrom(append(reconcile.Boundaries(), reconcile.AfterSend, reconcile.AfterSend, reconcile.BeforeSettle)).Draw(t, "at")
		h.Nth = rapid.SampledFrom([]int{1, 1, 1, 2, 2, 3, 4, 6, 9}).Draw(t, "nth") // a run of a few children is short
	}
	if oneOf(t, 8, "stopped") {
		h.Stop = time.Duration(rapid.IntRange(1, 400).Draw(t, "after")) * time.Millisecond
	}
	if oneOf(t, 4, "clock jumps") {
		h.Skew = time.Duration(rapid.IntRange(-60, 8*60).Draw(t, "minutes")) * time.Minute
	}
	h.Harsh = rapid.Bool().Draw(t, "without retries")
	if oneOf(t, 6, "manual") {
		h.Window = rapid.SampledFrom([]string{"since", "named", "everything"}).Draw(t, "window")
		h.Flow = rapid.SampledFrom([]string{"oscar-ids", "primero-to-oscar", "oscar-to-primero"}).Draw(t, "flow")
	}
	h.Acts = rapid.IntRange(0, 4).Draw(t, "acts")
	h.Next = time.Duration(rapid.SampledFrom([]int{0, 1, 10, 59, 60, 60, 60, 180, 26 * 60}).Draw(t, "next")) * time.Minute
	return h
})

// oneOf says yes once in n times; what is drawn small is no.
func oneOf(t *rapid.T, n int, label string) bool {
	return rapid.IntRange(0, n-1).Draw(t, label) == n-1
}

var spoiledRequest = rapid.Custom(func(t *rapid.T) spoiled {
	s := spoiled{Times: rapid.SampledFrom([]int{1, 1, 1, 2, 4, 30}).Draw(t, "times"), Mishap: rapid.SampledFrom(mishaps).Draw(t, "what")}
	if s.Writes = rapid.Bool().Draw(t, "write"); s.Writes {
		s.From = rapid.IntRange(1, 6).Draw(t, "from")
	} else {
		s.From = rapid.IntRange(1, 60).Draw(t, "from")
	}
	return s
})

// rosterSize is how many children with a script there are to choose from.
const rosterSize = 16

// roster are children of every kind, always the same.
func roster(s *storm) *people {
	p := newPeople(s, 11, 0, 0)
	scripts := []func(*child, int){p.referred, p.fromNGO, p.enrolled, p.referred, p.consented, p.withheld, p.withoutRisk, p.dangling, p.internal, p.fromNGO, p.referred}
	for i := range rosterSize {
		c := &child{name: fmt.Sprintf("C%02d", i), begin: p.now().Add(time.Duration(i%3) * 20 * time.Minute)}
		scripts[i%len(scripts)](c, i)
		p.children = append(p.children, c)
	}
	return p
}

// choose keeps some of the children.
func (p *people) choose(which []int) {
	all := p.children
	p.children = nil
	for _, i := range which {
		p.children = append(p.children, all[i])
	}
}

// TestSchedules: whatever happens in whatever order, in the end both systems are as if nothing had.
func TestSchedules(t *testing.T) {
	checks := "30"
	if longSet() {
		checks = strconv.Itoa(20 * len(seeds(t, 1, 50))) // 1000, or 20 for each that CASEBRIDGE_LONG counts
	}
	setUnlessGiven(t, "rapid.checks", checks)
	setUnlessGiven(t, "rapid.seed", "1")
	setUnlessGiven(t, "rapid.nofailfile", "true")
	w := &playing{t: t, project: cambodia(t), early: earlySpecs(t), dir: ramDir(t)}
	w.calm = w.play(t, schedule{Children: everyone(), Hours: []rough{{Next: time.Hour}}})
	rapid.Check(reproducible{t}, func(rt *rapid.T) {
		plan := schedules.Draw(rt, "schedule")
		faults := &faultList{TB: rt}
		for name, got := range w.play(faults, plan) {
			if want := w.calm[name]; got != want {
				faults.Errorf("child %s ended otherwise than without misfortunes:\n--- without\n%s\n--- with\n%s", name, want, got)
			}
		}
		if len(faults.texts) > 0 {
			rt.Fatalf("%s\nschedule: %+v", strings.Join(faults.texts, "\n"), plan)
		}
	})
}

func everyone() []int {
	all := make([]int, rosterSize)
	for i := range all {
		all[i] = i
	}
	return all
}

func setUnlessGiven(t *testing.T, name, value string) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return
	}
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
}

// reproducible says in one line how a failure is had again.
type reproducible struct{ *testing.T }

var failingSeed = regexp.MustCompile(`-rapid\.seed=\d+`)

func (r reproducible) Errorf(format string, args ...any) {
	r.Helper()
	text := fmt.Sprintf(format, args...)
	if seed := failingSeed.FindString(text); seed != "" {
		text += "\nagain: go test ./cmd/casebridge -run '^" + r.Name() + "$' " + seed
	}
	r.Error(text)
}

// faultList takes what goes wrong inside a bubble.
type faultList struct {
	rapid.TB
	mu    sync.Mutex
	texts []string
}

func (l *faultList) Helper()             {}
func (l *faultList) Log(args ...any)     { l.Errorf("%s", fmt.Sprint(args...)) }
func (l *faultList) Logf(string, ...any) {}
func (l *faultList) Errorf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.texts = append(l.texts, fmt.Sprintf(format, args...))
}
func (l *faultList) Error(args ...any)                 { l.Errorf("%s", fmt.Sprint(args...)) }
func (l *faultList) Fatal(args ...any)                 { l.Errorf("%s", fmt.Sprint(args...)); panic(l) }
func (l *faultList) Fatalf(format string, args ...any) { l.Errorf(format, args...); panic(l) }

// playing plays schedules.
type playing struct {
	t              *testing.T
	project, early *compiled
	dir            string
	calm           map[string]string // child -> portrait without misfortunes
}

// play plays one schedule in a world of its own and returns the children's portraits.
func (w *playing) play(tb rapid.TB, plan schedule) map[string]string {
	dir, err := os.MkdirTemp(w.dir, "world-")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	portraits := map[string]string{}
	synctest.Test(w.t, func(*testing.T) {
		defer func() {
			if r := recover(); r != nil && r != tb {
				panic(r)
			}
		}()
		s, stop := newStorm(tb, w.project, dir, time.Millisecond)
		defer stop()
		p := &performance{people: roster(s)}
		p.choose(plan.Children)
		if plan.Wild > 0 {
			p.wild = rand.New(rand.NewPCG(plan.Wild, 3))
			p.wildOnes = []*child{{name: "W00"}, {name: "W01"}}
		}
		w.through(p, plan)
		for _, c := range p.children {
			portraits[c.name] = p.portrait(c)
		}
	})
	return portraits
}

// through plays the rough hours, then those that make good.
func (w *playing) through(p *performance, plan schedule) {
	for i, h := range plan.Hours {
		p.compiled = w.project
		if i < plan.Mended {
			p.compiled = w.early
		}
		p.mustAct()
		p.rougher(h)
		p.checkOnce()
		for range h.Acts {
			p.disturb()
		}
		p.pass(h.Next)
	}
	p.compiled = w.project
	p.recover(true)
}

// rougher is one run with its misfortunes.
func (p *performance) rougher(h rough) {
	p.gremlins.play(h.spoil())
	p.fate, p.set = nil, nil
	p.skew.Store(int64(h.Skew))
	if h.Death != "" {
		p.fate = nth(h.Death, h.Nth)
	}
	if h.Harsh {
		p.set = []string{"connections.primero.retries=0", "connections.oscar.retries=0"}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if h.Stop > 0 {
		defer time.AfterFunc(h.Stop, cancel).Stop()
	}
	code, text := p.casebridge(ctx, h.Flow, p.window(h.Window))
	unknown := h.Window == "named" && strings.Contains(text, "there is no record") // a flow of the other system's records
	if code == exitUsage && !unknown || code == exitUnknown && !p.life.over() {
		p.fail("a run ended with exit code %d:\n%s", code, text)
	}
	p.told = append(p.told, text)
	p.gremlins.play(nil)
	p.fate, p.set = nil, nil
	p.skew.Store(0)
}

func (p *performance) window(name string) reconcile.Window {
	switch name {
	case "since":
		return reconcile.Window{Since: p.now().AddDate(0, 0, -2)}
	case "everything":
		return reconcile.Window{Everything: true}
	case "named":
		for _, c := range p.children {
			if number := p.caseNumber(c); number != "" {
				return reconcile.Window{Named: number}
			}
		}
		return reconcile.Window{Named: "nobody"}
	}
	return reconcile.Window{}
}

// spoil says which requests go wrong, and how.
func (h rough) spoil() func(int, string, *http.Request) mishap {
	writes := 0
	return func(n int, _ string, r *http.Request) mishap {
		write := r.Method != http.MethodGet && !signsIn(r)
		if write {
			writes++
		}
		for _, m := range h.Mishaps {
			at := n
			if m.Writes {
				at = writes
			}
			if m.From <= at && at < m.From+m.Times && (write || !m.Writes) {
				return m.Mishap
			}
		}
		return noMishap
	}
}

// earlySpecs are the project before one of its NGOs had signed.
func earlySpecs(t *testing.T) *compiled {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "specs")
	if err := os.CopyFS(dir, specs.FS); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "rules", "agency.yaml")
	text, err := fs.ReadFile(specs.FS, "rules/agency.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	without := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return l == "- tpo" })
	if len(without) != len(lines)-1 {
		t.Fatal("the NGO that signed late is not confirmed")
	}
	if err := os.WriteFile(file, []byte(strings.Join(without, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := (&app{environ: func() []string { return nil }, stderr: &lockedBuffer{}, flags: flags{project: dir}}).ready()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
