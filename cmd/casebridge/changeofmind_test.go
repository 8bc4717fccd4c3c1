package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
)

// People in Primero accept what an NGO refers, take it back and accept it after
// all. The NGO learns of every turn, once, and each is seen to have arrived.
func TestDecisionsThatAreTakenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	ngo, caseID, row := r.referredByNGO(t)
	for i, turn := range [][2]string{
		{"accepted_340953", "Accepted"}, {"rejected_936484", "Exited"}, {"accepted_340953", "Accepted"},
		{"rejected_936484", "Exited"}, {"accepted_340953", "Accepted"},
	} {
		r.clock.later(time.Hour)
		if err := r.primero.DecideRow(caseID, row, turn[0]); err != nil {
			t.Fatal(err)
		}
		r.forget()
		o := r.run(t, exitDone, "run")
		if got := r.oscar.Referrals(ngo)[0].Status; got != turn[1] {
			t.Errorf("turn %d: OSCaR says %s, want %s\n%s", i+1, got, turn[1], o.out)
		}
		if _, oscar := r.writes(); oscar != 1 {
			t.Errorf("turn %d: %d writes to OSCaR, want the decision alone", i+1, oscar)
		}
		r.clock.later(time.Hour)
		r.forget()
		o = r.run(t, exitDone, "run")
		if _, oscar := r.writes(); oscar != 0 {
			t.Errorf("turn %d: the hour after it writes %d times to OSCaR\n%s", i+1, oscar, o.out)
		}
	}
	if o := r.run(t, exitDone, "parked", "list", "--awaiting"); !strings.Contains(o.out, "Nothing awaits verification") {
		t.Errorf("decisions that the list shows still wait:\n%s", o.out)
	}
}

// The answer to a decision is lost, and before it goes again it is taken back. OSCaR may have taken it, so it is told
// what was decided in the end.
func TestDecisionTakenBackAfterItsAnswerWasLost(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	ngo, caseID, row := r.referredByNGO(t)
	decide := func(code int, status, arrived string) {
		t.Helper()
		r.clock.later(time.Hour)
		if err := r.primero.DecideRow(caseID, row, status); err != nil {
			t.Fatal(err)
		}
		o := r.run(t, code, "run", "primero-to-oscar")
		if got := r.oscar.Referrals(ngo)[0].Status; got != arrived {
			t.Errorf("%s: OSCaR says %s, want %s\n%s", status, got, arrived, o.out+o.err)
		}
	}
	decide(exitDone, "accepted_340953", "Accepted")
	r.oscar.FailNext(oscarsim.Statuses, oscarsim.ResetAfter, 100)
	decide(exitPartial, "rejected_936484", "Exited") // it arrives, and nobody hears of it
	if o := r.run(t, exitDone, "state", "show"); !strings.Contains(o.out, "oscar.decision: 1 lost") {
		t.Errorf("it is not counted as lost:\n%s", o.out)
	}
	r.oscar.Heal()
	decide(exitDone, "accepted_340953", "Accepted")
	r.forget()
	r.clock.later(time.Hour)
	if o := r.run(t, exitDone, "run"); strings.Contains(o.out, "oscar.decision") {
		t.Errorf("the hour after it goes again:\n%s", o.out)
	}
}

