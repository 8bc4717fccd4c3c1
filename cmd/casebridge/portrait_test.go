package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// portrait is what both systems hold about a child, without stamps, numbers and
// ids that depend on the order of events. Two worlds in which the same was carried
// show the same portrait.
func (p *people) portrait(c *child) string {
	var lines []string
	for _, raw := range p.primero.Cases() {
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			p.t.Fatal(err)
		}
		if doc["name_first"] == c.name {
			lines = append(lines, p.portraitOfCase(doc)...)
		}
	}
	for _, ngo := range p.ngos {
		for _, cl := range p.oscar.Clients(ngo) {
			if cl.GivenName == c.name {
				lines = append(lines, fmt.Sprintf("client of %s: %s %s %s %s %s; status %s, linked %t, archived %t", ngo, cl.GivenName, cl.FamilyName,
					cl.Gender, cl.DateOfBirth, cl.Address, cl.Status, cl.ExternalID != "" && cl.ExternalIDDisplay != "", cl.Archived))
			}
		}
		for _, r := range p.oscar.Referrals(ngo) {
			if strings.HasPrefix(r.ClientName, c.name+" ") {
				lines = append(lines, fmt.Sprintf("referral at %s, %s: %s, %v, %s, risk %s, worker %s, village %s, client %t",
					ngo, r.Direction, r.Reason, r.Services, r.Status, r.LevelOfRisk, r.WorkerName, r.VillageCode, r.ClientSlug != ""))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// steadyFields of a case are the same whatever the order of events was.
var steadyFields = []string{
	"name_first", "name_last", "sex", "date_of_birth", "location_current", "risk_level", "status", "workflow", "owned_by", "module_id",
	"consent_for_services", "disclosure_other_orgs", "protection_status", "oscar_status", "mosvy_number", "interview_subject", "enabled",
}

var steadyColumns = []string{
	"service_type", "service_subtype", "service_type_text", "service_type_details_text", "service_response_type", "service_implementing_agency",
	"oscar_referring_organization", "referral_status_edf41f2", "service_referral_notes", "referral_notes_from_oscar_2e787b8",
	"oscar_case_worker_name", "oscar_case_worker_telephone",
}

func (p *people) portraitOfCase(doc map[string]any) []string {
	pick := func(from map[string]any, names []string) string {
		var b strings.Builder
		for _, name := range names {
			if v := from[name]; v != nil && v != "" {
				fmt.Fprintf(&b, " %s=%v", name, v)
			}
		}
		return b.String()
	}
	full := func(v any) bool { return v != nil && v != "" }
	lines := []string{fmt.Sprintf("case:%s numbered=%t home=%t", pick(doc, steadyFields), full(doc["oscar_number"]), full(doc["oscar_short_id"]))}
	rows, _ := doc["services_section"].([]any)
	subtypes := map[string]any{}
	for _, row := range rows {
		row, _ := row.(map[string]any)
		subtypes[fmt.Sprint(row["unique_id"])] = row["service_subtype"]
		lines = append(lines, fmt.Sprintf("row:%s answered=%t", pick(row, steadyColumns), full(row["oscar_referral_id_a4ac8a5"])))
	}
	for _, raw := range p.primero.Referrals(fmt.Sprint(doc["id"])) {
		var r map[string]any
		if err := json.Unmarshal(raw, &r); err != nil {
			p.t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("transition: %v to %v, %v, of %v", r["notes"], r["transitioned_to"], r["status"], subtypes[fmt.Sprint(r["service_record_id"])]))
	}
	return lines
}

func (p *people) decode(raw []byte, into any) {
	if err := json.Unmarshal(raw, into); err != nil {
		p.t.Fatal(err)
	}
}
