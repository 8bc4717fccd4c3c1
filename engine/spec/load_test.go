package spec_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

var update = flag.Bool("update", false, "write the findings of testdata/diag anew")

// shore is a driver that only says which objects it has.
type shore struct {
	name    string
	objects []engine.Object
}

func (s shore) Name() string               { return s.name }
func (s shore) Settings() []engine.Setting { return nil }
func (s shore) Objects() []engine.Object   { return s.objects }
func (s shore) Open(engine.Opening) (engine.Connection, error) {
	return nil, &engine.Fault{Kind: engine.Environment, Op: "open " + s.name}
}

func shores() []engine.Driver {
	east := []engine.Object{
		{
			Name: "case", Open: true, ID: "id", By: []string{"id"}, Listed: true,
			Fields: []engine.Field{
				{Name: "id", Type: engine.Text},
				{Name: "services", Type: engine.Rows, RowKey: "id", Fields: []engine.Field{{Name: "id", Type: engine.Text, Class: engine.Code}}},
			},
			Verbs: []engine.Verb{engine.CreateVerb, engine.UpdateVerb},
		},
		{Name: "note", Of: "case", Fields: []engine.Field{{Name: "text", Type: engine.Text}}},
	}
	west := []engine.Object{
		{
			Name: "client", Listed: true,
			Fields: []engine.Field{{Name: "slug", Type: engine.Text, Class: engine.Code}, {Name: "number", Type: engine.Text, Class: engine.Code}, {Name: "family_name", Type: engine.Text}},
		},
		{
			Name: "referral", Verbs: []engine.Verb{engine.SendVerb},
			Fields: []engine.Field{
				{Name: "org", Type: engine.Text}, {Name: "name", Type: engine.Text}, {Name: "sex", Type: engine.CodeOne, Codes: "sex"},
				{Name: "services", Type: engine.Rows, Fields: []engine.Field{{Name: "name", Type: engine.Text}}},
			},
		},
	}
	return []engine.Driver{shore{"east", east}, shore{"west", west}}
}

// lake returns the files of the project without a fault.
func lake(t testing.TB) fstest.MapFS {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", "lake.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return files(a)
}

func files(a *txtar.Archive) fstest.MapFS {
	fsys := fstest.MapFS{}
	for _, f := range a.Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return fsys
}

func render(t testing.TB, diags []engine.Diag) string {
	t.Helper()
	var b bytes.Buffer
	for _, d := range diags {
		if err := d.Print(&b); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestLakeHasNoFault(t *testing.T) {
	p, diags := spec.Load(lake(t), shores())
	if len(diags) > 0 || p == nil {
		t.Fatalf("findings:\n%s", render(t, diags))
	}
}

// TestDiagnostics holds one case per rule: what an author did, and the words he gets.
func TestDiagnostics(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join("testdata", "diag", "*.txtar"))
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { checkCase(t, name) })
	}
}

func checkCase(t *testing.T, name string) {
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	fsys, want := apply(t, a)
	_, diags := spec.LoadFrom(beside(fsys), shores())
	for _, d := range diags {
		if d.At.File == "" || d.At.Line == 0 || d.At.Column == 0 {
			t.Errorf("finding without a place: %s [%s]", d.Message, d.Code)
		}
	}
	got := render(t, diags)
	if got == "" {
		t.Error("no finding: this case is there to fail")
	}
	if *update {
		a.Files = append(withoutWant(a.Files), txtar.File{Name: "want", Data: []byte(got)})
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// beside is a project whose hidden folders are the projects that it can extend.
func beside(fsys fs.FS) spec.Place {
	return spec.Place{Files: fsys, Outside: func(dir string) (spec.Place, error) {
		if _, err := fs.Stat(fsys, dir); err != nil {
			return spec.Place{}, err
		}
		sub, err := fs.Sub(fsys, dir)
		return spec.Place{Files: sub, Outside: func(string) (spec.Place, error) { return beside(fsys), nil }}, err
	}}
}

func withoutWant(all []txtar.File) []txtar.File {
	var kept []txtar.File
	for _, f := range all {
		if f.Name != "want" {
			kept = append(kept, f)
		}
	}
	return kept
}

// apply makes the project of a case: the lake, with the case's files and its
// edits. A case that says "alone" starts from nothing.
func apply(t *testing.T, a *txtar.Archive) (fstest.MapFS, string) {
	t.Helper()
	fsys := lake(t)
	if strings.Contains("\n"+string(a.Comment), "\nalone\n") {
		fsys = fstest.MapFS{}
	}
	want := ""
	for _, f := range a.Files {
		switch f.Name {
		case "want":
			want = string(f.Data)
		case "edit":
			edit(t, fsys, string(f.Data))
		default:
			fsys[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return fsys, want
}

// edit changes files line by line. A line with a file's name begins its edits;
// " line" looks for a line, "-line" removes it, "+line" adds one behind it.
func edit(t *testing.T, fsys fstest.MapFS, script string) {
	t.Helper()
	var name string
	var lines []string
	at := 0
	flush := func() {
		if name != "" {
			fsys[name] = &fstest.MapFile{Data: []byte(strings.Join(lines, "\n"))}
		}
	}
	for _, l := range strings.Split(strings.TrimSuffix(script, "\n"), "\n") {
		switch l[0] {
		case ' ', '-':
			at = lineOf(t, lines, l[1:])
			if l[0] == '-' {
				lines = append(lines[:at:at], lines[at+1:]...)
				continue
			}
			at++
		case '+':
			lines = append(lines[:at:at], append([]string{l[1:]}, lines[at:]...)...)
			at++
		default:
			flush()
			name, at = l, 0
			lines = strings.Split(string(fsys[name].Data), "\n")
		}
	}
	flush()
}

func lineOf(t *testing.T, lines []string, want string) int {
	t.Helper()
	for i, l := range lines {
		if l == want {
			return i
		}
	}
	t.Fatalf("the edit looks for a line that is not there: %q", want)
	return 0
}
