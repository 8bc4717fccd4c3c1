package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

func (a *app) fmtCommand() *cobra.Command {
	var check, show bool
	cmd := &cobra.Command{
		Use:   "fmt [FILE or DIR]…",
		Short: "Lay spec files out alike: indentation, spaces, blank lines, quotes round codes",
		Long: "Lays out the files named, every spec file under the directories named, or those of --project. It changes\n" +
			"space and the quotes round codes that need them, never what a file says, and keeps comments, the order of\n" +
			"keys and line breaks. A file that it is not sure of is left as it is, with a finding.",
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			names, err := a.specFiles(args)
			if err != nil {
				return err
			}
			return a.format(names, formatting{check: check, show: show})
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; exit code 2 when a file is laid out otherwise")
	cmd.Flags().BoolVar(&show, "diff", false, "write nothing; show what would change")
	return cmd
}

// formatting is what to do with files that are laid out otherwise.
type formatting struct{ check, show bool }

// specFiles are the files to lay out, as the user would type them.
func (a *app) specFiles(args []string) ([]string, error) {
	if len(args) == 0 && a.flags.project == "" {
		return nil, usageError{errors.New("name the files or directories to lay out, or the project with --project DIR")}
	}
	if len(args) == 0 {
		args = []string{a.flags.project}
	}
	var names []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			return nil, usageError{fmt.Errorf("there is no file or directory %q", arg)}
		case !info.IsDir():
			names = append(names, arg)
			continue
		}
		below, err := specFilesBelow(arg)
		if err != nil {
			return nil, errors.Join(errEnvironment, err)
		}
		names = append(names, below...)
	}
	return names, nil
}

// specFilesBelow are the files that a project in dir would read.
func specFilesBelow(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && (filepath.Ext(name) == ".yaml" || filepath.Ext(name) == ".yml"):
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

func (a *app) format(names []string, f formatting) error {
	changed, left := 0, 0
	for _, name := range names {
		before, err := os.ReadFile(name)
		if err != nil {
			return errors.Join(errEnvironment, err)
		}
		after, diags := spec.Format(name, before)
		if err := printDiags(a.stdout, diags); err != nil {
			return err
		}
		if engine.HasErrors(diags) {
			left++
		}
		if bytes.Equal(before, after) {
			continue
		}
		changed++
		if err := a.formatted(name, before, after, f); err != nil {
			return err
		}
	}
	return a.formatSummary(len(names), changed, left, f)
}

// formatted shows, names or writes one file that is laid out otherwise.
func (a *app) formatted(name string, before, after []byte, f formatting) error {
	switch {
	case f.show:
		_, err := a.stdout.Write(diff.Diff(name, before, name+" (laid out)", after))
		return err
	case f.check:
		fmt.Fprintln(a.stdout, name)
		return nil
	}
	if err := replaceFile(name, after); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "laid out "+name)
	return nil
}

func (a *app) formatSummary(all, changed, left int, f formatting) error {
	if changed > 0 && f.check {
		fmt.Fprintf(a.stdout, "%s laid out otherwise. Run `casebridge fmt` without --check.\n", plural(changed, "1 file is", "%d files are"))
	}
	if left > 0 {
		fmt.Fprintf(a.stdout, "%s.\n", plural(left, "1 file cannot be read and stays as it is", "%d files cannot be read and stay as they are"))
	}
	if changed == 0 && left == 0 && !f.show {
		fmt.Fprintf(a.stdout, "%s.\n", plural(all, "1 file is laid out as it should be", "%d files are laid out as they should be"))
	}
	if left > 0 || changed > 0 && f.check {
		return errSpecs
	}
	return nil
}