// Whether a decision went after the backup was made, when OSCaR does not show it, only a person can say. It is neither
// lost nor told by itself, which could overturn what the NGO's people have decided since.
func TestDecisionThatABackupDoesNotKnow(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	ngo, caseID, row := r.referredByNGO(t)
	backup := r.env["CASEBRIDGE_STORE"] + ".backup"
	r.run(t, exitDone, "state", "backup", backup)
	r.env["CASEBRIDGE_STORE"] = backup
	r.clock.later(time.Hour)
	if err := r.primero.DecideRow(caseID, row, "accepted_340953"); err != nil {
		t.Fatal(err)
	}
	if o := r.run(t, exitDone, "state", "adopt"); !strings.Contains(o.out, "1 may have been sent since the backup was made and is parked") {
		t.Errorf("adopting says:\n%s", o.out)
	}
	r.run(t, exitDone, "run", "primero-to-oscar")
	if got := r.oscar.Referrals(ngo)[0].Status; got != oscarsim.Referred {
		t.Errorf("OSCaR says %s before a person has said anything", got)
	}
	list := r.run(t, exitDone, "parked", "list", "--output", "json").out
	_, id, _ := strings.Cut(list, `"id":`)
	id, _, _ = strings.Cut(id, ",")
	r.run(t, exitDone, "parked", "resend", id, "--why", "looked there", "--yes")
	r.run(t, exitDone, "run", "primero-to-oscar")
	if got := r.oscar.Referrals(ngo)[0].Status; got != oscarsim.Accepted {
		t.Errorf("OSCaR says %s when it was let go", got)
	}
}

// referredByNGO has an NGO refer a child to the government, and gives the row by which its case now says so.
func (r *rig) referredByNGO(t *testing.T) (ngo, caseID, row string) {
	t.Helper()
	ngo = r.ngos[0]
	slug, err := r.oscar.AddClient(ngo, ngoChild(1, "19"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.oscar.ReferToGovernment(ngo, slug, []string{"School support"}, "Invented reason"); err != nil {
		t.Fatal(err)
	}
	r.run(t, exitDone, "run")
	if caseID, row, err = r.incoming(); err != nil {
		t.Fatal(err)
	}
	return ngo, caseID, row
}

// A worker refers a service again that the NGO refused, on the same row. Whose answer the second one is cannot be
// known from outside, so it waits for a person; what the program tells that person to do is enough.
func TestServiceReferredAgainOnItsOwnRow(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	c := r.referred(t, 1, "counselling_trauma", "gpc")
	row := c.Services[0].ID
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	hour := func(code int) outcome {
		t.Helper()
		r.clock.later(time.Hour)
		return r.run(t, code, "run")
	}
	hour(exitDone)
	first := r.received("gpc")[0]
	slug, err := r.oscar.TakeUp("gpc", first.ID)
	do(err)
	do(r.oscar.Reject("gpc", slug))
	hour(exitDone)
	if s := r.playedCase(t, c.ID).Services[0]; s.Status != "rejected_936484" {
		t.Fatalf("the row says %q, want the refusal", s.Status)
	}

	_, err = r.primero.Refer(c.ID, playWorker, "agency-gpc-user", row, "Invented second reason")
	do(err)
	hour(exitDone)
	got := r.received("gpc")
	if len(got) != 2 {
		t.Fatalf("the NGO received %d referrals, want both", len(got))
	}
	_, err = r.oscar.LinkPending("gpc")
	do(err)
	do(r.oscar.EditReferralStatus("gpc", got[1].ID, oscarsim.Accepted))
	o := hour(exitPartial)
	if held := r.run(t, exitDone, "quarantine", "list"); !strings.Contains(held.out, "write the OSCaR referral id into it") {
		t.Fatalf("it does not say what to do:\n%s\n%s", o.out, held.out)
	}
	if n := len(r.playedCase(t, c.ID).Services); n != 1 {
		t.Errorf("the case has %d rows, want the one", n)
	}

	do(r.primero.EditService(c.ID, row, map[string]any{"oscar_referral_id_a4ac8a5": strconv.FormatInt(got[1].ID, 10)}))
	o = hour(exitDone)
	if s := r.playedCase(t, c.ID).Services[0]; s.Status != "accepted_340953" {
		t.Errorf("the row says %q, want the acceptance\n%s", s.Status, o.out)
	}
	if held := r.run(t, exitDone, "quarantine", "list"); !strings.Contains(held.out, "Nothing is in quarantine") {
		t.Errorf("what went through is still held:\n%s", held.out)
	}
}
