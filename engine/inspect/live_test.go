package inspect

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

const harbour = `
-- project.yaml --
kind: Project
name: harbour
zone: UTC
connections:
  east: {driver: east}
  west: {driver: west}
-- flow.yaml --
kind: Flow
name: boats
source: {read: west.boat, as: boat, in_order_by: boat.id, since: {start: everything}}
routes:
- name: all
  write:
  - {upsert: east.case, target: found, fields: {number: {from: boat.id}, place: {from: boat.id}}}
  - {update: east.case, target: found, row: rows, fields: {size: {from: boat.id}}}
-- map.yaml --
kind: Map
name: keepers
columns:
  kind: {codes: east.kind, complete: true}
  size: {codes: east.size}
  keeper: {names: east.user.name}
rows:
- {kind: sail, size: small, keeper: anna}
- {kind: row, size: small, keeper: otto}
-- rule.yaml --
kind: Rule
name: yard
forms: {plain: "{name}", east: "yard-{name}"}
names: {east: east.yard.slug}
confirmed: [heron, otter]
-- east.yaml --
kind: Catalogue
connection: east
objects:
  case:
    kind: {type: code, codes: kind, class: code}
    tags: {type: codes, codes: size, class: code}
    place: {type: text, class: code}
    rows: {type: rows, key: id, class: code, columns: {id: {type: text, class: code}, size: {type: code, codes: size, class: code}}}
code_lists:
  kind: [sail, row]
  size: [small, large]
`

func harbourDrivers() []engine.Driver {
	east := []engine.Object{
		{Name: "case", ID: "number", By: []string{"number"}, Open: true, Listed: true, Named: "number", Verbs: []engine.Verb{engine.CreateVerb, engine.UpdateVerb}, Fields: []engine.Field{code1("number")}},
		{Name: "user", By: []string{"name"}, Fields: []engine.Field{code1("name")}},
		{Name: "yard", Fields: []engine.Field{code1("slug")}},
	}
	west := []engine.Object{{Name: "boat", Listed: true, Named: "id", Fields: []engine.Field{code1("id")}}}
	return []engine.Driver{side{"east", east}, side{"west", west}}
}

// harbourProject may have findings of its own: what its flow does is not the matter here.
func harbourProject(t *testing.T) *spec.Project {
	t.Helper()
	files := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(harbour)).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	p, diags := spec.Load(files, harbourDrivers())
	if p == nil || p.Map("keepers") == nil || p.Rule("yard") == nil || len(p.Flows) != 1 {
		t.Fatalf("the project cannot be used:\n%s", printed(diags))
	}
	return p
}

func set(codes ...string) []engine.SetCode {
	var all []engine.SetCode
	for _, c := range codes {
		all = append(all, engine.SetCode{Code: c})
	}
	return all
}

// asSaid is the east exactly as the specs say.
func asSaid() *Setup {
	s := &Setup{Connection: "east", Told: true, Own: harbourDrivers()[0].Objects()}
	s.Fields = []engine.SetField{
		{Object: "case", Name: "kind", Type: engine.CodeOne, List: "list-kind"}, {Object: "case", Name: "tags", Type: engine.CodeMany, List: "list-size"},
		{Object: "case", Name: "place", Type: engine.CodeOne}, {Object: "case", Name: "rows", Type: engine.Rows},
		{Object: "case", Name: "rows.id", Type: engine.Text}, {Object: "case", Name: "rows.size", Type: engine.CodeOne, List: "list-size"}}
	s.Lists = []engine.SetList{{Name: "list-kind", Codes: set("sail", "row")}, {Name: "list-size", Codes: set("small", "large")}}
	s.Names = []engine.SetNames{{Object: "user", Field: "name", Codes: set("anna", "otto")}, {Object: "yard", Field: "slug", Codes: set("yard-heron", "yard-otter")}}
	s.Rights = []engine.SetRights{{Object: "case", Read: true, Verbs: []engine.Verb{engine.CreateVerb, engine.UpdateVerb}}}
	return s
}

// short writes findings in a line each.
func short(r LiveReport) []string {
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, fmt.Sprintf("%s %s %s %s", f.Severity, f.Code, f.At, f.Message))
	}
	return lines
}

// liveCodes are the codes that only Live gives; the table below causes each of them.
var liveCodes = []string{"code-disabled", "code-gone", "code-unmapped", "field-gone", "field-hidden", "field-type",
	"name-disabled", "name-gone", "name-unmapped", "not-checked", "not-permitted"}

