package sim

import (
	"testing"

	"github.com/tidwall/gjson"
)

func TestIndexHasNoIntegratedFlag(t *testing.T) {
	d := open(t)
	_, _, body := d.send("GET", "/organizations", "")
	rows := gjson.Get(body, "organizations").Array()
	equal(t, "rows", len(rows), 5)
	equal(t, "name", rows[0].Get("short_name").Str, "lotus")
	equal(t, "demo", rows[0].Get("demo").Exists(), false)
	equal(t, "integrated", rows[0].Get("integrated").Exists(), false)
	d.SetSwitches(func(s *Switches) { s.Production = true })
	_, _, body = d.send("GET", "/organizations", "")
	equal(t, "demo in production", gjson.Get(body, "organizations.0.demo").Exists(), true)
}

func TestListingNeedsATenantHost(t *testing.T) {
	d := open(t)
	status, _, _ := d.send("GET", "/organizations/listing", "")
	equal(t, "the API's host", status, 500)
	r := d.request("GET", "/organizations/listing", "")
	r.Host = "lotus.oscar.test"
	status, _, body := d.do(r)
	equal(t, "a tenant's host", status, 200)
	rows := gjson.Get(body, "organizations").Array()
	equal(t, "others, external, government", len(rows), 6)
	equal(t, "first", rows[0].Raw, `["Riverside Families","riverside"]`)
}

func TestTransactionsAreDead(t *testing.T) {
	d := open(t)
	status, _, body := d.send("GET", "/organizations/transactions/1", "")
	equal(t, "status", status, 500)
	equal(t, "body", body, `{"message":"Record error. Please check OSCaR logs for details."}`)
}

func TestCheckDuplication(t *testing.T) {
	d := open(t)
	must(d.AddClient("lotus", child()))
	for query, want := range map[string]string{
		"given_name=Own&family_name=Child&date_of_birth=2012-03-10": "Record was Found",
		"given_name=Own&date_of_birth=2012-06-10":                   "Record was not found",
		"given_name=Nobody":               "Record was not found",
		"address_current_village_code=17": "Record was Found",
	} {
		status, _, body := d.send("GET", "/organizations/clients/check_duplication?"+query, "")
		equal(t, query, status, 200)
		equal(t, query, gjson.Get(body, "similar_fields").Str, want)
	}
	for _, query := range []string{"", "birth_province_code=12", "date_of_birth=soon", "address_current_village_code=1799"} {
		status, _, _ := d.send("GET", "/organizations/clients/check_duplication?"+query, "")
		equal(t, query, status, 500)
	}
}
