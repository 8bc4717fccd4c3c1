package specs_test

import (
	"bytes"
	"testing"

	"github.com/casebridge/casebridge/connectors"
	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/spectest"
	"github.com/casebridge/casebridge/specs"
)

// The embedded project is what people run, so it must load without a finding,
// compile, and pass all of its own cases.
func TestProject(t *testing.T) {
	project, found := spec.Load(specs.FS, connectors.All())
	fail(t, found)
	program, found := mapping.Compile(project)
	fail(t, found)
	report := spectest.Run(project, program, "")
	var text bytes.Buffer
	if err := report.Print(&text); err != nil {
		t.Fatal(err)
	}
	if report.Failed() > 0 || len(report.Cases) == 0 {
		t.Fatalf("the project's cases:\n%s", text.String())
	}
	for _, i := range report.Idle {
		t.Errorf("%s: no case reaches %s", i.At, i.What)
	}
}

// offline are the faults of the old jobs that a case can show. The others are
// about paging, crashes, retries and state between jobs (4, 5, 18, 20), and are
// shown where those live.
func offline() []int { return []int{1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19} }

func TestEveryOldFaultThatShowsOfflineHasItsCase(t *testing.T) {
	project, found := spec.Load(specs.FS, connectors.All())
	fail(t, found)
	shown := map[int]bool{}
	for _, suite := range project.Suites {
		for _, c := range suite.Cases {
			for _, r := range c.Replaces {
				shown[r.Number] = true
			}
		}
	}
	for _, n := range offline() {
		if !shown[n] {
			t.Errorf("no case replaces fault %d", n)
		}
	}
}

func fail(t *testing.T, found []engine.Diag) {
	t.Helper()
	if len(found) == 0 {
		return
	}
	var text bytes.Buffer
	for _, d := range found {
		if err := d.Print(&text); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("findings:\n%s", text.String())
}
