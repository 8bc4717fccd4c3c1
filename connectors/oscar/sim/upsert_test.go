package sim

import (
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func strays(d *desk) int {
	n := 0
	used := map[string]bool{}
	for _, r := range d.AllReferrals() {
		used[r.GlobalID] = true
	}
	for _, id := range d.Identities() {
		if len(id.Homes) == 0 && !used[id.GlobalID] {
			n++
		}
	}
	return n
}

func TestFirstReferralIsPendingAndNotListed(t *testing.T) {
	d := open(t)
	status, answer := d.upsertForm(nil)
	equal(t, "status", status, 200)
	equal(t, "answer", answer, `{"external_id":"case-1","message":"Record saved."}`)
	r := d.Referrals("lotus")[0]
	equal(t, "status", r.Status, Referred)
	equal(t, "saved", r.Saved, false)
	equal(t, "client", r.ClientSlug, "")
	equal(t, "from", r.From, "MoSVY External System")
	equal(t, "direction", r.Direction, "received")
	equal(t, "name", r.ClientName, "Dara Test")
	equal(t, "date", r.Date, "2024-05-10")
	equal(t, "rows", len(d.list("")), 0)
}

func TestRepeatedUpsertMakesDuplicateReferral(t *testing.T) {
	d := open(t)
	d.mustUpsert(nil)
	d.mustUpsert(nil)
	d.mustUpsert(nil)
	rows := d.Referrals("lotus")
	equal(t, "referrals", len(rows), 3)
	equal(t, "same child", rows[0].GlobalID == rows[2].GlobalID, true)
	equal(t, "stray identities", strays(d), 2)
}

func TestUpsertAfterTakeUpIsRefusedWithoutGlobalID(t *testing.T) {
	d := open(t)
	d.taken(nil)
	status, answer := d.upsertForm(nil)
	equal(t, "status", status, 422)
	equal(t, "answer", answer, `{"external_id":"case-1","message":"Record was found.","errors":{"global_id":"global_id must exist.","referral_status":"referral_status must be present."}}`)
	equal(t, "referrals", len(d.Referrals("lotus")), 1)
	equal(t, "stray identities", strays(d), 1)
	status, answer = d.upsertForm(map[string]any{"global_id": "unknown"})
	equal(t, "with an unknown id", status, 422)
	contains(t, answer, `"errors":{}`)
}

func TestUpsertAfterArchivedTakeUpMakesAnotherReferral(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.ok(d.Archive("lotus", c.Slug))
	d.mustUpsert(nil)
	equal(t, "referrals", len(d.Referrals("lotus")), 2)
}

func TestUnknownGlobalIDCommitsAndAnswers500(t *testing.T) {
	d := open(t)
	status, _ := d.upsertForm(map[string]any{"global_id": "01UNKNOWN"})
	equal(t, "first", status, 500)
	equal(t, "referrals", len(d.Referrals("lotus")), 1)
	d.mustUpsert(map[string]any{"global_id": "01UNKNOWN"})
	equal(t, "after the retry", len(d.Referrals("lotus")), 2)
}

func TestTakeUpOfUnknownGlobalIDMintsAnother(t *testing.T) {
	d := open(t)
	d.upsertForm(map[string]any{"global_id": "01UNKNOWN"})
	slug := must(d.TakeUp("lotus", 1))
	c := must(d.Client("lotus", slug))
	equal(t, "length", len(c.GlobalID), 26)
}

func TestSecondReferralWithGlobalIDIsUnlinkedAndOverwrites(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.ok(d.EditClient("lotus", c.Slug, func(f *Child) { f.LocalGivenName, f.GivenName = "ដារា", "Darah" }))
	d.mustUpsert(map[string]any{"global_id": c.GlobalID, "given_name": "Dara Junior", "mosvy_number": nil})
	rows := d.Referrals("lotus")
	equal(t, "referrals", len(rows), 2)
	equal(t, "linked", rows[1].ClientSlug, "")
	equal(t, "same child", rows[1].GlobalID, c.GlobalID)
	now := must(d.Client("lotus", c.Slug))
	equal(t, "given name", now.GivenName, "Dara Junior")
	row := d.list("")[0]
	equal(t, "local name is null", row.Get("local_given_name").Type, gjson.Null)
	equal(t, "services listed", len(row.Get("services").Array()), 1)
}

func TestUpsertWithGlobalIDNullsWhatIsLeftOut(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.mustUpsert(map[string]any{"global_id": c.GlobalID, "is_referred": false, "date_of_birth": nil, "family_name": nil})
	now := must(d.Client("lotus", c.Slug))
	equal(t, "birth", now.DateOfBirth, "")
	equal(t, "family", now.FamilyName, "")
	equal(t, "reason", now.Reason, "")
	equal(t, "referrals", len(d.Referrals("lotus")), 1)
	equal(t, "listed", len(d.list("")), 0)
}

func TestUpsertOverwritesTheFirstOrganisationAndMakesNoReferralElsewhere(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.mustUpsert(map[string]any{"global_id": c.GlobalID, "organization_name": "banyan", "given_name": "Changed"})
	equal(t, "referrals of banyan", len(d.Referrals("banyan")), 0)
	equal(t, "lotus overwritten", must(d.Client("lotus", c.Slug)).GivenName, "Changed")
}

func TestUpsertOverwritesLowestOrganisationNotTheTarget(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("banyan", child()))
	global := must(d.Client("banyan", slug)).GlobalID
	twin := child()
	twin.GlobalID = global
	first := must(d.AddClient("lotus", twin))
	d.mustUpsert(map[string]any{"global_id": global, "organization_name": "banyan", "given_name": "Changed"})
	equal(t, "referral goes to the target", len(d.Referrals("banyan")), 1)
	equal(t, "lotus", must(d.Client("lotus", first)).GivenName, "Changed")
	equal(t, "banyan", must(d.Client("banyan", slug)).GivenName, "Own")
}

