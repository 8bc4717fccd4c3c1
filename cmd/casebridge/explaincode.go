package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/inspect"
)

func (a *app) explainCodeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain-code [CODE]",
		Short: "More about a finding of validate: what it means, an example, how to mend it",
		Long: "Explains the code that a finding of validate ends with, such as [unknown-field]: what it means and how to mend it, with an\n" +
			"example that is wrong and one that is right. Without CODE it lists all of them.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			asJSON, err := a.json()
			if err != nil {
				return err
			}
			pages, err := inspect.Pages()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				page, near, ok := inspect.PageOf(pages, strings.Trim(args[0], "[]"))
				if !ok {
					return unknownCode(args[0], near)
				}
				pages = []inspect.Page{page}
			}
			switch {
			case asJSON:
				return a.pagesJSON(pages)
			case len(args) > 0:
				a.printPage(pages[0])
			default:
				a.listPages(pages)
			}
			return nil
		},
	}
}

func unknownCode(code, near string) error {
	if near == "" {
		return usageError{fmt.Errorf("no finding has the code %q; `casebridge explain-code` lists them all", code)}
	}
	return usageError{fmt.Errorf("no finding has the code %q; did you mean %q?", code, near)}
}

func (a *app) listPages(pages []inspect.Page) {
	width := 0
	for _, p := range pages {
		width = max(width, len(p.Code))
	}
	for _, p := range pages {
		fmt.Fprintf(a.stdout, "%-*s  %s\n", width, p.Code, p.Title)
	}
}

func (a *app) printPage(p inspect.Page) {
	fmt.Fprintf(a.stdout, "%s: %s\n\n%s\n", p.Code, p.Title, p.Text)
	for _, e := range p.Examples {
		fmt.Fprintf(a.stdout, "\nWrong, in %s:\n%s", e.File, indented(e.Wrong))
		if e.Right != "" {
			fmt.Fprintf(a.stdout, "Right:\n%s", indented(e.Right))
		}
	}
}

func indented(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		b.WriteString("    " + strings.ReplaceAll(line, "\x07", `\a`))
	}
	return b.String()
}

// pageJSON is a page for editors.
type pageJSON struct {
	Code     string        `json:"code" about:"as it stands in a finding"`
	Title    string        `json:"title" about:"one line"`
	Text     string        `json:"text" about:"what it means and how to mend it"`
	Examples []exampleJSON `json:"examples,omitempty"`
}

type exampleJSON struct {
	File  string `json:"file" about:"the file of a project that the lines are of"`
	Wrong string `json:"wrong" about:"lines that cause the finding"`
	Right string `json:"right,omitempty" about:"the same lines, mended"`
}

func (a *app) pagesJSON(pages []inspect.Page) error {
	enc := json.NewEncoder(a.stdout)
	for _, p := range pages {
		line := pageJSON{Code: p.Code, Title: p.Title, Text: p.Text}
		for _, e := range p.Examples {
			line.Examples = append(line.Examples, exampleJSON(e))
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
