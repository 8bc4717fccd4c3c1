package store

import (
	"errors"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// The specs that ran are kept once per version, and only they.
func TestSpecsOfARunAreKept(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	packed := 0
	begin := func(version string) {
		run, err := s.Begin(t.Context(), Begin{Flow: "out", SpecVersion: version, Specs: func() ([]byte, error) {
			packed++
			return []byte("files of " + version), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := run.End(t.Context(), End{State: "done"}); err != nil {
			t.Fatal(err)
		}
	}
	begin("v1")
	begin("v1")
	begin("v2")
	if packed != 2 {
		t.Errorf("packed %d times", packed)
	}
	for version, want := range map[string]string{"v1": "files of v1", "v2": "files of v2", "v3": ""} {
		if got, err := s.Specs(t.Context(), version); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", version, got, err)
		}
	}
	if _, err := s.Begin(t.Context(), Begin{Flow: "out", SpecVersion: "v4", Specs: func() ([]byte, error) { return nil, errors.New("no room") }}); engine.KindOf(err) == "" {
		t.Errorf("specs that cannot be packed: %v", err)
	}
}
