package spec_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// FuzzLoad puts any bytes in the place of one file of the lake. Load must not
// panic, must say the same twice, and every finding must have its place.
func FuzzLoad(f *testing.F) {
	for name, file := range lake(f) {
		f.Add(name, file.Data)
	}
	cases, err := filepath.Glob(filepath.Join("testdata", "diag", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range cases {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			if strings.HasSuffix(file.Name, ".yaml") {
				f.Add(file.Name, file.Data)
			}
		}
	}
	f.Add("rule.yaml", []byte("kind: Rule\nname: >+\n\n - x\nforms: {\"a\\\n b\": 'c''"))
	f.Add("flow.yaml", []byte("kind: Flow\nroutes: [{steps: [{use: shared, with: {row: case}}]}]\nsource: {as: case}"))
	f.Fuzz(func(t *testing.T, name string, raw []byte) {
		fsys := lake(t)
		if !strings.HasSuffix(name, ".yaml") || strings.Contains(name, "/") {
			name = "rule.yaml"
		}
		fsys[name] = &fstest.MapFile{Data: raw}
		p, diags := spec.Load(fsys, shores())
		if p == nil && !engine.HasErrors(diags) {
			t.Fatal("no project and no error")
		}
		for _, d := range diags {
			checkPlace(t, p, d)
		}
		_, again := spec.Load(fsys, shores())
		if diff := cmp.Diff(diags, again); diff != "" {
			t.Errorf("a second Load says otherwise:\n%s", diff)
		}
	})
}

func checkPlace(t *testing.T, p *spec.Project, d engine.Diag) {
	t.Helper()
	if d.At.File == "" || d.At.Line < 1 || d.At.Column < 1 || d.Message == "" || d.Code == "" {
		t.Errorf("finding without a place or words: %+v", d)
	}
	if utf8.RuneCountInString(d.Excerpt)+1 < d.At.Column {
		t.Errorf("%v is behind the end of its line %q", d.At, d.Excerpt)
	}
	if p != nil && d.Excerpt != p.Excerpt(d.At) {
		t.Errorf("%v: excerpt %q, and the project says %q", d.At, d.Excerpt, p.Excerpt(d.At))
	}
}
