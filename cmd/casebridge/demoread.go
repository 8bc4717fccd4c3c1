package main

import (
	"encoding/json"
	"errors"
)

// playedCase is what the demo's and the sandbox's people see of a case.
type playedCase struct {
	ID       string          `json:"id"`
	Display  string          `json:"case_id_display"`
	CaseID   string          `json:"case_id"`
	Status   string          `json:"status"`
	Owner    string          `json:"owned_by"`
	First    string          `json:"name_first"`
	Last     string          `json:"name_last"`
	Home     string          `json:"oscar_short_id"`
	Services []playedService `json:"services_section"`
}

type playedService struct {
	ID       string   `json:"unique_id"`
	Type     string   `json:"service_type"`
	Subtype  []string `json:"service_subtype"`
	Response string   `json:"service_response_type"`
	Agency   string   `json:"service_implementing_agency"`
	From     string   `json:"oscar_referring_organization"`
	Status   string   `json:"referral_status_edf41f2"`
}

// cases are all cases of the simulated Primero, as its people see them.
func (w *world) cases() ([]playedCase, error) {
	var out []playedCase
	for _, raw := range w.primero.Cases() {
		var c playedCase
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// incoming is the first service row that an NGO referred to the government.
func (w *world) incoming() (caseID, row string, err error) {
	cases, err := w.cases()
	if err != nil {
		return "", "", err
	}
	for _, c := range cases {
		for _, r := range c.Services {
			if r.Response == "referral_from_oscar" {
				return c.ID, r.ID, nil
			}
		}
	}
	return "", "", errors.New("no NGO has referred a child to the government yet")
}
