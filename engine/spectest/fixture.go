package spectest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// Asked is one thing that a decision asked for, and what it was told.
type Asked struct {
	Ask    mapping.Ask
	Answer mapping.Answer
}

// Original is a record as it was decided, with all that the decision asked for.
type Original struct {
	Record   engine.Record
	Decision mapping.Decision
	Asked    []Asked
}

// Saving says what becomes of an original.
type Saving struct {
	Name   string    // of the case; "" gives it one that tells what is decided
	Taken  []string  // names of cases that there are already
	Now    time.Time // of the run
	Keep   []string  // fields (or "rows.column") of class code or public that stay as they are
	Secret []byte    // random, made for this one case and thrown away: without it no replacement can be turned back
}

// Fixture is a pseudonymised case.
type Fixture struct {
	Name    string
	Differs []string // in words, what is decided otherwise than about the original; empty when nothing is

	project *spec.Project
	tc      spec.TestCase
	got     []verdict
}

// ErrKeep is returned for a field that cannot be kept as it is.
var ErrKeep = errors.New("this field cannot be kept")

// ErrSurvives is returned when a value about a person would stand in the case. It names the field only.
var ErrSurvives = errors.New("a personal value would stand in the case")

// rounds in which values that the flow computes from others (ids of rows made from names) find their replacement.
const fixtureRounds = 5

// Save makes a case of an original. Values of persons and identifiers are replaced, the same value everywhere by the same;
// lengths, scripts, codes, and the words that the specs speak of stay.
func Save(p *spec.Project, f *mapping.Flow, o Original, s Saving) (*Fixture, error) {
	if err := mayKeep(p, f, s.Keep); err != nil {
		return nil, err
	}
	draft := draftOf(p, f, o, s.Now)
	was, ok := draft.decide(p, f)
	if !ok {
		return nil, errEndless
	}
	d := newDisguise(p, draft, s)
	var tc spec.TestCase
	var now decided
	for range fixtureRounds {
		tc = d.testCase(draft.tc)
		if now, ok = decideCase(p, f, &tc); !ok {
			return nil, errEndless
		}
		if !d.follow(was.trace, now.trace) {
			break
		}
	}
	fx := &Fixture{Name: caseName(s, now.verdicts), project: p, tc: tc, got: now.verdicts}
	fx.Differs = differing(verdictsOf(o.Decision), was, now)
	return fx, d.survivors(fx, now.changes)
}

// mayKeep refuses to keep what is about a person, and what is no field of anything that the flow reads.
func mayKeep(p *spec.Project, f *mapping.Flow, keep []string) error {
	for _, name := range keep {
		found := false
		for _, use := range f.Reads() {
			o := p.Object(use.Object)
			if o == nil {
				continue
			}
			for path, field := range walkFields("", o.Fields) {
				if !keeps(name, path) {
					continue
				}
				if found = true; field.Class.Hidden() && field.Type != engine.Rows {
					return fmt.Errorf("%w: %s of %s is about a person, and such a field is always replaced", ErrKeep, path, use.Object)
				}
			}
		}
		if !found {
			return fmt.Errorf("%w: the flow %s reads no field %q", ErrKeep, f.Name(), name)
		}
	}
	return nil
}

// decided is what came of a case.
type decided struct {
	verdicts []verdict
	changes  []engine.Change
	trace    mapping.Trace
}

func decideCase(p *spec.Project, f *mapping.Flow, tc *spec.TestCase) (decided, bool) {
	var out decided
	w := newWorld(p, &spec.Suite{Flow: f.Spec().Name}, tc)
	for _, rec := range w.source(f.Spec().Source.Read.Text, tc) {
		d, ok := decide(f, w, mapping.Input{Record: rec, Now: tc.Now, Start: start(f.Spec()), Trace: &out.trace})
		if !ok {
			return out, false
		}
		out.verdicts = append(out.verdicts, verdictsOf(d)...)
		out.changes = append(out.changes, d.Changes...)
	}
	return out, true
}

func verdictsOf(d mapping.Decision) []verdict {
	var out []verdict
	for _, c := range d.Changes {
		out = append(out, ofChange(c))
	}
	for _, s := range d.Sightings {
		out = append(out, ofSighting(s))
	}
	return out
}

// caseName tells what is decided, and nothing of the record.
func caseName(s Saving, got []verdict) string {
	name := s.Name
	if name == "" {
		name = "saved on " + s.Now.Format(time.DateOnly) + ": "
		if len(got) == 0 {
			name += "nothing to do"
		}
		for i, v := range got {
			if i == 3 {
				name += " and more"
				break
			}
			if i > 0 {
				name += ", "
			}
			name += v.kind
			if v.object != "" {
				name += " " + v.object
			}
		}
	}
	unique := name
	for n := 2; s.Name == "" && slices.Contains(s.Taken, unique); n++ {
		unique = fmt.Sprintf("%s (%d)", name, n)
	}
	return unique
}
