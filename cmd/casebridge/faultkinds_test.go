package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
)

// faulty is one way in which a fault of a kind comes about, and what the table in package engine says follows.
type faulty struct {
	kind    engine.FaultKind
	prepare func(*rig)
	says    string // a pattern of what the run says
	code    int    // its exit code
	arrived int    // of two referrals
	goesOn  bool   // the flow behind the one with the fault starts

	heal  func(*rig)    // what a person or time mends; nil: nothing
	after time.Duration // until the next run
	later int           // of the two referrals, arrived after it
	code2 int           // exit code of the next run
}

// faultKinds has every row of the table in package engine.
func faultKinds(t *testing.T) map[string]faulty {
	t.Helper()
	post := func(q *http.Request) bool { return q.Method == http.MethodPost && isCaseWrite(q) }
	window := func(q *http.Request) bool {
		return q.Method == http.MethodGet && strings.Contains(q.URL.RawQuery, "order_by=last_updated_at") // what proves the filter has no order
	}
	gone := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	t.Cleanup(gone.Close)
	password := func(name, value string) func(*rig) { return func(r *rig) { r.env[name] = value } }
	return map[string]faulty{
		"reading breaks": {kind: engine.Transient, prepare: func(r *rig) { r.primero.FailNext(window, primerosim.Status502, 1) },
			says: `Ended early: read cases: HTTP 502 \(transient\)`, code: exitPartial, arrived: 2, goesOn: true, later: 2, code2: exitDone}, // the second reading of the run works
		"no answer to what cannot be repeated": {kind: engine.Transient, prepare: func(r *rig) { r.oscar.FailNext(oscarsim.Upserts, oscarsim.HTML502, 1) },
			says: `parked 1: maybe sent`, code: exitPartial, arrived: 1, goesOn: true, later: 1, code2: exitDone},
		"no answer to what can be": {kind: engine.Transient, prepare: func(r *rig) { r.primero.FailNext(post, primerosim.Status500, 1) },
			says: `undelivered 1: harmless to repeat`, code: exitPartial, arrived: 2, goesOn: true, later: 2, code2: exitDone},
		"credentials refused": {kind: engine.Auth, prepare: password("PRIMERO_PASSWORD", "another-password"),
			says: `\(auth\)\. Check the user`, code: exitEnvironment, heal: password("PRIMERO_PASSWORD", primerosim.DefaultPassword), later: 2, code2: exitDone},
		"credentials refused on the way": {kind: engine.Auth, prepare: func(r *rig) { r.primero.FailNext(window, primerosim.Status401, 1) },
			says: `oscar-to-primero: not started(?s:.*)\(auth\)`, code: exitEnvironment, later: 2, code2: exitDone},
		"told to wait too long": {kind: engine.Rate, prepare: func(r *rig) { r.oscar.FailNext(oscarsim.Upserts, oscarsim.Echo(429), 99) },
			says: `oscar-to-primero: not started(?s:.*)\(rate\)\. The system`, code: exitPartial, heal: func(r *rig) { r.oscar.Heal() }, later: 2, code2: exitDone},
		"refused by the target": {kind: engine.Rejected, prepare: func(r *rig) { r.oscar.FailNext(oscarsim.Upserts, oscarsim.Echo(400), 99) },
			says: `quarantined 2: oscar.referral refused \(HTTP 400\)`, code: exitPartial, goesOn: true, heal: func(r *rig) { r.oscar.Heal() }, after: 25 * time.Hour, later: 2, code2: exitDone},
		"not covered by the specs": {kind: engine.Unmapped, prepare: func(r *rig) { r.markCase(map[string]any{"risk_level": "unheard-of"}) },
			says: `quarantined 1: `, code: exitPartial, arrived: 1, goesOn: true, heal: func(r *rig) { r.markCase(map[string]any{"risk_level": "low"}) }, later: 2, code2: exitDone},
		"not as it was": {kind: engine.Conflict, prepare: func(r *rig) { r.primero.FailNext(post, primerosim.Echo(409), 2) },
			says: `quarantined 1: primero.case refused \(HTTP 409\)`, code: exitPartial, arrived: 2, goesOn: true, later: 2, code2: exitDone},
		"another address": {kind: engine.Environment, prepare: password("OSCAR_URL", gone.URL),
			says: `redirects are not followed \(environment\)`, code: exitEnvironment, heal: func(r *rig) { r.env["OSCAR_URL"] = r.oscServer.url }, later: 2, code2: exitDone},
	}
}

