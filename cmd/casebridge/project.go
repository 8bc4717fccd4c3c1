package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/connectors"
	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/specs"
)

// compiled is a project that may run: checked and compiled without an error.
type compiled struct {
	project *spec.Project
	program *mapping.Program
	drivers map[string]engine.Driver // by connection
	root    string                   // the project's directory, as places are shown
}

// place is the project's directory, or the specs inside the binary. Paths in
// findings are shown as the user would type them.
func (a *app) place() (spec.Place, string, error) {
	dir := a.projectRoot()
	if a.flags.project == "" {
		return spec.Place{Files: specs.FS}, dir, nil
	}
	place, err := directory(dir)
	if err != nil {
		return spec.Place{}, "", usageError{fmt.Errorf("--project: there is no directory %q", dir)}
	}
	return place, dir, nil
}

// directory is a project's directory and the way to those that it extends.
func directory(dir string) (spec.Place, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fs.ErrNotExist
	}
	outside := func(other string) (spec.Place, error) {
		return directory(filepath.Join(dir, filepath.FromSlash(other)))
	}
	return spec.Place{Files: os.DirFS(dir), Outside: outside}, err
}

// follows are findings of Compile about names that stand elsewhere: when something could not be
// loaded, it may be what they miss. Load itself reports the names that really are wrong.
var follows = []string{
	"unknown-name", "unknown-object", "unknown-mapping", "unknown-map", "unknown-rule", "unknown-table", "unknown-form",
	"unknown-column", "unknown-step", "unknown-constant", "missing-field", "no-fields", "no-key", "no-rows", "no-target", "wrong-target",
	"no-sharing", "no-gate", "open-gate", "may-not-leave", "may-not-write",
}

// elsewhere leaves out what Compile finds only because of what Load has found already.
func elsewhere(p *spec.Project, more, already []engine.Diag) []engine.Diag {
	if !engine.HasErrors(already) {
		return more
	}
	return slices.DeleteFunc(more, func(d engine.Diag) bool {
		return d.At.Line == 0 || slices.Contains(follows, d.Code) && !whole(p, d.Code, already) || slices.ContainsFunc(already, func(a engine.Diag) bool {
			return a.Severity == engine.Error && a.At.File == d.At.File && a.At.Line == d.At.Line
		})
	})
}

// whole says whether Load found no error in the files of what a finding misses a part of: the part really is not there.
func whole(p *spec.Project, code string, already []engine.Diag) bool {
	var files []string
	switch code {
	case "unknown-column":
		for _, m := range p.Maps {
			files = append(files, m.Name.At.File)
		}
	case "unknown-form":
		for _, r := range p.Rules {
			files = append(files, r.Name.At.File)
		}
	}
	return len(files) > 0 && !slices.ContainsFunc(already, func(a engine.Diag) bool {
		return a.Severity == engine.Error && slices.Contains(files, a.At.File)
	})
}

// projectRoot is the project's directory, as places are shown.
func (a *app) projectRoot() string {
	if a.flags.project == "" {
		return "specs"
	}
	return a.flags.project
}

// compile loads, checks and compiles the project. run refuses what validate refuses, because both come through here.
func (a *app) compile() (*compiled, []engine.Diag, error) {
	place, root, err := a.place()
	if err != nil {
		return nil, nil, err
	}
	c, diags := compileFrom(place, root)
	return c, diags, nil
}

// compileFrom is compile for specs that may be others than the project's own.
func compileFrom(place spec.Place, root string) (*compiled, []engine.Diag) {
	drivers := connectors.All()
	p, diags := spec.LoadFrom(place, drivers)
	c := &compiled{project: p, drivers: map[string]engine.Driver{}, root: root}
	if p != nil {
		var more []engine.Diag
		c.program, more = mapping.Compile(p)
		diags = append(diags, elsewhere(p, more, diags)...)
		for _, conn := range p.Drivers {
			for _, d := range drivers {
				if d.Name() == conn.Driver.Text {
					c.drivers[conn.Name.Text] = d
				}
			}
		}
	}
	engine.Sort(diags)
	for i := range diags {
		diags[i].At.File = path.Join(root, diags[i].At.File)
	}
	return c, diags
}

// ready is compile for commands that need a sound project: errors are printed, warnings counted and left to validate.
func (a *app) ready() (*compiled, error) {
	c, diags, err := a.compile()
	if err != nil {
		return nil, err
	}
	if engine.HasErrors(diags) {
		if err := printDiags(a.stderr, diags); err != nil {
			return nil, err
		}
		return nil, errSpecs
	}
	if n := len(diags); n > 0 {
		fmt.Fprintf(a.stderr, "The specs have %s; `casebridge validate` shows %s.\n", plural(n, "1 warning", "%d warnings"), plural(n, "it", "them"))
	}
	return c, nil
}

func printDiags(w io.Writer, diags []engine.Diag) error {
	for _, d := range diags {
		if err := d.Print(w); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}

// flow finds a flow by name; a misspelt one is an error of usage with a suggestion.
func (c *compiled) flow(name string) (*mapping.Flow, error) {
	if f := c.program.Flow(name); f != nil {
		return f, nil
	}
	var names []string
	for _, f := range c.program.Flows {
		names = append(names, f.Name())
	}
	text := fmt.Sprintf("there is no flow %q", name)
	if near := engine.Nearest(name, names); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, usageError{fmt.Errorf("%s (there are %s)", text, strings.Join(names, ", "))}
}

// flowsOnce are the flows named, or those of the schedule, each once: for what looks at each flow by itself.
func (c *compiled) flowsOnce(names []string) ([]*mapping.Flow, error) {
	flows, err := c.flows(names)
	var once []*mapping.Flow
	for _, f := range flows {
		if !slices.Contains(once, f) {
			once = append(once, f)
		}
	}
	return once, err
}

// flows are those named, or the chain of the schedule, in its order.
func (c *compiled) flows(names []string) ([]*mapping.Flow, error) {
	if len(names) == 0 {
		for _, s := range c.project.Schedule.Run {
			names = append(names, s.Text)
		}
	}
	var out []*mapping.Flow
	for _, n := range names {
		f, err := c.flow(n)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}
