package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// caseFile is a file of test cases to which one is added.
type caseFile struct {
	path  string // "" is the screen
	flow  string
	lines []string // nil: it is new
	names []string
}

// casesIn is what must be known of a test file before a case is added.
type casesIn struct {
	Kind  string
	Flow  string
	Given any
	Tests []struct{ Name string }
}

// openCases reads the file of cases; a missing one will be made.
func openCases(path, flow string) (*caseFile, error) {
	file := &caseFile{path: path, flow: flow}
	if path == "" {
		return file, nil
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil
	}
	if err != nil {
		return nil, usageError{fmt.Errorf("--to: %w", err)}
	}
	in, err := casesOf(string(raw))
	switch {
	case err != nil:
		return nil, usageError{fmt.Errorf("--to %s: this is no file of tests that can be read: `casebridge validate` shows why", path)}
	case in.Kind != "Test" || in.Flow != flow:
		return nil, usageError{fmt.Errorf("--to %s: this is no file of tests of the flow %s; name one that is, or a new one", path, flow)}
	case in.Given != nil:
		return nil, usageError{fmt.Errorf("--to %s: its `given` would be a part of the new case; name another file, or a new one", path)}
	}
	file.lines = strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	for _, t := range in.Tests {
		file.names = append(file.names, t.Name)
	}
	return file, nil
}

func casesOf(text string) (casesIn, error) {
	var in casesIn
	err := yaml.Unmarshal([]byte(text), &in)
	return in, err
}

var errNoRoom = errors.New("no case can be added to this file: write `tests:` on a line of its own and the cases below it")

// with is the file's text with one case more.
func (f *caseFile) with(lines []string, name string) (string, error) {
	if f.lines == nil {
		return strings.Join(append([]string{"kind: Test", "flow: " + f.flow, "tests:"}, lines...), "\n") + "\n", nil
	}
	at, indent, err := f.room()
	if err != nil {
		return "", usageError{fmt.Errorf("--to %s: %w", f.path, err)}
	}
	fresh := []string{""}
	for _, l := range lines {
		fresh = append(fresh, indent+l)
	}
	text := strings.Join(slices.Concat(f.lines[:at], fresh, f.lines[at:]), "\n") + "\n"
	in, err := casesOf(text)
	if err != nil || len(in.Tests) != len(f.names)+1 || in.Tests[len(f.names)].Name != name {
		return "", usageError{fmt.Errorf("--to %s: %w", f.path, errNoRoom)}
	}
	return text, nil
}

// room finds the place behind the last case, and how far the cases are indented.
func (f *caseFile) room() (at int, indent string, err error) {
	head := slices.IndexFunc(f.lines, func(l string) bool { return strings.TrimRight(l, " \t\r") == "tests:" })
	if head < 0 {
		return 0, "", errNoRoom
	}
	at = head + 1
	found := false
	for i := head + 1; i < len(f.lines); i++ {
		l := f.lines[i]
		body := strings.TrimLeft(l, " ")
		if !found && strings.HasPrefix(body, "- ") {
			indent, found = l[:len(l)-len(body)], true
		}
		inside := strings.HasPrefix(l, " ") || strings.HasPrefix(l, "-")
		switch {
		case strings.TrimSpace(l) == "" || strings.HasPrefix(body, "#"):
		case inside:
			at = i + 1
		default:
			return at, indent, nil
		}
	}
	return at, indent, nil
}
