package sim

import (
	"slices"
	"strings"
)

// fullRow is a child referred to the caller's system (§6.4).
type fullRow struct {
	Slug          string   `json:"slug"`
	GlobalID      *string  `json:"global_id"`
	ExternalID    *string  `json:"external_id"`
	Display       *string  `json:"external_id_display"`
	Mosvy         *string  `json:"mosvy_number"`
	Given         string   `json:"given_name"`
	Family        string   `json:"family_name"`
	Gender        string   `json:"gender"`
	Birth         *string  `json:"date_of_birth"`
	Location      string   `json:"location_current_village_code"`
	Address       string   `json:"address_current_village_code"`
	Organization  int64    `json:"organization_id"`
	Name          string   `json:"organization_name"`
	Worker        *string  `json:"external_case_worker_name"`
	WorkerID      *string  `json:"external_case_worker_id"`
	Reason        string   `json:"reason_for_referral"`
	Status        string   `json:"status"`
	Workers       string   `json:"case_worker_name"`
	Mobiles       string   `json:"case_worker_mobile"`
	IsReferred    bool     `json:"is_referred"`
	Consent       []string `json:"referral_consent_form"`
	OfficeAddress string   `json:"organization_address_code"`
	Risk          string   `json:"level_of_risk"`
	Services      []any    `json:"services"`
}

// shortRow is every other child (CSES).
type shortRow struct {
	Given         string  `json:"given_name"`
	Family        string  `json:"family_name"`
	LocalGiven    *string `json:"local_given_name"`
	LocalFamily   *string `json:"local_family_name"`
	Gender        string  `json:"gender"`
	Birth         *string `json:"date_of_birth"`
	GlobalID      *string `json:"global_id"`
	Slug          string  `json:"slug"`
	ExternalID    string  `json:"external_id"`
	Display       string  `json:"external_id_display"`
	Status        string  `json:"status"`
	Mosvy         string  `json:"mosvy_number"`
	Location      string  `json:"location_current_village_code"`
	Workers       string  `json:"case_worker_name"`
	Mobiles       string  `json:"case_worker_mobile"`
	IsReferred    bool    `json:"is_referred"`
	Name          string  `json:"organization_name"`
	OfficeAddress string  `json:"organization_address_code"`
	Resource      *string `json:"resource"`
	Services      []any   `json:"services"`
}

// enrolled is a services item that came from a programme.
type enrolled struct {
	Program string  `json:"program_name"`
	Date    *string `json:"enrollment_date"`
	UUID    *string `json:"uuid"`
	Name    string  `json:"name"`
}

// answered is a services item that came from a referral. Nothing in it says
// which way the referral went.
type answered struct {
	Program *string `json:"program_name"`
	Date    *string `json:"enrollment_date"`
	UUID    *string `json:"uuid"`
	Name    string  `json:"name"`
	ID      int64   `json:"referral_id"`
	Status  string  `json:"referral_status"`
}

func (s *System) row(l listed) any {
	if l.full {
		return s.fullRow(l.tenant, l.client)
	}
	return s.shortRow(l.tenant, l.client)
}

func (s *System) fullRow(t *tenant, c *client) fullRow {
	referrals := c.ofSystem(s.external())
	place := c.address.deepest(s.switches.LegacyDistrictCodes)
	row := fullRow{
		Slug: c.slug, GlobalID: c.globalID.pointer(), ExternalID: c.externalID.pointer(), Display: c.display.pointer(), Mosvy: c.mosvy.pointer(),
		Given: either(c.given, c.localGiven), Family: either(c.family, c.localFamily), Gender: c.gender.text, Birth: c.birth.pointer(),
		Location: place, Address: place, Organization: t.org.ID, Name: t.org.ShortName,
		Worker: c.workerName.pointer(), WorkerID: c.workerID.pointer(), Reason: c.reason.text, Status: c.status,
		Workers: names(c.workers), Mobiles: mobiles(c.workers), IsReferred: s.isReferred(referrals), Consent: []string{},
		OfficeAddress: s.office(t), Services: services(c, referrals),
	}
	if len(referrals) > 0 {
		last := referrals[len(referrals)-1]
		row.Reason, row.Risk = last.reason, last.level.text
		row.Consent = append(row.Consent, s.consent(last)...)
	}
	return row
}

func (s *System) shortRow(t *tenant, c *client) shortRow {
	referrals := c.ofSystem(s.external())
	row := shortRow{
		Given: either(c.given, c.localGiven), Family: either(c.family, c.localFamily),
		LocalGiven: c.localGiven.pointer(), LocalFamily: c.localFamily.pointer(), Gender: c.gender.text, Birth: c.birth.pointer(),
		GlobalID: c.globalID.pointer(), Slug: c.slug, ExternalID: c.externalID.text, Display: c.display.text, Mosvy: c.mosvy.text,
		Status: c.status, Location: c.address.deepest(s.switches.LegacyDistrictCodes),
		Workers: names(c.workers), Mobiles: mobiles(c.workers), IsReferred: s.isReferred(referrals),
		Name: t.org.ShortName, OfficeAddress: s.office(t), Services: []any{},
	}
	if !c.externalID.blank() {
		primero := "primero"
		row.Resource = &primero
		row.Services = services(c, referrals)
	}
	return row
}

// isReferred: the last referral with an external system belongs to the caller's.
func (s *System) isReferred(referrals []*referral) bool {
	return len(referrals) > 0 && !s.switches.NoExternalSystem
}

// services are one item per programme and service, then one per referral and service.
func services(c *client, referrals []*referral) []any {
	items := []any{}
	var seen []string
	for _, e := range c.enrolments {
		if slices.Contains(seen, e.program) {
			continue
		}
		seen = append(seen, e.program)
		for _, service := range e.services {
			items = append(items, enrolled{e.program, e.date.pointer(), filled(service.UUID).pointer(), service.Name})
		}
	}
	for _, r := range referrals {
		for _, service := range r.services {
			items = append(items, answered{UUID: filled(service.UUID).pointer(), Name: service.Name, ID: r.id, Status: r.status})
		}
	}
	return items
}

func either(name, local null) string {
	if name.blank() {
		return local.text
	}
	return name.text
}

func names(workers []CaseWorker) string {
	return joined(workers, func(w CaseWorker) string { return w.Name })
}

func mobiles(workers []CaseWorker) string {
	return joined(workers, func(w CaseWorker) string { return w.Mobile })
}

func joined(workers []CaseWorker, part func(CaseWorker) string) string {
	var parts []string
	for _, w := range workers {
		if text := part(w); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

// office is the code of the NGO's own address.
func (s *System) office(t *tenant) string {
	switch {
	case t.org.Province == "":
		return ""
	case t.org.Commune != "":
		return t.org.Commune
	case t.org.District != "":
		return district(t.org.District, s.switches.LegacyDistrictCodes)
	}
	return district(t.org.Province+"01", s.switches.LegacyDistrictCodes) // its first district
}

// consent are the addresses of a referral's files; in production_api they are
// paths, which need not exist on that host (§6.5).
func (s *System) consent(r *referral) []string {
	if !s.switches.Production {
		return r.consent
	}
	var urls []string
	for _, path := range r.consent {
		urls = append(urls, "https://files.oscar.example"+path)
	}
	return urls
}
