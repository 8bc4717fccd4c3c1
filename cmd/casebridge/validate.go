package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
)

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the specs: form, references, expressions, maps",
		Long: "Checks every file of the project and prints all findings in order of place. Needs no server and no store.\n" +
			"--output github prints the findings as GitHub shows them beside the lines of a pull request.",
		RunE: func(*cobra.Command, []string) error {
			format, err := a.outputIn("text", "json", githubOutput)
			if err != nil {
				return err
			}
			c, diags, err := a.compile()
			switch {
			case err != nil:
				return err
			case format == githubOutput:
				return a.annotate(diags)
			case format == "json":
				return a.validateJSON(diags)
			}
			return a.validateText(c, diags)
		},
	}
}

func (a *app) validateText(c *compiled, diags []engine.Diag) error {
	if err := printDiags(a.stdout, diags); err != nil {
		return err
	}
	if len(diags) > 0 {
		defer fmt.Fprintf(a.stdout, "`casebridge explain-code %s` tells more.\n", firstCode(diags))
	}
	failed := engine.HasErrors(diags)
	if failed {
		fmt.Fprintf(a.stdout, "%s. Nothing will run until the errors are mended.\n", plural(len(diags), "1 finding", "%d findings"))
		return errSpecs
	}
	p := c.project
	rows := 0
	for _, m := range p.Maps {
		rows += len(m.Rows)
	}
	fmt.Fprintf(a.stdout, "%s is sound: %s, %s, %s with %s, %s in %s, %s (version %.12s)\n", p.Name.Text,
		plural(len(p.Flows), "1 flow", "%d flows"), plural(len(p.Mappings), "1 mapping", "%d mappings"),
		plural(len(p.Maps), "1 map", "%d maps"), plural(rows, "1 row", "%d rows"),
		plural(countTests(c), "1 test", "%d tests"), plural(len(p.Suites), "1 file", "%d files"),
		plural(len(diags), "1 warning", "%d warnings"), p.Version)
	return nil
}

// firstCode is the code of the first error, or else of the first warning.
func firstCode(diags []engine.Diag) string {
	for _, d := range diags {
		if d.Severity == engine.Error {
			return d.Code
		}
	}
	return diags[0].Code
}

func countTests(c *compiled) int {
	n := 0
	for _, s := range c.project.Suites {
		n += len(s.Cases)
	}
	return n
}

// finding is a Diag as JSON.
type finding struct {
	Severity string `json:"severity" about:"error or warning; with check --live also note"`
	Code     string `json:"code" about:"'casebridge explain-code CODE' tells more"`
	File     string `json:"file" about:"where it is; empty when it is about no line of the specs"`
	Line     int    `json:"line" about:"counted from 1"`
	Column   int    `json:"column" about:"counted from 1"`
	Width    int    `json:"width,omitempty" about:"how many characters are meant"`
	Message  string `json:"message" about:"what is wrong"`
	Help     string `json:"help,omitempty" about:"what to do"`
}

func (a *app) validateJSON(diags []engine.Diag) error {
	enc := json.NewEncoder(a.stdout)
	for _, d := range diags {
		f := finding{string(d.Severity), d.Code, d.At.File, d.At.Line, d.At.Column, d.Width, d.Message, d.Help}
		if err := enc.Encode(f); err != nil {
			return err
		}
	}
	if engine.HasErrors(diags) {
		return errSpecs
	}
	return nil
}
