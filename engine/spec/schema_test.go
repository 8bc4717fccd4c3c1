package spec

import (
	"strconv"
	"strings"
	"testing"
)

// TestSchemas: every property is described for the people who write specs,
// every group of keys is closed, and oneOf (whose errors list every branch) is not used.
func TestSchemas(t *testing.T) {
	s, err := loadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sortedKeys(s.raw) {
		checkSchema(t, s, schemaRoot+name+"#", s.raw[name])
	}
}

func checkSchema(t *testing.T, s *schemas, location string, doc any) {
	t.Helper()
	switch d := doc.(type) {
	case []any:
		for i, item := range d {
			checkSchema(t, s, location+"/"+strconv.Itoa(i), item)
		}
	case map[string]any:
		if _, has := d["oneOf"]; has {
			t.Errorf("%s uses oneOf", location)
		}
		props, has := d["properties"].(map[string]any)
		_, closed := d["additionalProperties"]
		if top := strings.HasSuffix(location, "spec.json#"); has && !closed && !top && !strings.HasSuffix(location, "/if") {
			t.Errorf("%s lets unknown keys through", location)
		}
		for _, p := range sortedKeys(props) {
			checkDescribed(t, s, location+"/properties/"+p)
		}
		for _, key := range sortedKeys(d) {
			checkSchema(t, s, location+"/"+key, d[key])
		}
	}
}

func checkDescribed(t *testing.T, s *schemas, location string) {
	t.Helper()
	if strings.Contains(location, "/if/") {
		return
	}
	p := s.resolve(location)
	if text := p.string("description"); !strings.HasSuffix(text, ".") && !strings.Contains(text, ". ") || text == "" {
		t.Errorf("%s is not described in a sentence: %q", location, text)
	}
	if p.string("title") == "" && !strings.HasSuffix(location, "spec.json#/properties/kind") {
		t.Errorf("%s has no title for messages", location)
	}
}
