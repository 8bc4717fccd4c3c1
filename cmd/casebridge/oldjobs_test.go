package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
)

// What the jobs before got wrong and a single record cannot show: paging, crashes,
// retries, and what lives from one run to the next. The others are cases in specs/tests;
// TestEveryOldFaultIsCovered counts both.

// once leaves an answer as it is; tests that let something fail do not want to wait for repetitions.
var once = []string{"--set", "connections.primero.retries=0", "--set", "connections.oscar.retries=0"}

func TestOldJobs03_OneBadRecordStopsNothingBehindIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	refer := func(i int, ngo string, more map[string]any) string {
		id := r.primero.AddCase(with(childCase(i), more))
		r.referAgain(t, id, "counselling_trauma", ngo)
		return id
	}
	refer(1, "gpc", nil)
	refer(2, "gpc", map[string]any{"risk_level": nil}) // a missing field
	refer(3, "gpc", nil)
	refer(4, "newngo", nil) // an NGO that nobody confirmed
	refer(5, "gpc", nil)
	r.internalReferral(t, 6)
	refer(7, "gpc", nil)
	r.oscar.FailNext(oscarsim.Upserts, oscarsim.HTML502, 1) // one of them gets no answer

	dangling := ngoChild(13, "03")
	dangling.ExternalID, dangling.ExternalIDDisplay = "a-case-that-is-not-there", "unknown"
	future := ngoChild(14, "04") // Primero refuses a child that is not born yet
	future.DateOfBirth = "2030-01-01"
	for _, child := range []oscarsim.Child{ngoChild(11, "02"), dangling, ngoChild(12, "19"), future, ngoChild(15, "08")} {
		if _, err := r.oscar.AddClient("eao", child); err != nil {
			t.Fatal(err)
		}
	}

	o := r.run(t, exitPartial, append([]string{"run"}, once...)...)
	if got := len(r.received("gpc")); got != 3 {
		t.Errorf("gpc received %d referrals, want 3 of the 4 good ones", got)
	}
	if got := len(r.primero.Cases()); got != 7+3 {
		t.Errorf("Primero has %d cases, want 10: three of the clients were good", got)
	}
	for _, want := range []string{
		"parked 1", "agency-newngo", "level_of_risk", "skipped 1: an ordinary internal referral",
		"Primero has not exactly one case", "primero.case refused (HTTP 422) date_of_birth",
	} {
		if !strings.Contains(o.out, want) {
			t.Errorf("the run does not say %q", want)
		}
	}
	if strings.Contains(o.out, "not started") {
		t.Error("a flow did not start")
	}
	if t.Failed() {
		t.Log(o.out)
	}
}

// internalReferral refers a service inside the government, of a case that also asks an NGO for one.
func (r *rig) internalReferral(tb testing.TB, i int) {
	tb.Helper()
	id := r.primero.AddCase(childCase(i))
	if _, err := r.primero.AddService(id, serviceRow("counselling", "counselling_family", "agency-gpc", r.clock.now())); err != nil {
		tb.Fatal(err)
	}
	row, err := r.primero.AddService(id, map[string]any{"service_type": "counselling"})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := r.primero.Refer(id, playWorker, playManager, row, "Invented reason"); err != nil {
		tb.Fatal(err)
	}
}

func isCaseWrite(q *http.Request) bool {
	return (q.Method == http.MethodPost || q.Method == http.MethodPatch) && strings.HasPrefix(q.URL.Path, "/api/v2/cases")
}

func TestOldJobs04_CursorMovesOnlyAfterDelivery(t *testing.T) {
	t.Parallel()
	t.Run("when the writes fail", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, t.TempDir())
		for i := range 3 {
			if _, err := r.oscar.AddClient("eao", ngoChild(i, "19")); err != nil {
				t.Fatal(err)
			}
		}
		r.primero.FailNext(isCaseWrite, primerosim.Reset, 3)
		o := r.run(t, exitPartial, append([]string{"run", "oscar-to-primero"}, once...)...)
		if !strings.Contains(o.out, "undelivered 3") {
			t.Errorf("the run does not say that three were not delivered\n%s", o.out)
		}
		if o := r.run(t, exitDone, "state", "show"); !strings.Contains(o.out, "cursor   oscar-to-primero: never moved") {
			t.Errorf("the cursor passed what was not delivered\n%s", o.out)
		}
		r.clock.later(time.Hour)
		r.run(t, exitDone, "run", "oscar-to-primero")
		if got := len(r.primero.Cases()); got != 3 {
			t.Errorf("Primero has %d cases, want 3", got)
		}
	})
	t.Run("when the reading breaks", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, t.TempDir())
		for i := range 90 {
			r.referred(t, i, "counselling_trauma", "gpc")
			r.clock.later(time.Second)
		}
		pages := 0
		r.primero.FailNext(func(q *http.Request) bool {
			if q.Method == http.MethodGet && strings.Contains(q.URL.RawQuery, "order_by=") {
				pages++
			}
			return pages == 3
		}, primerosim.Status500, 1)
		args := append([]string{"run", "primero-to-oscar", "--set", "connections.primero.page=20"}, once...)
		r.run(t, exitDone, "run", "oscar-ids")
		o := r.run(t, exitPartial, args...)
		if got := len(r.received("gpc")); got == 0 || got >= 90 {
			t.Fatalf("gpc received %d referrals; the reading was to break in the middle\n%s", got, o.out)
		}
		r.run(t, exitDone, args...)
		if got := len(r.received("gpc")); got != 90 {
			t.Errorf("gpc received %d referrals, want each of 90 once", got)
		}
	})
	t.Run("when OSCaR could not be read first", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, t.TempDir())
		r.referred(t, 1, "counselling_trauma", "gpc")
		r.clock.later(time.Hour)
		r.primero.AddCase(childCase(2)) // a newer case, with which a cursor could move on
		r.oscar.FailNext(oscarsim.Lists, oscarsim.HTML500, 2)
		r.run(t, exitPartial, append([]string{"run"}, once...)...)
		r.clock.later(time.Hour)
		o := r.run(t, exitDone, "run")
		if got := len(r.received("gpc")); got != 1 {
			t.Errorf("gpc received %d referrals, want 1: the cursor passed a case about which nothing could be decided\n%s", got, o.out)
		}
	})
}

