package sim_test

import (
	"testing"

	"github.com/casebridge/casebridge/connectors/primero/sim"
)

func TestUsers(t *testing.T) {
	w := newWorld(t)
	got := w.ask(200, "GET", "/api/v2/users?user_name=worker1", "")
	equal(t, "total", got.Get("metadata.total").Int(), 1)
	user := got.Get("data.0")
	equal(t, "numeric agency", user.Get("agency_id").Raw, "1")
	equal(t, "scope", user.Get("role_group_permission").Str, "self")
	equal(t, "nulls are omitted", user.Get("email").Exists(), false)
	equal(t, "unknown", w.ask(200, "GET", "/api/v2/users?user_name=ghost", "").Get("metadata.total").Int(), 0)
	equal(t, "exact", w.ask(200, "GET", "/api/v2/users?user_name=Worker1", "").Get("metadata.total").Int(), 0)
	equal(t, "agency[]", w.ask(200, "GET", "/api/v2/users?agency[]=2", "").Get("metadata.total").Int(), 1)
	if err := w.DisableUser("worker2"); err != nil {
		t.Fatal(err)
	}
	all := w.ask(200, "GET", "/api/v2/users?per=2", "")
	equal(t, "metadata", all.Get("metadata").Raw, `{"page":1,"per":2,"total":4,"total_enabled":3}`)
	equal(t, "newest first", all.Get("data.0.user_name").Str, "lead")
	equal(t, "disabled[]", w.ask(200, "GET", "/api/v2/users?disabled[]=false", "").Get("metadata.total").Int(), 3)
}

func TestOnesOwnRights(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) {
		o.Users = append(o.Users, sim.User{UserName: "plain", Password: "pw", Role: sim.Role{Permissions: []string{"read"}}})
		o.FilterFields = []string{"oscar_number"}
	})
	plain := w.as("plain", "pw")
	plain.ask(403, "GET", "/api/v2/users", "")
	plain.ask(403, "GET", "/api/v2/users/1", "")
	got := plain.ask(200, "GET", "/api/v2/users/5?extended=true", "").Get("data")
	equal(t, "actions", got.Get("permissions.list.0.actions").Raw, `["read"]`)
	w.ask(404, "GET", "/api/v2/users/99", "")
}

func TestAgencies(t *testing.T) {
	w := newWorld(t)
	equal(t, "all", w.ask(200, "GET", "/api/v2/agencies", "").Get("data.#.unique_id").Raw, `["agency-a","agency-b"]`)
	equal(t, "enabled", w.ask(200, "GET", "/api/v2/agencies?disabled[0]=false", "").Get("data.#").Int(), 2)
	w.ask(500, "GET", "/api/v2/agencies?disabled=false", "")
}

func TestLookupsArePaged(t *testing.T) {
	w := newWorld(t)
	got := w.ask(200, "GET", "/api/v2/lookups?per=1&order_by=unique_id", "")
	equal(t, "first", got.Get("data.0.unique_id").Str, "languages")
	equal(t, "total", got.Get("metadata.total").Int(), 2)
	equal(t, "values", got.Get("data.0.values.#.id").Raw, `["km","en"]`)
	w.ask(500, "GET", "/api/v2/lookups?order_by=nope", "")
}

func TestLocations(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) {
		o.Locations = []sim.Location{{Code: "1", Name: "P", Type: "province"}, {Code: "101", Name: "D", Type: "district", Parent: "1"}}
	})
	got := w.ask(200, "GET", "/api/v2/locations?hierarchy=true", "")
	equal(t, "per", got.Get("metadata.per").Int(), 100)
	equal(t, "name", got.Get("data.1.name.en").Str, "P::D")
	equal(t, "hierarchy", got.Get("data.1.hierarchy").Raw, `["1","101"]`)
}

func TestForms(t *testing.T) {
	w := newWorld(t)
	got := w.ask(200, "GET", "/api/v2/forms?record_type=case&module_id=primeromodule-cp", "").Get("data")
	services := got.Get(`0.fields.#(name=="services_section")`)
	equal(t, "type", services.Get("type").Str, "subform")
	nested := got.Get(`#(unique_id=="services_section")`)
	equal(t, "nested id", nested.Get("id").Raw, services.Get("subform_section_id").Raw)
	equal(t, "default column", nested.Get(`fields.#(name=="service_response_day_time").date_include_time`).Bool(), true)
	equal(t, "added column", nested.Get(`fields.#(name=="service_subtype").multi_select`).Bool(), true)
	equal(t, "without subforms", w.ask(200, "GET", "/api/v2/forms?exclude_subforms=true", "").Get("data.#").Int(), 1)
}

func TestSettingsSayTheVersion(t *testing.T) {
	w := newWorld(t)
	got := w.ask(200, "GET", "/api/v2/system_settings?extended=true", "").Get("data")
	equal(t, "version", got.Get("primero_version").Str, "2.15.2")
	equal(t, "agencies", got.Get("agencies.#").Int(), 2)
	w.as("", "").ask(401, "GET", "/api/v2/system_settings", "")
	about := w.as("", "").ask(200, "GET", "/api/v2/primero", "")
	equal(t, "public, without version", about.Get("data.primero_version").Exists(), false)
}
