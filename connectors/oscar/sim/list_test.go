package sim

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func (d *desk) crashes(query string) {
	d.t.Helper()
	status, _, body := d.send("GET", "/organizations/clients?"+query, "")
	equal(d.t, query, status, 500)
	equal(d.t, "not JSON", gjson.Valid(body), false)
}

// referredChild is a child of lotus that was referred to the government.
func (d *desk) referredChild() string {
	d.t.Helper()
	slug := must(d.AddClient("lotus", child()))
	must(d.ReferToGovernment("lotus", slug, []string{"Trauma counselling"}, "needs a doctor"))
	return slug
}

func TestListIsEmptyButWrapped(t *testing.T) {
	d := open(t)
	status, header, body := d.send("GET", "/organizations/clients", "")
	equal(t, "status", status, 200)
	equal(t, "type", header.Get("Content-Type"), "application/json; charset=utf-8")
	equal(t, "body", body, `{"data":[]}`)
}

func TestReferredChildHasTheFullShape(t *testing.T) {
	d := open(t)
	d.referredChild()
	row := d.list("")[0]
	for _, key := range []string{"organization_id", "reason_for_referral", "referral_consent_form", "level_of_risk", "address_current_village_code", "external_case_worker_name"} {
		equal(t, key, row.Get(key).Exists(), true)
	}
	for _, key := range []string{"resource", "local_given_name", "updated_at", "created_at"} {
		equal(t, key, row.Get(key).Exists(), false)
	}
	equal(t, "external_id is null", row.Get("external_id").Type, gjson.Null)
	equal(t, "risk", row.Get("level_of_risk").Str, "medium")
	equal(t, "reason", row.Get("reason_for_referral").Str, "needs a doctor")
	equal(t, "is_referred", row.Get("is_referred").Bool(), true)
	equal(t, "office", row.Get("organization_address_code").Str, "1201")
	equal(t, "consent", row.Get("referral_consent_form.0").Str, "/uploads/referral/consent_form/1/consent.pdf")
	item := row.Get("services.0")
	equal(t, "item", item.Raw, `{"program_name":null,"enrollment_date":null,"uuid":"37cd9808-c417-4a19-9563-36ac7865e2f8","name":"Trauma counselling","referral_id":1,"referral_status":"Referred"}`)
}

// A year typed with a digit too many is a date to Ruby and to the database.
func TestYearWithADigitTooManyIsKept(t *testing.T) {
	d := open(t)
	odd := child()
	odd.DateOfBirth = "22012-02-29"
	must(d.AddClient("lotus", odd))
	equal(t, "birth", d.list("")[0].Get("date_of_birth").Str, "22012-02-29")
}

func TestOtherChildrenHaveTheShortShapeAndNoServices(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	d.ok(d.Accept("lotus", slug))
	d.ok(d.Enrol("lotus", slug, "Home visits", []string{"Kinship care"}, "2024-05-01"))
	row := d.list("")[0]
	for _, key := range []string{"address_current_village_code", "organization_id", "reason_for_referral", "level_of_risk"} {
		equal(t, key, row.Get(key).Exists(), false)
	}
	equal(t, "resource", row.Get("resource").Raw, "null")
	equal(t, "mosvy", row.Get("mosvy_number").Raw, `""`)
	equal(t, "is_referred", row.Get("is_referred").Bool(), false)
	equal(t, "services", row.Get("services").Raw, "[]")
	d.ok(d.EditClient("lotus", slug, func(f *Child) { f.ExternalID = "case-9" }))
	row = d.list("")[0]
	equal(t, "resource once linked", row.Get("resource").Str, "primero")
	equal(t, "services once linked", row.Get("services").Raw, `[{"program_name":"Home visits","enrollment_date":"2024-05-01","uuid":"1a1accbd-90a9-4c71-a077-2595322744cb","name":"Kinship care"}]`)
}

func TestReferralToAnotherNGOFlipsAPrimeroChildToTheFullShape(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	equal(t, "before", d.list("")[0].Get("resource").Exists(), true)
	must(d.Refer("lotus", c.Slug, Draft{To: "banyan", Services: []string{"Kinship care"}, Reason: "moved"}))
	equal(t, "after", d.list("")[0].Get("organization_id").Exists(), true)
}