func TestFirstReferralToAnotherNGOSplitsTheIdentity(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.mustUpsert(map[string]any{"organization_name": "banyan"})
	equal(t, "another id", d.Referrals("banyan")[0].GlobalID == c.GlobalID, false)
}

func TestGlobalIDWithoutAnyClientFallsBackToADuplicate(t *testing.T) {
	d := open(t)
	d.mustUpsert(nil)
	global := d.Referrals("lotus")[0].GlobalID
	d.mustUpsert(map[string]any{"global_id": global, "is_referred": false})
	rows := d.Referrals("lotus")
	equal(t, "referrals", len(rows), 2)
	equal(t, "same child", rows[1].GlobalID, global)
}

func TestOverwriteOfAnArchivedClientIs500(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.ok(d.Archive("lotus", c.Slug))
	status, _ := d.upsertForm(map[string]any{"global_id": c.GlobalID})
	equal(t, "status", status, 500)
}

func TestOverwriteRefusedLeavesTheNewReferral(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	status, answer := d.upsertForm(map[string]any{"global_id": c.GlobalID, "gender": "boy"})
	equal(t, "status", status, 422)
	contains(t, answer, `"gender":["is not included in the list"]`)
	equal(t, "referrals", len(d.Referrals("lotus")), 2)
	equal(t, "unchanged", must(d.Client("lotus", c.Slug)).Gender, "male")
}

func TestIncompleteClientRefusesTheOverwrite(t *testing.T) {
	d := open(t)
	own := child()
	own.Incomplete = true
	slug := must(d.AddClient("lotus", own))
	global := must(d.Client("lotus", slug)).GlobalID
	status, answer := d.upsertForm(map[string]any{"global_id": global})
	equal(t, "status", status, 422)
	contains(t, answer, `"received_by_id"`)
	d.ok(d.EditClient("lotus", slug, func(f *Child) { f.CaseWorkers = []CaseWorker{} }))
	status, _ = d.upsertForm(map[string]any{"global_id": global})
	equal(t, "no referee at all", status, 500)
}

func TestReferralStatusInUpsertChangesThePreviousReferral(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	before := must(d.Client("lotus", c.Slug))
	d.mustUpsert(map[string]any{"global_id": c.GlobalID, "referral_status": Accepted})
	rows := d.Referrals("lotus")
	equal(t, "previous", rows[0].Status, Accepted)
	equal(t, "new one", rows[1].Status, Referred)
	equal(t, "no stamp on the referral", rows[0].UpdatedAt, before.CreatedAt)
	for _, status := range []string{"", Active} {
		code, answer := d.upsertForm(map[string]any{"global_id": c.GlobalID, "is_referred": false, "referral_status": status})
		equal(t, "refused", code, 422)
		contains(t, answer, "Referral status must be one of")
	}
}

