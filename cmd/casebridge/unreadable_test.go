package main

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
)

// garbled is a way to OSCaR on which one client of every list gets a second given name, or another field twice, so
// that nobody can say which of the two counts.
type garbled struct{ slug, field string }

func (g *garbled) RoundTrip(q *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(q)
	if err != nil || g.slug == "" || !oscarsim.Lists(q) {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	name := `"slug":"` + g.slug + `"`
	body = bytes.ReplaceAll(body, []byte(name), []byte(name+`,"`+cmp.Or(g.field, "given_name")+`":"Another"`))
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return answer, err
}

// past is a run of casebridge an hour later, on this way.
func (r *rig) past(t *testing.T, g *garbled, code int, args ...string) string {
	t.Helper()
	r.clock.later(time.Hour)
	var out lockedBuffer
	a := app{environ: r.environ, stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: r.clock.now, transport: g}
	if got := a.run(t.Context(), args); got != code {
		t.Fatalf("casebridge %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, out.String())
	}
	return out.String()
}

// takenUp makes a client of the one referral that the NGO got.
func (r *rig) takenUp(t *testing.T, ngo string) (slug string) {
	t.Helper()
	slug, err := r.oscar.TakeUp(ngo, r.received(ngo)[0].ID)
	if err == nil {
		err = r.oscar.Accept(ngo, slug)
	}
	if err != nil {
		t.Fatal(err)
	}
	return slug
}

// A client that cannot be read stays in quarantine under its name, and what its NGO decided arrives when it can be
// read again, however long ago the window has passed it and although it has not changed.
func TestUnreadableClientIsDeliveredLater(t *testing.T) {
	t.Parallel()
	r, g := newRig(t, t.TempDir()), &garbled{}
	c := r.referred(t, 0, "counselling_trauma", "gpc")
	r.past(t, g, exitDone, "run")
	g.slug = r.takenUp(t, "gpc")
	r.past(t, g, exitPartial, "run")
	r.clock.later(40 * 24 * time.Hour)
	r.past(t, g, exitPartial, "run")
	held := r.run(t, exitDone, "quarantine", "list").out
	for _, want := range []string{"a field stands in it twice", "client gpc/" + g.slug + " · the whole record  since", "next: correct the record in oscar; "} {
		if !strings.Contains(held, want) {
			t.Errorf("it does not say %q:\n%s", want, held)
		}
	}
	if s := r.playedCase(t, c.ID).Services[0]; s.Status != "" {
		t.Errorf("the row says %q", s.Status)
	}
	g.slug = ""
	r.clock.later(25 * time.Hour)
	r.past(t, g, exitDone, "run")
	if s := r.playedCase(t, c.ID).Services[0]; s.Status != "accepted_340953" {
		t.Errorf("the row says %q, want the acceptance", s.Status)
	}
	if held := r.run(t, exitDone, "quarantine", "list").out; !strings.Contains(held, "Nothing is in quarantine") {
		t.Errorf("what went through is still held:\n%s", held)
	}
}

// A referral that may have arrived stays parked while the client that would show it cannot be read, and nobody is
// told that the runs since then looked for it and did not find it.
func TestParkedReferralOfAnUnreadableClient(t *testing.T) {
	t.Parallel()
	r, g := newRig(t, t.TempDir()), &garbled{}
	r.env["OSCAR_RETRIES"] = "0"
	r.referred(t, 0, "counselling_trauma", "gpc")
	r.oscar.FailNext(oscarsim.Upserts, oscarsim.HTML502After, 1)
	r.past(t, g, exitPartial, "run")
	r.past(t, g, exitDone, "run")
	before := r.run(t, exitDone, "parked", "list").out
	g.slug = r.takenUp(t, "gpc")
	for range 2 {
		r.past(t, g, exitPartial, "run")
	}
	list := r.run(t, exitDone, "parked", "list").out
	if !strings.Contains(before, "last 2026-11-23 10:00, and not found") || list != before {
		t.Errorf("parked list said, and says now:\n%s\n%s", before, list)
	}
	g.slug = ""
	r.clock.later(25 * time.Hour)
	r.past(t, g, exitDone, "run")
	if o := r.run(t, exitDone, "state", "show"); !strings.Contains(o.out, "oscar.referral: 1 shown") || len(r.received("gpc")) != 1 {
		t.Errorf("%d referrals arrived\n%s", len(r.received("gpc")), o.out)
	}
}

// An NGO's client that cannot be read is a home of its child all the same: what would overwrite it is not sent.
func TestUnreadableClientCountsAsAHome(t *testing.T) {
	t.Parallel()
	r, g := newRig(t, t.TempDir()), &garbled{}
	c := r.playedCase(t, r.primero.AddCase(childCase(0)))
	child := ngoChild(7, "12")
	child.ExternalID, child.ExternalIDDisplay = c.CaseID, c.Display
	add := func(ngo string) string {
		slug, err := r.oscar.AddClient(ngo, child)
		if err != nil {
			t.Fatal(err)
		}
		return slug
	}
	g.slug = add("sk")
	seen, err := r.oscar.Client("sk", g.slug)
	if err != nil {
		t.Fatal(err)
	}
	child.GlobalID = seen.GlobalID
	add("gpc")
	r.referAgain(t, c.ID, "counselling_trauma", "gpc")
	for range 2 {
		if out := r.past(t, g, exitPartial, "run"); !strings.Contains(out, "this child is in several NGOs") {
			t.Errorf("it does not say why nothing is sent:\n%s", out)
		}
	}
	if n := len(r.received("gpc")); n != 0 {
		t.Errorf("%d referrals were sent", n)
	}
	if now, err := r.oscar.Client("sk", g.slug); err != nil || now.FamilyName != child.FamilyName {
		t.Errorf("the other NGO's client is %q now, %v", now.FamilyName, err)
	}
}

// A client of which nobody can say whose it is holds up no other child, and it is told that there is one.
func TestUnreadableLinkIsAGap(t *testing.T) {
	t.Parallel()
	r, g := newRig(t, t.TempDir()), &garbled{field: "external_id"}
	slug, err := r.oscar.AddClient("sk", ngoChild(7, "12"))
	if err != nil {
		t.Fatal(err)
	}
	r.referred(t, 0, "counselling_trauma", "gpc")
	g.slug = slug
	if out := r.past(t, g, exitPartial, "run"); len(r.received("gpc")) != 1 {
		t.Errorf("another child's referral did not arrive:\n%s", out)
	}
	if o := r.run(t, exitDone, "state", "show"); !strings.Contains(o.out, "of 1 record it is not known whose it is") {
		t.Errorf("state show does not tell:\n%s", o.out)
	}
	if o := r.run(t, exitDone, "quarantine", "list"); !strings.Contains(o.out, "sk/"+slug) {
		t.Errorf("it is not in quarantine:\n%s", o.out)
	}
	g.slug = ""
	r.clock.later(25 * time.Hour)
	r.past(t, g, exitDone, "run")
	if o := r.run(t, exitDone, "state", "show"); strings.Contains(o.out, "not known whose") {
		t.Errorf("it was read, and state show says:\n%s", o.out)
	}
}

// What the old jobs sent is taken over only beside lists that can be read.
func TestAdoptingBesideAnUnreadableClient(t *testing.T) {
	t.Parallel()
	r, g := newRig(t, t.TempDir()), &garbled{}
	r.referred(t, 0, "counselling_trauma", "gpc")
	r.past(t, g, exitDone, "run")
	g.slug = r.takenUp(t, "gpc")
	r.env["CASEBRIDGE_STORE"] += ".new"
	out := r.past(t, g, exitEnvironment, "state", "adopt", "--why", "cut-over")
	if !strings.Contains(out, "gpc/"+g.slug) || !strings.Contains(out, "correct that record in its system, then adopt again") {
		t.Errorf("it says:\n%s", out)
	}
	g.slug = ""
	r.past(t, g, exitDone, "state", "adopt", "--why", "cut-over")
	r.past(t, g, exitDone, "run")
	if n := len(r.received("gpc")); n != 1 {
		t.Errorf("the NGO has it %d times", n)
	}
}