func TestReferralToAnotherNGOAloneIsNotReferredToUs(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	must(d.Refer("lotus", slug, Draft{To: "banyan", Services: []string{"Kinship care"}, Reason: "moved"}))
	equal(t, "short shape", d.list("")[0].Get("resource").Exists(), true)
	taken := must(d.TakeUp("banyan", 1))
	equal(t, "same identity", must(d.Client("banyan", taken)).GlobalID, must(d.Client("lotus", slug)).GlobalID)
	rows := d.list("")
	equal(t, "two rows", len(rows), 2)
	equal(t, "one global id", rows[0].Get("global_id").Str, rows[1].Get("global_id").Str)
}

func TestNameFallsBackToTheLocalOne(t *testing.T) {
	d := open(t)
	own := child()
	own.GivenName, own.LocalGivenName = " ", "ដារា"
	must(d.AddClient("lotus", own))
	equal(t, "given name", d.list("")[0].Get("given_name").Str, "ដារា")
}

func TestIncompleteRowsAreNotListed(t *testing.T) {
	d := open(t)
	for _, change := range []func(*Child){
		func(c *Child) { c.GivenName = "" }, func(c *Child) { c.FamilyName = " " },
		func(c *Child) { c.Gender = "" }, func(c *Child) { c.DateOfBirth = "not a date" },
	} {
		own := child()
		change(&own)
		must(d.AddClient("lotus", own))
	}
	equal(t, "rows", len(d.list("")), 0)
}

func TestReferredRowsCompareInstantsAndOthersDays(t *testing.T) {
	d := open(t)
	slug := d.referredChild()
	must(d.AddClient("lotus", child()))
	at := d.clock.now().Format(time.RFC3339)
	rows := d.list("since_date=" + at)
	equal(t, "at the instant", len(rows), 2)
	equal(t, "referred first", rows[0].Get("slug").Str, slug)
	equal(t, "full", rows[0].Get("organization_id").Exists(), true)
	rows = d.list("since_date=" + d.clock.now().Add(time.Second).Format(time.RFC3339))
	equal(t, "later that day", len(rows), 2)
	equal(t, "the referred one in the short shape", rows[0].Get("organization_id").Exists() || rows[1].Get("organization_id").Exists(), false)
	equal(t, "next day", len(d.list("since_date=2024-05-11T00:00:00Z")), 0)
}

func TestDayIsTheOneWrittenAndStampsAreUTC(t *testing.T) {
	d := open(t)
	d.clock.at = time.Date(2024, 5, 10, 20, 0, 0, 0, time.UTC) // 03:00 of the 11th in Phnom Penh
	must(d.AddClient("lotus", child()))
	equal(t, "local zone misses it", len(d.list("since_date=2024-05-11T01:00:00%2B07:00")), 0)
	equal(t, "UTC finds it", len(d.list("since_date=2024-05-10T18:00:00Z")), 1)
}

func TestDatesWithoutZoneAreReadInTheZoneOfTheSystem(t *testing.T) {
	zone := time.FixedZone("ICT", 7*60*60)
	d := open(t, func(o *Options) { o.Switches.OSZone = zone })
	d.referredChild() // at 08:00Z = 15:00 local
	equal(t, "15:00 local", d.list("since_date=2024-05-10T15:00:00")[0].Get("organization_id").Exists(), true)
	equal(t, "15:01 local", d.list("since_date=2024-05-10+15:01:00")[0].Get("organization_id").Exists(), false)
	d.SetSwitches(func(s *Switches) { s.OSZone = nil })
	equal(t, "15:00 UTC", d.list("since_date=2024-05-10T15:00:00")[0].Get("organization_id").Exists(), false)
}

func TestUnescapedPlusLosesItsZone(t *testing.T) {
	d := open(t)
	d.referredChild() // at 08:00Z
	equal(t, "escaped", d.list("since_date=2024-05-10T15:00:00%2B07:00")[0].Get("organization_id").Exists(), true)
	equal(t, "unescaped", d.list("since_date=2024-05-10T15:00:00+07:00")[0].Get("organization_id").Exists(), false)
}

func TestEmptySinceDateIsAFullDump(t *testing.T) {
	d := open(t)
	must(d.AddClient("lotus", child()))
	d.clock.advance(90 * 24 * time.Hour)
	d.signIn()
	equal(t, "empty", len(d.list("since_date=")), 1)
	equal(t, "absent", len(d.list("")), 1)
	equal(t, "now", len(d.list("since_date="+d.clock.now().Format(time.RFC3339))), 0)
}

