package sheet_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/sheet"
	"github.com/casebridge/casebridge/engine/spec"
)

// shore is a driver that only says which objects it has.
type shore struct {
	name    string
	objects []engine.Object
}

func (s shore) Name() string                                   { return s.name }
func (s shore) Objects() []engine.Object                       { return s.objects }
func (s shore) Settings() []engine.Setting                     { return nil }
func (s shore) Open(engine.Opening) (engine.Connection, error) { return nil, nil }

func shores() []engine.Driver {
	code := func(names ...string) []engine.Field {
		var fields []engine.Field
		for _, n := range names {
			fields = append(fields, engine.Field{Name: n, Type: engine.Text, Class: engine.Code})
		}
		return fields
	}
	row := engine.Field{Name: "services", Type: engine.Rows, RowKey: "id", Fields: code("id")}
	referral := append(code("org", "place", "phone", "state"),
		engine.Field{Name: "name", Type: engine.Text},
		engine.Field{Name: "sex", Type: engine.CodeOne, Codes: "sex", Note: "west asks for it"},
		engine.Field{Name: "made_by", Type: engine.Text, Class: engine.Code, Unused: true, Note: "west drops it"},
		engine.Field{Name: "services", Type: engine.Rows, Fields: code("name")})
	return []engine.Driver{
		shore{"east", []engine.Object{
			{Name: "case", Open: true, ID: "id", By: []string{"id", "twin"}, Listed: true, Fields: append(code("id"), row), Verbs: []engine.Verb{engine.UpdateVerb}},
		}},
		shore{"west", []engine.Object{
			{Name: "client", Listed: true, Fields: append(code("slug", "number"), engine.Field{Name: "family_name", Type: engine.Text})},
			{Name: "referral", Note: "handed over", Verbs: []engine.Verb{engine.SendVerb}, Fields: referral},
		}},
	}
}

func lake(t testing.TB) *sheet.Sheet {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", "lake.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for _, f := range a.Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	p, diags := spec.Load(fsys, shores())
	for _, d := range diags {
		t.Errorf("%s: %s", d.At, d.Message)
	}
	if p == nil || t.Failed() {
		t.FailNow()
	}
	return sheet.Of(p)
}

func page(t testing.TB, s *sheet.Sheet) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSameSpecsSameBytes(t *testing.T) {
	first, second := lake(t), lake(t)
	if page(t, first) != page(t, second) {
		t.Error("the page differs")
	}
	var x, y bytes.Buffer
	if err := first.Workbook(&x); err != nil {
		t.Fatal(err)
	}
	if err := second.Workbook(&y); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x.Bytes(), y.Bytes()) {
		t.Error("the workbook differs")
	}
}

func TestFields(t *testing.T) {
	s := lake(t)
	if len(s.Flows) != 1 || len(s.Flows[0].Targets) != 2 {
		t.Fatalf("targets: %+v", s.Flows)
	}
	want := map[string][3]string{ // rule, policies, example
		"org":             {"taken as it is", "[required: without a value the item is kept aside]", `"heron"`},
		"name":            {"the first of `case.first` and `case.last` that is not blank", "[when blank: an empty text]", `"Sample"`},
		"sex":             {"`case.sex`; looked up in the column `east` of the map `sexes`, which gives the column `west`; what the map does not have becomes \"other\" and is reported", "[when blank: an empty text then it warns: nobody said]", `"male" → "Male"`},
		"place":           {"`case.place`; leading zeros removed", "[when blank: an empty text]", `"01" → "1"`},
		"phone":           {"taken as it is", "[when blank: the constant `no_phone`, \"000\"]", `"000"`},
		"state":           {"taken as it is", "[when blank: an empty text]", ""},
		"made_by":         {`always "=1+<i>1"`, "[]", ""},
		"services":        {"a list with exactly one row, made of the fields below", "[]", ""},
		"services[].name": {"what the map `sexes` gives as `west` for the `east` `case.sex`", "[when blank: an empty text]", `"male" → "Male"`},
		"services[].id":   {"taken as it is", "[written when it differs]", `"s1"`},
		"services[].kind": {`always "sent"`, "[only where there is nothing]", ""},
	}
	seen := 0
	for _, target := range s.Flows[0].Targets {
		for _, r := range target.Rows {
			seen++
			w, ok := want[r.Field]
			if got := [3]string{r.Rule, sprint(r.Policy), r.Example}; !ok || got != w {
				t.Errorf("%s:\n got %q\nwant %q", r.Field, got, w)
			}
			if r.Place == "" || r.Class == "" {
				t.Errorf("%s has no place or class: %+v", r.Field, r)
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d fields, want %d", seen, len(want))
	}
	name := s.Flows[0].Targets[0].Rows[1]
	if sprint(name.Labels) != "[{en Full name} {km ឈ្មោះ}]" || name.From[0].Labels[1].Text != "ឈ្មោះ" || name.Class != "personal" {
		t.Errorf("labels: %+v", name)
	}
	if u := s.Unused(); len(u) != 1 || u[0].Field != "west.referral.made_by" {
		t.Errorf("unused: %+v", u)
	}
}

func TestStops(t *testing.T) {
	f := lake(t).Flows[0]
	var got []string
	for _, x := range f.Gates {
		got = append(got, x.Outcome+" | "+x.Gate+" | "+x.When+" | "+x.Say)
	}
	for _, r := range f.Routes {
		for _, x := range r.Stops {
			got = append(got, x.Outcome+" | "+x.Gate+" | "+x.When+" | "+x.Say)
		}
	}
	want := []string{
		"skipped | scope | `case.open` is not true | the case is closed",
		"blocked | consent | `case.agreed` is not true | no consent: ask the family & \"tick\" the box",
		"kept aside |  | the map `places` has no row for `case.place` | the place is not on the map",
		"kept aside |  | `service.agency` is blank, or not in the form `east` of the naming rule `agency` | no confirmed agency",
		"kept aside |  | the name is not on the confirmed list of the naming rule `agency` | no confirmed agency",
		"blocked |  | `west.client` was never read whole | clients were never read whole",
		"skipped |  | there is no `east.case` where `id` is `case.twin` | two twins",
		"kept aside |  | there is more than one `east.case` where `id` is `case.twin` | two twins",
		"goes on with a warning |  | `case.phone` is blank | there is no phone number",
		"nothing to do |  | `sent` is there | ",
		"not sent again |  | it was sent before, with the same service (`service.id`) | ",
		"kept aside |  | there is no value for `org` | ",
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("line %d:\n got %q\nwant %q", i, got, want)
		}
	}
}
