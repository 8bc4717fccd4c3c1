package spectest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// fixtureProject has one object with a field of each kind.
func fixtureProject() *spec.Project {
	fields := []engine.Field{
		{Name: "id", Type: engine.Text, Class: engine.Code}, {Name: "short", Type: engine.Text, Class: engine.Code},
		{Name: "status", Type: engine.CodeOne, Class: engine.Code, Codes: "east.status"}, {Name: "office", Type: engine.Text, Class: engine.Code},
		{Name: "number", Type: engine.Integer, Class: engine.Code}, {Name: "written", Type: engine.Instant, Class: engine.Code},
		{Name: "title", Type: engine.Text, Class: engine.Public},
		{Name: "name", Type: engine.Text}, {Name: "born", Type: engine.Date, Class: engine.Personal},
		{Name: "sex", Type: engine.CodeOne, Class: engine.Personal, Codes: "east.sex"}, {Name: "village", Type: engine.Text, Class: engine.Personal},
		{Name: "rows", Type: engine.Rows, Class: engine.Code, RowKey: "key", Fields: []engine.Field{
			{Name: "key", Type: engine.Text, Class: engine.Code}, {Name: "number", Type: engine.Text, Class: engine.Code}, {Name: "note", Type: engine.Text},
		}},
	}
	list := func(name string, codes ...string) spec.CodeList {
		l := spec.CodeList{Name: name}
		for _, c := range codes {
			l.Codes = append(l.Codes, spec.CodeEntry{Code: spec.Scalar{Text: c}})
		}
		return l
	}
	one := func(s string) spec.Scalar { return spec.Scalar{Text: s} }
	return &spec.Project{
		Zone: time.UTC, Objects: []engine.Object{{Name: "east.child", ID: "id", Fields: fields}},
		Codes: []spec.CodeList{list("east.status", "open", "closed"), list("east.sex", "female", "male")},
		Rules: []*spec.Rule{{Name: one("office"), Confirmed: []spec.Scalar{one("riverside")}, Forms: []spec.Form{{Name: one("east"), Pattern: one("{name}")}, {Name: one("west"), Pattern: one("office-{name}")}}}},
		Mappings: []*spec.Mapping{{Name: one("m"), To: one("east.child"), Fields: []*spec.FieldRule{
			{Name: one("x"), Expr: one(`code_prefix(child.village, 2)`)},
		}}},
	}
}

// disguised is the record with its values replaced, and the disguise.
func disguised(p *spec.Project, record map[string]any, keep ...string) (map[string]any, *disguise) {
	dr := &draft{tc: spec.TestCase{Given: []spec.GivenRecords{{Object: spec.Scalar{Text: "east.child"}, Records: []spec.Value{{Any: record}}}}}}
	d := newDisguise(p, dr, Saving{Secret: []byte("one secret"), Keep: keep})
	tc := d.testCase(dr.tc)
	return tc.Given[0].Records[0].Any.(map[string]any), d
}

func TestDisguiseKeepsWhatIsNoPerson(t *testing.T) {
	record := map[string]any{
		"status": "open", "office": "office-riverside", "written": "2026-11-22T08:00:00Z", "title": "A public title", "sex": "female", "name": "", "number": json.Number("7"), "born": nil,
	}
	got, _ := disguised(fixtureProject(), record)
	for name, was := range record {
		if got[name] != was {
			t.Errorf("%s: %v became %v", name, was, got[name])
		}
	}
}

func TestDisguiseKeepsShapes(t *testing.T) {
	shapes := []struct{ field, was, shape string }{
		{"id", "6f0ad5a2-1c11-4c3e-9b7a-0123456789ab", `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}$`},
		{"id", "01J8ZQ4N7K2M9P3R5T6V8W0XYZ", `^[0-7][0-9][ABCDEFGHJKMNPQRSTVWXYZ][0-9][A-Z]{2}[0-9][A-HJKMNP-TV-Z][0-9][A-HJKMNP-TV-Z][0-9][A-HJKMNP-TV-Z][0-9]`},
		{"id", "abcd-123", `^[a-z]{4}-[1-9][0-9]{2}$`},
		{"office", "office-hilltop", `^office-[a-z]{7}$`},
		{"name", "Marker Sample", `^[A-Z][a-z]{5} [A-Z][a-z]{5}$`},
		{"name", "សុខា ប៊ុន", `^[\x{1780}-\x{17FF}]{4} [\x{1780}-\x{17FF}]{4}$`},
		{"name", "Жанна", `^\p{Cyrillic}{5}$`},
		{"name", "+855 12-345-678", `^\+[1-9]\d{2} [1-9]\d-[1-9]\d{2}-[1-9]\d{2}$`},
		{"name", "012345678", `^0\d{8}$`},
		{"name", "០១២", `^០\p{Nd}{2}$`},
		{"village", "19010101", `^19\d{6}$`},
		{"born", "2016-02-29", `^2016-\d\d-\d\d$`},
		{"born", "2016/02/28", `^2016/\d\d/\d\d$`},
		{"born", "22012-03-04", `^22012-\d\d-\d\d$`},
		{"born", "2016-13-45", `^\d{4}-\d\d-\d\d$`},
	}
	for _, s := range shapes {
		got, _ := disguised(fixtureProject(), map[string]any{s.field: s.was})
		made := got[s.field].(string)
		if made == s.was || !regexp.MustCompile(s.shape).MatchString(made) || len(made) != len(s.was) {
			t.Errorf("%s: %q became %q", s.field, s.was, made)
		}
	}
}

