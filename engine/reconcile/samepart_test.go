package reconcile_test

import (
	"maps"
	"strings"
	"testing"
)

// Two parts of a record that bear one name: what went through of one does not close what is held of the other.
func TestPartsOfOneNameDoNotCloseEachOther(t *testing.T) {
	files := maps.Clone(copyProject)
	files["letters.yaml"] = strings.Replace(files["letters.yaml"], "  - {must: given(case.to), else: skip, say: asks for no letter}\n",
		"  - {name: copy, each: '[1, 2]', item: case.to}\n  - {must: copy == 2, else: quarantine, say: the first copy is never right}\n", 1)
	s := newStageOf(t, files, newCabinet(1, wantsLetter), newCabinet(0, plainCase))
	if sum, err := s.run("letters"); err != nil || sum.Sent != 1 || sum.Quarantined.Total() != 1 {
		t.Fatalf("%v: %+v", err, sum)
	}
	if held := s.open(); len(held) != 1 {
		t.Errorf("open %+v", held)
	}
}
