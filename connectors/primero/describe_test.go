package primero_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
)

// everyName is all that this driver can list.
var everyName = []string{"user.user_name", "agency.unique_id", "location.code", "unheard.of"}

func describe(t *testing.T, conn engine.Connection, names ...string) engine.Description {
	t.Helper()
	d, err := conn.(engine.Describer).Describe(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func codesIn(codes []engine.SetCode) string {
	var all []string
	for _, c := range codes {
		word := c.Code
		if c.Disabled {
			word += "(off)"
		}
		all = append(all, word)
	}
	return strings.Join(all, " ")
}

func TestDescribe(t *testing.T) {
	w := newWorld(t, func(o *sim.Options, _ map[string]string) {
		o.Agencies = []sim.Agency{{UniqueID: "agency-a"}, {UniqueID: "agency-b", Disabled: true}}
		o.Locations = []sim.Location{{Code: "1", Type: "province"}, {Code: "101", Parent: "1", Disabled: true}}
		o.Codes = map[string][]string{"lookup-gender": {"male", "female"}}
		for i := range 1200 { // more than a page
			o.Users = append(o.Users, sim.User{UserName: fmt.Sprintf("many%d", i), Disabled: i == 7})
		}
	})
	d := describe(t, w.conn, everyName...)
	if len(d.Names) != 3 || len(d.Unread) != 0 {
		t.Fatalf("%d lists of names, unread %v", len(d.Names), d.Unread)
	}
	if n := d.Names[0]; len(n.Codes) != 1203 || !slices.Contains(n.Codes, engine.SetCode{Code: "many7", Disabled: true}) {
		t.Errorf("%d users", len(n.Codes))
	}
	for i, want := range []string{1: "agency-a agency-b(off)", 2: "1 101(off)"} {
		if got := codesIn(d.Names[i].Codes); i > 0 && got != want {
			t.Errorf("%s: %q, want %q", d.Names[i].Object, got, want)
		}
	}
	if len(d.Lists) != 1 || d.Lists[0].Name != "lookup-gender" || codesIn(d.Lists[0].Codes) != "male female" {
		t.Errorf("lists %v", d.Lists)
	}
	if len(d.Rights) != 1 || !d.Rights[0].Read || len(d.Rights[0].Verbs) != 2 {
		t.Errorf("rights %v", d.Rights)
	}
	for _, want := range []engine.SetField{
		{Object: "case", Name: "sex", Type: engine.CodeOne, List: "lookup-gender"},
		{Object: "case", Name: "age", Type: engine.Integer},
		{Object: "case", Name: "services_section.service_response_day_time", Type: engine.Instant},
		{Object: "case", Name: "service_implementing_agencies", Type: engine.CodeMany},
	} {
		if !slices.Contains(d.Fields, want) {
			t.Errorf("no field %+v", want)
		}
	}
	if n := w.Writes().Total; n != 0 {
		t.Errorf("%d writes", n)
	}
	if n := len(describe(t, w.conn).Names); n != 0 {
		t.Errorf("%d lists of names that nobody asked for", n)
	}
}

func TestDescribeWithFewRights(t *testing.T) {
	w := newWorld(t, func(o *sim.Options, _ map[string]string) { o.Agencies = []sim.Agency{{UniqueID: "agency-a"}} })
	if err := w.Permit(sim.DefaultUser, "read"); err != nil {
		t.Fatal(err)
	}
	d := describe(t, w.conn, everyName...)
	if len(d.Unread) != 2 || d.Unread[0].Names != "" || d.Unread[1].Names != "user.user_name" || d.Unread[1].Fault.Status != 403 {
		t.Errorf("unread %+v", d.Unread)
	}
	if len(d.Names) != 2 || codesIn(d.Names[0].Codes) != "agency-a" {
		t.Errorf("agencies come from the settings: %v", d.Names)
	}
	if d.Rights != nil || len(d.Fields) == 0 {
		t.Errorf("rights %v, %d fields", d.Rights, len(d.Fields))
	}
}

// A case that the account does not see looks as if it were not there; so the check says when there may be some.
func TestDescribeSaysWhenSomeCasesAreNotSeen(t *testing.T) {
	w := newWorld(t, func(o *sim.Options, s map[string]string) {
		o.Users = append(o.Users, sim.User{UserName: "near", Password: "p", Groups: []string{"g"}, Role: sim.Role{Scope: "group"}})
		s["user"], s["password"] = "near", "p"
	})
	d := describe(t, w.conn)
	if len(d.Unread) != 1 || d.Unread[0].What != "the cases of other users" || d.Unread[0].Fault.Next == "" {
		t.Errorf("unread %+v", d.Unread)
	}
}

// A form as the real server sends it: options at the field itself, one field on two forms, a form that the role lacks.
func TestDescribeForms(t *testing.T) {
	answers := map[string]string{
		"/api/v2/users":   `{"data":[{"id":3,"user_name":"bridge"}],"metadata":{"total":1,"per":1000,"page":1}}`,
		"/api/v2/users/3": `{"data":{"permissions":{"list":[{"resource":"cases","actions":["read","write"]}]},"permitted_form":{"first":"rw","second":"r"}}}`,
		"/api/v2/lookups": `{"data":[],"metadata":{"total":0,"per":1000,"page":1}}`,
		"/api/v2/forms": `{"data":[
			{"id":1,"unique_id":"first","visible":true,"fields":[
				{"name":"twice","type":"text_field","visible":false},
				{"name":"own","type":"radio_button","visible":true,"option_strings_text":[{"id":"a","display_text":{"en":"A"}},{"id":"b","disabled":true}]},
				{"name":"place","type":"select_box","option_strings_source":"Location"},
				{"name":"rows","type":"subform","subform_section_id":9}]},
			{"id":2,"unique_id":"second","visible":true,"fields":[{"name":"twice","type":"text_field","visible":true},{"name":"seen","type":"text_field"},
				{"name":"owned_by","type":"text_field"},{"name":"lines","type":"subform","subform_section_id":9}]},
			{"id":3,"unique_id":"third","visible":true,"fields":[{"name":"twice","type":"text_field"},{"name":"far","type":"textarea"}]},
			{"id":9,"unique_id":"rows","is_nested":true,"visible":false,"fields":[{"name":"many","type":"select_box","multi_select":true,"option_strings_source":"lookup lookup-many"}]}]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if _, err := w.Write([]byte(answers[r.URL.Path])); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	conn := dial(t, server.URL, map[string]string{"user": "bridge", "password": "x", "rate": "0"}, nil, time.Now)
	d := describe(t, conn)
	var got []string
	for _, f := range d.Fields {
		got = append(got, fmt.Sprintf("%s %s %q hidden=%v barred=%v read-only=%v", f.Name, f.Type, f.List, f.Hidden, f.Barred, f.ReadOnly))
	}
	want := []string{
		`twice text "" hidden=false barred=false read-only=false`,
		`own code "the options of own" hidden=false barred=false read-only=false`,
		`place code "" hidden=false barred=false read-only=false`,
		`rows rows "" hidden=false barred=false read-only=false`,
		`rows.many codes "lookup-many" hidden=false barred=false read-only=false`,
		`seen text "" hidden=false barred=false read-only=true`,
		`owned_by text "" hidden=false barred=false read-only=false`, // every role may
		`lines rows "" hidden=false barred=false read-only=true`,
		`lines.many codes "lookup-many" hidden=false barred=false read-only=true`,
		`far text "" hidden=false barred=true read-only=true`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(d.Lists) != 1 || codesIn(d.Lists[0].Codes) != "a b(off)" {
		t.Errorf("lists %v", d.Lists)
	}
	if r := d.Rights[0]; !r.Read || !slices.Equal(r.Verbs, []engine.Verb{engine.UpdateVerb}) {
		t.Errorf("rights %v", r)
	}
}

// A Primero that does not tell the forms of a role, or the account itself, leaves them unknown, and says so.
func TestDescribeSaysWhatIsNotTold(t *testing.T) {
	for want, user := range map[string]string{
		"the right to change forms":            `{"id":3,"user_name":"bridge"}`,
		"the rights of this connection's user": `{"id":4,"user_name":"somebody-else"}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			text := `{"data":[],"metadata":{"total":0,"per":1000,"page":1}}`
			switch r.URL.Path {
			case "/api/v2/users":
				text = `{"data":[` + user + `],"metadata":{"total":1,"per":1000,"page":1}}`
			case "/api/v2/users/3":
				text = `{"data":{"role_group_permission":"all","permissions":{"list":[]},"permitted_form_unique_ids":["first"]}}`
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Error(err)
			}
		}))
		d := describe(t, dial(t, server.URL, map[string]string{"user": "bridge", "password": "x", "rate": "0"}, nil, time.Now))
		server.Close()
		if len(d.Unread) != 1 || d.Unread[0].What != want || d.Unread[0].Fault.Next == "" {
			t.Errorf("unread %+v, want %s", d.Unread, want)
		}
	}
}
