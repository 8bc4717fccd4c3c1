package main

import (
	"strings"
	"testing"
	"time"
)

// People in Primero accept what an NGO refers, take it back and accept it after
// all. The NGO learns of every turn, once, and each is seen to have arrived.
func TestDecisionsThatAreTakenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	ngo := r.ngos[0]
	slug, err := r.oscar.AddClient(ngo, ngoChild(1, "19"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.oscar.ReferToGovernment(ngo, slug, []string{"School support"}, "Invented reason"); err != nil {
		t.Fatal(err)
	}
	r.run(t, exitDone, "run")
	caseID, row, err := r.incoming()
	if err != nil {
		t.Fatal(err)
	}
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