func TestWindowGoesByCreationInTheShortShape(t *testing.T) {
	d := open(t)
	slug := d.referredChild()
	d.clock.advance(48 * time.Hour)
	d.ok(d.SaveClient("lotus", slug))
	later := must(d.AddClient("lotus", child()))
	rows := d.list("since_date=2024-05-10T08:00:00Z&end_date=2024-05-12T08:00:00Z")
	equal(t, "rows", len(rows), 2)
	equal(t, "oldest first", rows[0].Get("slug").Str, slug)
	equal(t, "short shape", rows[0].Get("organization_id").Exists(), false)
	equal(t, "updates do not count", len(d.list("since_date=2024-05-11T00:00:00Z&end_date=2024-05-13T00:00:00Z")), 1)
	equal(t, "a date alone is its midnight", len(d.list("since_date=2024-05-10&end_date=2024-05-12")), 1)
	equal(t, "the zone is ignored", d.list("since_date=2024-05-12T08:00:00%2B07:00&end_date=2024-05-12T08:00:00%2B07:00")[0].Get("slug").Str, later)
}

func TestListCrashesOnBadDates(t *testing.T) {
	d := open(t)
	d.crashes("since_date=yesterday")
	d.crashes("end_date=2024-05-10T00:00:00Z")
	d.crashes("since_date=2024-05-10&end_date=soon")
}

func TestArchivedChildrenStayInTheRestWithoutAMark(t *testing.T) {
	d := open(t)
	slug := d.referredChild()
	d.ok(d.Archive("lotus", slug))
	rows := d.list("since_date=2024-05-10T00:00:00Z")
	equal(t, "rows", len(rows), 1)
	equal(t, "short shape", rows[0].Get("organization_id").Exists(), false)
}

func TestOnlyIntegratedOrganisationsAreListed(t *testing.T) {
	d := open(t)
	must(d.AddClient("harbour", child()))
	equal(t, "not integrated", len(d.list("")), 0)
	d.ok(d.EditOrganization("harbour", func(o *Organization) { o.Integrated = true }))
	equal(t, "integrated", len(d.list("")), 1)
	d.ok(d.EditOrganization("harbour", func(o *Organization) { o.Deleted = true }))
	equal(t, "deleted", len(d.list("")), 0)
}

func TestNewestComesFirst(t *testing.T) {
	d := open(t)
	old := must(d.AddClient("lotus", child()))
	d.clock.advance(time.Minute)
	young := must(d.AddClient("lotus", child()))
	equal(t, "the newest", d.list("")[0].Get("slug").Str, young)
	d.clock.advance(time.Minute)
	d.ok(d.SaveClient("lotus", old))
	equal(t, "first", d.list("")[0].Get("slug").Str, old)
}

func TestSettingsRowCrashesTheWholeList(t *testing.T) {
	d := open(t)
	must(d.AddClient("banyan", child()))
	slug := must(d.AddClient("lotus", child()))
	d.ok(d.EditOrganization("lotus", func(o *Organization) { o.District = "" }))
	equal(t, "province alone, short shape", d.list("")[0].Get("organization_address_code").Str, "1201")
	must(d.ReferToGovernment("lotus", slug, []string{"Kinship care"}, "x"))
	d.crashes("")
	d.ok(d.EditOrganization("lotus", func(o *Organization) { o.Province = "" }))
	equal(t, "no province", d.list("")[0].Get("organization_address_code").Str, "")
	d.ok(d.EditOrganization("lotus", func(o *Organization) { o.NoSetting = true }))
	d.crashes("")
}

func TestOfficeAddressIsTheCommuneElseTheDistrict(t *testing.T) {
	d := open(t)
	must(d.AddClient("riverside", child()))
	equal(t, "commune", d.list("")[0].Get("organization_address_code").Str, "020202")
	d.ok(d.EditOrganization("riverside", func(o *Organization) { o.Commune = "" }))
	equal(t, "district", d.list("")[0].Get("organization_address_code").Str, "0202")
	d.SetSwitches(func(s *Switches) { s.LegacyDistrictCodes = true })
	equal(t, "legacy", d.list("")[0].Get("organization_address_code").Str, "000202")
}

func TestLocationIsTheDeepestLevel(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	for _, code := range []string{"17100203", "171002", "1710", "17", ""} {
		d.ok(d.EditClient("lotus", slug, func(f *Child) { f.Address = code }))
		equal(t, code, d.list("")[0].Get("location_current_village_code").Str, code)
	}
	d.SetSwitches(func(s *Switches) { s.LegacyDistrictCodes = true })
	d.ok(d.EditClient("lotus", slug, func(f *Child) { f.Address = "1710" }))
	equal(t, "legacy", d.list("")[0].Get("location_current_village_code").Str, "001710")
}