func TestUpsertRefusals(t *testing.T) {
	cases := map[string]struct {
		change map[string]any
		part   string
	}{
		"no worker":       {map[string]any{"external_case_worker_name": ""}, `"name_of_referee":["can't be blank"]`},
		"no phone":        {map[string]any{"external_case_worker_mobile": nil}, `"referral_phone":["can't be blank"]`},
		"no risk":         {map[string]any{"level_of_risk": nil}, `"level_of_risk":["can't be blank","is not included in the list"]`},
		"wrong risk":      {map[string]any{"level_of_risk": "no_action"}, `"level_of_risk":["is not included in the list"]`},
		"unknown service": {map[string]any{"services": []any{map[string]any{"name": "kinship care"}}}, `"services":["can't be blank"]`},
		"no service":      {map[string]any{"services": []any{}}, `"services":["can't be blank"]`},
		"no name":         {map[string]any{"given_name": "", "family_name": ""}, `"client_name":["can't be blank"]`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			status, answer := d.upsertForm(test.change)
			equal(t, "status", status, 422)
			contains(t, answer, `"external_id":"case-1"`)
			contains(t, answer, test.part)
			equal(t, "referrals", len(d.Referrals("lotus")), 0)
			equal(t, "the stray identity stays", strays(d), 1)
		})
	}
}

func TestUpsertWithoutOrganisationIsARecordError(t *testing.T) {
	d := open(t)
	for _, body := range []string{`{}`, `{"organization":{}}`, `{"organization_name":"lotus","external_id":"x"}`, `[1]`, `{"organization":{"organization_name":" "}}`} {
		status, _, answer := d.send("POST", "/organizations/clients/upsert", body)
		equal(t, body, status, 422)
		equal(t, body, answer, `{"message":"Record error. Please check OSCaR logs for details."}`)
	}
}

func TestUpsertToAnUnknownTenantIs500(t *testing.T) {
	d := open(t)
	for _, name := range []string{"nowhere", "Lotus"} {
		status, _ := d.upsertForm(map[string]any{"organization_name": name})
		equal(t, name, status, 500)
	}
	equal(t, "nothing is minted", len(d.Identities()), 0)
}

func TestUpsertToADeletedOrganisationIs500(t *testing.T) {
	d := open(t)
	d.ok(d.EditOrganization("lotus", func(o *Organization) { o.Deleted = true }))
	status, _ := d.upsertForm(nil)
	equal(t, "deleted", status, 500)
	status, _ = d.upsertForm(map[string]any{"organization_name": "public"})
	equal(t, "public", status, 500)
}

func TestUpsertToSharedVanishes(t *testing.T) {
	d := open(t)
	d.mustUpsert(map[string]any{"organization_name": "shared"})
	equal(t, "all referrals", len(d.AllReferrals()), 0)
	equal(t, "there", len(d.Referrals("shared")), 1)
}

func TestReferralToANonIntegratedNGOIsTaken(t *testing.T) {
	d := open(t)
	d.mustUpsert(map[string]any{"organization_name": "harbour"})
	must(d.TakeUp("harbour", 1))
	equal(t, "and never listed", len(d.list("")), 0)
}

func TestWorkerNumberIsAFourByteInteger(t *testing.T) {
	d := open(t)
	d.mustUpsert(map[string]any{"external_case_worker_id": "not a number"})
	d.mustUpsert(map[string]any{"external_case_worker_id": 2147483647})
	status, _ := d.upsertForm(map[string]any{"external_case_worker_id": "2147483648"})
	equal(t, "status", status, 500)
}

func TestAmbiguousServiceNameAttachesBothRows(t *testing.T) {
	d := open(t)
	d.taken(map[string]any{"services": []any{map[string]any{"name": "Therapeutic training"}}})
	services := d.list("")[0].Get("services").Array()
	equal(t, "items", len(services), 2)
	equal(t, "same uuid", services[0].Get("uuid").Str, services[1].Get("uuid").Str)
}

func TestServiceUuidIsIgnoredAndNamesAreExact(t *testing.T) {
	d := open(t)
	d.taken(map[string]any{"services": []any{map[string]any{"uuid": "37cd9808-c417-4a19-9563-36ac7865e2f8", "name": "Kinship care"}, map[string]any{"name": "Family Support"}}})
	services := d.list("")[0].Get("services").Array()
	equal(t, "items", len(services), 2)
	equal(t, "uuid", services[0].Get("uuid").Str, "1a1accbd-90a9-4c71-a077-2595322744cb")
	equal(t, "the parent, not the child", services[1].Get("uuid").Str, "c9eb9132-b742-420a-8be5-dba9bfdbf4de")
}

