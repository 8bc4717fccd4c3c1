package oscar

import (
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/google/go-cmp/cmp"
)

func TestGuardOfReferrals(t *testing.T) {
	for name, c := range map[string]struct {
		edit map[string]any
		bad  string // the field that is named; "" means that it goes out
	}{
		"sound":                       {nil, ""},
		"no organization":             {map[string]any{"organization_name": nil}, "organization_name"},
		"schema of all":               {map[string]any{"organization_name": "public"}, "organization_name"},
		"schema of the index":         {map[string]any{"organization_name": "shared"}, "organization_name"},
		"upper case":                  {map[string]any{"organization_name": "CIF"}, "organization_name"},
		"blank around it":             {map[string]any{"organization_name": " cif"}, "organization_name"},
		"no case":                     {map[string]any{"external_id": " "}, "external_id"},
		"null case":                   {map[string]any{"external_id": nil}, "external_id"},
		"no worker":                   {map[string]any{"external_case_worker_name": ""}, "external_case_worker_name"},
		"no phone":                    {map[string]any{"external_case_worker_mobile": " "}, "external_case_worker_mobile"},
		"no name at all":              {map[string]any{"given_name": "", "family_name": nil}, "given_name"},
		"one name":                    {map[string]any{"given_name": ""}, ""},
		"risk of the other system":    {map[string]any{"level_of_risk": "no_action"}, "level_of_risk"},
		"no risk":                     {map[string]any{"level_of_risk": nil}, "level_of_risk"},
		"risk in capitals":            {map[string]any{"level_of_risk": "High"}, "level_of_risk"},
		"no service":                  {map[string]any{"services": []any{}}, "services"},
		"two services":                {map[string]any{"services": []any{map[string]any{"name": "a"}, map[string]any{"name": "b"}}}, "services"},
		"nameless service":            {map[string]any{"services": []any{map[string]any{"uuid": "u"}}}, "services"},
		"services no list":            {map[string]any{"services": "Trauma counselling"}, "services"},
		"worker id a word":            {map[string]any{"external_case_worker_id": "w-12"}, "external_case_worker_id"},
		"worker id too large":         {map[string]any{"external_case_worker_id": "2147483648"}, "external_case_worker_id"},
		"worker id largest":           {map[string]any{"external_case_worker_id": "2147483647"}, ""},
		"worker id a number":          {map[string]any{"external_case_worker_id": 12}, ""},
		"code a number":               {map[string]any{"address_current_village_code": 1070101}, "address_current_village_code"},
		"code empty":                  {map[string]any{"location_current_village_code": ""}, ""},
		"any gender for a referral":   {map[string]any{"gender": "neither"}, ""},
		"any gender for a client":     {map[string]any{"gender": "neither", "global_id": "01A"}, "gender"},
		"gender of a client":          {map[string]any{"gender": "lgbt", "global_id": "01A"}, ""},
		"one name for a client":       {map[string]any{"given_name": " ", "global_id": "01A"}, "given_name"},
		"no family name of a client":  {map[string]any{"family_name": nil, "global_id": "01A"}, "family_name"},
		"no birth of a client":        {map[string]any{"date_of_birth": nil, "global_id": "01A"}, "date_of_birth"},
		"empty birth of a client":     {map[string]any{"date_of_birth": "", "global_id": "01A"}, "date_of_birth"},
		"birth that is no date":       {map[string]any{"date_of_birth": "about 2015", "global_id": "01A"}, "date_of_birth"},
		"birth on an impossible day":  {map[string]any{"date_of_birth": "2015-02-30", "global_id": "01A"}, "date_of_birth"},
		"birth with a typing mistake": {map[string]any{"date_of_birth": "22012-02-29", "global_id": "01A"}, ""},
		"no birth of a new child":     {map[string]any{"date_of_birth": nil}, ""},
		"status of an earlier one":    {map[string]any{"referral_status": "Accepted", "global_id": "01A"}, "referral_status"},
		"known, but not referred":     {map[string]any{"is_referred": false, "global_id": "01A"}, "is_referred"},
		"known, referred left out":    {map[string]any{"is_referred": nil, "global_id": "01A"}, "is_referred"},
		"unknown, referred left out":  {map[string]any{"is_referred": nil}, ""},
		"unknown, global_id is empty": {map[string]any{"is_referred": nil, "global_id": " "}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{answer: text(200, `{"external_id":"case-1","message":"Record saved."}`)}
			out := write(t, opened(t, f, nil), referralChange(c.edit))[0]
			if c.bad == "" {
				if out.State != engine.Done {
					t.Errorf("stopped: %v", out.Fault)
				}
				return
			}
			if out.State != engine.Refused || !cmp.Equal(out.Fault.Fields, []string{c.bad}) {
				t.Errorf("got %s %v", out.State, out.Fault)
			}
			if f.calls.Load() != 0 || f.signIns.Load() != 0 {
				t.Error("something was sent")
			}
		})
	}
}
