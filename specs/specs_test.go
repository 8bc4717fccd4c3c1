package specs_test

import (
	"bytes"
	"fmt"
	"slices"
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

// Cases decide about single records. What holds for all records at once, and what is looked at
// after a write, no case can fail; so it is written down here once more.
func TestWhatNoCaseCanFail(t *testing.T) {
	project, found := spec.Load(specs.FS, connectors.All())
	fail(t, found)
	run := fmt.Sprintf("%s: %s", project.Schedule.Cron.Text, spec.Texts(project.Schedule.Run))
	if run != "0 * * * *: [oscar-ids primero-to-oscar oscar-to-primero primero-to-oscar]" {
		t.Errorf("the run is %s", run)
	}
	for name, want := range map[string]string{
		"oscar-ids":        "since everything-24h0m0s, sweep -0s, alone [client.global_id client.external_id], at most 0 creates, 0 sends, 60 %",
		"oscar-to-primero": "since everything-24h0m0s, sweep 02:00-720h0m0s, alone [client.global_id client.external_id], at most 300 creates, 0 sends, 60 %",
		"primero-to-oscar": "since 2026-01-01-10m0s, sweep -0s, alone [case.case_id case.oscar_number], at most 0 creates, 200 sends, 60 %",
	} {
		if got := told(project.Flow(name)); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
	for _, want := range []string{"primero.referral verifies [status]", "primero.case verifies [services_section]", "oscar.decision awaits"} {
		if !slices.Contains(watched(project), want) {
			t.Errorf("no write any more: %s", want)
		}
	}
}

func told(f *spec.Flow) string {
	start := f.Source.Start.Text
	if f.Source.Everything {
		start = "everything"
	}
	return fmt.Sprintf("since %s-%s, sweep %s-%s, alone %s, at most %d creates, %d sends, %d %%", start, f.Source.Overlap,
		f.Source.SweepAt.Text, f.Source.SweepBack, spec.Texts(f.Alone), f.Limits.Creates, f.Limits.Sends, f.Limits.UpdatedPercent)
}

// watched lists the writes whose arrival is looked at.
func watched(project *spec.Project) (all []string) {
	for _, f := range project.Flows {
		for _, r := range f.Routes {
			for _, w := range r.Writes {
				if len(w.Verify) > 0 {
					all = append(all, fmt.Sprintf("%s verifies %s", w.Object.Text, spec.Texts(w.Verify)))
				}
				if w.Await {
					all = append(all, w.Object.Text+" awaits")
				}
			}
		}
	}
	return all
}
