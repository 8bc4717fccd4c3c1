package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

func (a *app) schemaCommand() *cobra.Command {
	var out string
	var link bool
	cmd := &cobra.Command{
		Use:   "schema [KIND]",
		Short: "Print the JSON Schema of a kind of spec file, for editors",
		Long: "Prints the JSON Schema of one kind, in one piece; without a kind, lists the kinds.\n\n" +
			"Editors with YAML support (VS Code with the extension YAML by Red Hat, and others) complete, explain and\n" +
			"check a spec file when its first line leads to its schema. For a project in a repository of its own:\n\n" +
			"  casebridge schema --out my-project/.casebridge --link --project my-project\n\n" +
			"writes the schemas beside the specs and puts that line into every spec file.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case out != "" && len(args) > 0:
				return usageError{errors.New("--out writes the schemas of all kinds: leave the kind out")}
			case link && (out == "" || a.flags.project == ""):
				return usageError{errors.New("--link leads the files of --project DIR to the schemas of --out DIR: give both")}
			case len(args) > 0:
				return a.printSchema(args[0]) // JSON, whatever --output says
			}
			if err := a.textOnly(); err != nil {
				return err
			}
			if out != "" {
				return a.writeSchemas(out, link)
			}
			return a.listKinds()
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`DIR` to write the schemas of all kinds to")
	cmd.Flags().BoolVar(&link, "link", false, "put the line that editors need into every spec file of --project")
	return cmd
}

func (a *app) listKinds() error {
	kinds, err := spec.SchemaKinds()
	if err != nil {
		return err
	}
	for _, k := range kinds {
		fmt.Fprintf(a.stdout, "%-10s %s\n", k.Kind, k.Description)
	}
	return nil
}

func (a *app) printSchema(name string) error {
	kinds, err := spec.SchemaKinds()
	if err != nil {
		return err
	}
	var names []string
	for _, k := range kinds {
		names = append(names, k.Kind)
		if !strings.EqualFold(k.Kind, name) {
			continue
		}
		text, err := spec.Schema(k.Kind)
		if err != nil {
			return err
		}
		_, err = a.stdout.Write(text)
		return err
	}
	text := fmt.Sprintf("there is no kind %q", name)
	if near := engine.Nearest(name, names); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return usageError{fmt.Errorf("%s (there are %s)", text, strings.Join(names, ", "))}
}

// writeSchemas writes every schema file; with link the files of the project get their first line.
func (a *app) writeSchemas(dir string, link bool) error {
	files, err := spec.SchemaFiles()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return errors.Join(errEnvironment, err)
	}
	n := 0
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		n++
		return replaceFile(filepath.Join(dir, name), text)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote %d schemas to %s\n", n, dir)
	if link {
		return a.linkFiles(dir)
	}
	return nil
}

var (
	modeline = regexp.MustCompile(`(?m)^# yaml-language-server: .*\n?`)
	kindLine = regexp.MustCompile(`(?m)^kind: *["']?([A-Za-z]+)`)
)

// linkFiles puts the line that leads to a schema at the top of every spec file.
func (a *app) linkFiles(dir string) error {
	names, err := specFilesBelow(a.flags.project)
	if err != nil {
		return usageError{fmt.Errorf("--project: %w", err)}
	}
	kinds, err := spec.SchemaKinds()
	if err != nil {
		return err
	}
	for _, name := range names {
		before, err := os.ReadFile(name)
		if err != nil {
			return errors.Join(errEnvironment, err)
		}
		line, err := lineTo(dir, name, before, kinds)
		if err != nil {
			return errors.Join(errEnvironment, err)
		}
		after := append([]byte(line), modeline.ReplaceAll(before, nil)...)
		if line == "" || bytes.Equal(before, after) {
			continue
		}
		if err := replaceFile(name, after); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, "linked "+name)
	}
	return nil
}

// lineTo is the first line of a spec file; "" when its kind is none.
func lineTo(dir, name string, text []byte, kinds []spec.SchemaKind) (string, error) {
	found := kindLine.FindSubmatch(text)
	if found == nil {
		return "", nil
	}
	for _, k := range kinds {
		if k.Kind != string(found[1]) {
			continue
		}
		from, err := filepath.Abs(filepath.Dir(name))
		if err != nil {
			return "", err
		}
		to, err := filepath.Abs(filepath.Join(dir, k.File))
		if err != nil {
			return "", err
		}
		path, err := filepath.Rel(from, to)
		return "# yaml-language-server: $schema=" + filepath.ToSlash(path) + "\n", err
	}
	return "", nil
}