func TestBlankReasonBecomesNA(t *testing.T) {
	d := open(t)
	d.mustUpsert(map[string]any{"reason_for_referral": " "})
	equal(t, "reason", d.Referrals("lotus")[0].Reason, "N/A")
}

func TestMissingExternalIDMatchesAStrangersReferral(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("banyan", child()))
	must(d.Refer("banyan", slug, Draft{To: "lotus", Services: []string{"Kinship care"}, Reason: "moved"}))
	d.mustUpsert(map[string]any{"external_id": nil})
	rows := d.Referrals("lotus")
	equal(t, "the stranger's global id", rows[1].GlobalID, rows[0].GlobalID)
	status, answer := d.upsertForm(map[string]any{"external_id": "", "level_of_risk": ""})
	equal(t, "empty is not null", status, 422)
	contains(t, answer, `"external_id":""`)
}

func TestOverwriteBumpsTheStampOnlyWhenSomethingChanges(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	again := map[string]any{"global_id": c.GlobalID, "is_referred": false}
	d.mustUpsert(again)
	first := must(d.Client("lotus", c.Slug)).UpdatedAt
	d.clock.advance(time.Hour)
	d.mustUpsert(again)
	equal(t, "same payload", must(d.Client("lotus", c.Slug)).UpdatedAt, first)
	d.clock.advance(24 * time.Hour)
	d.mustUpsert(again)
	equal(t, "synced_date moved on", must(d.Client("lotus", c.Slug)).UpdatedAt, d.clock.now())
}

func TestAddressIsWipedByAnEmptyCode(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.mustUpsert(map[string]any{"global_id": c.GlobalID, "address_current_village_code": "", "is_referred": false})
	equal(t, "wiped", must(d.Client("lotus", c.Slug)).Address, "")
	d.mustUpsert(map[string]any{"global_id": c.GlobalID, "address_current_village_code": nil, "is_referred": false, "location_current_village_code": "2010102"})
	equal(t, "the location when the address is absent", must(d.Client("lotus", c.Slug)).Address, "02010102")
}

func TestNumericAddressCodeIs500(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	status, _ := d.upsertForm(map[string]any{"global_id": c.GlobalID, "address_current_village_code": 12010101, "is_referred": false})
	equal(t, "status", status, 500)
}

func TestHeadCrashRollsTheReferralBackAndKeepsTheIdentity(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.SetSwitches(func(s *Switches) { s.HeadCrash = true })
	status, answer := d.upsertForm(map[string]any{"external_id": "case-2"})
	equal(t, "upsert", status, 500)
	equal(t, "never JSON", gjson.Valid(answer), false)
	equal(t, "referrals", len(d.Referrals("lotus")), 1)
	equal(t, "stray identities", strays(d), 1)
	status, _ = d.upsertForm(map[string]any{"level_of_risk": "", "external_id": "case-3"})
	equal(t, "validation comes first", status, 422)
	status, _ = d.upsertForm(map[string]any{"global_id": c.GlobalID, "is_referred": false, "given_name": "Committed"})
	equal(t, "after the commit", status, 500)
	equal(t, "committed", must(d.Client("lotus", c.Slug)).GivenName, "Committed")
	status, _, _ = d.send("PUT", "/organizations/referrals/update_statuses", `{"data":[{"client_global_id":"`+c.GlobalID+`","referral_id":1,"referral_status":"Accepted"}]}`)
	equal(t, "update_statuses", status, 500)
	equal(t, "nothing applied", d.Referrals("lotus")[0].Status, Referred)
}

func TestNoExternalSystemRefusesReferrals(t *testing.T) {
	d := open(t, func(o *Options) { o.Switches.NoExternalSystem = true })
	status, answer := d.upsertForm(nil)
	equal(t, "status", status, 422)
	contains(t, answer, `"referred_from":["can't be blank"]`)
}

func child() Child {
	return Child{GivenName: "Own", FamilyName: "Child", Gender: "female", DateOfBirth: "2012-03-04", Address: "17100203"}
}
