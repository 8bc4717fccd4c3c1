package main

import (
	"fmt"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
)

// Everything here is invented: children are called after numbers.

// childCase is a case as a social worker would open it.
func childCase(i int) map[string]any {
	sexes := []string{"female", "male"}
	return map[string]any{
		"name_first": fmt.Sprintf("Invented %03d", i), "name_last": "Child", "sex": sexes[i%2],
		"date_of_birth": fmt.Sprintf("20%02d-%02d-%02d", 8+i%12, 1+i%12, 1+i%28), "age": 18 - i%12,
		"location_current": fmt.Sprintf("%d%02d%02d%02d", 1+i%25, 1+i%9, 1+i%7, 1+i%5), "risk_level": []string{"low", "medium", "high"}[i%3],
		"consent_for_services": true, "disclosure_other_orgs": true, "owned_by": playWorker, "owned_by_phone": "000000000",
		"status": "open", "module_id": "primeromodule-cp",
	}
}

// serviceRow is a row of a case's services that asks an NGO for help.
func serviceRow(typ, subtype, agency string, at time.Time) map[string]any {
	return map[string]any{
		"service_response_type": "referral_to_oscar", "service_type": typ, "service_subtype": []any{subtype},
		"service_implementing_agency": agency, "service_response_day_time": at.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
}

// refer adds a service to a case and refers it to the NGO's user.
func (w *world) refer(caseID, typ, subtype, ngo, notes string) (row string, err error) {
	row, err = w.primero.AddService(caseID, serviceRow(typ, subtype, "agency-"+ngo, w.now()))
	if err != nil {
		return "", err
	}
	_, err = w.primero.Refer(caseID, playWorker, "agency-"+ngo+"-user", row, notes)
	return row, err
}

// ngoChild is a client as an NGO would open it, in the i-th province.
func ngoChild(i int, province string) oscarsim.Child {
	return oscarsim.Child{
		GivenName: fmt.Sprintf("Invented %03d", i), FamilyName: "Client", Gender: []string{"female", "male"}[i%2],
		DateOfBirth: fmt.Sprintf("20%02d-%02d-%02d", 8+i%12, 1+i%12, 1+i%28), Address: province + "010101", Status: oscarsim.Accepted,
		CaseWorkers: []oscarsim.CaseWorker{{Name: "Invented Worker", Mobile: "000000001"}},
	}
}

// shareReferred is how many of ten cases have a referral to an NGO, and of clients one to the government.
const shareReferred = 3

// fill seeds both systems with many cases and clients, as two countries' offices would have left them.
func (w *world) fill(cases, clients int) error {
	for i := range cases {
		id := w.primero.AddCase(childCase(i))
		if i%10 >= shareReferred {
			continue
		}
		if _, err := w.refer(id, "counselling", "counselling_trauma", w.ngos[i%len(w.ngos)], "Invented reason"); err != nil {
			return err
		}
	}
	first := 0
	for n, ngo := range w.ngos {
		share := clients / len(w.ngos)
		if n < clients%len(w.ngos) {
			share++
		}
		slugs, err := w.oscar.AddClients(ngo, share, func(i int) oscarsim.Child { return ngoChild(first+i, fmt.Sprintf("%02d", 1+(first+i)%25)) })
		if err != nil {
			return err
		}
		for i, slug := range slugs {
			if (first+i)%10 >= shareReferred {
				continue
			}
			if _, err := w.oscar.ReferToGovernment(ngo, slug, []string{"School support"}, "Invented reason"); err != nil {
				return err
			}
		}
		first += share
	}
	return nil
}
