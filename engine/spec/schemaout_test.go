package spec_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/casebridge/casebridge/engine/spec"
)

// The schema of a kind in one piece needs no other file, and refuses what it should.
func TestSchemaInOnePiece(t *testing.T) {
	kinds, err := spec.SchemaKinds()
	if err != nil || len(kinds) < 9 {
		t.Fatal(kinds, err)
	}
	for _, k := range kinds {
		text, err := spec.Schema(k.Kind)
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		c.LoadURL = func(url string) (io.ReadCloser, error) { return nil, errors.New("asks for " + url) }
		if err := c.AddResource("one.json", strings.NewReader(string(text))); err != nil {
			t.Fatal(err)
		}
		schema, err := c.Compile("one.json")
		if err != nil {
			t.Fatalf("%s: %v", k.Kind, err)
		}
		if schema.Validate(map[string]any{"kind": k.Kind, "no such key": true}) == nil {
			t.Errorf("%s: takes an unknown key", k.Kind)
		}
		if k.Title == "" || k.Description == "" {
			t.Errorf("%s has no words", k.Kind)
		}
	}
	if _, err := spec.Schema("Nonesuch"); err == nil {
		t.Error("there is a schema of no kind")
	}
}

var modeline = regexp.MustCompile(`^# yaml-language-server: \$schema=(\S+)\n`)

// Editors find the schema of a file by its first line. Every spec file of this
// repository has one; it leads to the schema of its kind, and the file keeps to it.
func TestEverySpecFileLeadsEditorsToItsSchema(t *testing.T) {
	kinds, err := spec.SchemaKinds()
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	for _, root := range []string{"../../specs", "../../examples"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != root {
				return fs.SkipDir // no specs: Load leaves it out too
			}
			if err != nil || filepath.Ext(name) != ".yaml" {
				return err
			}
			checkModeline(t, c, kinds, name)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkModeline(t *testing.T, c *jsonschema.Compiler, kinds []spec.SchemaKind, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	found := modeline.FindSubmatch(text)
	if found == nil {
		t.Errorf("%s does not begin with # yaml-language-server: $schema=…; see `casebridge schema --help`", name)
		return
	}
	path := filepath.Join(filepath.Dir(name), string(found[1]))
	if _, err := os.Stat(path); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	full, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(full)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	doc := asJSON(t, text)
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	i := slices.IndexFunc(kinds, func(k spec.SchemaKind) bool { return k.Kind == doc.(map[string]any)["kind"] })
	if i < 0 || kinds[i].File != filepath.Base(path) {
		t.Errorf("%s: leads to %s", name, filepath.Base(path))
	}
}

// asJSON reads YAML as editors do: without this project's own reader.
func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(doc)
	if err == nil {
		err = json.Unmarshal(raw, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
