package sim

import (
	"fmt"
	"testing"
	"time"
)

const (
	linksPath    = "/organizations/clients/update_links"
	statusesPath = "/organizations/referrals/update_statuses"
)

func (d *desk) status(globalID string, referral int64, status string) (int, string) {
	d.t.Helper()
	code, _, answer := d.send("PUT", statusesPath, fmt.Sprintf(`{"data":[{"client_global_id":%q,"referral_id":%d,"referral_status":%q}]}`, globalID, referral, status))
	return code, answer
}

func TestUpdateLinksEmptyIs500(t *testing.T) {
	d := open(t)
	for _, path := range []string{linksPath, statusesPath} {
		for _, body := range []string{``, `{}`, `{"data":null}`, `{"data":[]}`, `[{"global_id":"x"}]`} {
			status, _, _ := d.send("PUT", path, body)
			equal(t, path+body, status, 500)
		}
	}
}

func TestUpdateLinksSetsEveryHomeSilently(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	c := must(d.Client("lotus", slug))
	twin := child()
	twin.GlobalID = c.GlobalID
	other := must(d.AddClient("banyan", twin))
	moved := d.moves("lotus", slug, func() error {
		status, _, answer := d.send("PUT", linksPath, fmt.Sprintf(`{"data":[{"global_id":"unknown"},{"global_id":%q,"external_id":"old"},{"global_id":%q,"external_id":"case-5","external_id_display":"5"}]}`, c.GlobalID, c.GlobalID))
		equal(t, "status", status, 200)
		equal(t, "answer", answer, `{"message":"Record saved."}`)
		return nil
	})
	equal(t, "bumps", moved, false)
	equal(t, "lotus", must(d.Client("lotus", slug)).ExternalID, "case-5")
	equal(t, "banyan", must(d.Client("banyan", other)).ExternalIDDisplay, "5")
	equal(t, "synced", must(d.Client("lotus", slug)).SyncedDate, "2024-05-10")
	d.send("PUT", linksPath, fmt.Sprintf(`{"data":[{"global_id":%q,"external_id":"case-5"}]}`, c.GlobalID))
	equal(t, "an omitted display is wiped", must(d.Client("lotus", slug)).ExternalIDDisplay, "")
}

func TestUpdateLinksSkipsArchivedClients(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	global := must(d.Client("lotus", slug)).GlobalID
	d.ok(d.Archive("lotus", slug))
	status, _, _ := d.send("PUT", linksPath, fmt.Sprintf(`{"data":[{"global_id":%q,"external_id":"case-5"}]}`, global))
	equal(t, "status", status, 200)
	equal(t, "untouched", must(d.Client("lotus", slug)).ExternalID, "")
}

func TestUpdateLinksToAGoneOrganisationIsAnEmpty200(t *testing.T) {
	d := open(t)
	global := must(d.Client("lotus", must(d.AddClient("lotus", child())))).GlobalID
	d.ok(d.EditOrganization("lotus", func(o *Organization) { o.Deleted = true }))
	body := fmt.Sprintf(`{"data":[{"global_id":%q,"external_id":"case-5"}]}`, global)
	status, _, answer := d.send("PUT", linksPath, body)
	equal(t, "status", status, 200)
	equal(t, "answer", answer, "")
	d.SetSwitches(func(s *Switches) { s.RecordNotFound404 = true })
	status, _, _ = d.send("PUT", linksPath, body)
	equal(t, "old branch", status, 404)
}

func TestUpdateLinksCrashesOnAMismatchedClient(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	global := must(d.Client("lotus", slug)).GlobalID
	d.ok(d.EditClient("lotus", slug, func(f *Child) { f.GlobalID = "" }))
	status, _, _ := d.send("PUT", linksPath, fmt.Sprintf(`{"data":[{"global_id":%q,"external_id":"case-5"}]}`, global))
	equal(t, "status", status, 500)
}

func TestUpdateStatusesSetsTheReferralAndTouchesTheClient(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	for _, status := range []string{Accepted, Active, Exited, Referred, Referred} {
		moved := d.moves("lotus", c.Slug, func() error {
			code, answer := d.status(c.GlobalID, 1, status)
			equal(t, "status", code, 200)
			equal(t, "answer", answer, `{"message":"Record saved."}`)
			return nil
		})
		equal(t, "listed again", moved, true)
		equal(t, "referral", d.Referrals("lotus")[0].Status, status)
	}
	equal(t, "the client's own status", must(d.Client("lotus", c.Slug)).Status, Referred)
}

func TestUpdateStatusesDoesNotCheckWhoseReferralItIs(t *testing.T) {
	d := open(t)
	first := d.taken(nil)
	d.taken(map[string]any{"external_id": "case-2"})
	code, _ := d.status(first.GlobalID, 2, Accepted)
	equal(t, "status", code, 200)
	equal(t, "a stranger's referral", d.Referrals("lotus")[1].Status, Accepted)
}

func TestUpdateStatusesStopsAtTheFirstBadRow(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.taken(map[string]any{"external_id": "case-2"})
	row := `{"client_global_id":"` + c.GlobalID + `","referral_id":%d,"referral_status":"Accepted"}`
	status, _, answer := d.send("PUT", statusesPath, fmt.Sprintf(`{"data":[`+row+`,`+row+`,`+row+`]}`, 1, 99, 2))
	equal(t, "status", status, 422)
	contains(t, answer, `"message":"Record error. Please check OSCaR logs for details."`)
	equal(t, "before it", d.Referrals("lotus")[0].Status, Accepted)
	equal(t, "after it", d.Referrals("lotus")[1].Status, Referred)
}

func TestUpdateStatusesRefusals(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.mustUpsert(map[string]any{"external_id": "case-2"})
	pending := d.Referrals("lotus")[1].GlobalID
	slug := must(d.AddClient("lotus", child()))
	own := must(d.Client("lotus", slug)).GlobalID
	old := must(d.Refer("lotus", slug, Draft{Services: []string{"Kinship care"}, Reason: "x", NoConsent: true}))
	for what, row := range map[string]struct {
		global   string
		referral int64
		status   string
	}{
		"unknown child": {"x", 1, Accepted}, "not taken up": {pending, 2, Accepted}, "unknown referral": {c.GlobalID, 77, Accepted},
		"unknown status": {c.GlobalID, 1, "Rejected"}, "no consent file": {own, old, Accepted},
	} {
		code, _ := d.status(row.global, row.referral, row.status)
		equal(t, what, code, 422)
	}
}

func TestUpdateStatusesDecidesAReferralToGovernment(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	id := must(d.ReferToGovernment("lotus", slug, []string{"Kinship care"}, "reason"))
	d.clock.advance(time.Hour)
	code, _ := d.status(must(d.Client("lotus", slug)).GlobalID, id, Accepted)
	equal(t, "status", code, 200)
	equal(t, "listed", d.list("")[0].Get("services.0.referral_status").Str, Accepted)
}

func TestDeletedReferralsAreNotFound(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.ok(d.DeleteReferral("lotus", 1))
	code, _ := d.status(c.GlobalID, 1, Accepted)
	equal(t, "status", code, 422)
	equal(t, "services", d.list("")[0].Get("services").Raw, "[]")
	d.mustUpsert(nil)
}