func TestMarksStayWithTheirLetters(t *testing.T) {
	const was = "សុខា ប៊ុន កខគឃងចឆជឈញដឋឌឍណតថទធន abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLM"
	got, _ := disguised(fixtureProject(), map[string]any{"name": was})
	made := []rune(got["name"].(string))
	for i, r := range []rune(was) {
		if unicode.IsMark(r) && made[i] != r || unicode.IsLetter(r) && (made[i] == r || !unicode.IsLetter(made[i])) {
			t.Errorf("character %d of %q became %q", i, was, made[i])
		}
	}
}

// What met before meets after: as text and number, inside longer identifiers, in capitals.
func TestDisguiseIsTheSameEverywhere(t *testing.T) {
	got, _ := disguised(fixtureProject(), map[string]any{
		"id": "6f0ad5a2-1c11-4c3e-9b7a-01234fadedfa", "short": "fadedfa", "number": json.Number("704"), "office": "wxyz-704",
		"name": "Marker", "title": "t", "rows": []any{
			map[string]any{"key": "wxyz", "number": "704", "note": "MARKER 704"},
			map[string]any{"key": "6f0ad5a2-1c11-4c3e-9b7a-01234fadedfa", "number": "999", "note": "marker"},
		},
	})
	rows := got["rows"].([]any)
	first, second := rows[0].(map[string]any), rows[1].(map[string]any)
	if fmt.Sprint(got["number"]) != first["number"] || first["number"] == second["number"] {
		t.Errorf("number %v, row's %v and %v", got["number"], first["number"], second["number"])
	}
	if second["key"] != got["id"] || !uuidIn.MatchString(got["id"].(string)) || !strings.HasSuffix(got["id"].(string), got["short"].(string)) {
		t.Errorf("id %v, short %v, row %v", got["id"], got["short"], second["key"])
	}
	if !strings.HasPrefix(got["office"].(string), first["key"].(string)+"-") {
		t.Errorf("office %v, key %v", got["office"], first["key"])
	}
	if upper := strings.ToUpper(got["name"].(string)); !strings.HasPrefix(first["note"].(string), upper) || strings.ToUpper(second["note"].(string)) != upper {
		t.Errorf("name %v, notes %v and %v", got["name"], first["note"], second["note"])
	}
}

func TestNumbersKeepTheirOrder(t *testing.T) {
	p := fixtureProject()
	p.Objects[0].Fields[11].Fields[1].Type = engine.Integer
	got, _ := disguised(p, map[string]any{"rows": []any{
		map[string]any{"number": json.Number("704")}, map[string]any{"number": json.Number("705")}, map[string]any{"number": json.Number("120")},
	}})
	var n []string
	for _, r := range got["rows"].([]any) {
		n = append(n, fmt.Sprint(r.(map[string]any)["number"]))
	}
	if !(n[2] < n[0] && n[0] < n[1]) || slices.Equal(n, []string{"704", "705", "120"}) || len(n[0]+n[1]+n[2]) != 9 {
		t.Errorf("704, 705, 120 became %v", n)
	}
}

