package spec_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine/spec"
)

func TestConsults(t *testing.T) {
	p := loadLake(t)
	consults := p.Consults()
	var got []spec.Consulted
	for _, place := range slices.Sorted(maps.Keys(consults)) {
		got = append(got, consults[place])
	}
	want := []spec.Consulted{{Name: "places", By: "east"}, {Name: "agency", By: "east"}, {Name: "sexes", By: "east", Carried: "sex other"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestKnows(t *testing.T) {
	p := loadLake(t)
	for _, c := range []struct {
		name, by string
		want     []string
	}{
		{"places", "east", []string{"01", "02", "03"}},
		{"places", "north", nil},
		{"agency", "east", []string{"agency-heron", "agency-otter"}},
		{"agency", "south", nil},
		{"nothing", "east", nil},
	} {
		if got := p.Knows(c.name, c.by); !slices.Equal(got, c.want) {
			t.Errorf("%s by %s: %q, want %q", c.name, c.by, got, c.want)
		}
	}
}
