package spec_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/casebridge/casebridge/engine/spec"
)

// corpus is every spec file of this repository and every file of the diagnostics corpus, by name.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, root := range []string{"../../specs", "../../examples", "../spectest/testdata", "../mapping/testdata"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".yaml") {
				return err
			}
			text, err := os.ReadFile(name)
			all[name] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	archives, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(archives, "testdata/lake.txtar") {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasSuffix(f.Name, ".yaml") {
				all[name+"#"+f.Name] = string(f.Data)
			}
		}
	}
	return all
}

func TestFormatIsSteadyAndChangesNoMeaning(t *testing.T) {
	for name, text := range corpus(t) {
		once, found := spec.Format(name, []byte(text))
		if len(found) > 0 {
			if string(once) != text {
				t.Errorf("%s: has findings and was changed all the same", name)
			}
			if !strings.Contains(name, "diag") {
				t.Errorf("%s: %s: %s", name, found[0].At, found[0].Message)
			}
			if found[0].Code == "not-formatted" {
				t.Errorf("%s is left as it is at line %d:\n%s", name, found[0].At.Line, found[0].Excerpt)
			}
			continue
		}
		twice, found := spec.Format(name, once)
		if len(found) > 0 || string(twice) != string(once) {
			t.Errorf("%s: a second time gives something else (%v)", name, found)
		}
	}
}

// untidy spoils what Format mends, and nothing else: space at line ends, blank lines, space inside { }.
func untidy(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			out = append(out, "  ", "")
		}
		if strings.Contains(line, "{") && !strings.ContainsAny(line, `"'#`) {
			line = strings.NewReplacer("{", "{ ", "}", "  }", ", ", " ,   ").Replace(line)
		}
		if line != "" {
			line += " \t"[:len(out)%3]
		}
		out = append(out, line)
	}
	return "\n\n" + strings.Join(out, "\r\n") + "\n\n\n"
}

func TestFormatMendsWhatIsUntidy(t *testing.T) {
	for name, text := range corpus(t) {
		once, found := spec.Format(name, []byte(text))
		if len(found) > 0 || strings.Contains(text, "|") || strings.Contains(text, ">") {
			continue
		}
		got, found := spec.Format(name, []byte(untidy(text)))
		if len(found) > 0 || string(got) != string(once) {
			t.Errorf("%s: %v\n%.2000s", name, found, got)
		}
	}
}

func TestFormat(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join("testdata", "format", "*.txtar"))
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var text [3]string // in, out, found
			for _, f := range a.Files {
				switch f.Name {
				case "in":
					text[0] = string(f.Data)
				case "out":
					text[1] = string(f.Data)
				case "found":
					text[2] = string(f.Data)
				}
			}
			in := strings.ReplaceAll(text[0], "·", " ")
			got, found := spec.Format("in", []byte(in))
			var said strings.Builder
			for _, d := range found {
				if err := d.Print(&said); err != nil {
					t.Fatal(err)
				}
			}
			if said.String() != text[2] {
				t.Errorf("findings:\n%s\nwant:\n%s", said.String(), text[2])
			}
			if want := strings.ReplaceAll(text[1], "·", " "); want == "" && string(got) != in || want != "" && string(got) != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// FuzzFormat: whatever a file holds, Format gives it back as it is with a
// finding, or gives something that stays the same and loads the same.
func FuzzFormat(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add([]byte(text))
	}
	cases, err := filepath.Glob(filepath.Join("testdata", "format", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range cases {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		once, found := spec.Format("x.yaml", raw)
		if len(found) > 0 {
			if string(once) != string(raw) {
				t.Fatalf("changed in spite of %s", found[0].Message)
			}
			return
		}
		twice, found := spec.Format("x.yaml", once)
		if len(found) > 0 || string(twice) != string(once) {
			t.Fatalf("not steady: %v\n%q\n%q", found, once, twice)
		}
		if bytes.Contains(once, []byte(" \n")) && !bytes.Contains(once, []byte("|")) && !bytes.Contains(once, []byte(">")) && !bytes.ContainsAny(once, "\"'") {
			t.Fatalf("space at a line's end: %q", once)
		}
	})
}
