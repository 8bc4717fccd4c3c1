package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/spectest"
)

func (a *app) testCommand() *cobra.Command {
	var only string
	var coverage, update bool
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Run the project's test cases, offline, through the code that plan and run use",
		Long: "Runs every case of the files of kind Test with a frozen clock. Needs no server and no store.\n" +
			"--coverage lists the rules, map rows, table lines and policies that no case exercises.\n" +
			"--update writes what is decided now into the expectations that are not met, and shows the difference: read it before you commit it.\n" +
			"A case that expects a write where nothing goes any more is left as it is, unless --only names it.\n\n" + exitHelp,
		RunE: func(*cobra.Command, []string) error {
			format, err := a.outputIn("text", "json", githubOutput)
			if err != nil {
				return err
			}
			c, err := a.ready()
			if err != nil {
				return err
			}
			began := a.now()
			report := spectest.Run(c.project, c.program, only)
			if len(report.Cases) == 0 {
				return usageError{fmt.Errorf("no test case fits --only %q", only)}
			}
			if update {
				return a.updateTests(c, report, only != "")
			}
			placeIn(c.root, &report)
			err = a.printReport(&report, format, coverage, a.now().Sub(began))
			if err == nil && report.Failed() > 0 {
				err = errSpecs
			}
			return err
		},
	}
	cmd.AddCommand(a.replacesCommand())
	cmd.Flags().BoolVar(&coverage, "coverage", false, "say which rules, map rows, table lines and policies no case exercises")
	cmd.Flags().BoolVar(&update, "update", false, "write what is decided now into the cases that fail")
	cmd.Flags().StringVar(&only, "only", "", "run the cases whose \"file: name\" contains `TEXT`")
	cmd.MarkFlagsMutuallyExclusive("only", "coverage")
	cmd.MarkFlagsMutuallyExclusive("update", "coverage")
	return cmd
}

func (a *app) printReport(r *spectest.Report, format string, coverage bool, d time.Duration) error {
	switch format {
	case githubOutput:
		return a.annotateTests(*r)
	case "json":
		return a.testJSON(*r, coverage)
	}
	if err := a.printCoverage(r, coverage); err != nil {
		return err
	}
	if err := r.Print(a.stdout); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "took %s\n", took(d.Round(time.Millisecond)))
	return err
}

// placeIn makes places start with the project's directory.
func placeIn(root string, r *spectest.Report) {
	for i := range r.Cases {
		c := &r.Cases[i]
		c.At.File = path.Join(root, c.At.File)
		for j := range c.Failures {
			c.Failures[j].At.File = path.Join(root, c.Failures[j].At.File)
		}
	}
	for i := range r.Idle {
		r.Idle[i].At.File = path.Join(root, r.Idle[i].At.File)
	}
	for i := range r.Coverage.Things {
		r.Coverage.Things[i].At.File = path.Join(root, r.Coverage.Things[i].At.File)
	}
}

// printCoverage prints it when it is wanted; it holds the idle rules too, which are then said once.
func (a *app) printCoverage(r *spectest.Report, wanted bool) error {
	if !wanted {
		return nil
	}
	r.Idle = nil
	return r.Coverage.Print(a.stdout)
}

// replacesCommand prints the migration page: it is made of the cases, so that it cannot say what is not tested.
func (a *app) replacesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "replaces", Short: "List what the jobs before did, and the cases that show what happens now",
		Args: asUsage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			c, err := a.ready()
			if err != nil {
				return err
			}
			for _, line := range replaced(c) {
				if _, err := fmt.Fprintln(a.stdout, line); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// replaced are the lines of the migration page, in order of the old fault's number.
func replaced(c *compiled) []string {
	type entry struct {
		number     int
		was, proof string
	}
	var all []entry
	for _, s := range c.project.Suites {
		for _, tc := range s.Cases {
			for _, r := range tc.Replaces {
				all = append(all, entry{r.Number, r.Was, fmt.Sprintf("%s (%s:%d)", tc.Name.Text, path.Join(c.root, s.File), tc.At.Line)})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.number, b.number) })
	var lines []string
	for _, e := range all {
		lines = append(lines, fmt.Sprintf("%2d  before: %s\n    now:    %s", e.number, e.was, e.proof))
	}
	return lines
}

// testLine is a test case's result as JSON.
type testLine struct {
	Name     string        `json:"name"`
	Flow     string        `json:"flow" about:"the flow that is tested"`
	Place    string        `json:"place" about:"file:line:column in the specs"`
	Passed   bool          `json:"passed"`
	Failures []failureLine `json:"failures,omitempty" about:"what is not as expected"`
}

type failureLine struct {
	Place string `json:"place" about:"file:line:column in the specs"`
	Text  string `json:"text" about:"what was expected and what came"`
}

// coveredLine is a rule, row or line as JSON, with --coverage.
type coveredLine struct {
	Kind    string `json:"kind" about:"routes, steps, stops, fields, policies, map rows, or table lines"`
	Place   string `json:"place" about:"file:line:column in the specs"`
	What    string `json:"what" about:"in words"`
	Reached bool   `json:"reached" about:"false: no test case exercises it"`
}

func (a *app) testJSON(r spectest.Report, coverage bool) error {
	enc := json.NewEncoder(a.stdout)
	for _, t := range r.Coverage.Things {
		if !coverage {
			break
		}
		if err := enc.Encode(coveredLine{t.Kind, t.At.String(), t.What, t.Reached}); err != nil {
			return err
		}
	}
	for _, c := range r.Cases {
		line := testLine{Name: c.Name, Flow: c.Flow, Place: c.At.String(), Passed: len(c.Failures) == 0}
		for _, f := range c.Failures {
			line.Failures = append(line.Failures, failureLine{f.At.String(), f.Text})
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