// markCase changes the second of the two cases.
func (r *rig) markCase(fields map[string]any) {
	all, err := r.cases()
	if err == nil && len(all) > 1 {
		_ = r.primero.EditCase(all[1].ID, fields) // a case that is there can be changed
	}
}

// TestEachKindOfFaultHasOnePolicy walks the table of package engine: what becomes of the record, of the
// flow and of the run, and that the next run goes on from there.
func TestEachKindOfFaultHasOnePolicy(t *testing.T) {
	for name, f := range faultKinds(t) {
		t.Run(string(f.kind)+"/"+name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, t.TempDir())
			r.env["PRIMERO_RETRIES"], r.env["OSCAR_RETRIES"] = "0", "0"
			for i := range 2 {
				r.referred(t, i, "counselling_trauma", "gpc")
			}
			if _, err := r.oscar.AddClient("eao", ngoChild(7, "12")); err != nil {
				t.Fatal(err)
			}
			f.prepare(r)
			o := r.run(t, f.code, "run")
			if !regexp.MustCompile(f.says).MatchString(o.all()) {
				t.Errorf("it does not say %s:\n%s", f.says, o.all())
			}
			if got := len(r.allReceived()); got != f.arrived {
				t.Errorf("%d referrals arrived, want %d\n%s", got, f.arrived, o.all())
			}
			if goesOn := strings.Contains(o.out, "OSCaR to Primero") && !strings.Contains(o.out, "not started"); goesOn != f.goesOn {
				t.Errorf("the flow behind it starts: %v\n%s", goesOn, o.all())
			}
			if f.heal != nil {
				f.heal(r)
			}
			r.clock.later(max(f.after, time.Hour))
			o = r.run(t, f.code2, "run")
			if got := len(r.allReceived()); got != f.later {
				t.Errorf("%d referrals arrived in the end, want %d\n%s", got, f.later, o.all())
			}
		})
	}
}

// The table itself has a row, and a case of the test, for each kind that there is.
func TestTableOfFaultsIsWhole(t *testing.T) {
	source, err := os.ReadFile("../../engine/fault.go")
	if err != nil {
		t.Fatal(err)
	}
	tried := map[engine.FaultKind]bool{engine.Cancelled: true} // see signals_test.go
	for _, f := range faultKinds(t) {
		tried[f.kind] = true
	}
	for _, m := range regexp.MustCompile(`FaultKind = "([a-z]+)"`).FindAllStringSubmatch(string(source), -1) {
		if !regexp.MustCompile(`(?m)^//\t` + m[1] + ` .*[034]$`).Match(source) {
			t.Errorf("the table has no row for %s that ends with its exit code", m[1])
		}
		if !tried[engine.FaultKind(m[1])] {
			t.Errorf("no case tries %s", m[1])
		}
	}
}

// An NGO that the specs confirm and OSCaR does not have: its referral is put aside with the reason, not parked for ever.
func TestReferralToAnNGOThatOSCaRDoesNotHave(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	r.referred(t, 0, "counselling_trauma", "tpo")
	if err := r.oscar.EditOrganization("tpo", func(o *oscarsim.Organization) { o.Deleted = true }); err != nil {
		t.Fatal(err)
	}
	r.forget()
	o := r.run(t, exitPartial, "run")
	if _, sent := r.writes(); sent != 0 || !strings.Contains(o.out, "quarantined 1: oscar.referral refused organization_name") || strings.Contains(o.out, "parked 1") {
		t.Errorf("%d writes\n%s", sent, o.all())
	}
	if o := r.run(t, exitDone, "quarantine", "show", "1"); !strings.Contains(o.out, "OSCaR has no organization of this name") {
		t.Errorf("the entry does not say why:\n%s", o.out)
	}
}