func TestLive(t *testing.T) {
	p := harbourProject(t)
	seen := map[string]bool{}
	for _, c := range []struct {
		name   string
		change func(*Setup)
		want   []string
	}{
		{"as said", func(*Setup) {}, nil},
		{"a user is gone", func(s *Setup) { s.Names[0].Codes = set("anna") }, []string{`error name-gone map.yaml:9:36 east does not have the user "otto"`}},
		{"a user is switched off", func(s *Setup) { s.Names[0].Codes[1].Disabled = true }, []string{`warning name-disabled map.yaml:9:36 the user "otto" is switched off in east`}},
		{"a user is listed twice, once switched off", func(s *Setup) {
			s.Names[0].Codes = append(s.Names[0].Codes, engine.SetCode{Code: "otto", Disabled: true})
		}, nil},
		{"a yard is gone", func(s *Setup) { s.Names[1].Codes = set("yard-heron") }, []string{`error name-gone rule.yaml:5:20 east does not have the yard "yard-otter"`}},
		{"a yard more", func(s *Setup) { s.Names[1].Codes = append(s.Names[1].Codes, set("yard-eel")...) }, []string{`note name-unmapped  no line of the specs names the yard "yard-eel" of east`}},
		{"yards can neither be listed nor looked up", func(s *Setup) { s.Names = s.Names[:1] }, []string{`warning not-checked  could not check yard.slug: east can neither list nor look them up`}},
		{"yards may not be read", func(s *Setup) {
			s.Names = s.Names[:1]
			s.Unread = []engine.Unread{{What: "yards", Names: "yard.slug", Fault: &engine.Fault{Status: 403}}}
		}, []string{`warning not-checked  could not check yards of east: not permitted`}},
		{"the system does not tell a part", func(s *Setup) {
			s.Unread = []engine.Unread{{What: "the tides", Fault: &engine.Fault{Next: "ask the harbour master"}}}
		}, []string{`warning not-checked  could not check the tides of east`}},
		{"a code of a map is gone", func(s *Setup) { s.Lists[0].Codes = set("sail") }, []string{`error code-gone map.yaml:9:10 east does not have the option "row" in list-kind`}},
		{"a code that no map has is gone", func(s *Setup) { s.Lists[1].Codes = set("small") }, []string{`error code-gone east.yaml:11:17 east does not have the option "large" in list-size`}},
		{"a code is switched off", func(s *Setup) { s.Lists[0].Codes[0].Disabled = true }, []string{`warning code-disabled map.yaml:8:10 the option "sail" of list-kind is switched off in east`}},
		{"a code more, and every code needs a row", func(s *Setup) { s.Lists[0].Codes = set("sail", "row", "steam") },
			[]string{`warning code-unmapped map.yaml:7:1 east has the option "steam" in list-kind, and the specs do not know it`}},
		{"a code more in a list of which the specs use a part", func(s *Setup) { s.Lists[1].Codes = set("small", "large", "huge") },
			[]string{`note code-unmapped east.yaml:11:3 east has the option "huge" in list-size, and the specs do not know it`}},
		{"a code more, switched off", func(s *Setup) {
			s.Lists[0].Codes = append(s.Lists[0].Codes, engine.SetCode{Code: "steam", Disabled: true})
		}, nil},
		{"a field is gone", func(s *Setup) { s.Fields = slices.Delete(s.Fields, 2, 3) }, []string{`error field-gone east.yaml:7:5 east has no field case.place`}},
		{"a column is gone", func(s *Setup) { s.Fields = slices.Delete(s.Fields, 5, 6) }, []string{`error field-gone east.yaml:8:87 east has no field case.rows.size`}},
		{"the key of rows stands on no form", func(s *Setup) { s.Fields = slices.Delete(s.Fields, 4, 5) }, nil},
		{"a field is of another type", func(s *Setup) { s.Fields[2].Type = engine.Integer }, []string{`error field-type east.yaml:7:5 the field case.place is of type integer in east, and text in the specs`}},
		{"one option instead of several", func(s *Setup) { s.Fields[1].Type = engine.CodeOne }, []string{`error field-type east.yaml:6:5 the field case.tags is of type code in east, and codes in the specs`}},
		{"a field is hidden", func(s *Setup) { s.Fields[0].Hidden = true }, []string{`warning field-hidden east.yaml:5:5 the field case.kind is switched off in east`}},
		{"a field stands on a form that the role does not have", func(s *Setup) { s.Fields[0].Barred = true },
			[]string{`error not-permitted east.yaml:5:5 the connection's user may not see the field case.kind of east`}},
		{"a field that a flow writes may only be read", func(s *Setup) { s.Fields[2].ReadOnly = true },
			[]string{`error not-permitted flow.yaml:7:74 the connection's user may not change the field case.place of east`}},
		{"a column that a flow writes may only be read", func(s *Setup) { s.Fields[5].ReadOnly = true },
			[]string{`error not-permitted flow.yaml:8:60 the connection's user may not change the field case.rows.size of east`}},
		{"rows that a flow writes may only be read", func(s *Setup) { s.Fields[3].ReadOnly, s.Fields[4].ReadOnly, s.Fields[5].ReadOnly = true, true, true },
			[]string{`error not-permitted flow.yaml:8:45 the connection's user may not change the field case.rows of east`}},
		{"a field that no flow writes may only be read", func(s *Setup) { s.Fields[0].ReadOnly = true }, nil},
		{"a field that a flow writes may not be seen either", func(s *Setup) { s.Fields[2].Barred, s.Fields[2].ReadOnly = true, true },
			[]string{`error not-permitted east.yaml:7:5 the connection's user may not see the field case.place of east`}},
		{"a field that the driver has may not be seen where it is set up", func(s *Setup) {
			s.Fields = append(s.Fields, engine.SetField{Object: "case", Name: "number", Type: engine.Text, Barred: true, ReadOnly: true})
		}, []string{`error not-permitted flow.yaml:7:49 the connection's user may not change the field case.number of east`}},
		{"the options of a field cannot be listed", func(s *Setup) { s.Fields[0].List = "" },
			[]string{`warning not-checked east.yaml:5:5 could not check the options of case.kind: east does not list them`}},
		{"the role may not create", func(s *Setup) { s.Rights[0].Verbs = s.Rights[0].Verbs[1:] },
			[]string{`error not-permitted flow.yaml:7:14 the connection's user may not create east.case`}},
		{"fields and options are not told", func(s *Setup) { s.Fields, s.Lists = nil, nil }, []string{`note not-checked  could not check the fields and options of east: it does not tell them`}},
		{"rights are not known", func(s *Setup) { s.Rights = nil }, nil},
		{"the system tells nothing", func(s *Setup) { *s = Setup{Connection: "east"} }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := asSaid()
			c.change(s)
			report := Live(p, []Setup{*s})
			if diff := cmp.Diff(c.want, short(report)); diff != "" {
				t.Error(diff)
			}
			for _, f := range report.Findings {
				seen[f.Code] = true
				if f.Help == "" || f.System != "east" || f.At.Line > 0 && f.Excerpt == "" {
					t.Errorf("%+v", f)
				}
			}
			if silent := slices.Contains(report.Silent, "east"); silent == s.Told {
				t.Errorf("silent is %v", silent)
			}
		})
	}
	for _, code := range liveCodes {
		if !seen[code] {
			t.Errorf("no case causes %s", code)
		}
		if _, _, ok := PageOf(pages(t), code); !ok {
			t.Errorf("no page in codes/ for %s", code)
		}
	}
}

