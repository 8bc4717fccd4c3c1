package main

import (
	"fmt"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spectest"
)

// githubOutput is the --output of validate and test whose lines GitHub shows beside the changed lines of a
// pull request. https://docs.github.com/actions/reference/workflow-commands-for-github-actions
const githubOutput = "github"

// textOnly is for commands that have no other --output: a program that asks for another must not be given text.
func (a *app) textOnly() error {
	if a.flags.output == "text" {
		return nil
	}
	return usageError{fmt.Errorf("this command prints text only: leave --output %s away", a.flags.output)}
}

// annotate prints findings as annotations.
func (a *app) annotate(diags []engine.Diag) error {
	for _, d := range diags {
		text := d.Message
		if d.Help != "" {
			text += "\n" + d.Help
		}
		if err := a.annotation(string(d.Severity), d.At, d.Code, text); err != nil {
			return err
		}
	}
	if engine.HasErrors(diags) {
		return errSpecs
	}
	return nil
}

// annotateTests prints what is not as expected as annotations.
func (a *app) annotateTests(r spectest.Report) error {
	for _, c := range r.Cases {
		for _, f := range c.Failures {
			if err := a.annotation("error", f.At, c.Name, f.Text); err != nil {
				return err
			}
		}
	}
	for _, i := range r.Idle {
		if err := a.annotation("warning", i.At, "not tested", "no case reaches "+i.What); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) annotation(level string, at engine.Pos, title, text string) error {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	_, err := fmt.Fprintf(a.stdout, "::%s file=%s,line=%d,col=%d,title=%s::%s\n",
		level, property.Replace(at.File), at.Line, at.Column, property.Replace(title), message.Replace(text))
	return err
}