func TestOldJobs05_ReadsEveryPage(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	const cases, services = 2300, 690
	for i := range cases {
		id := r.primero.AddCase(childCase(i))
		if i%10 != 9 {
			continue
		}
		for _, subtype := range []string{"counselling_trauma", "family_based_care_kinship", "training_education_life_skills"} {
			r.referAgain(t, id, subtype, r.ngos[i%len(r.ngos)])
		}
	}
	o := r.run(t, exitDone, "run", "--set", "limits.primero-to-oscar.sends=1000")
	if got := len(r.allReceived()); got != services {
		t.Errorf("the NGOs received %d referrals, want %d", got, services)
	}
	if want := fmt.Sprintf("Read %d ", cases); !strings.Contains(o.out, want) {
		t.Errorf("the run does not say %q\n%s", want, o.out)
	}
}

// lostAnswers are the ways in which OSCaR can take a referral and say nothing of use.
var lostAnswers = map[string]oscarsim.Failure{
	"reset": oscarsim.ResetAfter, "proxy page": oscarsim.HTML502After, "cut": oscarsim.CutAfter(5),
}

func TestOldJobs11_LostAnswerMakesNoSecondReferral(t *testing.T) {
	t.Parallel()
	for name, failure := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, t.TempDir())
			c := r.referred(t, 1, "counselling_trauma", "gpc")
			r.oscar.FailNext(oscarsim.Upserts, failure, 1)
			o := r.run(t, exitPartial, "run")
			if !strings.Contains(o.out, "parked 1") {
				t.Errorf("the run does not say that one is parked\n%s", o.out)
			}
			r.neverAgain(t, c)
		})
	}
	t.Run("the process is killed", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, t.TempDir())
		r.clock.real() // the other process has no other
		c := r.referred(t, 1, "counselling_trauma", "gpc")
		r.oscar.FailNext(oscarsim.Upserts, oscarsim.SlowAfter(time.Minute), 1)
		r.killWhen(t, func() bool { return len(r.received("gpc")) == 1 }, "run")
		r.clock.later(5 * time.Minute) // its lease runs out
		r.neverAgain(t, c)
	})
}

// neverAgain runs for hours and asks for the case by name; the NGO has the referral once, and
// the send closes when the NGO shows it.
func (r *rig) neverAgain(t *testing.T, c playedCase) {
	t.Helper()
	r.clock.later(time.Hour)
	r.carry(t, "run")
	r.casebridge(t, "run", "primero-to-oscar", "--case", c.CaseID)
	if o := r.run(t, exitDone, "state", "show"); !strings.Contains(o.out, "sends    oscar.referral: 1 parked") {
		t.Errorf("the lost send is not parked\n%s", o.out)
	}
	received := r.received("gpc")
	if len(received) != 1 {
		t.Fatalf("gpc received %d referrals, want 1", len(received))
	}
	if _, err := r.oscar.TakeUp("gpc", received[0].ID); err != nil {
		t.Fatal(err)
	}
	r.clock.later(time.Hour)
	r.run(t, exitDone, "run")
	if o := r.run(t, exitDone, "state", "show"); !strings.Contains(o.out, "sends    oscar.referral: 1 shown") {
		t.Errorf("the send did not close when the NGO showed it\n%s", o.out)
	}
	if got := len(r.received("gpc")); got != 1 {
		t.Errorf("gpc received %d referrals, want 1", got)
	}
}

// carry runs casebridge where it does not matter whether it ends done or partial.
func (r *rig) carry(t *testing.T, args ...string) {
	t.Helper()
	if o := r.casebridge(t, args...); o.code != exitDone && o.code != exitPartial {
		t.Fatalf("exit code %d\n%s", o.code, o.all())
	}
}

