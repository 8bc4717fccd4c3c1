package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/sheet"
)

func (a *app) docsCommand() *cobra.Command {
	var out string
	var check, stamp bool
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Write the mapping sheet: one page and one workbook that say what goes where",
		Long: "Writes mapping.html and mapping.xlsx: every flow as a picture, every field with its source, its rule in\n" +
			"words, its policies and an example, every map and rule with all rows, and every reason for which nothing\n" +
			"goes. For the people who are responsible for the data. Needs no server and no store.\n\n" +
			"The same specs give the same files, so a repository can keep them: --check says whether they are up to date.",
		RunE: func(*cobra.Command, []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			c, err := a.ready()
			if err != nil {
				return err
			}
			made, err := sheets(c, a.stamp(c, stamp))
			if err != nil {
				return err
			}
			if check {
				return a.checkSheets(out, made)
			}
			return a.writeSheets(out, made)
		},
	}
	cmd.Flags().StringVar(&out, "out", "casebridge-docs", "`DIR` to write to")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; exit code 2 when the files are not up to date")
	cmd.Flags().BoolVar(&stamp, "stamp", false, "put the version of the specs and today's date at the foot")
	return cmd
}

// stamp is the line at the foot; without being asked there is none, so that the
// bytes depend on the specs alone.
func (a *app) stamp(c *compiled, asked bool) string {
	if !asked {
		return ""
	}
	return fmt.Sprintf("Specs version %.12s, %s.", c.project.Version, a.now().In(c.project.Zone).Format("2 January 2006"))
}

// madeFile is a file of the mapping sheet.
type madeFile struct {
	name string
	text []byte
}

func sheets(c *compiled, stamp string) ([]madeFile, error) {
	s := sheet.Of(c.project)
	s.Stamp = stamp
	var page, book bytes.Buffer
	if err := s.HTML(&page); err != nil {
		return nil, fmt.Errorf("make the page: %w", err)
	}
	if err := s.Workbook(&book); err != nil {
		return nil, fmt.Errorf("make the workbook: %w", err)
	}
	return []madeFile{{"mapping.html", page.Bytes()}, {"mapping.xlsx", book.Bytes()}}, nil
}

func (a *app) writeSheets(dir string, made []madeFile) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return errors.Join(errEnvironment, err)
	}
	for _, f := range made {
		path := filepath.Join(dir, f.name)
		if err := replaceFile(path, f.text); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, "wrote "+path)
	}
	return nil
}

// checkSheets says which files are not what the specs give.
func (a *app) checkSheets(dir string, made []madeFile) error {
	var err error
	for _, f := range made {
		path := filepath.Join(dir, f.name)
		have, readErr := os.ReadFile(path)
		switch {
		case errors.Is(readErr, os.ErrNotExist):
			fmt.Fprintln(a.stdout, path+" is not there")
			err = errSpecs
		case readErr != nil:
			return errors.Join(errEnvironment, readErr)
		case !bytes.Equal(have, f.text):
			fmt.Fprintln(a.stdout, path+" is not up to date")
			err = errSpecs
		}
	}
	if err != nil {
		fmt.Fprintln(a.stdout, "Run `casebridge docs` with the same --out and without --check.")
	}
	return err
}
