package sim

import (
	"testing"
	"time"
)

// moves tells whether an act moves the client's updated_at.
func (d *desk) moves(org, slug string, act func() error) bool {
	d.t.Helper()
	before := must(d.Client(org, slug)).UpdatedAt
	d.clock.advance(time.Minute)
	d.ok(act())
	return must(d.Client(org, slug)).UpdatedAt.After(before)
}

func TestTakeUpPrefillsTwoWordsOfTheName(t *testing.T) {
	d := open(t)
	c := d.taken(map[string]any{"given_name": "Dara Sok", "family_name": "Test", "mosvy_number": "M1"})
	equal(t, "given", c.GivenName, "Dara")
	equal(t, "family", c.FamilyName, "Sok")
	equal(t, "external id", c.ExternalID, "case-1")
	equal(t, "mosvy", c.MosvyNumber, "M1")
	equal(t, "address", c.Address, "12010101")
	equal(t, "status", c.Status, Referred)
	equal(t, "from", c.FromReferral, 1)
	equal(t, "global id", c.GlobalID, d.Referrals("lotus")[0].GlobalID)
}

func TestTakeUpLinksEveryPendingReferralOfTheChild(t *testing.T) {
	d := open(t)
	d.mustUpsert(nil)
	d.mustUpsert(nil)
	d.mustUpsert(map[string]any{"external_id": "case-2"})
	slug := must(d.TakeUp("lotus", 1))
	rows := d.Referrals("lotus")
	equal(t, "first", rows[0].ClientSlug, slug)
	equal(t, "duplicate", rows[1].ClientSlug, slug)
	equal(t, "saved", rows[1].Saved, true)
	equal(t, "another child", rows[2].ClientSlug, "")
	if _, err := d.TakeUp("lotus", 2); err == nil {
		t.Error("a referral was taken up twice")
	}
}

func TestAcceptIsSilent(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	equal(t, "bumps", d.moves("lotus", c.Slug, func() error { return d.Accept("lotus", c.Slug) }), false)
	equal(t, "client", must(d.Client("lotus", c.Slug)).Status, Accepted)
	equal(t, "referral", d.Referrals("lotus")[0].Status, Referred)
	d.clock.advance(24 * time.Hour)
	equal(t, "listed", len(d.list("since_date=2024-05-11T00:00:00Z")), 0)
}

func TestAcceptLoudSavesAndTheReferralFollows(t *testing.T) {
	d := open(t, func(o *Options) { o.Switches.AcceptLoud = true })
	c := d.taken(nil)
	equal(t, "bumps", d.moves("lotus", c.Slug, func() error { return d.Accept("lotus", c.Slug) }), true)
	equal(t, "referral", d.Referrals("lotus")[0].Status, Accepted)
}

func TestLaterSaveMakesTheFirstReferralFollow(t *testing.T) {
	d := open(t)
	d.mustUpsert(nil)
	c := d.taken(nil) // a duplicate, taken up from the second
	d.ok(d.Accept("lotus", c.Slug))
	equal(t, "bumps", d.moves("lotus", c.Slug, func() error { return d.SaveClient("lotus", c.Slug) }), true)
	rows := d.Referrals("lotus")
	equal(t, "the one it was made from", rows[1].Status, Accepted)
	equal(t, "the duplicate", rows[0].Status, Referred)
}

func TestRejectExitsTheReferral(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	equal(t, "bumps", d.moves("lotus", c.Slug, func() error { return d.Reject("lotus", c.Slug) }), true)
	equal(t, "client", must(d.Client("lotus", c.Slug)).Status, Exited)
	equal(t, "referral", d.Referrals("lotus")[0].Status, Exited)
	if d.Reject("lotus", c.Slug) == nil {
		t.Error("rejected twice")
	}
}

func TestAcceptedThenExitedLooksRejected(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.ok(d.Accept("lotus", c.Slug))
	d.ok(d.Exit("lotus", c.Slug))
	equal(t, "referral", d.Referrals("lotus")[0].Status, Exited)
}

func TestEnrolledThenExitedStaysReferred(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.ok(d.Accept("lotus", c.Slug))
	equal(t, "enrolling bumps", d.moves("lotus", c.Slug, func() error {
		return d.Enrol("lotus", c.Slug, "Home visits", []string{"Kinship care"}, "2024-05-10")
	}), true)
	equal(t, "active", must(d.Client("lotus", c.Slug)).Status, Active)
	equal(t, "referral", d.Referrals("lotus")[0].Status, Referred)
	equal(t, "leaving bumps", d.moves("lotus", c.Slug, func() error { return d.LeaveProgram("lotus", c.Slug, "Home visits") }), true)
	equal(t, "accepted again", must(d.Client("lotus", c.Slug)).Status, Accepted)
	d.ok(d.Exit("lotus", c.Slug))
	equal(t, "referral", d.Referrals("lotus")[0].Status, Referred)
}

func TestLeavingOneOfTwoProgramsStaysActive(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.ok(d.Accept("lotus", c.Slug))
	d.ok(d.Enrol("lotus", c.Slug, "One", []string{"Kinship care"}, ""))
	d.ok(d.Enrol("lotus", c.Slug, "Two", []string{"Life skills"}, ""))
	d.ok(d.LeaveProgram("lotus", c.Slug, "One"))
	equal(t, "status", must(d.Client("lotus", c.Slug)).Status, Active)
}