func TestDatesStayInTheirYear(t *testing.T) {
	for days := 1; days <= 364; days++ {
		for _, was := range []string{"2015-12-31", "2016-01-01", "2016-02-29", "2016-12-31T00:00:00.000Z"} {
			made, ok := moved(was, days)
			if !ok || made == was || made[:5] != was[:5] || made[10:] != was[10:] {
				t.Fatalf("%s moved by %d days is %s", was, days, made)
			}
			if _, err := time.Parse(time.DateOnly, made[:10]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []string{"2015-02-29", "2016-3-4", "04.03.2016", "soon"} {
		if made, ok := moved(s, 3); ok {
			t.Errorf("%s is no date, and moved to %s", s, made)
		}
	}
}

func TestKeptFieldsStay(t *testing.T) {
	got, _ := disguised(fixtureProject(), map[string]any{"short": "x-9", "rows": []any{map[string]any{"number": "704", "note": "704"}}}, "short", "rows.number")
	row := got["rows"].([]any)[0].(map[string]any)
	if got["short"] != "x-9" || row["number"] != "704" || row["note"] == "704" {
		t.Errorf("got %v", got)
	}
}

// A word of a person that stands in a field which stays stops the case; the error names the field, not the word.
func TestSurvivorsAreFound(t *testing.T) {
	record := map[string]any{"name": "Marker Sample", "short": "xmarkerx"}
	for _, keep := range []string{"short", ""} {
		got, d := disguised(fixtureProject(), record, keep)
		fx := &Fixture{tc: spec.TestCase{Given: []spec.GivenRecords{{Object: spec.Scalar{Text: "east.child"}, Records: []spec.Value{{Any: got}}}}}}
		err := d.survivors(fx, nil)
		if (keep != "") != errors.Is(err, ErrSurvives) {
			t.Errorf("keeping %q: %v", keep, err)
		}
		if err != nil && (strings.Contains(strings.ToLower(err.Error()), "marker") || !strings.Contains(err.Error(), "name")) {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestNoWordSurvives(t *testing.T) {
	letters := rapid.RuneFrom([]rune("abcdefghijklmnopqrstuvwxyzABCXYZéñ កខគឃងចឆជា្ុ0123456789-.,/'\n"))
	rapid.Check(t, func(t *rapid.T) {
		name, note := rapid.StringOf(letters).Draw(t, "name"), rapid.StringOf(letters).Draw(t, "note")
		secret := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "secret")
		record := map[string]any{"name": name, "rows": []any{map[string]any{"key": name, "note": note}}}
		dr := &draft{tc: spec.TestCase{Given: []spec.GivenRecords{{Object: spec.Scalar{Text: "east.child"}, Records: []spec.Value{{Any: record}}}}}}
		d := newDisguise(fixtureProject(), dr, Saving{Secret: secret})
		tc := d.testCase(dr.tc)
		got := tc.Given[0].Records[0].Any.(map[string]any)
		row := got["rows"].([]any)[0].(map[string]any)
		for _, pair := range [][2]string{{name, got["name"].(string)}, {note, row["note"].(string)}} {
			if utf8.RuneCountInString(pair[0]) != utf8.RuneCountInString(pair[1]) {
				t.Fatalf("%q became %q", pair[0], pair[1])
			}
			for _, w := range wordsOf(pair[0]) {
				if strings.ContainsFunc(w, unicode.IsLetter) && slices.Contains(wordsOf(pair[1]), w) {
					t.Fatalf("%q became %q and kept %q", pair[0], pair[1], w)
				}
			}
		}
		if !isSmall(name) && row["key"] != got["name"] {
			t.Fatalf("%q became %q and %q", name, got["name"], row["key"])
		}
	})
}

func TestLinkedValuesAreFoundByDigest(t *testing.T) {
	p := fixtureProject()
	digest := func(field string, value []byte) string { return field + ":" + string(value) }
	dr := &drafter{project: p, draft: &draft{}}
	addRecord(&dr.draft.tc.Given, "east.child", map[string]any{"id": "c-1", "name": "Marker"})
	dr.link(Asked{
		Ask:    mapping.Ask{Kind: mapping.AskLink, Object: "east.child", Value: "c-1"},
		Answer: mapping.Answer{Digest: digest, Agreed: []mapping.Agreed{{Field: "name", Digest: `name:"Marker"`}, {Field: "village", Digest: "village:gone"}}},
	}, mapping.Decision{})
	want := map[string]any{"id": "c-1", "name": "Marker", "village": noLonger}
	if got := recordsOf(dr.draft.tc.Linked, "east.child"); len(got) != 1 || !equalJSON(got[0].Any, want) {
		t.Errorf("got %v", got)
	}
}

func TestWhatIsDecidedOtherwiseIsSaid(t *testing.T) {
	send := verdict{kind: "send", object: "west.letter", route: "letters", document: map[string]any{"to": "a", "about": "b"}}
	other := send
	other.document = map[string]any{"to": "c"}
	stop := verdict{kind: "blocked", route: "letters", reason: "no consent"}
	step := &spec.Step{}
	was := decided{verdicts: []verdict{send, send}, trace: mapping.Trace{Steps: []mapping.TracedStep{{Step: step, Result: mapping.StepPassed, Inputs: []mapping.TracedInput{{Path: "child.short"}, {Path: "run"}}}}}}
	now := decided{verdicts: []verdict{other, stop, stop}, trace: mapping.Trace{Steps: []mapping.TracedStep{{Step: step, Result: mapping.StepStopped}}}}
	got := strings.Join(differing(was.verdicts, was, now), "\n")
	want := "send west.letter (route letters) has other fields: about\n" +
		"send west.letter (route letters) became blocked (route letters): no consent\n" +
		"new: blocked (route letters): no consent\ndecided by child.short"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if again := differing(was.verdicts, was, was); again != nil {
		t.Errorf("nothing differs, and it says %q", again)
	}
}

func TestAnotherIsNeverTheSame(t *testing.T) {
	for random := range 1000 {
		for i := range 26 {
			if got := another(i, 26, random); got == i || got < 0 || got >= 26 {
				t.Fatalf("another than %d of 26 is %d (random %d)", i, got, random)
			}
		}
	}
}
