package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/tidwall/gjson"
)

// referred makes a case of worker1 whose row A is referred to worker2.
func referred(t testing.TB, change ...func(*sim.Options)) (w *world, caseID, refID string) {
	t.Helper()
	w = newWorld(t, change...)
	w.clock.pass(12*time.Minute + 30*time.Second + 400*time.Millisecond)
	caseID = w.child(map[string]any{"services_section": services(rowA)})
	refID, err := w.Refer(caseID, "worker1", "worker2", rowA, "please")
	if err != nil {
		t.Fatal(err)
	}
	return w, caseID, refID
}

func referrals(caseID string) string { return "/api/v2/cases/" + caseID + "/referrals" }

func (w *world) move(caseID, refID, status string) gjson.Result {
	w.t.Helper()
	return w.ask(200, "PATCH", referrals(caseID)+"/"+refID, `{"data":{"status":"`+status+`","rejected_reason":"why","rejection_note":"note"}}`).Get("data")
}

// The second exchange of Appendix A.
func TestReferralsOfACase(t *testing.T) {
	w, id, ref := referred(t)
	got := w.as("worker2", "pw2").ask(200, "GET", referrals(id), "")
	equal(t, "body", got.Raw, `{"data":[{"allow_case_creation":false,"consent_individual_transfer":false,"consent_overridden":false,`+
		`"created_at":"2026-08-20T00:12:30.400Z","id":"`+ref+`","notes":"please","record_access_denied":false,"record_id":"`+id+`",`+
		`"record_owned_by":"worker1","record_owned_by_agency":"agency-a","record_owned_by_groups":["g1"],"record_type":"case","remote":false,`+
		`"service":"x","service_record_id":"`+rowA+`","status":"in_progress","transitioned_by":"worker1","transitioned_by_user_agency":"agency-a",`+
		`"transitioned_by_user_groups":["g1"],"transitioned_to":"worker2","transitioned_to_user_agency":"agency-b","transitioned_to_user_groups":["g2"],`+
		`"type":"Referral","user_can_accept_or_reject":true}]}`)
	equal(t, "row is marked", w.stored(id).Get("services_section.0.service_status_referred").Bool(), true)
	equal(t, "recipient is assigned", w.stored(id).Get("assigned_user_names").Raw, `["worker2"]`)
	w.ask(404, "GET", referrals(id)+"/"+ref, "")
	w.ask(404, "GET", referrals("nope"), "")
}

// The third exchange of Appendix A.
func TestDoneNeedsAcceptFirst(t *testing.T) {
	w, id, ref := referred(t)
	stamp := w.stored(id).Get("last_updated_at").Str
	w.clock.pass(time.Minute)
	got := w.move(id, ref, "done")
	equal(t, "status", got.Get("status").Str, "in_progress")
	equal(t, "record", got.Get("record").Raw, `{"enabled":true,"id":"`+id+`","last_updated_at":"`+stamp+`"}`)
	equal(t, "nothing bumped", w.stored(id).Get("last_updated_at").Str, stamp)
}

func TestStateTable(t *testing.T) {
	paths := map[string]string{
		"in_progress": "", "accepted": "accepted", "rejected": "rejected", "done": "accepted done",
	}
	effective := map[string]bool{"in_progress accepted": true, "in_progress rejected": true, "accepted done": true}
	for from, path := range paths {
		for _, to := range []string{"in_progress", "accepted", "rejected", "done", "revoked", "nonsense", ""} {
			w, id, ref := referred(t)
			for _, status := range strings.Fields(path) {
				w.move(id, ref, status)
			}
			want := from
			if effective[from+" "+to] {
				want = to
			}
			equal(t, from+" to "+to, w.move(id, ref, to).Get("status").Str, want)
		}
	}
}

