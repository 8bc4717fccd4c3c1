package mapping

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// The world of these tests: east keeps cases with visits and notes, west lists
// members with items and takes messages.

type fakeDriver struct {
	name    string
	objects []engine.Object
}

func (d fakeDriver) Name() string                                   { return d.name }
func (d fakeDriver) Settings() []engine.Setting                     { return nil }
func (d fakeDriver) Objects() []engine.Object                       { return d.objects }
func (d fakeDriver) Open(engine.Opening) (engine.Connection, error) { return nil, nil }

func code1(name string) engine.Field {
	return engine.Field{Name: name, Type: engine.Text, Class: engine.Code}
}

func personal(name string, t engine.Type) engine.Field {
	return engine.Field{Name: name, Type: t, Class: engine.Personal}
}

func eastern() fakeDriver {
	kind := engine.Field{Name: "kind", Type: engine.CodeOne, Codes: "kinds", Class: engine.Code}
	visits := engine.Field{Name: "visits", Type: engine.Rows, RowKey: "id", Class: engine.Code, Fields: []engine.Field{
		code1("id"), kind, personal("note", engine.Text), personal("day", engine.Date), {Name: "at", Type: engine.Instant},
		{Name: "count", Type: engine.Integer}, code1("ref"), {Name: "tags", Type: engine.Texts, Class: engine.Code}}}
	return fakeDriver{"eastern", []engine.Object{
		{Name: "case", ID: "id", Named: "case_id", By: []string{"case_id", "number"}, Listed: true,
			Verbs: []engine.Verb{engine.CreateVerb, engine.UpdateVerb}, Fields: []engine.Field{
				code1("id"), code1("case_id"), code1("number"), {Name: "open", Type: engine.Boolean, Class: engine.Code}, kind,
				{Name: "kinds", Type: engine.CodeMany, Codes: "kinds", Class: engine.Code}, personal("name", engine.Text), personal("age", engine.Integer),
				personal("score", engine.Number), personal("born", engine.Date), {Name: "seen", Type: engine.Instant}, {Name: "tags", Type: engine.Texts},
				{Name: "extra", Type: engine.Any}, {Name: "locked", Type: engine.Text, ReadOnly: true}, visits, code1("owner"), {Name: "pin", Class: engine.Confined, Type: engine.Text}}},
		{Name: "note", ID: "id", Of: "case", Verbs: []engine.Verb{engine.UpdateVerb}, Fields: []engine.Field{
			code1("id"), code1("visit_id"), code1("state"), personal("words", engine.Text), {Name: "made", Type: engine.Instant}}},
		{Name: "worker", ID: "id", By: []string{"login"}, Reference: true, Fields: []engine.Field{code1("id"), code1("login")}},
	}}
}

func western() fakeDriver {
	items := engine.Field{Name: "items", Type: engine.Rows, Class: engine.Code, Fields: []engine.Field{
		{Name: "ref", Type: engine.Integer, Class: engine.Code}, code1("uid"), code1("name"), personal("day", engine.Date), code1("state"), {Name: "extra", Type: engine.Any, Class: engine.Code}}}
	parts := engine.Field{Name: "parts", Type: engine.Rows, Class: engine.Code, Fields: []engine.Field{code1("uid"), code1("name")}}
	return fakeDriver{"western", []engine.Object{
		{Name: "member", Named: "uid", Listed: true, Fields: []engine.Field{
			code1("uid"), code1("number"), code1("case_id"), code1("place"), personal("name", engine.Text), personal("local_name", engine.Text),
			code1("kind"), {Name: "ours", Type: engine.Boolean}, personal("born", engine.Date), personal("village", engine.Text), items, {Name: "extra", Type: engine.Any}}},
		{Name: "message", Verbs: []engine.Verb{engine.SendVerb}, Fields: []engine.Field{
			{Name: "place", Type: engine.Text, Class: engine.Code, Required: true}, code1("case_id"), personal("name", engine.Text), personal("words", engine.Text), code1("kind"), parts,
			{Name: "urgent", Type: engine.Boolean, Class: engine.Code}, {Name: "ref", Type: engine.Integer, Class: engine.Code}}},
	}}
}

const projectFile = `kind: Project
name: clinic
zone: Asia/Tokyo
connections:
  east: {driver: eastern}
  west: {driver: western}
constants:
  no_words: {value: none given, why: a message without words is refused}
recall:
- object: west.member
  key: [place, uid]
  keep: [place, uid, number, case_id]
  sealed: [name]
`

const catalogueFile = `kind: Catalogue
connection: east
code_lists:
  kinds: [visit, call, other]
`

const dataFile = `kind: Map
name: kinds
columns:
  east: {codes: east.kinds}
  west: {}
rows:
- {east: visit, west: home visit}
- {east: call, west: phone}
- {east: other, west: phone, lossy: a call is what is meant nearly always}
- {east: other, west: talk}
---
kind: Rule
name: place
forms: {west: "{name}", east: "org-{name}", user: "org-{name}-user"}
never: [public]
confirmed: [alpha, beta]
---
kind: Table
name: answers
in: [now, said]
out: [state, weight]
lines:
- {when: [done, "*"], then: [done, 1]}
- {when: ["*", [Yes, Yess]], then: [done, 2]}
- {when: ["", No], then: [refused, 3]}
`

