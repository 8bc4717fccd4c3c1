package sim_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
	"github.com/tidwall/gjson"
)

func TestAWorkersDay(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"case_id": "c1"})
	row, err := w.AddService(id, map[string]any{"service_type": "x", "service_response_type": "referral_from_oscar"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "workflow", w.stored(id).Get("workflow").Str, "referral_from_oscar")
	for what, err := range map[string]error{
		"decide":   w.DecideRow(id, row, "accepted"),
		"reassign": w.Reassign(id, "worker2"),
		"close":    w.Close(id),
		"reopen":   w.Reopen(id),
	} {
		equal(t, what, err, nil)
	}
	got := gjson.ParseBytes(w.CaseBy("case_id", "c1"))
	equal(t, "decided", got.Get("services_section.0.referral_status_x").Str, "accepted")
	equal(t, "owner", got.Get("owned_by").Str, "worker2")
	equal(t, "status", got.Get("status").Str, "open")
	for what, err := range map[string]error{
		"case": w.Close("nope"), "row": w.DecideRow(id, "nope", "accepted"), "user": w.Reassign(id, "ghost"),
		"referral": w.Accept("nope", "worker1"), "recipient": w.DisableUser("ghost"),
	} {
		equal(t, "unknown "+what+" is an error", err != nil, true)
	}
}

func TestPeopleAnswerReferrals(t *testing.T) {
	w, id, ref := referred(t)
	equal(t, "done too early", w.Done(ref, "worker2", "n") != nil, true)
	equal(t, "accept", w.Accept(ref, "worker2"), nil)
	equal(t, "done", w.Done(ref, "worker2", "n"), nil)
	equal(t, "status", gjson.GetBytes(w.Referrals(id)[0], "status").Str, "done")
	second, err := w.Refer(id, "worker1", "worker2", "", "")
	equal(t, "second", err, nil)
	equal(t, "reject", w.Reject(second, "worker2", "full"), nil)
	equal(t, "reason", gjson.GetBytes(w.Referrals(id)[1], "rejected_reason").Str, "full")
	equal(t, "revoke", w.Revoke(second, "worker1"), nil)
}

func TestSnapshotsDifferByContentOnly(t *testing.T) {
	w, id, ref := referred(t)
	before := w.Snapshot()
	w.clock.pass(time.Hour)
	w.patch(id, `{}`)
	equal(t, "touched", string(w.Snapshot()), string(before))
	w.patch(id, `{"age":1}`)
	if bytes.Equal(w.Snapshot(), before) {
		t.Error("a change does not show")
	}
	before = w.Snapshot()
	if err := w.Accept(ref, "worker2"); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(w.Snapshot(), before) {
		t.Error("an accepted referral does not show")
	}
	equal(t, "valid JSON", gjson.ValidBytes(w.Snapshot()), true)
}

func TestIDsFollowTheSeed(t *testing.T) {
	first := func(seed int64) string { return newWorld(t, func(o *sim.Options) { o.Seed = seed }).child(nil) }
	equal(t, "same seed", first(7), first(7))
	equal(t, "other seed", first(7) == first(8), false)
}

func TestCasesStandInOrderOfCreation(t *testing.T) {
	w := newWorld(t)
	a, b := w.child(nil), w.child(nil)
	w.patch(a, `{"age":1}`)
	all := w.Cases()
	equal(t, "order", []string{gjson.GetBytes(all[0], "id").Str, gjson.GetBytes(all[1], "id").Str}, []string{a, b})
	equal(t, "no such case", w.Case("nope") == nil && w.CaseBy("age", "x") == nil, true)
}

func TestOwnersWhoLeftStay(t *testing.T) {
	w := newWorld(t)
	id := w.AddCase(map[string]any{"owned_by": "gone", "owned_by_agency_id": "agency-z"})
	equal(t, "owner", w.stored(id).Get("owned_by").Str, "gone")
	equal(t, "agency", w.stored(id).Get("owned_by_agency_id").Str, "agency-z")
}

func TestAnyFieldTypeIsServed(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) {
		o.Fields = append(o.Fields, engine.Field{Name: "tally", Type: engine.Any}, engine.Field{Name: "computed", Type: engine.Number},
			engine.Field{Name: "shown_only", Type: engine.Text, ReadOnly: true}, engine.Field{Name: "yes_no", Type: engine.CodeOne, Codes: "yes_no"})
		o.Codes["yes_no"] = []string{"true", "false"}
	})
	id := w.child(map[string]any{"tally": map[string]any{"a": 1}, "shown_only": "x"})
	w.patch(id, `{"tally":{"b":2},"computed":1.5,"shown_only":"y","yes_no":true}`)
	got := w.stored(id)
	equal(t, "objects merge", got.Get("tally").Raw, `{"a":1,"b":2}`)
	equal(t, "number", got.Get("computed").Raw, "1.5")
	equal(t, "read only", got.Get("shown_only").Str, "x")
	equal(t, "radio with booleans", got.Get("yes_no").Raw, "true")
}