func TestAcceptBumpsTheStampButNotWho(t *testing.T) {
	w, id, ref := referred(t)
	w.clock.pass(time.Minute)
	got := w.move(id, ref, "accepted")
	equal(t, "responded_at", got.Get("responded_at").Str, "2026-08-20T00:13:30.400Z")
	equal(t, "stamp", w.stored(id).Get("last_updated_at").Str, "2026-08-20T00:13:30.400Z")
	equal(t, "who", w.stored(id).Get("last_updated_by").Str, "worker1")
	equal(t, "row untouched", w.stored(id).Get("services_section.0.service_implemented").Str, "not_implemented")
}

func TestAcceptDoesNotBumpUpToVersion210(t *testing.T) {
	w, id, ref := referred(t, func(o *sim.Options) { o.Version = "2.10.2" })
	w.clock.pass(time.Minute)
	w.move(id, ref, "accepted")
	equal(t, "stamp", w.stored(id).Get("last_updated_at").Str, "2026-08-20T00:12:30.400Z")
}

func TestRejectTakesTheRecipientOff(t *testing.T) {
	w, id, ref := referred(t)
	recipient := w.as("worker2", "pw2")
	recipient.ask(200, "GET", "/api/v2/cases/"+id, "")
	w.clock.pass(time.Minute)
	got := recipient.move(id, ref, "rejected")
	equal(t, "reason", got.Get("rejected_reason").Str, "why")
	equal(t, "note is for done only", got.Get("rejection_note").Exists(), false)
	equal(t, "record", got.Get("record").Exists(), false)
	equal(t, "denied", got.Get("record_access_denied").Bool(), true)
	equal(t, "who", w.stored(id).Get("last_updated_by").Str, "worker2")
	recipient.ask(403, "GET", "/api/v2/cases/"+id, "")
	equal(t, "assigned", w.stored(id).Get("assigned_user_names").Raw, "[]")
}

func TestARecipientWithAnotherReferralStays(t *testing.T) {
	w, id, ref := referred(t)
	if _, err := w.Refer(id, "worker1", "worker2", "", "again"); err != nil {
		t.Fatal(err)
	}
	w.as("worker2", "pw2").move(id, ref, "rejected")
	w.as("worker2", "pw2").ask(200, "GET", "/api/v2/cases/"+id, "")
}

func TestDoneMarksTheServiceRow(t *testing.T) {
	w, id, ref := referred(t)
	w.move(id, ref, "accepted")
	w.clock.pass(time.Minute)
	got := w.move(id, ref, "done")
	equal(t, "responded_at stays", got.Get("responded_at").Str, "2026-08-20T00:12:30.400Z")
	row := w.stored(id).Get("services_section.0")
	equal(t, "implemented", row.Get("service_implemented").Str, "implemented")
	equal(t, "when", row.Get("service_implemented_day_time").Str, "2026-08-20T00:13:30.400Z")
	equal(t, "note", row.Get("note_on_referral_from_provider").Str, "note")
}

func TestRevokeWorksFromAnyStatus(t *testing.T) {
	w, id, ref := referred(t)
	w.move(id, ref, "accepted")
	w.move(id, ref, "done")
	equal(t, "status", w.ask(200, "DELETE", referrals(id)+"/"+ref, "").Get("data.status").Str, "revoked")
	equal(t, "and stays", w.move(id, ref, "accepted").Get("status").Str, "revoked")
}

func TestWithdrawnConsentRefusesEveryAnswer(t *testing.T) {
	w, id, ref := referred(t)
	if err := w.WithdrawConsent(id); err != nil {
		t.Fatal(err)
	}
	got := w.ask(422, "PATCH", referrals(id)+"/"+ref, `{"data":{"status":"accepted"}}`)
	equal(t, "detail", got.Get("errors.0.detail").Str, "consent")
	w.ask(422, "DELETE", referrals(id)+"/"+ref, "")
	equal(t, "ignored moves are not checked", w.move(id, ref, "done").Get("status").Str, "in_progress")
	if _, err := w.Refer(id, "worker1", "worker2", "", ""); err == nil {
		t.Error("a referral without consent was made")
	}
	w.ask(200, "POST", referrals(id), `{"data":{"transitioned_to":"worker2","consent_overridden":true}}`)
}