func TestLiveCountsWhatItLookedAt(t *testing.T) {
	got := fmt.Sprint(Live(harbourProject(t), []Setup{*asSaid()}).Counts)
	if want := "[{user 2} {yard 2} {code 4} {field 6}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// keeper is a system that lists nothing, and in which users can be looked up.
type keeper struct {
	engine.Connection
	asked *[]string
}

func (k keeper) Reader() engine.Reader { return k }
func (k keeper) Read(context.Context, engine.Query) iter.Seq2[engine.Record, error] {
	return func(func(engine.Record, error) bool) {}
}

func (k keeper) Find(_ context.Context, l engine.Lookup) ([]engine.Record, error) {
	*k.asked = append(*k.asked, l.Object+" "+l.By+" "+strings.Join(l.Values, ","))
	return []engine.Record{{Found: "anna"}}, nil
}

func TestNamesAreLookedUpWhereTheyCannotBeListed(t *testing.T) {
	p := harbourProject(t)
	var asked []string
	setups, err := Setups(t.Context(), p, []Side{{Name: "east", Connection: keeper{asked: &asked}, Own: harbourDrivers()[0].Objects()}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"user name anna,otto"}, asked); diff != "" {
		t.Error(diff)
	}
	got := short(Live(p, setups))
	if len(got) != 3 || !strings.HasPrefix(got[2], "error name-gone map.yaml:9:36") || !strings.HasPrefix(got[1], "warning not-checked  could not check yard.slug") {
		t.Errorf("%q", got)
	}
}