// project loads the world with more files beside it.
func project(t testing.TB, files map[string]string) *spec.Project {
	t.Helper()
	all := fstest.MapFS{}
	for path, text := range map[string]string{"project.yaml": projectFile, "catalogue.yaml": catalogueFile} {
		all[path] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range everythingGoes(eastern(), western()) {
		if !hasSharing(files) {
			all[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	for i, text := range strings.Split(dataFile, "---\n") {
		all[fmt.Sprintf("data%d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	for path, text := range files {
		all[path] = &fstest.MapFile{Data: []byte(text)}
	}
	p, diags := spec.Load(all, []engine.Driver{eastern(), western()})
	if engine.HasErrors(diags) {
		t.Fatalf("the test's project is wrong:\n%s", printed(diags))
	}
	return p
}

func printed(diags []engine.Diag) string {
	var b strings.Builder
	for _, d := range diags {
		_ = d.Print(&b)
	}
	return b.String()
}

// flowOf compiles a project of one flow (more documents may follow it) that must be right.
func flowOf(t testing.TB, files map[string]string) *Flow {
	t.Helper()
	program, diags := Compile(project(t, files))
	if engine.HasErrors(diags) {
		t.Fatalf("the test's flow is wrong:\n%s", printed(diags))
	}
	return program.Flows[0]
}

// fakeKnown answers by the text of an Ask; what it does not know is wanted,
// unless closed: then it is known to be nothing.
type fakeKnown struct {
	answers map[string]Answer
	closed  bool
	asked   []string
}

func askText(a Ask) string {
	s := string(a.Kind) + " " + a.Object
	switch {
	case a.Kind == AskRead && a.By == "":
		return s + " of " + a.Value
	case a.Kind == AskRead:
		return s + " " + a.By + "=" + a.Value
	case a.Kind == AskLink && a.By != "":
		return s + " " + a.By + " of " + a.Value
	case a.Kind == AskLink:
		return s + " " + a.Value
	case a.Kind == AskOnce:
		return s + " " + a.Once
	default:
		return s + " " + engine.JoinPairs(a.Pairs)
	}
}

func (k *fakeKnown) Answer(a Ask) (Answer, bool) {
	k.asked = append(k.asked, askText(a))
	found, ok := k.answers[askText(a)]
	if !ok && k.closed {
		return Answer{Swept: true}, true
	}
	return found, ok
}

func records(object string, bodies ...string) Answer {
	a := Answer{Swept: true}
	for _, body := range bodies {
		v := rawValue(body)
		a.Records = append(a.Records, engine.Record{Object: object, ID: v.member("id").text, Body: engine.NewBody([]byte(body))})
	}
	return a
}

var noon = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// decide decides a record of the flow's source. Nothing that is not answered is wanted.
func decide(f *Flow, body string, answers map[string]Answer) Decision {
	record := engine.Record{Object: f.source.full, ID: rawValue(body).member("id").text, Body: engine.NewBody([]byte(body))}
	return f.Decide(Input{Record: record, Now: noon, Start: "2026-01-01", Known: &fakeKnown{answers: answers, closed: true}})
}

// told writes a decision in short lines.
func told(d Decision) string {
	var b strings.Builder
	for _, w := range d.Wants {
		fmt.Fprintf(&b, "wants %s\n", askText(w))
	}
	for _, s := range d.Sightings {
		fmt.Fprintf(&b, "proves %s known=[%s] once=%s answer=%s\n", s.Object, engine.JoinPairs(s.Known), s.Once, s.Answer)
	}
	for _, c := range d.Changes {
		tellChange(&b, c)
	}
	return b.String()
}

func tellChange(b *strings.Builder, c engine.Change) {
	fmt.Fprintf(b, "%s %s", c.Route, c.Verdict)
	for _, part := range []struct{ name, text string }{
		{"object", c.Object}, {"target", c.Target}, {"item", c.Item}, {"doc", string(c.Document.Raw())},
		{"why", c.Reason.Text}, {"code", c.Reason.Code}, {"value", c.Reason.Value},
		{"once", c.Once}, {"known", engine.JoinPairs(c.Known)}, {"chain", c.Chain}, {"verify", strings.Join(c.Verify, "+")}} {
		if part.text != "" {
			fmt.Fprintf(b, " %s=%s", part.name, part.text)
		}
	}
	if c.Awaiting {
		b.WriteString(" awaiting")
	}
	for _, n := range c.Notes {
		fmt.Fprintf(b, " note=%s(%s%s)", n.Code, n.Text, n.Value)
	}
	b.WriteString("\n")
}

func expect(t *testing.T, got Decision, want string) {
	t.Helper()
	want = strings.TrimLeft(want, "\n")
	if text := told(got); text != want {
		t.Errorf("got\n%swant\n%s", text, want)
	}
}

func hasSharing(files map[string]string) bool {
	for name := range files {
		if strings.HasPrefix(name, "sharing-") {
			return true
		}
	}
	return false
}

// everythingGoes makes files that let every field go every way: most tests are about something else.
func everythingGoes(drivers ...fakeDriver) map[string]string {
	all := map[string]string{}
	for _, from := range drivers {
		for _, to := range drivers {
			name, west := strings.TrimSuffix(from.name, "ern"), strings.TrimSuffix(to.name, "ern")
			all["sharing-"+name+"-"+west+".yaml"] = fmt.Sprintf("kind: Sharing\nfrom: %s\nto: %s\nconsent: {not_needed: a test}\nscope: {not_needed: a test}\nmay_leave:\n%smay_write:\n%s",
				name, west, fieldsOf(name, from), fieldsOf(west, to))
		}
	}
	return all
}

func fieldsOf(connection string, d fakeDriver) string {
	var b strings.Builder
	for _, o := range d.objects {
		var names []string
		for _, f := range o.Fields {
			names = append(names, f.Name)
		}
		fmt.Fprintf(&b, "  %s.%s: [%s]\n", connection, o.Name, strings.Join(names, ", "))
	}
	return b.String()
}