func TestUndoExitIsSilent(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.ok(d.Reject("lotus", c.Slug))
	equal(t, "bumps", d.moves("lotus", c.Slug, func() error { return d.UndoExit("lotus", c.Slug) }), false)
	equal(t, "client", must(d.Client("lotus", c.Slug)).Status, Accepted)
	equal(t, "referral", d.Referrals("lotus")[0].Status, Exited)
}

func TestArchiveIsSilent(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	equal(t, "bumps", d.moves("lotus", c.Slug, func() error { return d.Archive("lotus", c.Slug) }), false)
}

func TestLinkPendingIsSilent(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.mustUpsert(map[string]any{"global_id": c.GlobalID, "services": []any{map[string]any{"name": "Life skills"}}})
	equal(t, "before", len(d.list("")[0].Get("services").Array()), 1)
	linked := 0
	equal(t, "bumps", d.moves("lotus", c.Slug, func() (err error) { linked, err = d.LinkPending("lotus"); return err }), false)
	equal(t, "linked", linked, 1)
	equal(t, "after", len(d.list("")[0].Get("services").Array()), 2)
	equal(t, "only once", must(d.LinkPending("lotus")), 0)
}

func TestStatusPageIsOfferedForSecondReferralsOnly(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	if d.EditReferralStatus("lotus", 1, Accepted) == nil {
		t.Error("offered for the only referral")
	}
	d.mustUpsert(map[string]any{"global_id": c.GlobalID})
	must(d.LinkPending("lotus"))
	equal(t, "bumps", d.moves("lotus", c.Slug, func() error { return d.EditReferralStatus("lotus", 2, Exited) }), true)
	equal(t, "status", d.Referrals("lotus")[1].Status, Exited)
	if d.EditReferralStatus("lotus", 2, Active) == nil {
		t.Error("Active is not offered")
	}
}

func TestReferringBumpsAndMarksTheChild(t *testing.T) {
	d := open(t)
	slug := must(d.AddClient("lotus", child()))
	equal(t, "bumps", d.moves("lotus", slug, func() error {
		_, err := d.ReferToGovernment("lotus", slug, []string{"Kinship care"}, "reason")
		return err
	}), true)
	equal(t, "referred_external", must(d.Client("lotus", slug)).ReferredExternal, true)
	r := d.Referrals("lotus")[0]
	equal(t, "direction", r.Direction, "delivered")
	equal(t, "to", r.To, "MoSVY External System")
	equal(t, "from", r.From, "lotus")
}

func TestReferralsNeedAServiceAndAnAddress(t *testing.T) {
	d := open(t)
	own := child()
	own.Address = ""
	slug := must(d.AddClient("lotus", own))
	if _, err := d.ReferToGovernment("lotus", slug, []string{"Kinship care"}, "x"); err == nil {
		t.Error("referred without a province")
	}
	d.ok(d.EditClient("lotus", slug, func(f *Child) { f.Address = "12" }))
	if _, err := d.ReferToGovernment("lotus", slug, []string{"No such service"}, "x"); err == nil {
		t.Error("referred without a service")
	}
	if _, err := d.Refer("lotus", slug, Draft{To: "nowhere", Services: []string{"Kinship care"}, Reason: "x"}); err == nil {
		t.Error("referred to nobody")
	}
	equal(t, "referrals", len(d.Referrals("lotus")), 0)
}

func TestReferralNumbersAreUniquePerTenantOnly(t *testing.T) {
	d := open(t)
	d.mustUpsert(nil)
	d.mustUpsert(map[string]any{"organization_name": "banyan"})
	equal(t, "numbers", d.Referrals("lotus")[0].ID, d.Referrals("banyan")[0].ID)
	equal(t, "all", len(d.AllReferrals()), 2)
}

func TestOneChildPerIdentityAndTenant(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	twin := child()
	twin.GlobalID = c.GlobalID
	if _, err := d.AddClient("lotus", twin); err == nil {
		t.Error("the same child twice in one tenant")
	}
	must(d.AddClient("banyan", twin))
	equal(t, "homes", len(d.Identities()[0].Homes), 2)
}

func TestPeopleAreToldWhatIsWrong(t *testing.T) {
	d := open(t)
	for what, err := range map[string]error{
		"organisation": d.Accept("nowhere", "x"), "client": d.Accept("lotus", "x"), "referral": d.DeleteReferral("lotus", 9),
		"identity": func() error { c := child(); c.GlobalID = "x"; _, err := d.AddClient("lotus", c); return err }(),
	} {
		if err == nil {
			t.Error(what, "was found")
		}
	}
}

func TestSaveOfAnUndecidedChildLeavesTheReferralAlone(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	before := d.Referrals("lotus")[0].UpdatedAt
	equal(t, "bumps", d.moves("lotus", c.Slug, func() error { return d.SaveClient("lotus", c.Slug) }), true)
	equal(t, "referral", d.Referrals("lotus")[0].UpdatedAt, before)
}
