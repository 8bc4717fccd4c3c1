package main

import (
	"strings"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
)

func mustSay(t *testing.T, o outcome, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(o.out, line) {
			t.Errorf("%q is not in\n%s", line, o.all())
		}
	}
}

// People know a case by its short id: plan, run and explain take it, and any other id that the system can look up.
func TestAShortIDNamesACase(t *testing.T) {
	r := newRig(t, t.TempDir())
	c := r.referred(t, 1, "counselling_trauma", "gpc")
	r.referred(t, 2, "counselling_family", "tpo")
	r.run(t, exitDone, "run", "oscar-ids")
	for _, name := range []string{c.CaseID, c.Display, c.ID} {
		mustSay(t, r.run(t, exitDone, "plan", "primero-to-oscar", "--case", name), "Would create 0, update 0, send 1. Read 1 (the record "+name+")")
	}
	mustSay(t, r.run(t, exitDone, "explain", c.Display, "--flow", "primero-to-oscar"), "case "+c.CaseID+" · referral ", "the next run sends it")
	mustSay(t, r.run(t, exitDone, "run", "primero-to-oscar", "--case", c.Display), "sent 1. Read 1 ")
	if o := r.run(t, exitUsage, "plan", "primero-to-oscar", "--case", "nobody"); !strings.Contains(o.err, "there is no record nobody for primero-to-oscar") {
		t.Error(o.err)
	}
}

// A send whose answer was lost, and a record that the cursor has passed.
func TestExplainKnowsWhatTheStoreKnows(t *testing.T) {
	r := newRig(t, t.TempDir())
	c := r.referred(t, 1, "counselling_trauma", "gpc")
	r.run(t, exitDone, "run", "oscar-ids")
	r.oscar.FailNext(oscarsim.Upserts, oscarsim.ResetAfter, 1)
	r.run(t, exitPartial, "run", "primero-to-oscar")
	mustSay(t, r.run(t, exitDone, "explain", c.CaseID, "--flow", "primero-to-oscar"),
		"not carried (blocked)", "  because     maybe sent: waiting until it is seen or a person decides",
		"  ledger      number 1, parked since 2026-11-23 08:00: it may have arrived, so it is never sent again by itself")
	r.clock.later(48 * time.Hour)
	r.referred(t, 2, "counselling_family", "tpo")
	r.run(t, exitDone, "run", "primero-to-oscar")
	mustSay(t, r.run(t, exitDone, "explain", c.CaseID, "--flow", "primero-to-oscar"),
		"  next run    does not read it: it changed on 2026-11-23 08:00 and an earlier run has passed it (the window begins on 2026-11-25 07:50); `casebridge run primero-to-oscar --case "+c.CaseID+"` takes it now")
	if primero, oscar := r.writes(); primero+oscar == 0 {
		t.Error("the counters are broken")
	}
	r.forget()
	r.run(t, exitDone, "explain", c.CaseID)
	if primero, oscar := r.writes(); primero+oscar != 0 {
		t.Errorf("explain wrote %d and %d times", primero, oscar)
	}
}
