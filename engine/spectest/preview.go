package spectest

import (
	"errors"

	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

var errEndless = errors.New("a decision never stops asking")

// Preview decides about records without any system or store: given holds what
// both systems have, read the source records (nil: all of the source object
// among given), as in a test case. show gets each decision in turn.
func Preview(p *spec.Project, f *mapping.Flow, tc spec.TestCase, show func(mapping.Decision)) error {
	w := newWorld(p, &spec.Suite{Flow: f.Spec().Name}, &tc)
	for _, rec := range w.source(f.Spec().Source.Read.Text, &tc) {
		d, ok := decide(f, w, mapping.Input{Record: rec, Now: tc.Now, Start: start(f.Spec())})
		if !ok {
			return errEndless
		}
		show(d)
	}
	return nil
}
