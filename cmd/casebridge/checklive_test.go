package main

import (
	"net/http"
	"strings"
	"testing"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
)

const allWell = "check: primero and oscar are as the specs say: 49 users, 25 locations, 24 agencies, 24 organizations, 79 codes, 63 fields looked at\n"

// Each switch of the simulated systems, and what the nightly check says of it.
func TestCheckLive(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*rig) error
		code   int
		want   []string // parts of what is printed, in order
	}{
		{"all is well", func(*rig) error { return nil }, exitDone, nil},
		{"an option removed", func(r *rig) error { return r.primero.RemoveOption("service_subtype", "counselling_trauma") }, exitUsage,
			[]string{"primero\n", "specs/maps/services.yaml:", `error: primero does not have the option "counselling_trauma" in service_subtype [code-gone]`, "^^^", "catalogues/primero.yaml:", "check: 1 error; 49 users"}},
		{"an option switched off", func(r *rig) error { return r.primero.DisableOption("service_subtype", "counselling_trauma") }, exitDone,
			[]string{`warning: the option "counselling_trauma" of service_subtype is switched off`, "check: 1 warning; "}},
		{"an option added that has no row", func(r *rig) error { return r.primero.AddOption("service_subtype", "counselling_play") }, exitDone,
			[]string{"specs/maps/services.yaml:", `primero has the option "counselling_play" in service_subtype`, "[code-unmapped]"}},
		{"an option added that needs none", func(r *rig) error { return r.primero.AddOption("protection_status", "unaccompanied") }, exitDone, nil},
		{"a field hidden", func(r *rig) error { return r.primero.HideField("oscar_short_id") }, exitDone,
			[]string{"specs/catalogues/primero.yaml:", "the field case.oscar_short_id is switched off in primero [field-hidden]"}},
		{"a column hidden", func(r *rig) error { return r.primero.HideField("oscar_referral_id_a4ac8a5") }, exitDone,
			[]string{"the field case.services_section.oscar_referral_id_a4ac8a5 is switched off"}},
		{"a user disabled", func(r *rig) error { return r.primero.DisableUser("mgrkdl") }, exitDone,
			[]string{"specs/maps/provinces.yaml:", `the user "mgrkdl" is switched off in primero [name-disabled]`}},
		{"a user removed", func(r *rig) error { return r.primero.RemoveUser("mgrkdl") }, exitUsage,
			[]string{"specs/maps/provinces.yaml:", `primero does not have the user "mgrkdl" [name-gone]`}},
		{"an NGO's user removed", func(r *rig) error { return r.primero.RemoveUser("agency-wmo-user") }, exitUsage,
			[]string{"specs/rules/agency.yaml:", `primero does not have the user "agency-wmo-user" [name-gone]`}},
		{"an agency removed", func(r *rig) error { return r.primero.RemoveAgency("agency-tpo") }, exitUsage,
			[]string{"specs/rules/agency.yaml:", `primero does not have the agency "agency-tpo" [name-gone]`}},
		{"an agency disabled", func(r *rig) error { return r.primero.DisableAgency("agency-tpo") }, exitDone, []string{`the agency "agency-tpo" is switched off`}},
		{"users may not be read", func(r *rig) error { return r.primero.Permit(primerosim.DefaultUser, "manage", "agency:read") }, exitDone,
			[]string{"warning: could not check the rights of this connection's user of primero: not permitted [not-checked]", "could not check users of primero: not permitted", "check: 2 warnings; 25 locations, 24 agencies"}},
		{"agencies may not be listed", func(r *rig) error { return r.primero.Permit(primerosim.DefaultUser, "manage", "user:read") }, exitDone, nil},
		{"cases may only be read", func(r *rig) error {
			return r.primero.Permit(primerosim.DefaultUser, "read", "user:read", "agency:read")
		}, exitUsage,
			[]string{"specs/flows/", "error: the connection's user may not update primero.case [not-permitted]", "may not create primero.case"}},
		{"a field that a flow writes stands on a form to read", func(r *rig) error {
			return r.primero.MakeReadOnly(primerosim.DefaultUser, "oscar_short_id", "services_section", "religion")
		}, exitUsage,
			[]string{"specs/flows/oscar-ids.yaml:", "error: the connection's user may not change the field case.oscar_short_id of primero [not-permitted]",
				"what is written to it is lost", "specs/flows/oscar-to-primero.yaml:", "may not change the field case.services_section of primero", "check: 5 errors; "}},
		{"one organization is gone", func(r *rig) error {
			return r.oscar.EditOrganization("holt", func(o *oscarsim.Organization) { o.Deleted = true })
		}, exitUsage,
			[]string{"oscar\n", "specs/rules/agency.yaml:", `oscar does not have the organization "holt" [name-gone]`}},
		{"a system that fails", func(r *rig) error {
			r.oscar.FailNext(func(q *http.Request) bool { return strings.HasSuffix(q.URL.Path, "/organizations") }, oscarsim.HTML500, 9)
			return nil
		}, exitEnvironment, []string{"oscar: check organizations"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, t.TempDir())
			if err := c.change(r); err != nil {
				t.Fatal(err)
			}
			o := r.run(t, c.code, "check", "--live", "--set", "connections.oscar.retries=0")
			if c.want == nil && o.all() != allWell {
				t.Errorf("not one line:\n%s", o.all())
			}
			rest := o.all()
			for _, want := range c.want {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Fatalf("%q is not there, or not in this order:\n%s", want, o.all())
				}
				rest = after
			}
			if p, q := r.writes(); p+q != 0 {
				t.Errorf("%d and %d writes", p, q)
			}
			for _, q := range r.primero.Log() {
				if q.Method != http.MethodGet {
					t.Errorf("%s %s", q.Method, q.Path)
				}
			}
		})
	}
}
