package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/spectest"
)

func (a *app) testCommand() *cobra.Command {
	var only string
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Run the project's test cases, offline, through the code that plan and run use",
		Long:  "Runs every case of the files of kind Test with a frozen clock. Needs no server and no store.\n\n" + exitHelp,
		RunE: func(*cobra.Command, []string) error {
			asJSON, err := a.json()
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
			if asJSON {
				err = a.testJSON(report)
			} else if err = report.Print(a.stdout); err == nil {
				_, err = fmt.Fprintf(a.stdout, "took %s\n", took(a.now().Sub(began).Round(time.Millisecond)))
			}
			if err == nil && report.Failed() > 0 {
				err = errSpecs
			}
			return err
		},
	}
	cmd.Flags().StringVar(&only, "only", "", "run the cases whose \"file: name\" contains `TEXT`")
	return cmd
}

// testLine is a test case's result as JSON.
type testLine struct {
	Name     string        `json:"name"`
	Flow     string        `json:"flow"`
	Place    string        `json:"place"`
	Passed   bool          `json:"passed"`
	Failures []failureLine `json:"failures,omitempty"`
}

type failureLine struct {
	Place string `json:"place"`
	Text  string `json:"text"`
}

func (a *app) testJSON(r spectest.Report) error {
	enc := json.NewEncoder(a.stdout)
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