func TestDisabledRecipientsRefuseEveryAnswerButRevoke(t *testing.T) {
	w, id, ref := referred(t)
	if err := w.DisableUser("worker2"); err != nil {
		t.Fatal(err)
	}
	got := w.ask(422, "PATCH", referrals(id)+"/"+ref, `{"data":{"status":"rejected"}}`).Get("errors.0")
	equal(t, "detail", got.Get("detail").Str, "transitioned_to")
	equal(t, "message", got.Get("message").Raw, `["transition.errors.to_user_can_receive"]`)
	w.ask(200, "DELETE", referrals(id)+"/"+ref, "")
}

func TestReferralPatchWithoutDataIs422(t *testing.T) {
	w, id, ref := referred(t)
	got := w.ask(422, "PATCH", referrals(id)+"/"+ref, `{}`)
	equal(t, "detail", got.Get("errors.0.detail").Exists(), false)
}

func TestNobodyChecksThatTheCallerIsTheRecipient(t *testing.T) {
	w, id, ref := referred(t)
	equal(t, "owner accepts", w.as("worker1", "pw1").move(id, ref, "accepted").Get("status").Str, "accepted")
	other := w.child(nil)
	equal(t, "through another case", w.move(other, ref, "done").Get("status").Str, "done")
	w.ask(404, "PATCH", referrals(id)+"/nope", `{"data":{"status":"accepted"}}`)
}

func TestCreatingReferrals(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	w.ask(500, "POST", referrals(id), `{"data":{"transitioned_to":"ghost"}}`)
	w.ask(500, "POST", referrals(id), `{"data":{"transitioned_to":"worker2","service_record_id":"`+rowA+`"}}`)
	w.ask(422, "POST", referrals(id), `{"data":{"transitioned_to":"casebridge"}}`) // the sender
	w.clock.pass(time.Second)
	got := w.ask(200, "POST", referrals(id), `{"data":{"transitioned_to":"worker2","notes":"n"}}`).Get("data")
	equal(t, "status", got.Get("status").Str, "in_progress")
	equal(t, "record", got.Get("record.last_updated_at").Str, "2026-08-20T00:00:01.000Z")
	remote := w.ask(200, "POST", referrals(id), `{"data":{"transitioned_to_remote":"x","remote":true}}`).Get("data")
	equal(t, "remote", remote.Get("remote").Bool(), true)
	equal(t, "remote gives no access", w.stored(id).Get("assigned_user_names").Raw, `["worker2"]`)
}

func TestWhoSeesWhichReferrals(t *testing.T) {
	w, id, _ := referred(t, func(o *sim.Options) {
		o.Users = append(o.Users,
			sim.User{UserName: "leadb", Password: "pw", Agency: "agency-b", Role: sim.Role{Scope: "agency"}},
			sim.User{UserName: "groupb", Password: "pw", Groups: []string{"g2"}, Role: sim.Role{Scope: "group"}},
			sim.User{UserName: "finder", Password: "pw", Role: sim.Role{Scope: "identified"}})
	})
	if _, err := w.Refer(id, "worker1", "lead", "", ""); err != nil {
		t.Fatal(err)
	}
	count := func(name, password string) int64 {
		return w.as(name, password).ask(200, "GET", referrals(id), "").Get("data.#").Int()
	}
	equal(t, "all", count(sim.DefaultUser, sim.DefaultPassword), 2)
	equal(t, "owner", count("worker1", "pw1"), 2)
	equal(t, "owner's agency", count("lead", "pw3"), 2)
	equal(t, "recipient", count("worker2", "pw2"), 1)
	equal(t, "recipient's agency", count("leadb", "pw"), 1)
	equal(t, "recipient's group", count("groupb", "pw"), 1)
	found := w.child(map[string]any{"identified_by": "finder"})
	w.as("finder", "pw").ask(500, "GET", referrals(found), "")
	equal(t, "no referrals", w.ask(200, "GET", referrals(found), "").Raw, `{"data":[]}`)
}
