package spec

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// SchemaFiles are the JSON Schemas of spec files as editors read them: one file
// for every kind, the pieces that they share, and spec.json for a file of any kind.
func SchemaFiles() (fs.FS, error) { return fs.Sub(schemaFiles, "schemas") }

// SchemaKind is a kind of spec file and the file that holds its schema.
type SchemaKind struct{ Kind, File, Title, Description string }

// SchemaKinds lists the kinds in the order in which spec.json has them.
func SchemaKinds() ([]SchemaKind, error) {
	s, err := theSchemas()
	if err != nil {
		return nil, err
	}
	var kinds []SchemaKind
	for _, kind := range s.resolve(schemaMain + "#/properties/kind").texts("enum") {
		k := SchemaKind{Kind: kind, File: s.fileOf(kind)}
		t := s.resolve(schemaRoot + k.File + "#")
		k.Title, k.Description = t.string("title"), t.string("description")
		kinds = append(kinds, k)
	}
	return kinds, nil
}

// fileOf is the schema file that spec.json leads to for a kind.
func (s *schemas) fileOf(kind string) string {
	branches, _ := s.at(schemaMain + "#/allOf").([]any)
	for i := range branches {
		branch := fmt.Sprintf("%s#/allOf/%d", schemaMain, i)
		if s.at(branch+"/if/properties/kind/const") == kind {
			file, _ := s.at(branch + "/then/$ref").(string)
			return file
		}
	}
	return ""
}

// Schema is the JSON Schema of a kind in one piece: the files that it refers to
// stand under $defs, each with its $id.
func Schema(kind string) ([]byte, error) {
	s, err := theSchemas()
	if err != nil {
		return nil, err
	}
	file := s.fileOf(kind)
	if file == "" {
		return nil, fmt.Errorf("%w for the kind %q", errNoSchema, kind)
	}
	needed := map[string]bool{}
	s.refers(file, needed)
	delete(needed, file)
	main, _ := s.raw[file].(map[string]any)
	whole := maps.Clone(main)
	whole["$id"] = schemaRoot + file
	own, _ := main["$defs"].(map[string]any)
	defs := maps.Clone(own)
	if defs == nil {
		defs = map[string]any{}
	}
	for name := range needed {
		piece, _ := s.raw[name].(map[string]any)
		piece = maps.Clone(piece)
		piece["$id"] = schemaRoot + name
		defs[name] = piece
	}
	if len(defs) > 0 {
		whole["$defs"] = defs
	}
	text, err := json.MarshalIndent(whole, "", "  ")
	return append(text, '\n'), err
}

// refers collects the files that a schema file leads to, itself included.
func (s *schemas) refers(file string, into map[string]bool) {
	if into[file] {
		return
	}
	into[file] = true
	for _, ref := range refsIn(s.raw[file]) {
		if other, _, _ := strings.Cut(ref, "#"); other != "" {
			s.refers(other, into)
		}
	}
}

func refsIn(doc any) []string {
	var refs []string
	switch d := doc.(type) {
	case []any:
		for _, item := range d {
			refs = append(refs, refsIn(item)...)
		}
	case map[string]any:
		if ref, ok := d["$ref"].(string); ok {
			refs = append(refs, ref)
		}
		for _, key := range slices.Sorted(maps.Keys(d)) {
			refs = append(refs, refsIn(d[key])...)
		}
	}
	return refs
}
