package spectest

import (
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// rounds is how often a decision may ask for more before it is called endless.
// A chain of lookups asks once per link, so real flows need fewer than ten.
const rounds = 50

// Run runs every test case of the project whose "file: name" contains only
// ("" runs all), in the order of the files.
func Run(p *spec.Project, prog *mapping.Program, only string) Report {
	var r Report
	seen, done := places{}, exercised{}
	for _, suite := range p.Suites {
		for i := range suite.Cases {
			tc := &suite.Cases[i]
			if !strings.Contains(suite.File+": "+tc.Name.Text, only) {
				continue
			}
			r.Cases = append(r.Cases, runCase(p, prog, suite, tc, seen, done))
		}
	}
	if only == "" {
		r.Idle = seen.idle(p)
		r.Coverage = done.coverage(p)
	}
	return r
}

// runCase decides about every record that the case reads and compares the verdicts.
func runCase(p *spec.Project, prog *mapping.Program, suite *spec.Suite, tc *spec.TestCase, seen places, done exercised) Result {
	res := Result{File: suite.File, Name: tc.Name.Text, Flow: suite.Flow.Text, At: tc.At}
	declared := flowNamed(p, suite.Flow.Text)
	compiled := prog.Flow(suite.Flow.Text)
	if declared == nil || compiled == nil {
		res.Failures = append(res.Failures, Failure{At: suite.Flow.At, Text: "there is no flow " + suite.Flow.Text})
		return res
	}
	res.Failures = append(res.Failures, misspelt(p, suite, declared, tc)...)
	w := newWorld(p, suite, tc)
	var got []verdict
	var sightings []verdict
	for _, rec := range w.source(declared.Source.Read.Text, tc) {
		trace := &mapping.Trace{}
		d, ok := decide(compiled, w, mapping.Input{Record: rec, Now: tc.Now, Start: start(declared), Trace: trace})
		if !ok {
			res.Failures = append(res.Failures, Failure{At: tc.At, Text: "the decision never stops asking; it last wanted " + wants(d)})
			return res
		}
		done.trace(trace)
		for _, c := range d.Changes {
			seen.add(c)
			done.kept(c)
			got = append(got, ofChange(c))
		}
		for _, s := range d.Sightings {
			sightings = append(sightings, ofSighting(s))
		}
	}
	res.got, res.expect = append(got, sightings...), tc.Expect
	res.pairs = align(tc.Expect, res.got)
	res.Failures = append(res.Failures, compare(tc, res.got, res.pairs)...)
	if len(res.Failures) > 0 {
		res.Failures = append(res.Failures, w.unnamed(p)...)
	}
	return res
}

// decide asks again until the decision needs nothing more, as plan and run do.
func decide(f *mapping.Flow, w *world, in mapping.Input) (mapping.Decision, bool) {
	known := answers{}
	in.Known = known
	var d mapping.Decision
	for range rounds {
		if d = f.Decide(in); len(d.Wants) == 0 {
			return d, true
		}
		for _, ask := range d.Wants {
			known[ask.Key()] = w.answer(ask)
		}
	}
	return d, false
}

// answers is what has been looked up so far, by Ask.Key.
type answers map[string]mapping.Answer

func (a answers) Answer(ask mapping.Ask) (mapping.Answer, bool) {
	got, ok := a[ask.Key()]
	return got, ok
}

func wants(d mapping.Decision) string {
	var asks []string
	for _, a := range d.Wants {
		asks = append(asks, string(a.Kind)+" "+a.Object+" "+a.By+" "+a.Value+engine.JoinPairs(a.Pairs)+a.Once)
	}
	slices.Sort(asks)
	return strings.Join(asks, ", ")
}

func start(f *spec.Flow) string {
	if f.Source.Everything {
		return ""
	}
	return f.Source.Start.Text
}

func flowNamed(p *spec.Project, name string) *spec.Flow {
	for _, f := range p.Flows {
		if f.Name.Text == name {
			return f
		}
	}
	return nil
}