func TestOldJobs17_QuietHoursWriteNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	r.clock.later(15 * time.Hour) // 23:00: the nightly sweep will fall into the quiet hours
	if err := r.fill(40, 40); err != nil {
		t.Fatal(err)
	}
	r.referred(t, 90, "counselling_family", "newngo")
	r.carry(t, "run")
	r.clock.later(time.Hour)

	// A busy hour: decisions on both sides, a second referral, a new owner, a lost answer.
	for _, ref := range r.received(r.ngos[0]) {
		slug, err := r.oscar.TakeUp(r.ngos[0], ref.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.oscar.Accept(r.ngos[0], slug); err != nil {
			t.Fatal(err)
		}
	}
	id, row, err := r.incoming()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.primero.DecideRow(id, row, "accepted_340953"); err != nil {
		t.Fatal(err)
	}
	if err := r.primero.Reassign(id, playManager); err != nil {
		t.Fatal(err)
	}
	r.oscar.FailNext(oscarsim.Upserts, oscarsim.ResetAfter, 1)
	r.referred(t, 91, "counselling_family", r.ngos[1])
	r.forget()
	r.carry(t, "run")
	if primero, oscar := r.writes(); primero == 0 || oscar == 0 {
		t.Fatalf("the busy hour wrote %d and %d; it was to be busy", primero, oscar)
	}

	for hour := range 4 {
		r.clock.later(time.Hour)
		r.forget()
		o := r.casebridge(t, "run")
		if primero, oscar := r.writes(); primero+oscar > 0 {
			t.Errorf("quiet hour %d: %d writes to Primero, %d to OSCaR\n%s", hour+1, primero, oscar, o.all())
		}
	}
}

func TestOldJobs18_ServerErrorsDoNotEndTheProcess(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	r.referred(t, 1, "counselling_trauma", "gpc")
	r.referred(t, 2, "counselling_family", "tpo")
	for i := range 2 {
		if _, err := r.oscar.AddClient("eao", ngoChild(10+i, "19")); err != nil {
			t.Fatal(err)
		}
	}
	r.primero.FailNext(func(q *http.Request) bool { return strings.Contains(q.URL.RawQuery, "order_by=") }, primerosim.Status502, 1)
	r.primero.FailNext(isReferralList, primerosim.Status500, 1)
	r.primero.FailNext(isCaseWrite, primerosim.ResetAfter, 1)
	r.oscar.FailNext(oscarsim.Lists, oscarsim.HTML500, 1)
	// The token runs out between signing in and the first referral.
	r.primero.Switch(func(s *primerosim.Switches) {
		var expire sync.Once
		s.Fault = func(q *http.Request) primerosim.Fault {
			if isReferralList(q) {
				expire.Do(r.oscar.ExpireTokens)
			}
			return primerosim.Fault{}
		}
	})
	o := r.run(t, exitDone, "run")
	if len(r.received("gpc")) != 1 || len(r.received("tpo")) != 1 {
		t.Errorf("the NGOs received %d and %d referrals, want 1 and 1\n%s", len(r.received("gpc")), len(r.received("tpo")), o.out)
	}
	if got := len(r.primero.Cases()); got != 4 {
		t.Errorf("Primero has %d cases, want 4\n%s", got, o.out)
	}
	signIns := 0
	for _, q := range r.oscar.Log() {
		if strings.HasSuffix(q.Path, "/sign_in") {
			signIns++
		}
	}
	if signIns != 2 {
		t.Errorf("%d sign-ins to OSCaR, want the first and one renewal", signIns)
	}
}

func TestOldJobs20_ResendOneCaseWithoutEditingAnything(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	c := r.referred(t, 1, "counselling_trauma", "gpc")
	other := r.referred(t, 2, "counselling_trauma", "gpc")
	for _, id := range []string{c.ID, other.ID} {
		if err := r.primero.EditCase(id, map[string]any{"risk_level": nil}); err != nil {
			t.Fatal(err)
		}
	}
	r.run(t, exitPartial, "run")
	before := r.cursors(t)

	// Weeks later somebody fills the field in, from a machine whose change the cursor will not see.
	r.clock.later(21 * 24 * time.Hour)
	for _, id := range []string{c.ID, other.ID} {
		if err := r.primero.EditCase(id, map[string]any{"risk_level": "low"}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // twice: asking again sends nothing again
		r.run(t, exitDone, "run", "primero-to-oscar", "--case", c.CaseID)
		received := r.received("gpc")
		if len(received) != 1 || received[0].ExternalID != c.CaseID {
			t.Fatalf("gpc received %d referrals, want that of the one case", len(received))
		}
	}
	if after := r.cursors(t); after != before {
		t.Errorf("the cursors moved:\n%s\n%s", before, after)
	}
	if o := r.run(t, exitDone, "quarantine", "list"); strings.Contains(o.out, c.CaseID) || !strings.Contains(o.out, other.CaseID) {
		t.Errorf("the entry of the case, and only that, was to close\n%s", o.out)
	}
}

// cursors are the lines of `state show` that say how far each flow has come.
func (r *rig) cursors(t *testing.T) string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(r.run(t, exitDone, "state", "show").out) {
		if strings.HasPrefix(line, "cursor") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
