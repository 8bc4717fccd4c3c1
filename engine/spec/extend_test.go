package spec_test

import (
	"io/fs"
	"maps"
	"testing"
	"testing/fstest"

	"github.com/casebridge/casebridge/engine/spec"
)

// bay extends the lake: another map, another code list, another name.
func bay(t *testing.T) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{
		"project.yaml": {Data: []byte("kind: Project\nname: bay\nextends: .lake\n")},
		"here.yaml": {Data: []byte(`kind: Map
name: places
columns:
  east: {codes: east.place, complete: true}
  west: {title: The other shore}
rows:
- {east: "11", west: pier}
`)},
		"codes.yaml": {Data: []byte("kind: Catalogue\nconnection: east\ncode_lists:\n  place:\n  - {code: \"11\", label: Pier}\n")},
	}
	for name, file := range lake(t) {
		fsys[".lake/"+name] = file
	}
	return fsys
}

func TestVariantReplacesByKindAndName(t *testing.T) {
	p, diags := spec.LoadFrom(beside(bay(t)), shores())
	if len(diags) > 0 {
		t.Fatalf("findings:\n%s", render(t, diags))
	}
	if p.Name.Text != "bay" || p.Zone.String() != "Africa/Nairobi" || len(p.Flows) != 1 || len(p.Suites) != 0 {
		t.Errorf("the variant is %s in %s with %d flows and %d files of tests", p.Name.Text, p.Zone, len(p.Flows), len(p.Suites))
	}
	if rows := p.Map("places").Rows; len(rows) != 1 || rows[0].At.String() != "here.yaml:7:3" {
		t.Errorf("places are %v", rows)
	}
	if list := p.CodeList("east.place"); len(list.Codes) != 1 || p.CodeList("east.sex") == nil {
		t.Errorf("the code lists are %v", p.Codes)
	}
	if at := p.Map("sexes").At.File; at != ".lake/sexes.yaml" || p.Excerpt(p.Map("sexes").At) != "rows:" {
		t.Errorf("the map that was taken over stands in %s", at)
	}
}

// TestVersionCoversWhatIsExtended: a change in the project below is a change of the variant.
func TestVersionCoversWhatIsExtended(t *testing.T) {
	version := func(fsys fs.FS) string {
		p, diags := spec.LoadFrom(beside(fsys), shores())
		if len(diags) > 0 {
			t.Fatalf("findings:\n%s", render(t, diags))
		}
		return p.Version
	}
	before := bay(t)
	after := maps.Clone(before)
	edit(t, after, ".lake/sexes.yaml\n name: sexes\n+title: Girls and boys\n")
	if version(before) == version(after) {
		t.Error("the version does not cover the project below")
	}
}

// TestVariantAlone: without a way outside, extending is a finding and not a half project.
func TestVariantAlone(t *testing.T) {
	_, diags := spec.Load(bay(t), shores())
	if len(diags) != 1 || diags[0].Code != "unknown-project" {
		t.Errorf("findings:\n%s", render(t, diags))
	}
}
