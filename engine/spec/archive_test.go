package spec_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/casebridge/casebridge/engine/spec"
)

// What is packed loads as the same version, and the same project packs to the same bytes.
func TestArchive(t *testing.T) {
	variant := fstest.MapFS{"south/bay/project.yaml": {Data: []byte("kind: Project\nname: bay\nextends: ../../lake\n")}}
	for name, file := range lake(t) {
		variant["lake/"+name] = file
	}
	south, err := fs.Sub(variant, "south/bay")
	if err != nil {
		t.Fatal(err)
	}
	outside := func(string) (spec.Place, error) {
		below, err := fs.Sub(variant, "lake")
		return spec.Place{Files: below}, err
	}
	for name, place := range map[string]spec.Place{"alone": {Files: lake(t)}, "variant": {Files: south, Outside: outside}} {
		t.Run(name, func(t *testing.T) { comesBack(t, place) })
	}
}

func comesBack(t *testing.T, place spec.Place) {
	p, diags := spec.LoadFrom(place, shores())
	if len(diags) > 0 {
		t.Fatal(render(t, diags))
	}
	packed, err := p.Archive()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.Archive(); err != nil || !bytes.Equal(packed, again) {
		t.Errorf("packed differently: %v", err)
	}
	unpacked, err := spec.Unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	back, diags := spec.LoadFrom(unpacked, shores())
	if len(diags) > 0 || back.Version != p.Version {
		t.Errorf("another version came back: %s", render(t, diags))
	}
	if len(back.Suites) != 0 {
		t.Error("tests were packed")
	}
	if _, err := spec.Unpack([]byte(strings.Repeat("x", 100))); err == nil {
		t.Error("what is no archive was taken")
	}
}
