package spectest

import (
	"fmt"
	"io"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// Report is what became of the test cases, in the order of the files.
type Report struct {
	Cases  []Result
	Routes []RouteUse // every route of every flow, in order, and how often a case reached a verdict there
}

// Result is what became of one case. It passed when there are no Failures.
type Result struct {
	File     string
	Name     string
	Flow     string
	At       engine.Pos
	Failures []Failure
}

// Failure is one thing that is not as expected, and the expectation's place.
type Failure struct {
	At   engine.Pos
	Text string // several lines; the first says what, the others where it differs
}

// RouteUse counts the verdicts that the cases saw of one route.
type RouteUse struct {
	Flow     string
	Route    string // nested routes as "outer/inner"
	Verdicts int
}

// Failed counts the cases that failed.
func (r Report) Failed() int {
	n := 0
	for _, c := range r.Cases {
		if len(c.Failures) > 0 {
			n++
		}
	}
	return n
}

// Print writes every failed case with its differences, the routes that no case
// reached (when all cases ran), and a last line with the counts.
func (r Report) Print(w io.Writer) error {
	var b strings.Builder
	for _, c := range r.Cases {
		if len(c.Failures) == 0 {
			continue
		}
		fmt.Fprintf(&b, "FAIL %s: %s\n", c.At, c.Name)
		for _, f := range c.Failures {
			fmt.Fprintf(&b, "  %s: %s\n", f.At, strings.ReplaceAll(strings.TrimRight(f.Text, "\n "), "\n", "\n  "))
		}
	}
	for _, u := range r.Routes {
		if u.Verdicts == 0 {
			fmt.Fprintf(&b, "no case reaches the route %s of %s\n", u.Route, u.Flow)
		}
	}
	fmt.Fprintf(&b, "%d cases, %d passed, %d failed\n", len(r.Cases), len(r.Cases)-r.Failed(), r.Failed())
	_, err := io.WriteString(w, b.String())
	return err
}

// tally counts verdicts by flow and route.
type tally map[[2]string]int

func (t tally) count(c engine.Change) { t[[2]string{c.Flow, c.Route}]++ }

// routes lists every route of the project that can give a verdict, in order.
func (t tally) routes(p *spec.Project) []RouteUse {
	var out []RouteUse
	for _, f := range p.Flows {
		for _, r := range f.Routes {
			out = append(out, t.route(f.Name.Text, "", r)...)
		}
	}
	return out
}

func (t tally) route(flow, outer string, r *spec.Route) []RouteUse {
	name := r.Name.Text
	if outer != "" {
		name = outer + "/" + name
	}
	out := []RouteUse{{Flow: flow, Route: name, Verdicts: t[[2]string{flow, name}]}}
	for _, inner := range r.Routes {
		out = append(out, t.route(flow, name, inner)...)
	}
	return out
}
