package spectest_test

import (
	"bytes"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/spectest"
)

// driver has objects only: tests of specs never open a system.
type driver struct {
	engine.Driver
	name    string
	objects []engine.Object
}

func (d driver) Name() string             { return d.name }
func (d driver) Objects() []engine.Object { return d.objects }

func drivers() []engine.Driver {
	text := func(name string) engine.Field {
		return engine.Field{Name: name, Type: engine.Text, Class: engine.Code}
	}
	weight := engine.Field{Name: "weight", Type: engine.Number, Class: engine.Code}
	parcel := engine.Object{Name: "parcel", ID: "id", Named: "code", Listed: true, Grain: engine.Second, Mark: engine.MarkStamp,
		Fields: []engine.Field{text("id"), text("code"), text("title"), weight, {Name: "open", Type: engine.Boolean}}}
	slip := engine.Object{Name: "slip", ID: "id", Of: "parcel", Fields: []engine.Field{text("id"), text("text"), text("answer")}}
	file := engine.Object{Name: "file", ID: "id", By: []string{"code"}, Repeatable: true, Verbs: []engine.Verb{engine.CreateVerb, engine.UpdateVerb},
		Fields: []engine.Field{text("id"), text("code"), text("title"), weight, text("place"), text("remark")}}
	shelf := engine.Object{Name: "shelf", Listed: true, Grain: engine.Day, Mark: engine.MarkStart,
		Fields: []engine.Field{text("code"), text("place"), text("remark"), text("other")}}
	letter := engine.Object{Name: "letter", Verbs: []engine.Verb{engine.SendVerb}, Fields: []engine.Field{text("code"), text("text")}}
	return []engine.Driver{
		driver{name: "east", objects: []engine.Object{parcel, slip}},
		driver{name: "west", objects: []engine.Object{file, shelf, letter}},
	}
}

// relay loads testdata/relay with other tests in it, if any are given.
func relay(t *testing.T, tests string) (*spec.Project, *mapping.Program) {
	t.Helper()
	project, found := spec.Load(files(t, tests), drivers())
	for _, d := range found {
		t.Log(d.At, d.Message)
	}
	if engine.HasErrors(found) {
		t.FailNow()
	}
	program, found := mapping.Compile(project)
	for _, d := range found {
		t.Log(d.At, d.Message)
	}
	if program == nil {
		t.FailNow()
	}
	return project, program
}

func files(t *testing.T, tests string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	put := func(name, from string) {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = &fstest.MapFile{Data: data}
	}
	put("project.yaml", "testdata/relay/project.yaml")
	put("carry.yaml", "testdata/relay/carry.yaml")
	put("sharing.yaml", "testdata/relay/sharing.yaml")
	put("tests/cases.yaml", tests)
	return all
}

func TestRunPasses(t *testing.T) {
	project, program := relay(t, "testdata/relay/tests/pass.yaml")
	report := spectest.Run(project, program, "")
	if report.Failed() != 0 || len(report.Cases) != 10 {
		t.Fatalf("got %s", printed(t, report))
	}
	var idle []string
	for _, i := range report.Idle {
		idle = append(idle, i.What)
	}
	want := []string{"what shelf of carry/file says when it finds nothing", "what file of carry/file says when it finds nothing"}
	if diff := cmp.Diff(want, idle); diff != "" {
		t.Errorf("idle rules (-want +got):\n%s", diff)
	}
}

func TestRunTellsEveryDifference(t *testing.T) {
	project, program := relay(t, "testdata/broken/fail.yaml")
	report := spectest.Run(project, program, "")
	if report.Failed() != len(report.Cases) {
		t.Errorf("%d of %d cases failed, want all", report.Failed(), len(report.Cases))
	}
	report.Idle = nil
	want, err := os.ReadFile("testdata/broken/fail.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), printed(t, report)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestRunOnly(t *testing.T) {
	project, program := relay(t, "testdata/relay/tests/pass.yaml")
	report := spectest.Run(project, program, "sealed part")
	if len(report.Cases) != 1 || report.Idle != nil {
		t.Errorf("got %d cases and %d idle rules, want 1 and none", len(report.Cases), len(report.Idle))
	}
}

// Two runs must say the same to the byte, or a difference in CI means nothing.
func TestRunIsSteady(t *testing.T) {
	project, program := relay(t, "testdata/broken/fail.yaml")
	first := printed(t, spectest.Run(project, program, ""))
	for range 20 {
		if again := printed(t, spectest.Run(project, program, "")); again != first {
			t.Fatalf("got another report:\n%s", cmp.Diff(first, again))
		}
	}
}

func printed(t *testing.T, r spectest.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
