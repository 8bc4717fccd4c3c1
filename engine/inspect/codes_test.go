package inspect

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// side is a driver that only says which objects it has.
type side struct {
	name    string
	objects []engine.Object
}

func (s side) Name() string               { return s.name }
func (s side) Settings() []engine.Setting { return nil }
func (s side) Objects() []engine.Object   { return s.objects }
func (s side) Open(engine.Opening) (engine.Connection, error) {
	return nil, &engine.Fault{Kind: engine.Environment, Op: "open " + s.name}
}

func kinded(name, codes string) engine.Field {
	return engine.Field{Name: name, Type: engine.CodeOne, Codes: codes, Class: engine.Code}
}

func about(name string, t engine.Type) engine.Field {
	return engine.Field{Name: name, Type: t, Class: engine.Personal}
}

func valley() []engine.Driver {
	services := engine.Field{Name: "services", Type: engine.Rows, RowKey: "id", Class: engine.Code, Fields: []engine.Field{
		code1("id"), kinded("kind", "kind"), code1("agency"), code1("state"), about("words", engine.Text)}}
	east := []engine.Object{
		{Name: "case", ID: "id", Named: "number", By: []string{"id", "number"}, Listed: true, Open: true, Verbs: []engine.Verb{engine.CreateVerb, engine.UpdateVerb}, Fields: []engine.Field{
			code1("id"), code1("number"), {Name: "open", Type: engine.Boolean, Class: engine.Code}, {Name: "agreed", Type: engine.Boolean, Class: engine.Code},
			about("born", engine.Date), {Name: "age", Type: engine.Integer, Class: engine.Code}, {Name: "made", Type: engine.Instant, Class: engine.Code, ReadOnly: true}, services}},
		{Name: "note", ID: "id", Of: "case", Verbs: []engine.Verb{engine.UpdateVerb}, Fields: []engine.Field{code1("id"), code1("kind"), about("words", engine.Text)}},
	}
	west := []engine.Object{
		{Name: "client", Listed: true, Named: "slug", Fields: []engine.Field{code1("slug"), code1("number"), about("family_name", engine.Text)}},
		{Name: "referral", Verbs: []engine.Verb{engine.SendVerb}, Fields: []engine.Field{
			{Name: "org", Type: engine.Text, Class: engine.Code, Required: true}, code1("number"), about("name", engine.Text), kinded("sex", "sex"), code1("place"), about("phone", engine.Text),
			code1("urgency"), about("words", engine.Text), {Name: "count", Type: engine.Integer}, {Name: "services", Type: engine.Rows, Fields: []engine.Field{code1("name")}}}},
	}
	return []engine.Driver{side{"east", east}, side{"west", west}}
}

func valleyFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	a, err := txtar.ParseFile("testdata/valley.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range a.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return files
}

// findings are those of Load and Compile together, as validate prints them.
func findings(files fstest.MapFS) []engine.Diag {
	p, diags := spec.Load(files, valley())
	if p != nil {
		_, more := mapping.Compile(p)
		diags = append(diags, more...)
	}
	return diags
}

func printed(diags []engine.Diag) string {
	var b strings.Builder
	for _, d := range diags {
		_ = d.Print(&b) // a Builder never fails
	}
	return b.String()
}

func TestTheValleyIsSound(t *testing.T) {
	if diags := findings(valleyFiles(t)); len(diags) > 0 {
		t.Errorf("findings:\n%s", printed(diags))
	}
}

func pages(t *testing.T) []Page {
	t.Helper()
	all, err := Pages()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// withoutExample are codes that no change of a few lines causes; the tests of their packages do.
var withoutExample = []string{"empty-project", "internal", "too-large", "too-many", "unreadable", "unknown-step"}

// Every example causes the finding that its page is about, and what it calls right does not.
func TestExamplesCauseTheirFinding(t *testing.T) {
	for _, page := range pages(t) {
		t.Run(page.Code, func(t *testing.T) {
			if page.Title == "" || page.Text == "" {
				t.Error("a page needs a title and a text")
			}
			if slices.Contains(withoutExample, page.Code) || slices.Contains(liveCodes, page.Code) {
				return
			}
			if len(page.Examples) == 0 {
				t.Fatal("no example")
			}
			files := valleyFiles(t)
			for _, e := range page.Examples {
				apply(t, files, e)
			}
			diags := findings(files)
			if !slices.ContainsFunc(diags, func(d engine.Diag) bool { return d.Code == page.Code }) {
				t.Errorf("the example does not cause %s:\n%s", page.Code, printed(diags))
			}
		})
	}
}

// apply puts what is wrong in the place of what is right. In a file of its own it is all there is;
// without anything right it is added at the end.
func apply(t *testing.T, files fstest.MapFS, e Example) {
	t.Helper()
	old := ""
	if f := files[e.File]; f != nil {
		old = string(f.Data)
	}
	if e.Right != "" && strings.Count(old, e.Right) != 1 {
		t.Fatalf("%s: the right lines stand %d times in the project:\n%s", e.File, strings.Count(old, e.Right), e.Right)
	}
	now := old + e.Wrong
	if e.Right != "" {
		now = strings.Replace(old, e.Right, e.Wrong, 1)
	}
	files[e.File] = &fstest.MapFile{Data: []byte(now)}
}

var codeShown = regexp.MustCompile(`(?m) (?:error|warning): .* \[([a-z]+(?:-[a-z]+)*)\]$`)

// shownCodes are all codes that the corpora of findings show; that these are complete is tested beside them.
func shownCodes(t *testing.T) []string {
	t.Helper()
	codes := slices.Clone(withoutExample)
	for _, pattern := range []string{"../spec/testdata/diag/*", "../mapping/testdata/*/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no findings (%v)", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range codeShown.FindAllStringSubmatch(string(text), -1) {
				codes = append(codes, m[1])
			}
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func TestEveryCodeHasAPage(t *testing.T) {
	var have []string
	for _, p := range pages(t) {
		if slices.Contains(have, p.Code) {
			t.Errorf("%s has two pages", p.Code)
		}
		have = append(have, p.Code)
	}
	codes := shownCodes(t)
	if len(codes) < 80 {
		t.Fatalf("only %d codes found: findings print otherwise now", len(codes))
	}
	var without []string
	for _, c := range codes {
		if !slices.Contains(have, c) {
			without = append(without, c)
		}
	}
	if len(without) > 0 {
		t.Errorf("no page in codes/ for %s", strings.Join(without, ", "))
	}
}

func TestPageOf(t *testing.T) {
	all := pages(t)
	if p, _, ok := PageOf(all, "unknown-field"); !ok || p.Title == "" {
		t.Error("no page of unknown-field")
	}
	if _, near, ok := PageOf(all, "unknwon-field"); ok || near != "unknown-field" {
		t.Errorf("near is %q", near)
	}
	if _, near, ok := PageOf(all, "x"); ok || near != "" {
		t.Errorf("near is %q", near)
	}
}