func TestAddressCodes(t *testing.T) {
	start := placed("02020202")
	cases := map[string]address{
		"":         {},
		"1":        {province: "01"},
		"1710":     {province: "17", district: "1710"},
		"710":      {province: "07", district: "0710"},
		"1070101":  {"01", "0107", "010701", "01070101"},
		"99":       {"", "0202", "020202", "02020202"},
		"02029999": {"02", "0202", "020202", ""},
		"000202":   {"02", "0202", "", "02020202"}, // a legacy district is read as a commune
	}
	for code, want := range cases {
		equal(t, "code "+code, start.moved(code), want)
	}
}

func TestPastEnrolmentsAndFirstDatesAreListed(t *testing.T) {
	d := open(t)
	slug := d.referredChild()
	d.ok(d.Accept("lotus", slug))
	d.ok(d.Enrol("lotus", slug, "Home visits", []string{"Kinship care"}, "2024-05-01"))
	d.ok(d.LeaveProgram("lotus", slug, "Home visits"))
	d.ok(d.Enrol("lotus", slug, "Home visits", []string{"Kinship care"}, "2024-06-01"))
	items := d.list("")[0].Get("services").Array()
	equal(t, "items", len(items), 2)
	equal(t, "first date", items[0].Get("enrollment_date").Str, "2024-05-01")
	equal(t, "no referral key", items[0].Get("referral_id").Exists(), false)
}

func TestTenantsMayAddAndLackServices(t *testing.T) {
	d := open(t, func(o *Options) {
		o.Organizations = []Organization{{ShortName: "lotus", Integrated: true, ExtraServices: []Service{{Name: "Own service"}}, Lacks: []string{"Kinship care"}}}
	})
	status, _ := d.upsertForm(nil)
	equal(t, "lacking", status, 422)
	d.taken(map[string]any{"services": []any{map[string]any{"name": "Own service"}}})
	equal(t, "uuid", d.list("")[0].Get("services.0.uuid").Raw, "null")
}

func TestConsentAddressesDependOnTheEnvironment(t *testing.T) {
	d := open(t, func(o *Options) { o.Switches.Production = true })
	d.referredChild()
	equal(t, "absolute", strings.HasPrefix(d.list("")[0].Get("referral_consent_form.0").Str, "https://"), true)
}

func TestBrokenRowHasNullGlobalID(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	d.ok(d.EditClient("lotus", slug, func(f *Child) { f.GlobalID = "" }))
	equal(t, "global_id", d.list("")[0].Get("global_id").Raw, "null")
}

func TestNoExternalSystemListsReferralsToNobody(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	must(d.Refer("lotus", slug, Draft{To: "banyan", Services: []string{"Kinship care"}, Reason: "moved"}))
	d.SetSwitches(func(s *Switches) { s.NoExternalSystem = true })
	row := d.list("")[0]
	equal(t, "full shape", row.Get("organization_id").Exists(), true)
	equal(t, "is_referred", row.Get("is_referred").Bool(), false)
}

func TestMalformedJSONIs400AndUnknownPathsAre404(t *testing.T) {
	d := open(t)
	status, _, body := d.send("POST", "/organizations/clients/upsert", `{"organization":`)
	equal(t, "malformed", status, 400)
	equal(t, "body", body, "")
	status, header, _ := d.send("GET", "/nothing", "")
	equal(t, "unknown", status, 404)
	equal(t, "type", header.Get("Content-Type"), htmlType)
}

func TestCrashIsPlainTextForJSONOnlyElseAPage(t *testing.T) {
	d := open(t)
	for accept, kind := range map[string]string{"application/json": textType, "": htmlType, "application/json, text/plain, */*": htmlType} {
		r := d.request("GET", "/organizations/clients?since_date=x", "")
		r.Header.Set("Accept", accept)
		status, header, _ := d.do(r)
		equal(t, accept, status, http.StatusInternalServerError)
		equal(t, accept, header.Get("Content-Type"), kind)
	}
}

func TestSubdomainsAreTenants(t *testing.T) {
	d := open(t)
	for host, want := range map[string]int{"127.0.0.1:8080": 200, "localhost": 200, "oscar.test": 200, "interoperability.oscar.test": 200, "lotus.oscar.test": 200, "nobody.oscar.test": 500} {
		r := d.request("GET", "/organizations", "")
		r.Host = host
		status, _, _ := d.do(r)
		equal(t, host, status, want)
	}
}
