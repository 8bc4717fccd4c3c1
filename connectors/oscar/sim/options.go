package sim

import "time"

// Options describe one simulated OSCaR. Now is required, the rest has defaults.
type Options struct {
	Now           func() time.Time // read for every stamp and for token expiry
	Organizations []Organization   // nil: five invented NGOs, see DefaultOrganizations
	Services      []Service        // nil: OSCaR's own 65 rows, see DefaultServices
	Admin         Admin            // the account that the API is called with
	Switches      Switches
	Latency       time.Duration // waited before every answer
	Seed          int64         // decides ULIDs, slug letters and tokens
}

// Admin is the AdminUser of the interop account (§2).
type Admin struct {
	Email          string
	Password       string
	ExternalSystem string // ngo_name of its referrals; linked to the account by its e-mail
}

// Organization is one NGO: a row of the shared organisations table, its tenant
// and the tenant's settings row.
type Organization struct {
	ID         int64 // 0: numbered in order from 1
	ShortName  string
	FullName   string
	Country    string
	Integrated bool // only integrated organisations are listed; referrals reach the others too
	Demo       bool
	Deleted    bool // soft-deleted: the schema still exists
	CreatedAt  time.Time

	// The settings row. Without a province the address code is ""; with a
	// province alone, listing a referred child crashes (§6.5).
	Province, District, Commune string
	NoSetting                   bool // no settings row at all: listing any child crashes

	Workers       []CaseWorker // the first one takes up new children; nil: one invented worker
	ExtraServices []Service    // rows that only this tenant has
	Lacks         []string     // names of services that this tenant does not have
}

// CaseWorker is an NGO's user who cares for a child.
type CaseWorker struct{ Name, Mobile string }

// Service is one row of a tenant's services table. Neither Name nor UUID is
// unique (§8); an empty UUID is listed as null, an empty Parent
// makes it a parent itself.
type Service struct{ Name, UUID, Parent string }

// Switches choose between OSCaR's versions (§13). The zero value
// is deployed OSCaR with the referral crash repaired.
type Switches struct {
	HeadCrash           bool           // valid referral saves through the API crash and roll back
	AcceptLoud          bool           // before 2025-06: accepting saves the client, and its referral follows
	RecordNotFound404   bool           // an HTML page with 404 instead of 200 with nothing
	OSZone              *time.Location // zone of dates without one; nil: UTC
	Production          bool           // Rails env production: absolute consent addresses, `demo` in the index
	LegacyDistrictCodes bool           // districts stored with six digits
	NoExternalSystem    bool           // no external system belongs to the account's e-mail
}

func (o Options) withDefaults() Options {
	if o.Organizations == nil {
		o.Organizations = DefaultOrganizations()
	}
	if o.Services == nil {
		o.Services = DefaultServices()
	}
	if o.Admin.Email == "" {
		o.Admin.Email = "casebridge@example.org"
	}
	if o.Admin.Password == "" {
		o.Admin.Password = "casebridge-demo"
	}
	if o.Admin.ExternalSystem == "" {
		o.Admin.ExternalSystem = "MoSVY External System"
	}
	return o
}

// DefaultOrganizations are invented: four integrated NGOs and one, `harbour`,
// that is not.
func DefaultOrganizations() []Organization {
	worker := func(name string) []CaseWorker { return []CaseWorker{{Name: name, Mobile: "000000001"}} }
	return []Organization{
		{ShortName: "lotus", FullName: "Lotus House", Country: "cambodia", Integrated: true, Province: "12", District: "1201", Workers: worker("Lotus Worker")},
		{ShortName: "riverside", FullName: "Riverside Families", Country: "cambodia", Integrated: true, Province: "02", District: "0202", Commune: "020202", Workers: worker("Riverside Worker")},
		{ShortName: "banyan", FullName: "Banyan Children's Fund", Country: "cambodia", Integrated: true, Province: "17", District: "1710", Workers: worker("Banyan Worker")},
		{ShortName: "sunrise", FullName: "Sunrise Shelter", Country: "cambodia", Integrated: true, Workers: worker("Sunrise Worker")},
		{ShortName: "harbour", FullName: "Harbour Kids", Country: "cambodia", Province: "18", District: "1801", Workers: worker("Harbour Worker")},
	}
}
