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
	Cases    []Result
	Idle     []Idle   // rules that no case reached, by place; empty unless all cases ran
	Coverage Coverage // empty unless all cases ran
}

// Result is what became of one case. It passed when there are no Failures.
type Result struct {
	File     string
	Name     string
	Flow     string
	At       engine.Pos
	Failures []Failure

	got    []verdict
	expect []spec.Expectation
	pairs  []pair // of expect and got
}

// Failure is one thing that is not as expected, and the expectation's place.
type Failure struct {
	At   engine.Pos
	Text string // several lines; the first says what, the others where it differs
}

// Idle is a rule that could be wrong without any case noticing: a step that can
// end an item or warn, or a field that is never written.
type Idle struct {
	At   engine.Pos
	What string
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

// Print writes every failed case with its differences, the rules that no case
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
	for _, i := range r.Idle {
		fmt.Fprintf(&b, "%s: no case reaches %s\n", i.At, i.What)
	}
	plural := "s"
	if len(r.Cases) == 1 {
		plural = ""
	}
	fmt.Fprintf(&b, "%d case%s, %d passed, %d failed\n", len(r.Cases), plural, len(r.Cases)-r.Failed(), r.Failed())
	_, err := io.WriteString(w, b.String())
	return err
}
